"""The change of an association's representative (代表者変更, ID-12)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from identity import queries
from identity.commands import otp, staff
from identity.commands.accounts import close_account
from identity.commands.takeover import TRIES
from madoguchi_contracts import Role
from madoguchi_contracts.identity import (
    EkycStatusChanged,
    SessionsEnded,
    SuccessionAnnounced,
    SuccessionStarted,
    UserIdIssued,
)
from madoguchi_contracts.sealed import Contact, RegistrationLink, SuccessionNotice
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from support.identity import ANSWER, BY, PASSWORD, Member, World

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


async def officer(world: World, role: Role = Role.OFFICE_REVIEWER) -> Member:
    member = await world.staff(role)
    await world.log_in(member)
    return member


async def mailed(world: World, first: Member, account_id: UUID, **changes: str) -> str:
    """Two officers name the next representative; returns the token of the link."""
    begun = await world.succession(first, account_id, **{**NEXT, **changes})
    await world.confirm(await officer(world, Role.OFFICE_APPROVER), account_id, begun)
    return world.token(await world.last(SuccessionStarted))


async def ends(world: World, member: Member) -> list[str | None]:
    """Why the changes of the account's representative ended, the newest first."""
    async with world.database.transaction() as session:
        items = await queries.successions(session, world.context.tools.keys, member.account_id, world.clock())
    return [item["ended_because"] for item in items]


@pytest.mark.rule("ID-12", "ID-03", "ID-36")
async def test_the_next_representative_takes_the_account_over_and_the_former_one_is_out(world: World) -> None:
    former = await world.logged_in()
    await world.approve(former)
    event = await started(world, former)
    mailed = world.open(event.link, RegistrationLink)
    assert (mailed.mail, mailed.name) == (NEXT["mail"], NEXT["name_kanji"])
    assert mailed.url.startswith("https://portal.test/succession#token=")
    token = world.token(event)
    for _ in range(2):  # a mail scanner uses nothing up
        shown = await world.post("/v1/successions/inspect", {"token": token})
    assert shown["name_kanji"] == NEXT["name_kanji"]
    assert shown["former_question"]
    await world.post("/v1/sessions/refresh", headers=former.session)  # until then nothing has changed
    assert UUID((await complete(world, token))["account_id"]) == former.account_id
    assert (await world.names(former.account_id))[-6:] == [
        "RepresentativeChanged",
        "SuccessionAnnounced",
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
    office = await officer(world)
    world.clock.advance(minutes=1)
    third = {"name_kanji": "高橋 三郎", "mail": "saburo@example.jp"}
    path = f"/v1/accounts/{member.account_id}"
    await mailed(world, office, member.account_id, **third)
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
    member, office = await world.member(), await officer(world, role)
    await complete(world, await mailed(world, office, member.account_id))
    for other in (uuid4(), office.account_id, (await world.somebody(Role.APPLICANT)).account_id):
        office.access_token = (await world.post("/v1/sessions/refresh", headers=office.session))["access_token"]
        body = world.deed(office, **NEXT)
        await world.post(f"/v1/accounts/{other}/successions", body, status=404, headers=office.bearer)


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
    # Another link gives no other five guesses within the hour.
    token = world.token(await started(world, member))
    assert (await complete(world, token, status=429, former_answer="y"))["code"] == "too_many_requests"
    world.clock.advance(hours=1)
    await complete(world, token)


@pytest.mark.rule("ID-12", "ID-33")
async def test_the_answer_is_guessed_at_twenty_times_in_thirty_days_over_all_links(world: World) -> None:
    member = await world.logged_in()
    statuses = []
    for _ in range(5):
        world.clock.advance(hours=2)
        await world.log_in(member)
        token = world.token(await started(world, member))
        body = {"token": token, "former_answer": "x", **THEIRS}
        statuses += [(await world.http.post("/v1/successions/complete", json=body)).status_code for _ in range(TRIES)]
    assert statuses == [*[409] * 20, *[429] * 5]


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
async def test_the_link_works_for_a_day_and_a_newer_one_replaces_it(world: World) -> None:
    member = await world.logged_in()
    older = world.token(await started(world, member))
    newer = world.token(await started(world, member))
    await complete(world, older, status=410)
    world.clock.advance(hours=24, seconds=-1)
    await world.post("/v1/successions/inspect", {"token": newer})
    world.clock.advance(seconds=1)
    await complete(world, newer, status=410)
    await world.post("/v1/successions/inspect", {"token": newer}, status=410)


@pytest.mark.rule("ID-12")
async def test_what_was_begun_can_be_taken_back(world: World) -> None:
    member, office = await world.logged_in(), await officer(world)
    token = world.token(await started(world, member))
    for status in (204, 404):
        assert (await world.http.delete("/v1/successions/current", headers=member.bearer)).status_code == status
    await complete(world, token, status=410)
    token = world.token(await started(world, member))
    path = f"/v1/accounts/{member.account_id}/successions/withdraw"
    for status in (204, 404):
        await world.post(path, {"reason": "named by mistake"}, status=status, headers=office.bearer)
    await complete(world, token, status=410)
    assert await ends(world, member) == ["office_withdrew", "holder_objected"]


@pytest.mark.rule("ID-12")
async def test_entries_that_are_no_person_are_refused(world: World) -> None:
    member, office = await world.member(), await officer(world)
    path = f"/v1/accounts/{member.account_id}/successions"
    body = world.deed(office, **{**NEXT, "mail": "", "name_kana": ""})
    problem = await world.post(path, body, status=409, headers=office.bearer)
    assert {one["field"] for one in problem["findings"]} == {"mail", "name_kana"}
    await world.post(path, {**body, **NEXT}, status=201, headers=office.bearer)  # and cost no code


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


class TestFourEyes:
    @pytest.mark.rule("ID-12")
    async def test_nobody_gets_a_link_before_a_second_officer_confirms_it(self, world: World) -> None:
        member, first = await world.member(), await officer(world)
        begun = await world.succession(first, member.account_id, **NEXT)
        assert "SuccessionStarted" not in await world.names(member.account_id)
        first.access_token = (await world.post("/v1/sessions/refresh", headers=first.session))["access_token"]
        problem = await world.confirm(first, member.account_id, begun, status=409)
        assert problem["code"] == "second_officer_needed"
        second = await officer(world, Role.OPERATOR)
        (shown,) = (await world.get(f"/v1/accounts/{member.account_id}/successions", headers=second.bearer))["items"]
        assert (shown["state"], shown["name_kanji"], shown["begun_by"]) == ("waiting", NEXT["name_kanji"], "office")
        await world.confirm(second, uuid4(), begun, status=404)
        await world.confirm(second, member.account_id, uuid4(), status=404)
        await world.confirm(second, member.account_id, begun)
        second.access_token = (await world.post("/v1/sessions/refresh", headers=second.session))["access_token"]
        await world.confirm(second, member.account_id, begun, status=404)  # a second link would void the first
        async with world.database.transaction() as session:
            rows = await queries.audit_log(session, member.account_id, 10)
        assert [(row["who"], row["deed"], row["reason"]) for row in rows] == [
            (str(second.account_id), "confirm_succession", "a test"),
            (str(first.account_id), "start_succession", "a test"),
        ]
        await complete(world, world.token(await world.last(SuccessionStarted)))

    @pytest.mark.rule("ID-12", "ID-43")
    async def test_each_of_the_two_gives_a_one_time_password_that_was_not_used(self, world: World) -> None:
        member, first, second = await world.member(), await officer(world), await officer(world)
        path = f"/v1/accounts/{member.account_id}/successions"
        body = {**world.deed(first, **NEXT), "code": world.wrong_code(first)}
        assert (await world.post(path, body, status=409, headers=first.bearer))["code"] == "otp_refused"
        body["code"] = world.code(first)
        begun = (await world.post(path, body, status=201, headers=first.bearer))["succession_id"]
        assert (await world.post(path, body, status=409, headers=first.bearer))["code"] == "otp_refused"
        confirmation = {**world.deed(second), "code": world.wrong_code(second)}
        path = f"{path}/{begun}/confirm"
        assert (await world.post(path, confirmation, status=409, headers=second.bearer))["code"] == "otp_refused"
        assert "SuccessionStarted" not in await world.names(member.account_id)

    @pytest.mark.rule("ID-12")
    async def test_what_waits_is_confirmed_within_seven_days(self, world: World) -> None:
        member, first, second = await world.member(), await officer(world), await officer(world)
        begun = await world.succession(first, member.account_id)
        world.clock.advance(days=7, minutes=-3)
        await world.log_in(second)
        late = await world.get(f"/v1/accounts/{member.account_id}/successions", headers=second.bearer)
        assert late["items"][0]["state"] == "waiting"
        world.clock.now = await begun_until(world) - timedelta(seconds=60)  # it takes a minute for the next code
        await world.confirm(second, member.account_id, begun, status=404)

    @pytest.mark.rule("ID-12")
    async def test_the_database_refuses_what_one_officer_did_alone(self, world: World) -> None:
        member, first = await world.member(), await officer(world)
        begun = await world.succession(first, member.account_id)
        for change in ("token_sha256 = 'x'", "confirmed_by = started_by, confirmed_at = now()"):
            with pytest.raises(IntegrityError, match=r"ck_successions_(four_eyes|second_officer)"):
                async with world.database.transaction() as session:
                    await session.execute(text(f"UPDATE successions SET {change} WHERE id = :id"), {"id": begun})  # noqa: S608


async def begun_until(world: World) -> datetime:
    async with world.database.transaction() as session:
        return (await session.execute(text("SELECT max(expires_at) FROM successions"))).scalar_one()  # type: ignore[no-any-return]


class TestTheHolder:
    @pytest.mark.rule("ID-12")
    async def test_is_told_when_it_is_begun_and_when_it_is_done_at_their_own_address(self, world: World) -> None:
        member = await world.logged_in("former@example.jp")
        token = world.token(await started(world, member))
        begun = await world.last(SuccessionAnnounced)
        assert begun.stage == "started"
        notice = world.open(begun.notice, SuccessionNotice)
        assert (notice.mail, notice.name) == ("former@example.jp", "山田 太郎")
        assert notice.url is not None
        assert notice.url.startswith("https://portal.test/succession/object")
        assert NEXT["mail"] not in notice.model_dump_json()
        await complete(world, token)
        done = await world.last(SuccessionAnnounced)
        assert done.stage == "completed"
        told = world.open(done.notice, SuccessionNotice)
        assert (told.mail, told.name, told.url) == ("former@example.jp", "山田 太郎", None)
        names = await world.names(member.account_id)
        assert names.index("SuccessionAnnounced") < names.index("SuccessionStarted")

    @pytest.mark.rule("ID-12")
    async def test_is_told_as_soon_as_the_office_begins_it(self, world: World) -> None:
        member, first = await world.member("former@example.jp"), await officer(world)
        await world.succession(first, member.account_id)
        notice = world.open((await world.last(SuccessionAnnounced)).notice, SuccessionNotice)
        assert notice.mail == "former@example.jp"

    @pytest.mark.rule("ID-12", "ID-19")
    @pytest.mark.parametrize("stage", ["waiting", "open"])
    async def test_objects_with_the_mailed_link_and_nobody_takes_over(self, world: World, stage: str) -> None:
        member, first = await world.member(), await officer(world)
        begun = await world.succession(first, member.account_id)
        objection = world.token(await world.last(SuccessionAnnounced))
        second = await officer(world)
        token = ""
        if stage == "open":
            await world.confirm(second, member.account_id, begun)
            token = world.token(await world.last(SuccessionStarted))
        for _ in range(2):  # a mail scanner ends nothing
            shown = await world.post("/v1/successions/objections/inspect", {"token": objection})
            assert shown["begun_by"] == "office"
        await world.post("/v1/successions/objections", {"token": objection}, status=204)
        for path in ("/v1/successions/objections", "/v1/successions/objections/inspect"):
            assert (await world.post(path, {"token": objection}, status=410))["code"] == "link_not_valid"
        if token:
            await complete(world, token, status=410)
        else:
            await world.confirm(second, member.account_id, begun, status=404)
        listed = await world.get(f"/v1/accounts/{member.account_id}/successions", headers=second.bearer)
        assert [(one["state"], one["ended_because"]) for one in listed["items"]] == [("withdrawn", "holder_objected")]

    @pytest.mark.rule("ID-12")
    async def test_sees_and_ends_it_being_logged_in_also_what_the_office_began(self, world: World) -> None:
        member, first = await world.member(), await officer(world)
        await world.succession(first, member.account_id, **NEXT)
        await world.log_in(member)
        (shown,) = (await world.get("/v1/successions", headers=member.bearer))["items"]
        assert (shown["state"], shown["begun_by"], shown["name_kanji"]) == ("waiting", "office", NEXT["name_kanji"])
        assert not {"mail", "name_kana"} & set(shown)
        answer = await world.http.delete("/v1/successions/current", headers=member.bearer)
        assert answer.status_code == 204
        assert (await world.get("/v1/successions", headers=member.bearer))["items"][0]["state"] == "withdrawn"

    @pytest.mark.rule("ID-12")
    async def test_objects_to_nothing_with_the_link_of_the_next_one_or_after_the_end(self, world: World) -> None:
        member = await world.logged_in()
        token = world.token(await started(world, member))
        objection = world.token(await world.last(SuccessionAnnounced))
        await world.post("/v1/successions/objections", {"token": token}, status=410)
        await world.post("/v1/successions/inspect", {"token": objection}, status=410)
        await complete(world, token)
        await world.post("/v1/successions/objections", {"token": objection}, status=410)


class TestWhatEndsIt:
    async def reset_password(self, world: World, member: Member) -> None:
        await world.post("/v1/passwords/reset-requests", {"user_id": member.user_id}, status=202)
        body = {"token": await world.password_token(member.account_id), "password": "smile_2027"}
        await world.post("/v1/passwords/set", body, status=204)

    @pytest.mark.rule("ID-12", "ID-51")
    async def test_the_holder_resets_the_password(self, world: World) -> None:
        member = await world.logged_in()
        token = world.token(await started(world, member))
        await self.reset_password(world, member)
        await complete(world, token, status=410)
        assert await ends(world, member) == ["password_reset"]

    @pytest.mark.rule("ID-12", "ID-46")
    async def test_the_holder_resets_the_authenticator(self, world: World) -> None:
        member = await world.logged_in()
        token = world.token(await started(world, member))
        world.clock.advance(days=91)
        half = (await world.give_password(member))["login_token"]
        await world.post("/v1/otp/reset", {"login_token": half, "secret_answer": ANSWER}, status=204)
        await complete(world, token, status=410)
        assert await ends(world, member) == ["otp_reset"]

    @pytest.mark.rule("ID-12")
    @pytest.mark.parametrize("which", ["first", "second"])
    @pytest.mark.parametrize("what", ["password_reset", "otp_reset", "account_closed"])
    async def test_an_officers_account_may_not_be_in_good_hands(self, world: World, which: str, what: str) -> None:
        member, first, second = await world.member(), await officer(world), await officer(world)
        begun = await world.succession(first, member.account_id)
        if which == "second":
            await world.confirm(second, member.account_id, begun)
        who = first if which == "first" else second
        if what == "password_reset":
            await self.reset_password(world, who)
        else:
            async with world.database.transaction() as session:
                if what == "otp_reset":
                    await otp.void_for(session, by=BY, account_id=who.account_id, now=world.clock())
                else:
                    await staff.close(session, by=BY, account_id=who.account_id, now=world.clock())
        assert await ends(world, member) == [what]

    @pytest.mark.rule("ID-12", "ID-27")
    async def test_a_lock_does_not_since_a_stranger_could_stop_every_change(self, world: World) -> None:
        member = await world.logged_in()
        token = world.token(await started(world, member))
        for _ in range(3):
            login = {"user_id": member.user_id, "password": "wrong-1word"}
            await world.http.post("/v1/sessions", json=login)
        assert (await world.names(member.account_id))[-1] == "AccountLocked"
        await complete(world, token)
