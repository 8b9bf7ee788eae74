"""Keys are replaced while everybody goes on working: the one that signs tokens, and the one of data at rest."""

import asyncio
import base64
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity import cli, queries
from identity.commands import keys
from identity.domain.keys import KEPT_AFTER, PUBLISHED_BEFORE, Scheduled, in_use
from identity.errors import RotationUnderWay
from identity.models import metadata
from identity.signing import RELOAD, STALE
from joserfc.jws import extract_compact
from kit.errors import Unauthenticated, Unavailable
from kit.tokens import TokenVerifier
from kit.vault import CannotDecrypt
from pydantic import SecretStr
from sqlalchemy import text
from support.clock import FakeClock
from support.identity import BY, World, environment_of, identity_world, published_keys
from support.network import free_port
from support.servers import MADOGUCHI, FreshDatabase
from typer.testing import CliRunner

T0 = datetime(2026, 4, 1, tzinfo=UTC)
FIRST = Scheduled("first", T0 - timedelta(days=1))
SECOND = Scheduled("second", T0)
SECOND_ALONE = Scheduled("second", T0, alone=True)


class TestSchedule:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            (-timedelta(days=1), ["first", "second"]),
            (-timedelta(microseconds=1), ["first", "second"]),
            (timedelta(), ["second", "first"]),
            (KEPT_AFTER - timedelta(microseconds=1), ["second", "first"]),
            (KEPT_AFTER, ["second"]),
        ],
    )
    def test_a_key_is_published_before_it_signs_and_while_its_tokens_live(
        self, at: timedelta, expected: list[str]
    ) -> None:
        assert in_use([FIRST, SECOND], T0 + at) == in_use([SECOND, FIRST], T0 + at) == expected

    def test_one_that_comes_alone_takes_all_older_ones_away(self) -> None:
        assert in_use([FIRST, SECOND_ALONE], T0 - timedelta(seconds=1)) == ["first", "second"]
        assert in_use([FIRST, SECOND_ALONE], T0) == ["second"]

    @given(st.lists(st.integers(0, 5000), min_size=1, max_size=6, unique=True), st.integers(0, 10_000))
    def test_who_signed_a_living_token_is_always_published(self, starts: list[int], second: int) -> None:
        made = [Scheduled(str(n), T0 + timedelta(seconds=start)) for n, start in enumerate([-1, *starts])]
        signer = in_use(made, T0 + timedelta(seconds=second))[0]
        for later in range(0, 311, 10):
            assert signer in in_use(made, T0 + timedelta(seconds=second + later))


class Verifier(TokenVerifier):
    """Another service: asks for the keys like any other, but by the clock of the test and without a network."""

    def __init__(self, world: World) -> None:
        super().__init__("", world.settings.token_issuer, world.clock, monotonic=lambda: world.clock().timestamp())
        self._world = world

    async def _ask(self) -> None:
        self._asked_at = self._monotonic()
        self._keys = await published_keys(self._world)


def kid_of(token: str) -> str:
    return str(extract_compact(token.encode()).headers()["kid"])


async def rotate(world: World, *, alone: bool = False) -> str:
    async with world.database.transaction() as session:
        return (await keys.rotate(session, world.context.tools, by=BY, alone=alone, now=world.clock()))[0]


async def test_no_request_fails_while_the_signing_key_is_replaced(postgres_url: FreshDatabase) -> None:
    """Two replicas of identity, three services that know the keys since different times, a token every 20 seconds."""
    url, clock = await postgres_url("identity"), FakeClock()
    async with identity_world(url, clock=clock) as one, identity_world(url, clock=clock) as two:
        member = await one.logged_in()
        services = [Verifier(one), Verifier(two), Verifier(two)]
        living: list[tuple[datetime, str]] = []
        signers: list[str] = []
        for turn in range(150):  # 50 minutes
            if turn == 10:
                new = await rotate(one)
            world = (one, two)[turn % 2]
            answer = await world.post("/v1/sessions/refresh", headers=member.session)
            living.append((clock(), answer["access_token"]))
            signers.append(kid_of(answer["access_token"]))
            living = [(at, token) for at, token in living if clock() - at < timedelta(minutes=5)]
            for at, token in living:
                for number, service in enumerate(services):
                    if number < 2 or turn % 30 == 29:  # one of them hears of nothing for ten minutes
                        await service.verify(token)
                assert clock() >= at
            # Identity itself: the key changes once, so the oldest and the newest token have every key of the others.
            for _, token in (living[0], living[-1]):
                await world.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
            clock.advance(seconds=20)
            await asyncio.sleep(0)
        changed_at = signers.index(new)
        assert set(signers[:changed_at]) == {"sign-1"}
        assert set(signers[changed_at:]) == {new}
        assert changed_at - 10 == PUBLISHED_BEFORE.total_seconds() / 20
        assert set(await published_keys(one)) == set(await published_keys(two)) == {new}


async def test_a_second_rotation_waits_for_the_first_and_old_private_keys_go(world: World) -> None:
    first = await rotate(world)
    with pytest.raises(RotationUnderWay):
        await rotate(world)
    world.clock.advance(days=2)
    second = await rotate(world)
    world.clock.advance(days=2)
    third = await rotate(world)
    async with world.database.transaction() as session:
        rows = (
            await session.execute(text("SELECT kid, private_key_hidden FROM signing_keys ORDER BY signs_from"))
        ).all()
    assert [row.kid for row in rows] == [second, third]
    assert first not in {row.kid for row in rows}
    assert all(row.private_key_hidden.startswith("v1.") for row in rows)
    assert all("d" not in key for key in (await world.get("/.well-known/jwks.json"))["keys"])


async def test_a_key_that_somebody_else_knows_is_not_believed_any_more(world: World) -> None:
    member = await world.logged_in()
    waiting = await rotate(world)
    world.clock.advance(seconds=20)
    assert set(await published_keys(world)) == {"sign-1", waiting}
    new = await rotate(world, alone=True)
    world.clock.advance(seconds=20)
    assert set(await published_keys(world)) == {new}
    await world.get("/v1/me", status=401, headers=member.bearer)
    answer = await world.post("/v1/sessions/refresh", headers=member.session)
    assert kid_of(answer["access_token"]) == new
    service = Verifier(world)
    await service.verify(answer["access_token"])
    with pytest.raises(Unauthenticated):
        await service.verify(member.access_token)


async def test_a_replica_that_cannot_read_the_keys_goes_on_for_a_while_and_then_signs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing, now = world.context.tools.signing, world.clock()
    signer = await signing.signer(world.database, now)
    nowhere = type(world.database)(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none", pool_size=1)
    try:
        assert await signing.signer(nowhere, now + RELOAD - timedelta(seconds=1)) is signer
        with pytest.raises(Unavailable):
            await signing.signer(nowhere, now + STALE)
    finally:
        await nowhere.close()


async def test_who_comes_while_the_keys_are_read_takes_those_that_are_known(world: World) -> None:
    signing, now = world.context.tools.signing, world.clock()
    signer = await signing.signer(world.database, now)
    async with signing._reading:
        assert await asyncio.wait_for(signing.signer(world.database, now + RELOAD), 1) is signer
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(signing.signer(world.database, now + STALE), 0.1)


def ring(current: str, *kids: str) -> SecretStr:
    encoded = {kid: base64.b64encode(kid[-1].encode() * 32).decode() for kid in kids}
    return SecretStr(json.dumps({"current": current, "keys": encoded}))


def test_every_encrypted_column_is_encrypted_anew() -> None:
    hidden = {(t.name, c.name) for t in metadata.tables.values() for c in t.columns if c.name.endswith("_hidden")}
    assert hidden == {(str(model.__tablename__), column) for model, cs in keys.HIDDEN.items() for column, _ in cs}


async def everything_hidden(world: World) -> list[str]:
    found: list[str] = []
    async with world.database.transaction() as session:
        for model, columns in keys.HIDDEN.items():
            for column, _ in columns:
                statement = f"SELECT {column} FROM {model.__tablename__} WHERE {column} IS NOT NULL"  # noqa: S608
                found += (await session.scalars(text(statement))).all()
    return found


async def test_after_a_change_of_the_vault_key_everything_is_readable_with_the_new_one_alone(
    postgres_url: FreshDatabase,
) -> None:
    url, clock = await postgres_url("identity"), FakeClock()
    async with identity_world(url, clock=clock, vault_keys=ring("a1", "a1")) as old:
        members = [await old.logged_in() for _ in range(3)]
        await rotate(old)
        await old.request_registration()
    rings = {"current": ring("a2", "a1", "a2"), "after": ring("a2", "a2")}
    async with identity_world(url, clock=clock, vault_keys=rings["current"]) as between:
        await between.request_registration("jiro@example.jp")
        assert {one.partition(".")[0] for one in await everything_hidden(between)} == {"a1", "a2"}
        rounds = 0
        async with between.database.transaction() as session:
            assert await keys.reencrypt(session, between.context.tools.keys, batch=2) == 2
        # A row that somebody is busy with is left, and seen as left.
        other = type(between.database)(url, pool_size=1)
        async with other.transaction() as busy:
            await busy.execute(text("SELECT 1 FROM otp_tokens LIMIT 1 FOR UPDATE"))
            while True:
                async with between.database.transaction() as session:
                    if not await keys.reencrypt(session, between.context.tools.keys, batch=2):
                        break
                rounds += 1
            async with between.database.transaction() as session:
                assert await keys.left_to_reencrypt(session, between.context.tools.keys) == 1
        await other.close()
        assert rounds >= 3
        process = await asyncio.create_subprocess_exec(
            MADOGUCHI,
            *("keys", "reencrypt", "--by", "operations", "--reason", "the yearly change"),
            env={**os.environ, **environment_of(between.settings)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert out.decode().strip() == "nothing is left under another key"
        assert {one.partition(".")[0] for one in await everything_hidden(between)} == {"a2"}
    async with identity_world(url, clock=clock, vault_keys=rings["after"]) as new:
        for member in members:
            clock.advance(days=91)
            assert (await new.log_in(member))["next"] == "done"  # with the one-time password
            assert (await new.get("/v1/me", headers=member.bearer))["mail"] == member.mail


async def test_without_the_old_key_on_the_ring_nothing_is_lost_but_the_command_stops(
    postgres_url: FreshDatabase,
) -> None:
    url = await postgres_url("identity")
    async with identity_world(url, vault_keys=ring("a1", "a1")) as old:
        await old.member()
        before = await everything_hidden(old)
    async with identity_world(url, vault_keys=ring("a2", "a2")) as new:
        with pytest.raises(CannotDecrypt):
            async with new.database.transaction() as session:
                await keys.reencrypt(session, new.context.tools.keys)
        assert await everything_hidden(new) == before


async def test_madoguchi_keys_rotate(world: World) -> None:
    async def run(*arguments: str) -> tuple[int, str, str]:
        command = ["rotate", "--by", "operations", "--reason", "the yearly change", *arguments]
        done = await asyncio.to_thread(CliRunner().invoke, cli.keys, command, env=environment_of(world.settings))
        return done.exit_code, done.stdout, done.stderr

    code, out, err = await run()
    assert code == 0, err
    assert " signs from " in out
    code, _, err = await run()
    assert (code, err.strip()) == (1, "新しい署名鍵の切り替えを待っています。")
    code, alone, err = await run("--alone")
    assert code == 0, err
    world.clock.now = datetime.now(UTC) + timedelta(seconds=1)
    assert set(await published_keys(world)) == {alone.partition(" ")[0]}
    async with world.database.transaction() as session:
        rows = await queries.audit_log(session, None, 10)
    assert [(row["who"], row["deed"], row["reason"]) for row in rows] == [
        ("operations", "rotate_keys", "the yearly change")
    ] * 2
