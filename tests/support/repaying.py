"""A green loan of which the funds were paid, without the life before."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from applications.programmes.green_loan import PROGRAMME, servicing, steps
from applications.programmes.green_loan.reading import LOAN
from applications.workflow import Caller, Taken
from madoguchi_contracts import Role

from support import green_loan as example
from support.life import Life

OWNER, CLERK, SECOND, OFFICER = UUID(int=1), UUID(int=5), UUID(int=4), UUID(int=3)
MAIN, BANK = Caller(Role.APPLICANT, OWNER), Caller(Role.BANK, CLERK, example.BANK)
REVIEWER, APPROVER = Caller(Role.OFFICE_REVIEWER, OFFICER), Caller(Role.OFFICE_APPROVER, SECOND)


def codes(error):
    """What a refusal found."""
    return {one.code for one in error.value.findings}


def borrowed(
    *,
    amount=1_500_000,
    bonus=0,
    years=10,
    method="level_payment",
    rate="1.60",
    first=date(2026, 5, 15),
    day=15,
    month=7,
):
    """A loan of which the funds were paid a month before the first instalment."""
    life = Life(PROGRAMME, OWNER, example.NOW)
    life.facts = example.facts()
    life.submitted = example.content_with(
        loan__method=method, loan__bonus_part_yen=bonus, loan__amount_yen=amount, loan__years=years
    ) | {"figures": {"rate_percent": rate}}
    life._join(PROGRAMME.parties(life.submitted))
    life.states = {(LOAN, life.id): "repaying"}
    for command, facts in (
        ("approve", steps.Approval(amount_yen=amount)),
        ("open_contract", steps.ContractPeriod(amount_yen=amount)),
        (
            "disburse",
            steps.Funds(
                first_due_on=first,
                repayment_day=day,
                bonus_month=month if bonus else None,
                paid_on=first - timedelta(days=28),
            ),
        ),
    ):
        life.taken[LOAN, life.id, command] = (Taken(life.now, CLERK, facts),)
    life.now = noon(first - timedelta(days=28))
    return life


def noon(day):
    """Noon of a day in Japan."""
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def on(life, day):
    """How the loan stands at the end of a day."""
    return servicing.standing(life.case(), day)


def said(life, command, caller, day, **facts):
    """A step that is taken on a day."""
    life.now = noon(day)
    life.do(command, caller, **facts)
