"""The office's tasks on a real database: raised by a table's grounds or by a function, worked on, dropped."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from applications import tasks
from applications.cases import lock
from applications.programmes import PROGRAMMES
from applications.why import WITNESS
from applications.workflow import Ground, TaskKind, Transition, Who
from kit.why.witness import Answer, Question
from madoguchi_contracts import Role
from support.clock import FakeClock
from support.counter import open_counter

BOND = PROGRAMMES["bond"].workflow
REVIEWER = Who(Role.OFFICE_REVIEWER)
BEGINS = FakeClock().now + timedelta(days=3)
REASON = "三日間お待たせしています。"


def waits(case):
    """From a day on, as long as the application is with the office; due two days later."""
    if case.state("registration") != "applied":
        return None
    return Ground(BEGINS, "AS-76", REASON, due_on=(BEGINS + timedelta(days=2)).date())


def each(case):
    """One for the owner, whom a personal track is about."""
    return Ground(BEGINS, "AS-76", "ご本人を確認してください。") if case.subject == case.account_id else None


ENDING = Transition(BOND.main, "end_it", ("rejected",), "over", (REVIEWER,), "終了", ("AS-76",))
TABLE = replace(BOND, tasks=(TaskKind("waits", waits),), transitions=(*BOND.transitions, ENDING))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(postgres_url):
    """The bond with a kind of task, and with an end."""
    programme = replace(PROGRAMMES["bond"], workflow=TABLE)
    async with open_counter(await postgres_url("applications"), {"bond": programme}) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def filed(counter):
    """An application with the office, three days before the ground begins."""
    counter.clock.now = BEGINS - timedelta(days=3)
    return await counter.applied()


async def queue(counter, query=""):
    answer = await counter.person(Role.OFFICE_REVIEWER).get(f"/v1/tasks{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def of(counter, application_id):
    """The tasks of an application, as the office sees them there."""
    return (await counter.person(Role.OFFICE_APPROVER).view(application_id))["tasks"]


async def by_hand(counter, application_id, kind="mail_missing", **more):
    async with counter.database.transaction() as session:
        application = await lock(session, counter.desk, application_id)
        return await tasks.raise_task(
            session, application, kind, rule="GL-402", reason="確認してください。", now=counter.clock(), **more
        )


async def test_a_task_comes_at_its_time_and_is_finished_once_for_all(counter, filed):
    assert await of(counter, filed.application_id) == []
    counter.clock.now = BEGINS - timedelta(microseconds=1)
    await counter.fire()
    assert await of(counter, filed.application_id) == []
    counter.clock.now = BEGINS
    await counter.fire()
    [task] = [one for one in await queue(counter) if one["application_id"] == str(filed.application_id)]
    assert (task["kind"], task["rule"], task["reason"], task["state"]) == ("waits", "AS-76", REASON, "open")
    officer, other = counter.person(Role.OFFICE_REVIEWER), counter.person(Role.OFFICE_APPROVER)
    review = (await officer.get(f"/v1/reviews/{filed.review_id}")).json()
    assert [one["task_id"] for one in review["tasks"]] == [task["task_id"]]
    assert (await filed.owner.view(filed.application_id))["tasks"] == []

    path = f"/v1/tasks/{task['task_id']}"
    assert (await officer.post(f"{path}/claim")).json()["claimed_by"] == str(officer.account_id)
    refused = await other.post(f"{path}/finish", {"note": "対応済み"})
    assert (refused.status_code, refused.json()["code"]) == (409, "task_held_by_another")
    counter.clock.advance(minutes=30)  # the claim has run out
    done = await other.post(f"{path}/finish", {"note": "お客さまに電話で確認した。"})
    assert (done.status_code, done.json()["state"], done.json()["closed_by"]) == (200, "done", str(other.account_id))
    [kept] = await of(counter, filed.application_id)
    assert kept["note"] == "お客さまに電話で確認した。"
    stored = await counter.rows("SELECT note FROM office_tasks WHERE id = :id", id=task["task_id"])
    assert "電話" not in stored[0].note

    again = await officer.post(f"{path}/claim")
    assert (again.status_code, again.json()["code"]) == (409, "task_closed")
    await officer.post(f"/v1/reviews/{filed.review_id}/recommend")  # a step: the ground stands, and was dealt with
    assert [one["state"] for one in await of(counter, filed.application_id)] == ["done"]


async def test_a_task_goes_when_its_ground_does_and_comes_again_with_it(counter, filed):
    counter.clock.now = BEGINS
    await counter.fire()
    await counter.reject(filed)
    assert [one["state"] for one in await of(counter, filed.application_id)] == ["dropped"]
    counter.clock.advance(seconds=1)
    await filed.owner.submit(filed.application_id)
    assert [one["state"] for one in await of(counter, filed.application_id)] == ["dropped", "open"]


async def test_the_queue_shows_what_is_due_first_and_what_is_overdue(counter, filed):
    counter.clock.now = BEGINS
    await counter.fire()
    later = await counter.applied()
    await by_hand(counter, later.application_id)
    items = await queue(counter)
    kinds = [one["kind"] for one in items]
    assert kinds == sorted(kinds, key=lambda kind: kind == "mail_missing")  # those without a day come last
    assert {one["kind"] for one in await queue(counter, "?kind=mail_missing")} == {"mail_missing"}
    last = BEGINS + timedelta(days=2)
    counter.clock.now = last.replace(hour=14, minute=59)  # one minute before midnight in Japan
    assert await queue(counter, "?overdue=true") == []
    counter.clock.advance(minutes=1)
    assert {one["kind"] for one in await queue(counter, "?overdue=true")} == {"waits"}


async def test_the_queue_goes_on_behind_a_cursor(counter, filed, monkeypatch):
    monkeypatch.setattr("applications.queries.tasks.PAGE", 1)
    for kind in ("one", "two"):
        await by_hand(counter, filed.application_id, kind)
    officer, seen, cursor = counter.person(Role.OFFICE_REVIEWER), [], ""
    while cursor is not None:
        page = (await officer.get(f"/v1/tasks?cursor={cursor}" if cursor else "/v1/tasks")).json()
        seen += [one["task_id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) > 2


async def test_there_is_one_open_task_of_a_kind_about_a_subject(counter, filed):
    person = uuid4()
    assert await by_hand(counter, filed.application_id)
    assert not await by_hand(counter, filed.application_id)
    assert await by_hand(counter, filed.application_id, subject=person)
    async with counter.database.transaction() as session:
        await tasks.drop_task(session, filed.application_id, "mail_missing", now=counter.clock(), subject=person)
    states = {(one["subject"], one["state"]) for one in await of(counter, filed.application_id)}
    assert states == {(str(filed.application_id), "open"), (str(person), "dropped")}
    assert await by_hand(counter, filed.application_id, subject=person)


async def test_the_end_of_an_application_ends_its_tasks_and_none_comes_after_it(counter, filed):
    await by_hand(counter, filed.application_id)
    await counter.reject(filed)
    assert [one["state"] for one in await of(counter, filed.application_id)] == ["open"]
    officer = counter.person(Role.OFFICE_REVIEWER)
    assert (await officer.step(filed.application_id, "end_it")).status_code == 200
    assert [one["state"] for one in await of(counter, filed.application_id)] == ["dropped"]
    assert not await by_hand(counter, filed.application_id)


async def test_an_operator_is_told_that_the_office_has_to_look(counter, filed):
    await by_hand(counter, filed.application_id, due_on=BEGINS.date())
    question, answer = Question(filed.application_id, None, (), counter.clock()), Answer()
    async with counter.database.transaction() as session:
        await WITNESS.tell(session, question, answer)
    assert {"on": "the office", "task": "mail_missing", "about": None}.items() <= next(
        one for one in answer.waits if "task" in one
    ).items()
    assert "task mail_missing" in [one["what"] for one in answer.due]


@pytest.mark.parametrize("note", ["", "  ", "\x00", "長" * 4001])
async def test_a_note_says_something(counter, filed, note):
    await by_hand(counter, filed.application_id)
    [task] = await of(counter, filed.application_id)
    officer = counter.person(Role.OFFICE_REVIEWER)
    assert (await officer.post(f"/v1/tasks/{task['task_id']}/finish", {"note": note})).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        (TaskKind("one", each), TaskKind("one", waits)),
        (TaskKind("one", each, track="nobody"),),
    ],
)
def test_a_table_whose_tasks_contradict_each_other_does_not_start(wrong):
    with pytest.raises(ValueError, match="task"):
        replace(BOND, tasks=wrong)
