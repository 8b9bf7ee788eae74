"""Logins beside the password hash alone, light requests during a storm of logins, and access tokens verified."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx
from argon2 import PasswordHasher, Type
from bench.harness import Table, interleaved, stopwatch, uvicorn
from identity.hashing import LANES, MEMORY_KIB, PASSES
from identity.limits import LIMITS
from joserfc import jwt
from joserfc.jwk import ECKey
from kit.clock import system_clock
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_stack.servers import Servers
from support.actors import Gate
from support.clock import FakeClock
from support.identity import Member, environment_of, generous, identity_world
from support.servers import _create_database, _migrate

MEMBERS = 20
LOGINS = 60
LOGINS_A_SECOND = 10
LIGHT_A_SECOND = 50
TOKENS = 4_000


def _p(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


async def _paced(number: int, per_second: float, work: Callable[[int], Awaitable[None]]) -> list[float]:
    """Milliseconds of each piece of work, started at a steady rate whether or not the former ones have ended."""

    async def timed(n: int) -> float:
        await asyncio.sleep(n / per_second)
        elapsed = stopwatch()
        await work(n)
        return elapsed() * 1000

    return await asyncio.gather(*(timed(n) for n in range(number)))


async def storm(servers: Servers, rounds: int) -> Table:
    """Milliseconds of a login at ten a second, of light requests meanwhile, and of one password hash alone."""
    table = Table(f"Login ({LOGINS_A_SECOND} a second, {LIGHT_A_SECOND} light requests a second beside them)", "ms")
    url = await _create_database(servers, "identity", template="template0")
    await _migrate("identity", url)
    # An hour ago: no code, link or limit of the preparation is in the way of what is measured.
    clock = FakeClock(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    async with identity_world(url, clock=clock, rate_limits=generous(*LIMITS)) as world:
        members = [await world.logged_in() for _ in range(MEMBERS)]
        environment = {**environment_of(world.settings), "MADOGUCHI_LOG_LEVEL": "WARNING"}
    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
    stored = hasher.hash(members[0].password)
    async with (
        uvicorn("identity.main:build_api", environment) as (port, _),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        light: list[float] = []

        async def log_in(member: Member) -> None:
            answer = await http.post("/v1/sessions", json={"user_id": member.user_id, "password": member.password})
            assert answer.json()["next"] == "done", answer.text

        async def look(_: int) -> None:
            assert (await http.get("/v1/terms")).status_code == 200

        async def logins() -> float:
            seconds = LOGINS / LOGINS_A_SECOND
            took, beside = await asyncio.gather(
                _paced(LOGINS, LOGINS_A_SECOND, lambda n: log_in(members[n % MEMBERS])),
                _paced(int(seconds * LIGHT_A_SECOND), LIGHT_A_SECOND, look),
            )
            light.append(_p(beside, 99))
            return _p(took, 95)

        async def hash_alone() -> float:
            async def verify(_: int) -> None:
                await asyncio.to_thread(hasher.verify, stored, members[0].password)

            return _p(await _paced(LOGINS, LOGINS_A_SECOND, verify), 95)

        await _paced(MEMBERS, LOGINS_A_SECOND, lambda n: log_in(members[n]))  # connections, caches
        ours, alone = "a login, p95", "argon2id verify alone, at the same pace, p95"
        await interleaved(table, {ours: logins, alone: hash_alone}, rounds)
    table.figures["a light request meanwhile, p99"] = light
    ratio, beside = table.median(ours) / table.median(alone), statistics.median(light)
    table.target("login / argon2id alone, target <= 1.5", ratio, ratio <= 1.5)
    table.target("light request p99 in ms, target < 50", beside, beside < 50)
    return table


async def tokens(_: Servers, rounds: int) -> Table:
    """Access tokens a second that another service verifies, beside the bare library."""
    table = Table("Access tokens verified", "tokens/s")
    gate = Gate(system_clock)
    key = ECKey.import_key(gate.signer.jwks()["keys"][0])

    def fresh() -> list[str]:
        return [
            gate.signer.access_token(Actor(uuid4(), Role.ASSOCIATION, uuid4()), system_clock()) for _ in range(TOKENS)
        ]

    async def ours(each: int) -> float:
        some = fresh()[: TOKENS // each]
        elapsed = time.perf_counter()
        for token in some:
            for _ in range(each):
                await gate.verifier.verify(token)
        return TOKENS / (time.perf_counter() - elapsed)

    async def bare() -> float:
        some = fresh()
        elapsed = time.perf_counter()
        for token in some:
            jwt.decode(token, key, algorithms=["ES256"])
        return TOKENS / (time.perf_counter() - elapsed)

    variants = {
        "ours, each token once": partial(ours, 1),
        "ours, each token ten times": partial(ours, 10),
        "joserfc alone: the signature": bare,
    }
    await interleaved(table, variants, rounds)

    return table
