"""One-time passwords: when they are asked for, enrolment, single use, reset, proofs (ID-35, ID-40 to ID-48)."""

import asyncio
import base64
import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from identity.commands.otp import void
from kit.errors import Refused
from kit.tokens import burn_proof
from madoguchi_contracts import Role
from madoguchi_contracts.identity import OtpReset, SessionsEnded
from sqlalchemy import text
from support.identity import ANSWER, PASSWORD, Member, World, generous, identity_world
from support.servers import FreshDatabase

DIGEST = hashlib.sha256(b"what is submitted").hexdigest()
JST_9 = datetime(2026, 1, 10, 0, 0, tzinfo=UTC)  # 2026-01-10 09:00 in Japan


async def half_logged_in(world: World, member: Member) -> str:
    """A login token of somebody whose one-time password is due."""
    token: str = (await world.give_password(member))["login_token"]
    return token


async def enrolled_and_due(world: World) -> Member:
    """Somebody with an authenticator whose next login asks for a one-time password."""
    member = await world.logged_in()
    world.clock.advance(days=90)
    return member


async def give_code(world: World, login_token: str, code: str, *, status: int = 200) -> dict[str, object]:
    body = {"login_token": login_token, "code": code}
    answer: dict[str, object] = await world.post("/v1/sessions/otp", body, status=status)
    return answer


class TestWhenItIsAskedFor:
    @pytest.mark.rule("ID-40", "ID-47", "ID-35")
    @pytest.mark.parametrize("role", [Role.ASSOCIATION, Role.COMPANY, Role.OFFICE_REVIEWER])
    async def test_the_first_login_asks_for_one_and_enrols(self, world: World, role: Role) -> None:
        member = await world.member() if role is Role.ASSOCIATION else await world.staff(role)
        answer = await world.give_password(member)
        assert set(answer) == {"login_token", "next"}
        assert answer["next"] == "enrol_otp"

    @pytest.mark.rule("ID-40", "ID-41")
    async def test_89_days_later_it_is_not_asked_for_and_at_90_days_it_is(self, world: World) -> None:
        world.clock.now = JST_9
        member = await world.logged_in()
        world.clock.now = datetime(2026, 4, 9, 23, 59, 59, tzinfo=UTC)
        assert (await world.give_password(member))["next"] == "done"
        world.clock.now = datetime(2026, 4, 10, 0, 0, 0, tzinfo=UTC)
        assert (await world.give_password(member))["next"] == "otp"

    @pytest.mark.rule("ID-41")
    async def test_logins_without_one_and_codes_at_submission_do_not_restart_the_90_days(self, world: World) -> None:
        world.clock.now = JST_9
        member = await world.logged_in()
        for day in range(1, 90, 11):
            world.clock.now = JST_9
            world.clock.advance(days=day)
            assert (await world.log_in(member))["next"] == "done"
            body = {"code": world.code(member), "purpose": "submit", "digest": DIGEST}
            await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer)
        world.clock.now = JST_9
        world.clock.advance(days=90)
        assert (await world.give_password(member))["next"] == "otp"

    @pytest.mark.rule("ID-41")
    async def test_a_login_with_one_restarts_them(self, world: World) -> None:
        member = await enrolled_and_due(world)
        await world.log_in(member)
        world.clock.advance(days=89)
        assert (await world.give_password(member))["next"] == "done"

    @pytest.mark.rule("ID-35")
    async def test_without_it_there_is_no_session(self, world: World) -> None:
        member = await enrolled_and_due(world)
        token = await half_logged_in(world, member)
        await world.post("/v1/sessions/refresh", status=401, headers={"Authorization": f"Session {token}"})
        await world.get("/v1/me", status=401, headers={"Authorization": f"Bearer {token}"})

    @pytest.mark.rule("ID-35")
    async def test_the_login_token_lasts_ten_minutes_and_works_once(self, world: World) -> None:
        member = await enrolled_and_due(world)
        late, token = await half_logged_in(world, member), await half_logged_in(world, member)
        world.clock.advance(minutes=9, seconds=59)
        await give_code(world, token, world.code(member))
        world.clock.advance(seconds=31)
        assert (await give_code(world, late, world.code(member), status=401))["code"] == "login_expired"
        assert (await give_code(world, token, world.code(member), status=401))["code"] == "login_expired"

    @pytest.mark.rule("ID-40", "ID-42")
    async def test_proofs_are_for_associations_only(self, world: World) -> None:
        company = await world.staff(Role.COMPANY)
        await world.log_in(company)
        world.clock.advance(minutes=1)
        body = {"code": world.code(company), "purpose": "submit", "digest": DIGEST}
        assert (await world.post("/v1/otp/proofs", body, status=403, headers=company.bearer))["code"] == "forbidden"


class TestEnrolment:
    @pytest.mark.rule("ID-47", "ID-44")
    async def test_it_gives_an_address_a_text_and_a_qr_code_of_the_same_secret(self, world: World) -> None:
        member = await world.member()
        answer = await world.post("/v1/otp/enrolment", {"login_token": await half_logged_in(world, member)})
        uri = urlsplit(answer["otpauth_uri"])
        assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
        assert unquote(uri.path) == f"/Madoguchi:{member.user_id}"
        assert parse_qs(uri.query)["secret"] == [answer["secret_text"]]
        assert parse_qs(uri.query)["issuer"] == ["Madoguchi"]
        assert len(answer["secret_text"]) == 32
        assert answer["qr_svg"].startswith("<svg")
        assert answer["secret_text"] not in answer["qr_svg"]

    @pytest.mark.rule("ID-47")
    async def test_the_first_right_code_confirms_and_counts_as_a_login_with_one(self, world: World) -> None:
        member = await world.member()
        token = await half_logged_in(world, member)
        await world.enrol(member, token)
        assert "OtpEnrolled" not in await world.names(member.account_id)
        assert (await give_code(world, token, world.code(member)))["next"] == "done"
        assert (await world.names(member.account_id)).count("OtpEnrolled") == 1
        assert (await world.give_password(member))["next"] == "done"

    @pytest.mark.rule("ID-47")
    async def test_asking_again_before_the_first_code_makes_a_new_secret(self, world: World) -> None:
        member = await world.member()
        token = await half_logged_in(world, member)
        await world.enrol(member, token)
        older = world.code(member)
        await world.enrol(member, token)
        await give_code(world, token, older, status=409)
        await give_code(world, token, world.code(member))

    @pytest.mark.rule("ID-47", "ID-46")
    async def test_whoever_has_an_authenticator_cannot_enrol_another_one(self, world: World) -> None:
        member = await enrolled_and_due(world)
        token = await half_logged_in(world, member)
        problem = await world.post("/v1/otp/enrolment", {"login_token": token}, status=409)
        assert problem["code"] == "otp_already_enrolled"

    @pytest.mark.rule("ID-47")
    async def test_a_code_without_an_authenticator_is_refused(self, world: World) -> None:
        member = await world.member()
        problem = await give_code(world, await half_logged_in(world, member), "123456", status=409)
        assert problem["code"] == "otp_not_enrolled"

    @pytest.mark.rule("ID-47")
    async def test_an_unconfirmed_authenticator_still_leads_to_enrolment(self, world: World) -> None:
        member = await world.member()
        await world.enrol(member, await half_logged_in(world, member))
        assert (await world.give_password(member))["next"] == "enrol_otp"

    async def test_the_secret_is_stored_encrypted(self, world: World) -> None:
        member = await world.member()
        await world.enrol(member, await half_logged_in(world, member))
        async with world.database.transaction() as session:
            row = str((await session.execute(text("SELECT o::text FROM otp_tokens o"))).scalar_one())
        assert member.secret not in row


class TestCodes:
    @pytest.mark.rule("ID-43")
    async def test_the_present_code_and_the_one_before_it_are_accepted(self, world: World) -> None:
        member = await enrolled_and_due(world)
        await give_code(world, await half_logged_in(world, member), world.code(member, steps_back=1))
        world.clock.advance(days=90)
        await give_code(world, await half_logged_in(world, member), world.code(member))

    @pytest.mark.rule("ID-43")
    @pytest.mark.parametrize("steps_back", [2, -1])
    async def test_older_and_future_codes_are_refused(self, world: World, steps_back: int) -> None:
        member = await enrolled_and_due(world)
        token = await half_logged_in(world, member)
        problem = await give_code(world, token, world.code(member, steps_back=steps_back), status=409)
        assert problem["code"] == "otp_refused"

    @pytest.mark.rule("ID-43")
    async def test_the_step_before_is_a_setting(self, postgres_url: FreshDatabase) -> None:
        async with identity_world(await postgres_url("identity"), otp_steps_back=0) as world:
            member = await enrolled_and_due(world)
            token = await half_logged_in(world, member)
            await give_code(world, token, world.code(member, steps_back=1), status=409)
            await give_code(world, token, world.code(member))

    @pytest.mark.rule("ID-43")
    async def test_a_code_used_for_login_is_refused_for_the_submission_five_seconds_later(self, world: World) -> None:
        member = await world.logged_in()
        used = world.code(member)
        world.clock.advance(seconds=5)
        body = {"code": used, "purpose": "submit", "digest": DIGEST}
        problem = await world.post("/v1/otp/proofs", body, status=409, headers=member.bearer)
        assert problem["code"] == "otp_refused"
        world.clock.advance(seconds=30)
        await world.post("/v1/otp/proofs", {**body, "code": world.code(member)}, status=201, headers=member.bearer)

    @pytest.mark.rule("ID-43")
    async def test_after_a_code_any_older_one_is_refused_too(self, world: World) -> None:
        member = await enrolled_and_due(world)
        older = world.code(member, steps_back=1)
        await give_code(world, await half_logged_in(world, member), world.code(member))
        world.clock.advance(seconds=1)
        body = {"code": older, "purpose": "submit", "digest": DIGEST}
        await world.log_in(member)
        await world.post("/v1/otp/proofs", body, status=409, headers=member.bearer)

    @pytest.mark.rule("ID-43")
    @pytest.mark.parametrize("code", ["", "12345", "1234567", "12 345", "１２３４５６", "abcdef", "-12345"])
    async def test_anything_but_six_digits_is_a_wrong_code(self, world: World, code: str) -> None:
        member = await enrolled_and_due(world)
        assert (await give_code(world, await half_logged_in(world, member), code, status=409))["code"] == "otp_refused"

    @pytest.mark.rule("ID-43")
    async def test_of_200_simultaneous_uses_of_one_code_exactly_one_succeeds(
        self, postgres_url: FreshDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limits = generous("otp_code", "otp_code_day", "link_address")
        async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
            # They wait for few connections, on a busy machine for longer than the five seconds of the pool.
            monkeypatch.setattr(world.database.engine.sync_engine.pool, "_timeout", 120)
            member = await world.logged_in()
            world.clock.advance(seconds=30)
            body = {"code": world.code(member), "purpose": "submit", "digest": DIGEST}
            answers = await asyncio.gather(
                *(world.http.post("/v1/otp/proofs", json=body, headers=member.bearer) for _ in range(200))
            )
            assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 199}

    @pytest.mark.rule("ID-43", "ID-47")
    async def test_of_simultaneous_logins_with_one_code_exactly_one_succeeds(self, postgres_url: FreshDatabase) -> None:
        limits = generous("otp_code", "otp_code_day", "link_address", "login_user_id")
        async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
            member = await world.member()
            tokens = [await half_logged_in(world, member) for _ in range(10)]
            await world.enrol(member, tokens[0])
            code = world.code(member)
            answers = await asyncio.gather(
                *(world.http.post("/v1/sessions/otp", json={"login_token": t, "code": code}) for t in tokens)
            )
            assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
            assert (await world.names(member.account_id)).count("OtpEnrolled") == 1


class TestWrongCodes:
    @pytest.mark.rule("ID-33", "ID-43")
    async def test_they_are_limited_on_their_own_and_do_not_lock_the_user_id(self, world: World) -> None:
        member = await enrolled_and_due(world)
        token = await half_logged_in(world, member)
        for _ in range(5):
            await give_code(world, token, world.wrong_code(member), status=409)
        refused = await world.http.post("/v1/sessions/otp", json={"login_token": token, "code": world.code(member)})
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "900"
        assert (await world.give_password(member))["next"] == "otp"
        world.clock.advance(minutes=15)
        await give_code(world, await half_logged_in(world, member), world.code(member))

    @pytest.mark.rule("ID-43")
    async def test_the_limit_counts_over_all_doors(self, world: World) -> None:
        member = await world.logged_in()
        body = {"code": "000000", "purpose": "submit", "digest": DIGEST}
        for _ in range(5):
            await world.post("/v1/otp/proofs", body, status=409, headers=member.bearer)
        await world.post("/v1/otp/proofs", body, status=429, headers=member.bearer)
        async with world.database.transaction() as session:
            await session.execute(
                text("UPDATE accounts SET last_otp_login_at = last_otp_login_at - interval '90 days'")
            )
        await give_code(world, await half_logged_in(world, member), world.code(member), status=429)

    @pytest.mark.rule("ID-43")
    async def test_a_right_code_forgets_the_wrong_ones(self, world: World) -> None:
        member = await world.logged_in()
        for _ in range(3):
            world.clock.advance(seconds=30)
            body = {"code": "", "purpose": "submit", "digest": DIGEST}
            for _ in range(4):
                await world.post("/v1/otp/proofs", body, status=409, headers=member.bearer)
            right = {**body, "code": world.code(member)}
            await world.post("/v1/otp/proofs", right, status=201, headers=member.bearer)

    @pytest.mark.rule("ID-43")
    async def test_guesses_at_once_are_counted_before_they_are_looked_at(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(seconds=30)
        body = {"code": world.wrong_code(member), "purpose": "submit", "digest": DIGEST}
        answers = await asyncio.gather(
            *(world.http.post("/v1/otp/proofs", json=body, headers=member.bearer) for _ in range(20))
        )
        assert Counter(answer.status_code for answer in answers) == {409: 5, 429: 15}


class TestReset:
    @pytest.mark.rule("ID-46", "ID-47")
    async def test_with_password_and_secret_answer_the_old_one_is_void_and_a_new_one_enrolled(
        self, world: World
    ) -> None:
        member = await enrolled_and_due(world)
        token = await half_logged_in(world, member)
        old = world.code(member)
        body = {"login_token": token, "secret_answer": ANSWER}
        await world.post("/v1/otp/reset", body, status=204)
        assert isinstance((await world.events(member.account_id))[-2], OtpReset)
        await give_code(world, token, old, status=409)
        await world.enrol(member, token)
        assert (await give_code(world, token, world.code(member)))["next"] == "done"

    @pytest.mark.rule("ID-46")
    async def test_it_ends_all_sessions(self, world: World) -> None:
        member = await world.logged_in()
        async with world.database.transaction() as session:
            await session.execute(
                text("UPDATE accounts SET last_otp_login_at = last_otp_login_at - interval '90 days'")
            )
        token = await half_logged_in(world, member)
        await world.post("/v1/otp/reset", {"login_token": token, "secret_answer": ANSWER}, status=204)
        ended = await world.last(SessionsEnded)
        assert (len(ended.session_ids or ()), ended.reason) == (1, "otp_reset")
        await world.post("/v1/sessions/refresh", status=401, headers=member.session)

    @pytest.mark.rule("ID-46", "ID-47", "ID-40")
    async def test_after_it_the_password_alone_opens_nothing_even_within_the_90_days(self, world: World) -> None:
        member = await world.logged_in()
        async with world.database.transaction() as session:
            await void(session, account_id=member.account_id, now=world.clock())
        assert (await world.give_password(member))["next"] == "enrol_otp"
        async with world.database.transaction() as session:
            times = text("SELECT last_otp_login_at FROM accounts WHERE id = :id")
            assert (await session.execute(times, {"id": member.account_id})).scalar_one() is None
        await world.log_in(member)
        assert (await world.give_password(member))["next"] == "done"

    @pytest.mark.rule("ID-40", "ID-47")
    async def test_without_a_confirmed_authenticator_one_is_due_whatever_the_last_login_was(self, world: World) -> None:
        member = await world.logged_in()
        async with world.database.transaction() as session:
            await session.execute(text("UPDATE otp_tokens SET confirmed_at = NULL"))
        assert (await world.give_password(member))["next"] == "enrol_otp"

    @pytest.mark.rule("ID-46", "ID-33")
    async def test_a_wrong_answer_changes_nothing_is_limited_and_locks_nothing(self, world: World) -> None:
        member = await enrolled_and_due(world)
        token = await half_logged_in(world, member)
        body = {"login_token": token, "secret_answer": "すみれ小学校"}
        for _ in range(5):
            assert (await world.post("/v1/otp/reset", body, status=409))["code"] == "answer_refused"
        await world.post("/v1/otp/reset", {**body, "secret_answer": ANSWER}, status=429)
        assert (await world.give_password(member))["next"] == "otp"
        await give_code(world, token, world.code(member))

    @pytest.mark.rule("ID-46")
    async def test_the_answer_is_compared_without_spaces_width_and_case(self, world: World) -> None:
        member = await enrolled_and_due(world)
        body = {"login_token": await half_logged_in(world, member), "secret_answer": " さくら　小学校 "}
        await world.post("/v1/otp/reset", body, status=204)

    @pytest.mark.rule("ID-46")
    async def test_it_needs_a_right_password_first(self, world: World) -> None:
        await world.post("/v1/otp/reset", {"login_token": "guessed", "secret_answer": ANSWER}, status=401)

    @pytest.mark.rule("ID-46")
    async def test_staff_have_no_secret_answer_and_cannot(self, world: World) -> None:
        staff = await world.staff(Role.OFFICE_APPROVER)
        await world.log_in(staff)
        world.clock.advance(days=90)
        body = {"login_token": await half_logged_in(world, staff), "secret_answer": ""}
        assert (await world.post("/v1/otp/reset", body, status=403))["code"] == "forbidden"

    @pytest.mark.rule("ID-46")
    async def test_who_has_no_authenticator_has_nothing_to_reset(self, world: World) -> None:
        member = await world.member()
        body = {"login_token": await half_logged_in(world, member), "secret_answer": ANSWER}
        assert (await world.post("/v1/otp/reset", body, status=409))["code"] == "otp_not_enrolled"


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


class TestStolenPhone:
    @pytest.mark.rule("ID-46")
    async def test_somebody_logged_in_voids_it_with_password_and_answer_and_only_this_session_stays(
        self, world: World
    ) -> None:
        member = await world.logged_in()
        elsewhere = Member(**vars(member))
        world.clock.advance(days=91)
        await world.log_in(elsewhere)
        await world.log_in(member)
        half = await world.give_password(Member(**vars(member)))  # within the 90 days: a whole login
        assert half["next"] == "done"
        body = {"password": PASSWORD, "secret_answer": ANSWER}
        await world.post("/v1/otp/void", body, status=204, headers=member.bearer)
        assert (await world.names(member.account_id))[-2:] == ["OtpReset", "SessionsEnded"]
        await world.post("/v1/sessions/refresh", headers=member.session)
        for token in (elsewhere.session_token, half["session_token"]):
            await world.post("/v1/sessions/refresh", status=401, headers={"Authorization": f"Session {token}"})
        assert (await world.get("/v1/me", headers=member.bearer))["otp_enrolled"] is False
        problem = await world.post("/v1/otp/void", body, status=409, headers=member.bearer)
        assert problem["code"] == "otp_not_enrolled"
        assert (await world.give_password(member))["next"] == "enrol_otp"

    @pytest.mark.rule("ID-46", "ID-33")
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"password": "wrong-1word"}, "current_password_wrong"),
            ({"secret_answer": "ちがう小学校"}, "answer_refused"),
            ({"password": "wrong-1word", "secret_answer": "ちがう小学校"}, "current_password_wrong"),
        ],
    )
    async def test_neither_of_the_two_is_enough(self, world: World, change: dict[str, str], code: str) -> None:
        member = await world.logged_in()
        body = {"password": PASSWORD, "secret_answer": ANSWER, **change}
        statuses = []
        for _ in range(5):
            answer = await world.http.post("/v1/otp/void", json=body, headers=member.bearer)
            statuses.append((answer.status_code, answer.json()["code"]))
        assert statuses == [(409, code)] * 5
        await world.post("/v1/otp/void", {**body, "password": PASSWORD}, status=429, headers=member.bearer)
        assert "OtpReset" not in await world.names(member.account_id)

    @pytest.mark.rule("ID-46")
    async def test_a_half_finished_login_of_the_thief_ends_too(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(days=91)
        thief = (await world.give_password(member))["login_token"]
        await world.log_in(member)
        body = {"password": PASSWORD, "secret_answer": ANSWER}
        await world.post("/v1/otp/void", body, status=204, headers=member.bearer)
        await world.post("/v1/otp/enrolment", {"login_token": thief}, status=401)


class TestProofs:
    @pytest.mark.rule("ID-40")
    async def test_a_proof_is_bound_to_account_purpose_and_content_and_lasts_five_minutes(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(seconds=30)
        body = {"code": world.code(member), "purpose": "approve_proxy", "digest": DIGEST}
        proof = (await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer))["proof"]
        verify = world.context.verifier.verify_proof
        other = await world.member()
        assert await verify(proof, account_id=member.account_id, purpose="approve_proxy", digest=DIGEST)
        for changed in (
            {"account_id": other.account_id},
            {"purpose": "submit"},
            {"digest": hashlib.sha256(b"something else").hexdigest()},
        ):
            wanted = {"account_id": member.account_id, "purpose": "approve_proxy", "digest": DIGEST, **changed}
            with pytest.raises(Refused):
                await verify(proof, **wanted)  # type: ignore[arg-type]
        world.clock.advance(minutes=5, seconds=6)
        with pytest.raises(Refused):
            await verify(proof, account_id=member.account_id, purpose="approve_proxy", digest=DIGEST)

    @pytest.mark.rule("ID-40")
    async def test_a_request_repeated_after_a_lost_answer_gets_the_same_proof(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(seconds=30)
        headers = member.bearer
        body = {"code": world.code(member), "purpose": "submit", "digest": DIGEST}
        first = (await world.post("/v1/otp/proofs", body, status=201, headers=headers))["proof"]
        world.clock.advance(minutes=4)
        answer = await world.http.post("/v1/otp/proofs", json=body, headers=headers)
        assert (answer.status_code, answer.headers["Idempotent-Replay"]) == (201, "true")
        again = answer.json()["proof"]
        assert claims_of(again) == claims_of(first)
        verify = world.context.verifier.verify_proof
        ids = {
            await verify(proof, account_id=member.account_id, purpose="submit", digest=DIGEST)
            for proof in (first, again)
        }
        async with world.database.transaction() as session:
            (used,) = ids
            await burn_proof(session, used, world.clock())
            with pytest.raises(Refused):
                await burn_proof(session, used, world.clock())
        world.clock.advance(minutes=2)  # it does not live longer by being asked for again
        with pytest.raises(Refused):
            await verify(again, account_id=member.account_id, purpose="submit", digest=DIGEST)

    @pytest.mark.rule("ID-40")
    async def test_no_proof_is_kept_in_the_database(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(seconds=30)
        body = {"code": world.code(member), "purpose": "submit", "digest": DIGEST}
        proof = (await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer))["proof"]
        async with world.database.transaction() as session:
            kept = list((await session.execute(text("SELECT response FROM idempotency_keys"))).scalars())
        (answer,) = kept
        assert set(json.loads(answer)) == {"proof_id", "given_at"}
        assert proof.rpartition(".")[2] not in answer

    @pytest.mark.parametrize(
        "change",
        [
            {"purpose": "Log in"},
            {"purpose": "p" * 65},
            {"purpose": ""},
            {"digest": "short"},
            {"digest": DIGEST.upper()},
            {"code": None},
        ],
    )
    async def test_a_malformed_request_is_refused(self, world: World, change: dict[str, object]) -> None:
        member = await world.logged_in()
        body = {"code": "123456", "purpose": "submit", "digest": DIGEST, **change}
        await world.post("/v1/otp/proofs", body, status=422, headers=member.bearer)
