"""A set's life: delete, order of slots, submission, rejection; and events that come twice, late or broken."""

import asyncio
from uuid import UUID, uuid4

import pytest
from documents import commands
from documents.models import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.errors import Refused
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.applications import ApplicationSubmitted, SubmittedDocument
from support.documents import SLOTS, Desk, pdf, policy
from support.records import record_of

pytestmark = pytest.mark.real


async def parked(at: Desk, application: UUID) -> list[str]:
    rows = await at.rows("SELECT error FROM parked_events WHERE key = :key", key=str(application))
    return [row.error for row in rows]


@pytest.mark.rule("DO-01")
async def test_documents_are_listed_in_the_order_of_the_slots(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    for slot in ("other2", "kanri_kiyaku", "gian_sho"):
        await at.stored(application, owner, pdf(10), slot=slot)
    listed = (await at.list_(application, owner)).json()
    assert [(slot["slot"], slot["document"] is not None) for slot in listed["slots"]] == [
        ("kanri_kiyaku", True),
        ("sokai_gijiroku", False),
        ("gian_sho", True),
        ("shogyo_toki", False),
        ("other1", False),
        ("other2", True),
    ]
    assert (listed["slots"][0]["label"], listed["slots"][0]["required"]) == ("管理規約", True)
    told = (await at.events(application))[-1][1]["set"]
    assert [one["slot"] for one in told] == ["kanri_kiyaku", "gian_sho", "other2"]


@pytest.mark.rule("DO-03")
async def test_a_deleted_document_leaves_the_set_and_deleting_it_again_is_no_error(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    gone = await at.stored(application, owner, pdf(20), slot="other1")
    assert (await at.delete(gone, owner)).status_code == 204
    assert (await at.delete(gone, owner)).status_code == 204
    assert await at.ids_of(application, owner) == [kept]
    events = await at.events(application)
    assert [name for name, _ in events] == ["DocumentStored", "DocumentStored", "DocumentRemoved"]
    removed = events[-1][1]
    assert (removed["document_id"], removed["set_version"], removed["total_bytes"]) == (str(gone), 3, 10)
    assert [one["document_id"] for one in removed["set"]] == [str(kept)]
    assert (await at.download(gone, owner)).status_code == 404


async def test_deleting_an_upload_gives_it_up_and_tells_nothing(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, pdf(10))
    assert (await at.delete(document_id, owner)).status_code == 204
    assert (await at.complete(document_id, owner)).json()["code"] == "upload_over"
    assert await at.events(application) == []


async def test_a_document_that_never_was_in_the_set_cannot_be_deleted_from_it(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    wrong = await at.uploaded(application, owner, b"no pdf")
    assert (await at.complete(wrong, owner)).json()["findings"][0]["code"] == "TYPE_MISMATCH"
    assert (await at.delete(wrong, owner)).json()["code"] == "upload_over"


# Submission and rejection


@pytest.mark.rule("DO-08")
async def test_a_submission_freezes_the_set_and_a_rejection_opens_it_with_its_files(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    second = await at.stored(application, owner, pdf(20), slot="sokai_gijiroku")
    first = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)

    name, data = (await at.events(application))[-1]
    assert (name, data["submission"], data["document_ids"]) == ("DocumentsFrozen", 1, [str(first), str(second)])
    for answer in (await at.start(application, owner, pdf(10)), await at.delete(first, owner)):
        assert (answer.status_code, answer.json()["code"], answer.json()["rules"]) == (
            409,
            "documents_frozen",
            ["DO-08"],
        )
    assert await at.ids_of(application, owner) == [first, second]
    assert (await at.list_(application, owner)).json()["changeable"] is False

    await at.rejected(application, owner)

    assert (await at.list_(application, owner)).json()["changeable"] is True
    assert await at.ids_of(application, owner) == [first, second]
    newer = await at.stored(application, owner, pdf(30))
    assert await at.ids_of(application, owner) == [newer, second]
    await at.submitted(application, owner, submission=2)
    assert (await at.events(application))[-1][1] == {
        "application_id": str(application),
        "submission": 2,
        "document_ids": [str(newer), str(second)],
    }


@pytest.mark.rule("DO-08")
async def test_a_change_after_the_submission_and_before_it_is_heard_of_is_undone(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    replaced = await at.stored(application, owner, pdf(10))
    deleted = await at.stored(application, owner, pdf(20), slot="sokai_gijiroku")
    kept = await at.stored(application, owner, pdf(30), slot="gian_sho")
    submission = await at.submission_event(application, owner)
    newer = await at.stored(application, owner, pdf(11))
    await at.delete(deleted, owner)
    added = await at.stored(application, owner, pdf(40), slot="other1")

    await at.hears(submission)

    assert await at.ids_of(application, owner) == [replaced, deleted, kept]
    assert [await at.status_of(one) for one in (newer, added)] == ["replaced", "removed"]
    events = (await at.events(application))[-4:]
    assert [name for name, _ in events] == ["DocumentRemoved", "DocumentStored", "DocumentStored", "DocumentsFrozen"]
    assert {data["document_id"] for _, data in events[:3]} == {str(added), str(replaced), str(deleted)}
    last_set = events[2][1]
    assert [one["document_id"] for one in last_set["set"]] == [str(replaced), str(deleted), str(kept)]
    assert (last_set["total_bytes"], [data["set_version"] for _, data in events[:3]]) == (60, [7, 8, 9])
    link = (await at.download(replaced, owner)).json()["url"]
    assert (await at.outside.get(link)).content == pdf(10)


@pytest.mark.rule("DO-08")
async def test_who_changes_the_set_while_it_is_being_frozen_waits_and_is_refused(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    late = await at.uploaded(application, owner, pdf(20), slot="other1")
    event = await at.submission_event(application, owner)
    async with at.database.transaction() as session:
        await commands.freeze_set(
            session, application_id=application, submission=1, submitted=event.documents, awaited=(), now=at.clock()
        )
        changes = [asyncio.create_task(at.delete(kept, owner)), asyncio.create_task(at.complete(late, owner))]
        await asyncio.sleep(0.5)
        assert not any(change.done() for change in changes)
    deleted, completed = await asyncio.gather(*changes)
    assert (deleted.status_code, deleted.json()["code"]) == (409, "documents_frozen")
    assert (completed.status_code, completed.json()["findings"][0]["code"]) == (409, "SET_FROZEN")
    assert await at.ids_of(application, owner) == [kept]


@pytest.mark.rule("DO-08")
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_done_meanwhile_the_frozen_set_is_the_submitted_one(at: Desk, data: st.DataObject) -> None:
    owner = uuid4()
    actor = Actor(owner, Role.ASSOCIATION, uuid4())
    application = await at.started(owner, limit=20)
    steps = st.lists(
        st.tuples(st.sampled_from(["store", "delete"]), st.sampled_from(SLOTS), st.integers(0, 9)), max_size=6
    )
    in_set: dict[str, tuple[UUID, int]] = {}

    async def do(step: tuple[str, str, int]) -> None:
        what, slot, size = step
        async with at.database.transaction() as session:
            if what == "delete":
                if slot in in_set:
                    document_id, _ = in_set.pop(slot)
                    await commands.remove_document(session, actor=actor, document_id=document_id, now=at.clock())
                return
            try:
                document = await commands.start_upload(
                    session,
                    actor=actor,
                    application_id=application,
                    slot=slot,
                    subject=None,
                    file_name="a.pdf",
                    content_type="application/pdf",
                    size_bytes=size,
                    sha256="0" * 64,
                    now=at.clock(),
                )
            except Refused:
                others = sum(taken for other, (_, taken) in in_set.items() if other != slot)
                assert others + size > 20
                return
            settled = await commands.settle_upload(
                session,
                document_id=document.id,
                refusal=None,
                object_key=f"files/{uuid4()}",
                scanned_by="none",
                now=at.clock(),
            )
            assert settled.status == "stored"
            in_set[slot] = (document.id, size)

    for one in data.draw(steps):
        await do(one)
    submitted = [in_set[slot][0] for slot in SLOTS if slot in in_set]
    event = await at.submission_event(application, owner)
    for one in data.draw(steps):
        await do(one)

    await at.hears(event)

    assert await parked(at, application) == []
    assert await at.ids_of(application, owner) == submitted
    changes = [told for name, told in await at.events(application) if name in ("DocumentStored", "DocumentRemoved")]
    assert [told["set_version"] for told in changes] == list(range(1, len(changes) + 1))
    if changes:
        assert [UUID(one["document_id"]) for one in changes[-1]["set"]] == submitted


# Events twice, late, broken


async def test_each_event_works_once(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    submitted = await at.submitted(application, owner)
    await at.consumer.process([submitted])
    rejected = await at.rejected(application, owner)
    await at.consumer.process([rejected, submitted, rejected])
    assert [name for name, _ in await at.events(application)] == ["DocumentStored", "DocumentsFrozen"]
    assert (await at.list_(application, owner)).json()["changeable"] is True


async def test_an_application_heard_of_again_keeps_its_documents(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(10))
    async with at.database.transaction() as session:
        await commands.open_set(
            session,
            application_id=application,
            programme="other",
            account_id=uuid4(),
            policy=policy(1),
            now=at.clock(),
        )
    assert await at.ids_of(application, owner) == [document_id]
    assert (await at.list_(application, owner)).json()["total_limit_bytes"] == policy().total_limit_bytes


@pytest.mark.rule("DO-08")
async def test_an_older_submission_or_rejection_that_comes_late_changes_nothing(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    first = await at.submission_event(application, owner)
    await at.hears(first)
    await at.rejected(application, owner)
    await at.submitted(application, owner, submission=2)
    before = await at.events(application)
    # New event ids each: no duplicates for the inbox.
    await at.hears(first)
    await at.rejected(application, owner, submission=1)
    await at.submitted(application, owner, submission=2)
    assert await at.events(application) == before
    assert (await at.list_(application, owner)).json()["changeable"] is False
    assert await parked(at, application) == []


async def test_a_submission_without_its_beginning_waits_for_an_operator(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    event = await at.submission_event(application, owner)
    stranger = event.model_copy(update={"application_id": uuid4()})
    await at.hears(stranger)
    assert await parked(at, stranger.application_id) == ["Permanent: the application was not heard of"]


async def test_a_rejection_without_its_submission_waits_for_an_operator(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.rejected(application, owner, submission=1)
    assert await parked(at, application) == ["Permanent: news of a submission that was not heard of"]


async def test_a_submission_of_documents_that_are_not_there_waits_for_an_operator(at: Desk, owner: UUID) -> None:
    async def hears_of(change: dict[str, object], owner: UUID) -> list[str]:
        application = await at.started(owner)
        document_id = await at.stored(application, owner, pdf(10))
        named = {"document_id": document_id, "slot": "kanri_kiyaku", "sha256": "0" * 64, **change}
        event = await at.submission_event(application, owner)
        await at.hears(event.model_copy(update={"documents": (SubmittedDocument.model_validate(named),)}))
        assert (await at.list_(application, owner)).json()["changeable"] is True
        return await parked(at, application)

    strange = "Permanent: the submission names a document that is not of this application"
    assert await hears_of({}, owner) == [strange]  # another digest
    assert await hears_of({"document_id": uuid4()}, owner) == [strange]

    application = await at.started(owner)
    pending = await at.uploaded(application, owner, pdf(10))
    async with at.database.transaction() as session:
        document = await session.get_one(Document, pending)
    named = SubmittedDocument(document_id=pending, slot="kanri_kiyaku", sha256=document.sha256)
    event = (await at.submission_event(application, owner)).model_copy(update={"documents": (named,)})
    await at.hears(event)
    assert await parked(at, application) == ["Permanent: the submission names a document whose file is gone"]


async def test_a_malformed_event_waits_for_an_operator_and_holds_up_nobody_else(at: Desk, owner: UUID) -> None:
    application, other = await at.started(owner), await at.started(owner)
    event = await at.submission_event(application, owner)
    broken = record_of(event, sequence=2, body=b'{"submission": "first"}')
    fine = record_of(await at.submission_event(other, owner), sequence=2)
    await at.consumer.process([broken, fine])
    assert len(await parked(at, application)) == 1
    assert (await at.list_(other, owner)).json()["changeable"] is False


async def test_an_event_of_a_newer_kind_is_none_of_our_business(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    event = await at.submission_event(application, owner)
    name = ApplicationSubmitted.type_name.replace("Submitted", "Withdrawn")
    await at.consumer.process([record_of(event, sequence=2, type_name=name)])
    assert (await at.list_(application, owner)).json()["changeable"] is True
    assert await parked(at, application) == []
