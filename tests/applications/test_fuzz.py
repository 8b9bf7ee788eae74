"""The HTTP API of applications under generated requests, good and bad, and its OpenAPI document."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from applications import api
from applications.areas import AREAS
from applications.cases import lock
from applications.programmes import PROGRAMMES
from applications.tasks import raise_task
from kit import simulations
from madoguchi_contracts import Role
from support.counter import Counter, Person, content_with, good_content
from support.fuzz import (
    SIMULATOR,
    Target,
    ask,
    document_of,
    gaps,
    operations_with_header,
    public_operations,
    schema_of,
    schema_of_areas,
    schema_of_form,
)

DOCUMENT = document_of([*api.routers, simulations.build_router(AREAS)], title="Madoguchi applications")
PAGED = (
    *("/v1/reviews", "/v1/applications", "/v1/companies", "/v1/threads", "/v1/tasks", "/v1/provisions"),
    "/v1/programmes/green_loan/balance-certificates/{year}",
    *(f"/v1/applications/{{application_id}}/{what}" for what in ("threads", "corrections", "provisions")),
)
MAINTENANCE = "/v1/programmes/green_loan/maintenance/announcements"
CURSORS = dict.fromkeys(PAGED, ("400",))  # a cursor that is none of ours
schema = schema_of(DOCUMENT, refused_by_rules=CURSORS)


async def an_open_task(counter: Counter, application_id: UUID) -> str:
    async with counter.database.transaction() as session:
        application = await lock(session, counter.desk, application_id)
        await raise_task(session, application, "look", rule="AS-76", reason="確認", now=counter.clock())
    return str((await counter.rows("SELECT id FROM office_tasks WHERE application_id = :id", id=application_id))[0].id)


@pytest_asyncio.fixture(loop_scope="session")
async def target(counter: Counter) -> Target:
    """For each operation anew, since most things can be done once: a draft that may be submitted, and reviews that
    wait, are recommended, and are decided.
    """
    owner = await counter.association()
    draft = await owner.start()
    await counter.upload(draft, "kanri_kiyaku", "sokai_gijiroku")
    await owner.save(draft, good_content())
    digest = (await owner.check(draft))["content_sha256"]
    waiting, recommended, rejected = [await counter.applied() for _ in range(3)]
    reviewer, approver = counter.person(Role.OFFICE_REVIEWER), counter.person(Role.OFFICE_APPROVER)
    await reviewer.post(f"/v1/reviews/{recommended.review_id}/recommend")
    await counter.reject(rejected)
    path = f"/v1/applications/{waiting.application_id}"
    thread = await waiting.owner.post(f"{path}/threads", {"subject": "件名", "text": "本文"})
    asked = await reviewer.post(f"{path}/corrections", {"items": [{"field": "name_kanji", "text": "確認"}]})
    tasks = [await an_open_task(counter, one.application_id) for one in (waiting, rejected)]
    begins, ends = ((counter.clock() + timedelta(days=days)).replace(second=0, microsecond=0) for days in (40, 41))
    wish = {"service": "counter", "begins_at": begins.isoformat(), "ends_at": ends.isoformat(), "reason": "更新"}
    await approver.post(MAINTENANCE, wish)  # the first time: later ones overlap it, unless it was withdrawn
    known: dict[str, list[Any]] = {
        "window_id": [one["id"] for one in (await reviewer.get(MAINTENANCE)).json()["items"]][:3],
        "begins_at": [begins.isoformat(), (begins + timedelta(hours=1)).isoformat()],
        "ends_at": [ends.isoformat(), (ends - timedelta(hours=1)).isoformat()],
        "application_id": [str(draft), str(draft), *(str(one.application_id) for one in (waiting, rejected))],
        "review_id": [str(one.review_id) for one in (waiting, recommended, rejected)],
        "thread_id": [thread.json()["thread_id"]],
        "correction_id": [asked.json()["correction_id"]],
        "task_id": tasks,
        "programme": ["bond"],
        "command": ["submit", "withdraw", "change", "recommend", "approve", "reject"],
        "submission": [1],
        "If-Match": ['"1"', '"2"', '"3"'],
        "content": [good_content(), content_with({"corporate_number": "7000012050002", "incorporated": True})],
        "content_sha256": [digest],
        "proof": [counter.gate.proof(owner.account_id, digest)],
        "code": ["1128570", "0001"],
        "query": ["0001", "みずほ", "001"],
        "cursor": [(await reviewer.get("/v1/reviews")).json()["next_cursor"] or "none"],
        "book": ["bond"],
        "area": [area.name.partition("/")[2] for area in AREAS],
    }
    people = (
        owner,
        owner,
        owner,
        owner,
        waiting.owner,
        rejected.owner,
        reviewer,
        approver,
        approver,
        counter.person(Role.OPERATOR),
    )
    callers = [{"Authorization": counter.gate.headers(one.role, one.account_id)["Authorization"]} for one in people]
    return Target(counter.client, asyncio.get_running_loop(), callers, known)


@pytest_asyncio.fixture(loop_scope="session")
async def simulator(counter: Counter) -> Target:
    """Needs nothing and nobody."""
    return Target(counter.client, asyncio.get_running_loop(), known={"year": [2026]})


@schema.parametrize()
def test_every_operation_keeps_what_the_document_promises(case, target: Target):
    ask(case, target)


@schema_of_areas(DOCUMENT, AREAS).parametrize()
def test_every_area_answers_questions_of_its_form(case, simulator: Target):
    ask(case, simulator)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def draft(counter: Counter) -> tuple[Person, UUID]:
    """Somebody with a draft."""
    owner = await counter.association()
    return owner, await owner.start()


@schema_of_form(PROGRAMMES["bond"].form).parametrize()
@pytest.mark.rule("AS-70", "AS-71")
def test_whatever_is_put_into_the_form_can_be_saved_and_is_checked(case, draft: tuple[Person, UUID], simulator: Target):
    owner, application_id = draft
    if not isinstance(case.body, dict):
        return  # no content at all: `Draft` refuses it, as the other tests show

    async def save_and_check() -> None:
        saved = await owner.save(application_id, case.body)
        assert saved.status_code == 200, saved.text
        check = await owner.check(application_id)
        assert {finding["rule"] for finding in check["findings"]} != set(), "there is no document yet"
        await owner.save(application_id, check["content"])
        again = await owner.check(application_id)
        assert (again["content"], again["content_sha256"]) == (check["content"], check["content_sha256"])

    simulator.loop.run_until_complete(save_and_check())


async def test_the_document_is_served_and_complete(counter: Counter):
    served = (await counter.client.get("/openapi.json")).json()
    assert (served["paths"], served["components"]) == (DOCUMENT["paths"], DOCUMENT["components"])
    assert gaps(DOCUMENT) == []


@pytest.mark.rule("GL-038")  # `green_loan/web_eligibility` is asked before anybody registers
def test_only_the_programmes_and_the_rules_are_open_to_anybody():
    assert public_operations(DOCUMENT) == {
        "GET /v1/programmes",
        "GET /v1/programmes/{programme}/help",
        "POST /v1/programmes/{programme}/trial",
        "GET /v1/programmes/green_loan/rates",
        "GET /v1/programmes/green_loan/income-service",
        "GET /v1/programmes/green_loan/maintenance",
        f"POST {SIMULATOR}",
        "POST /v1/providers/{provider}/callbacks",  # signed by the provider
    }


def test_every_step_needs_an_idempotency_key_and_a_draft_the_version_it_replaces():
    steps = operations_with_header(DOCUMENT, "Idempotency-Key")
    changing = {
        f"{method.upper()} {path}"
        for path, item in DOCUMENT["paths"].items()
        for method in ("post", "delete")
        if method in item
    }
    keep_nothing = {f"POST {SIMULATOR}", "POST /v1/programmes/{programme}/trial"}
    assert steps == changing - keep_nothing - {"POST /v1/providers/{provider}/callbacks"}  # which has an id of its own
    assert operations_with_header(DOCUMENT, "If-Match") == {
        "PUT /v1/applications/{application_id}/draft",
        "POST /v1/applications/{application_id}/draft/set-aside",
        *(f"POST {MAINTENANCE}/{{window_id}}/{command}" for command in ("shorten", "withdraw")),
    }
