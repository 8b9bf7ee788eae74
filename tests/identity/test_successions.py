"""The change of an association's representative (代表者変更, ID-12)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from identity.commands.accounts import close_account
from identity.commands.successions import TRIES
from madoguchi_contracts import Role
from madoguchi_contracts.identity import EkycStatusChanged, SessionsEnded, SuccessionStarted, UserIdIssued
from madoguchi_contracts.sealed import Contact, RegistrationLink
from sqlalchemy import text
from support.identity import ANSWER, PASSWORD, Member, World

NEXT = {"name_kanji": "佐藤 次郎", "name_kana": "サトウ ジロウ", "mail": "jiro@example.jp"}
THEIRS = {"secret_question": "first_school", "secret_answer": "ひまわり小学校", "terms_accepted": True}


async def started(world: World, member: Member, **changes: Any) -> SuccessionStarted:
    """The present representative, logged in, names the next one."""
    world.clock.advance(seconds=60)
    body = {**NEXT, "code": world.code(member), **changes}
    await world.post("/v1/successions", body, status=201, headers=member.bearer)
    event: SuccessionStarted = await world.last(SuccessionStarted)
    return event


async def complete(world: World, token: str, *, status: int = 200, **changes: Any) -> Any:
    body = {"token": token, "former_answer": ANSWER, **THEIRS, **changes}
    return await world.post("/v1/successions/complete", body, status=status)


@pytest.mark.rule("ID-12", "ID-03", "ID-36")
async def test_the_next_representative_takes_the_account_over_and_the_former_one_is_out(world: World) -> None:
    former = await world.logged_in()
    await world.approve(former)
    event = await started(world, former)
    mailed = world.open(event.link, RegistrationLink)
    assert (mailed.mail, mailed.name) == (NEXT["mail"], NEXT["name_kanji"])
    assert mailed.url.startswith("https://portal.test/succession?token=")
    token = world.token(event)
    for _ in range(2):  # a mail scanner uses nothing up
        shown = await world.post("/v1/successions/inspect", {"token": token})
    assert shown["name_kanji"] == NEXT["name_kanji"]
    assert shown["former_question"]
    await world.post("/v1/sessions/refresh", headers=former.session)  # until then nothing has changed
    assert UUID((await complete(world, token))["account_id"]) == former.account_id
    assert (await world.names(former.account_id))[-5:] == [
        "RepresentativeChanged",
        "SessionsEnded",
        "UserIdIssued",
        "EkycStatusChanged",
        "PasswordLinkIssued",
    ]
    assert (await world.last(SessionsEnded)).reason == "representative_changed"
    issued = await world.last(UserIdIssued)
    for reader, sealed in (("notifications", issued.contact), ("applications", issued.contact_for_applications)):
        contact = world.open(sealed, Contact, reader)
        assert (contact.mail, contact.name) == (NEXT["mail"], NEXT["name_kanji"])
    assert contact.user_id != former.user_id

    await world.post("/v1/sessions/refresh", status=401, headers=former.session)
    assert (await world.give_password(former, status=401))["code"] == "login_failed"
    present = Member(former.account_id, contact.user_id, NEXT["mail"])
    assert (await world.give_password(present, status=401))["code"] == "login_failed"  # no password yet
    body = {"token": await world.password_token(present.account_id), "password": PASSWORD}
    await world.post("/v1/passwords/set", body, status=204)  # also the former one's password: it is a first one
    assert (await world.give_password(present))["next"] == "enrol_otp"  # an authenticator of their own
    assert (await world.log_in(present))["landing"] == "association_top"  # the association stays approved
    me = await world.get("/v1/me", headers=present.bearer)
    assert (me["account_id"], me["name_kanji"]) == (str(former.account_id), NEXT["name_kanji"])


@pytest.mark.rule("ID-12", "ID-77")
async def test_identity_verification_starts_anew_and_a_running_one_is_void(world: World) -> None:
    member = await world.logged_in()
    await world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=member.bearer)
    await complete(world, world.token(await started(world, member)))
    assert (await world.last(EkycStatusChanged)).model_dump() == {
        "account_id": member.account_id,
        "ekyc_id": None,
        "status": "data_registered",
    }


@pytest.mark.rule("ID-12")
async def test_the_history_keeps_everybody(world: World) -> None:
    member = await world.logged_in()
    began = world.clock()
    await complete(world, world.token(await started(world, member)))
    changed = world.clock()
    office = await world.staff(Role.OFFICE_REVIEWER)
    await world.log_in(office)
    world.clock.advance(minutes=4)
    third = {**NEXT, "name_kanji": "高橋 三郎", "mail": "saburo@example.jp"}
    path = f"/v1/accounts/{member.account_id}"
    await world.post(f"{path}/successions", third, status=201, headers=office.bearer)
    body = {"former_answer": THEIRS["secret_answer"]}
    await complete(world, world.token(await world.last(SuccessionStarted)), **body)
    held = (await world.get(f"{path}/representatives", headers=office.bearer))["items"]
    assert [one["name_kanji"] for one in held] == ["山田 太郎", "佐藤 次郎", "高橋 三郎"]
    shown = [(one["held_from"], one["held_until"]) for one in held]
    times = [at.isoformat().replace("+00:00", "Z") for at in (began, changed, world.clock())]
    assert shown == [(times[0], times[1]), (times[1], times[2]), (times[2], None)]
    await world.get(f"/v1/accounts/{uuid4()}/representatives", status=404, headers=office.bearer)
    await world.get(f"/v1/accounts/{office.account_id}/representatives", status=404, headers=office.bearer)


@pytest.mark.rule("ID-12")
@pytest.mark.parametrize("role", [Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER, Role.OPERATOR])
async def test_the_office_or_an_operator_begins_it_when_the_former_one_cannot(world: World, role: Role) -> None:
    member, office = await world.member(), await world.staff(role)
    await world.log_in(office)
    path = f"/v1/accounts/{member.account_id}/successions"
    await world.post(path, NEXT, status=201, headers=office.bearer)
    await complete(world, world.token(await world.last(SuccessionStarted)))
    for other in (uuid4(), office.account_id, (await world.somebody(Role.APPLICANT)).account_id):
        await world.post(f"/v1/accounts/{other}/successions", NEXT, status=404, headers=office.bearer)


@pytest.mark.rule("ID-12", "ID-43")
async def test_the_representative_begins_it_with_a_one_time_password_only(world: World) -> None:
    member = await world.logged_in()
    body = {**NEXT, "code": world.wrong_code(member)}
    problem = await world.post("/v1/successions", body, status=409, headers=member.bearer)
    assert problem["code"] == "otp_refused"
    world.clock.advance(seconds=60)
    body["code"] = world.code(member)
    await world.post("/v1/successions", body, status=201, headers=member.bearer)
    await world.post("/v1/successions", body, status=409, headers=member.bearer)  # the code is used up


@pytest.mark.rule("ID-12")
async def test_a_wrong_answer_changes_nothing_and_the_fifth_voids_the_link(world: World) -> None:
    member = await world.logged_in()
    token = world.token(await started(world, member))
    for _ in range(TRIES - 1):
        problem = await complete(world, token, status=409, former_answer="たんぽぽ小学校")
        assert problem["code"] == "answer_refused"
        assert "ID-12" in problem["rules"]
    await complete(world, token, status=409, secret_answer="")  # of one's own entries: costs no try
    await complete(world, token, status=409, terms_accepted=False)
    await complete(world, token, status=409, former_answer="x")
    assert (await complete(world, token, status=410))["code"] == "link_not_valid"
    await world.post("/v1/sessions/refresh", headers=member.session)
    await complete(world, world.token(await started(world, member)))


@pytest.mark.rule("ID-12")
async def test_simultaneous_guesses_are_counted_each(world: World) -> None:
    member = await world.logged_in()
    token = world.token(await started(world, member))
    body = {"token": token, "former_answer": "x", **THEIRS}
    answers = await asyncio.gather(*(world.http.post("/v1/successions/complete", json=body) for _ in range(12)))
    assert [answer.status_code for answer in answers].count(409) == TRIES


@pytest.mark.rule("ID-12")
async def test_of_simultaneous_completions_one_wins(world: World) -> None:
    member = await world.logged_in()
    body = {"token": world.token(await started(world, member)), "former_answer": ANSWER, **THEIRS}
    answers = await asyncio.gather(*(world.http.post("/v1/successions/complete", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
    assert (await world.names(member.account_id)).count("RepresentativeChanged") == 1


@pytest.mark.rule("ID-12", "ID-19")
async def test_the_link_works_for_seven_days_and_a_newer_one_replaces_it(world: World) -> None:
    member = await world.logged_in()
    older = world.token(await started(world, member))
    newer = world.token(await started(world, member))
    await complete(world, older, status=410)
    world.clock.advance(days=7, seconds=-1)
    await world.post("/v1/successions/inspect", {"token": newer})
    world.clock.advance(seconds=1)
    await complete(world, newer, status=410)
    await world.post("/v1/successions/inspect", {"token": newer}, status=410)


@pytest.mark.rule("ID-12")
async def test_what_was_begun_can_be_taken_back(world: World) -> None:
    member, office = await world.logged_in(), await world.staff(Role.OFFICE_REVIEWER)
    await world.log_in(office)
    for path, who in (
        ("/v1/successions/current", member),
        (f"/v1/accounts/{member.account_id}/successions/current", office),
    ):
        token = world.token(await started(world, member))
        assert (await world.http.delete(path, headers=who.bearer)).status_code == 204
        assert (await world.http.delete(path, headers=who.bearer)).status_code == 404
        await complete(world, token, status=410)


@pytest.mark.rule("ID-12")
async def test_entries_that_are_no_person_are_refused(world: World) -> None:
    member = await world.member()
    office = await world.staff(Role.OPERATOR)
    await world.log_in(office)
    path = f"/v1/accounts/{member.account_id}/successions"
    problem = await world.post(path, {**NEXT, "mail": "", "name_kana": ""}, status=409, headers=office.bearer)
    assert {one["field"] for one in problem["findings"]} == {"mail", "name_kana"}


@pytest.mark.rule("ID-02", "ID-12")
async def test_the_five_years_of_the_new_user_id_begin_with_its_issue(world: World) -> None:
    world.clock.now = world.clock.now.replace(year=2026)
    member = await world.logged_in()
    world.clock.now = world.clock.now.replace(year=2030)
    await world.log_in(member)
    await complete(world, world.token(await started(world, member)))
    present = Member(member.account_id, await world.user_id_of(member.account_id), NEXT["mail"])
    body = {"token": await world.password_token(present.account_id), "password": PASSWORD}
    await world.post("/v1/passwords/set", body, status=204)
    world.clock.now = world.clock.now.replace(year=2035, minute=0)
    assert (await world.give_password(present))["next"] == "enrol_otp"


@pytest.mark.rule("ID-12", "ID-34")
@pytest.mark.parametrize("ending", ["taken over", "closed"])
async def test_who_is_out_while_their_password_is_looked_at_gets_no_session(
    world: World, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    member = await world.logged_in()
    token = world.token(await started(world, member))
    hasher = world.context.tools.hasher
    verify = hasher.verify

    async def end_it_first(stored: str | None, secret: str) -> bool:
        monkeypatch.setattr(hasher, "verify", verify)
        if ending == "taken over":
            await complete(world, token)
        else:
            async with world.database.transaction() as session:
                await close_account(session, account_id=member.account_id, now=world.clock())
        return await verify(stored, secret)

    monkeypatch.setattr(hasher, "verify", end_it_first)
    assert (await world.give_password(member, status=401))["code"] == "login_failed"
    async with world.database.transaction() as session:
        open_ones = "SELECT count(*) FROM user_sessions WHERE ended_at IS NULL"
        assert (await session.execute(text(open_ones))).scalar_one() == 0


@pytest.mark.rule("ID-12", "ID-49")
async def test_a_password_that_is_changed_while_the_account_is_taken_over_stays_the_next_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await world.logged_in()
    token = world.token(await started(world, member))
    limiter = type(world.context.tools.limiter)
    count_first = limiter.count_first

    async def take_over_first(self: Any, database: Any, now: Any, **subjects: str) -> None:
        monkeypatch.setattr(limiter, "count_first", count_first)
        await complete(world, token)
        await count_first(self, database, now, **subjects)

    monkeypatch.setattr(limiter, "count_first", take_over_first)
    body = {"current_password": member.password, "new_password": "smile_2027", "confirmed": True}
    problem = await world.post("/v1/passwords/change", body, status=409, headers=member.session)
    assert problem["code"] == "current_password_wrong"
