"""The HTTP API of identity under generated requests, good and bad, and its OpenAPI document."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest_asyncio
from identity import api
from identity.areas import AREAS
from kit import simulations
from madoguchi_contracts import Role
from madoguchi_contracts.identity import SuccessionAnnounced, SuccessionStarted
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
)
from support.identity import ANSWER, ORGANISATION, PASSWORD, World, as_new, generous, identity_world
from support.servers import FreshDatabase

DOCUMENT = document_of([*api.routers, simulations.build_router(AREAS)], title="Madoguchi identity")
# A link that is unknown or used up is 410, a locked user ID 423 (ID-34).
LINKS = (
    *("registrations/inspect", "registrations/commit", "passwords/inspect", "passwords/set", "ekyc/open"),
    *("invitations/inspect", "invitations/register", "invitations/accept"),
    *("successions/inspect", "successions/complete", "successions/objections/inspect", "successions/objections"),
)
schema = schema_of(DOCUMENT, refused_by_rules={"/v1/sessions": ("423",), **{f"/v1/{link}": ("410",) for link in LINKS}})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(postgres_url: FreshDatabase) -> AsyncIterator[World]:
    """One API for all generated requests; limits are tested elsewhere, here they would hide everything behind them."""
    limits = (
        *("login_address", "registration_address", "reset_address", "reminder_address", "link_address"),
        *("invitation_account", "invitation_mail", "succession_account"),
    )
    async with identity_world(await postgres_url("identity"), rate_limits=generous(*limits)) as opened:
        yield as_new(opened)  # hashes that cost nothing: each operation has nine accounts of its own


@pytest_asyncio.fixture(loop_scope="session")
async def target(world: World) -> Target:
    """For each operation anew: somebody may log everybody out."""
    association, newcomer = await world.logged_in(), await world.member_without_password()
    reviewer = await world.staff(Role.OFFICE_REVIEWER)
    await world.log_in(reviewer)
    applicant, operator = await world.member(programme="green_loan"), await world.staff(Role.OPERATOR)
    for member in (applicant, operator):
        await world.log_in(member)
    invited = await world.invite(applicant)
    begun = await world.succession(operator, newcomer.account_id)
    objection = world.token(await world.last(SuccessionAnnounced))
    await world.confirm(reviewer, newcomer.account_id, begun)
    succession = world.token(await world.last(SuccessionStarted))
    registration = world.token(await world.request_registration(f"{uuid4().hex}@example.jp"))
    half = await world.give_password(await world.member())
    asked = await world.post("/v1/user-id-reminders", {"name": "山田 太郎", "mail": association.mail})
    world.clock.advance(seconds=60)
    known: dict[str, list[Any]] = {
        "token": [
            registration,
            world.token(invited),
            succession,
            objection,
            await world.password_token(newcomer.account_id),
        ],
        "login_token": [half["login_token"]],
        "code": [world.code(association), world.code(reviewer), world.code(operator)],
        "reason": ["asked for by the personnel office"],
        "succession_id": [str(begun)],
        "user_id": [association.user_id, newcomer.user_id],
        "password": [PASSWORD, "smile_2027"],
        "current_password": [PASSWORD],
        "new_password": ["smile_2027"],
        "mail": [association.mail],
        "name": ["山田 太郎"],
        "reminder_token": [asked["reminder_token"]],
        "secret_question": ["first_school"],
        "secret_answer": [ANSWER],
        "answer": [ANSWER],
        "terms_version": [(await world.get("/v1/terms"))["version"]],
        "former_answer": [ANSWER],
        "invitation_id": [str(invited.invitation_id)],
        "organisation_id": [str(await world.organisation())],
        "account_id": [str(newcomer.account_id), str(reviewer.account_id)],
        "role": ["joint_debtor", "office_reviewer", "company"],
        "postal_code": [ORGANISATION["postal_code"]],
        "phone": [ORGANISATION["phone"]],
        "name_kana": [ORGANISATION["name_kana"]],
        "programme": ["bond", "green_loan"],
        "book": ["bond"],
        "area": [area.name.partition("/")[2] for area in AREAS],
    }
    callers = [
        *(
            {"Authorization": one.bearer["Authorization"]}
            for one in (association, association, reviewer, applicant, operator, operator)
        ),
        association.session,
    ]
    return Target(world.http, asyncio.get_running_loop(), callers, known)


@pytest_asyncio.fixture(loop_scope="session")
async def simulator(world: World) -> Target:
    """Needs nothing and nobody."""
    return Target(world.http, asyncio.get_running_loop())


@schema.parametrize()
def test_every_operation_keeps_what_the_document_promises(case, target: Target):
    ask(case, target)


@schema_of_areas(DOCUMENT, AREAS).parametrize()
def test_every_area_answers_questions_of_its_form(case, simulator: Target):
    ask(case, simulator)


async def test_the_document_is_served_and_complete(world: World):
    assert await world.get("/openapi.json") == DOCUMENT
    assert gaps(DOCUMENT) == []


def test_only_what_comes_before_a_login_is_open_to_anybody():
    assert public_operations(DOCUMENT) == {
        "GET /.well-known/jwks.json",
        "GET /v1/terms",
        "GET /v1/data-request-procedure",
        "GET /v1/secret-questions",
        "GET /v1/otp/guidance",
        "GET /v1/ekyc/methods",
        "POST /v1/registrations",
        "POST /v1/registrations/inspect",
        "POST /v1/registrations/commit",
        "POST /v1/passwords/inspect",
        "POST /v1/passwords/set",
        "POST /v1/passwords/reset-requests",
        "POST /v1/user-id-reminders",
        "POST /v1/user-id-reminders/answer",
        "POST /v1/sessions",
        "POST /v1/sessions/otp",
        "POST /v1/otp/enrolment",
        "POST /v1/otp/reset",
        "POST /v1/ekyc/open",
        "POST /v1/invitations/inspect",
        "POST /v1/invitations/register",
        "POST /v1/successions/inspect",
        "POST /v1/successions/complete",
        "POST /v1/successions/objections",
        "POST /v1/successions/objections/inspect",
        "POST /v1/ekyc/callbacks",  # signed by the provider
        f"POST {SIMULATOR}",
    }


def test_what_makes_something_for_somebody_who_is_logged_in_needs_an_idempotency_key():
    assert operations_with_header(DOCUMENT, "Idempotency-Key") == {
        "POST /v1/otp/proofs",
        "POST /v1/ekyc",
        "POST /v1/invitations",
        "POST /v1/successions",
        "POST /v1/data-requests",
        "POST /v1/accounts/{account_id}/successions",
        "POST /v1/organisations",
        "POST /v1/staff",
    }
