"""Joint debtors come by invitation, with accounts of their own (GL-069)."""

import asyncio
from uuid import UUID, uuid4

import pytest
from identity.domain.people import OPEN_INVITATIONS_PER_APPLICATION
from madoguchi_contracts import Role
from madoguchi_contracts.identity import InvitationAccepted, UserIdIssued
from madoguchi_contracts.sealed import RegistrationLink
from support.identity import ANSWER, Member, World, generous, identity_world
from support.servers import FreshDatabase

COMMIT = {"secret_question": "first_school", "secret_answer": ANSWER, "terms_accepted": True}


async def applicant(world: World) -> Member:
    member = await world.member(programme="green_loan")
    await world.log_in(member)
    return member


@pytest.mark.rule("GL-069", "ID-11", "ID-15", "ID-16")
async def test_somebody_new_gets_an_account_by_the_link_and_it_is_told_who_invited_them(world: World) -> None:
    host, application = await applicant(world), uuid4()
    sent = await world.invite(host, "hanako@example.jp", application_id=str(application))
    mailed = world.open(sent.link, RegistrationLink)
    assert (mailed.mail, mailed.name) == ("hanako@example.jp", "山田 花子")
    assert mailed.url.startswith("https://portal.test/invitation#token=")
    token = world.token(sent)
    for _ in range(2):  # a mail scanner uses nothing up
        shown = await world.post("/v1/invitations/inspect", {"token": token})
    assert (shown["name_kanji"], shown["name_kana"], shown["role"]) == ("山田 花子", "ヤマダ ハナコ", "joint_debtor")
    made = UUID((await world.post("/v1/invitations/register", {"token": token, **COMMIT}, status=201))["account_id"])
    assert await world.names(made) == ["UserIdIssued", "EkycStatusChanged", "PasswordLinkIssued", "InvitationAccepted"]
    assert (await world.last(UserIdIssued)).role is Role.JOINT_DEBTOR
    assert (await world.last(InvitationAccepted)).model_dump() == {
        "account_id": made,
        "invitation_id": sent.invitation_id,
        "application_id": application,
        "invited_by": host.account_id,
        "role": "joint_debtor",
    }
    await world.post("/v1/invitations/register", {"token": token, **COMMIT}, status=410)
    await world.post("/v1/invitations/inspect", {"token": token}, status=410)


@pytest.mark.rule("GL-069", "GL-100", "ID-36", "ID-70")
async def test_a_joint_debtor_logs_in_verifies_themselves_and_gives_codes_of_their_own(world: World) -> None:
    member = await world.joint_debtor()
    assert (await world.log_in(member))["landing"] == "applicant_top"
    await world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=member.bearer)
    world.clock.advance(seconds=60)
    body = {"code": world.code(member), "purpose": "consent_personal_data", "digest": "0" * 64}
    assert (await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer))["proof"]


@pytest.mark.rule("GL-069")
@pytest.mark.parametrize("role", [Role.APPLICANT, Role.JOINT_DEBTOR])
async def test_somebody_with_an_account_accepts_it_logged_in(world: World, role: Role) -> None:
    host, guest = await applicant(world), await world.somebody(role)
    await world.log_in(guest)
    application = uuid4()
    token = world.token(await world.invite(host, application_id=str(application)))
    answer = await world.post("/v1/invitations/accept", {"token": token}, headers=guest.bearer)
    assert answer == {"application_id": str(application)}
    told = await world.last(InvitationAccepted)
    assert (told.account_id, told.invited_by, told.role) == (guest.account_id, host.account_id, "joint_debtor")
    await world.post("/v1/invitations/accept", {"token": token}, status=410, headers=guest.bearer)
    (listed,) = (await world.get("/v1/invitations", headers=host.bearer))["items"]
    assert listed["state"] == "accepted"


async def test_nobody_accepts_their_own_invitation(world: World) -> None:
    host = await applicant(world)
    token = world.token(await world.invite(host))
    await world.post("/v1/invitations/accept", {"token": token}, status=410, headers=host.bearer)
    await world.post("/v1/invitations/inspect", {"token": token})


async def test_of_simultaneous_acceptances_one_wins(world: World) -> None:
    host = await applicant(world)
    token = world.token(await world.invite(host))
    guests = [await world.somebody(Role.APPLICANT) for _ in range(3)]
    for guest in guests:
        await world.log_in(guest)
    answers = await asyncio.gather(
        *(world.http.post("/v1/invitations/accept", json={"token": token}, headers=one.bearer) for one in guests),
        *(world.http.post("/v1/invitations/register", json={"token": token, **COMMIT}) for _ in range(3)),
    )
    assert sorted(answer.status_code for answer in answers)[0] in (200, 201)
    assert [answer.status_code for answer in answers].count(410) == 5
    assert len([event for event in await world.all_events() if isinstance(event, InvitationAccepted)]) == 1


async def test_the_link_works_for_seven_days(world: World) -> None:
    host = await applicant(world)
    early, late = [world.token(await world.invite(host)) for _ in range(2)]
    world.clock.advance(days=6, hours=23, minutes=59, seconds=59)
    await world.post("/v1/invitations/register", {"token": early, **COMMIT}, status=201)
    world.clock.advance(seconds=1)
    await world.post("/v1/invitations/register", {"token": late, **COMMIT}, status=410)
    await world.log_in(host)
    states = {one["state"] for one in (await world.get("/v1/invitations", headers=host.bearer))["items"]}
    assert states == {"accepted", "expired"}


async def test_a_withdrawn_invitation_works_for_nobody(world: World) -> None:
    host, stranger = await applicant(world), await applicant(world)
    sent = await world.invite(host)
    path = f"/v1/invitations/{sent.invitation_id}"
    assert (await world.http.delete(path, headers=stranger.bearer)).status_code == 404
    for _ in range(2):
        assert (await world.http.delete(path, headers=host.bearer)).status_code == 204
    await world.post("/v1/invitations/register", {"token": world.token(sent), **COMMIT}, status=410)
    (listed,) = (await world.get("/v1/invitations", headers=host.bearer))["items"]
    assert listed["state"] == "withdrawn"
    assert (await world.get("/v1/invitations", headers=stranger.bearer))["items"] == []


async def test_one_that_was_accepted_cannot_be_withdrawn(world: World) -> None:
    host = await applicant(world)
    sent = await world.invite(host)
    await world.post("/v1/invitations/register", {"token": world.token(sent), **COMMIT}, status=201)
    answer = await world.http.delete(f"/v1/invitations/{sent.invitation_id}", headers=host.bearer)
    assert answer.status_code == 404


async def test_a_newer_invitation_of_the_same_address_replaces_the_older_one(world: World) -> None:
    host, application = await applicant(world), str(uuid4())
    first, second = [await world.invite(host, "hanako@EXAMPLE.jp", application_id=application) for _ in range(2)]
    await world.post("/v1/invitations/inspect", {"token": world.token(first)}, status=410)
    await world.post("/v1/invitations/inspect", {"token": world.token(second)})


async def test_entries_that_are_no_person_are_refused(world: World) -> None:
    host = await applicant(world)
    problem = await world.invite(host, "nobody", status=409, name_kana="", role="operator")
    assert {one["field"] for one in problem["findings"]} == {"mail", "name_kana", "role"}
    await world.post(
        "/v1/invitations/register",
        {"token": world.token(await world.invite(host)), **COMMIT, "terms_accepted": False},
        status=409,
    )


async def test_so_many_and_no_more(postgres_url: FreshDatabase) -> None:
    limits = generous("registration_address", "link_address") | {"invitation_account": {"times": 12, "seconds": 86_400}}
    async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
        host, application = await applicant(world), str(uuid4())
        for _ in range(OPEN_INVITATIONS_PER_APPLICATION):
            await world.invite(host, application_id=application)
        problem = await world.invite(host, application_id=application, status=409)
        assert [one["code"] for one in problem["findings"]] == ["TOO_MANY"]
        await world.invite(host)
        await world.invite(host)
        answer = await world.invite(host, status=429)
        assert answer["code"] == "too_many_requests"


async def test_an_address_gets_few_invitations_whoever_sends_them(world: World) -> None:
    for _ in range(5):
        await world.invite(await applicant(world), "hanako@example.jp")
    await world.invite(await applicant(world), "hanako@example.jp", status=429)
