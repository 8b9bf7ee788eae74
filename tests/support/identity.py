"""The identity service in a test: its API on a real database, a clock that stands still, and a view of what it told."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pyotp
from argon2 import PasswordHasher
from fastapi import FastAPI
from identity import consumers
from identity.api.deps import IdentityContext
from identity.commands import organisations
from identity.commands.audit import console
from identity.commands.followups import follow_up
from identity.commands.staff import OF_AN_ORGANISATION, add_staff
from identity.domain.otp import current_step
from identity.domain.people import OrganisationKind
from identity.hashing import Hasher
from identity.main import compose_api, compose_context
from identity.settings import Settings
from joserfc.jwk import ECKey, KeySet
from kit.bus import Consumer
from kit.db import Database
from kit.deadlines import fire_one
from kit.eventlog import StoredEvent, history
from kit.sealed import unseal
from madoguchi_contracts import Event, Role
from madoguchi_contracts.applications import ApplicationApproved
from madoguchi_contracts.identity import (
    InvitationSent,
    PasswordLinkIssued,
    RegistrationRequested,
    SuccessionAnnounced,
    SuccessionStarted,
    UserIdIssued,
)
from madoguchi_contracts.registry import parse
from madoguchi_contracts.sealed import Contact, Link, RegistrationLink, SuccessionNotice
from pydantic import BaseModel, SecretStr
from sqlalchemy import text

from support.clock import FakeClock
from support.records import record_of

Model = TypeVar("Model", bound=BaseModel)
CALLBACK_SECRET = "callback-secret"
PASSWORD = "smile_2026"
ANSWER = "さくら小学校"
ORGANISATION = {
    "name": "みどり管理株式会社",
    "name_kana": "ミドリカンリカブシキガイシャ",
    "postal_code": "1128570",
    "address": "東京都文京区後楽1-4-10",
    "phone": "0358009479",
}
BY = console("operations", "a test")
WHY = {"reason": "a test"}
NO_LIMIT = {"times": 1_000_000, "seconds": 1}


def _key(kid: str) -> dict[str, Any]:
    return ECKey.generate_key("P-256", {"kid": kid}).as_dict(private=True)


def _public(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "d"}


READERS = {service: _key(f"{service}-1") for service in ("notifications", "applications", "documents", "identity")}
SIGNING_KEY = _key("sign-1")


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings with keys of the test; `changes` replace some."""
    fields: dict[str, Any] = {
        "environment": "local",
        "database_url": SecretStr(database_url),
        "kafka_bootstrap": "127.0.0.1:1",
        "identity_jwks_url": "http://127.0.0.1:1/jwks",
        "token_issuer": "https://identity.test",
        "seal_private_key": SecretStr(json.dumps(READERS["identity"])),
        "seal_public_keys": json.dumps({service: _public(key) for service, key in READERS.items()}),
        "signing_keys": SecretStr(json.dumps({"keys": [SIGNING_KEY]})),
        "vault_keys": SecretStr(json.dumps({"current": "v1", "keys": {"v1": base64.b64encode(b"v" * 32).decode()}})),
        "blind_index_key": SecretStr(base64.b64encode(b"i" * 32).decode()),
        "public_base_url": "https://portal.test",
        "ekyc_url": "http://provider.test",
        "ekyc_api_key": SecretStr("the-key"),
        "ekyc_callback_secret": SecretStr(CALLBACK_SECRET),
        "ekyc_callback_url": "https://identity.test/v1/ekyc/callbacks",
    }
    return Settings(**{**fields, **changes})


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a process finds them in its environment."""
    values = {}
    for name, value in settings.model_dump(mode="python").items():
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if plain is not None:
            values[f"MADOGUCHI_{name.upper()}"] = plain if isinstance(plain, str) else json.dumps(plain)
    return values


def generous(*names: str) -> dict[str, dict[str, int]]:
    """Rate limits that never refuse, for these names."""
    return dict.fromkeys(names, NO_LIMIT)


@dataclass
class Member:
    """Somebody with an account, and what they know."""

    account_id: UUID
    user_id: str
    mail: str
    password: str = PASSWORD
    secret: str = ""
    session_token: str = ""
    access_token: str = ""

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of a request with the access token; each call has a new Idempotency-Key."""
        return {"Authorization": f"Bearer {self.access_token}", "Idempotency-Key": str(uuid4())}

    @property
    def session(self) -> dict[str, str]:
        """Headers of a request with the session token."""
        return {"Authorization": f"Session {self.session_token}"}


@dataclass
class World:
    """The running API and what surrounds it."""

    app: FastAPI
    http: httpx.AsyncClient
    clock: FakeClock
    settings: Settings

    @property
    def context(self) -> IdentityContext:
        context: IdentityContext = self.app.state.context
        return context

    @property
    def database(self) -> Database:
        return self.context.database

    async def post(self, path: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
        """POST, check the status, return the JSON body (None if there is none)."""
        answer = await self.http.post(path, json=body, **options)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def get(self, path: str, *, status: int = 200, **options: Any) -> Any:
        """GET, check the status, return the JSON body."""
        answer = await self.http.get(path, **options)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    # What was told

    async def stored(self, account_id: UUID) -> list[StoredEvent]:
        """The event log of an account, after the worker has done what follows the requests until now."""
        await follow_up(self.context.tools, self.database, self.clock())
        async with self.database.transaction() as session:
            return await history(session, account_id)

    async def events(self, account_id: UUID) -> list[Event]:
        """The events of an account, oldest first."""
        parsed = [parse(stored.type, json.dumps(stored.data).encode()) for stored in await self.stored(account_id)]
        return [event for event in parsed if event is not None]

    async def names(self, account_id: UUID) -> list[str]:
        """The names of an account's events, oldest first."""
        return [type(event).__name__ for event in await self.events(account_id)]

    async def all_events(self) -> list[Event]:
        """Every event of the service, oldest first, after the worker has done what follows the requests until now."""
        await follow_up(self.context.tools, self.database, self.clock())
        async with self.database.transaction() as session:
            rows = (await session.execute(text("SELECT type, data::text FROM events ORDER BY id"))).all()
        return [event for row in rows if (event := parse(row[0], row[1].encode())) is not None]

    async def last(self, kind: type[Event]) -> Any:
        """The newest event of this kind."""
        return [event for event in await self.all_events() if isinstance(event, kind)][-1]

    def open(self, sealed: str, model: type[Model], reader: str = "notifications") -> Model:
        """The content of a sealed field, as its reader sees it."""
        return unseal(sealed, json.dumps(READERS[reader]), model)

    def link(self, event: Any) -> str:
        """The address in an event's sealed link."""
        if isinstance(event, RegistrationRequested | InvitationSent | SuccessionStarted):
            return self.open(event.link, RegistrationLink).url
        if isinstance(event, SuccessionAnnounced):
            return self.open(event.notice, SuccessionNotice).url or ""
        return self.open(event.link, Link).url

    def token(self, event: Any) -> str:
        """The token in an event's sealed link."""
        return parse_qs(urlsplit(self.link(event)).fragment)["token"][0]

    async def fire_deadlines(self, handlers: dict[str, Any]) -> int:
        """Do everything that is due now; returns how many there were."""
        fired = 0
        while await fire_one(self.database, handlers, self.clock()):
            fired += 1
        return fired

    # Stories

    async def request_registration(self, mail: str = "taro@example.jp", **changes: Any) -> Any:
        """Ask to be registered; returns the event."""
        terms = await self.get("/v1/terms")
        body = {
            "name_kanji": "山田 太郎",
            "name_kana": "ヤマダ タロウ",
            "mail": mail,
            "terms_version": terms["version"],
            "terms_accepted": True,
        }
        await self.post("/v1/registrations", {**body, **changes}, status=202)
        return await self.last(RegistrationRequested)

    async def commit_registration(self, token: str, *, status: int = 201, **changes: Any) -> Any:
        """Choose the secret question and commit."""
        body = {"token": token, "secret_question": "first_school", "secret_answer": ANSWER, "terms_accepted": True}
        return await self.post("/v1/registrations/commit", {**body, **changes}, status=status)

    async def member_without_password(self, mail: str | None = None, **changes: Any) -> Member:
        """Somebody whose user ID was issued, and whose first password link was mailed."""
        mail = mail or f"{uuid4().hex[:12]}@example.jp"
        requested = await self.request_registration(mail, **changes)
        committed = await self.commit_registration(self.token(requested))
        account_id = UUID(committed["account_id"])
        return Member(account_id, await self.user_id_of(account_id), mail)

    async def user_id_of(self, account_id: UUID) -> str:
        """The user ID as the newest mail NO-03 tells it."""
        issued = [event for event in await self.events(account_id) if isinstance(event, UserIdIssued)]
        return self.open(issued[-1].contact, Contact).user_id

    async def password_token(self, account_id: UUID) -> str:
        """The token of the newest password link of an account."""
        return self.token([e for e in await self.events(account_id) if isinstance(e, PasswordLinkIssued)][-1])

    async def member(self, mail: str | None = None, *, password: str = PASSWORD, **changes: Any) -> Member:
        """Somebody who can log in and never did."""
        member = await self.member_without_password(mail, **changes)
        member.password = password
        return await self._with_password(member)

    async def organisation(self, kind: OrganisationKind = OrganisationKind.COMPANY, **changes: str) -> UUID:
        """An organisation that works with the agency."""
        details = organisations.Details(**{**ORGANISATION, **changes})
        async with self.database.transaction() as session:
            return await organisations.register(session, by=BY, kind=kind, details=details, now=self.clock())

    async def staff(self, role: Role, organisation_id: UUID | None = None) -> Member:
        """Somebody with an account that an operator opened, and a password; of a new organisation where one is due."""
        mail = f"{uuid4().hex[:12]}@office.example.jp"
        if role in OF_AN_ORGANISATION and organisation_id is None:
            organisation_id = await self.organisation(OrganisationKind(role.value))
        async with self.database.transaction() as session:
            account_id = await add_staff(
                session,
                self.context.tools,
                by=BY,
                role=role,
                name="窓口 花子",
                mail=mail,
                organisation_id=organisation_id,
                now=self.clock(),
            )
        return await self._with_password(Member(account_id, await self.user_id_of(account_id), mail))

    async def invite(self, host: Member, mail: str | None = None, *, status: int = 201, **changes: Any) -> Any:
        """Ask somebody to take part in an application of the host's; returns the event."""
        body = {
            "name_kanji": "山田 花子",
            "name_kana": "ヤマダ ハナコ",
            "mail": mail or f"{uuid4().hex[:12]}@example.jp",
            "application_id": str(uuid4()),
            "role": "joint_debtor",
        }
        answer = await self.post("/v1/invitations", {**body, **changes}, status=status, headers=host.bearer)
        return await self.last(InvitationSent) if status == 201 else answer

    async def joint_debtor(self, mail: str | None = None) -> Member:
        """Somebody who came by invitation, and has a password."""
        host = await self.member(programme="green_loan")
        await self.log_in(host)
        mail = mail or f"{uuid4().hex[:12]}@example.jp"
        token = self.token(await self.invite(host, mail))
        body = {"token": token, "secret_question": "first_school", "secret_answer": ANSWER, "terms_accepted": True}
        account_id = UUID((await self.post("/v1/invitations/register", body, status=201))["account_id"])
        return await self._with_password(Member(account_id, await self.user_id_of(account_id), mail))

    async def somebody(self, role: Role) -> Member:
        """Somebody with this role who can log in and never did."""
        if role is Role.JOINT_DEBTOR:
            return await self.joint_debtor()
        if role is Role.APPLICANT:
            return await self.member(programme="green_loan")
        return await self.member() if role is Role.ASSOCIATION else await self.staff(role)

    async def _with_password(self, member: Member) -> Member:
        """The member after setting a password with the mailed link."""
        token = await self.password_token(member.account_id)
        await self.post("/v1/passwords/set", {"token": token, "password": member.password}, status=204)
        return member

    async def give_password(self, member: Member, password: str | None = None, *, status: int = 200) -> Any:
        """The first step of a login."""
        body = {"user_id": member.user_id, "password": member.password if password is None else password}
        return await self.post("/v1/sessions", body, status=status)

    async def enrol(self, member: Member, login_token: str) -> None:
        """Put the secret of a new authenticator into the member's app."""
        answer = await self.post("/v1/otp/enrolment", {"login_token": login_token})
        member.secret = answer["secret_text"]

    def code(self, member: Member, *, steps_back: int = 0) -> str:
        """What the member's authenticator app shows."""
        return pyotp.TOTP(member.secret).generate_otp(current_step(self.clock()) - steps_back)

    def deed(self, member: Member, **what: Any) -> dict[str, Any]:
        """The body of what a member does at the counter: why, and the next code of their authenticator."""
        self.clock.advance(seconds=60)
        return {**what, **WHY, "code": self.code(member)}

    def wrong_code(self, member: Member) -> str:
        """A code of the right form that is not acceptable now."""
        good = {self.code(member, steps_back=back) for back in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)

    async def log_in(self, member: Member) -> Any:
        """A whole login, with an enrolment or a one-time password where it is asked for."""
        answer = await self.give_password(member)
        if answer["next"] == "enrol_otp":
            await self.enrol(member, answer["login_token"])
        if answer["next"] != "done":
            if answer["next"] == "otp":
                self.clock.advance(seconds=60)  # the app shows a code that was not used yet
            body = {"login_token": answer["login_token"], "code": self.code(member)}
            answer = await self.post("/v1/sessions/otp", body)
        member.session_token, member.access_token = answer["session_token"], answer["access_token"]
        return answer

    async def succession(self, officer: Member, account_id: UUID, **changes: str) -> UUID:
        """An officer begins a change of the representative; returns its id. Nobody has a link yet."""
        person = {"name_kanji": "佐藤 次郎", "name_kana": "サトウ ジロウ", "mail": f"{uuid4().hex[:12]}@example.jp"}
        body = self.deed(officer, **{**person, **changes})
        path = f"/v1/accounts/{account_id}/successions"
        return UUID((await self.post(path, body, status=201, headers=officer.bearer))["succession_id"])

    async def confirm(self, officer: Member, account_id: UUID, succession_id: UUID, *, status: int = 204) -> Any:
        """Another officer confirms it, and the next representative gets a link."""
        path = f"/v1/accounts/{account_id}/successions/{succession_id}/confirm"
        return await self.post(path, self.deed(officer), status=status, headers=officer.bearer)

    async def approve(self, member: Member, programme: str = "bond") -> None:
        """The office approves an application of the member's, and this service hears of it."""
        event = ApplicationApproved(
            application_id=uuid4(),
            account_id=member.account_id,
            programme=programme,
            submission=1,
            first_approval=True,
            officer_id=uuid4(),
        )
        consumer = Consumer("identity", consumers.handlers(), database=self.database, clock=self.clock)
        await consumer.process([record_of(event)])

    async def logged_in(self, mail: str | None = None) -> Member:
        """Somebody who is logged in."""
        member = await self.member(mail)
        await self.log_in(member)
        return member


@asynccontextmanager
async def identity_world(database_url: str, *, clock: FakeClock | None = None, **changes: Any) -> AsyncIterator[World]:
    """The API over this database; `changes` are settings. The app's lifespan does not run: no relay is rung."""
    clock = clock or FakeClock()
    settings = settings_for(database_url, **changes)
    app = compose_api(settings, clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("198.51.100.7", 40000))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://identity.test") as http:
            yield World(app, http, clock, settings)
    finally:
        await app.state.context.database.close()


def as_new(world: World) -> World:
    """The same API with a new clock and nothing remembered; its hashes cost next to nothing (`at_full_cost`)."""
    clock = FakeClock()
    context = compose_context(world.settings, world.database, clock)
    hasher = context.tools.hasher
    hasher._argon2 = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    hasher._nobody = hasher._argon2.hash("no password has this hash")
    world.app.state.context = context
    return World(world.app, world.http, clock, world.settings)


def at_full_cost(world: World) -> None:
    """From now on the hashes cost what they cost in production."""
    hasher, real = world.context.tools.hasher, Hasher()
    hasher._argon2, hasher._nobody = real._argon2, real._nobody


def secrets_in(text_: str, *secrets: str) -> list[str]:
    """Which of these secrets appear in a text, also with JSON escapes."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text_)
    return [secret for secret in secrets if secret and (secret in text_ or secret in plain)]


async def published_keys(world: World) -> dict[str, ECKey]:
    """The keys that other services verify tokens with."""
    keys = KeySet.import_key_set(await world.get("/.well-known/jwks.json")).keys
    return {str(key.kid): key for key in keys if isinstance(key, ECKey)}
