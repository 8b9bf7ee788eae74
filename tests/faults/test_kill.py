"""Processes die at any moment; nothing that was accepted is lost, doubled, or told out of order."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import pytest_asyncio
from faults.crowd import Crowd
from faults.ledger import reckon, settle
from madoguchi_stack.case.web import until
from sqlalchemy import text
from support.stack import Stack, open_stack

SUBMITTERS = int(os.environ.get("MADOGUCHI_FAULTS_SUBMITTERS", "100"))
SECONDS = float(os.environ.get("MADOGUCHI_FAULTS_SECONDS", "inf"))  # then nobody new comes; who is there goes on
SEED = int(os.environ.get("MADOGUCHI_FAULTS_SEED", "20261101"))
# Who is killed, and what shows that he is in the middle of something: in which database, what is there then.
VICTIMS = {
    "applications-api": ("applications", "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid'"),
    "applications-worker": ("applications", "SELECT count(*) FROM outbox"),
    "notifications-worker": ("notifications", "SELECT count(*) FROM messages WHERE state = 'sending'"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@asynccontextmanager
async def death_among(stack: Stack, draws: random.Random) -> AsyncIterator[Counter[str]]:
    """Inside, each victim is killed again and again, some seconds after it is ready; yields the kills.

    Every other time the killer waits for the victim to be at work: most of its time it is not, and a random moment hits
    nothing.
    """
    kills: Counter[str] = Counter()
    enough = asyncio.Event()

    async def at_work(name: str) -> None:
        async with asyncio.timeout(5):
            while not await stack.count(*VICTIMS[name]):
                await asyncio.sleep(0.005)

    async def haunt(name: str, moments: random.Random) -> None:
        while not enough.is_set():
            try:
                await asyncio.wait_for(enough.wait(), moments.uniform(0.1, 12))
            except TimeoutError:
                if moments.random() < 0.5:
                    with suppress(TimeoutError):
                        await at_work(name)
                    await asyncio.sleep(moments.uniform(0, 0.005))
                await stack.kill(name)
                kills[name] += 1
                await stack.start_again(name)

    async with asyncio.TaskGroup() as group:
        for name in VICTIMS:
            group.create_task(haunt(name, random.Random(draws.random())))
        try:
            yield kills
        finally:
            enough.set()


def report(title: str, facts: dict[str, object]) -> None:
    print(f"\n{title}")  # noqa: T201 (shown with -s, and when the test fails)
    for name, value in facts.items():
        print(f"  {name}: {value}")  # noqa: T201


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.rule("NO-12", "AS-82")
async def test_nothing_is_lost_or_doubled_when_processes_are_killed_under_load(stack: Stack):
    draws = random.Random(SEED)
    crowd = Crowd(stack, draws)
    people = await stack.people(SUBMITTERS)
    started = time.monotonic()
    async with death_among(stack, draws) as kills:
        came = await crowd.apply(people, seconds=SECONDS)
    under_load = time.monotonic() - started
    await settle(stack)
    result = await reckon(stack, crowd.accepted)
    report(
        f"kill -9 under load, seed {SEED}, {under_load:.0f} s",
        {
            "associations": came,
            "submissions accepted": len(crowd.accepted),
            "kills": dict(kills),
            "requests without an answer": crowd.unanswered,
            "answers replayed by Idempotency-Key": crowd.replayed,
            "answers by status": dict(sorted(crowd.answers.items())),
            **vars(result),
        },
    )
    assert len(crowd.accepted) >= came
    assert set(kills) == set(VICTIMS)
    assert [status for status in crowd.answers if status >= 500 and status != 503] == []
    assert result.wrong == {}


@pytest.mark.slow
@pytest.mark.real
async def test_a_second_replica_takes_over_from_a_frozen_one_and_order_holds(stack: Stack):
    draws = random.Random(SEED + 1)
    crowd = Crowd(stack, draws)
    people = await stack.people(SUBMITTERS // 3)
    before = {(row.application_id, row.submission) for row in await stack.rows("applications", VERSIONS)}
    first, second = "applications-worker", await stack.add_replica("applications-worker")

    async def buckets(name: str) -> float:
        return await stack.metric(name, "madoguchi_relay_owned_buckets")

    async def owner() -> str | None:
        owned = {name: await buckets(name) for name in (first, second)}
        return next((name for name, number in owned.items() if number == 64), None)

    frozen = await until(owner, "a relay that owns everything")
    other = second if frozen == first else first
    applying = asyncio.create_task(crowd.apply(people))
    await asyncio.sleep(1)
    stack.freeze(frozen)
    froze_at = time.monotonic()
    try:

        async def taken_over() -> bool:
            return await buckets(other) == 64

        await until(taken_over, "the take-over")
        seconds = time.monotonic() - froze_at
        await asyncio.sleep(max(0.0, 10 - seconds))
    finally:
        stack.thaw(frozen)
    await applying
    await settle(stack)
    result = await reckon(stack, crowd.accepted | before)
    report(
        "two workers, the relay's owner frozen for 10 s",
        {"submissions accepted": len(crowd.accepted), "taken over after": f"{seconds:.1f} s", **vars(result)},
    )
    assert result.wrong == {}
    assert seconds < 10


VERSIONS = "SELECT application_id, submission FROM application_versions"


@pytest.mark.slow
@pytest.mark.real
async def test_a_deployment_under_load_does_nothing_twice(stack: Stack):
    crowd = Crowd(stack, random.Random(SEED + 2))
    people = await stack.people(SUBMITTERS)
    before = {(row.application_id, row.submission) for row in await stack.rows("applications", VERSIONS)}
    earlier = await reckon(stack, before)
    applying = asyncio.create_task(crowd.apply(people))
    deployed = 0
    while not applying.done():
        for name in VICTIMS:
            await stack.stop(name)
            await stack.start_again(name)
            deployed += 1
    await applying
    await settle(stack)
    result = await reckon(stack, crowd.accepted | before)
    report("SIGTERM under load", {"stopped and started": deployed, "replayed": crowd.replayed, **vars(result)})
    assert result.wrong == {}
    assert crowd.replayed == 0
    for once in ("retold", "resent", "unknown"):
        assert getattr(result, once) == getattr(earlier, once), once


@pytest.mark.slow
@pytest.mark.real
async def test_a_process_frozen_in_a_transaction_locks_nobody_out_for_long(stack: Stack):
    (person,) = await stack.people(1)
    crowd = Crowd(stack, random.Random(SEED))
    started = await crowd.insist(person, "POST", "/v1/applications", {"programme": "bond"})
    path = f"/v1/applications/{started['application_id']}/draft"
    replica = await stack.add_replica("applications-api")

    async def save(process: str) -> httpx.Response:
        headers = {**person.headers, "If-Match": f'"{started["draft_version"]}"'}
        return await stack.http.put(stack.url(process, path), json={"content": person.form()}, headers=headers)

    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    async def one_waits_for_us() -> bool:
        return await stack.count("applications", f"{sessions} AND wait_event_type = 'Lock'") == 1

    async def one_hangs() -> bool:
        return await stack.count("applications", f"{sessions} AND state = 'idle in transaction'") == 1

    async with stack.databases["applications"].transaction() as session:
        await session.execute(
            text("SELECT 1 FROM applications WHERE id = :id FOR UPDATE"), {"id": started["application_id"]}
        )
        frozen = asyncio.create_task(save("applications-api"))
        await until(one_waits_for_us, "a request that waits for the row")
        stack.freeze("applications-api")
    try:
        await until(one_hangs, "a transaction without its process")
        hangs_since = time.monotonic()
        answers = Counter[int]()
        while (answer := await save(replica)).status_code != httpx.codes.OK:
            answers[answer.status_code] += 1
            assert answer.headers.get("Retry-After")
            assert time.monotonic() - hangs_since < 60, answers
        seconds = time.monotonic() - hangs_since
    finally:
        stack.thaw("applications-api")
    late = await frozen
    report("an API frozen with a row locked", {"locked out for": f"{seconds:.1f} s", "meanwhile": dict(answers)})
    assert late.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answers.keys() <= {httpx.codes.SERVICE_UNAVAILABLE}
