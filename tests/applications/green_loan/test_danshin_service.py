"""The danshin Web service as a port: what it is told, what its word does, and all that can go wrong between."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from applications.features.green_loan.danshin import commands, why
from applications.features.green_loan.danshin.client import Truth
from applications.programmes.green_loan import sharing
from kit.providers.jobs import Due
from kit.sealed import unseal
from kit.why.witness import Answer
from madoguchi_contracts import DataRequestAnswered, DataUseResumed, Role, ServiceLogin
from support.counter import NOTIFICATIONS_KEY
from support.danshin import Insurer
from support.loan_desk import a_couple, agree, done, open_loan_desk
from support.records import record_of


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as opened:
        yield opened


@pytest.fixture
def insurer(desk):
    desk.clock.now = datetime(2026, 4, 2, 1, tzinfo=UTC)
    return Insurer(desk)


async def submitted(desk):
    """A couple's application of which the applicant is to join."""
    owner, wife, application = await a_couple(desk)
    await agree(application, owner, wife)
    answer = await owner.submit(application)
    assert answer.status_code == 201, answer.text
    return owner, application


async def rows(desk, application):
    return await desk.rows("SELECT * FROM danshin_applications WHERE application_id = :id", id=application)


async def row(desk, application):
    (found,) = await rows(desk, application)
    return found


async def state(desk, application):
    (found,) = await desk.rows(
        "SELECT state FROM tracks WHERE application_id = :id AND track = 'danshin'", id=application
    )
    return found.state


async def tasks(desk, application):
    sql = "SELECT kind FROM office_tasks WHERE application_id = :id AND state = 'open'"
    return [one.kind for one in await desk.rows(sql, id=application)]


async def provisions(desk, application):
    return await desk.rows(
        "SELECT person, recipient, data_fields FROM provisions WHERE application_id = :id AND recipient = 'insurer'",
        id=application,
    )


async def invited(desk, insurer):
    owner, application = await submitted(desk)
    await insurer.turns()
    return owner, application, insurer.of((await row(desk, application)).id)


def asked_to_open(insurer, found):
    """How often the service was asked to open the application of a row."""
    asked = [body for path, body in insurer.requests if path == "POST /v1/applications"]
    return sum(body["reference"] == str(found.id) for body in asked)


async def called(insurer, one):
    """A callback, and what the worker does about it."""
    assert (await insurer.calls(one)).status_code == 204
    await insurer.turns()


@pytest.mark.rule("GL-102", "GL-400", "GL-526", "GL-527", "GL-528", "GL-621")
async def test_who_joins_is_mailed_a_way_in_and_the_insurers_word_is_followed_to_the_end(desk, insurer):
    owner, application = await submitted(desk)
    assert await state(desk, application) == "opening"
    assert await provisions(desk, application) == []
    await insurer.turns()
    assert await state(desk, application) == "invited"
    one = insurer.of((await row(desk, application)).id)
    wish = one.wish
    assert (wish.name, wish.birth.isoformat(), wish.product) == ("見本 太郎", "1980-05-17", "SHIN")
    assert (wish.amount_yen, wish.years, wish.couple) == (1_500_000, 10, None)
    (given,) = await provisions(desk, application)
    assert (given.person, "health" in given.data_fields) == (owner.account_id, False)

    (event,) = await desk.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%InsuranceOffered%'", id=application
    )
    login = unseal(event.data["login"], json.dumps(NOTIFICATIONS_KEY.as_dict(private=True)), ServiceLogin)
    assert (event.data["insured_id"], login.user_id) == (str(owner.account_id), one.user_id)
    assert login.url.endswith("/login")

    desk.clock.advance(seconds=60)
    insurer.declares(one, under_treatment=True)
    await called(insurer, one)
    assert await state(desk, application) == "certificate_wanted"
    insurer.decides(one, "joined")
    await called(insurer, one)
    assert await state(desk, application) == "joined"
    timeline = (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert "保険会社が承諾" in [item["step"] for item in timeline]


@pytest.mark.rule("GL-608", "GL-609", "GL-527")
async def test_nothing_of_what_is_declared_comes_back_to_us(desk, insurer):
    _, application, one = await invited(desk, insurer)
    insurer.declares(one, ever_cancer=True, under_treatment=True)
    await called(insurer, one)
    kept = [
        dict(found._mapping)
        for table in ("danshin_applications", "application_history", "tracks", "office_tasks")
        for found in await desk.rows(f"SELECT * FROM {table} WHERE application_id = :id", id=application)  # noqa: S608
    ]
    told = await desk.rows("SELECT data FROM events WHERE aggregate_id = :id", id=application)
    seen = str(kept) + str(told)
    assert not any(word in seen for word in ("cancer", "treatment", "statement_read", one.user_id))
    facts = await desk.rows(
        "SELECT subject, facts FROM application_history WHERE application_id = :id AND command = 'apply'",
        id=application,
    )
    context = f"application_history.facts:{application}:danshin:{facts[0].subject}:apply"
    assert desk.desk.unlock(facts[0].facts, context) == {"product": "SHIN", "declared_on": "2026-04-02"}


@pytest.mark.rule("GL-400", "GL-402", "GL-493")
async def test_a_service_that_is_down_for_days_delays_and_the_office_is_called_when_the_mail_is_due(desk, insurer):
    _, application = await submitted(desk)
    insurer.down = True
    for _ in range(5):
        await insurer.turns()
        desk.clock.advance(hours=6)
    assert (await state(desk, application), await tasks(desk, application)) == ("opening", [])
    desk.clock.now = datetime(2026, 4, 6, 15, tzinfo=UTC)  # the end of Monday in Japan; applied for on Thursday
    await desk.fire()
    assert await tasks(desk, application) == ["danshin_mail_overdue"]
    answer = Answer()
    async with desk.database.transaction() as session:
        await why.tell(session, application, answer)
    assert [wait["on"] for wait in answer.waits] == ["the danshin Web service: to open the application"]
    insurer.down = False
    await insurer.turns()
    assert (await state(desk, application), await tasks(desk, application)) == ("invited", [])
    assert len(await provisions(desk, application)) == 1


@pytest.mark.rule("GL-400")
async def test_an_answer_that_is_lost_makes_no_second_application_and_no_second_mail(desk, insurer):
    _, application = await submitted(desk)
    insurer.lost = True
    await insurer.turns()
    assert await state(desk, application) == "opening"
    desk.clock.advance(minutes=5)
    await insurer.turns()
    desk.clock.advance(minutes=5)
    await insurer.turns()
    assert await state(desk, application) == "invited"
    insurer.of((await row(desk, application)).id)  # the one
    assert (await desk.events(application)).count("InsuranceOffered") == 1


@pytest.mark.rule("GL-102")
async def test_callbacks_that_are_forged_late_doubled_or_about_nothing_move_nothing(desk, insurer):
    _, application, one = await invited(desk, insurer)
    insurer.declares(one)
    for wrong in ({"secret": "another"}, {"seconds_ago": 301}, {"seconds_ago": -301}):
        assert (await insurer.calls(one, **wrong)).status_code == 401
    assert (await insurer.calls(one, id=str(uuid4()))).status_code == 204
    assert not await insurer.turn()
    event_id = str(uuid4())
    for _ in range(3):
        assert (await insurer.calls(one, event_id=event_id)).status_code == 204
    asked = len(insurer.requests)
    await insurer.turns()
    assert len(insurer.requests) == asked + 1
    # It said "joined"; the truth is that the insurer has not decided.
    assert await state(desk, application) == "applied"


@pytest.mark.rule("GL-102")
async def test_an_older_truth_that_arrives_after_a_newer_one_moves_nothing(desk, insurer):
    _, application, one = await invited(desk, insurer)
    insurer.declares(one)
    insurer.decides(one, "joined")
    await called(insurer, one)
    found = await row(desk, application)
    stale = Truth(reference=found.id, status="withdrawn", product="SHIN", declared_on="2026-04-02", sequence=1)
    async with desk.database.transaction() as session:
        due = Due(found.id, 1, desk.clock() + timedelta(seconds=60))
        poll = timedelta(minutes=1)
        await commands.heard(session, desk.desk, due=due, truth=stale, poll=poll, now=desk.clock())
    assert await state(desk, application) == "joined"


@pytest.mark.rule("GL-102")
async def test_no_callback_is_needed_for_the_truth_to_be_heard(desk, insurer):
    _, application, one = await invited(desk, insurer)
    insurer.declares(one)
    desk.clock.advance(seconds=59)
    await insurer.turns()
    assert await state(desk, application) == "invited"
    desk.clock.advance(seconds=1)
    await insurer.turns()
    assert await state(desk, application) == "applied"


@pytest.mark.rule("GL-084", "GL-513", "GL-544", "GL-621")
async def test_a_loan_that_ends_is_told_to_the_insurer_who_knows_of_it_and_to_nobody_who_does_not(desk, insurer):
    known, opened, one = await invited(desk, insurer)
    unknown, never = await submitted(desk)
    officer = desk.person(Role.OFFICE_APPROVER)
    for application in (opened, never):
        await done(officer, application, "stop", reason="申込みの中止")
        assert await state(desk, application) == "not_joined"
    await insurer.turns()
    assert one.status == "withdrawn"
    assert len(insurer.state.applications) == 1
    assert await provisions(desk, never) == []
    assert {found.look_at for found in (await row(desk, opened), await row(desk, never))} == {None}
    assert known.account_id != unknown.account_id


@pytest.mark.rule("GL-513")
async def test_who_is_given_up_while_the_service_was_being_asked_is_not_invited(desk, insurer):
    _, application = await submitted(desk)
    insurer.lost = True
    await insurer.turns()  # the service knows of the person, and we do not know that it does
    await done(desk.person(Role.OFFICE_APPROVER), application, "stop", reason="申込みの中止")
    desk.clock.advance(minutes=5)
    await insurer.turns()
    one = insurer.of((await row(desk, application)).id)
    assert (one.status, await state(desk, application)) == ("withdrawn", "not_joined")
    assert "InsuranceOffered" not in await desk.events(application)


@pytest.mark.rule("GL-513")
async def test_who_withdraws_at_the_service_has_not_joined_and_it_is_not_told_what_it_said(desk, insurer):
    _, application, one = await invited(desk, insurer)
    one.status, one.sequence = "withdrawn", 1
    await called(insurer, one)
    assert await state(desk, application) == "not_joined"
    assert not any("cancellations" in path for path, _ in insurer.requests)


@pytest.mark.rule("GL-531", "GL-529")
async def test_a_word_that_goes_against_a_rule_is_not_followed_and_the_office_is_called(desk, insurer):
    _, application, one = await invited(desk, insurer)
    insurer.declares(one)
    await called(insurer, one)
    one.product, one.status, one.sequence = "SANDAI", "joined", 2  # wanted was the other
    await called(insurer, one)
    assert (await state(desk, application), await tasks(desk, application)) == ("applied", ["danshin_doubted"])
    assert (await row(desk, application)).doubt.startswith("GL-529: ")
    (task,) = await desk.rows("SELECT id FROM office_tasks WHERE application_id = :id", id=application)
    officer = desk.person(Role.OFFICE_REVIEWER)
    finished = await officer.post(f"/v1/tasks/{task.id}/finish", {"note": "保険会社に照会済み"})
    assert finished.status_code == 200, finished.text
    await called(insurer, one)
    assert await tasks(desk, application) == []
    one.product, one.sequence = "SHIN", 3
    await called(insurer, one)
    assert (await state(desk, application), await tasks(desk, application)) == ("joined", [])


@pytest.mark.rule("GL-614", "GL-621")
async def test_the_insurer_is_told_of_nobody_of_whom_it_may_not_be_told(desk, insurer, monkeypatch):
    _, application = await submitted(desk)
    monkeypatch.setattr(sharing, "TEXTS", {})  # a text that does not name the insurer
    await insurer.turns()
    assert (insurer.requests, await state(desk, application)) == ([], "opening")
    assert await tasks(desk, application) == ["danshin_doubted"]
    monkeypatch.undo()
    desk.clock.advance(hours=1)
    await insurer.turns()
    assert (await state(desk, application), await tasks(desk, application)) == ("invited", [])


@pytest.mark.rule("GL-618", "GL-621")
async def test_who_suspended_the_use_while_the_service_was_down_is_not_told_of_when_it_is_back(desk, insurer):
    owner, application = await submitted(desk)
    insurer.down = True
    await insurer.turns()
    assert asked_to_open(insurer, await row(desk, application)) == len(await provisions(desk, application)) == 1
    suspended = DataRequestAnswered(account_id=owner.account_id, request_id=uuid4(), kind="suspension")
    await desk.consumer.process([record_of(suspended, sequence=5, at=desk.clock())])
    insurer.down = False
    desk.clock.advance(days=2)
    await insurer.turns()
    assert (asked_to_open(insurer, await row(desk, application)), await state(desk, application)) == (1, "opening")
    assert "danshin_doubted" in await tasks(desk, application)
    assert (await row(desk, application)).doubt.startswith("GL-618: ")
    resumed = DataUseResumed(account_id=owner.account_id, request_id=suspended.request_id)
    await desk.consumer.process([record_of(resumed, sequence=6, at=desk.clock())])
    desk.clock.advance(hours=1)
    await insurer.turns()
    assert (await state(desk, application), await tasks(desk, application)) == ("invited", [])
    assert len(await provisions(desk, application)) == 1


@pytest.mark.rule("GL-102")
async def test_a_row_that_cannot_be_served_holds_up_no_other(desk, insurer):
    _, broken = await submitted(desk)
    async with desk.database.transaction() as session:
        await session.execute(commands.text("UPDATE applications SET submission = 99 WHERE id = :id"), {"id": broken})
    _, application = await submitted(desk)
    await insurer.turns()
    assert await state(desk, application) == "invited"
    assert await state(desk, broken) == "opening"
