"""The user ID reminder (ID-60 to ID-62)."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from identity import hashing
from identity.terms import secret_questions
from support.identity import ANSWER, World, generous, identity_world
from support.servers import FreshDatabase

NAME, MAIL = "山田 太郎", "taro@example.jp"


async def ask(world: World, name: str = NAME, mail: str = MAIL, *, status: int = 200) -> Any:
    return await world.post("/v1/user-id-reminders", {"name": name, "mail": mail}, status=status)


async def answer(world: World, token: str, text: str = ANSWER, *, status: int = 202) -> Any:
    return await world.post("/v1/user-id-reminders/answer", {"reminder_token": token, "answer": text}, status=status)


async def reminders_told(world: World) -> int:
    return [type(event).__name__ for event in await world.all_events()].count("UserIdReminderRequested")


@pytest.mark.rule("ID-60", "ID-61", "ID-62", "NO-07")
async def test_name_address_and_answer_send_the_mail_and_show_no_user_id(world: World) -> None:
    member = await world.member(MAIL)
    asked = await ask(world)
    assert asked["secret_question"] == secret_questions()["first_school"]
    answered = await answer(world, asked["reminder_token"])
    assert (await world.names(member.account_id))[-1] == "UserIdReminderRequested"
    assert member.user_id not in str(asked) + str(answered)


@pytest.mark.rule("ID-60", "ID-62")
@pytest.mark.parametrize(("name", "mail"), [("山田太郎", MAIL), ("山田　太郎", MAIL), (NAME, "taro@EXAMPLE.JP")])
async def test_spaces_in_the_name_and_the_case_of_the_domain_do_not_matter(world: World, name: str, mail: str) -> None:
    await world.member(MAIL)
    await answer(world, (await ask(world, name, mail))["reminder_token"])
    assert await reminders_told(world) == 1


@pytest.mark.rule("ID-62", "ID-34")
async def test_a_stranger_gets_a_question_too_and_always_the_same(world: World) -> None:
    await world.member(MAIL)
    first, again = await ask(world, "鈴木 一郎"), await ask(world, "鈴木　一郎")
    assert first["secret_question"] == again["secret_question"]
    assert first["secret_question"] in secret_questions().values()
    others = {(await ask(world, f"鈴木 {n}"))["secret_question"] for n in range(12)}
    assert len(others) > 1


@pytest.mark.rule("ID-62", "NO-07")
@pytest.mark.parametrize(
    ("name", "mail", "given"),
    [
        (NAME, MAIL, "すみれ小学校"),
        ("鈴木 一郎", MAIL, ANSWER),
        (NAME, "Taro@example.jp", ANSWER),
        ("", "", ANSWER),
        (NAME, MAIL, ""),
    ],
)
async def test_whatever_does_not_match_there_is_one_common_error_and_no_mail(
    world: World, name: str, mail: str, given: str
) -> None:
    await world.member(MAIL)
    token = (await ask(world, name, mail))["reminder_token"]
    problem = await answer(world, token, given, status=409)
    assert problem == {
        "type": "urn:madoguchi:problem:reminder_refused",
        "code": "reminder_refused",
        "title": "入力された情報が登録内容と一致しません。",
        "status": 409,
        "rules": ["ID-62"],
    }
    assert await reminders_told(world) == 0


@pytest.mark.rule("ID-62", "ID-34")
async def test_answers_of_strangers_cost_the_same_work(world: World) -> None:
    await world.member(MAIL)
    known, stranger = (await ask(world))["reminder_token"], (await ask(world, "鈴木 一郎"))["reminder_token"]
    work = []
    for token in (known, stranger):
        before = hashing.hash_operations.labels("verify")._value.get()
        await answer(world, token, "wrong", status=409)
        work.append(hashing.hash_operations.labels("verify")._value.get() - before)
    assert work == [1, 1]


@pytest.mark.rule("ID-62", "ID-33")
async def test_wrong_answers_are_limited_alike_for_known_people_and_strangers(world: World) -> None:
    await world.member(MAIL)
    seen = {}
    for name in (NAME, "鈴木 一郎"):
        tokens = [(await ask(world, name))["reminder_token"] for _ in range(2)]
        bodies = [{"reminder_token": tokens[n % 2], "answer": "wrong"} for n in range(7)]
        answers = [await world.http.post("/v1/user-id-reminders/answer", json=body) for body in bodies]
        seen[name] = [(a.status_code, a.content) for a in answers]
    assert seen[NAME] == seen["鈴木 一郎"]
    assert [status for status, _ in seen[NAME]] == [409] * 5 + [429] * 2


@pytest.mark.rule("ID-62")
async def test_a_right_answer_counts_once_also_when_sent_at_once(postgres_url: FreshDatabase) -> None:
    limits = generous("reminder_answer", "link_address")
    async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
        await world.member(MAIL)
        body = {"reminder_token": (await ask(world))["reminder_token"], "answer": ANSWER}
        answers = await asyncio.gather(*(world.http.post("/v1/user-id-reminders/answer", json=body) for _ in range(6)))
        assert Counter(a.status_code for a in answers) == {202: 1, 409: 5}
        assert await reminders_told(world) == 1


@pytest.mark.rule("ID-62")
async def test_the_token_lasts_ten_minutes(world: World) -> None:
    await world.member(MAIL)
    early, late = (await ask(world))["reminder_token"], (await ask(world))["reminder_token"]
    world.clock.advance(minutes=9, seconds=59)
    await answer(world, early)
    world.clock.advance(seconds=1)
    await answer(world, late, status=409)


@pytest.mark.rule("ID-60")
async def test_of_several_accounts_of_one_person_the_newest_is_meant(world: World) -> None:
    await world.member(MAIL)
    world.clock.advance(days=1)
    newest = await world.member(MAIL)
    await answer(world, (await ask(world))["reminder_token"])
    assert (await world.names(newest.account_id))[-1] == "UserIdReminderRequested"


@pytest.mark.rule("ID-03")
async def test_a_lapsed_user_id_is_not_reminded(world: World) -> None:
    await world.member(MAIL)
    world.clock.advance(days=5 * 366)
    await answer(world, (await ask(world))["reminder_token"], status=409)
    assert await reminders_told(world) == 0


@pytest.mark.rule("ID-33", "ID-27")
async def test_it_works_while_the_user_id_is_locked_and_does_not_touch_the_lock(world: World) -> None:
    member = await world.member(MAIL)
    for status in (401, 401, 423):
        await world.give_password(member, "wrong-1word", status=status)
    await answer(world, (await ask(world))["reminder_token"])
    await world.give_password(member, status=423)
