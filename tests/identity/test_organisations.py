"""Organisations that work with the agency, and the accounts of their people and of the office (ID-26)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from identity import queries
from identity.commands import organisations, staff
from identity.domain.people import ADDRESS_LIMIT, NAME_LIMIT, OrganisationKind, organisation_findings
from kit.tokens import TokenVerifier
from madoguchi_contracts import Role
from madoguchi_contracts.identity import (
    AccountClosed,
    OrganisationChanged,
    OrganisationClosed,
    OrganisationRegistered,
    SessionsEnded,
    UserIdIssued,
)
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from support.identity import BY, ORGANISATION, WHY, Member, World, published_keys

OF_ORGANISATIONS = [Role.COMPANY, Role.INSPECTION_BODY, Role.BANK]


async def operator(world: World) -> Member:
    member = await world.staff(Role.OPERATOR)
    await world.log_in(member)
    return member


class TestData:
    def test_complete_data_has_no_findings(self) -> None:
        assert organisation_findings(**ORGANISATION) == []

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("name", " ", "EMPTY"),
            ("name", "み" * (NAME_LIMIT + 1), "TOO_LONG"),
            ("name", "みどり\n管理", "FORMAT"),
            ("name_kana", "", "EMPTY"),
            ("name_kana", "みどり", "NOT_KATAKANA"),
            ("name_kana", "ﾐﾄﾞﾘ", "NOT_KATAKANA"),
            ("address", "", "EMPTY"),
            ("address", "東" * (ADDRESS_LIMIT + 1), "TOO_LONG"),
            ("postal_code", "112857", "FORMAT"),
            ("postal_code", "112-8570", "FORMAT"),
            ("postal_code", "１１２８５７０", "FORMAT"),
            ("phone", "03-5800-9479", "FORMAT"),
            ("phone", "035800947", "FORMAT"),
            ("phone", "035800947900", "FORMAT"),
            ("phone", "1358009479", "FORMAT"),
        ],
    )
    def test_anything_else_is_found(self, field: str, value: str, code: str) -> None:
        found = organisation_findings(**{**ORGANISATION, field: value})
        assert [(one.field, one.code) for one in found] == [(field, code)]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "み" * NAME_LIMIT),
            ("name_kana", "ミドリ・カンリー　ヶ"),
            ("address", "東" * ADDRESS_LIMIT),
            ("phone", "0358009479"),
            ("phone", "09012345678"),
        ],
    )
    def test_the_longest_and_oddest_right_ones_are_taken(self, field: str, value: str) -> None:
        assert organisation_findings(**{**ORGANISATION, field: value}) == []


@pytest.mark.rule("ID-26")
@pytest.mark.parametrize("kind", OrganisationKind)
async def test_an_operator_registers_an_organisation_and_it_is_told(world: World, kind: OrganisationKind) -> None:
    member = await operator(world)
    answer = await world.post(
        "/v1/organisations", {**ORGANISATION, **WHY, "kind": kind}, status=201, headers=member.bearer
    )
    told = await world.last(OrganisationRegistered)
    assert told.model_dump() == {"organisation_id": UUID(answer["organisation_id"]), "kind": kind, **ORGANISATION}
    shown = await world.get(f"/v1/organisations/{answer['organisation_id']}", headers=member.bearer)
    assert {name: shown[name] for name in ORGANISATION} == ORGANISATION
    assert (shown["kind"], shown["closed_at"]) == (kind, None)


async def test_wrong_data_is_refused_with_every_finding(world: World) -> None:
    member = await operator(world)
    body = {**ORGANISATION, **WHY, "kind": "company", "phone": "", "postal_code": "1"}
    problem = await world.post("/v1/organisations", body, status=409, headers=member.bearer)
    assert {one["field"] for one in problem["findings"]} == {"phone", "postal_code"}
    await world.post("/v1/organisations", {**body, "kind": "club"}, status=422, headers=member.bearer)
    assert not [event for event in await world.all_events() if isinstance(event, OrganisationRegistered)]


async def test_a_change_is_told_once_with_the_whole_new_data(world: World) -> None:
    member, made = await operator(world), await world.organisation()
    path = f"/v1/organisations/{made}"
    for _ in range(2):
        answer = await world.http.put(path, json={**ORGANISATION, **WHY, "phone": "0358000000"}, headers=member.bearer)
        assert answer.status_code == 204
    changed = [event for event in await world.all_events() if isinstance(event, OrganisationChanged)]
    assert [event.model_dump() for event in changed] == [
        {"organisation_id": made, "kind": "company", **ORGANISATION, "phone": "0358000000"}
    ]
    answer = await world.http.put(path, json={**ORGANISATION, **WHY, "name": ""}, headers=member.bearer)
    assert answer.status_code == 409
    missing = await world.http.put(f"/v1/organisations/{uuid4()}", json={**ORGANISATION, **WHY}, headers=member.bearer)
    assert missing.status_code == 404


async def test_the_office_looks_at_them_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.api.organisations.PAGE", 2)
    made = {str(await world.organisation()) for _ in range(5)}
    reviewer = await world.staff(Role.OFFICE_REVIEWER)
    await world.log_in(reviewer)
    seen: list[str] = []
    cursor = ""
    while True:
        page = await world.get(f"/v1/organisations{cursor}", headers=reviewer.bearer)
        seen += [one["organisation_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"?cursor={page['next_cursor']}"
    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.rule("ID-26", "ID-37", "ID-40")
@pytest.mark.parametrize("role", OF_ORGANISATIONS)
async def test_its_people_have_accounts_passwords_and_authenticators_of_their_own(world: World, role: Role) -> None:
    boss, made = await operator(world), await world.organisation(OrganisationKind(role.value))
    people = []
    for name in ("窓口 花子", "受付 太郎"):
        body = {"role": role, "name": name, "mail": f"{uuid4().hex}@midori.example.jp", "organisation_id": str(made)}
        answer = await world.post("/v1/staff", world.deed(boss, **body), status=201, headers=boss.bearer)
        account_id = UUID(answer["account_id"])
        issued = await world.last(UserIdIssued)
        assert (issued.account_id, issued.role, issued.organisation_id) == (account_id, role, made)
        member = Member(account_id, await world.user_id_of(account_id), body["mail"])
        token = await world.password_token(account_id)
        await world.post("/v1/passwords/set", {"token": token, "password": member.password}, status=204)
        assert (await world.give_password(member))["next"] == "enrol_otp"
        await world.log_in(member)
        people.append(member)
    one, other = people
    assert one.secret != other.secret
    assert (await world.get("/v1/me", headers=one.bearer))["organisation_id"] == str(made)
    listed = await world.get(f"/v1/organisations/{made}/staff", headers=boss.bearer)
    assert {UUID(one["account_id"]) for one in listed["items"]} == {member.account_id for member in people}
    assert {one["name"] for one in listed["items"]} == {"窓口 花子", "受付 太郎"}


@pytest.mark.rule("ID-26")
async def test_other_services_read_the_organisation_in_the_token(world: World) -> None:
    made = await world.organisation()
    member = await world.staff(Role.COMPANY, made)
    await world.log_in(member)
    verifier = TokenVerifier("http://127.0.0.1:1/jwks", world.settings.token_issuer, world.clock)
    verifier._keys = await published_keys(world)
    assert (await verifier.verify(member.access_token)).organisation_id == made
    refreshed = await world.post("/v1/sessions/refresh", headers=member.session)
    assert (await verifier.verify(refreshed["access_token"])).organisation_id == made
    nobody = await world.logged_in()
    assert (await verifier.verify(nobody.access_token)).organisation_id is None


@pytest.mark.rule("ID-05", "ID-26")
@pytest.mark.parametrize(
    ("role", "kind", "code"),
    [
        (Role.COMPANY, None, "ORGANISATION"),
        (Role.COMPANY, OrganisationKind.BANK, "ROLE"),
        (Role.OPERATOR, OrganisationKind.COMPANY, "ORGANISATION"),
        (Role.ASSOCIATION, None, "ROLE"),
        (Role.APPLICANT, None, "ROLE"),
        (Role.JOINT_DEBTOR, None, "ROLE"),
    ],
)
async def test_an_account_that_does_not_fit_is_refused(
    world: World, role: Role, kind: OrganisationKind | None, code: str
) -> None:
    boss = await operator(world)
    organisation = str(await world.organisation(kind)) if kind else None
    body: dict[str, Any] = {"role": role, "name": "窓口 花子", "mail": "x@example.jp", "organisation_id": organisation}
    problem = await world.post("/v1/staff", world.deed(boss, **body), status=409, headers=boss.bearer)
    assert [one["code"] for one in problem["findings"]] == [code]


async def test_nobody_joins_an_organisation_that_does_not_exist(world: World) -> None:
    boss = await operator(world)
    body = {"role": "bank", "name": "窓口 花子", "mail": "x@example.jp", "organisation_id": str(uuid4())}
    await world.post("/v1/staff", world.deed(boss, **body), status=404, headers=boss.bearer)


@pytest.mark.rule("ID-34")
async def test_closing_an_organisation_ends_the_sessions_and_logins_of_its_people_and_of_nobody_else(
    world: World,
) -> None:
    boss, made = await operator(world), await world.organisation()
    inside, halfway, outside = [await world.staff(Role.COMPANY, one) for one in (made, made, None)]
    for member in (inside, outside):
        await world.log_in(member)
    half = (await world.give_password(halfway))["login_token"]
    await world.post(f"/v1/organisations/{made}/close", world.deed(boss), status=204, headers=boss.bearer)
    assert (await world.names(inside.account_id))[-2:] == ["AccountClosed", "SessionsEnded"]
    assert (await world.last(SessionsEnded)).reason == "account_closed"
    assert (await world.last(OrganisationClosed)).organisation_id == made
    await world.post("/v1/sessions/refresh", status=401, headers=inside.session)
    await world.get("/v1/me", status=401, headers=inside.bearer)
    # As for a wrong password: whether an account was closed is nobody's business.
    assert (await world.give_password(inside, status=401))["code"] == "login_failed"
    await world.post("/v1/otp/enrolment", {"login_token": half}, status=401)
    await world.post("/v1/passwords/reset-requests", {"user_id": inside.user_id}, status=202)
    assert (await world.names(inside.account_id))[-1] == "SessionsEnded"
    await world.post("/v1/sessions/refresh", headers=outside.session)
    told = len(await world.all_events())
    await world.post(f"/v1/organisations/{made}/close", world.deed(boss), status=204, headers=boss.bearer)
    assert len(await world.all_events()) == told
    body = {"role": "company", "name": "窓口 花子", "mail": "x@example.jp", "organisation_id": str(made)}
    problem = await world.post("/v1/staff", world.deed(boss, **body), status=409, headers=boss.bearer)
    assert problem["code"] == "organisation_closed"
    answer = await world.http.put(f"/v1/organisations/{made}", json={**ORGANISATION, **WHY}, headers=boss.bearer)
    assert answer.json()["code"] == "organisation_closed"
    await world.post(f"/v1/organisations/{uuid4()}/close", world.deed(boss), status=404, headers=boss.bearer)


async def test_who_joins_while_it_is_closed_is_out_or_was_never_in(world: World) -> None:
    made = await world.organisation()

    async def join(number: int) -> None:
        async with world.database.transaction() as session:
            await staff.add_staff(
                session,
                world.context.tools,
                by=BY,
                role=Role.COMPANY,
                name="窓口 花子",
                mail=f"{number}@example.jp",
                organisation_id=made,
                now=world.clock(),
            )

    async def close() -> None:
        async with world.database.transaction() as session:
            await organisations.close(session, by=BY, organisation_id=made, now=world.clock())

    await asyncio.gather(join(1), join(2), close(), join(3), join(4), return_exceptions=True)
    events = await world.all_events()
    opened = {event.account_id for event in events if isinstance(event, UserIdIssued)}
    assert opened == {event.account_id for event in events if isinstance(event, AccountClosed)}


class TestStaff:
    @pytest.mark.rule("ID-34")
    async def test_who_leaves_cannot_log_in_any_more(self, world: World) -> None:
        boss, leaving = await operator(world), await world.staff(Role.OFFICE_REVIEWER)
        await world.log_in(leaving)
        for _ in range(2):
            await world.post(f"/v1/staff/{leaving.account_id}/close", world.deed(boss), status=204, headers=boss.bearer)
        assert (await world.names(leaving.account_id))[-2:] == ["AccountClosed", "SessionsEnded"]
        await world.post("/v1/sessions/refresh", status=401, headers=leaving.session)
        assert (await world.give_password(leaving, status=401))["code"] == "login_failed"

    async def test_nobody_closes_their_own_or_an_applicants_account(self, world: World) -> None:
        boss, member = await operator(world), await world.member()
        own = await world.post(f"/v1/staff/{boss.account_id}/close", world.deed(boss), status=409, headers=boss.bearer)
        assert own["code"] == "own_account"
        theirs = await world.post(
            f"/v1/staff/{member.account_id}/close", world.deed(boss), status=409, headers=boss.bearer
        )
        assert theirs["code"] == "not_staff"
        await world.post(f"/v1/staff/{uuid4()}/close", world.deed(boss), status=404, headers=boss.bearer)
        assert (await world.give_password(member))["next"] == "enrol_otp"

    async def test_a_repeated_request_opens_one_account(self, world: World) -> None:
        boss = await operator(world)
        body = world.deed(boss, role="operator", name="窓口 花子", mail="x@example.jp")
        headers = boss.bearer
        first = await world.post("/v1/staff", body, status=201, headers=headers)
        assert await world.post("/v1/staff", body, status=201, headers=headers) == first

    @pytest.mark.rule("ID-43")
    async def test_it_takes_a_code_that_was_not_used_and_a_reason(self, world: World) -> None:
        boss, leaving, made = await operator(world), await world.staff(Role.OFFICE_REVIEWER), await world.organisation()
        person = {"role": "operator", "name": "窓口 花子", "mail": "x@example.jp"}

        told = len(await world.all_events())
        for path, what in (
            ("/v1/staff", person),
            (f"/v1/staff/{leaving.account_id}/close", {}),
            (f"/v1/organisations/{made}/close", {}),
        ):
            world.clock.advance(minutes=16)  # of wrong codes, few are looked at in a quarter of an hour
            boss.access_token = (await world.post("/v1/sessions/refresh", headers=boss.session))["access_token"]
            used = world.deed(boss, **what)
            proof = {"code": used["code"], "purpose": "submit", "digest": "0" * 64}
            await world.post("/v1/otp/proofs", proof, status=201, headers=boss.bearer)
            assert (await world.post(path, used, status=409, headers=boss.bearer))["code"] == "otp_refused"
            wrong = {**used, "code": world.wrong_code(boss)}
            assert (await world.post(path, wrong, status=409, headers=boss.bearer))["code"] == "otp_refused"
            for missing in ("code", "reason"):
                body = {name: value for name, value in used.items() if name != missing}
                await world.post(path, body, status=422, headers=boss.bearer)
            await world.post(path, {**used, "reason": " "}, status=422, headers=boss.bearer)
        assert len(await world.all_events()) == told
        async with world.database.transaction() as session:
            assert {row["who"] for row in await queries.audit_log(session, None, 100)} == {"operations"}  # before


async def test_what_is_done_at_the_counter_is_kept_with_who_why_and_when(world: World) -> None:
    boss = await operator(world)
    body = {**ORGANISATION, **WHY, "kind": "bank"}
    made = (await world.post("/v1/organisations", body, status=201, headers=boss.bearer))["organisation_id"]
    change = {**ORGANISATION, "phone": "0358000000", "reason": "moved"}
    for _ in range(2):  # the second one changes nothing, and is no deed
        await world.http.put(f"/v1/organisations/{made}", json=change, headers=boss.bearer)
    person = {"role": "bank", "name": "窓口 花子", "mail": "x@example.jp", "organisation_id": made}
    added = world.deed(boss, **person)
    headers = boss.bearer
    for _ in range(2):
        account = (await world.post("/v1/staff", added, status=201, headers=headers))["account_id"]
    opened_at = world.clock()
    await world.post(f"/v1/staff/{account}/close", world.deed(boss), status=204, headers=boss.bearer)
    await world.post(f"/v1/organisations/{made}/close", world.deed(boss), status=204, headers=boss.bearer)
    async with world.database.transaction() as session:
        of_organisation = await queries.audit_log(session, UUID(made), 100)
        of_account = await queries.audit_log(session, UUID(account), 100)
        assert await queries.audit_log(session, UUID(made), 1) == of_organisation[:1]
    assert {(row["who"], row["role"]) for row in of_organisation} == {(str(boss.account_id), "operator")}
    assert [(row["deed"], row["reason"]) for row in of_organisation] == [
        ("close_organisation", "a test"),
        ("change_organisation", "moved"),
        ("register_organisation", "a test"),
    ]
    assert [row["deed"] for row in of_account] == ["close_staff", "add_staff"]
    assert of_account[1]["at"] == opened_at


@pytest.mark.parametrize(
    "change", ["UPDATE audit_log SET who = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_nobody_changes_what_was_kept(world: World, change: str) -> None:
    await world.organisation()
    with pytest.raises(DBAPIError, match="append-only"):
        async with world.database.transaction() as session:
            await session.execute(text(change))
