"""Nobody learns who is registered: answer, work, time are the same for known, unknown, locked and lapsed (ID-34)."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from identity.commands.followups import follow_up
from identity.hashing import hash_operations
from identity.limits import LIMITS
from madoguchi_contracts.identity import AccountLocked, PasswordLinkIssued
from sqlalchemy import event, text
from support.identity import World, generous, identity_world
from support.servers import FreshDatabase

SAMPLES = 100  # of each kind of person: 400 and more for each path
# How sure one must be, drawing a timing of each of two kinds, which one takes longer: 0.5 is no difference at all. With
# 100 timings each, chance alone stays within 0.5 +- 0.25 but for one time in a hundred million.
TELLS_APART = 0.75
PLANTED_SECONDS = 0.08  # what a sleep adds to one kind: a few hashes, far above what a busy machine adds to each
KINDS = ("known", "unknown", "locked", "lapsed")


class Person(NamedTuple):
    """What a caller types."""

    user_id: str
    mail: str


Request = Callable[[httpx.AsyncClient, Person], Awaitable[httpx.Response]]


async def login(http: httpx.AsyncClient, person: Person) -> httpx.Response:
    return await http.post("/v1/sessions", json={"user_id": person.user_id, "password": "wrong-1word"})


async def reset(http: httpx.AsyncClient, person: Person) -> httpx.Response:
    return await http.post("/v1/passwords/reset-requests", json={"user_id": person.user_id})


async def remind(http: httpx.AsyncClient, person: Person) -> httpx.Response:
    return await http.post("/v1/user-id-reminders", json={"name": "山田 太郎", "mail": person.mail})


async def register(http: httpx.AsyncClient, person: Person) -> httpx.Response:
    body = {"name_kanji": "山田 太郎", "name_kana": "ヤマダ タロウ", "mail": person.mail, "terms_accepted": True}
    return await http.post("/v1/registrations", json={**body, "terms_version": "2026-04-01"})


PATHS: dict[str, Request] = {"login": login, "reset": reset, "reminder": remind, "registration": register}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(postgres_url: FreshDatabase) -> AsyncIterator[World]:
    """Without limits: they are counted by what was typed, the same for everybody."""
    async with identity_world(await postgres_url("identity"), rate_limits=generous(*LIMITS)) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(world: World) -> dict[str, Person]:
    members = {kind: await world.member() for kind in ("known", "locked", "lapsed")}
    async with world.database.transaction() as session:
        await session.execute(
            text("UPDATE accounts SET issued_at = :long_ago, lapsed_at = :now WHERE id = :id"),
            {
                "long_ago": world.clock() - timedelta(days=3000),
                "now": world.clock(),
                "id": members["lapsed"].account_id,
            },
        )
    for _ in range(3):
        await world.http.post("/v1/sessions", json={"user_id": members["locked"].user_id, "password": "x"})
    found = {kind: Person(member.user_id, member.mail) for kind, member in members.items()}
    return {**found, "unknown": Person("BBBBBBBBBB", "nobody@example.jp")}


async def start_afresh(world: World, locked: Person) -> None:
    """Nobody but the locked one has a wrong password behind them, and nothing is left to do."""
    index = world.context.tools.keys.index.of("user_id", locked.user_id)
    async with world.database.transaction() as session:
        await session.execute(text("DELETE FROM login_locks WHERE user_id_index <> :index"), {"index": index})
        await session.execute(text("DELETE FROM reset_requests"))
        await session.execute(text("DELETE FROM reminders"))


# Answers and work


@contextmanager
def work_of(world: World) -> Iterator[list[str]]:
    """The statements that the database gets, and the slow hashes, while this lasts."""
    done: list[str] = []
    engine = world.database.engine.sync_engine

    def note(*arguments: Any) -> None:
        done.append(arguments[2])

    def hashes() -> dict[str, float]:
        return {kind: hash_operations.labels(kind)._value.get() for kind in ("hash", "verify")}

    before = hashes()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", note)
        done += [f"{kind}: {number - before[kind]:g}" for kind, number in hashes().items()]


@pytest.mark.rule("ID-34", "ID-53", "ID-61")
@pytest.mark.parametrize("path", PATHS)
async def test_answer_and_work_are_the_same_for_everybody(world: World, people: dict[str, Person], path: str) -> None:
    seen: dict[str, tuple[int, set[str], list[str]]] = {}
    for kind, person in people.items():
        await start_afresh(world, people["locked"])
        with work_of(world) as done:
            answer = await PATHS[path](world.http, person)
        seen[kind] = (answer.status_code, set(answer.json()), done)
    if path == "login":  # the lock itself is told, also of a user ID that nobody has (ID-34)
        assert seen.pop("locked")[0] == 423
    assert seen["known"][2]
    for kind, what in seen.items():
        assert what == seen["known"], kind


@pytest.mark.rule("ID-27", "ID-34")
@pytest.mark.parametrize("wrong_before", [0, 1, 2, 3])
async def test_every_wrong_password_costs_the_same_whether_or_not_somebody_has_the_user_id(
    world: World, people: dict[str, Person], wrong_before: int
) -> None:
    seen = []
    for kind in ("known", "unknown", "lapsed"):
        await start_afresh(world, people["locked"])
        for _ in range(wrong_before):
            await login(world.http, people[kind])
        with work_of(world) as done:
            answer = await login(world.http, people[kind])
        seen.append((answer.status_code, answer.headers.get("Retry-After"), answer.json(), done))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == (401 if wrong_before < 2 else 423)


@pytest.mark.rule("ID-62")
async def test_a_wrong_secret_answer_costs_the_same_for_a_stranger(world: World, people: dict[str, Person]) -> None:
    seen = []
    for kind in ("known", "unknown", "lapsed", "locked"):
        token = (await remind(world.http, people[kind])).json()["reminder_token"]
        with work_of(world) as done:
            body = {"reminder_token": token, "answer": "x"}
            answer = await world.http.post("/v1/user-id-reminders/answer", json=body)
        # A stranger's row names no account to look up.
        seen.append((answer.status_code, answer.json(), [one for one in done if "FROM accounts" not in one]))
    assert all(one == seen[0] for one in seen)


@pytest.mark.rule("ID-27", "ID-53")
async def test_what_follows_is_done_by_the_worker_once_and_for_accounts_only(
    world: World, people: dict[str, Person]
) -> None:
    await start_afresh(world, people["locked"])
    told = len(await world.all_events())
    for kind in KINDS:
        await reset(world.http, people[kind])
    for _ in range(3):
        for kind in ("known", "unknown", "lapsed"):
            await login(world.http, people[kind])
    workers = (follow_up(world.context.tools, world.database, world.clock()) for _ in range(3))
    assert sum(await asyncio.gather(*workers)) == 4 + 3
    new = (await world.all_events())[told:]
    assert sorted(type(event).__name__ for event in new) == ["AccountLocked", *["PasswordLinkIssued"] * 2]
    assert isinstance(next(one for one in new if isinstance(one, AccountLocked)), AccountLocked)
    assert all(one.purpose == "reset" for one in new if isinstance(one, PasswordLinkIssued))


# Time


def advantage(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely a timing of `one` is longer than a timing of `other`, from 0 to 1 (Mann and Whitney's U, scaled)."""
    longer = sum(a > b for a in one for b in other)
    equal = sum(a == b for a in one for b in other)
    return (longer + equal / 2) / (len(one) * len(other))


def tells_apart(timings: Mapping[str, Sequence[float]]) -> list[str]:
    """The pairs of kinds that somebody with a stopwatch could tell apart."""
    kinds = sorted(timings)
    pairs = [(one, other) for n, one in enumerate(kinds) for other in kinds[n + 1 :]]
    sure = {(one, other): advantage(timings[one], timings[other]) for one, other in pairs}
    return [f"{one} and {other}: {p:.2f}" for (one, other), p in sure.items() if abs(p - 0.5) > TELLS_APART - 0.5]


async def measure(
    world: World, people: dict[str, Person], request: Request, kinds: Sequence[str], samples: int
) -> dict[str, list[float]]:
    """`samples` timings of each kind, in seconds; each round asks for all kinds in another order, so that whatever else
    the machine does falls on all of them."""
    dice, timings = random.Random(20_260_401), {kind: list[float]() for kind in kinds}
    for number in range(samples + 3):
        await start_afresh(world, people["locked"])
        for kind in dice.sample(list(kinds), len(kinds)):
            started = time.perf_counter()
            await request(world.http, people[kind])
            if number >= 3:  # the first ones prepare statements and fill caches
                timings[kind].append(time.perf_counter() - started)
    return timings


@pytest.mark.rule("ID-34", "ID-53", "ID-61")
@pytest.mark.parametrize("path", PATHS)
async def test_nobody_tells_them_apart_with_a_stopwatch(world: World, people: dict[str, Person], path: str) -> None:
    timings = await measure(world, people, PATHS[path], KINDS, SAMPLES)
    assert sum(map(len, timings.values())) >= 400
    if tells_apart(timings):  # a busy machine may show a difference once; one that is there shows again
        timings = await measure(world, people, PATHS[path], KINDS, SAMPLES)
    assert tells_apart(timings) == [], {kind: median(one) for kind, one in timings.items()}


@pytest.mark.rule("ID-34")
@pytest.mark.parametrize("path", PATHS)
async def test_a_planted_difference_is_found(world: World, people: dict[str, Person], path: str) -> None:
    async def slower_for_the_known(http: httpx.AsyncClient, person: Person) -> httpx.Response:
        answer = await PATHS[path](http, person)
        if person is people["known"]:
            await asyncio.sleep(PLANTED_SECONDS)
        return answer

    for _ in range(3):  # a busy machine may hide it once
        if tells_apart(await measure(world, people, slower_for_the_known, ("known", "unknown"), 30)):
            return
    pytest.fail("a difference that is there was not found in three looks")


async def test_a_login_that_hashes_only_for_accounts_is_found(
    world: World, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistake that this file is for."""
    hasher = world.context.tools.hasher
    verify = hasher.verify

    async def only_for_accounts(stored: str | None, secret: str) -> bool:
        return stored is not None and await verify(stored, secret)

    monkeypatch.setattr(hasher, "verify", only_for_accounts)
    seen = []
    for kind in ("known", "unknown"):
        await start_afresh(world, people["locked"])
        with work_of(world) as done:
            await login(world.http, people[kind])
        seen.append(done)
    assert [work[-1] for work in seen] == ["verify: 1", "verify: 0"]


class TestStatistic:
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.lists(st.floats(0, 1), min_size=1, max_size=30))
    def test_it_is_a_probability_and_its_own_mirror(self, one: list[float], other: list[float]) -> None:
        assert 0 <= advantage(one, other) <= 1
        assert advantage(one, other) + advantage(other, one) == pytest.approx(1)

    def test_equal_samples_are_not_told_apart_and_separate_ones_are(self) -> None:
        assert tells_apart({"a": [1, 2, 3], "b": [3, 1, 2]}) == []
        assert tells_apart({"a": [1, 2, 3], "b": [4, 5, 6]}) == ["a and b: 0.00"]

    @pytest.mark.parametrize("seed", range(20))
    def test_noise_alone_is_never_taken_for_a_difference(self, seed: int) -> None:
        dice = random.Random(seed)
        noisy = {kind: [0.03 + dice.expovariate(20) for _ in range(SAMPLES)] for kind in KINDS}
        assert tells_apart(noisy) == []
