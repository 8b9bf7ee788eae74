"""User IDs that lapse (ID-02, ID-03)."""

from datetime import UTC, datetime

import pytest
from identity.commands import accounts, lapse
from madoguchi_contracts.identity import SessionsEnded
from sqlalchemy import text
from support.identity import World

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
