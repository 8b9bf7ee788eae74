"""What has served its time is removed, and nothing else."""

import asyncio

import pytest
from identity import housekeeping
from identity.commands.sessions import end_idle
from identity.housekeeping import sweep
from sqlalchemy import text
from support.identity import World


async def counts(world: World) -> dict[str, int]:
    tables = ("login_tokens", "reminders", "rate_limits", "user_sessions", "login_locks", "registrations", "accounts")
    async with world.database.transaction() as session:
        return {
            table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608
            for table in tables
        }


async def traces(world: World) -> None:
    member = await world.logged_in()
    await world.member()
    await world.give_password(await world.member())
    await world.give_password(member, "wrong-1word", status=401)
    await world.post("/v1/sessions", {"user_id": "BBBBBBBBBB", "password": "x"}, status=401)
    await world.post("/v1/user-id-reminders", {"name": "鈴木", "mail": "x@example.jp"})
    await world.request_registration()


async def test_at_once_nothing_is_old(world: World) -> None:
    await traces(world)
    before = await counts(world)
    assert all(before.values())
    assert await sweep(world.database, world.clock()) == 0
    assert await counts(world) == before


async def test_after_weeks_only_what_belongs_to_accounts_is_left(world: World) -> None:
    await traces(world)
    before = await counts(world)
    world.clock.advance(days=31)
    await end_idle(world.database, world.clock())
    assert await sweep(world.database, world.clock()) > 0
    after = await counts(world)
    assert after["accounts"] == before["accounts"]
    # I-10: wrong passwords do not age: what was counted stays, whether or not anybody has the ID (ID-34).
    async with world.database.transaction() as session:
        left = (await session.execute(text("SELECT wrong_in_a_row FROM login_locks"))).scalars()
        assert sorted(left) == [1, 1]
    emptied = ("login_tokens", "reminders", "rate_limits", "user_sessions", "registrations")
    assert {table: after[table] for table in emptied} == dict.fromkeys(emptied, 0)


async def test_a_session_in_use_is_left_alone(world: World) -> None:
    member = await world.logged_in()
    for _ in range(100):
        world.clock.advance(minutes=20)
        await world.post("/v1/sessions/refresh", headers=member.session)
    await sweep(world.database, world.clock())
    await world.post("/v1/sessions/refresh", headers=member.session)


async def test_more_than_a_batch_is_removed_batch_by_batch(world: World) -> None:
    async with world.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO rate_limits SELECT 'door', n::text, now() - interval '9 years', 1 "
                "FROM generate_series(1, 2500) n"
            )
        )
    assert await sweep(world.database, world.clock()) == 2500


async def test_the_loop_sweeps_until_it_is_told_to_stop(world: World) -> None:
    await world.post("/v1/user-id-reminders", {"name": "鈴木", "mail": "x@example.jp"})
    world.clock.advance(days=1)
    stop, beats = asyncio.Event(), []
    loop = asyncio.create_task(
        housekeeping.repeat(
            sweep, world.database, world.clock, every_seconds=600, stop=stop, beat=lambda: beats.append(1)
        )
    )
    async with asyncio.timeout(10):
        while (await counts(world))["reminders"]:
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(loop, 5)
    assert beats


async def test_a_session_whose_end_was_not_told_yet_is_not_removed(world: World) -> None:
    await world.logged_in()
    world.clock.advance(days=3)
    await sweep(world.database, world.clock())
    assert (await counts(world))["user_sessions"] == 1
    assert await end_idle(world.database, world.clock()) == 1
    await sweep(world.database, world.clock())
    assert (await counts(world))["user_sessions"] == 0


@pytest.mark.rule("ID-27", "ID-34")
@pytest.mark.parametrize("years", [1, 4])
async def test_a_lock_tells_after_years_as_little_of_who_exists_as_at_first(world: World, years: int) -> None:
    member = await world.logged_in()
    both = (member.user_id, "BBBBBBBBBB")
    for user_id in both:
        for _ in range(2):
            await world.post("/v1/sessions", {"user_id": user_id, "password": "wrong-1word"}, status=401)
    world.clock.advance(days=366 * years)
    await sweep(world.database, world.clock())
    for user_id in both:  # the third one
        await world.post("/v1/sessions", {"user_id": user_id, "password": "wrong-1word"}, status=423)
    assert (await world.names(member.account_id))[-1] == "AccountLocked"  # the worker told it
    world.clock.advance(days=2)  # over, and forgotten for both
    await sweep(world.database, world.clock())
    assert (await counts(world))["login_locks"] == 0
    for user_id in both:
        await world.post("/v1/sessions", {"user_id": user_id, "password": "wrong-1word"}, status=401)


@pytest.mark.rule("ID-02", "ID-27")
async def test_what_nobody_used_for_longer_than_a_user_id_lives_is_forgotten(world: World) -> None:
    await world.post("/v1/sessions", {"user_id": "BBBBBBBBBB", "password": "wrong-1word"}, status=401)
    world.clock.advance(days=5 * 366)
    await sweep(world.database, world.clock())
    assert (await counts(world))["login_locks"] == 1
    world.clock.advance(days=367)
    await sweep(world.database, world.clock())
    assert (await counts(world))["login_locks"] == 0


async def test_a_lock_that_nobody_was_told_of_yet_is_kept(world: World) -> None:
    member = await world.member()
    for _ in range(3):
        login = {"user_id": member.user_id, "password": "wrong-1word"}
        await world.http.post("/v1/sessions", json=login)
    world.clock.advance(days=3)
    await sweep(world.database, world.clock())
    assert "AccountLocked" in await world.names(member.account_id)
