"""Documents that the office asks for after a submission."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from kit.japan import to_jst
from kit.sealed import unseal
from madoguchi_contracts import Reason, Role
from support.documents import LIMIT, OPENED_BY, PER_PERSON, Desk, pdf

pytestmark = pytest.mark.real


async def ask(at: Desk, application: UUID, due_on: str, **changes: Any) -> httpx.Response:
    return await at.http.post(
        f"/v1/applications/{application}/documents/requests",
        headers=at.as_(uuid4(), Role.OFFICE_REVIEWER),
        json={"label": "修繕積立金の決算書", "due_on": due_on, **changes},
    )


async def today(at: Desk, days: int = 0) -> str:
    return (to_jst(at.clock()).date() + timedelta(days=days)).isoformat()


@pytest.mark.rule("DO-08")
async def test_a_document_that_is_asked_for_is_handed_in_while_the_rest_is_frozen_and_belongs_to_the_submission(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    first = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    asked = await ask(at, application, await today(at, 14))
    assert (asked.status_code, asked.json()) == (201, {"slot": "asked_1", "due_on": await today(at, 14)})
    name, told = (await at.events(application))[-1]
    assert (name, told["slot"], told["due_on"]) == ("DocumentRequested", "asked_1", await today(at, 14))
    assert (told["account_id"], told["programme"], told["subject"]) == (str(owner), "bond", None)
    opened = unseal(told["label"], json.dumps(OPENED_BY.as_dict(private=True)), Reason)
    assert opened.text == "修繕積立金の決算書"

    last = (await at.list_(application, owner)).json()["slots"][-1]
    assert (last["label"], last["due_on"], last["changeable"], last["document"]) == (
        "修繕積立金の決算書",
        await today(at, 14),
        True,
        None,
    )
    assert (await at.start(application, owner, pdf(5), slot="other1")).status_code == 409
    handed_in = await at.stored(application, owner, pdf(5), slot="asked_1")

    officer = (await at.list_(application, uuid4(), Role.OFFICE_APPROVER)).json()
    shown = [slot["document"]["document_id"] for slot in officer["slots"] if slot["document"]]
    assert shown == [str(first), str(handed_in)]
    # Handed in is handed in: neither replaced nor deleted under the eyes of the office.
    assert (await at.start(application, owner, pdf(6), slot="asked_1")).json()["code"] == "documents_frozen"
    assert (await at.delete(handed_in, owner)).status_code == 409

    await at.rejected(application, owner)
    officer = (await at.list_(application, uuid4(), Role.OFFICE_APPROVER)).json()
    assert [slot["document"]["document_id"] for slot in officer["slots"] if slot["document"]] == shown
    await at.submitted(application, owner, submission=2)
    assert [one["document_id"] for one in await at.set_of(application, owner)] == shown


@pytest.mark.rule("DO-08", "AS-83")
async def test_what_is_handed_in_after_a_change_was_withdrawn_belongs_to_what_is_in_force(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    first = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.reopened(application, owner)
    await at.stored(application, owner, pdf(11))
    await at.submitted(application, owner, submission=2)
    await at.withdrawn(application, owner)
    await ask(at, application, await today(at, 14))
    handed_in = await at.stored(application, owner, pdf(5), slot="asked_1")

    await at.reopened(application, owner, submission=3)
    officer = (await at.list_(application, uuid4(), Role.OFFICE_APPROVER)).json()
    assert [slot["document"]["document_id"] for slot in officer["slots"] if slot["document"]] == [
        str(first),
        str(handed_in),
    ]
    await at.withdrawn(application, owner)
    assert [UUID(one["document_id"]) for one in await at.set_of(application, owner)] == [first, handed_in]


async def test_each_request_has_a_slot_of_its_own_and_two_uploads_at_once_fill_it_once(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    for number in (1, 2):
        assert (await ask(at, application, await today(at))).json()["slot"] == f"asked_{number}"
    first = await at.uploaded(application, owner, pdf(5), slot="asked_2")
    second = await at.uploaded(application, owner, pdf(6), slot="asked_2")
    assert (await at.complete(first, owner)).status_code == 200
    refused = await at.complete(second, owner)
    assert refused.json()["findings"][0]["code"] == "SET_FROZEN"


@pytest.mark.rule("DO-05")
async def test_what_is_handed_in_on_request_counts_into_the_limit_of_the_set(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(1000))
    await at.submitted(application, owner)
    await ask(at, application, await today(at))
    over = await at.start(application, owner, b"", slot="asked_1", size_bytes=LIMIT - 1000 + 1)
    assert over.json()["findings"][0]["code"] == "TOTAL_OVER_LIMIT"
    assert (await at.start(application, owner, b"", slot="asked_1", size_bytes=LIMIT - 1000)).status_code == 201


async def test_the_last_day_may_be_today_and_not_yesterday_and_a_late_file_is_still_taken(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    late = await ask(at, application, await today(at, -1))
    assert (late.status_code, late.json()["code"]) == (409, "due_date_passed")
    assert (await ask(at, application, await today(at))).status_code == 201
    before = at.clock()
    at.clock.now = before + timedelta(days=2)
    try:
        assert (await at.start(application, owner, pdf(5), slot="asked_1")).status_code == 201
    finally:
        at.clock.now = before


@pytest.mark.parametrize("label", ["", "  ", "あ" * 101, "決算書\n至急"])
async def test_a_label_is_one_short_line(at: Desk, owner: UUID, label: str) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)
    assert (await ask(at, application, await today(at), label=label)).status_code == 422


@pytest.mark.rule("GL-360")
async def test_a_paper_of_a_certain_person_is_asked_of_that_person(at: Desk, owner: UUID) -> None:
    debtor, other = uuid4(), uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (debtor, "joint_debtor", ("view",)), (other, "joint_debtor", ("view",)))
    await at.submitted(application, owner)
    asked = await ask(at, application, await today(at, 14), label="通帳の写し", subject=str(debtor))
    assert asked.json()["slot"] == "asked_1"
    told = (await at.events(application))[-1][1]
    assert (told["account_id"], told["subject"]) == (str(debtor), str(debtor))

    place = {"slot": "asked_1", "subject": str(debtor)}
    # The owner's place is not open: what is asked for is the other's.
    assert (await at.start(application, owner, pdf(1), slot="asked_1", subject=str(owner))).status_code == 409
    assert (await at.start(application, other, pdf(1), role=Role.JOINT_DEBTOR, **place)).status_code == 403
    shown = (await at.list_(application, other, Role.JOINT_DEBTOR)).json()["slots"]
    assert "asked_1" not in {slot["slot"] for slot in shown}
    handed_in = await at.stored(application, debtor, pdf(5), role=Role.JOINT_DEBTOR, **place)
    officer = (await at.list_(application, uuid4(), Role.OFFICE_REVIEWER)).json()
    assert officer["slots"][-1]["document"]["document_id"] == str(handed_in)
    stranger = await ask(at, application, await today(at, 14), subject=str(uuid4()))
    assert (stranger.status_code, stranger.json()["code"]) == (409, "wrong_subject")


async def withdraw(at: Desk, application: UUID, slot: str, role: Role = Role.OFFICE_REVIEWER) -> httpx.Response:
    url = f"/v1/applications/{application}/documents/requests/{slot}"
    return await at.http.delete(url, headers=at.as_(uuid4(), role))


async def test_a_request_that_is_withdrawn_closes_its_slot_and_is_told_once(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    for number in (1, 2):
        assert (await ask(at, application, await today(at))).json()["slot"] == f"asked_{number}"
    under_way = await at.uploaded(application, owner, pdf(5), slot="asked_1")
    assert (await withdraw(at, application, "asked_1", Role.BANK)).status_code == 404
    for _ in range(2):
        assert (await withdraw(at, application, "asked_1")).status_code == 204
    assert [name for name, _ in await at.events(application)].count("DocumentRequestWithdrawn") == 1
    listed = (await at.list_(application, owner)).json()["slots"]
    assert [slot["slot"] for slot in listed if slot["due_on"]] == ["asked_2"]
    assert (await at.complete(under_way, owner)).json()["findings"][0]["code"] == "SET_FROZEN"
    assert (await at.start(application, owner, pdf(5), slot="asked_1")).json()["code"] == "documents_frozen"
    await at.rejected(application, owner)
    assert (await at.start(application, owner, pdf(5), slot="asked_1")).json()["code"] == "unknown_slot"
    assert (await ask(at, application, await today(at))).json()["slot"] == "asked_3"


async def test_only_what_was_asked_for_and_is_not_there_can_be_withdrawn(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)
    await ask(at, application, await today(at))
    await at.stored(application, owner, pdf(5), slot="asked_1")
    answer = await withdraw(at, application, "asked_1")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_handed_in")
    for slot in ("kanri_kiyaku", "asked_2"):
        assert (await withdraw(at, application, slot)).status_code == 404


@pytest.mark.rule("GL-366")
async def test_a_rejected_paper_is_asked_for_anew_in_its_place(at: Desk, owner: UUID) -> None:
    application = await at.started(owner, documents=PER_PERSON)
    own = {"role": Role.APPLICANT, "subject": str(owner)}
    old = await at.stored(application, owner, pdf(10), slot="identity", **own)
    await at.submitted(application, owner)
    due_on = await today(at, 14)
    unknown = await ask(at, application, due_on, replaces="no_such_slot", subject=str(owner))
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_slot")
    nobodys = await ask(at, application, due_on, replaces="identity")
    assert (nobodys.status_code, nobodys.json()["code"]) == (409, "wrong_subject")
    assert (await ask(at, application, due_on, replaces="identity", subject=str(owner))).json()["slot"] == "asked_1"
    new = await at.stored(application, owner, pdf(5), slot="asked_1", **own)
    entries = (await at.events(application))[-1][1]["set"]
    assert [(one["document_id"], one["replaces"]) for one in entries] == [(str(old), None), (str(new), "identity")]
