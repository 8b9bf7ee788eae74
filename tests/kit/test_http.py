"""The HTTP side of every service: one form of error, transactions that end before the answer, and closed edges."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from kit import metrics
from kit.db import Database
from kit.eventlog import history
from kit.http import MAX_BODY_BYTES
from kit.relay import CHANNEL
from kit.telemetry import explain
from kit.tokens import TokenVerifier
from madoguchi_contracts import Role
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from structlog.testing import capture_logs
from support.actors import Gate
from support.clock import FakeClock
from support.kit_app import app_on, client_of, environment, running
from support.kit_database import kit_database
from support.network import free_port
from support.servers import FreshDatabase

PROBLEM = "application/problem+json"
MAIL = "taro.yamada@example.jp"


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged; not printed, because structlog would draw every exception with its local variables."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def gate() -> Gate:
    return Gate(FakeClock())


@pytest.fixture
def app(database: Database, gate: Gate) -> FastAPI:
    return app_on(database, gate.verifier, gate.clock)


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


async def effects(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(text("SELECT what FROM effects ORDER BY id"))).scalars())


# Errors

JSON = {"Content-Type": "application/json"}
MISTAKES: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no such page": ("GET", "/nowhere", {}, 404, "not_found"),
    "no such thing": ("POST", "/v1/fail/not_found", {}, 404, "not_found"),
    "no such row": ("POST", "/v1/fail/missing_row", {}, 404, "not_found"),
    "a method that the page does not have": ("GET", "/v1/notes", {}, 405, "method_not_allowed"),
    "a method that nobody knows": ("BREW", "/v1/notes", {}, 405, "method_not_allowed"),
    "a method of a page of health": ("POST", "/livez", {}, 405, "method_not_allowed"),
    "broken JSON": ("POST", "/v1/notes", {"content": b'{"text":', "headers": JSON}, 422, "malformed"),
    "JSON that is not UTF-8": (
        "POST",
        "/v1/notes",
        {"content": b'{"text": "\xff"}', "headers": JSON},
        400,
        "bad_request",
    ),
    "JSON nested for ever": ("POST", "/v1/notes", {"content": b"[" * 100_000, "headers": JSON}, 400, "bad_request"),
    "no JSON at all": ("POST", "/v1/notes", {"content": b"text=x"}, 422, "malformed"),
    "no body": ("POST", "/v1/notes", {}, 422, "malformed"),
    "a missing field": ("POST", "/v1/notes", {"json": {}}, 422, "malformed"),
    "a field that is too long": ("POST", "/v1/notes", {"json": {"text": "x" * 1001}}, 422, "malformed"),
    "a field that nobody asked for": ("POST", "/v1/notes", {"json": {"text": "", "sex": 1}}, 422, "malformed"),
    "half a surrogate pair as a field's name": (
        "POST",
        "/v1/notes",
        {"content": b'{"text": "", "\\ud800": 1}', "headers": JSON},
        422,
        "malformed",
    ),
    "half a surrogate pair as a value": (
        "POST",
        "/v1/notes",
        {"content": b'{"text": "\\ud800"}', "headers": JSON},
        422,
        "malformed",
    ),
    "a character that PostgreSQL cannot store": ("POST", "/v1/notes", {"json": {"text": "a\x00b"}}, 422, "malformed"),
    "a parameter of the wrong form": ("POST", "/v1/events/no-uuid", {}, 422, "malformed"),
    "nobody logged in": ("GET", "/v1/me", {}, 401, "unauthenticated"),
    "a rule's refusal": ("POST", "/v1/fail/refused", {}, 409, "refused"),
    "a state that does not allow it": ("POST", "/v1/fail/conflict", {}, 409, "conflict"),
    "too many attempts": ("POST", "/v1/fail/too_many", {}, 429, "too_many_requests"),
    "no version named": ("PUT", "/v1/versions", {}, 428, "precondition_required"),
    "a defect": ("POST", "/v1/fail/defect", {}, 500, "internal_error"),
    "a defect found by a constraint": ("POST", "/v1/fail/constraint", {}, 500, "internal_error"),
    "a defect found at the commit": ("POST", "/v1/fail/commit", {}, 500, "internal_error"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_every_error_is_a_problem_with_a_code_and_a_japanese_title(
    client: httpx.AsyncClient, mistake: str
) -> None:
    method, path, request, status, code = MISTAKES[mistake]
    answer = await client.request(method, path, **request)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:madoguchi:problem:{code}"
    assert any("぀" <= letter <= "ヿ" for letter in problem["title"]), "kana: a Japanese sentence"


@pytest.mark.rule("AS-24", "AS-30")
async def test_a_refusal_carries_every_finding_and_all_their_rules(client: httpx.AsyncClient) -> None:
    problem = (await client.post("/v1/fail/refused")).json()
    assert problem["rules"] == ["AS-24", "AS-30"]
    assert [(f["rule"], f["code"], f["field"]) for f in problem["findings"]] == [
        ("AS-24", "FORMAT", "postal_code"),
        ("AS-30", "REQUIRED", "account"),
    ]
    assert problem["detail"] == "二つの点をご確認ください。"


async def test_a_malformed_body_is_told_where_and_never_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"text": MAIL * 100, "number": MAIL})
    assert {error["field"] for error in answer.json()["errors"]} == {"body.text", "body.number"}
    assert MAIL not in answer.text


async def test_too_many_attempts_say_when_to_come_back(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/fail/too_many")).headers["retry-after"] == "60"


@pytest.mark.rule("AS-85")
@pytest.mark.parametrize("way", ["defect", "validation", "constraint", "commit"])
async def test_a_defect_is_told_without_its_trace_and_logged_without_personal_data(
    client: httpx.AsyncClient, logs: list[dict[str, Any]], way: str
) -> None:
    answer = await client.post(f"/v1/fail/{way}", params={"mail": MAIL})
    assert answer.status_code == 500
    assert "お客さまコールセンター" in answer.json()["detail"]
    assert set(answer.json()) == {"type", "code", "title", "status", "detail"}
    (defect,) = [entry for entry in logs if entry["event"] == "request_failed"]
    told = json.dumps(explain(defect.pop("exc_info")))
    assert "support.kit_app.fail" in told or way == "commit"
    assert MAIL not in told + json.dumps(defect)


async def test_facts_of_an_error_may_have_any_name(client: httpx.AsyncClient, logs: list[dict[str, Any]]) -> None:
    await client.post("/v1/fail/conflict")
    (refused,) = [entry for entry in logs if entry["event"] == "request_refused"]
    assert refused["facts"] == {"status": "submitted", "code": "42", "event": "E-1"}
    assert (refused["status"], refused["code"]) == (409, "conflict")


# The size of bodies


async def test_a_body_of_exactly_the_limit_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"text": ""' + b" " * (MAX_BODY_BYTES - 12) + b"}"
    assert len(body) == MAX_BODY_BYTES
    assert (await client.post("/v1/notes", content=body, headers=JSON)).status_code == 201


async def test_a_body_that_declares_too_much_is_refused_unread(app: FastAPI) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    for length in (str(MAX_BODY_BYTES + 1), "9" * 5000):
        sent.clear()
        headers = [(b"content-length", length.encode()), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/v1/notes", "headers": headers, "query_string": b""}
        await app({**scope, "http_version": "1.1", "server": ("sample.test", 80)}, receive, send)
        assert sent[0]["status"] == 413
        assert json.loads(sent[1]["body"])["code"] == "too_large"


@pytest.mark.parametrize("path", ["/v1/notes", "/v1/bare"])
async def test_a_body_sent_in_pieces_is_cut_off_at_the_limit(client: httpx.AsyncClient, gate: Gate, path: str) -> None:
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        while True:
            pieces += 1
            yield b" " * 65_536

    answer = await client.post(path, content=endless(), headers=JSON | gate.headers(Role.ASSOCIATION))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert pieces <= MAX_BODY_BYTES // 65_536 + 1


# Headers


@pytest.mark.parametrize("path", ["/v1/me", "/nowhere", "/livez", "/metrics", "/openapi.json"])
async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_route_may_say_how_long_its_answer_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/cached")
    assert answer.headers.get_list("cache-control") == ["public, max-age=60"]


async def test_a_slash_too_many_is_not_redirected_to_where_the_caller_says(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me/", headers={"Host": "evil.example"})
    assert answer.status_code == 404


async def test_a_bad_host_header_harms_nobody(client: httpx.AsyncClient, gate: Gate) -> None:
    headers = gate.headers(Role.ASSOCIATION) | {"Host": "["}
    assert (await client.post("/v1/bare", headers=headers)).status_code == 201


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"3"', 200),
        ("3", 200),
        ('W/"3"', 200),
        ('""', 428),
        ("*", 428),
        ('"-1"', 428),
        ('"３"', 428),
        ('"9999999999"', 428),
        ('"3", "4"', 428),
    ],
)
async def test_if_match_names_one_version(client: httpx.AsyncClient, header: str, status: int) -> None:
    answer = await client.put("/v1/versions", headers=[(b"If-Match", header.encode())])
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["etag"] == '"4"'


# Who is there


@pytest.mark.parametrize("role", list(Role))
async def test_only_the_named_roles_pass(client: httpx.AsyncClient, gate: Gate, role: Role) -> None:
    answer = await client.get("/v1/office", headers=gate.headers(role))
    allowed = role in (Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER)
    assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dGFybzp4", "Session abc", "Bearer a.b.c", "Bearer ."]
)
async def test_whoever_shows_no_token_is_nobody(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get("/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


# Transactions


async def test_a_commit_that_fails_is_not_answered_with_success(client: httpx.AsyncClient, database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE effects ADD UNIQUE (what) DEFERRABLE INITIALLY DEFERRED"))
    assert (await client.post("/v1/notes", json={"text": "one"})).status_code == 201
    assert (await client.post("/v1/notes", json={"text": "one"})).status_code == 500
    assert await effects(database) == ["one"]


async def test_the_effect_is_committed_before_the_answer_leaves(app: FastAPI, database: Database) -> None:
    seen: list[list[str]] = []
    body = json.dumps({"text": "one"}).encode()

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append(await effects(database))

    scope = {"type": "http", "method": "POST", "path": "/v1/notes", "query_string": b"", "http_version": "1.1"}
    await app({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send)
    assert seen == [["one"]]


async def test_a_database_that_is_down_is_503_and_only_readiness_says_so(gate: Gate) -> None:
    gone = Database(f"postgresql+asyncpg://somebody:secret@127.0.0.1:{free_port()}/nothing")
    async with client_of(app_on(gone, gate.verifier)) as client:
        answer = await client.post("/v1/notes", json={"text": "one"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["code"] == "unavailable"
        assert (await client.get("/livez")).status_code == 200
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["reasons"] == {"database": "ConnectionRefusedError"}
    await gone.close()


async def test_connections_that_broke_in_the_pool_are_replaced_before_anybody_notices(
    client: httpx.AsyncClient, database: Database
) -> None:
    await client.post("/v1/notes", json={"text": "one"})
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
    statuses = [(await client.post("/v1/notes", json={"text": "two"})).status_code for _ in range(2)]
    assert statuses == [201, 201]
    assert await effects(database) == ["one", "two", "two"]


async def test_a_lost_race_is_503_and_not_a_defect(client: httpx.AsyncClient, database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE effects ADD UNIQUE (what)"))
        await session.execute(text(f"ALTER DATABASE {database.engine.url.database} SET statement_timeout = '300ms'"))
    await database.close()  # the pool connects anew, with the short timeout
    async with database.transaction() as session:
        await session.execute(text("RESET statement_timeout"))
        await session.execute(text("INSERT INTO effects (key, what) VALUES (gen_random_uuid(), 'one')"))
        answer = await client.post("/v1/notes", json={"text": "one"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


# What is observed


async def test_a_request_is_logged_by_its_route_and_never_by_path_or_query(
    client: httpx.AsyncClient, gate: Gate, logs: list[dict[str, Any]]
) -> None:
    person = uuid4()
    headers = gate.headers(Role.APPLICANT)
    await client.post(f"/v1/people/{person}/notes", params={"mail": MAIL}, json={"text": "x"}, headers=headers)
    await client.request("BREW", f"/pots/{person}", params={"mail": MAIL})
    requests = [entry for entry in logs if entry["event"] == "request"]
    assert [(r["method"], r["route"], r["status"]) for r in requests] == [
        ("POST", "/v1/people/{person}/notes", 201),
        ("other", "other", 404),
    ]
    assert all(set(r) == {"event", "method", "route", "status", "ms", "log_level"} for r in requests)
    everything = json.dumps(logs, default=str)
    assert str(person) not in everything
    assert MAIL not in everything


async def test_metrics_have_no_label_that_grows_with_people(client: httpx.AsyncClient, gate: Gate) -> None:
    people = [uuid4() for _ in range(5)]
    for number, person in enumerate(people):
        headers = gate.headers(Role.APPLICANT)
        await client.post(f"/v1/people/{person}/notes?mail={MAIL}", json={"text": MAIL}, headers=headers)
        await client.request(f"METHOD{number}", f"/v1/people/{person}/notes")
        await client.get(f"/{person}")
    scraped = (await client.get("/metrics")).text
    ours = {metric.describe()[0].name for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)}
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(scraped):
        for sample in family.samples if family.name in ours else ():
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    assert set(labels) <= {"method", "route", "status", "le", "topic", "type", "outcome", "error", "provider"}
    assert labels["method"] <= {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "other"}
    assert {"/v1/people/{person}/notes", "other"} <= labels["route"]
    assert not [word for word in (MAIL, "METHOD", *map(str, people)) if word in scraped]


async def test_a_request_goes_on_with_the_caller_s_trace(client: httpx.AsyncClient, database: Database) -> None:
    account_id = uuid4()
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    await client.post(f"/v1/events/{account_id}", headers=headers)
    await client.post(f"/v1/events/{account_id}", headers={"traceparent": f"00-{trace_id}-<script>-01"})
    async with database.transaction() as session:
        first, second = [event.traceparent or "" for event in await history(session, account_id)]
    assert first.startswith(f"00-{trace_id}-")
    assert trace_id not in second


async def test_a_commit_that_recorded_an_event_wakes_the_relay(app: FastAPI, database: Database) -> None:
    rung = asyncio.Event()
    connection = await asyncpg.connect(database.dsn)
    await connection.add_listener(CHANNEL, lambda *_: rung.set())
    async with app.router.lifespan_context(app), client_of(app) as client:
        await client.post("/v1/notes", json={"text": "no event"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(rung.wait(), 0.5)
        await client.post(f"/v1/events/{uuid4()}")
        await asyncio.wait_for(rung.wait(), 30)
    await connection.close()


# The document


def test_the_openapi_document_tells_problems_and_required_headers() -> None:
    app = app_on(
        Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), TokenVerifier("", "https://x", FakeClock())
    )
    document = app.openapi()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["responses"]["default"]["content"] == {
                PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}
            }, path
            assert "422" not in operation["responses"], "FastAPI's own form of errors is none of ours"
    notes = document["paths"]["/v1/people/{person}/notes"]["post"]
    assert {p["name"]: p["required"] for p in notes["parameters"]} == {"person": True, "Idempotency-Key": True}
    assert notes["security"] == [{"HTTPBearer": []}]
    versions = document["paths"]["/v1/versions"]["put"]
    assert [(p["name"], p["required"]) for p in versions["parameters"]] == [("If-Match", True)]
    assert app.openapi() is document


# As a process


async def test_the_log_of_an_api_is_json_without_personal_data_whatever_fails(
    empty_postgres_url: FreshDatabase,
) -> None:
    database = await kit_database(empty_postgres_url)
    await database.close()
    async with running("build_api", environment(database.url)) as api, httpx.AsyncClient(base_url=api.url) as client:
        for way in ("refused", "conflict", "defect", "validation", "constraint", "commit", "forgotten_task"):
            await client.post(f"/v1/fail/{way}", params={"mail": MAIL})
        answer = await client.post("/v1/notes", content=b"x" * (MAX_BODY_BYTES + 1), headers=JSON)
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
        await client.get(f"/v1/me?mail={MAIL}", headers={"Authorization": "Bearer a.b.c"})
        api.process.terminate()
        await api.stopped()
    assert api.errors == []
    lines = [json.loads(line) for line in api.output]
    for line in lines:
        assert {"time", "level", "event", "service", "process", "logger"} <= set(line), line
        assert (line["service"], line["process"]) == ("sample", "api")
    assert MAIL not in "".join(api.output)
    failed = [line for line in lines if line["event"] == "request_failed"]
    assert len(failed) == 4
    assert all(line["exception"][0]["frames"] for line in failed)
    assert {cause.get("sqlstate") for line in failed for cause in line["exception"]} == {None, "23505"}
    assert [line["exception"][0]["type"] for line in lines if line["logger"] == "asyncio"] == ["builtins.RuntimeError"]
    requests = [line for line in lines if line["event"] == "request"]
    assert all(len(line["trace_id"]) == 32 for line in requests)
    assert len({line["trace_id"] for line in requests}) == len(requests)
