"""The receipt of the funds and the balance certificates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from applications.areas import AREAS
from applications.programmes.green_loan.procedure import certificates, disbursement
from applications.programmes.green_loan.procedure.dates import Period
from applications.programmes.green_loan.procedure.disbursement import Account, Agent, BlockingItem
from kit.areas import by_name

FEBRUARY = [Period(date(2026, 2, 5), date(2026, 2, 10)), Period(date(2026, 2, 20), date(2026, 2, 25))]
BANK, OTHER_BANK, TARO, HANAKO = (UUID(int=number) for number in range(1, 5))
ACCOUNT = Account(institution=BANK, branch="123", number="7654321", holder=TARO)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.rule("GL-496", "GL-503")
@pytest.mark.parametrize(
    ("planned", "inside"),
    [
        (date(2026, 2, 4), False),
        (date(2026, 2, 5), True),
        (date(2026, 2, 10), True),
        (date(2026, 2, 11), False),
        (date(2026, 2, 20), True),
        (date(2026, 2, 26), False),
    ],
)
def test_funds_are_paid_in_a_delivery_period(planned, inside):
    found = codes(disbursement.schedule_findings(planned, FEBRUARY, [], "funds"))
    assert found == ([] if inside else ["OUTSIDE_DELIVERY_PERIOD"])


@pytest.mark.rule("GL-502", "GL-503")
def test_an_income_proof_that_is_missing_holds_the_funds_back():
    proof = BlockingItem("2024年分の収入証明書の提出", settled=False)
    condition = BlockingItem("自動車ローンの完済", settled=False)
    found = disbursement.schedule_findings(date(2026, 2, 10), FEBRUARY, [proof, condition], "funds")
    assert codes(found) == ["BLOCKED", "BLOCKED"]
    assert "2024年分の収入証明書の提出" in found[0].message
    settled = [replace(proof, settled=True), replace(condition, settled=True)]
    assert disbursement.schedule_findings(date(2026, 2, 10), FEBRUARY, settled, "funds") == []


@pytest.mark.rule("GL-496", "GL-503")
def test_a_calendar_has_two_periods_in_each_month_that_do_not_overlap():
    assert disbursement.calendar_findings(FEBRUARY, "periods") == []
    assert disbursement.calendar_findings(FEBRUARY[::-1], "periods") == []
    assert codes(disbursement.calendar_findings(FEBRUARY[:1], "periods")) == ["NUMBER_OF_PERIODS"]
    third = Period(date(2026, 2, 26), date(2026, 2, 28))
    assert codes(disbursement.calendar_findings([*FEBRUARY, third], "periods")) == ["NUMBER_OF_PERIODS"]
    overlapping = [FEBRUARY[0], Period(date(2026, 2, 10), date(2026, 2, 25))]
    assert codes(disbursement.calendar_findings(overlapping, "periods")) == ["PERIODS_OVERLAP"]


@pytest.mark.rule("GL-497")
def test_funds_go_to_the_applicants_account_at_the_handling_institution():
    assert disbursement.account_findings(ACCOUNT, TARO, BANK, "account") == []
    assert codes(disbursement.account_findings(ACCOUNT, HANAKO, BANK, "account")) == ["OTHER_HOLDER"]
    assert codes(disbursement.account_findings(ACCOUNT, TARO, OTHER_BANK, "account")) == ["OTHER_INSTITUTION"]


@pytest.mark.rule("GL-500")
def test_another_repayment_account_is_told():
    assert disbursement.account_warnings(ACCOUNT, ACCOUNT, "account") == []
    other = ACCOUNT.model_copy(update={"number": "1234567"})
    assert codes(disbursement.account_warnings(ACCOUNT, other, "account")) == ["OTHER_ACCOUNT"]
    assert disbursement.account_findings(other, TARO, BANK, "account") == []


@pytest.mark.rule("GL-498", "GL-499")
def test_an_agent_needs_the_institution_a_power_of_attorney_and_the_applicants_own_will():
    agent = Agent(
        name="工事店", institution_agrees=True, power_of_attorney=True, own_will_confirmed=True, receipt=False
    )
    assert disbursement.agent_findings(agent, "agent") == []
    assert codes(disbursement.receipt_findings(agent, "agent")) == ["RECEIPT_MISSING"]
    assert disbursement.receipt_findings(agent.model_copy(update={"receipt": True}), "agent") == []
    nothing = Agent()
    assert [(one.rule, one.code) for one in disbursement.agent_findings(nothing, "agent")] == [
        ("GL-498", "REQUIRED"),
        ("GL-498", "INSTITUTION_DOES_NOT_AGREE"),
        ("GL-498", "POWER_OF_ATTORNEY_MISSING"),
        ("GL-499", "OWN_WILL_NOT_CONFIRMED"),
    ]


@pytest.mark.rule("GL-098")
def test_funds_are_expected_two_to_three_weeks_after_the_contract_and_two_months_after_completion():
    expected = disbursement.estimate(date(2026, 1, 20), date(2025, 12, 10))
    assert (expected.earliest, expected.latest) == (date(2026, 2, 3), date(2026, 2, 10))
    assert expected.about == date(2026, 2, 10)
    asked = {"contract_date": "2026-01-20", "completion_date": "2025-12-31"}
    answer = by_name(AREAS)["green_loan/funds_estimate"].answer(asked)
    assert answer == {"earliest": "2026-02-03", "latest": "2026-02-10", "about": "2026-02-28"}


@pytest.mark.rule("GL-505", "GL-506", "GL-509")
def test_a_certificate_is_posted_for_each_year_from_that_of_the_contract():
    assert certificates.certificate_years(date(2025, 11, 20), 10) == tuple(range(2025, 2035))
    assert certificates.certificate_years(date(2025, 12, 31), 1) == (2025,)
    assert certificates.certificate_years(date(2025, 11, 20), 0) == ()
    with pytest.raises(ValueError, match="0 or more"):
        certificates.certificate_years(date(2025, 11, 20), -1)
    assert [one.code for one in certificates.sendings_findings(-1, "sendings")] == ["NEGATIVE"]
    assert certificates.sendings_findings(0, "sendings") == []
    assert certificates.sendings_findings(10, "sendings") == []
