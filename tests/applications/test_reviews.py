"""The office's side: the worklist, claims, four eyes, and sending back for correction."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from applications.domain import review_due_on
from hypothesis import given
from hypothesis import strategies as st
from kit.japan import to_jst
from kit.japan.business_days import is_business_day
from kit.sealed import unseal
from madoguchi_contracts import Reason, Role
from support.counter import NOTIFICATIONS_KEY, content_with, findings

REVIEWER, APPROVER = Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER


def review_path(filed, command=""):
    return f"/v1/reviews/{filed.review_id}" + (f"/{command}" if command else "")


# The worklist


@given(
    st.integers(0, 70 * 366 * 24 * 60).map(lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=n)),
    st.integers(1, 30),
)
def test_a_review_is_due_so_many_business_days_after_the_submission(submitted_at, days):
    due = review_due_on(submitted_at, days)
    first = to_jst(submitted_at).date()
    between = [first + timedelta(days=n) for n in range(1, (due - first).days + 1)]
    assert is_business_day(due)
    assert sum(map(is_business_day, between)) == days


def test_the_day_of_a_submission_is_that_of_japan():
    # 2026-04-01 23:30 in Japan, and 00:30 on the next day.
    assert review_due_on(datetime(2026, 4, 1, 14, 30, tzinfo=UTC), 1).isoformat() == "2026-04-02"
    assert review_due_on(datetime(2026, 4, 1, 15, 30, tzinfo=UTC), 1).isoformat() == "2026-04-03"


async def all_of(officer, path):
    items, cursor = [], ""
    while cursor is not None:
        page = (await officer.get(path + (f"&cursor={cursor}" if cursor else ""))).json()
        items += page["items"]
        cursor = page["next_cursor"]
    return items


async def test_the_worklist_is_ordered_by_due_day_and_age_and_paged(counter, monkeypatch):
    monkeypatch.setattr("applications.queries.reviews.PAGE", 2)
    filed = []
    for _ in range(5):
        filed.append(await counter.applied())
        counter.clock.advance(hours=20)
    officer = counter.person(REVIEWER)
    items = await all_of(officer, "/v1/reviews?state=waiting")
    assert items == sorted(items, key=lambda one: (one["due_on"], one["opened_at"], one["review_id"]))
    ids = [item["review_id"] for item in items]
    assert len(ids) == len(set(ids))
    assert [one for one in ids if one in {str(f.review_id) for f in filed}] == [str(f.review_id) for f in filed]
    page = (await officer.get("/v1/reviews?state=waiting")).json()
    assert len(page["items"]) == 2


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(json.dumps(["2026-04-01", "2026-04-01", "x"]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([1, 2, 3]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps(["2026-04-01", "2026-04-01T00:00:00", str(uuid4())]).encode()).decode(),
        "あ",
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_refused(counter, cursor):
    answer = await counter.person(REVIEWER).call("GET", f"/v1/reviews?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_the_worklist_shows_undecided_reviews_unless_asked_otherwise(counter):
    officer = counter.person(REVIEWER)
    waiting, recommended, approved, rejected = [await counter.applied() for _ in range(4)]
    await officer.post(review_path(recommended, "recommend"))
    await counter.approve(approved)
    await counter.reject(rejected)
    mine = {str(f.review_id): f for f in (waiting, recommended, approved, rejected)}

    async def shown(query):
        return {item["review_id"] for item in await all_of(officer, f"/v1/reviews?{query}")} & mine.keys()

    assert await shown("") == {str(waiting.review_id), str(recommended.review_id)}
    for state, some in (("waiting", [waiting]), ("recommended", [recommended]), ("closed", [approved, rejected])):
        assert await shown(f"state={state}") == {str(one.review_id) for one in some}
    assert (await officer.get("/v1/reviews?state=lost")).status_code == 422


@pytest.mark.rule("AS-82", "DO-08")
async def test_a_review_shows_what_was_submitted_and_not_what_the_draft_says_now(counter):
    filed = await counter.applied(meeting_month=7)
    await counter.reject(filed)
    await filed.owner.save(filed.application_id, content_with({"meeting_month": 8}))
    seen = (await counter.person(REVIEWER).get(review_path(filed))).json()
    assert seen["content"]["meeting_month"] == 7
    assert [one["slot"] for one in seen["documents"]] == ["kanri_kiyaku", "sokai_gijiroku"]
    assert (seen["ekyc_status"], seen["ekyc_status_then"]) == ("passed", "passed")
    application = (await counter.person(REVIEWER).get(f"/v1/applications/{filed.application_id}")).json()
    assert application["content"]["meeting_month"] == 7


async def test_the_reader_is_told_which_decisions_are_open(counter):
    filed = await counter.applied()
    reviewer, approver = counter.person(REVIEWER), counter.person(APPROVER)

    async def actions(officer):
        return (await officer.get(review_path(filed))).json()["actions"]

    assert (await actions(reviewer), await actions(approver)) == (["recommend", "reject"], ["reject"])
    await reviewer.post(review_path(filed, "recommend"))
    assert (await actions(reviewer), await actions(approver)) == (["recommend", "reject"], ["approve", "reject"])
    await approver.post(review_path(filed, "approve"))
    assert (await actions(reviewer), await actions(approver)) == ([], [])


# Claims


async def test_a_claim_keeps_others_out_until_the_lease_is_over(counter):
    filed = await counter.applied()
    first, second = counter.person(REVIEWER), counter.person(REVIEWER)
    claimed = await first.post(review_path(filed, "claim"))
    until = datetime.fromisoformat(claimed.json()["claimed_until"])
    assert until == counter.clock() + timedelta(minutes=30)
    for command in ("claim", "release", "recommend"):
        answer = await second.post(review_path(filed, command))
        assert (answer.status_code, answer.json()["code"]) == (409, "review_held_by_another"), command
    assert (await counter.reject(filed)).json()["code"] == "review_held_by_another"
    counter.clock.advance(minutes=30, seconds=-1)
    assert (await second.post(review_path(filed, "claim"))).status_code == 409
    counter.clock.advance(seconds=1)
    assert (await second.post(review_path(filed, "claim"))).status_code == 200
    assert (await first.post(review_path(filed, "recommend"))).status_code == 409


async def test_claiming_again_prolongs_and_tells_nothing_new(counter):
    filed = await counter.applied()
    officer = counter.person(REVIEWER)
    await officer.post(review_path(filed, "claim"))
    counter.clock.advance(minutes=20)
    again = await officer.post(review_path(filed, "claim"))
    assert datetime.fromisoformat(again.json()["claimed_until"]) == counter.clock() + timedelta(minutes=30)
    assert (await counter.events(filed.application_id)).count("ReviewClaimed") == 1


async def test_a_released_review_is_anybodys_and_releasing_twice_is_no_error(counter):
    filed = await counter.applied()
    first, second = counter.person(REVIEWER), counter.person(APPROVER)
    await first.post(review_path(filed, "claim"))
    for _ in range(2):
        assert (await first.post(review_path(filed, "release"))).json()["claimed_by"] is None
    assert (await second.post(review_path(filed, "claim"))).json()["claimed_by"] == str(second.account_id)


async def test_of_officers_that_claim_at_once_one_gets_it(counter):
    filed = await counter.applied()
    officers = [counter.person(REVIEWER) for _ in range(4)]
    answers = await asyncio.gather(*(officer.post(review_path(filed, "claim")) for officer in officers))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await counter.events(filed.application_id)).count("ReviewClaimed") == 1


# Decisions


@pytest.mark.rule("AS-80")
async def test_an_approval_needs_a_recommendation(counter):
    filed = await counter.applied()
    answer = await counter.person(APPROVER).post(review_path(filed, "approve"))
    assert (answer.status_code, answer.json()["code"]) == (409, "second_officer_needed")


@pytest.mark.rule("AS-80")
async def test_who_recommended_cannot_approve_even_after_a_promotion(counter):
    filed = await counter.applied()
    officer = counter.person(REVIEWER)
    await officer.post(review_path(filed, "recommend"))
    promoted = counter.person(APPROVER, officer.account_id)
    answer = await promoted.post(review_path(filed, "approve"))
    assert (answer.status_code, answer.json()["code"]) == (409, "second_officer_needed")
    assert (await promoted.get(review_path(filed))).json()["actions"] == ["reject"]
    assert (await counter.person(APPROVER).post(review_path(filed, "approve"))).status_code == 200


@pytest.mark.rule("AS-80", "AS-82")
async def test_a_recommendation_of_an_earlier_submission_does_not_count(counter):
    filed = await counter.applied()
    await counter.person(REVIEWER).post(review_path(filed, "recommend"))
    await counter.reject(filed)
    assert (await filed.owner.submit(filed.application_id)).status_code == 201
    second = await counter.reviewed(filed.owner, filed.application_id)
    answer = await counter.person(APPROVER).post(review_path(second, "approve"))
    assert (answer.status_code, answer.json()["code"]) == (409, "second_officer_needed")
    old = await counter.person(APPROVER).post(review_path(filed, "approve"))
    assert (old.status_code, old.json()["code"]) == (409, "impossible_transition")


@pytest.mark.rule("AS-80")
async def test_of_officers_that_approve_at_once_one_does(counter):
    filed = await counter.applied()
    await counter.person(REVIEWER).post(review_path(filed, "recommend"))
    officers = [counter.person(APPROVER) for _ in range(4)]
    answers = await asyncio.gather(*(officer.post(review_path(filed, "approve")) for officer in officers))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await counter.events(filed.application_id)).count("ApplicationApproved") == 1


@pytest.mark.rule("AS-80", "AS-81")
async def test_of_an_approval_and_a_rejection_at_once_one_happens(counter):
    filed = await counter.applied()
    await counter.person(REVIEWER).post(review_path(filed, "recommend"))
    approve, reject = await asyncio.gather(
        counter.person(APPROVER).post(review_path(filed, "approve")), counter.reject(filed)
    )
    assert sorted((approve.status_code, reject.status_code)) == [200, 409]
    decided = {"ApplicationApproved", "ApplicationRejected"} & set(await counter.events(filed.application_id))
    assert len(decided) == 1


@pytest.mark.rule("AS-81", "AS-82", "AS-03")
async def test_a_rejection_tells_the_reason_sealed_and_opens_the_draft_for_correction(counter):
    filed = await counter.applied()
    remarks = [{"field": "location.address", "text": "住居表示でご記入ください。"}]
    answer = await counter.reject(filed, "所在地の表記をご確認ください。", remarks=remarks)
    assert (answer.status_code, answer.json()["state"], answer.json()["outcome"]) == (200, "closed", "reject")
    (event,) = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationRejected%'",
        id=filed.application_id,
    )
    key = json.dumps(NOTIFICATIONS_KEY.as_dict(private=True))
    assert unseal(event.data["reason"], key, Reason).text == "所在地の表記をご確認ください。"
    seen = (await filed.owner.get(f"/v1/applications/{filed.application_id}")).json()
    assert (seen["state"], seen["actions"]) == ("rejected", ["submit"])
    assert seen["correction"] == {"submission": 1, "reason": "所在地の表記をご確認ください。", "remarks": remarks}
    stored = await counter.rows(
        "SELECT reason FROM application_history WHERE application_id = :id AND reason IS NOT NULL",
        id=filed.application_id,
    )
    assert "所在地" not in stored[0].reason


@pytest.mark.rule("AS-82")
@pytest.mark.parametrize("reason", ["", "  ", "　"])
async def test_a_rejection_without_a_reason_is_refused(counter, reason):
    filed = await counter.applied()
    answer = await counter.reject(filed, reason)
    assert (answer.status_code, findings(answer)) == (409, {("AS-82", "REQUIRED", "reason")})


@pytest.mark.rule("AS-80", "AS-81", "AS-82")
async def test_rejected_twice_and_then_approved_is_a_first_approval_and_keeps_all_versions(counter):
    filed = await counter.applied()
    for month in (6, 7):
        assert (await counter.reject(filed)).status_code == 200
        await filed.owner.save(filed.application_id, content_with({"meeting_month": month}))
        assert (await filed.owner.submit(filed.application_id)).status_code == 201
        filed = await counter.reviewed(filed.owner, filed.application_id)
        assert (await filed.owner.get(f"/v1/applications/{filed.application_id}")).json()["correction"] is None
    assert (await counter.approve(filed)).status_code == 200
    told = [one for one in await counter.events(filed.application_id) if not one.startswith("Review")]
    assert told == [
        "ApplicationStarted",
        *("ApplicationSubmitted", "ApplicationRejected") * 2,
        "ApplicationSubmitted",
        "ApplicationApproved",
    ]
    (approval,) = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationApproved%'",
        id=filed.application_id,
    )
    assert (approval.data["first_approval"], approval.data["submission"]) == (True, 3)
    versions = await counter.rows(
        "SELECT submission, content FROM application_versions WHERE application_id = :id ORDER BY submission",
        id=filed.application_id,
    )
    months = [
        counter.desk.unlock(v.content, f"application_versions.content:{filed.application_id}:{v.submission}")[
            "meeting_month"
        ]
        for v in versions
    ]
    assert months == [5, 6, 7]
    seen = (await filed.owner.get(f"/v1/applications/{filed.application_id}")).json()
    assert (seen["state"], seen["submission"], seen["approved_submission"], seen["actions"]) == (
        "approved",
        3,
        3,
        ["change"],
    )


@pytest.mark.rule("AS-82")
@pytest.mark.parametrize("command", ["claim", "release", "recommend", "approve", "reject"])
async def test_a_decided_review_is_closed(counter, command):
    filed = await counter.applied()
    await counter.approve(filed)
    body = {"reason": "理由"} if command == "reject" else None
    officer = counter.person(REVIEWER if command == "recommend" else APPROVER)
    answer = await officer.post(review_path(filed, command), body)
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")


async def test_an_unknown_review_is_not_found(counter):
    officer = counter.person(REVIEWER)
    assert (await officer.get(f"/v1/reviews/{uuid4()}")).status_code == 404
    assert (await officer.post(f"/v1/reviews/{uuid4()}/claim")).status_code == 404


@pytest.mark.parametrize(("command", "role"), [("approve", REVIEWER), ("recommend", APPROVER)])
async def test_each_eye_has_its_role(counter, command, role):
    filed = await counter.applied()
    assert (await counter.person(role).post(review_path(filed, command))).status_code == 403


async def test_the_timeline_tells_each_side_what_it_may_know(counter):
    filed = await counter.applied()
    reviewer, approver = counter.person(REVIEWER), counter.person(APPROVER)
    for officer, command in ((reviewer, "claim"), (reviewer, "recommend"), (approver, "approve")):
        counter.clock.advance(minutes=1)
        await officer.post(review_path(filed, command))
    path = f"/v1/applications/{filed.application_id}/timeline"
    owners = (await filed.owner.get(path)).json()["items"]
    assert [(one["step"], one["by"]) for one in owners] == [
        ("入力を開始", "申請者"),
        ("申請", "申請者"),
        ("審査を受付", "システム"),
        ("承認", "担当者"),
    ]
    assert {one["actor_id"] for one in owners} == {None}
    offices = (await approver.get(path)).json()["items"]
    assert [one["step"] for one in offices][-3:] == ["担当者が審査を開始", "承認を推薦", "承認"]
    assert offices[-1]["actor_id"] == str(approver.account_id)


@pytest.mark.parametrize("command", ["recommend", "approve", "reject"])
async def test_the_office_acts_on_nothing_that_is_not_on_its_worklist_yet(counter, command):
    owner = await counter.association()
    application = await owner.start()
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku")
    await owner.save(application, content_with({}))
    assert (await owner.submit(application)).status_code == 201
    officer = counter.person(APPROVER if command == "approve" else REVIEWER)
    answer = await officer.step(application, command, reason="理由")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_yet_on_worklist")
    assert answer.headers["Retry-After"] == "5"
    await counter.hear_own(application)
    answer = await officer.step(application, command, reason="理由")
    assert answer.status_code == (409 if command == "approve" else 200)  # that needs a recommendation


@pytest.mark.rule("AS-80")
async def test_the_office_may_decide_at_the_applications_door_too_and_four_eyes_hold_there(counter):
    filed = await counter.applied()
    officer = counter.person(REVIEWER)
    assert (await officer.step(filed.application_id, "recommend")).status_code == 200
    seen = (await officer.get(review_path(filed))).json()
    assert (seen["state"], seen["recommended_by"]) == ("recommended", str(officer.account_id))
    promoted = counter.person(APPROVER, officer.account_id)
    assert (await promoted.step(filed.application_id, "approve")).json()["code"] == "second_officer_needed"
    assert (await counter.person(APPROVER).step(filed.application_id, "approve")).json()["state"] == "approved"
    assert (await officer.get(review_path(filed))).json()["outcome"] == "approve"
