"""The last instalment is told of before it comes, whatever moves it, and the end of the debt afterwards (GL-083)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from applications.errors import ImpossibleTransition
from applications.programmes.green_loan import last_instalment, notices
from applications.programmes.green_loan.last_instalment import notice_at, told_at
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.steps import LastInstalment
from applications.programmes.green_loan.workflow import WORKFLOW
from applications.workflow import SYSTEM, Alarm, Caller, Transition, Who, Workflow
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.errors import Forbidden, Refused
from kit.japan import JST
from madoguchi_contracts import Role
from support import green_loan as example
from support.loan_desk import done, open_loan_desk, paid_out
from support.repaying import APPROVER, BANK, MAIN, REVIEWER, borrowed, noon, on, said

NOBODY = Caller()
TELL = last_instalment.COMMAND
LAST = date(2036, 4, 15)


def tell(life, at):
    life.now = at
    life.do(TELL, NOBODY)


@pytest.mark.rule("GL-083")
@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        (date(2036, 4, 15), datetime(2036, 3, 15, 9, tzinfo=JST)),
        (date(2036, 3, 31), datetime(2036, 2, 29, 9, tzinfo=JST)),  # clipped to the end of the month
        (date(2037, 1, 15), datetime(2036, 12, 15, 9, tzinfo=JST)),
    ],
)
def test_it_is_told_a_month_before_at_nine(due_on, expected):
    assert notice_at(due_on) == expected


@pytest.mark.rule("GL-083", "GL-576")
def test_it_is_told_once_from_that_moment_on_and_never_before():
    life = borrowed()
    at = notice_at(LAST)
    assert told_at(life.case()) == at
    with pytest.raises(ImpossibleTransition):
        tell(life, at - timedelta(microseconds=1))
    tell(life, at)
    (kept,) = life.case().all_said(LastInstalment, LOAN, TELL)
    last = on(life, LAST).past[-1]
    assert (kept.due_on, kept.payment_yen) == (LAST, last.payment)
    assert told_at(life.case()) is None
    with pytest.raises(ImpossibleTransition):
        tell(life, at)


@pytest.mark.rule("GL-083")
@pytest.mark.parametrize(("day", "told"), [(LAST, True), (LAST + timedelta(days=1), False)])
def test_it_is_told_late_until_its_day_is_over(day, told):
    life = borrowed()
    life.now = noon(day)
    assert (told_at(life.case()) is not None) is told


@pytest.mark.rule("GL-083", "GL-599", "GL-602")
def test_a_prepayment_that_shortens_the_loan_moves_it_and_taking_it_back_moves_it_again():
    life = borrowed()
    wish = {"channel": "MY_NOTE", "amount_yen": 500_000, "effect": "SHORTEN", "payment_on": "2026-06-15"}
    said(life, "prepay", BANK, date(2026, 5, 1), **wish, noticed_on="2026-05-01")
    earlier = on(life, LAST).past[-1].due_on
    assert earlier < LAST
    assert told_at(life.case()) == notice_at(earlier)
    said(life, "cancel_prepayment", BANK, date(2026, 6, 16), payment_on="2026-06-15")
    assert told_at(life.case()) == notice_at(LAST)


@pytest.mark.rule("GL-083", "GL-589")
def test_what_changes_after_it_was_told_is_told_anew_and_what_does_not_is_not():
    life = borrowed()
    tell(life, notice_at(LAST))
    said(life, "miss", BANK, date(2036, 3, 17), due_on="2036-03-15")  # nothing of it changes
    assert told_at(life.case()) is None
    change = {"kind": "repayment_day", "repayment_day": 20, "effective_on": "2036-03-18"}
    said(life, "change_terms", APPROVER, date(2036, 3, 18), **change)
    assert told_at(life.case()) == notice_at(date(2036, 4, 20))
    tell(life, notice_at(date(2036, 4, 20)))
    assert [one.due_on for one in life.case().all_said(LastInstalment, LOAN, TELL)] == [
        LAST,
        date(2036, 4, 20),
    ]


@pytest.mark.rule("GL-083", "GL-597")
def test_of_what_ends_otherwise_no_last_instalment_is_told():
    life = borrowed()
    said(life, "prepay", BANK, date(2026, 5, 1), channel="COUNTER", payment_on="2026-06-15", noticed_on="2026-05-01")
    assert told_at(life.case()) is None
    called = borrowed()
    said(called, "propose_acceleration", REVIEWER, date(2026, 6, 1))
    said(called, "accelerate", APPROVER, date(2026, 6, 1), reason="無断で転貸")
    assert told_at(called.case()) is None
    ended = borrowed(years=1)
    said(ended, "close", BANK, date(2027, 4, 15), reason="FINAL_DUE_DATE")
    assert told_at(ended.case()) is None
    assert told_at(replace(borrowed().case(), taken={})) is None  # the funds were not paid


def test_nobody_but_the_system_tells_it():
    life = borrowed()
    life.now = notice_at(LAST)
    for caller in (MAIN, BANK, REVIEWER, APPROVER):
        with pytest.raises(Forbidden):
            life.do(TELL, caller)


@pytest.mark.rule("GL-083")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 110), st.integers(10, 40), st.sampled_from(["LOWER_PAYMENT", "SHORTEN", "day"])),
        max_size=4,
    )
)
def test_whatever_moves_the_end_what_was_told_last_is_what_comes(events):
    life = borrowed()
    for months, tens, kind in sorted(events, key=lambda one: one[0]):
        day = date(2026 + (4 + months) // 12, (4 + months) % 12 + 1, 15)
        ring(life, noon(day))
        facts = {"channel": "MY_NOTE", "payment_on": day.isoformat(), "noticed_on": "2026-04-17"}
        try:
            if kind == "day":
                change = {"kind": "repayment_day", "repayment_day": min(tens, 31), "effective_on": day.isoformat()}
                said(life, "change_terms", APPROVER, day, **change)
            else:
                said(life, "prepay", BANK, day, **facts, amount_yen=tens * 10_000, effect=kind)
        except Refused:
            continue
    ring(life, noon(date(2040, 1, 1)))
    last = on(life, date(2040, 1, 1)).past[-1]
    told = life.case().all_said(LastInstalment, LOAN, TELL)
    assert (told[-1].due_on, told[-1].payment_yen) == (last.due_on, last.payment)


def ring(life, until):
    """The worker's timer, as often as it is due until then."""
    while (at := told_at(life.case())) is not None and at <= until:
        tell(life, max(at, life.now))
    life.now = until


# The words


@pytest.mark.rule("GL-083")
def test_the_words_name_day_and_amount_and_the_mail_none_of_them():
    life = borrowed()
    life.now = notice_at(LAST)
    (notice,) = notices.of_last_instalment(life.case(facts=last_instalment.reckoned(life.case())))
    payment = on(life, LAST).past[-1].payment
    assert (notice.kind, notice.mailed) == ("last_instalment", True)  # by MESSAGE-POSTED, which says nothing of it
    assert f"最終回のご返済日: 2036-04-15\n最終回のご返済額: {payment:,}円" in notice.text


def test_an_alarm_needs_a_step_of_the_system():
    row = Transition("some", "go", ("a",), "a", (Who(Role.BANK),), "進む", ())
    start = Transition("some", "start", ("",), "a", (SYSTEM,), "始める", ())
    with pytest.raises(ValueError, match="has an alarm"):
        Workflow("some", {}, (start, row), alarms=(Alarm("go", told_at),))
    assert [one.command for one in WORKFLOW.alarms] == [TELL]


# Through the API


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as opened:
        yield opened


async def alarms(desk, application):
    rows = await desk.rows("SELECT kind, due_at FROM deadlines WHERE subject_id = :id", id=application)
    return {row.kind: row.due_at for row in rows if row.kind.endswith(TELL)}


async def told_in_thread(person, application):
    threads = (await person.get(f"/v1/applications/{application}/threads")).json()["items"]
    (thread,) = [one for one in threads if one["subject"] == "ご返済について"]
    whole = (await person.get(f"/v1/applications/{application}/threads/{thread['thread_id']}")).json()
    return [one["text"] for one in whole["messages"]]


async def mails(desk, application):
    rows = await desk.rows(
        "SELECT type, data FROM events WHERE aggregate_id = :id AND type ~ 'MessagePosted|ApplicationClosed' "
        "ORDER BY version DESC LIMIT 2",
        id=application,
    )
    return [(row.type.split(".")[2], {UUID(one) for one in row.data["notify"]}) for row in rows]


@pytest.mark.rule("GL-083", "GL-576")
async def test_everybody_who_owes_the_loan_is_told_before_the_last_instalment_and_when_it_is_paid(desk):
    owner, wife, application = await paid_out(desk)
    both = {owner.account_id, wife.account_id}
    kind = f"green_loan.loan.{TELL}"
    assert await alarms(desk, application) == {kind: notice_at(date(2036, 4, 15))}
    clerk = desk.person(Role.BANK, organisation_id=example.BANK)
    wish = {"channel": "MY_NOTE", "amount_yen": 400_000, "effect": "SHORTEN", "payment_on": "2026-06-15"}
    await done(owner, application, "ask_prepayment", facts=wish)
    await done(clerk, application, "prepay", facts=wish)
    schedule = (await owner.get(f"/v1/applications/{application}/repayment?on=2026-06-15")).json()["coming"]
    last = schedule[-1]
    moved = notice_at(date.fromisoformat(last["due_on"]))
    assert await alarms(desk, application) == {kind: moved}
    assert moved < notice_at(date(2036, 4, 15))
    # A timer that comes although the end has moved tells nothing, and waits again.
    early = "UPDATE deadlines SET due_at = :at, not_before = :at WHERE kind = :kind RETURNING id"
    await desk.rows(early, at=desk.clock(), kind=kind)
    await desk.fire()
    assert await alarms(desk, application) == {kind: moved}
    desk.clock.now = moved.astimezone(UTC) - timedelta(seconds=1)
    await desk.fire()
    assert not [one for one in await told_in_thread(wife, application) if one.startswith("最終回")]
    desk.clock.advance(seconds=1)
    await desk.fire()
    await desk.fire()
    (text,) = [one for one in await told_in_thread(wife, application) if one.startswith("最終回")]
    assert f"{last['due_on']}\n最終回のご返済額: {last['payment']:,}円" in text
    assert (await mails(desk, application))[0] == ("MessagePosted", both)
    assert await alarms(desk, application) == {}
    # The day comes; the bank says that all is paid.
    desk.clock.now = datetime.fromisoformat(f"{last['due_on']}T12:00:00+09:00").astimezone(UTC)
    await done(clerk, application, "close", facts={"reason": "FINAL_DUE_DATE"})
    *_, closing = await told_in_thread(owner, application)
    assert closing.startswith(f"完済のお知らせ\nこの融資のご返済は、{last['due_on']}をもって")
    # One mail tells of the end: that of the event.
    ends = dict(await mails(desk, application))
    assert ends["MessagePosted"] == set()
    assert ends["ApplicationClosed"] == {wife.account_id}  # beside the owner
    assert [one for one in await desk.events(application) if one == "ApplicationClosed"] == ["ApplicationClosed"]


@pytest.mark.rule("GL-083")
async def test_a_loan_that_was_repaid_before_there_were_notices_is_looked_at_once(desk):
    _, _, application = await paid_out(desk)
    kind = f"green_loan.loan.{TELL}"
    await desk.rows("DELETE FROM deadlines WHERE subject_id = :id RETURNING id", id=application)
    await desk.rows(
        "INSERT INTO deadlines (kind, subject_id, due_at, not_before) VALUES (:kind, :id, :now, :now) RETURNING id",
        kind=kind,
        id=application,
        now=desk.clock(),
    )
    await desk.fire()
    assert await alarms(desk, application) == {kind: notice_at(date(2036, 4, 15))}
