"""A paper that shows an individual number is deleted for good, and asked for anew."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from documents import commands
from kit.japan import to_jst
from kit.sealed import unseal
from madoguchi_contracts import Reason, Role
from support.documents import OPENED_BY, PER_PERSON, Desk, pdf

pytestmark = [pytest.mark.real, pytest.mark.rule("GL-371")]


async def number_seen(at: Desk, document: UUID, role: Role = Role.OFFICE_REVIEWER, days: int = 14, account=None):
    due = (to_jst(at.clock()).date() + timedelta(days=days)).isoformat()
    return await at.http.post(
        f"/v1/documents/{document}/delete-with-number", headers=at.as_(account or uuid4(), role), json={"due_on": due}
    )


async def a_card(at: Desk, owner: UUID) -> tuple[UUID, UUID]:
    application = await at.started(owner, documents=PER_PERSON)
    card = await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="identity", subject=str(owner))
    await at.submitted(application, owner)
    return application, card


async def test_the_file_is_gone_from_the_store_and_the_person_is_asked_for_another_one(at: Desk, owner: UUID) -> None:
    application, card = await a_card(at, owner)
    assert (await number_seen(at, card, Role.APPLICANT, account=owner)).status_code == 403
    assert (await number_seen(at, card, days=-1)).json()["code"] == "due_date_passed"
    assert len(at.objects(application, "files")) == 1
    answer = await number_seen(at, card)
    assert (answer.status_code, answer.json()["slot"]) == (200, "asked_1")
    assert at.objects(application) == []
    assert await at.status_of(card) == "purged"
    (row,) = await at.rows("SELECT file_name, object_key FROM documents WHERE id = :id", id=card)
    assert tuple(row) == ("", None)
    assert (await at.download(card, owner, Role.APPLICANT)).status_code == 404
    requested, removed = (await at.events(application))[-2:]
    assert (requested[0], requested[1]["account_id"], requested[1]["subject"]) == (
        "DocumentRequested",
        str(owner),
        str(owner),
    )
    told = unseal(requested[1]["label"], json.dumps(OPENED_BY.as_dict(private=True)), Reason).text
    assert "個人番号が写っていたため" in told
    assert (removed[0], removed[1]["document_id"]) == ("DocumentRemoved", str(card))
    (logged,) = await at.rows("SELECT reason, months FROM retention_log WHERE document_id = :id", id=card)
    assert tuple(logged) == ("individual_number", 0)
    assert (await number_seen(at, card)).status_code == 404  # once more finds nothing, and asks for nothing
    again = await at.stored(application, owner, pdf(5), role=Role.APPLICANT, slot="asked_1", subject=str(owner))
    [entry] = (await at.events(application))[-1][1]["set"]
    assert (entry["document_id"], entry["slot"], entry["replaces"]) == (str(again), "asked_1", "identity")
    # That one shows it too: the third still counts where the paper was due.
    assert (await number_seen(at, again)).json()["slot"] == "asked_2"
    await at.stored(application, owner, pdf(6), role=Role.APPLICANT, slot="asked_2", subject=str(owner))
    [entry] = (await at.events(application))[-1][1]["set"]
    assert (entry["slot"], entry["replaces"]) == ("asked_2", "identity")


async def test_nothing_is_deleted_under_a_legal_hold_and_nothing_is_asked_for(at: Desk, owner: UUID) -> None:
    application, card = await a_card(at, owner)
    async with at.database.transaction() as session:
        await commands.hold(session, application_id=application, reason="a test", by="me", now=at.clock())
    assert (await number_seen(at, card)).json()["code"] == "file_held"
    assert await at.status_of(card) == "stored"
    assert [name for name, _ in await at.events(application)].count("DocumentRequested") == 0


async def test_a_submission_on_its_way_that_names_the_deleted_file_waits_for_no_operator(at: Desk, owner: UUID) -> None:
    application, card = await a_card(at, owner)
    await at.rejected(application, owner)
    on_its_way = await at.submission_event(application, owner, 2)
    assert (await number_seen(at, card)).status_code == 200
    await at.hears(on_its_way)
    (row,) = await at.rows("SELECT submission, frozen FROM document_sets WHERE application_id = :id", id=application)
    assert tuple(row) == (2, True)
    assert await at.status_of(card) == "purged"
