"""Sessions: the idle limit, refresh, logout, landing, access tokens (ID-35 to ID-39)."""

import asyncio
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey, KeySet
from kit.errors import Unauthenticated
from kit.tokens import Actor, Signer, TokenVerifier
from madoguchi_contracts import Role
from madoguchi_contracts.identity import SessionsEnded
from sqlalchemy import text
from support.identity import SIGNING_KEY, World


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
