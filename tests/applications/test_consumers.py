"""What is heard from other services: twice, late, malformed, out of order."""

import json
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from applications.domain import review_due_on
from kit.sealed import seal
from madoguchi_contracts import (
    ApplicationSubmitted,
    Contact,
    ContactChanged,
    DocumentRemoved,
    DocumentStored,
    EkycStatusChanged,
    Sealed,
    UserIdIssued,
)
from support.counter import MAIL, NOTIFICATIONS_KEY, OUR_KEY, entry, good_content
from support.records import record_of


def ekyc(account_id, status):
    return EkycStatusChanged(account_id=account_id, ekyc_id=uuid4(), status=status)


def contact(account_id, mail, key=OUR_KEY):
    sealed = Sealed(seal(Contact(mail=mail, name="見本", user_id="U"), key.as_dict(private=False)))
    return ContactChanged(account_id=account_id, contact=sealed, contact_for_applications=sealed)


def stored(application_id, version, *slots):
    entries = tuple(entry(slot) for slot in slots)
    last = entries[-1]
    return DocumentStored(
        application_id=application_id,
        document_id=last.document_id,
        slot=last.slot,
        sha256=last.sha256,
        size_bytes=last.size_bytes,
        set_version=version,
        set=entries,
        total_bytes=1000 * len(entries),
    )


async def status_of(counter, account_id):
    rows = await counter.rows("SELECT status FROM account_ekyc WHERE account_id = :id", id=account_id)
    return rows[0].status if rows else None


async def mail_of(counter, account_id):
    rows = await counter.rows("SELECT mail FROM account_contacts WHERE account_id = :id", id=account_id)
    return counter.desk.unlock(rows[0].mail, f"account_contacts.mail:{account_id}") if rows else None


async def slots_of(counter, application_id):
    rows = await counter.rows("SELECT documents FROM document_sets WHERE application_id = :id", id=application_id)
    return [one["slot"] for one in rows[0].documents] if rows else None


@pytest.mark.rule("GL-366")
async def test_a_file_that_was_asked_for_anew_is_kept_with_the_slot_in_which_it_counts(counter):
    anew = entry("asked_1").model_copy(update={"replaces": "identity"})
    told = stored(uuid4(), 1, "identity", "asked_1")
    await counter.hear(told.model_copy(update={"set": (told.set[0], anew)}))
    [row] = await counter.rows("SELECT documents FROM document_sets WHERE application_id = :id", id=told.application_id)
    assert [(one["slot"], one["replaces"]) for one in row.documents] == [("identity", None), ("asked_1", "identity")]


async def parked(counter, key):
    return [row.error for row in await counter.rows("SELECT error FROM parked_events WHERE key = :key", key=str(key))]


async def test_the_ekyc_status_is_that_of_the_newest_event_in_whatever_order_they_come(counter):
    account = uuid4()
    first, second = record_of(ekyc(account, "running"), sequence=4), record_of(ekyc(account, "passed"), sequence=5)
    await counter.consumer.process([second])
    await counter.consumer.process([first])
    assert await status_of(counter, account) == "passed"
    await counter.consumer.process([second])
    assert await status_of(counter, account) == "passed"
    await counter.consumer.process([record_of(ekyc(account, "method_chosen"), sequence=6)])
    assert await status_of(counter, account) == "method_chosen"


@pytest.mark.rule("AS-36")
async def test_the_mail_address_is_that_of_the_newest_contact(counter):
    account = uuid4()
    new, old = contact(account, "new@example.jp"), contact(account, "old@example.jp")
    await counter.consumer.process([record_of(new, sequence=9), record_of(old, sequence=3)])
    assert await mail_of(counter, account) == "new@example.jp"


async def test_an_account_told_before_the_field_existed_changes_nothing(counter):
    account = uuid4()
    event = UserIdIssued(account_id=account, role="association", contact=contact(account, MAIL).contact)
    await counter.consumer.process([record_of(event)])
    assert await mail_of(counter, account) is None
    assert await parked(counter, account) == []


async def test_a_contact_sealed_to_somebody_else_parks_its_account_and_stops_nobody(counter):
    account, other = uuid4(), uuid4()
    bad = record_of(contact(account, MAIL, NOTIFICATIONS_KEY))
    good = record_of(contact(other, MAIL))
    await counter.consumer.process([bad, good])
    (error,) = await parked(counter, account)
    assert error.startswith("CannotUnseal")
    assert MAIL not in error
    assert await mail_of(counter, other) == MAIL


async def test_the_document_set_is_the_newest_version_in_whatever_order_they_come(counter):
    application = uuid4()
    third = record_of(stored(application, 3, "kanri_kiyaku", "other1"), sequence=3)
    await counter.consumer.process([third])
    await counter.consumer.process([record_of(stored(application, 2, "kanri_kiyaku"), sequence=2)])
    await counter.consumer.process([third])
    assert await slots_of(counter, application) == ["kanri_kiyaku", "other1"]
    removed = DocumentRemoved(
        application_id=application, document_id=uuid4(), slot="other1", set_version=4, set=(), total_bytes=0
    )
    await counter.consumer.process([record_of(removed, sequence=4)])
    assert await slots_of(counter, application) == []


async def test_a_file_keeps_the_time_at_which_it_was_first_told_of_and_an_old_one_has_none(counter):
    application_id = uuid4()
    first = stored(application_id, 1, "kanri_kiyaku")
    both = stored(application_id, 2, "sokai_gijiroku").model_copy(update={"set": (*first.set, entry("sokai_gijiroku"))})

    async def came():
        [row] = await counter.rows("SELECT came FROM document_sets WHERE application_id = :id", id=application_id)
        return {UUID(one): datetime.fromisoformat(at) for one, at in row.came.items()}

    began = counter.clock()
    await counter.hear(first)
    counter.clock.advance(hours=1)
    await counter.hear(both, first)
    times = {first.set[0].document_id: began, both.set[1].document_id: counter.clock()}
    assert await came() == times
    removed = both.model_copy(update={"set": both.set[1:], "set_version": 3})
    counter.clock.advance(hours=1)
    await counter.hear(removed, removed)
    assert await came() == {both.set[1].document_id: times[both.set[1].document_id]}
    old = "UPDATE document_sets SET came = NULL WHERE application_id = :id RETURNING application_id"
    await counter.rows(old, id=application_id)  # as the release before left it
    await counter.hear(both.model_copy(update={"set_version": 4}))
    assert await came() == {first.set[0].document_id: counter.clock()}


@pytest.mark.parametrize("event_class", [EkycStatusChanged, ContactChanged, DocumentStored, ApplicationSubmitted])
async def test_an_event_that_cannot_be_read_is_parked(counter, event_class):
    account = uuid4()
    body = b'{"account_id": "' + str(account).encode() + b'"'
    record = record_of(ekyc(account, "passed"), body=body, type_name=event_class.type_name)
    await counter.consumer.process([record])
    assert len(await parked(counter, account)) == 1


async def test_a_submission_heard_twice_is_reviewed_once(counter):
    filed = await counter.applied()
    (row,) = await counter.rows(
        "SELECT data, recorded_at FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationSubmitted%'",
        id=filed.application_id,
    )
    event = ApplicationSubmitted.model_validate_json(json.dumps(row.data))
    # Another event id: a replay that the inbox does not know, as after a restored backup.
    await counter.consumer.process([record_of(event, sequence=2, at=row.recorded_at)])
    reviews = await counter.rows("SELECT id FROM reviews WHERE application_id = :id", id=filed.application_id)
    assert [review.id for review in reviews] == [filed.review_id]
    assert (await counter.events(filed.application_id)).count("ReviewOpened") == 1


async def test_a_replay_after_the_decision_opens_nothing_again(counter):
    filed = await counter.applied()
    await counter.approve(filed)
    before = await counter.events(filed.application_id)
    await counter.hear_own()
    assert await counter.events(filed.application_id) == before


async def test_a_submission_that_does_not_exist_here_is_parked(counter):
    application = uuid4()
    event = ApplicationSubmitted(
        application_id=application,
        programme="bond",
        account_id=uuid4(),
        reference="B-2026-999999",
        submission=1,
        content_sha256="0" * 64,
        documents=(),
    )
    await counter.consumer.process([record_of(event)])
    (error,) = await parked(counter, application)
    assert error == "Permanent: there is no submission 1 of this application"


async def test_the_review_is_due_from_the_submission_and_not_from_when_it_was_heard(counter):
    owner = await counter.association()
    application = await owner.start()
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku")
    await owner.save(application, good_content())
    assert (await owner.submit(application)).status_code == 201
    submitted_at = counter.clock()
    counter.clock.advance(days=3)
    filed = await counter.reviewed(owner, application)
    (review,) = await counter.rows("SELECT due_on, opened_at FROM reviews WHERE id = :id", id=filed.review_id)
    assert review.due_on == review_due_on(submitted_at, counter.desk.programmes["bond"].review_business_days)
    assert review.opened_at == counter.clock()
