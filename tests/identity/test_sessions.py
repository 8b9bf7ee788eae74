"""Sessions: the idle limit, refresh, logout, landing, access tokens (ID-35 to ID-39)."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from identity.commands.sessions import LOOK_FOR_IDLE_SECONDS, end_idle
from joserfc.jwk import ECKey, KeySet
from kit.errors import Unauthenticated
from kit.tokens import Actor, Signer, TokenVerifier
from madoguchi_contracts import Role
from madoguchi_contracts.identity import SessionsEnded
from sqlalchemy import text
from support.identity import SIGNING_KEY, World, generous, identity_world
from support.servers import FreshDatabase


class TestIdleLimit:
    @pytest.mark.rule("ID-38")
    async def test_a_request_after_29_minutes_59_works_and_restarts_the_30_minutes(self, world: World) -> None:
        member = await world.logged_in()
        for _ in range(3):
            world.clock.advance(minutes=29, seconds=59)
            await world.post("/v1/sessions/refresh", headers=member.session)

    @pytest.mark.rule("ID-38", "UI-29")
    async def test_at_30_idle_minutes_the_session_is_over_for_good(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(minutes=30)
        problem = await world.post("/v1/sessions/refresh", status=401, headers=member.session)
        assert problem["code"] == "session_over"
        assert "保存していない入力内容" in problem["title"]
        world.clock.advance(minutes=-10)
        await world.post("/v1/sessions/refresh", headers=member.session)  # the clock decides, nothing was ended

    @pytest.mark.rule("ID-38")
    @pytest.mark.parametrize("path", ["/v1/me", "/v1/ekyc"])
    async def test_every_authenticated_request_is_an_operation(self, world: World, path: str) -> None:
        member = await world.logged_in()
        world.clock.advance(minutes=4)
        await world.get(path, headers=member.bearer)
        world.clock.advance(minutes=28)
        await world.post("/v1/sessions/refresh", headers=member.session)

    @pytest.mark.rule("ID-38")
    async def test_a_refused_request_was_an_operation_too(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(minutes=20)
        body = {"current_password": "x", "new_password": "y", "confirmed": True}
        await world.post("/v1/passwords/change", body, status=409, headers=member.session)
        world.clock.advance(minutes=20)
        await world.post("/v1/sessions/refresh", headers=member.session)

    @pytest.mark.rule("ID-38")
    async def test_a_replica_whose_clock_is_behind_does_not_end_it(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(seconds=-2)
        await world.post("/v1/sessions/refresh", headers=member.session)
        world.clock.advance(minutes=30, seconds=1)  # 29:59 after the later of the two
        await world.post("/v1/sessions/refresh", headers=member.session)

    @pytest.mark.rule("ID-03", "ID-38")
    @pytest.mark.parametrize("end", ["UPDATE accounts SET closed_at = now()", "UPDATE accounts SET lapsed_at = now()"])
    async def test_a_session_of_an_account_that_is_over_is_over(self, world: World, end: str) -> None:
        member = await world.logged_in()
        async with world.database.transaction() as session:
            await session.execute(text(end))
        problem = await world.post("/v1/sessions/refresh", status=401, headers=member.session)
        assert problem["code"] == "session_over"
        assert (await world.get("/v1/me", status=401, headers=member.bearer))["code"] == "session_over"

    @pytest.mark.rule("ID-38")
    async def test_the_answer_says_when_token_and_session_end(self, world: World) -> None:
        member = await world.logged_in()
        answer = await world.post("/v1/sessions/refresh", headers=member.session)
        now = world.clock()
        assert answer["expires_at"] == (now.replace(minute=now.minute + 5)).isoformat().replace("+00:00", "Z")
        assert answer["session_expires_at"] == (now.replace(minute=now.minute + 30)).isoformat().replace("+00:00", "Z")


class TestTokens:
    @pytest.mark.rule("ID-35")
    async def test_the_access_token_is_verified_by_other_services_with_the_published_keys(self, world: World) -> None:
        member = await world.logged_in()
        jwks = await world.get("/.well-known/jwks.json")
        assert jwks["keys"]
        assert all("d" not in key for key in jwks["keys"])
        verifier = TokenVerifier("http://127.0.0.1:1/jwks", world.settings.token_issuer, world.clock)
        keys = KeySet.import_key_set(jwks)
        verifier._keys = {str(key.kid): key for key in keys.keys if isinstance(key, ECKey)}
        actor = await verifier.verify(member.access_token)
        assert (actor.account_id, actor.role) == (member.account_id, Role.ASSOCIATION)
        world.clock.advance(minutes=5, seconds=5)
        with pytest.raises(Unauthenticated):
            await verifier.verify(member.access_token)

    @pytest.mark.rule("ID-39")
    async def test_an_access_token_of_an_ended_session_is_refused_here(self, world: World) -> None:
        member = await world.logged_in()
        await world.http.delete("/v1/sessions/current", headers=member.session)
        assert (await world.get("/v1/me", status=401, headers=member.bearer))["code"] == "session_over"

    @pytest.mark.rule("ID-35")
    async def test_a_well_signed_token_of_no_session_is_refused(self, world: World) -> None:
        member = await world.logged_in()
        signer = Signer([SIGNING_KEY], world.settings.token_issuer)
        forged = signer.access_token(Actor(member.account_id, Role.OPERATOR, uuid4()), world.clock())
        await world.get("/v1/me", status=401, headers={"Authorization": f"Bearer {forged}"})

    @pytest.mark.rule("ID-35")
    async def test_the_role_comes_from_the_account_not_from_the_token(self, world: World) -> None:
        company = await world.staff(Role.COMPANY)
        await world.log_in(company)
        async with world.database.transaction() as session:
            session_id = UUID(str((await session.execute(text("SELECT id FROM user_sessions"))).scalar_one()))
        signer = Signer([SIGNING_KEY], world.settings.token_issuer)
        token = signer.access_token(Actor(company.account_id, Role.ASSOCIATION, session_id), world.clock())
        await world.get("/v1/ekyc", status=403, headers={"Authorization": f"Bearer {token}"})

    @pytest.mark.rule("ID-35")
    @pytest.mark.parametrize(
        "value", ["", "Session", "Session ", "Session x", "Bearer x", "Basic eDp5", "Bearer a.b.c"]
    )
    async def test_anything_else_is_nobody(self, world: World, value: str) -> None:
        await world.get("/v1/me", status=401, headers={"Authorization": value})

    async def test_session_tokens_are_stored_as_hashes(self, world: World) -> None:
        member = await world.logged_in()
        async with world.database.transaction() as session:
            row = str((await session.execute(text("SELECT s::text FROM user_sessions s"))).scalar_one())
        assert member.session_token not in row


class TestLogout:
    @pytest.mark.rule("ID-39")
    async def test_it_ends_this_session_only_and_is_told(self, world: World) -> None:
        member = await world.logged_in()
        first = member.session
        await world.log_in(member)
        assert (await world.http.delete("/v1/sessions/current", headers=first)).status_code == 204
        ended = await world.last(SessionsEnded)
        assert ended.reason == "logout"
        assert len(ended.session_ids or ()) == 1
        await world.post("/v1/sessions/refresh", status=401, headers=first)
        await world.post("/v1/sessions/refresh", headers=member.session)

    @pytest.mark.rule("ID-39")
    async def test_of_simultaneous_logouts_one_is_told(self, world: World) -> None:
        member = await world.logged_in()
        answers = await asyncio.gather(
            *(world.http.delete("/v1/sessions/current", headers=member.session) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} <= {204, 401}
        assert (await world.names(member.account_id)).count("SessionsEnded") == 1


class TestOwnSessions:
    @pytest.mark.rule("ID-38", "ID-39")
    async def test_one_sees_where_one_is_logged_in_and_nothing_of_devices(self, world: World) -> None:
        member, stranger = await world.logged_in(), await world.logged_in()
        began = world.clock()
        first = member.session
        world.clock.advance(minutes=4)
        await world.log_in(member)  # no one-time password: younger than 90 days
        items = (await world.get("/v1/sessions", headers=member.bearer))["items"]
        times = [at.isoformat().replace("+00:00", "Z") for at in (world.clock(), began)]
        assert [(one["started_at"], one["last_used_at"], one["current"]) for one in items] == [
            (times[0], times[0], True),
            (times[1], times[1], False),
        ]
        assert set(items[0]) == {"session_id", "started_at", "last_used_at", "current"}
        shown = (await world.get("/v1/sessions", headers=first))["items"]
        assert sorted((one["started_at"], one["current"]) for one in shown) == [(times[1], True), (times[0], False)]
        theirs = (await world.get("/v1/sessions", headers=stranger.bearer))["items"]
        assert not {one["session_id"] for one in theirs} & {one["session_id"] for one in items}

    @pytest.mark.rule("ID-38")
    async def test_an_idle_session_is_not_listed_any_more(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(minutes=29, seconds=59)
        old = member.session
        await world.log_in(member)
        assert len((await world.get("/v1/sessions", headers=member.bearer))["items"]) == 2
        world.clock.advance(seconds=1)
        assert len((await world.get("/v1/sessions", headers=member.bearer))["items"]) == 1
        await world.post("/v1/sessions/refresh", status=401, headers=old)

    @pytest.mark.rule("ID-39")
    async def test_one_session_of_ones_own_can_be_ended_from_another(self, world: World) -> None:
        member, stranger = await world.logged_in(), await world.logged_in()
        old = member.session
        await world.log_in(member)
        (other,) = [
            one for one in (await world.get("/v1/sessions", headers=member.bearer))["items"] if not one["current"]
        ]
        path = f"/v1/sessions/{other['session_id']}"
        assert (await world.http.delete(path, headers=stranger.session)).status_code == 404
        assert (await world.http.delete(path, headers=member.session)).status_code == 204
        assert (await world.http.delete(path, headers=member.session)).status_code == 404
        assert (await world.http.delete(f"/v1/sessions/{uuid4()}", headers=member.session)).status_code == 404
        ended = await world.last(SessionsEnded)
        assert (ended.reason, [str(one) for one in ended.session_ids]) == ("ended_by_holder", [other["session_id"]])
        await world.post("/v1/sessions/refresh", status=401, headers=old)
        await world.post("/v1/sessions/refresh", headers=member.session)

    @pytest.mark.rule("ID-39")
    async def test_all_others_can_be_ended_at_once(self, world: World) -> None:
        member = await world.logged_in()
        old = [member.session]
        await world.log_in(member)
        old.append(member.session)
        await world.log_in(member)
        assert (await world.http.delete("/v1/sessions/others", headers=member.session)).status_code == 204
        assert len((await world.last(SessionsEnded)).session_ids or ()) == 2
        for headers in old:
            await world.post("/v1/sessions/refresh", status=401, headers=headers)
        await world.post("/v1/sessions/refresh", headers=member.session)
        told = len(await world.names(member.account_id))
        assert (await world.http.delete("/v1/sessions/others", headers=member.session)).status_code == 204
        assert len(await world.names(member.account_id)) == told  # nothing was left to tell

    @pytest.mark.rule("ID-39", "ID-49", "ID-51")
    async def test_what_ends_several_sessions_names_each(self, world: World) -> None:
        member = await world.logged_in()
        await world.log_in(member)
        async with world.database.transaction() as session:
            ids = set((await session.scalars(text("SELECT id FROM user_sessions"))).all())
        await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
        body = {"token": await world.password_token(member.account_id), "password": "smile_2027"}
        await world.post("/v1/passwords/set", body, status=204)
        ended = await world.last(SessionsEnded)
        assert (ended.reason, set(ended.session_ids or ())) == ("password_reset", ids)


class TestIdleIsTold:
    @pytest.mark.rule("ID-38")
    async def test_at_30_idle_minutes_it_is_told_once(self, world: World) -> None:
        member, busy = await world.logged_in(), await world.logged_in()
        world.clock.advance(minutes=29, seconds=59)
        await world.post("/v1/sessions/refresh", headers=busy.session)
        assert await end_idle(world.database, world.clock()) == 0
        world.clock.advance(seconds=1)
        assert await end_idle(world.database, world.clock()) == 1
        assert await end_idle(world.database, world.clock()) == 0
        ended = await world.last(SessionsEnded)
        assert (ended.account_id, ended.reason, len(ended.session_ids)) == (member.account_id, "idle", 1)
        await world.post("/v1/sessions/refresh", status=401, headers=member.session)
        await world.post("/v1/sessions/refresh", headers=busy.session)

    @pytest.mark.rule("ID-38")
    async def test_the_worker_looks_often_enough_to_tell_it_within_a_minute(self) -> None:
        assert LOOK_FOR_IDLE_SECONDS <= 30

    @pytest.mark.rule("ID-38")
    async def test_of_several_workers_one_tells_it(self, world: World) -> None:
        members = [await world.logged_in() for _ in range(3)]
        world.clock.advance(minutes=30)
        ended = await asyncio.gather(*(end_idle(world.database, world.clock()) for _ in range(3)))
        assert sum(ended) == 3
        for member in members:
            assert (await world.names(member.account_id)).count("SessionsEnded") == 1

    @pytest.mark.rule("ID-38")
    async def test_a_session_that_is_used_while_the_worker_looks_goes_on_or_is_over(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(minutes=30, microseconds=-1)
        later = world.clock() + timedelta(microseconds=1)
        answer, ended = await asyncio.gather(
            world.http.post("/v1/sessions/refresh", headers=member.session), end_idle(world.database, later)
        )
        assert (answer.status_code, ended) in ((200, 0), (401, 1))

    @pytest.mark.rule("ID-38")
    async def test_more_accounts_than_a_batch_are_told_batch_by_batch(self, world: World) -> None:
        for _ in range(3):
            await world.logged_in()
        world.clock.advance(minutes=30)
        assert [await end_idle(world.database, world.clock(), batch=2) for _ in range(3)] == [2, 1, 0]


async def test_a_crowd_does_not_wait_for_each_others_connections(postgres_url: FreshDatabase) -> None:
    """A request that holds a connection and needs a second one would, in a crowd, wait for all the others for ever."""
    limits = generous("registration_address", "link_address", "otp_code", "otp_code_day", "login_address")
    async with identity_world(await postgres_url("identity"), rate_limits=limits, database_pool_size=2) as world:
        member = await world.logged_in()
        proof = {"code": "000000", "purpose": "submit", "digest": "0" * 64}
        async with asyncio.timeout(30):
            answers = await asyncio.gather(
                *(world.http.post("/v1/sessions/refresh", headers=member.session) for _ in range(10)),
                *(world.http.get("/v1/me", headers=member.bearer) for _ in range(10)),
                *(world.http.post("/v1/otp/proofs", json=proof, headers=member.bearer) for _ in range(10)),
            )
        assert {answer.status_code for answer in answers} == {200, 409}


class TestLanding:
    @pytest.mark.rule("ID-36")
    async def test_an_association_lands_on_the_form_until_its_first_approval(self, world: World) -> None:
        member = await world.logged_in()
        assert (await world.post("/v1/sessions/refresh", headers=member.session))["landing"] == "association_form"
        await world.approve(member)
        assert (await world.post("/v1/sessions/refresh", headers=member.session))["landing"] == "association_top"
        assert (await world.log_in(member))["landing"] == "association_top"

    @pytest.mark.rule("ID-36")
    async def test_an_approval_in_another_programme_does_not_count(self, world: World) -> None:
        member = await world.logged_in()
        await world.approve(member, "green_loan")
        assert (await world.get("/v1/me", headers=member.bearer))["landing"] == "association_form"

    @pytest.mark.rule("ID-37")
    async def test_a_company_lands_on_its_top_page(self, world: World) -> None:
        assert (await world.log_in(await world.staff(Role.COMPANY)))["landing"] == "company_top"

    @pytest.mark.rule("UI-30")
    @pytest.mark.parametrize(
        "role",
        [Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER, Role.INSPECTION_BODY, Role.BANK, Role.OPERATOR],
    )
    async def test_the_office_lands_on_the_staff_page(self, world: World, role: Role) -> None:
        assert (await world.log_in(await world.staff(role)))["landing"] == "staff_top"


class TestMe:
    @pytest.mark.rule("ID-62", "AS-36")
    async def test_one_sees_ones_own_data_but_not_the_user_id(self, world: World) -> None:
        member = await world.logged_in("hanako@example.jp")
        answer = await world.get("/v1/me", headers=member.bearer)
        assert answer == {
            "account_id": str(member.account_id),
            "role": "association",
            "name_kanji": "山田 太郎",
            "name_kana": "ヤマダ タロウ",
            "mail": "hanako@example.jp",
            "landing": "association_form",
            "organisation_id": None,
            "ekyc_status": "data_registered",
            "otp_enrolled": True,
            "last_login_at": world.clock().isoformat().replace("+00:00", "Z"),
        }

    async def test_staff_have_no_kana(self, world: World) -> None:
        staff = await world.staff(Role.OPERATOR)
        await world.log_in(staff)
        assert (await world.get("/v1/me", headers=staff.bearer))["name_kana"] is None
