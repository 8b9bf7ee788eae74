"""Requests about personal data: who asks, who is answered, by how many officers, and what is told of it."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from kit.disclosures import GrantRefused, check_grant
from kit.tokens import Actor
from madoguchi_contracts import DataRequestAnswered, DataRequestRefused, DataUseResumed, Role
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from support.identity import World, secrets_in

DETAILS = "番地は1-4-10ではなく1-4-11です。"
REFUSAL = "ご請求の内容を確認できませんでした。"


async def somebody(world: World, *, verified: bool = False):
    person = await world.member(programme="green_loan")
    await world.log_in(person)
    if verified:
        async with world.database.transaction() as session:
            await session.execute(
                text("UPDATE accounts SET ekyc_status = 'passed' WHERE id = :id"), {"id": person.account_id}
            )
    return person


async def officer(world: World, role=Role.OFFICE_REVIEWER):
    one = await world.staff(role)
    await world.log_in(one)
    return one


def code(world, one):
    world.clock.advance(seconds=30)  # the app shows a code that was not used yet
    return world.code(one)


async def ask(world, person, kind="disclosure", details="", status=201):
    body = {"code": code(world, person), "kind": kind, "details": details}
    return await world.post("/v1/data-requests", body, status=status, headers=person.bearer)


def path(request, step=""):
    return f"/v1/counter/data-requests/{request['request_id']}{step and '/' + step}"


async def propose(world, one, request, step, words="", status=204):
    body = {"code": code(world, one), "step": step, "words": words}
    return await world.post(path(request, "propose"), body, status=status, headers=one.bearer)


async def seen_by(world, one, request):
    return (await world.get(path(request), headers=one.bearer))["proposal"]


async def decide(world, one, request, *, proposal=None, status=204):
    body = {"code": code(world, one), "proposal": proposal or await seen_by(world, one, request)}
    return await world.post(path(request, "decide"), body, status=status, headers=one.bearer)


async def identify(world, one, request, *, seen, status=204):
    body = {"code": code(world, one), "seen_at_counter": seen}
    return await world.post(path(request, "identify"), body, status=status, headers=one.bearer)


def codes(problem):
    return {one["code"] for one in problem["findings"]}


@pytest.mark.rule("GL-618", "GL-622")
async def test_a_disclosure_is_answered_by_two_officers_to_an_identified_person_and_read_by_them_alone(world: World):
    person, stranger = await somebody(world), await somebody(world)
    reviewer, approver = await officer(world), await officer(world, Role.OFFICE_APPROVER)
    procedure = await world.get("/v1/data-request-procedure")
    assert procedure == {"answer_days": 30, "disclosure_fee_yen": 300, "disclosure_days": 14}
    request = await ask(world, person)
    assert request["state"] == "received"
    assert codes(await ask(world, person, status=409)) == {"ALREADY_OPEN"}
    # Nobody is answered who was not identified, and a login alone identifies nobody.
    assert codes(await propose(world, reviewer, request, "answer", status=409)) == {"WRONG_STATE"}
    assert codes(await identify(world, reviewer, request, seen=False, status=409)) == {"NOT_IDENTIFIED"}
    await identify(world, reviewer, request, seen=True)
    await propose(world, reviewer, request, "answer")
    mine = f"/v1/data-requests/{request['request_id']}/disclosure"
    await world.get(mine, status=404, headers=person.bearer)  # proposed is not decided
    await decide(world, reviewer, request, status=403)  # a reviewer decides nothing
    await decide(world, approver, request, proposal=str(uuid4()), status=409)  # not what was proposed
    await decide(world, approver, request)
    told = [one for one in await world.events(person.account_id) if isinstance(one, DataRequestAnswered)]
    assert [(str(one.request_id), one.kind) for one in told] == [(request["request_id"], "disclosure")]
    read = await world.get(mine, headers=person.bearer)
    assert {part["label"] for part in read["parts"]} >= {"利用者登録", "本人確認(eKYC)", "ログイン"}
    assert person.mail in json.dumps(read)
    assert secrets_in(json.dumps(read), person.password, person.secret) == []
    await world.get(mine, status=404, headers=stranger.bearer)
    await world.get(mine, status=403, headers=approver.bearer)
    # The grant is for that person alone, and for five minutes.
    verifier = world.context.verifier
    await check_grant(verifier, Actor(person.account_id, Role.APPLICANT, uuid4()), read["grant"])
    with pytest.raises(GrantRefused):
        await check_grant(verifier, Actor(stranger.account_id, Role.APPLICANT, uuid4()), read["grant"])
    world.clock.advance(minutes=6)
    with pytest.raises(GrantRefused):
        await check_grant(verifier, Actor(person.account_id, Role.APPLICANT, uuid4()), read["grant"])
    world.clock.now += timedelta(days=14)
    await world.log_in(person)
    await world.get(mine, status=404, headers=person.bearer)


@pytest.mark.rule("GL-618")
async def test_nobody_makes_a_grant_of_a_one_time_password(world: World):
    person = await somebody(world)
    world.clock.advance(seconds=60)
    body = {"code": world.code(person), "purpose": "personal-data:disclosure", "digest": "0" * 64}
    await world.post("/v1/otp/proofs", body, status=422, headers=person.bearer)


@pytest.mark.rule("GL-618", "GL-622")
async def test_an_approver_does_not_decide_what_they_proposed_and_a_newer_proposal_is_not_decided_unseen(world: World):
    person = await somebody(world, verified=True)
    reviewer, approver = await officer(world), await officer(world, Role.OFFICE_APPROVER)
    request = await ask(world, person, "correction", DETAILS)
    assert request["state"] == "identified"  # by the identity check that had passed
    await propose(world, approver, request, "answer", "訂正しました。")
    refused = await decide(world, approver, request, status=409)
    assert refused["code"] == "second_officer_needed"
    assert codes(await propose(world, reviewer, request, "refuse", status=409)) == {"REASON_MISSING"}
    await propose(world, reviewer, request, "refuse", "まだ決まっていません。")
    seen = await seen_by(world, approver, request)
    await propose(world, reviewer, request, "refuse", REFUSAL)  # the same step, in other words
    assert codes(await decide(world, approver, request, proposal=seen, status=409)) == {"NOT_PROPOSED"}
    await decide(world, approver, request)
    assert (await world.get(path(request), headers=approver.bearer))["proposal"] is None
    (own,) = (await world.get("/v1/data-requests", headers=person.bearer))["items"]
    assert (own["state"], own["answer"]) == ("refused", REFUSAL)
    assert [type(one) for one in await world.events(person.account_id)][-1] is DataRequestRefused
    assert codes(await propose(world, reviewer, request, "answer", status=409)) == {"WRONG_STATE"}


@pytest.mark.rule("GL-622")
async def test_the_office_sees_what_waits_by_its_day_without_texts_and_reading_one_is_recorded(world: World):
    person = await somebody(world)
    reviewer = await officer(world)
    request = await ask(world, person, "correction", DETAILS)
    listed = (await world.get("/v1/counter/data-requests", headers=reviewer.bearer))["items"]
    assert [(one["request_id"], one["overdue"]) for one in listed] == [(request["request_id"], False)]
    assert DETAILS not in json.dumps(listed, ensure_ascii=False)
    seen = await world.get(path(request), headers=reviewer.bearer)
    assert (seen["details"], seen["steps"][0]["step"]) == (DETAILS, "ask")
    after = f"?after={listed[0]['request_id']}"
    assert (await world.get(f"/v1/counter/data-requests{after}", headers=reviewer.bearer))["items"] == []
    await world.get(f"/v1/counter/data-requests?after={uuid4()}", status=404, headers=reviewer.bearer)
    world.clock.now += timedelta(days=31)
    await world.log_in(reviewer)
    (late,) = (await world.get("/v1/counter/data-requests", headers=reviewer.bearer))["items"]
    assert late["overdue"]
    async with world.database.transaction() as session:
        rows = (await session.execute(text("SELECT deed FROM audit_log WHERE deed = 'read_data_request'"))).all()
        kept = (await session.execute(text("SELECT details_hidden FROM data_requests"))).scalar_one()
    assert len(rows) == 1
    assert secrets_in(kept, DETAILS) == []
    with pytest.raises(DBAPIError):
        async with world.database.transaction() as session:
            await session.execute(text("DELETE FROM data_request_steps"))


@pytest.mark.rule("GL-622", "GL-618")
async def test_a_withdrawn_request_leaves_its_history_and_makes_room_for_another_one(world: World):
    person, stranger = await somebody(world), await somebody(world)
    request = await ask(world, person)
    own = f"/v1/data-requests/{request['request_id']}"
    assert (await world.http.delete(own, headers=stranger.bearer)).status_code == 404
    assert (await world.http.delete(own, headers=person.bearer)).status_code == 204
    assert (await world.http.delete(own, headers=person.bearer)).status_code == 409
    await ask(world, person)
    states = [one["state"] for one in (await world.get("/v1/data-requests", headers=person.bearer))["items"]]
    assert sorted(states) == ["received", "withdrawn"]
    assert "DataRequestAnswered" not in await world.names(person.account_id)


@pytest.mark.rule("GL-622")
async def test_who_withdraws_does_not_read_the_words_that_no_second_officer_decided(world: World):
    person, reviewer = await somebody(world, verified=True), await officer(world)
    request = await ask(world, person, "correction", DETAILS)
    await propose(world, reviewer, request, "refuse", REFUSAL)
    own = f"/v1/data-requests/{request['request_id']}"
    assert (await world.http.delete(own, headers=person.bearer)).status_code == 204
    (read,) = (await world.get("/v1/data-requests", headers=person.bearer))["items"]
    assert (read["state"], read["answer"]) == ("withdrawn", "")
    assert (await world.get(path(request), headers=reviewer.bearer))["answer"] == ""


@pytest.mark.rule("GL-618")
async def test_a_stolen_session_asks_identifies_proposes_and_decides_nothing(world: World):
    person, reviewer, approver = (
        await somebody(world, verified=True),
        await officer(world),
        await officer(world, Role.OFFICE_APPROVER),
    )

    async def refused(one, where, body):
        for stolen in ({}, {"code": world.wrong_code(one)}):
            await world.post(where, {**body, **stolen}, status=409 if stolen else 422, headers=one.bearer)

    await refused(person, "/v1/data-requests", {"kind": "disclosure"})
    assert (await world.get("/v1/data-requests", headers=person.bearer))["items"] == []
    request = await ask(world, person)
    await refused(reviewer, path(request, "identify"), {"seen_at_counter": True})
    await refused(reviewer, path(request, "propose"), {"step": "answer"})
    await propose(world, reviewer, request, "answer")
    await refused(approver, path(request, "decide"), {"proposal": await seen_by(world, approver, request)})
    steps = (await world.get(path(request), headers=approver.bearer))["steps"]
    assert [one["step"] for one in steps] == ["ask", "identify", "propose_answer"]


@pytest.mark.rule("GL-618", "GL-622")
async def test_a_suspension_is_told_and_lifted_by_two_officers_again(world: World):
    person = await somebody(world, verified=True)
    reviewer, approver = await officer(world), await officer(world, Role.OFFICE_APPROVER)
    request = await ask(world, person, "suspension")
    await propose(world, reviewer, request, "answer")
    await decide(world, approver, request)
    # A second one beside it would be lifted with it.
    assert codes(await ask(world, person, "suspension", status=409)) == {"ALREADY_SUSPENDED"}
    await propose(world, reviewer, request, "lift")
    await decide(world, approver, request)
    kinds = [type(one) for one in await world.events(person.account_id)][-2:]
    assert kinds == [DataRequestAnswered, DataUseResumed]
    assert codes(await propose(world, reviewer, request, "lift", status=409)) == {"WRONG_STATE"}
    await ask(world, person, "suspension")  # it was lifted: they may ask again
