"""DO-07: what becomes of files that were never submitted when a draft is saved for later or a session times out."""

from uuid import UUID

import pytest
from madoguchi_contracts.applications import DraftSetAside
from madoguchi_contracts.identity import SessionsEnded
from support.documents import Desk, pdf
from support.records import record_of

pytestmark = pytest.mark.real


async def times_out(at: Desk, owner: UUID, *sessions: UUID, reason: str = "idle") -> None:
    """The sessions end, and the owner logs in anew: tokens of ended sessions are refused."""
    await at.hears(SessionsEnded(account_id=owner, session_ids=sessions, reason=reason))
    at.log_in(owner)


@pytest.mark.rule("DO-07", "AS-70")
async def test_files_and_begun_uploads_of_a_draft_are_dropped_when_it_is_saved_for_later(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    stored = await at.stored(application, owner, pdf(10))
    begun = await at.uploaded(application, owner, pdf(10), slot="other1")
    aside = await at.hears(DraftSetAside(application_id=application))
    assert await at.ids_of(application, owner) == []
    assert (await at.complete(begun, owner)).json()["code"] == "upload_over"
    name, told = (await at.events(application))[-1]
    assert (name, told["document_id"], told["set"]) == ("DocumentRemoved", str(stored), [])

    # Uploaded again after the input is resumed; the same news once more changes nothing.
    at.clock.advance(seconds=1)
    again = await at.stored(application, owner, pdf(10))
    await at.consumer.process([aside])
    assert await at.ids_of(application, owner) == [again]


@pytest.mark.rule("DO-07")
async def test_what_was_uploaded_after_the_draft_was_saved_stays_when_the_news_comes_late(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    saved_at = at.clock()
    at.clock.advance(seconds=0.001)
    newer = await at.stored(application, owner, pdf(10), slot="other1")
    await at.consumer.process([record_of(DraftSetAside(application_id=application), sequence=9, at=saved_at)])
    assert await at.ids_of(application, owner) == [newer]


@pytest.mark.rule("DO-07", "DO-08")
async def test_submitted_files_stay_after_a_rejection_and_come_back_where_a_dropped_file_had_replaced_them(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    replaced = await at.stored(application, owner, pdf(10))
    kept = await at.stored(application, owner, pdf(20), slot="sokai_gijiroku")
    deleted = await at.stored(application, owner, pdf(30), slot="other2")
    await at.submitted(application, owner)
    await at.rejected(application, owner)
    await at.stored(application, owner, pdf(11))
    await at.stored(application, owner, pdf(12))
    await at.stored(application, owner, pdf(13), slot="other1")
    await at.delete(deleted, owner)
    await at.hears(DraftSetAside(application_id=application))
    assert await at.ids_of(application, owner) == [replaced, kept]
    told = [told for name, told in await at.events(application) if name in ("DocumentStored", "DocumentRemoved")]
    assert [one["document_id"] for one in told[-1]["set"]] == [str(replaced), str(kept)]
    assert [one["set_version"] for one in told] == list(range(1, len(told) + 1))


@pytest.mark.rule("DO-07", "DO-08", "AS-83")
async def test_a_change_set_aside_leaves_the_files_that_were_approved(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    approved = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.reopened(application, owner)
    await at.stored(application, owner, pdf(11))
    await at.hears(DraftSetAside(application_id=application))
    assert await at.ids_of(application, owner) == [approved]


@pytest.mark.rule("DO-07", "DO-08")
async def test_nothing_is_dropped_from_what_is_under_review(at: Desk, owner: UUID) -> None:
    session = at.log_in(owner)
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.hears(DraftSetAside(application_id=application))
    await times_out(at, owner, session)
    assert await at.ids_of(application, owner) == [document_id]


@pytest.mark.rule("DO-07", "ID-38")
async def test_a_timeout_drops_what_was_uploaded_in_that_session_and_nothing_else(at: Desk, owner: UUID) -> None:
    phone = at.log_in(owner)
    application, other = await at.started(owner), await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await at.stored(other, owner, pdf(10))
    begun = await at.uploaded(other, owner, pdf(10), slot="other1")
    at.log_in(owner)
    kept = await at.stored(application, owner, pdf(10), slot="other1")
    await times_out(at, owner, phone)
    assert await at.ids_of(application, owner) == [kept]
    assert await at.ids_of(other, owner) == []
    assert await at.status_of(begun) == "removed"


@pytest.mark.rule("DO-07")
@pytest.mark.parametrize("reason", ["logout", "password_changed", "operator"])
async def test_sessions_that_end_otherwise_drop_nothing(at: Desk, owner: UUID, reason: str) -> None:
    session = at.log_in(owner)
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    await times_out(at, owner, session, reason=reason)
    assert await at.ids_of(application, owner) == [kept]


@pytest.mark.rule("DO-07")
async def test_a_programme_whose_policy_says_so_keeps_unsubmitted_files(at: Desk, owner: UUID) -> None:
    session = at.log_in(owner)
    application = await at.started(owner, keeps_unsubmitted=True)
    kept = await at.stored(application, owner, pdf(10))
    await at.hears(DraftSetAside(application_id=application))
    await times_out(at, owner, session)
    assert await at.ids_of(application, owner) == [kept]
