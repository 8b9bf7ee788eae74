"""What a program read in income evidence, from its event to the eyes of the office, on a real database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from applications.disclosure import held_about
from kit.sealed import seal
from madoguchi_contracts import (
    DocumentRemoved,
    DocumentStored,
    IncomeEvidence,
    IncomeEvidenceRead,
    Role,
    Sealed,
    SetEntry,
)
from support.counter import NOTIFICATIONS_KEY, OUR_KEY
from support.income import EVIDENCE
from support.loan_desk import a_couple, agree, open_loan_desk
from support.records import record_of


@pytest_asyncio.fixture(scope="module")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as counter:
        yield counter


def read(
    document: UUID, subject: UUID | None, result: str = "VERIFIED", *, key: Any = OUR_KEY, **said: Any
) -> IncomeEvidenceRead:
    evidence = Sealed(seal(EVIDENCE.model_copy(update=said), key.as_dict(private=False)))
    return IncomeEvidenceRead(
        application_id=uuid4(),
        document_id=document,
        result=result,
        evidence=evidence if result == "VERIFIED" else None,
        subject=subject,
    )


async def kept(desk, document):
    rows = await desk.rows("SELECT * FROM income_evidence WHERE document_id = :id", id=document)
    return [(row.result, row.evidence) for row in rows]


@pytest.mark.rule("GL-425")
async def test_what_was_read_is_kept_encrypted_once_and_an_older_word_comes_too_late(desk):
    document = uuid4()
    first = read(document, None, "CHANGED")
    again = read(document, None).model_copy(update={"application_id": first.application_id})
    newest, oldest = record_of(again, sequence=7), record_of(first, sequence=6)
    for record in (newest, newest, oldest):
        await desk.consumer.process([record])
    [(result, evidence)] = await kept(desk, document)
    assert result == "VERIFIED"
    assert EVIDENCE.name not in evidence
    assert (
        IncomeEvidence.model_validate_json(
            json.dumps(desk.desk.unlock(evidence, f"income_evidence.evidence:{document}"))
        )
        == EVIDENCE
    )


async def test_what_is_sealed_to_somebody_else_parks_its_application_and_stops_nobody(desk):
    bad, good = read(uuid4(), None, key=NOTIFICATIONS_KEY), read(uuid4(), None)
    await desk.consumer.process([record_of(bad), record_of(good)])
    [row] = await desk.rows("SELECT error FROM parked_events WHERE key = :key", key=str(bad.application_id))
    assert row.error.startswith("CannotUnseal")
    assert len(await kept(desk, good.document_id)) == 1


def stored(application: UUID, document: UUID, set_version: int) -> DocumentStored:
    """The file is in the set, and nothing else is."""
    entry = {"document_id": document, "slot": "income_service", "sha256": "0" * 64, "size_bytes": 1000}
    return DocumentStored(
        application_id=application,
        set_version=set_version,
        set=(SetEntry(**entry, standard_type=True, placeholder=False),),
        total_bytes=1000,
        **entry,
    )


def removed(application: UUID, document: UUID, set_version: int) -> DocumentRemoved:
    return DocumentRemoved(
        application_id=application,
        document_id=document,
        slot="income_service",
        set_version=set_version,
        set=(),
        total_bytes=0,
    )


@pytest.mark.parametrize("replaced", [False, True], ids=["taken out", "replaced"])
async def test_of_a_file_that_left_its_set_nothing_is_kept_and_others_lose_nothing(desk, replaced):
    event, other = read(uuid4(), None), read(uuid4(), None)
    application = event.application_id
    left = stored(application, uuid4(), 2) if replaced else removed(application, event.document_id, 2)
    first = stored(application, event.document_id, 1)
    records = [record_of(one, sequence=number) for number, one in enumerate((first, event, left), 1)]
    await desk.consumer.process([record_of(other)])
    await desk.consumer.process(records[:2])
    assert len(await kept(desk, event.document_id)) == 1
    for _ in range(2):
        await desk.consumer.process([records[2]])
        assert await kept(desk, event.document_id) == []
    assert len(await kept(desk, other.document_id)) == 1


async def test_an_older_set_that_is_heard_of_late_takes_nothing_of_what_was_read(desk):
    event = read(uuid4(), None)
    newest = stored(event.application_id, event.document_id, 3)
    late = removed(event.application_id, event.document_id, 2)
    for number, one in enumerate((newest, event, late), 1):
        await desk.consumer.process([record_of(one, sequence=number)])
    assert len(await kept(desk, event.document_id)) == 1


@pytest.mark.rule("GL-425", "GL-278", "GL-377")
async def test_the_applicant_is_told_before_and_the_officer_sees_what_each_file_is(desk):
    desk.clock.now = datetime(2026, 4, 2, 1, tzinfo=UTC)
    owner, wife, application = await a_couple(desk)
    [row] = await desk.rows("SELECT documents FROM document_sets WHERE application_id = :id", id=application)
    files = {(one["slot"], one["subject"]): one for one in row.documents}
    mine = {**row.documents[0], "document_id": str(uuid4()), "slot": "income_service"}
    hers = {**mine, "document_id": str(uuid4()), "subject": str(wife.account_id)}
    entries = [*files.values(), mine, hers]
    await desk.hear(
        DocumentStored.model_validate(
            {
                "application_id": str(application),
                "document_id": hers["document_id"],
                "slot": "income_service",
                "sha256": "0" * 64,
                "size_bytes": 1000,
                "set_version": 2,
                "set": entries,
                "total_bytes": 0,
            },
            strict=False,
        )
    )
    for event in (
        read(UUID(mine["document_id"]), owner.account_id, salary_yen=4_800_000),
        read(UUID(hers["document_id"]), wife.account_id, "CHANGED"),
    ):
        await desk.hear(event.model_copy(update={"application_id": application}))

    notices = (await owner.check(application))["notices"]
    told = {(one["rule"], one["code"], one["field"]) for one in notices}
    assert {
        ("GL-278", "INCOME_DIFFERS", "documents.applicant_income_service"),
        ("GL-425", "EVIDENCE_CHANGED", "documents.joint_debtor_1_income_service"),
    } <= told
    await agree(application, owner, wife)
    assert (await owner.submit(application)).status_code == 201  # nothing that was read holds anybody up
    await desk.hear_own(application)
    officer = desk.person(Role.OFFICE_REVIEWER)
    [review] = await desk.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    seen = (await officer.get(f"/v1/reviews/{review.id}")).json()["examined"]
    assert [
        (one["label"], one["state"], one["document_id"], [wrong["code"] for wrong in one["findings"]])
        for one in seen
        if one["kind"] == "evidence"
    ] == [
        (
            "申込本人 収入情報取得サービスより取得した収入証明書(令和7年分)",
            "verified",
            mine["document_id"],
            ["INCOME_DIFFERS"],
        ),
        (
            "連帯債務者1 収入情報取得サービスより取得した収入証明書",
            "changed",
            hers["document_id"],
            ["EVIDENCE_CHANGED"],
        ),
    ]
    assert (await owner.view(application))["examined"] == []


@pytest.mark.rule("GL-618")
async def test_who_asks_what_is_held_of_them_is_told_what_was_read(desk):
    owner, wife, application = await a_couple(desk)
    for person in (owner, wife):
        event = read(uuid4(), person.account_id, name=f"見本 {person.account_id}")
        await desk.hear(event.model_copy(update={"application_id": application}))
    async with desk.database.transaction() as session:
        held = await held_about(session, desk.desk, wife.account_id)
    [items] = [one["items"] for one in held if one["label"] == "収入証明書の記載内容"]
    assert [one["evidence"]["name"] for one in items] == [f"見本 {wife.account_id}"]


@pytest.mark.rule("GL-427", "GL-428")
@pytest.mark.parametrize(("day", "codes"), [(18, ["INCOME_SERVICE_MAY_BE_CLOSED"]), (20, [])])
async def test_step_2_leads_to_the_service_and_says_when_it_may_be_closed(desk, day, codes):
    desk.clock.now = datetime(2026, 4, day, 1, tzinfo=UTC)  # the 18th is the third Saturday
    answer = (await desk.client.get("/v1/programmes/green_loan/income-service")).json()
    assert answer["url"] == "https://income.test/"
    assert [one["code"] for one in answer["warnings"]] == codes
