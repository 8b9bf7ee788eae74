"""What stands against paying the funds: where they go, who receives them, in which of the month's periods."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from kit.errors import Refused
from support import green_loan as example

from .test_workflow import BANK, DEBTOR, FUNDS, MAIN, OWNER, identify, sign, until_contract

OTHER_BANK = UUID(int=77)
ACCOUNT = FUNDS["account"]
AGENT = {
    "name": "見本工務店",
    "institution_agrees": True,
    "power_of_attorney": True,
    "own_will_confirmed": True,
    "receipt": True,
}


@pytest.fixture
def life():
    found = until_contract()
    identify(found, OWNER)
    sign(found, MAIN, OWNER)
    found.now = datetime(2026, 4, 30, 1, tzinfo=UTC)
    return found


def refused(life, **said):
    with pytest.raises(Refused) as found:
        life.do("disburse", BANK, **{**FUNDS, **said})
    return {(one.rule, one.code) for one in found.value.findings}


@pytest.mark.rule("GL-496", "GL-503")
@pytest.mark.parametrize(
    ("periods", "found"),
    [
        ([], {("GL-496", "REQUIRED")}),
        (example.DELIVERY["periods"][:1], {("GL-496", "NUMBER_OF_PERIODS")}),
        (
            [*example.DELIVERY["periods"], {"first": "2026-04-25", "last": "2026-04-28"}],
            {("GL-496", "NUMBER_OF_PERIODS")},
        ),
        (
            [{"first": "2026-04-01", "last": "2026-04-15"}, {"first": "2026-04-15", "last": "2026-04-20"}],
            {("GL-496", "PERIODS_OVERLAP")},
        ),
        ([{"first": "2026-04-10", "last": "2026-04-01"}], {("GL-496", "PERIOD")}),
    ],
)
def test_the_month_of_the_funds_has_two_delivery_periods(life, periods, found):
    assert refused(life, periods=periods) == found


@pytest.mark.rule("GL-345", "GL-497")
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"account": None}, {("GL-497", "REQUIRED")}),
        ({"repayment_account": None}, {("GL-497", "REQUIRED")}),
        (
            {name: {**ACCOUNT, "institution": str(OTHER_BANK)} for name in ("account", "repayment_account")},
            {("GL-345", "ANOTHER_INSTITUTION"), ("GL-497", "OTHER_INSTITUTION")},
        ),
        (
            {name: {**ACCOUNT, "holder": str(DEBTOR)} for name in ("account", "repayment_account")},
            {("GL-497", "OTHER_HOLDER")},
        ),
    ],
)
def test_the_funds_go_to_the_applicants_account_at_the_institution(life, said, found):
    assert refused(life, **said) == found


@pytest.mark.rule("GL-345", "GL-497")
@pytest.mark.parametrize("agent", [None, AGENT])
@pytest.mark.parametrize(("name", "rule"), [("account", "GL-497"), ("repayment_account", "GL-345")])
@pytest.mark.parametrize("lacking", ["institution", "branch", "number"])
def test_both_accounts_are_named_with_institution_branch_and_number_whoever_receives_the_funds(
    life, agent, name, rule, lacking
):
    assert refused(life, agent=agent, **{name: {**ACCOUNT, lacking: None}}) == {(rule, "REQUIRED")}


@pytest.mark.rule("GL-500")
def test_another_repayment_account_wants_a_reason(life):
    other = {**FUNDS, "repayment_account": {**ACCOUNT, "number": "1234567"}}
    assert refused(life, **other) == {("GL-500", "OTHER_ACCOUNT")}
    life.do("disburse", BANK, reason="給与の振込口座から返済するため", **other)
    assert life.state() == "repaying"


@pytest.mark.rule("GL-498", "GL-499")
@pytest.mark.parametrize("lacking", AGENT)
def test_an_agent_receives_the_funds_with_power_of_attorney_own_will_and_receipt(life, lacking):
    contractor = {**ACCOUNT, "institution": str(OTHER_BANK), "holder": None}
    [(rule, _)] = refused(life, account=contractor, agent={**AGENT, lacking: None})
    assert rule == ("GL-499" if lacking == "own_will_confirmed" else "GL-498")
    life.do("disburse", BANK, **{**FUNDS, "account": contractor, "agent": AGENT})
    assert life.state() == "repaying"
