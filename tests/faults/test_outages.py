"""Each dependency goes away, at the start and at work: who needs it says so, and what was accepted is done later."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from faults.crowd import Crowd
from faults.ledger import caught, reckon, settle
from madoguchi_contracts import Role
from madoguchi_stack.case.bond import pdf
from madoguchi_stack.case.web import until
from madoguchi_stack.layout import SERVICES
from madoguchi_stack.services import service_environment
from madoguchi_stack.up import MADOGUCHI
from support.stack import KIND, Stack, StackPerson, open_stack

pytestmark = [pytest.mark.slow]

SERVERS = ("postgres", "kafka", "s3", "mail")
APIS = tuple(f"{service}-api" for service in SERVICES)
WORKERS = tuple(f"{service}-worker" for service in SERVICES)
NEEDS = {
    **{name: {"database"} for name in APIS},
    **{name: {"database", "kafka"} for name in WORKERS},
    "documents-api": {"database", "storage"},
    "documents-worker": {"database", "kafka", "storage"},
}
PATIENCE_SECONDS = 90


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def crowd(stack: Stack) -> Crowd:
    return Crowd(stack, random.Random(1))


async def says(stack: Stack, name: str, needs: set[str]) -> dict[str, str]:
    """Wait until /readyz of a process names exactly these as missing, while /livez finds nothing wrong."""
    said: dict[str, str] = {}

    async def look() -> bool:
        try:
            status, reasons = await stack.readiness(name)
            said.clear()
            said.update(reasons)
            if set(reasons) != needs or (status == 200) is not (not needs):
                return False
            return (await stack.http.get(stack.url(name, "/livez"))).status_code == 200
        except httpx.TransportError:
            return False

    try:
        await until(look, f"{name} that misses {sorted(needs) or 'nothing'}", PATIENCE_SECONDS)
    except Exception as error:
        raise AssertionError(f"{name} says {said}") from error
    assert all(said.values())
    return said


async def all_ready(stack: Stack) -> None:
    await asyncio.gather(*(says(stack, name, set()) for name in NEEDS))


def is_refusal_for_now(answer: httpx.Response) -> bool:
    """503 as problem+json that says when to come back."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json()["status"] == answer.status_code
    assert answer.status_code == 503, answer.text
    return int(answer.headers["Retry-After"]) > 0


@asynccontextmanager
async def frozen(stack: Stack, server: str) -> AsyncIterator[None]:
    """Inside, the server takes connections and does not answer; afterwards everybody is ready again."""
    stack.freeze(server)
    try:
        yield
    finally:
        stack.thaw(server)
    await all_ready(stack)


@asynccontextmanager
async def down(stack: Stack, server: str) -> AsyncIterator[None]:
    """Inside, the server is gone; afterwards it is back and everybody is ready again."""
    await (stack.stop(server) if server == "mail" else stack.kill(server))
    try:
        yield
    finally:
        await stack.start_again(server)
    await all_ready(stack)


async def test_processes_start_without_their_servers_say_what_they_miss_and_work_when_it_is_there(
    stack: Stack, crowd: Crowd
):
    await asyncio.gather(*(stack.stop(name) for name in NEEDS))
    await asyncio.gather(*(stack.stop(name) for name in SERVERS))
    starting = [asyncio.create_task(stack.start_again(name)) for name in NEEDS]
    await asyncio.gather(*(says(stack, name, needs) for name, needs in NEEDS.items()))
    for server in SERVERS:
        await stack.start_again(server)
    await asyncio.gather(*starting)
    await all_ready(stack)
    (person,) = await stack.people(1)
    await crowd.submit(person, await crowd.prepare(person))
    await settle(stack)
    assert (await reckon(stack, crowd.accepted)).wrong == {}


async def test_without_its_database_every_api_says_when_to_come_back_and_nothing_is_lost(stack: Stack, crowd: Crowd):
    people = await stack.people(3)
    ready = [(person, await crowd.prepare(person)) for person in people]
    operator = stack.person(Role.OPERATOR)
    async with asyncio.TaskGroup() as group, down(stack, "postgres"):
        # These meet the outage, and insist.
        submitting = [group.create_task(crowd.submit(person, application)) for person, application in ready]
        await asyncio.gather(*(says(stack, name, {"database"}) for name in NEEDS))
        asked = await asyncio.gather(*(_every_api(people[0], operator, ready[0][1])))
        assert all(is_refusal_for_now(answer) for answer in asked)
        assert not any(task.done() for task in submitting)
    assert crowd.answers[503] > 0
    await settle(stack)
    assert (await reckon(stack, crowd.accepted)).wrong == {}


def _every_api(person: StackPerson, operator: StackPerson, application: UUID):
    yield person.ask("GET", "applications", "/v1/applications")
    yield person.ask("POST", "applications", "/v1/applications", {"programme": "bond"})
    yield person.ask("GET", "documents", f"/v1/applications/{application}/documents")
    yield operator.ask("GET", "notifications", "/v1/messages")
    yield person.ask("GET", "identity", "/v1/me")
    yield person.ask("POST", "identity", "/v1/sessions", {"user_id": "U-000000", "password": "wrong-password"})


async def test_a_database_that_hangs_stops_no_process_and_nothing_is_lost(stack: Stack, crowd: Crowd):
    (person,) = await stack.people(1)
    application = await crowd.prepare(person)
    async with frozen(stack, "postgres"):
        submitting = asyncio.create_task(crowd.submit(person, application))
        said = await asyncio.gather(*(says(stack, name, {"database"}) for name in NEEDS))
        assert {one["database"] for one in said} == {"TimeoutError"}
        await asyncio.sleep(12)  # longer than the relay's patience with one statement
    await submitting
    await settle(stack)
    assert (await reckon(stack, crowd.accepted)).wrong == {}


@pytest.mark.real
async def test_without_the_broker_submissions_are_accepted_and_their_effects_follow(stack: Stack, crowd: Crowd):
    (person,) = await stack.people(1)
    application = await crowd.prepare(person)
    # The broker from the wheel would forget everything, and hangs instead.
    async with down(stack, "kafka") if KIND == "real" else frozen(stack, "kafka"):
        await asyncio.gather(*(says(stack, name, {"kafka"}) for name in WORKERS))
        await crowd.submit(person, application)
        await asyncio.gather(*(says(stack, name, set()) for name in APIS))
        reviews = "SELECT count(*) FROM reviews WHERE application_id = :id"
        assert await stack.count("applications", reviews, id=application) == 0
        assert await stack.count("applications", "SELECT count(*) FROM outbox") > 0
    await settle(stack)
    assert (await reckon(stack, crowd.accepted)).wrong == {}


@pytest.mark.skipif(KIND == "real", reason="Apache Kafka keeps what it was told")
async def test_a_broker_that_forgot_everything_is_told_again_and_nothing_is_done_twice(stack: Stack, crowd: Crowd):
    events = "SELECT count(*) FROM events"
    done = "SELECT count(*) FROM {}"
    effects = {"notifications": "messages", "applications": "reviews", "documents": "submitted_documents"}
    before = {service: await stack.count(service, done.format(table)) for service, table in effects.items()}
    await asyncio.gather(*(stack.stop(name) for name in WORKERS))
    await stack.kill("kafka")
    await stack.start_again("kafka")
    for service in SERVICES:
        command = (MADOGUCHI, "replay", "--if-topic-empty", stack.servers.kafka_bootstrap)
        await stack.servers.supervisor.run(f"{service}-replay", command, service_environment(service, stack.servers))
        assert await stack.count(service, "SELECT count(*) FROM outbox") == await stack.count(service, events)
    await asyncio.gather(*(stack.start_again(name) for name in WORKERS))
    (person,) = await stack.people(1)
    await crowd.submit(person, await crowd.prepare(person))
    await settle(stack)
    assert (await reckon(stack, crowd.accepted)).wrong == {}
    after = {service: await stack.count(service, done.format(table)) for service, table in effects.items()}
    assert {service: after[service] - before[service] for service in effects} == {
        "notifications": 2,  # the user ID, and the notice to the office
        "applications": 1,
        "documents": 2,
    }


async def test_without_the_store_files_wait_and_everything_else_goes_on(stack: Stack, crowd: Crowd):
    (person,) = await stack.people(1)
    started = await crowd.insist(person, "POST", "/v1/applications", {"programme": "bond"})
    application = UUID(started["application_id"])
    await stack.hand_in(application, ["kanri_kiyaku"])
    content = pdf("Minutes", 5000)
    path = f"/v1/applications/{application}/documents"
    wanted = {
        "slot": "sokai_gijiroku",
        "file_name": "総会議事録.pdf",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content_type": "application/pdf",
    }
    begun = (await person.ask("POST", "documents", path, wanted)).json()
    form = begun["upload"]
    put = await stack.http.post(form["url"], data=form["fields"], files={"file": ("file", content, "application/pdf")})
    assert put.is_success, put.text
    complete = f"/v1/documents/{begun['document_id']}/complete"
    async with down(stack, "s3"):
        await asyncio.gather(*(says(stack, name, {"storage"}) for name in ("documents-api", "documents-worker")))
        assert is_refusal_for_now(await person.ask("POST", "documents", complete))
        listed = await person.ask("GET", "documents", path)
        assert listed.status_code == 200, listed.text
        await asyncio.gather(*(says(stack, name, set()) for name in NEEDS if not name.startswith("documents")))
    await crowd.insist(person, "POST", complete, service="documents")
    saved = await person.ask(
        "PUT", "applications", f"/v1/applications/{application}/draft", {"content": person.form()}, If_Match='"1"'
    )
    assert saved.status_code == 200
    await crowd.submit(person, application)
    await settle(stack)
    assert (await reckon(stack, crowd.accepted)).wrong == {}


async def test_without_a_mail_server_mails_wait_and_none_is_lost(stack: Stack, crowd: Crowd):
    (person,) = await stack.people(1)
    application = await crowd.prepare(person)
    await settle(stack)
    before = await caught(stack)
    async with down(stack, "mail"):
        await crowd.submit(person, application)
        await says(stack, "notifications-worker", {"smtp"})
        assert await stack.count("notifications", "SELECT count(*) FROM messages WHERE state = 'retry'") == 1
        await asyncio.gather(*(says(stack, name, set()) for name in NEEDS if name != "notifications-worker"))
    await settle(stack)
    assert (await reckon(stack, crowd.accepted, caught_before=before)).wrong == {}
    assert await stack.count("notifications", "SELECT count(*) FROM messages WHERE state <> 'accepted'") == 0


async def test_without_identity_others_go_on_with_the_keys_they_have_and_say_so_when_they_have_none(stack: Stack):
    (person,) = await stack.people(1)
    assert (await person.ask("GET", "applications", "/v1/applications")).status_code == 200
    await stack.kill("identity-api")
    try:
        await stack.kill("identity-worker")
        for _ in range(3):
            assert (await person.ask("GET", "applications", "/v1/applications")).status_code == 200
        await stack.kill("applications-api")
        await stack.start_again("applications-api")  # ready: it needs no other service for that
        assert is_refusal_for_now(await person.ask("GET", "applications", "/v1/applications"))
        assert (await stack.http.get(stack.url("applications-api", "/v1/programmes"))).status_code == 200
    finally:
        await asyncio.gather(*(stack.start_again(name) for name in ("identity-api", "identity-worker")))

    async def served() -> bool:
        return (await person.ask("GET", "applications", "/v1/applications")).status_code == 200

    await until(served, "an answer with keys", 30)
