"""Files in places for income evidence are read after they were stored, and what they are is told."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from documents.errors import StorageUnavailable
from documents.evidence import work
from documents.evidence.work import INCOME_SERVICE, NotRead, read_file
from documents.storage import Storage
from kit.providers.jobs import Jobs, turn
from kit.sealed import seal, unseal
from madoguchi_contracts import DocumentPolicy, DocumentSlot, DraftSetAside, IncomeEvidence, Role, Sealed
from madoguchi_contracts.envelope import SealedContent
from support import income
from support.documents import LIMIT, OPENED_BY, Desk, pdf

pytestmark = pytest.mark.real

PAPER = pdf(3000)
LOAN = DocumentPolicy(
    slots=(
        DocumentSlot(key="income_service", label="収入証明書", required=False, per_person=True, read_as=INCOME_SERVICE),
        DocumentSlot(key="passport", label="パスポート", required=False, per_person=True),
    ),
    total_limit_bytes=LIMIT,
)


def to_applications(content: SealedContent, recipient: str) -> Sealed:
    assert recipient == "applications"
    return Sealed(seal(content, OPENED_BY.as_dict(private=False)))


async def read_all(at: Desk) -> int:
    """What the worker does until nothing is due; how many files it took up."""

    async def one(due: Any) -> None:
        await read_file(at.intake, income.SERVICE.certificate, to_applications, due)

    count = 0
    while await turn(at.database, Jobs(INCOME_SERVICE, "evidence_readings", one), at.clock):
        count += 1
    return count


async def told(at: Desk, application: UUID) -> list[dict[str, Any]]:
    return [data for name, data in await at.events(application) if name == "IncomeEvidenceRead"]


async def handed_in(at: Desk, owner: UUID, content: bytes, **where: Any) -> tuple[UUID, UUID]:
    application = await at.started(owner, programme="green_loan", documents=LOAN)
    return application, await brought(at, application, owner, content, **where)


async def brought(at: Desk, application: UUID, owner: UUID, content: bytes, **where: Any) -> UUID:
    said = {"slot": INCOME_SERVICE, "subject": str(owner), **where}
    return await at.stored(application, owner, content, role=Role.APPLICANT, **said)


@pytest.mark.rule("GL-425")
async def test_a_file_of_the_service_is_read_once_after_it_was_stored_and_told_sealed(at: Desk, owner: UUID) -> None:
    application, document = await handed_in(at, owner, income.genuine())
    assert await told(at, application) == []  # the upload waits for no reading
    assert await read_all(at) == 1
    assert await read_all(at) == 0
    (event,) = await told(at, application)
    assert (event["document_id"], event["result"]) == (str(document), "VERIFIED")
    assert "見本" not in json.dumps(event, ensure_ascii=False)
    assert unseal(event["evidence"], json.dumps(OPENED_BY.as_dict(private=True)), IncomeEvidence) == income.EVIDENCE


@pytest.mark.rule("GL-429")
@pytest.mark.parametrize(
    ("content", "result"),
    [
        (pdf(3000), "NOT_SIGNED"),
        (income.with_comment(), "CHANGED"),
        (income.genuine(income.SOMEBODY), "UNKNOWN_SIGNER"),
        (b"%PDF-1.7\n/ByteRange" + b"x" * work.MOST_BYTES, "UNREADABLE"),
        (b"%PDF-1.7\n" + b"x" * (work.MOST_BYTES + 9), "NOT_SIGNED"),
    ],
    ids=["a scan", "changed", "of somebody else", "signed and far too large", "a large scan"],
)
async def test_every_other_file_is_taken_all_the_same_and_told_without_data(
    at: Desk, owner: UUID, content: bytes, result: str
) -> None:
    application, document = await handed_in(at, owner, content)
    await read_all(at)
    assert [(one["result"], one["evidence"]) for one in await told(at, application)] == [(result, None)]
    assert await at.status_of(document) == "stored"


async def test_papers_in_other_places_are_read_by_nobody(at: Desk, owner: UUID) -> None:
    application, _ = await handed_in(at, owner, income.genuine(), slot="passport")
    assert (await read_all(at), await told(at, application)) == (0, [])


@pytest.mark.rule("GL-366")
async def test_a_paper_that_was_asked_for_anew_is_read_as_the_one_in_whose_stead_it_comes(
    at: Desk, owner: UUID
) -> None:
    application, _ = await handed_in(at, owner, income.with_comment())
    await read_all(at)
    await at.submitted(application, owner)
    asked = {"label": "収入証明書", "due_on": "2100-01-01", "subject": str(owner), "replaces": INCOME_SERVICE}
    answer = await at.http.post(
        f"/v1/applications/{application}/documents/requests",
        headers=at.as_(uuid4(), Role.OFFICE_REVIEWER),
        json=asked,
    )
    await brought(at, application, owner, income.genuine(), slot=answer.json()["slot"])
    await read_all(at)
    assert [one["result"] for one in await told(at, application)] == ["CHANGED", "VERIFIED"]


async def test_a_reading_that_was_cut_off_is_done_again_and_told_once(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _ = await handed_in(at, owner, income.genuine())

    async def dies(*_: Any) -> Any:
        raise NotRead("it ended with -9")

    with monkeypatch.context() as broken:
        broken.setattr(work, "examine", dies)
        assert await read_all(at) == 1  # once: it is put off, and others are not held up
        at.clock.advance(hours=1)
        assert (await read_all(at), await told(at, application)) == (1, [])
    at.clock.advance(hours=1)
    await read_all(at)
    assert [one["result"] for one in await told(at, application)] == ["VERIFIED"]


async def test_a_file_that_ends_every_process_is_told_to_be_unreadable(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _ = await handed_in(at, owner, income.genuine())

    async def dies(*_: Any) -> Any:
        raise NotRead("it ended with -9")

    monkeypatch.setattr(work, "examine", dies)
    for _ in range(work.TRIES + 1):
        await read_all(at)
        at.clock.advance(hours=1)
    assert [one["result"] for one in await told(at, application)] == ["UNREADABLE"]


async def test_a_store_that_is_down_uses_up_no_try_of_reading_a_file(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _ = await handed_in(at, owner, income.genuine())

    async def down(*_: Any) -> Any:
        raise StorageUnavailable
        yield

    async def dies(*_: Any) -> Any:
        raise NotRead("it ended with -9")

    with monkeypatch.context() as broken:
        broken.setattr(Storage, "read", down)
        for _ in range(work.TRIES + 1):
            with pytest.raises(StorageUnavailable):
                await read_all(at)
            at.clock.advance(hours=1)
    with monkeypatch.context() as broken:
        broken.setattr(work, "examine", dies)
        await read_all(at)
        assert await told(at, application) == []
    at.clock.advance(hours=1)
    await read_all(at)
    assert [one["result"] for one in await told(at, application)] == ["VERIFIED"]


@pytest.mark.rule("GL-425", "DO-08")
@pytest.mark.parametrize("left", ["deleted", "replaced"])
async def test_a_file_that_left_the_set_and_comes_back_is_read_again(at: Desk, owner: UUID, left: str) -> None:
    application, document = await handed_in(at, owner, income.with_comment())
    await read_all(at)
    submitted = await at.submission_event(application, owner)
    await (at.delete(document, owner, Role.APPLICANT) if left == "deleted" else brought(at, application, owner, PAPER))
    await at.hears(submitted)
    assert await at.status_of(document) == "stored"
    await read_all(at)
    theirs = [one["result"] for one in await told(at, application) if one["document_id"] == str(document)]
    assert theirs == ["CHANGED", "CHANGED"]


@pytest.mark.rule("GL-425", "DO-07")
async def test_a_submitted_file_that_a_dropped_one_had_replaced_is_read_again(at: Desk, owner: UUID) -> None:
    application, document = await handed_in(at, owner, income.with_comment())
    await at.submitted(application, owner)
    await at.rejected(application, owner)
    await brought(at, application, owner, PAPER)
    await read_all(at)
    assert [one["result"] for one in await told(at, application)] == ["NOT_SIGNED"]  # of the other nothing any more
    await at.hears(DraftSetAside(application_id=application))
    await read_all(at)
    assert [one["document_id"] for one in await told(at, application)][1:] == [str(document)]


async def test_of_a_file_that_is_gone_nothing_is_told(at: Desk, owner: UUID) -> None:
    application, document = await handed_in(at, owner, income.genuine())
    await at.delete(document, owner, Role.APPLICANT)
    await at.rows("UPDATE documents SET status = 'purged', object_key = NULL WHERE id = :id RETURNING id", id=document)
    assert (await read_all(at), await told(at, application)) == (1, [])
    assert await read_all(at) == 0
