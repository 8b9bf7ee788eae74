"""A release under load: the processes of a service are replaced, and replicas come and go; nobody notices.

As a cluster does it: a new process gets requests once it is ready; an old one gets none from the moment it is told to
go, and is stopped a little later.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from faults.crowd import Crowd
from faults.ledger import reckon, settle
from madoguchi_contracts import Role
from madoguchi_stack.layout import SERVICES
from support.stack import Stack, StackPerson, open_stack

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("MADOGUCHI_FAULTS_SEED", "20261122"))
# Whose processes are replaced; each service takes about two minutes.
RELEASED = os.environ.get("MADOGUCHI_FAULTS_SERVICES", "applications").split(",")
AT_A_TIME = 8  # associations that apply at the same time, for as long as the release takes
# In which everybody hears that a process gets no more requests (as long as the chart lets an API wait, preStop), and in
# which the group of the workers settles: the broker from the wheel loses a group whose members come and go faster.
BEFORE_THE_END_SECONDS = 5


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack"), durable=False) as running:
        yield running


@dataclass
class Cluster:
    """The replicas of each process; requests take turns among those that get any."""

    stack: Stack
    serving: dict[str, list[str]] = field(default_factory=dict)
    steps: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    _turn: dict[str, itertools.count[int]] = field(default_factory=lambda: defaultdict(itertools.count))

    def __post_init__(self) -> None:
        direct = self.stack.url
        self.serving = {
            f"{service}-{part}": [f"{service}-{part}"] for service in SERVICES for part in ("api", "worker")
        }

        def url(name: str, path: str = "") -> str:
            # Without a path it is the name under which identity issues tokens, and no request.
            replicas = self.serving.get(name, [name]) if path else [name]
            return direct(replicas[next(self._turn[name]) % len(replicas)], path)

        self.stack.url = url  # type: ignore[method-assign]  # where everybody's requests go
        send = self.stack.http.send

        async def counted(request: httpx.Request, **options: Any) -> httpx.Response:
            try:
                return await send(request, **options)
            except httpx.TransportError as error:
                self.failures[f"{request.method} {request.url}: {error!r}"] += 1
                raise

        self.stack.http.send = counted  # type: ignore[method-assign]

    async def add(self, name: str) -> None:
        """One replica more: it serves when it is ready."""
        self.serving[name].append(await self.stack.add_replica(name))
        self.steps["added"] += 1

    async def replace(self, name: str) -> None:
        """Stop the first process and start it anew, while others serve."""
        await self._retire(name, name)
        await self.stack.start_again(name)
        self.serving[name].append(name)
        self.steps["replaced"] += 1

    async def remove(self, name: str) -> None:
        """One replica less, the youngest."""
        (*_, youngest) = (replica for replica in self.serving[name] if replica != name)
        await self._retire(name, youngest)
        self.steps["removed"] += 1

    async def _retire(self, name: str, replica: str) -> None:
        self.serving[name].remove(replica)
        await asyncio.sleep(BEFORE_THE_END_SECONDS)
        await self.stack.stop(replica)


@dataclass
class Readers:
    """Somebody who looks at each API all the time, and never asks twice."""

    stack: Stack
    answers: Counter[tuple[str, int | str]] = field(default_factory=Counter)

    async def read(self, person: StackPerson, application: object, stop: asyncio.Event) -> None:
        """Until `stop`; whatever comes back is counted."""
        operator = self.stack.person(Role.OPERATOR)
        pages = {
            "identity": (person, "/v1/terms"),
            "applications": (person, "/v1/applications"),
            "documents": (person, f"/v1/applications/{application}/documents"),
            "notifications": (operator, "/v1/messages"),
        }

        async def look(service: str, who: StackPerson, path: str) -> None:
            while not stop.is_set():
                try:
                    self.answers[service, (await who.ask("GET", service, path)).status_code] += 1
                except httpx.TransportError as error:
                    self.answers[service, type(error).__name__] += 1
                await asyncio.sleep(0.05)

        await asyncio.gather(*(look(service, *page) for service, page in pages.items()))


async def release(cluster: Cluster) -> None:
    """Each service in turn: two replicas more, the first replaced, the two away again."""
    for service in RELEASED:
        for name in (f"{service}-api", f"{service}-worker"):
            await cluster.add(name)
            await cluster.replace(name)
            await cluster.add(name)
            await cluster.remove(name)
            await cluster.remove(name)


@pytest.mark.rule("NO-12", "AS-82")
async def test_a_release_under_load_fails_no_request_doubles_nothing_and_keeps_every_order(stack: Stack):
    cluster = Cluster(stack)
    crowd = Crowd(stack, random.Random(SEED))
    readers = Readers(stack)
    (reader,) = await stack.people(1)
    application = await crowd.prepare(reader)
    stop = asyncio.Event()
    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(readers.read(reader, application, stop))
        releasing = group.create_task(release(cluster))
        while not releasing.done():
            await crowd.apply(await stack.people(AT_A_TIME))
        stop.set()
    seconds = time.monotonic() - started
    await settle(stack)
    result = await reckon(stack, crowd.accepted)
    facts = {
        "processes": dict(cluster.steps),
        "submissions accepted": len(crowd.accepted),
        "answers to the associations and the office": dict(sorted(crowd.answers.items())),
        "requests without an answer": dict(cluster.failures),
        "answers to the readers": dict(sorted(readers.answers.items(), key=str)),
        **vars(result),
    }
    print(f"\na release under load, seed {SEED}, {seconds:.0f} s")  # noqa: T201 (shown with -s, and when it fails)
    for name, value in facts.items():
        print(f"  {name}: {value}")  # noqa: T201
    processes = 2 * len(RELEASED)
    assert cluster.steps == {"added": 2 * processes, "replaced": processes, "removed": 2 * processes}
    assert len(crowd.accepted) >= AT_A_TIME
    assert cluster.failures == {}
    assert [status for status in crowd.answers if status >= 400] == []
    assert {status for _, status in readers.answers} == {200}
    assert {service for service, _ in readers.answers} == set(SERVICES)
    assert result.wrong == {}
    assert (result.retold, result.resent, result.unknown, crowd.replayed) == (0, 0, 0, 0)
