"""User IDs that lapse (ID-02, ID-03)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from identity.commands import accounts, lapse
from identity.domain.durations import next_look, notice_is_due
from madoguchi_contracts import Role
from madoguchi_contracts.identity import AccountLapseAnnounced, SessionsEnded, UserIdReminderRequested
from sqlalchemy import text
from support.identity import ANSWER, World

HANDLERS = {accounts.LAPSE: lapse.lapse}


@pytest.mark.rule("ID-02")
async def test_it_is_usable_until_just_before_five_years_after_the_last_login(world: World) -> None:
    world.clock.now = datetime(2021, 6, 15, 1, 0, tzinfo=UTC)  # 10:00 in Japan
    one, other = await world.member(), await world.member()
    await world.log_in(one)
    await world.log_in(other)
    world.clock.now = datetime(2026, 6, 15, 0, 59, 59, tzinfo=UTC)
    assert (await world.give_password(one))["next"] == "otp"
    world.clock.now = datetime(2026, 6, 15, 1, 0, tzinfo=UTC)
    await world.give_password(other, status=401)


@pytest.mark.rule("ID-02")
async def test_from_29_february_it_lapses_on_1_march(world: World) -> None:
    world.clock.now = datetime(2028, 2, 28, 15, 0, tzinfo=UTC)  # 2028-02-29 00:00 in Japan
    one, other = await world.member(), await world.member()
    world.clock.now = datetime(2033, 2, 28, 14, 59, 59, tzinfo=UTC)
    assert (await world.give_password(one))["next"] == "enrol_otp"
    world.clock.now = datetime(2033, 2, 28, 15, 0, tzinfo=UTC)  # 2033-03-01 00:00 in Japan
    await world.give_password(other, status=401)


@pytest.mark.rule("ID-02")
async def test_an_id_that_never_logged_in_counts_from_its_issue(world: World) -> None:
    world.clock.now = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
    member = await world.member()
    world.clock.now = datetime(2031, 4, 1, 1, 0, tzinfo=UTC)
    await world.give_password(member, status=401)


@pytest.mark.rule("ID-02", "ID-35")
async def test_a_right_password_without_the_one_time_password_is_no_login(world: World) -> None:
    world.clock.now = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
    member = await world.member()
    world.clock.now = datetime(2030, 4, 1, 1, 0, tzinfo=UTC)
    assert (await world.give_password(member))["next"] == "enrol_otp"
    world.clock.now = datetime(2031, 4, 1, 1, 0, tzinfo=UTC)
    await world.give_password(member, status=401)


@pytest.mark.rule("ID-02", "ID-03")
async def test_the_timer_tells_of_the_lapse_once_and_ends_what_is_open(world: World) -> None:
    member = await world.logged_in()
    await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
    world.clock.now = world.clock.now.replace(year=2031)
    assert await world.fire_deadlines(HANDLERS) == 1
    assert (await world.names(member.account_id))[-2:] == ["AccountLapsed", "SessionsEnded"]
    assert (await world.last(SessionsEnded)).reason == "account_lapsed"
    token = await world.password_token(member.account_id)
    await world.post("/v1/passwords/set", {"token": token, "password": "other-1word"}, status=410)
    assert await world.fire_deadlines(HANDLERS) == 0
    async with world.database.transaction() as session:
        await lapse.lapse(session, member.account_id, world.clock())
    assert (await world.names(member.account_id)).count("AccountLapsed") == 1


@pytest.mark.rule("ID-02")
async def test_a_login_in_between_moves_the_lapse(world: World) -> None:
    member = await world.member()
    world.clock.now = world.clock.now.replace(year=2029)
    await world.log_in(member)
    world.clock.now = world.clock.now.replace(year=2032)
    assert await world.fire_deadlines(HANDLERS) == 1  # the timer of the issue finds the login, and sets itself anew
    assert "AccountLapsed" not in await world.names(member.account_id)
    assert await world.fire_deadlines(HANDLERS) == 0
    world.clock.now = world.clock.now.replace(year=2034)
    assert await world.fire_deadlines(HANDLERS) == 1
    assert "AccountLapsed" in await world.names(member.account_id)


@pytest.mark.rule("ID-03")
async def test_a_lapsed_id_cannot_be_revived_by_login_or_reset(world: World) -> None:
    member = await world.member("taro@example.jp")
    world.clock.now = world.clock.now.replace(year=2031)
    told = await world.all_events()
    await world.give_password(member, status=401)
    await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
    assert await world.all_events() == told
    anew = await world.member("taro@example.jp")  # but its holder can register anew
    assert anew.user_id != member.user_id
    await world.log_in(anew)


@pytest.mark.rule("ID-03")
async def test_a_login_begun_before_the_lapse_is_not_completed_after_it(world: World) -> None:
    member = await world.member()
    world.clock.now = world.clock.now.replace(year=2031)
    world.clock.advance(minutes=-1)
    token = (await world.give_password(member))["login_token"]
    await world.enrol(member, token)
    world.clock.advance(minutes=1)
    body = {"login_token": token, "code": world.code(member)}
    assert (await world.post("/v1/sessions/otp", body, status=401))["code"] == "login_expired"
    async with world.database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM user_sessions"))).scalar_one() == 0


# Before and after


async def noticed(world: World, account_id: UUID) -> list[datetime]:
    return [event.lapses_at for event in await world.events(account_id) if isinstance(event, AccountLapseAnnounced)]


@pytest.mark.rule("ID-02")
@pytest.mark.parametrize(
    ("at", "due", "following"),
    [
        (-timedelta(days=90, microseconds=1), False, -timedelta(days=90)),
        (-timedelta(days=90), True, -timedelta(days=30)),
        (-timedelta(days=30, microseconds=1), True, -timedelta(days=30)),
        (-timedelta(days=30), True, timedelta()),
        (-timedelta(microseconds=1), True, timedelta()),
        (timedelta(), False, timedelta()),
    ],
)
def test_when_the_timer_gives_notice_and_when_it_fires_next(at: timedelta, due: bool, following: timedelta) -> None:
    lapses_at = datetime(2031, 4, 1, 1, 0, tzinfo=UTC)
    assert notice_is_due(lapses_at, lapses_at + at) is due
    assert next_look(lapses_at, lapses_at + at) == lapses_at + following


@pytest.mark.rule("ID-02")
async def test_the_holder_is_told_90_and_30_days_before(world: World) -> None:
    member = await world.logged_in()
    end = world.clock().replace(year=2031)
    for days, notices in ((91, 0), (90, 1), (89, 1), (30, 2), (1, 2)):
        world.clock.now = end - timedelta(days=days)
        await world.fire_deadlines(HANDLERS)
        assert await noticed(world, member.account_id) == [end] * notices
    world.clock.now = end
    await world.fire_deadlines(HANDLERS)
    assert (await world.names(member.account_id))[-2:] == ["AccountLapsed", "SessionsEnded"]


@pytest.mark.rule("ID-02")
async def test_a_login_in_time_puts_everything_off(world: World) -> None:
    member = await world.logged_in()
    end = world.clock().replace(year=2031)
    world.clock.now = end - timedelta(days=90)
    await world.fire_deadlines(HANDLERS)
    await world.log_in(member)
    end = world.clock().replace(year=world.clock().year + 5)
    world.clock.now = end - timedelta(days=91)
    await world.fire_deadlines(HANDLERS)
    assert len(await noticed(world, member.account_id)) == 1
    world.clock.now = end - timedelta(days=90)
    await world.fire_deadlines(HANDLERS)
    assert (await noticed(world, member.account_id))[1:] == [end]


@pytest.mark.rule("ID-02")
async def test_a_timer_that_comes_late_gives_one_notice_and_none_after_the_lapse(world: World) -> None:
    one, other = await world.logged_in(), await world.logged_in()
    end = world.clock().replace(year=2031)
    world.clock.now = end - timedelta(days=3)
    await world.fire_deadlines(HANDLERS)
    assert await noticed(world, one.account_id) == [end]
    world.clock.now = end + timedelta(days=1)
    await world.fire_deadlines(HANDLERS)
    assert await noticed(world, other.account_id) == [end]
    assert (await world.names(other.account_id))[-2:] == ["AccountLapsed", "SessionsEnded"]


@pytest.mark.rule("ID-02")
async def test_a_closed_account_gets_no_notice(world: World) -> None:
    member = await world.staff(Role.COMPANY)
    async with world.database.transaction() as session:
        await accounts.close_account(session, account_id=member.account_id, now=world.clock())
    world.clock.now = world.clock().replace(year=2031)
    assert await world.fire_deadlines(HANDLERS) == 0
    assert "AccountLapsed" not in await world.names(member.account_id)


@pytest.mark.rule("ID-03", "ID-05")
async def test_the_holder_of_a_lapsed_id_registers_anew_and_gets_another_one(world: World) -> None:
    former = await world.member("taro@example.jp")
    world.clock.now = world.clock().replace(year=2031)
    await world.fire_deadlines(HANDLERS)
    await world.give_password(former, status=401)
    await world.post("/v1/passwords/reset-requests", {"user_id": former.user_id}, status=202)
    assert (await world.names(former.account_id))[-1] == "AccountLapsed"
    present = await world.logged_in("taro@example.jp")
    assert (present.account_id, present.user_id) != (former.account_id, former.user_id)
    asked = await world.post("/v1/user-id-reminders", {"name": "山田 太郎", "mail": "taro@example.jp"})
    body = {"reminder_token": asked["reminder_token"], "answer": ANSWER}
    await world.post("/v1/user-id-reminders/answer", body, status=202)
    assert (await world.last(UserIdReminderRequested)).account_id == present.account_id
