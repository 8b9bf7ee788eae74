"""Nothing secret and nothing personal leaves identity: not in its log, its events or its metrics."""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from uuid import UUID

import pytest
import structlog
from identity.clients import EkycClient
from identity.commands import keys
from identity.main import ekyc_provider
from kit import telemetry
from kit.errors import Permanent
from madoguchi_contracts import Role
from madoguchi_contracts.identity import EkycStarted, SuccessionAnnounced, SuccessionStarted
from madoguchi_contracts.sealed import RegistrationLink
from support.ekyc import SimulatedProvider, turn
from support.identity import ANSWER, BY, Member, World, identity_world, secrets_in
from support.servers import FreshDatabase

MAIL = "hanako.yamada@example.jp"


@contextmanager
def service_log() -> Iterator[StringIO]:
    """What the service writes to its standard output, with its own configuration, undone afterwards."""
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    written = StringIO()
    with redirect_stdout(written):  # the log's handler keeps the stream that it finds
        telemetry.configure("identity", "api", log_level="DEBUG", otlp_endpoint=None)
    try:
        yield written
    finally:
        root.handlers, root.level = handlers, level
        structlog.configure(**configuration)


async def everybody_else(world: World, account_id: UUID) -> list[str]:
    """Who is invited, who takes over, who works at the counter, and the keys; returns their secrets and data."""
    host = await world.member("host@example.jp", programme="green_loan", name_kanji="鈴木 一郎")
    await world.log_in(host)
    invitation_token = world.token(await world.invite(host, "guest@example.jp", name_kanji="田中 さくら"))
    await world.post("/v1/invitations/inspect", {"token": invitation_token})
    office = await world.staff(Role.OPERATOR)
    await world.log_in(office)
    other = await world.staff(Role.OFFICE_APPROVER)
    await world.log_in(other)
    for mail in ("saburo@example.jp", "jiro@example.jp"):
        begun = await world.succession(office, account_id, mail=mail)
        objection_token = world.token(await world.last(SuccessionAnnounced))
        await world.post("/v1/successions/objections/inspect", {"token": objection_token})
        if mail.startswith("saburo"):
            await world.post("/v1/successions/objections", {"token": objection_token}, status=204)
    office.access_token = (await world.post("/v1/sessions/refresh", headers=office.session))["access_token"]
    await world.get(f"/v1/accounts/{account_id}/successions", headers=office.bearer)
    await world.confirm(other, account_id, begun)
    succession_token = world.token(await world.last(SuccessionStarted))
    await world.post("/v1/successions/inspect", {"token": succession_token})
    take_over = {"token": succession_token, "former_answer": ANSWER, "secret_question": "first_school"}
    await world.post("/v1/successions/complete", {**take_over, "secret_answer": "ひまわり", "terms_accepted": True})
    async with world.database.transaction() as session:
        kid, _ = await keys.rotate(session, world.context.tools, by=BY, alone=True, now=world.clock())
    world.clock.advance(seconds=30)
    await world.get("/.well-known/jwks.json")
    signing = await world.context.tools.signing.signer(world.database, world.clock())
    private = {key.kid: key.as_dict(private=True)["d"] for key in signing._keys}[kid]
    told = [
        invitation_token,
        succession_token,
        objection_token,
        "saburo@",
        private,
        "ひまわり",
        "host@",
        "guest@",
        "jiro@",
    ]
    return [*told, "鈴木", "さくら", "佐藤", "次郎", "サトウ", office.user_id, host.secret]


async def everything(world: World) -> list[str]:
    """Every use case once, right and wrong; returns the secrets and the personal data that were used."""
    requested = await world.request_registration(MAIL)
    registration_token = world.token(requested)
    await world.post("/v1/registrations/inspect", {"token": registration_token})
    await world.commit_registration(registration_token)
    account_id = requested.account_id
    user_id, password_token = await world.user_id_of(account_id), await world.password_token(account_id)
    await world.post("/v1/passwords/set", {"token": password_token, "password": "weak"}, status=409)
    await world.post("/v1/passwords/set", {"token": password_token, "password": "smile_2026"}, status=204)
    login = {"user_id": user_id, "password": "smile_2026"}
    await world.post("/v1/sessions", {**login, "password": "wrong-1word"}, status=401)
    login_token = (await world.post("/v1/sessions", login))["login_token"]
    enrolment = await world.post("/v1/otp/enrolment", {"login_token": login_token})
    member = Member(account_id, user_id, MAIL, secret=enrolment["secret_text"])
    wrong = world.wrong_code(member)
    await world.post("/v1/sessions/otp", {"login_token": login_token, "code": wrong}, status=409)
    done = await world.post("/v1/sessions/otp", {"login_token": login_token, "code": world.code(member)})
    member.session_token, member.access_token = done["session_token"], done["access_token"]
    world.clock.advance(seconds=30)
    code = world.code(member)
    body = {"code": code, "purpose": "submit", "digest": hashlib.sha256(b"x").hexdigest()}
    proof = (await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer))["proof"]
    await world.get("/v1/me", headers=member.bearer)
    change = {"current_password": "smile_2026", "new_password": "other-1word", "confirmed": True}
    await world.post("/v1/passwords/change", change, status=204, headers=member.session)
    await world.post("/v1/passwords/reset-requests", {"user_id": user_id}, status=202)
    reset_token = await world.password_token(account_id)
    asked = await world.post("/v1/user-id-reminders", {"name": "山田 太郎", "mail": MAIL})
    reminder = {"reminder_token": asked["reminder_token"], "answer": ANSWER}
    await world.post("/v1/user-id-reminders/answer", {**reminder, "answer": "ちがう小学校"}, status=409)
    await world.post("/v1/user-id-reminders/answer", reminder, status=202)
    await world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=member.bearer)
    provider = SimulatedProvider(world.clock)
    async with EkycClient(ekyc_provider(world.settings), provider.transport()) as client:
        await turn(world.database, world.context.tools, client, world.clock)
        provider.down = True
        world.clock.advance(minutes=1)
        await turn(world.database, world.context.tools, client, world.clock)
    ekyc_token = world.token(await world.last(EkycStarted))
    place = await world.post("/v1/ekyc/open", {"token": ekyc_token})
    await world.post("/v1/registrations", {"name_kanji": "山田 太郎", "mail": MAIL}, status=422)
    await world.post("/v1/sessions/refresh?token=" + reset_token, headers=member.session)
    secrets = await everybody_else(world, account_id)
    secrets += [registration_token, password_token, reset_token, ekyc_token, login_token, proof, place["url"]]
    secrets += [asked["reminder_token"], member.session_token, member.access_token, member.secret]
    secrets += ["smile_2026", "other-1word", "wrong-1word", ANSWER, "ちがう小学校", user_id]
    return [*secrets, MAIL, "hanako", "山田", "太郎", "ヤマダ", "198.51.100.7"]


async def test_neither_log_nor_events_hold_a_secret_or_personal_data(postgres_url: FreshDatabase) -> None:
    with service_log() as written:
        async with identity_world(await postgres_url("identity")) as world:
            secrets = await everything(world)
            metrics = (await world.http.get("/metrics")).text
            events = [event.model_dump_json() for event in await world.all_events()]
    log = written.getvalue()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert len(lines) > 25
    assert {line["event"] for line in lines} >= {"request", "request_refused", "provider_down"}
    assert secrets_in(log, *secrets) == []
    assert secrets_in(metrics, *secrets) == []
    assert secrets_in("\n".join(events), *secrets) == []
    # A code is six digits, which an id or a duration may hold by chance: it is looked for as a value.
    assert not [line for line in lines if any(re.fullmatch(r"[0-9]{6}", str(value)) for value in line.values())]


def test_the_search_finds_what_it_looks_for() -> None:
    assert secrets_in('{"name": "\\u5c71\\u7530"}', "山田", "鈴木") == ["山田"]
    assert secrets_in("token=abc", "abc") == ["abc"]


async def test_an_event_can_be_opened_only_by_the_service_it_is_sealed_to(world: World) -> None:
    event = await world.request_registration()
    assert world.open(event.link, RegistrationLink, "notifications").name == "山田 太郎"
    for reader in ("applications", "documents", "identity"):
        with pytest.raises(Permanent):
            world.open(event.link, RegistrationLink, reader)


async def test_answers_with_personal_data_are_not_kept_by_caches(world: World) -> None:
    member = await world.logged_in()
    answer = await world.http.get("/v1/me", headers=member.bearer)
    assert answer.headers["Cache-Control"] == "no-store"
