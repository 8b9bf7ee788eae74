"""Registration: consent, entries, links, the commit, and what it issues (ID-05 to ID-19)."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.commands import accounts
from identity.domain import user_ids
from identity.domain.accounts import same_mail, same_name
from identity.domain.registration import canonical_mail, canonical_person, person_findings
from identity.terms import current_terms, secret_questions
from madoguchi_contracts.identity import PasswordLinkIssued, RegistrationRequested, UserIdIssued
from madoguchi_contracts.sealed import Contact, RegistrationLink
from sqlalchemy import text
from support.identity import ANSWER, World

PERSON = {
    "name_kanji": "山田 太郎",
    "name_kana": "ヤマダ タロウ",
    "mail": "taro@example.jp",
    "terms_version": current_terms().version,
    "terms_accepted": True,
}

ADDRESS = st.builds(
    "{}@{}".format, st.sampled_from(["taro", "Taro", "taro@x", ""]), st.sampled_from(["a.jp", "A.jp", "b.jp", ""])
)
NAMES = ["山田 太郎", "山田太郎", "山田　太郎", "ﾔﾏﾀﾞ", "ヤマダ", "Smith", "SMITH", "", " "]


async def number_of(world: World, table: str) -> int:
    async with world.database.transaction() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608


class TestTermsAndQuestions:
    @pytest.mark.rule("ID-05", "ID-06")
    async def test_the_terms_are_public_and_have_a_version(self, world: World) -> None:
        terms = await world.get("/v1/terms")
        assert terms["version"] == current_terms().version
        assert "規約" in terms["title"]
        assert "第1条" in terms["text"]

    @pytest.mark.rule("ID-11", "ID-12")
    async def test_the_secret_questions_come_with_the_warning_about_the_next_representative(self, world: World) -> None:
        answer = await world.get("/v1/secret-questions")
        assert {q["key"]: q["text"] for q in answer["questions"]} == secret_questions()
        assert "代表者変更" in answer["notice"]


class TestRequest:
    @pytest.mark.rule("ID-06")
    async def test_without_consent_the_server_refuses_although_the_button_was_bypassed(self, world: World) -> None:
        problem = await world.post("/v1/registrations", {**PERSON, "terms_accepted": False}, status=409)
        assert problem["code"] == "terms_not_accepted"
        assert "ID-06" in problem["rules"]
        assert await number_of(world, "registrations") == 0
        assert await world.all_events() == []

    @pytest.mark.rule("ID-06")
    async def test_a_request_without_the_flag_is_malformed(self, world: World) -> None:
        body = {name: value for name, value in PERSON.items() if name != "terms_accepted"}
        assert (await world.post("/v1/registrations", body, status=422))["code"] == "malformed"

    @pytest.mark.rule("ID-06")
    async def test_consent_to_older_terms_is_no_consent(self, world: World) -> None:
        problem = await world.post("/v1/registrations", {**PERSON, "terms_version": "2020-01-01"}, status=409)
        assert problem["code"] == "terms_outdated"

    @pytest.mark.rule("ID-07")
    async def test_all_three_entries_are_needed_and_every_gap_is_told_at_once(self, world: World) -> None:
        body = {**PERSON, "name_kanji": " ", "name_kana": "", "mail": ""}
        problem = await world.post("/v1/registrations", body, status=409)
        found = {(f["field"], f["code"]) for f in problem["findings"]}
        assert found == {("name_kanji", "EMPTY"), ("name_kana", "EMPTY"), ("mail", "EMPTY")}

    @pytest.mark.rule("ID-07")
    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("mail", "taro", "FORMAT"),
            ("mail", "taro@example", "FORMAT"),
            ("mail", "taro@example.jp\r\nBcc: x@example.jp", "FORMAT"),
            ("mail", "太郎@example.jp", "FORMAT"),
            ("mail", "a" * 250 + "@example.jp", "FORMAT"),
            ("name_kanji", "山田\n太郎", "FORMAT"),
            ("name_kanji", "山" * 41, "TOO_LONG"),
            ("name_kana", "ヤ" * 41, "TOO_LONG"),
        ],
        ids=lambda value: repr(value)[:30],
    )
    async def test_entries_that_cannot_be_used_are_refused(
        self, world: World, field: str, value: str, code: str
    ) -> None:
        problem = await world.post("/v1/registrations", {**PERSON, field: value}, status=409)
        assert [(f["field"], f["code"], f["rule"]) for f in problem["findings"]] == [(field, code, "ID-07")]

    @pytest.mark.rule("ID-07")
    @pytest.mark.parametrize("mail", ["a..b.@docomo.example.jp", "o'brien+x@example.co.jp", "A" * 200 + "@example.jp"])
    async def test_unusual_addresses_that_exist_are_taken(self, world: World, mail: str) -> None:
        await world.post("/v1/registrations", {**PERSON, "mail": mail}, status=202)

    @pytest.mark.rule("ID-09", "ID-10", "NO-02")
    async def test_the_link_goes_sealed_to_the_entered_address(self, world: World) -> None:
        event = await world.request_registration("hanako@Example.jp")
        content = world.open(event.link, RegistrationLink)
        assert (content.mail, content.name) == ("hanako@Example.jp", "山田 太郎")
        assert content.url.startswith("https://portal.test/registration#token=")
        assert (event.link_expires_at - world.clock()).total_seconds() == 30 * 60

    @pytest.mark.rule("ID-09", "ID-34")
    async def test_a_known_address_gets_the_same_answer_as_an_unknown_one(self, world: World) -> None:
        await world.member("taro@example.jp")
        known = await world.http.post("/v1/registrations", json=PERSON)
        unknown = await world.http.post("/v1/registrations", json={**PERSON, "mail": "nobody@example.jp"})
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


class TestLink:
    @pytest.mark.rule("ID-10")
    async def test_it_works_until_just_before_30_minutes(self, world: World) -> None:
        token = world.token(await world.request_registration())
        world.clock.advance(minutes=29, seconds=59)
        assert (await world.post("/v1/registrations/inspect", {"token": token}))["mail"] == "taro@example.jp"
        await world.commit_registration(token)

    @pytest.mark.rule("ID-10", "ID-19")
    async def test_at_30_minutes_it_is_expired_and_points_to_the_faq(self, world: World) -> None:
        token = world.token(await world.request_registration())
        world.clock.advance(minutes=30)
        for path in ("/v1/registrations/inspect", "/v1/registrations/commit"):
            body = {"token": token, "secret_question": "first_school", "secret_answer": "a", "terms_accepted": True}
            problem = await world.post(path, body, status=410)
            assert problem["code"] == "link_not_valid"
            assert "よくある質問" in problem["detail"]
            assert "ID-19" in problem["rules"]

    @pytest.mark.rule("ID-10")
    async def test_a_newer_request_for_the_address_voids_the_older_link(self, world: World) -> None:
        older = world.token(await world.request_registration("taro@example.jp"))
        world.clock.advance(minutes=5)
        newer = world.token(await world.request_registration("taro@EXAMPLE.jp"))
        await world.post("/v1/registrations/inspect", {"token": older}, status=410)
        await world.post("/v1/registrations/inspect", {"token": newer})

    @pytest.mark.rule("ID-10")
    async def test_a_request_for_another_address_leaves_it_alone(self, world: World) -> None:
        token = world.token(await world.request_registration("taro@example.jp"))
        await world.request_registration("Taro@example.jp")  # the local part is another one
        await world.post("/v1/registrations/inspect", {"token": token})

    @pytest.mark.rule("ID-10")
    async def test_of_simultaneous_requests_for_one_address_exactly_one_link_works(self, world: World) -> None:
        answers = await asyncio.gather(*(world.http.post("/v1/registrations", json=PERSON) for _ in range(5)))
        assert [answer.status_code for answer in answers] == [202] * 5
        events = [event for event in await world.all_events() if isinstance(event, RegistrationRequested)]
        looks = [
            await world.http.post("/v1/registrations/inspect", json={"token": world.token(event)}) for event in events
        ]
        assert Counter(look.status_code for look in looks) == {410: 4, 200: 1}

    @pytest.mark.rule("ID-10", "ID-16")
    async def test_a_scanner_that_looks_at_the_link_does_not_use_it_up(self, world: World) -> None:
        token = world.token(await world.request_registration())
        for _ in range(3):
            assert await world.post("/v1/registrations/inspect", {"token": token}) == {
                "name_kanji": "山田 太郎",
                "name_kana": "ヤマダ タロウ",
                "mail": "taro@example.jp",
            }
        await world.commit_registration(token)

    @pytest.mark.rule("ID-19")
    @pytest.mark.parametrize("token", ["x", "ÿ", "A" * 43])
    async def test_a_token_that_never_was_one_gets_the_same_answer_as_an_expired_one(
        self, world: World, token: str
    ) -> None:
        expired = world.token(await world.request_registration())
        world.clock.advance(minutes=30)
        of_expired = await world.post("/v1/registrations/inspect", {"token": expired}, status=410)
        assert await world.post("/v1/registrations/inspect", {"token": token}, status=410) == of_expired

    @pytest.mark.rule("ID-10")
    async def test_only_its_hash_is_stored(self, world: World) -> None:
        token = world.token(await world.request_registration())
        async with world.database.transaction() as session:
            row = (await session.execute(text("SELECT r::text FROM registrations r"))).scalar_one()
        assert token not in row
        assert len(token) >= 43  # 256 bits


class TestCommit:
    @pytest.mark.rule("ID-13")
    async def test_without_consent_nothing_is_issued_and_the_link_still_works(self, world: World) -> None:
        token = world.token(await world.request_registration())
        problem = await world.commit_registration(token, status=409, terms_accepted=False)
        assert problem["code"] == "terms_not_accepted"
        assert "ID-13" in problem["rules"]
        await world.commit_registration(token)

    @pytest.mark.rule("ID-11")
    async def test_question_and_answer_are_needed(self, world: World) -> None:
        token = world.token(await world.request_registration())
        problem = await world.commit_registration(token, status=409, secret_question="my_own", secret_answer=" 　")
        found = {(f["field"], f["code"]) for f in problem["findings"]}
        assert found == {("secret_question", "UNKNOWN"), ("secret_answer", "EMPTY")}
        await world.commit_registration(token)

    @pytest.mark.rule("ID-14", "ID-15", "ID-16", "NO-03", "NO-04")
    async def test_it_issues_the_user_id_and_then_the_password_link_in_two_mails(self, world: World) -> None:
        requested = await world.request_registration()
        committed = await world.commit_registration(world.token(requested))
        account_id = UUID(committed["account_id"])
        assert account_id == requested.account_id  # the registration becomes the account
        assert set(committed) == {"account_id"}  # the user ID comes by mail only
        events = await world.events(account_id)
        assert [type(event).__name__ for event in events] == [
            "RegistrationRequested",
            "UserIdIssued",
            "EkycStatusChanged",
            "PasswordLinkIssued",
        ]
        issued = next(event for event in events if isinstance(event, UserIdIssued))
        link = next(event for event in events if isinstance(event, PasswordLinkIssued))
        contact = world.open(issued.contact, Contact)
        assert (contact.mail, contact.name) == ("taro@example.jp", "山田 太郎")
        assert contact.user_id not in world.link(link)
        assert link.purpose == "first"
        assert (link.link_expires_at - world.clock()).total_seconds() == 24 * 3600
        assert world.link(link).startswith("https://portal.test/password#token=")

    @pytest.mark.rule("ID-08", "AS-36")
    async def test_applications_learns_the_mail_address_sealed_to_it(self, world: World) -> None:
        await world.member_without_password("taro@example.jp")
        issued = await world.last(UserIdIssued)
        assert world.open(issued.contact_for_applications, Contact, "applications").mail == "taro@example.jp"

    @pytest.mark.rule("ID-15")
    async def test_a_commit_that_is_repeated_issues_no_second_user_id(self, world: World) -> None:
        token = world.token(await world.request_registration())
        await world.commit_registration(token)
        told = await world.all_events()
        assert (await world.commit_registration(token, status=410))["code"] == "link_not_valid"
        assert await world.all_events() == told

    @pytest.mark.rule("ID-15")
    async def test_of_simultaneous_commits_exactly_one_succeeds(self, world: World) -> None:
        token = world.token(await world.request_registration())
        body = {"token": token, "secret_question": "first_school", "secret_answer": ANSWER, "terms_accepted": True}
        answers = await asyncio.gather(
            *(world.http.post("/v1/registrations/commit", json=body) for _ in range(10)),
        )
        assert Counter(answer.status_code for answer in answers) == {201: 1, 410: 9}
        assert await number_of(world, "accounts") == 1
        assert [type(e).__name__ for e in await world.all_events()].count("UserIdIssued") == 1

    @pytest.mark.rule("ID-03", "ID-04")
    async def test_one_person_can_register_again_and_gets_another_account(self, world: World) -> None:
        first = await world.member_without_password("taro@example.jp")
        second = await world.member_without_password("taro@example.jp")
        assert first.account_id != second.account_id
        assert first.user_id != second.user_id

    @pytest.mark.rule("ID-15")
    async def test_a_user_id_that_is_taken_is_not_issued_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[str] = []
        ids = iter(["B" * 10, "B" * 10, "B" * 10, "C" * 10])

        def draw(_: Any) -> str:
            drawn.append(next(ids))
            return drawn[-1]

        monkeypatch.setattr(accounts.user_ids, "new_user_id", draw)
        assert (await world.member_without_password()).user_id == "B" * 10
        assert (await world.member_without_password()).user_id == "C" * 10
        assert len(drawn) == 4


class TestUserIds:
    @pytest.mark.rule("ID-15")
    async def test_it_has_no_letters_that_look_alike(self, world: World) -> None:
        user_id = (await world.member_without_password()).user_id
        assert len(user_id) == user_ids.LENGTH
        assert set(user_id) <= set(user_ids.ALPHABET)
        assert not set("0O1IL") & set(user_ids.ALPHABET)

    @pytest.mark.rule("ID-34")
    def test_only_ascii_letters_are_made_capitals(self) -> None:
        assert user_ids.canonical_user_id("b2cd") == "B2CD"
        assert user_ids.canonical_user_id("ｂ２ßı") == "ｂ２ßı"


@pytest.mark.rule("ID-06", "ID-13")
async def test_the_consent_is_kept_with_the_account(world: World) -> None:
    member = await world.member_without_password()
    async with world.database.transaction() as session:
        kept = await session.execute(
            text("SELECT terms_version, terms_accepted_at FROM accounts WHERE id = :id"), {"id": member.account_id}
        )
        assert tuple(kept.one()) == (current_terms().version, world.clock())


class TestLookup:
    @pytest.mark.rule("ID-60", "ID-62", "AS-36")
    @given(ADDRESS, ADDRESS)
    def test_two_addresses_are_looked_up_alike_exactly_if_they_are_the_same(self, one: str, other: str) -> None:
        assert (canonical_mail(one) == canonical_mail(other)) is same_mail(one, other)
        assert canonical_mail(canonical_mail(one)) == canonical_mail(one)

    @pytest.mark.rule("ID-60", "ID-62")
    @given(st.sampled_from(NAMES), ADDRESS, st.sampled_from(NAMES), ADDRESS)
    def test_attempts_are_counted_together_exactly_for_the_same_name_and_address(
        self, name: str, mail: str, other_name: str, other_mail: str
    ) -> None:
        together = canonical_person(name, mail) == canonical_person(other_name, other_mail)
        assert together is (same_name(name, other_name) and same_mail(mail, other_mail))


@pytest.mark.rule("ID-07")
@pytest.mark.parametrize(
    "name",
    [
        "当選おめでとう https://evil.example",
        "evil.example で確認",
        "www.evil.jp",
        "a@evil.example",
        "山田//太郎",
        "ＥＶＩＬ．ＣＯＭ",
        "evil。com",
        "evil｡com",
        "tel:0312345678",
        "山田\u202e太郎",
        "山田\r\n太郎",
    ],
)
async def test_a_name_that_could_become_a_link_reaches_no_mail(world: World, name: str) -> None:
    terms = await world.get("/v1/terms")
    body = {"name_kanji": "山田 太郎", "name_kana": "ヤマダ タロウ", "mail": "taro@example.jp"}
    consent = {"terms_version": terms["version"], "terms_accepted": True}
    for field in ("name_kanji", "name_kana"):
        problem = await world.post("/v1/registrations", {**body, **consent, field: name}, status=409)
        assert [(one["field"], one["code"]) for one in problem["findings"]] == [(field, "FORMAT")]
    assert await world.all_events() == []


@pytest.mark.rule("ID-07")
@pytest.mark.parametrize(
    "name", ["山田 太郎", "J. スミス", "ジョン・スミス", "髙橋　﨑子", "O'Brien", "S. Davis Jr.", "𠮷田 一郎"]
)
def test_names_of_people_are_taken(name: str) -> None:
    assert person_findings(name_kanji=name, name_kana=name, mail="taro@example.jp") == []
