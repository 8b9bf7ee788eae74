"""Passwords: the mailed links, the policy at each door, change and reset (ID-16 to ID-25, ID-49 to ID-53)."""

import asyncio
from collections import Counter

import pytest
from madoguchi_contracts.identity import PasswordLinkIssued, PasswordSet, SessionsEnded
from sqlalchemy import text
from support.identity import PASSWORD, Member, World, at_full_cost

NEW = "other-1word"


async def hashes(world: World, member: Member) -> list[str]:
    async with world.database.transaction() as session:
        rows = await session.execute(
            text("SELECT hash FROM passwords WHERE account_id = :id ORDER BY id"), {"id": member.account_id}
        )
        return list(rows.scalars())


async def set_with(world: World, token: str, password: str, *, status: int = 204) -> dict[str, object]:
    answer: dict[str, object] = await world.post(
        "/v1/passwords/set", {"token": token, "password": password}, status=status
    )
    return answer


async def ask_for_reset(world: World, member: Member) -> str:
    await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
    return await world.password_token(member.account_id)


async def change(world: World, member: Member, new: str, *, status: int = 204, **changes: object) -> dict[str, object]:
    body = {"current_password": member.password, "new_password": new, "confirmed": True, **changes}
    answer: dict[str, object] = await world.post("/v1/passwords/change", body, status=status, headers=member.session)
    return answer


class TestFirstPassword:
    @pytest.mark.rule("ID-16")
    async def test_the_link_works_until_just_before_24_hours(self, world: World) -> None:
        member = await world.member_without_password()
        token = await world.password_token(member.account_id)
        world.clock.advance(hours=23, minutes=59, seconds=59)
        assert await world.post("/v1/passwords/inspect", {"token": token}) == {"purpose": "first"}
        await set_with(world, token, PASSWORD)

    @pytest.mark.rule("ID-16", "ID-19")
    async def test_at_24_hours_it_is_expired_and_the_reset_helps(self, world: World) -> None:
        member = await world.member_without_password()
        token = await world.password_token(member.account_id)
        world.clock.advance(hours=24)
        problem = await world.post("/v1/passwords/inspect", {"token": token}, status=410)
        assert "よくある質問" in problem["detail"]
        assert "パスワードをお忘れですか" in problem["detail"]
        await set_with(world, token, PASSWORD, status=410)
        await set_with(world, await ask_for_reset(world, member), PASSWORD)
        await world.log_in(member)

    @pytest.mark.rule("ID-16")
    async def test_a_scanner_that_looks_at_the_link_does_not_use_it_up(self, world: World) -> None:
        member = await world.member_without_password()
        token = await world.password_token(member.account_id)
        for _ in range(3):
            await world.post("/v1/passwords/inspect", {"token": token})
        await set_with(world, token, PASSWORD)
        await world.post("/v1/passwords/inspect", {"token": token}, status=410)

    @pytest.mark.rule("ID-17", "ID-18", "NO-05")
    async def test_setting_it_completes_the_registration(self, world: World) -> None:
        member = await world.member()
        assert (await world.last(PasswordSet)).reason == "first"
        assert (await world.log_in(member))["next"] == "done"

    @pytest.mark.rule("ID-17", "ID-20", "ID-21", "ID-22", "ID-23", "ID-24")
    @pytest.mark.parametrize(
        ("password", "codes"),
        [
            ("abc12!x", ["TOO_SHORT"]),
            ("ABCD123!", ["NO_LOWERCASE"]),
            ("abcdefg!", ["NO_DIGIT"]),
            ("abcd1234", ["NO_SPECIAL"]),
            ("abcd 123!", ["FORBIDDEN_CHAR"]),
            ("abcd123&", ["FORBIDDEN_CHAR", "NO_SPECIAL"]),
            ("ａｂｃｄ123!", ["FORBIDDEN_CHAR", "NO_LOWERCASE"]),
            ("", ["NO_DIGIT", "NO_LOWERCASE", "NO_SPECIAL", "TOO_SHORT"]),
        ],
    )
    async def test_a_refused_password_tells_all_reasons_and_leaves_the_link(
        self, world: World, password: str, codes: list[str]
    ) -> None:
        member = await world.member_without_password()
        token = await world.password_token(member.account_id)
        problem = await world.post("/v1/passwords/set", {"token": token, "password": password}, status=409)
        assert problem["code"] == "password_refused"
        assert [finding["code"] for finding in problem["findings"]] == codes
        await set_with(world, token, PASSWORD)

    @pytest.mark.rule("ID-20", "ID-21", "ID-22")
    @pytest.mark.parametrize("password", ["abcd123!", "smile_2026", "A1b2C3d4-", "x9(((((((", "a1!" + "x" * 125])
    async def test_an_acceptable_password_logs_in(self, world: World, password: str) -> None:
        await world.log_in(await world.member(password=password))

    @pytest.mark.rule("ID-22")
    @pytest.mark.parametrize(("chosen", "typed"), [("pass¥word1", "pass\\word1"), ("it’s-1234", "it's-1234")])
    async def test_look_alikes_of_special_characters_are_one_password(
        self, world: World, chosen: str, typed: str
    ) -> None:
        member = await world.member(password=chosen)
        member.password = typed
        await world.log_in(member)

    @pytest.mark.rule("ID-16")
    async def test_of_simultaneous_settings_with_one_link_exactly_one_succeeds(self, world: World) -> None:
        member = await world.member_without_password()
        token = await world.password_token(member.account_id)
        bodies = [{"token": token, "password": f"smile_202{n}"} for n in range(6)]
        answers = await asyncio.gather(*(world.http.post("/v1/passwords/set", json=body) for body in bodies))
        assert Counter(answer.status_code for answer in answers) == {204: 1, 410: 5}
        assert len(await hashes(world, member)) == 1


class TestReset:
    @pytest.mark.rule("ID-50", "ID-51", "NO-06")
    async def test_the_link_is_mailed_and_sets_a_new_password(self, world: World) -> None:
        member = await world.member()
        token = await ask_for_reset(world, member)
        issued = await world.last(PasswordLinkIssued)
        assert issued.purpose == "reset"
        assert await world.post("/v1/passwords/inspect", {"token": token}) == {"purpose": "reset"}
        await set_with(world, token, NEW)
        assert (await world.last(PasswordSet)).reason == "reset"
        await world.give_password(member, status=401)
        member.password = NEW
        await world.log_in(member)

    @pytest.mark.rule("ID-52")
    async def test_its_link_lasts_24_hours(self, world: World) -> None:
        member = await world.member()
        token = await ask_for_reset(world, member)
        assert ((await world.last(PasswordLinkIssued)).link_expires_at - world.clock()).total_seconds() == 24 * 3600
        world.clock.advance(hours=24)
        await set_with(world, token, NEW, status=410)

    @pytest.mark.rule("ID-52")
    async def test_its_link_works_once_and_a_newer_one_replaces_it(self, world: World) -> None:
        member = await world.member()
        older, newer = await ask_for_reset(world, member), await ask_for_reset(world, member)
        await set_with(world, older, NEW, status=410)
        await set_with(world, newer, NEW)
        await set_with(world, newer, "third-1word", status=410)

    @pytest.mark.rule("ID-53", "ID-34")
    async def test_an_unknown_user_id_gets_the_same_answer_and_no_mail(self, world: World) -> None:
        member = await world.member()
        known = await world.http.post("/v1/passwords/reset-requests", json={"user_id": member.user_id})
        told = await world.all_events()
        unknown = await world.http.post("/v1/passwords/reset-requests", json={"user_id": "BBBBBBBBBB"})
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert await world.all_events() == told

    @pytest.mark.rule("ID-51")
    async def test_a_reset_ends_all_sessions(self, world: World) -> None:
        member = await world.logged_in()
        await set_with(world, await ask_for_reset(world, member), NEW)
        ended = await world.last(SessionsEnded)
        assert (len(ended.session_ids or ()), ended.reason) == (1, "password_reset")
        await world.post("/v1/sessions/refresh", status=401, headers=member.session)

    @pytest.mark.rule("ID-25")
    async def test_none_of_the_latest_three_passwords_can_be_set_again(self, world: World) -> None:
        first, second, third, fourth = (f"word-{n}-abc" for n in range(4))
        member = await world.member(password=first)
        await self._refused(world, member, first)
        for password in (second, third, fourth):
            await set_with(world, await ask_for_reset(world, member), password)
        for password in (fourth, third, second):
            await self._refused(world, member, password)
        await set_with(world, await ask_for_reset(world, member), first)
        assert len(await hashes(world, member)) == 3

    async def _refused(self, world: World, member: Member, password: str) -> None:
        token = await ask_for_reset(world, member)
        problem = await world.post("/v1/passwords/set", {"token": token, "password": password}, status=409)
        assert [(f["code"], f["rule"]) for f in problem["findings"]] == [("REUSED", "ID-25")]
        async with world.database.transaction() as session:
            await session.execute(text("DELETE FROM rate_limits"))

    @pytest.mark.rule("ID-25", "ID-22")
    async def test_the_other_form_of_a_special_character_is_the_same_password(self, world: World) -> None:
        member = await world.member(password="pass¥word1")
        await self._refused(world, member, "pass\\word1")


class TestChange:
    @pytest.mark.rule("ID-49")
    async def test_the_first_press_checks_everything_and_changes_nothing(self, world: World) -> None:
        member = await world.logged_in()
        before = await hashes(world, member)
        assert (await change(world, member, NEW, confirmed=False, status=409))["code"] == "confirmation_needed"
        assert await hashes(world, member) == before
        await world.log_in(member)  # with the old password

    @pytest.mark.rule("ID-49", "NO-05")
    async def test_the_second_press_changes_it(self, world: World) -> None:
        member = await world.logged_in()
        await change(world, member, NEW)
        assert (await world.last(PasswordSet)).reason == "changed"
        await world.give_password(member, status=401)
        member.password = NEW
        assert (await world.give_password(member))["next"] == "done"

    @pytest.mark.rule("ID-49")
    async def test_the_current_password_must_be_right(self, world: World) -> None:
        member = await world.logged_in()
        problem = await change(world, member, NEW, current_password="wrong-1word", status=409)
        assert problem["code"] == "current_password_wrong"

    @pytest.mark.rule("ID-33")
    async def test_wrong_current_passwords_do_not_lock_the_user_id(self, world: World) -> None:
        member = await world.logged_in()
        for _ in range(4):
            await change(world, member, NEW, current_password="wrong-1word", status=409)
        assert (await world.give_password(member))["next"] == "done"

    @pytest.mark.rule("ID-25", "ID-49")
    async def test_the_policy_applies_and_counts_the_current_password(self, world: World) -> None:
        member = await world.logged_in()
        problem = await change(world, member, member.password, status=409)
        assert [f["code"] for f in problem["findings"]] == ["REUSED"]  # type: ignore[index, attr-defined]
        problem = await change(world, member, "short", status=409)
        assert problem["code"] == "password_refused"

    @pytest.mark.rule("ID-49")
    async def test_it_ends_all_other_sessions_and_keeps_this_one(self, world: World) -> None:
        member = await world.logged_in()
        other_token = member.session_token
        await world.log_in(member)
        await change(world, member, NEW)
        ended = await world.last(SessionsEnded)
        assert ended.reason == "password_changed"
        assert ended.session_ids is not None
        assert len(ended.session_ids) == 1
        await world.post("/v1/sessions/refresh", headers=member.session)
        await world.post("/v1/sessions/refresh", status=401, headers={"Authorization": f"Session {other_token}"})

    @pytest.mark.rule("ID-49", "ID-52")
    async def test_it_voids_reset_links_and_half_finished_logins(self, world: World) -> None:
        member = await world.logged_in()
        token = await ask_for_reset(world, member)
        async with world.database.transaction() as session:
            await session.execute(
                text("UPDATE accounts SET last_otp_login_at = last_otp_login_at - interval '90 days'")
            )
        login_token = (await world.give_password(member))["login_token"]
        await change(world, member, NEW)
        await set_with(world, token, "third-1word", status=410)
        world.clock.advance(seconds=30)
        body = {"login_token": login_token, "code": world.code(member)}
        assert (await world.post("/v1/sessions/otp", body, status=401))["code"] == "login_expired"

    @pytest.mark.rule("ID-42")
    async def test_nobody_is_asked_for_a_one_time_password(self, world: World) -> None:
        member = await world.logged_in()
        world.clock.advance(minutes=1)
        await change(world, member, NEW)
        await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)

    @pytest.mark.rule("ID-49")
    async def test_of_simultaneous_changes_to_different_passwords_one_wins(self, world: World) -> None:
        member = await world.logged_in()
        bodies = [
            {"current_password": member.password, "new_password": f"smile-{n}-abc", "confirmed": True} for n in range(4)
        ]
        answers = await asyncio.gather(
            *(world.http.post("/v1/passwords/change", json=body, headers=member.session) for body in bodies)
        )
        assert Counter(answer.status_code for answer in answers) == {204: 1, 409: 3}
        assert len(await hashes(world, member)) == 2


class TestAtRest:
    @pytest.mark.rule("ID-17")
    async def test_passwords_and_answers_are_argon2id_with_the_agreed_cost(self, world: World) -> None:
        at_full_cost(world)
        member = await world.member()
        async with world.database.transaction() as session:
            answer = (await session.execute(text("SELECT secret_answer_hash FROM accounts"))).scalar_one()
        for stored in [*(await hashes(world, member)), answer]:
            assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    @pytest.mark.rule("ID-17")
    async def test_personal_data_is_stored_encrypted_only(self, world: World) -> None:
        member = await world.member("taro@example.jp")
        async with world.database.transaction() as session:
            rows = [
                str(row)
                for table in ("accounts", "registrations", "events", "rate_limits", "login_locks", "idempotency_keys")
                for row in (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars()  # noqa: S608
            ]
        stored = "\n".join(rows)
        assert stored
        for clear in ("山田", "太郎", "ヤマダ", "taro@", "example.jp", member.user_id, PASSWORD, "さくら"):
            assert clear not in stored
