"""Rate limits per address and per account."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from identity.keys import BlindIndex
from identity.limits import LIMITS, Limit, Limiter, network_of
from identity.terms import current_terms
from kit.errors import TooMany
from madoguchi_contracts.identity import RegistrationRequested
from sqlalchemy import text
from support.identity import World, generous, identity_world
from support.servers import FreshDatabase

REGISTRATION = {
    "name_kanji": "山田 太郎",
    "name_kana": "ヤマダ タロウ",
    "mail": "taro@example.jp",
    "terms_version": current_terms().version,
    "terms_accepted": True,
}
LOGIN = {"user_id": "BBBBBBBBBB", "password": "wrong-1word"}
RESET = {"user_id": "BBBBBBBBBB"}
REMINDER = {"name": "山田 太郎", "mail": "taro@example.jp"}


def limiter(times: int, seconds: int) -> Limiter:
    return Limiter({"door": Limit(times=times, seconds=seconds)}, BlindIndex(b"k" * 32))


async def test_so_many_within_the_window_and_again_when_it_is_over(world: World) -> None:
    door, now = limiter(3, 60), world.clock()
    for second in (0, 10, 20):
        await door.count_first(world.database, now + timedelta(seconds=second), door="somebody")
    with pytest.raises(TooMany) as refused:
        await door.count_first(world.database, now + timedelta(seconds=45, milliseconds=500), door="somebody")
    assert refused.value.retry_after_seconds == 15
    with pytest.raises(TooMany) as refused:
        await door.count_first(world.database, now + timedelta(seconds=59, milliseconds=999), door="somebody")
    assert refused.value.retry_after_seconds == 1
    await door.count_first(world.database, now + timedelta(seconds=60), door="somebody")


async def test_others_are_not_touched(world: World) -> None:
    door, now = limiter(1, 60), world.clock()
    await door.count_first(world.database, now, door="somebody")
    await door.count_first(world.database, now, door="somebody else")


async def test_of_simultaneous_attempts_exactly_the_allowed_number_passes(world: World) -> None:
    door, now = limiter(4, 60), world.clock()
    results = await asyncio.gather(
        *(door.count_first(world.database, now, door="somebody") for _ in range(20)), return_exceptions=True
    )
    assert Counter(type(result) for result in results) == {type(None): 4, TooMany: 16}


async def test_forgetting_starts_anew(world: World) -> None:
    door, now = limiter(1, 60), world.clock()
    await door.count_first(world.database, now, door="somebody")
    async with world.database.transaction() as session:
        await door.forget(session, "door", "somebody")
    await door.count_first(world.database, now, door="somebody")


async def test_all_subjects_of_an_attempt_are_counted_also_when_one_refuses(world: World) -> None:
    doors = Limiter(
        {"address": Limit(times=1, seconds=60), "account": Limit(times=2, seconds=60)}, BlindIndex(b"k" * 32)
    )
    now = world.clock()
    await doors.count_first(world.database, now, address="a", account="x")
    for _ in range(2):
        with pytest.raises(TooMany):
            await doors.count_first(world.database, now, address="a", account="x")
    with pytest.raises(TooMany):
        await doors.count_first(world.database, now, address="b", account="x")


async def test_neither_addresses_nor_accounts_are_stored_in_clear(world: World) -> None:
    await world.http.post("/v1/sessions", json=LOGIN)
    async with world.database.transaction() as session:
        rows = " ".join((await session.execute(text("SELECT r::text FROM rate_limits r"))).scalars())
    assert "login_address" in rows
    assert "198.51.100.7" not in rows
    assert "BBBBBBBBBB" not in rows


DAILY = {"times": 2, "seconds": 86_400}


@pytest.mark.rule("ID-27", "ID-53", "ID-62")
@pytest.mark.parametrize(
    ("limit", "path", "body", "passes"),
    [
        ("login_address", "/v1/sessions", LOGIN, {401, 423}),
        ("login_user_id", "/v1/sessions", LOGIN, {401, 423}),
        ("registration_address", "/v1/registrations", REGISTRATION, {202}),
        ("reset_address", "/v1/passwords/reset-requests", RESET, {202}),
        ("reminder_address", "/v1/user-id-reminders", REMINDER, {200}),
        ("reminder_person", "/v1/user-id-reminders", REMINDER, {200}),
        ("link_address", "/v1/passwords/inspect", {"token": "x"}, {410}),
    ],
)
async def test_every_door_has_its_limit(
    postgres_url: FreshDatabase, limit: str, path: str, body: dict[str, Any], passes: set[int]
) -> None:
    limits = {limit: {"times": 2, "seconds": 60}}
    async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
        for _ in range(2):
            assert (await world.http.post(path, json=body)).status_code in passes
        refused = await world.http.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert refused.headers["Retry-After"] == "60"
        world.clock.advance(seconds=60)
        assert (await world.http.post(path, json=body)).status_code in passes


@pytest.mark.rule("ID-52", "ID-53")
@pytest.mark.parametrize("known", [True, False])
async def test_a_stranger_cannot_use_up_the_resets_of_a_user_id(world: World, known: bool) -> None:
    member = await world.member()
    user_id = member.user_id if known else "BBBBBBBBBB"
    answers = {
        (answer.status_code, answer.text)
        for _ in range(8)
        for answer in [await world.http.post("/v1/passwords/reset-requests", json={"user_id": user_id})]
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 202
    names = await world.names(member.account_id)
    assert names.count("PasswordLinkIssued") == (1 + 5 if known else 1)
    if known:  # what came before the limit is in the holder's mailbox, and works
        token = await world.password_token(member.account_id)
        world.clock.advance(hours=23)
        await world.post("/v1/passwords/set", {"token": token, "password": "smile_2027"}, status=204)


@pytest.mark.rule("ID-52")
async def test_after_a_reset_the_holder_may_ask_again(world: World) -> None:
    member = await world.member()
    for _ in range(8):
        await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
    body = {"token": await world.password_token(member.account_id), "password": "smile_2027"}
    await world.post("/v1/passwords/set", body, status=204)
    before = (await world.names(member.account_id)).count("PasswordLinkIssued")
    await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
    assert (await world.names(member.account_id)).count("PasswordLinkIssued") == before + 1


@pytest.mark.rule("ID-09", "ID-10")
async def test_a_stranger_cannot_use_up_the_registrations_of_an_address(postgres_url: FreshDatabase) -> None:
    def client(world: World, host: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(world.app, raise_app_exceptions=False, client=(host, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://identity.test")

    async def requested(world: World) -> list[RegistrationRequested]:
        return [event for event in await world.all_events() if isinstance(event, RegistrationRequested)]

    async with identity_world(await postgres_url("identity")) as world:
        async with client(world, "203.0.113.9") as stranger, client(world, "198.51.100.7") as owner:
            for _ in range(8):
                assert (await stranger.post("/v1/registrations", json=REGISTRATION)).status_code == 202
            assert len(await requested(world)) == 5
            assert (await owner.post("/v1/registrations", json=REGISTRATION)).status_code == 202
            assert len(await requested(world)) == 6
        for number in range(8):  # and strangers everywhere do not fill the mailbox
            async with client(world, f"203.0.113.{10 + number}") as stranger:
                assert (await stranger.post("/v1/registrations", json=REGISTRATION)).status_code == 202
        told = await requested(world)
        assert len(told) == 10
        world.clock.advance(minutes=29, seconds=59)  # nothing is sent as long as the last link works
        await world.commit_registration(world.token(told[-1]))


@pytest.mark.rule("ID-43")
async def test_wrong_codes_of_a_day_are_capped_and_right_ones_are_not(postgres_url: FreshDatabase) -> None:
    quick = generous("otp_code", "link_address", "login_user_id", "login_address")
    async with identity_world(await postgres_url("identity"), rate_limits=quick) as world:
        member = await world.logged_in()
        proof = {"purpose": "submit", "digest": "0" * 64}
        for _ in range(30):
            world.clock.advance(seconds=60)
            member.access_token = (await world.post("/v1/sessions/refresh", headers=member.session))["access_token"]
            body = {**proof, "code": world.code(member)}
            await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer)
        statuses = []
        for _ in range(21):
            body = {**proof, "code": world.wrong_code(member)}
            answer = await world.http.post("/v1/otp/proofs", json=body, headers=member.bearer)
            statuses.append(answer.status_code)
        assert statuses == [*[409] * 20, 429]
        world.clock.advance(hours=23, minutes=50)
        world.clock.advance(days=91)
        assert await world.log_in(member)


@pytest.mark.rule("ID-43")
async def test_codes_that_are_not_looked_at_do_not_count_for_the_day(world: World) -> None:
    member = await world.logged_in()
    body = {"purpose": "submit", "digest": "0" * 64, "code": world.wrong_code(member)}
    statuses = [
        (await world.http.post("/v1/otp/proofs", json=body, headers=member.bearer)).status_code for _ in range(40)
    ]
    assert statuses == [*[409] * 5, *[429] * 35]
    world.clock.advance(minutes=16)
    await world.post("/v1/sessions/refresh", headers=member.session)
    member.access_token = (await world.post("/v1/sessions/refresh", headers=member.session))["access_token"]
    await world.post("/v1/otp/proofs", {**body, "code": world.code(member)}, status=201, headers=member.bearer)


@pytest.mark.rule("ID-27")
async def test_attempts_over_the_limit_cost_no_hash_and_count_for_no_lock(postgres_url: FreshDatabase) -> None:
    limits = {"login_address": {"times": 1, "seconds": 60}}
    async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
        for status in (401, 429, 429, 429):
            assert (await world.http.post("/v1/sessions", json=LOGIN)).status_code == status
        async with world.database.transaction() as session:
            assert (await session.execute(text("SELECT wrong_in_a_row FROM login_locks"))).scalar_one() == 1


@pytest.mark.rule("ID-71", "ID-74")
async def test_runs_of_the_identity_check_are_limited_since_each_costs_a_call_and_a_mail(
    postgres_url: FreshDatabase,
) -> None:
    async with identity_world(await postgres_url("identity"), rate_limits={"ekyc_account": DAILY}) as world:
        member = await world.logged_in()
        statuses = [
            (await world.http.post("/v1/ekyc", json={"method": "photo"}, headers=member.bearer)).status_code
            for _ in range(3)
        ]
        assert statuses == [201, 201, 429]


@pytest.mark.rule("ID-46", "ID-62")
async def test_the_secret_answer_can_be_tried_twenty_times_in_thirty_days_also_hour_by_hour(
    postgres_url: FreshDatabase,
) -> None:
    async with identity_world(await postgres_url("identity"), rate_limits=generous("reminder_address")) as world:
        member = await world.member(mail="taro@example.jp")
        statuses = []
        for _ in range(21):
            world.clock.advance(hours=2)
            asked = await world.post("/v1/user-id-reminders", {"name": "山田 太郎", "mail": member.mail})
            answer = {"reminder_token": asked["reminder_token"], "answer": "ちがう小学校"}
            statuses.append((await world.http.post("/v1/user-id-reminders/answer", json=answer)).status_code)
        assert statuses == [*[409] * 20, 429]


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_address(host: str | None, network: str) -> None:
    assert network_of(host) == network


def test_every_limit_has_a_default() -> None:
    assert all(limit.times >= 1 and limit.seconds >= 1 for limit in LIMITS.values())
