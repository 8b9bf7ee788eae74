"""When services are closed: what the office may announce, who is shut out by it, and who never is (GL-061, GL-429)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from applications.programmes.green_loan import PROGRAMME
from applications.programmes.green_loan.procedure.maintenance import (
    announcement_findings,
    days_of,
    shortening_findings,
)
from applications.workflow import SYSTEM, Maintenance, NotAtHand, findings_of
from hypothesis import given
from hypothesis import strategies as st
from kit.japan import JST
from madoguchi_contracts import EkycStatusChanged, Role
from sqlalchemy.exc import DBAPIError
from support import green_loan as example
from support.counter import findings
from support.life import Life
from support.loan_desk import CONSENT, IDENTITY, a_couple, agree, approved, done, open_loan_desk, step

PATH = "/v1/programmes/green_loan/maintenance"
NOW = datetime(2026, 4, 2, 10, tzinfo=JST)


def at(hour, minute=0, *, day=2, second=0):
    return datetime(2026, 4, day, hour, minute, second, tzinfo=JST)


def closed(start, end, service="counter"):
    return Maintenance(service, start, end, "システムの更新")


# What may be announced


@pytest.mark.rule("GL-061", "GL-429")
@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (closed(at(10), at(11)), set()),  # from now on
        (closed(at(9, 59), at(11)), {"PAST"}),
        (closed(NOW + timedelta(days=366), NOW + timedelta(days=367)), set()),
        (closed(NOW + timedelta(days=366, minutes=1), NOW + timedelta(days=367)), {"TOO_FAR"}),
        (closed(at(12), at(12)), {"PERIOD"}),
        (closed(at(12), at(12, 1)), set()),
        (closed(at(12, second=1), at(13)), {"MINUTES"}),
        (closed(at(22), at(22, day=9)), set()),
        (closed(at(22), at(22, 1, day=9)), {"TOO_LONG"}),
        (closed(at(18), at(20)), set()),  # until the one that is known begins
        (closed(at(18), at(20, 1)), {"OVERLAP"}),
        (closed(at(20), at(22)), {"OVERLAP"}),
        (closed(at(21, 59), at(23)), {"OVERLAP"}),
        (closed(at(22), at(23)), set()),  # from its end on
        (closed(at(19), at(23), "income_service"), set()),  # another service
    ],
)
def test_it_begins_no_earlier_than_now_and_overlaps_none_of_its_service(new, expected):
    found = announcement_findings(new, [closed(at(20), at(22))], NOW)
    assert {one.code for one in found} == expected
    assert {one.rule for one in found} <= {"GL-061" if new.service == "counter" else "GL-429"}


@pytest.mark.rule("GL-061")
@pytest.mark.parametrize(
    ("now", "start", "end", "expected"),
    [
        (at(10), at(12), at(13), set()),
        (at(10), at(12, 30), at(13), set()),
        (at(10), at(11, 59), at(13), {"NOT_SHORTER"}),
        (at(10), at(12), at(14, 1), {"NOT_SHORTER"}),
        (at(10), at(13), at(13), {"NOT_SHORTER", "PERIOD"}),
        (at(12), at(12, 30), at(14), {"BEGUN"}),
        (at(13), at(12), at(13), set()),  # it ends now
        (at(13), at(12), at(12, 59), {"PAST"}),
        (at(13), at(12, 30), at(14), {"BEGUN", "PAST"}),
    ],
)
def test_it_only_becomes_shorter(now, start, end, expected):
    found = shortening_findings(closed(at(12), at(14)), closed(start, end), now)
    assert {one.code for one in found} == expected


HOURS = st.integers(0, 200).map(lambda minutes: NOW + timedelta(minutes=10 * minutes))


@pytest.mark.rule("GL-061")
@given(HOURS, HOURS, HOURS, HOURS, HOURS, HOURS)
def test_no_shortening_shuts_out_at_a_moment_that_was_open(start, end, other_start, other_end, now, moment):
    known, new = closed(start, end), closed(other_start, other_end)
    if known.begins_at < known.ends_at and now < known.ends_at and not shortening_findings(known, new, now):
        if new.begins_at <= moment < new.ends_at:
            assert known.begins_at <= moment < known.ends_at
        # What has been of it stays as it was.
        assert (new.begins_at <= moment < new.ends_at) == (known.begins_at <= moment < known.ends_at) or moment >= now


@pytest.mark.rule("GL-429")
@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (at(22), at(0, day=3), [2]),  # until midnight: nothing of the day after
        (at(22), at(0, 1, day=3), [2, 3]),
        (at(0), at(0, 1), [2]),
        (at(12), at(12, day=4), [2, 3, 4]),
    ],
)
def test_the_days_of_the_income_service_are_those_of_japan(start, end, days):
    found = days_of([closed(start.astimezone(UTC), end.astimezone(UTC))])
    assert found == {date(2026, 4, day) for day in days}


# Who is shut out


def shut_out(row, now=NOW):
    """Whether the counter's guard speaks on a row while a maintenance goes on."""
    life = Life(PROGRAMME, uuid4(), now)
    for guard in row.guards:
        if guard.__name__ == "counter_is_open":
            case = life.case()
            assert guard(case) == ()
            object.__setattr__(case, "maintenance", (closed(at(9), at(11)),))
            return bool(guard(case))
    return False


@pytest.mark.rule("GL-061")
def test_only_what_those_who_apply_do_before_the_confirmation_waits():
    waiting = [row for row in PROGRAMME.workflow.transitions if shut_out(row)]
    assert {row.command for row in waiting} == {"start", "submit", "agree"}
    for row in waiting:
        assert {who.role for who in row.actors} <= {Role.APPLICANT, Role.JOINT_DEBTOR}
        assert SYSTEM not in row.actors


def test_a_guard_that_was_told_of_no_announcements_lets_nothing_pass():
    life = Life(PROGRAMME, uuid4(), NOW)
    case = life.case()
    object.__setattr__(case, "maintenance", None)
    with pytest.raises(NotAtHand):
        findings_of(PROGRAMME.workflow.rows("loan", "start")[0], case)


# Through the API


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def on_the_day(request):
    """Tests move the clock: each begins on the same morning, after the announcements of the one before."""
    if "desk" in request.fixturenames:
        opened = request.getfixturevalue("desk")
        opened.clock.now = datetime(2026, 4, 2, 1, tzinfo=UTC)


def wish(start, end, service="counter", reason="システムの更新"):
    return {"service": service, "begins_at": start.isoformat(), "ends_at": end.isoformat(), "reason": reason}


async def announced(desk, start, end, **more):
    answer = await desk.person(Role.OFFICE_APPROVER).post(f"{PATH}/announcements", wish(start, end, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def withdrawn(desk, one):
    approver = desk.person(Role.OFFICE_APPROVER)
    path = f"{PATH}/announcements/{one['id']}/withdraw"
    answer = await approver.call("POST", path, If_Match=f'"{one["version"]}"')
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.rule("GL-061", "GL-064")
async def test_applicants_wait_while_the_office_the_bank_and_the_system_go_on(desk):
    owner, wife, application = await a_couple(desk)
    borrower, husband, other = await a_couple(desk)
    await agree(other, borrower, husband)
    assert (await borrower.submit(other)).status_code == 201
    await desk.hear_own(other)
    one = await announced(desk, at(11), at(12, 30))
    content = (await owner.view(application))["content"]
    desk.clock.now = at(10, 59, second=59).astimezone(UTC)
    await agree(application, owner, wife)
    desk.clock.now = at(11).astimezone(UTC)
    for refused in (
        await owner.save(application, {**content, "menu": "S"}),
        await owner.submit(application),
        await step(
            owner,
            application,
            "agree",
            track=CONSENT,
            subject=str(owner.account_id),
            facts={"draft_version": 1, "text_version": "2026-04", "personal_data": True, "outline": True},
        ),
        await desk.person(Role.APPLICANT).post("/v1/applications", {"programme": "green_loan"}),
    ):
        assert (refused.status_code, refused.headers["Retry-After"]) == (409, "5400"), refused.text
        (said,) = [each["message"] for each in refused.json()["findings"] if each["code"] == "CLOSED"]
        assert "(システムの更新、4月2日12時30分まで)。次は4月2日12時30分から" in said
    assert (await owner.view(application))["content"] == content  # nothing was lost, and looking is possible
    assert (await owner.check(application))["findings"][0]["code"] == "CLOSED"
    # Officers decide, the bank identifies, the system hears, timers fire.
    (review,) = await desk.rows("SELECT id FROM reviews WHERE application_id = :id", id=other)
    assert (await desk.person(Role.OFFICE_REVIEWER).post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    clerk = desk.person(Role.BANK, organisation_id=example.BANK)
    await done(
        clerk, other, "see", track=IDENTITY, subject=str(husband.account_id), facts={"papers": ["DRIVING_LICENCE"]}
    )
    await desk.hear(EkycStatusChanged(account_id=borrower.account_id, ekyc_id=uuid4(), status="passed"))
    tracks = {(each["track"], each["subject"]): each["state"] for each in (await borrower.view(other))["tracks"]}
    assert tracks[IDENTITY, str(borrower.account_id)] == "verified_online"
    await desk.fire()
    # The other programme's counter has nothing to do with it.
    assert await (await desk.association()).start("bond")
    # It was announced by mistake: withdrawn, it is over at once.
    await withdrawn(desk, one)
    assert (await owner.save(application, content)).status_code == 200


@pytest.mark.rule("GL-061")
async def test_a_closing_that_runs_into_the_night_ends_when_the_counter_opens(desk):
    await announced(desk, at(23), at(3, day=3))
    owner = desk.person(Role.APPLICANT)
    application = await owner.start("green_loan")
    desk.clock.now = at(23, 30).astimezone(UTC)
    refused = await owner.save(application, {"menu": "S"})
    assert "4月3日3時00分まで)。次は4月3日6時00分から" in refused.text
    assert refused.headers["Retry-After"] == str(int(6.5 * 3600))
    desk.clock.now = at(4, day=3).astimezone(UTC)  # it is over, and the counter is closed as on every night
    refused = await owner.save(application, {"menu": "S"})
    assert "午前6時から翌日午前2時まで" in refused.text
    assert refused.headers["Retry-After"] == "7200"
    desk.clock.now = at(6, day=3).astimezone(UTC)
    assert (await owner.save(application, {"menu": "S"})).status_code == 200


@pytest.mark.rule("GL-061", "GL-429")
async def test_everybody_is_told_of_the_next_thirty_days_and_the_office_of_all(desk):
    now = desk.clock()
    soon = await announced(desk, at(5, day=20), at(6, day=20))
    near = await announced(desk, now + timedelta(days=30, minutes=-1), now + timedelta(days=31))
    far = await announced(desk, now + timedelta(days=31), now + timedelta(days=32))
    gone = await withdrawn(desk, await announced(desk, at(5, day=21), at(6, day=21)))
    told = [item["begins_at"] for item in (await desk.client.get(PATH)).json()["items"]]
    assert [one["begins_at"] in told for one in (soon, near, far, gone)] == [True, True, False, False]
    assert soon["begins_at"] == "2026-04-20T05:00:00+09:00"  # in the time of Japan
    assert "told_by" not in (await desk.client.get(PATH)).text
    reviewer = desk.person(Role.OFFICE_REVIEWER)
    listed = {item["id"]: item for item in (await reviewer.get(f"{PATH}/announcements")).json()["items"]}
    assert {one["id"] for one in (soon, near, far, gone)} <= listed.keys()
    assert listed[gone["id"]]["withdrawn"] is True
    desk.clock.now = now + timedelta(days=32)
    left = [item["id"] for item in (await reviewer.get(f"{PATH}/announcements")).json()["items"]]
    assert not {one["id"] for one in (soon, near, far, gone)} & set(left)
    await asyncio.gather(*(refused_as_over(desk, one) for one in (soon, gone)))


async def refused_as_over(desk, one):
    approver = desk.person(Role.OFFICE_APPROVER)
    path = f"{PATH}/announcements/{one['id']}/withdraw"
    answer = await approver.call("POST", path, If_Match=f'"{one["version"]}"')
    assert (answer.status_code, answer.json()["code"]) == (409, "maintenance_over")


@pytest.mark.rule("GL-061")
async def test_a_change_needs_the_version_that_was_seen_and_who_made_it_is_kept(desk):
    one = await announced(desk, at(13, day=10), at(15, day=10))
    path, first = f"{PATH}/announcements/{one['id']}", desk.person(Role.OFFICE_APPROVER)
    seen = await desk.person(Role.OFFICE_REVIEWER).get(path)
    assert (seen.headers["ETag"], len(seen.json()["items"])) == ('"1"', 1)
    shorter = {"begins_at": at(13, day=10).isoformat(), "ends_at": at(14, day=10).isoformat()}
    assert (await first.post(f"{path}/shorten", shorter)).status_code == 428
    key = str(uuid4())
    for _ in range(2):  # a repeated request does nothing twice
        answer = await first.call("POST", f"{path}/shorten", shorter, key=key, If_Match='"1"')
        assert (answer.status_code, answer.json()["version"]) == (200, 2)
    late = await first.call("POST", f"{path}/withdraw", If_Match='"1"')
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    longer = {**shorter, "ends_at": at(14, 1, day=10).isoformat()}
    refused = await first.call("POST", f"{path}/shorten", longer, If_Match='"2"')
    assert findings(refused) == {("GL-061", "NOT_SHORTER", "ends_at")}
    for role in (Role.OFFICE_REVIEWER, Role.APPLICANT, Role.BANK, Role.OPERATOR):
        stranger = desk.person(role, organisation_id=example.BANK)
        assert (await stranger.call("POST", f"{path}/withdraw", If_Match='"2"')).status_code == 403
    assert (await withdrawn(desk, {**one, "version": 2}))["withdrawn"] is True
    versions = (await first.get(path)).json()["items"]
    assert [(each["version"], each["withdrawn"]) for each in versions] == [(1, False), (2, False), (3, True)]
    assert versions[1]["told_by"] == str(first.account_id) != versions[2]["told_by"]
    assert (await first.get(f"{PATH}/announcements/{uuid4()}")).status_code == 404
    for change in ("DELETE FROM maintenance_announcements", "UPDATE maintenance_announcements SET reason = 'x'"):
        with pytest.raises(DBAPIError):
            await desk.rows(change)


async def test_of_two_at_once_that_overlap_one_is_announced(desk):
    approvers = [desk.person(Role.OFFICE_APPROVER) for _ in range(4)]
    wishes = [wish(at(10, day=15), at(11, 10 * number, day=15)) for number in range(4)]
    answers = await asyncio.gather(
        *(one.post(f"{PATH}/announcements", body) for one, body in zip(approvers, wishes, strict=True))
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert findings(refused) == {("GL-061", "OVERLAP", "begins_at")}


@pytest.mark.parametrize("reason", ["", " ", "改行\nあり", "長" * 101, "\x00"])
async def test_a_reason_that_applicants_could_not_read_is_no_reason(desk, reason):
    body = wish(at(10, day=16), at(11, day=16), reason=reason)
    assert (await desk.person(Role.OFFICE_APPROVER).post(f"{PATH}/announcements", body)).status_code == 422


@pytest.mark.rule("GL-427", "GL-428", "GL-429")
async def test_step_2_warns_of_the_income_service_and_the_counter_stays_open(desk):
    async def warnings():
        return (await desk.client.get("/v1/programmes/green_loan/income-service")).json()["warnings"]

    one = await announced(desk, at(15), at(16), service="income_service")
    (warning,) = await warnings()
    assert (warning["rule"], warning["code"], warning["field"]) == (
        "GL-428",
        "INCOME_SERVICE_MAY_BE_CLOSED",
        "step_2",
    )
    desk.clock.now = at(15, 30).astimezone(UTC)
    assert await desk.person(Role.APPLICANT).start("green_loan")
    await withdrawn(desk, one)
    assert await warnings() == []
    desk.clock.now = at(10, day=18).astimezone(UTC)  # the third Saturday
    assert len(await warnings()) == 1


@pytest.mark.rule("GL-061")
async def test_who_was_approved_meanwhile_is_not_shut_out_either(desk):
    owner, wife, application = await a_couple(desk)
    await approved(desk, application, owner, wife)
    one = await announced(desk, at(10, 1), at(11))
    desk.clock.now = at(10, 30).astimezone(UTC)
    await done(owner, application, "request", track="technical")
    told = await wife.post(f"/v1/applications/{application}/threads", {"subject": "質問", "text": "本文"})
    assert told.status_code == 201, told.text
    await withdrawn(desk, one)


@pytest.mark.parametrize("year", ["0001", "9999"])
async def test_a_year_that_nobody_means_is_refused(desk, year):
    body = {**wish(at(10), at(11)), "begins_at": f"{year}-01-01T00:00:00+14:00", "ends_at": f"{year}-12-31T23:59:00Z"}
    answer = await desk.person(Role.OFFICE_APPROVER).post(f"{PATH}/announcements", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
