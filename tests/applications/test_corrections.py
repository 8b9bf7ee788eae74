"""What the office asks to have mended: it resolves itself by a saved draft or a stored document, and ends nothing."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from applications.commands.corrections import value_at
from applications.forms import names_field
from applications.programmes import PROGRAMMES
from hypothesis import given
from hypothesis import strategies as st
from kit.japan import to_jst
from madoguchi_contracts import DocumentRemoved, DocumentStored, Role
from support.counter import content_with, entry
from support.records import record_of

REVIEWER = Role.OFFICE_REVIEWER
ADDRESS = {"field": "location.address", "text": "建物名を補ってください。"}
MONTH = {"field": "certificate_month", "text": "発行月をご確認ください。"}
RULES = {"slot": "kanri_kiyaku", "text": "全ページをお送りください。"}


def path_of(application_id, *rest):
    return "/".join([f"/v1/applications/{application_id}/corrections", *map(str, rest)])


async def ask(counter, application_id, *items, **changes):
    """An officer asks; returns the request."""
    answer = await counter.person(REVIEWER).post(path_of(application_id), {"items": items, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["correction_id"]


async def corrections(person, application_id):
    answer = await person.get(path_of(application_id))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def stands(person, application_id):
    """How the last request stands: its outcome, and which of its items are mended."""
    last = (await corrections(person, application_id))[-1]
    return last["outcome"], [one["mended"] for one in last["items"]]


async def resolved(counter, application_id):
    """What was told of ends."""
    rows = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%CorrectionResolved%' ORDER BY version",
        id=application_id,
    )
    return [row.data["outcome"] for row in rows]


@pytest_asyncio.fixture
async def rejected(counter):
    """An application that was sent back: its draft can be changed."""
    filed = await counter.applied()
    assert (await counter.reject(filed)).status_code == 200
    return filed


@pytest.mark.parametrize(
    ("state", "draft_open", "opened_by", "says_why_not"),
    [("applied", False, ["reject"], False), ("rejected", True, [], False), ("approved", False, [], True)],
)
async def test_the_office_is_told_whether_a_field_can_be_mended_by_which_step_or_why_not(
    counter, state, draft_open, opened_by, says_why_not
):
    filed = await counter.applied()
    if state != "applied":
        done = await (counter.reject(filed) if state == "rejected" else counter.approve(filed))
        assert done.status_code == 200
    answer = await counter.person(REVIEWER).post(path_of(filed.application_id), {"items": [ADDRESS]})
    body = answer.json()
    assert (body["draft_open"], body["opened_by"]) == (draft_open, opened_by)
    assert bool(body["rules"]) is says_why_not


async def test_fields_are_mended_by_a_saved_draft_with_another_value_and_the_last_one_ends_the_request(
    counter, rejected
):
    owner, application = rejected.owner, rejected.application_id
    await ask(counter, application, ADDRESS, MONTH)
    assert await stands(owner, application) == (None, [False, False])
    await owner.save(application, content_with({"representative.phone": "0358009480"}))  # something else
    assert await stands(owner, application) == (None, [False, False])
    await owner.save(application, content_with({"location.address": "東京都文京区後楽1-4-10 見本ビル"}))
    assert await stands(owner, application) == (None, [True, False])
    await owner.save(application, content_with({"certificate_month": 5}))  # the address is as it was again
    assert await stands(owner, application) == (None, [False, True])
    assert await resolved(counter, application) == []
    both = content_with({"certificate_month": 5, "location.address": "東京都文京区後楽1-4-10 見本ビル"})
    await owner.save(application, both)
    assert await stands(owner, application) == ("mended", [True, True])
    assert await resolved(counter, application) == ["mended"]
    await owner.save(application, content_with({}))
    assert await stands(owner, application) == ("mended", [True, True])  # what is done is done
    assert await resolved(counter, application) == ["mended"]


async def test_a_field_stays_open_while_the_draft_cannot_be_changed(counter):
    filed = await counter.applied()
    await ask(counter, filed.application_id, MONTH)
    refused = await filed.owner.save(filed.application_id, content_with({"certificate_month": 5}))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_editable")
    assert await stands(filed.owner, filed.application_id) == (None, [False])
    assert (await filed.owner.view(filed.application_id))["state"] == "applied"  # asking changes no state


async def store(counter, application_id, *entries, version, at=None, repeat=1):
    """The documents service tells its set, of which the last entry has just come."""
    event = DocumentStored(
        application_id=application_id,
        document_id=entries[-1].document_id,
        slot=entries[-1].slot,
        sha256=entries[-1].sha256,
        size_bytes=entries[-1].size_bytes,
        set_version=version,
        set=entries,
        total_bytes=sum(one.size_bytes for one in entries),
    )
    record = record_of(event, sequence=version, at=at or counter.clock())
    for _ in range(repeat):
        await counter.consumer.process([record])


@pytest.mark.parametrize("repeat", [1, 2])
async def test_a_slot_is_mended_by_a_document_that_came_after_the_request(counter, rejected, repeat):
    owner, application = rejected.owner, rejected.application_id
    await ask(counter, application, RULES)
    counter.clock.advance(minutes=1)
    minutes, rules = entry("sokai_gijiroku"), entry("kanri_kiyaku")
    await store(counter, application, minutes, version=5)
    assert await stands(owner, application) == (None, [False])
    await store(counter, application, minutes, rules, version=6, repeat=repeat)
    assert await stands(owner, application) == ("mended", [True])
    assert await resolved(counter, application) == ["mended"]


async def test_a_document_that_was_stored_before_the_request_and_is_heard_of_later_mends_nothing(counter, rejected):
    owner, application = rejected.owner, rejected.application_id
    stored_at = counter.clock()
    counter.clock.advance(minutes=1)
    await ask(counter, application, RULES)
    old, new = entry("kanri_kiyaku"), entry("kanri_kiyaku")
    await store(counter, application, old, version=5, at=stored_at)
    assert await stands(owner, application) == (None, [False])
    await store(counter, application, new, version=6)
    assert await stands(owner, application) == ("mended", [True])


async def test_an_event_that_comes_late_changes_nothing(counter, rejected):
    owner, application = rejected.owner, rejected.application_id
    await ask(counter, application, RULES, MONTH)
    rules = entry("kanri_kiyaku")
    await store(counter, application, rules, version=6)
    await store(counter, application, entry("sokai_gijiroku"), version=5)  # without it, but older
    assert await stands(owner, application) == (None, [True, False])


async def test_a_slot_is_open_again_when_the_document_goes_while_the_request_is_open(counter, rejected):
    owner, application = rejected.owner, rejected.application_id
    await ask(counter, application, RULES, MONTH)
    rules = entry("kanri_kiyaku")
    await store(counter, application, rules, version=5)
    assert await stands(owner, application) == (None, [True, False])
    removed = DocumentRemoved(
        application_id=application, document_id=rules.document_id, slot=rules.slot, set_version=6, set=(), total_bytes=0
    )
    await counter.hear(removed)
    assert await stands(owner, application) == (None, [False, False])


async def test_a_paper_of_one_person_is_not_mended_by_that_of_another(counter, rejected):
    owner, application = rejected.owner, rejected.application_id
    await ask(counter, application, {**RULES, "subject": str(owner.account_id)})
    others, own = (entry("kanri_kiyaku").model_copy(update={"subject": one}) for one in (uuid4(), owner.account_id))
    await store(counter, application, others, version=5)
    assert await stands(owner, application) == (None, [False])
    await store(counter, application, others, own, version=6)
    assert await stands(owner, application) == ("mended", [True])


async def test_a_request_and_the_document_at_the_same_moment_never_leave_an_item_open_for_ever(counter):
    # Either the request knows the document, or the document mends the request: asked again, both say the same.
    for _ in range(8):
        filed = await counter.applied()
        application, rules = filed.application_id, entry("kanri_kiyaku")
        await asyncio.gather(
            ask(counter, application, RULES), store(counter, application, rules, version=9, at=counter.clock())
        )
        (item,) = await counter.rows(
            "SELECT i.known, i.mended_at FROM correction_items i JOIN corrections c ON c.id = i.correction_id "
            "WHERE c.application_id = :id",
            id=application,
        )
        assert (rules.document_id in item.known) is not (item.mended_at is not None)


async def test_the_day_is_shown_and_ends_nothing(counter, rejected):
    owner, application = rejected.owner, rejected.application_id
    today = to_jst(counter.clock()).date()
    await ask(counter, application, MONTH, due_on=today.isoformat())
    (asked,) = await corrections(owner, application)
    assert (asked["due_on"], asked["overdue"]) == (today.isoformat(), False)
    counter.clock.advance(days=1)
    await counter.fire()
    (asked,) = await corrections(owner, application)
    assert (asked["overdue"], asked["outcome"]) == (True, None)
    await owner.save(application, content_with({"certificate_month": 5}))
    (asked,) = await corrections(owner, application)
    assert (asked["overdue"], asked["outcome"]) == (False, "mended")


async def test_a_day_that_is_over_and_places_that_are_not_there_are_refused(counter, rejected):
    officer, application = counter.person(REVIEWER), rejected.application_id
    yesterday = (to_jst(counter.clock()).date() - timedelta(days=1)).isoformat()
    for body, code in (
        ({"items": [MONTH], "due_on": yesterday}, "day_is_over"),
        ({"items": [MONTH, {**MONTH, "field": "no_such_field"}]}, "not_of_this_application"),
        ({"items": [{**MONTH, "field": "certificate_month.part"}]}, "not_of_this_application"),
        ({"items": [{**RULES, "slot": "no_such_slot"}]}, "not_of_this_application"),
        ({"items": [{**RULES, "subject": str(uuid4())}]}, "not_of_this_application"),
    ):
        answer = await officer.post(path_of(application), body)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    for body in ({"items": []}, {"items": [{**MONTH, **RULES}]}, {"items": [{"text": "?"}]}, {"items": [MONTH] * 51}):
        assert (await officer.post(path_of(application), body)).status_code == 422
    assert await corrections(rejected.owner, application) == []


async def test_a_request_is_taken_back_once_while_it_is_open(counter, rejected):
    officer, application = counter.person(REVIEWER), rejected.application_id
    request = await ask(counter, application, MONTH)
    assert (await officer.post(path_of(application, request, "withdraw"))).status_code == 200
    assert await stands(rejected.owner, application) == ("withdrawn", [False])
    assert (await officer.post(path_of(application, request, "withdraw"))).status_code == 409
    assert (await officer.post(path_of(application, uuid4(), "withdraw"))).status_code == 404
    await rejected.owner.save(application, content_with({"certificate_month": 5}))
    assert await stands(rejected.owner, application) == ("withdrawn", [False])
    assert await resolved(counter, application) == ["withdrawn"]


async def test_what_is_asked_for_is_encrypted_and_told_to_nobody_by_events(counter, rejected):
    owner, application = rejected.owner, rejected.application_id
    request = await ask(counter, application, ADDRESS, RULES)
    (asked,) = await corrections(owner, application)
    assert [one["text"] for one in asked["items"]] == [ADDRESS["text"], RULES["text"]]
    assert asked["officer_id"] is None
    (shown,) = await corrections(counter.person(REVIEWER), application)
    assert shown["officer_id"] is not None
    stored = await counter.rows(
        "SELECT content || coalesce(was, '') FROM correction_items WHERE correction_id = :id", id=UUID(request)
    )
    events = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%CorrectionRequested%'", id=application
    )
    (told,) = (row.data for row in events)
    assert (told["field_count"], told["document_count"], told["notify"]) == (1, 1, [str(owner.account_id)])
    everything = str(told) + "".join(row[0] for row in stored)
    assert not any(word in everything for word in ("建物", "ページ", "後楽", "address"))


async def test_who_may_edit_is_shown_what_is_asked_for_and_who_may_only_view_is_not(counter):
    editing, viewing = await counter.managed(1), await counter.managed(2)
    for managed, shown in ((editing, 1), (viewing, 0)):
        await ask(counter, managed.application_id, MONTH)
        assert len(await corrections(managed.owner, managed.application_id)) == 1
        assert len(await corrections(managed.clerk, managed.application_id)) == shown
    stranger = await counter.association()
    assert (await stranger.get(path_of(editing.application_id))).status_code == 404
    assert (await editing.owner.post(path_of(editing.application_id), {"items": [MONTH]})).status_code == 403
    assert (await editing.clerk.post(path_of(editing.application_id), {"items": [MONTH]})).status_code == 403


# Pure parts


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("certificate_month", True),
        ("representative", True),
        ("representative.name_kanji.family", True),
        ("representative.no_such", False),
        ("certificate_month.day", False),
        ("no_such", False),
        ("0", False),
    ],
)
def test_a_path_names_a_field_of_the_form_or_it_does_not(path, known):
    assert names_field(PROGRAMMES["bond"].form, path) is known


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 1),
        ("b.c", "x"),
        ("b", {"c": "x"}),
        ("list.1.d", False),
        ("list.2.d", None),
        ("list.0", None),
        ("blank", None),
        ("empty", None),
        ("zero", 0),
        ("a.b.c", None),
    ],
)
def test_the_value_at_a_path_counts_blanks_as_nothing(path, value):
    draft = {
        "a": 1,
        "b": {"c": "x", "e": " "},
        "list": [{}, {"d": False}],
        "blank": "　",
        "empty": {"x": []},
        "zero": 0,
    }
    assert value_at(draft, path) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(json_values, st.lists(st.sampled_from(["a", "b", "c", "0", "1"]), min_size=1, max_size=4))
def test_whatever_is_in_a_draft_there_is_a_value_at_a_path(draft, parts):
    value_at(draft, ".".join(parts))
