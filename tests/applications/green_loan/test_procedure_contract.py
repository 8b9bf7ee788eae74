"""The loan contract: decision, deadline, period, guard, everybody's signature, and papers for the counter."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan.procedure import contract, counter_papers, decision
from applications.programmes.green_loan.procedure.counter_papers import Paper
from applications.programmes.green_loan.procedure.dates import Period, six_month_limit
from applications.programmes.green_loan.procedure.decision import Condition
from hypothesis import given
from hypothesis import strategies as st
from kit.japan.months import add_months

PERIOD = Period(date(2025, 10, 27), date(2025, 11, 14))
READY = {
    "period": PERIOD,
    "today": date(2025, 11, 4),
    "identity": ["K1", "K2"],
    "conditions_done": True,
    "works_contract_copy_received": True,
    "certificate_submitted": date(2025, 10, 20),
    "signed": [True, True],
}


def codes(findings):
    return [finding.code for finding in findings]


def approving(amount: int, bonus_part: int = 0) -> list[tuple[str, str]]:
    """What stands against approving an amount of the 3,000,000 yen applied for: codes and fields."""
    found = decision.approval_findings(3_000_000, amount, bonus_part, field="amount", bonus_field="bonus")
    return [(one.code, one.field) for one in found]


@pytest.mark.rule("GL-187", "GL-433", "GL-627")
@pytest.mark.parametrize(
    ("amount", "possible"),
    [
        (3_000_000, True),
        (2_600_000, True),
        (100_000, True),
        (3_010_000, False),
        (2_605_000, False),
        (90_000, False),
        (0, False),
    ],
)
def test_an_approval_reduces_the_amount_at_most(amount, possible):
    assert approving(amount) == ([] if possible else [("APPROVED_AMOUNT", "amount")])


@pytest.mark.rule("GL-248", "GL-627")
def test_the_bonus_part_fits_the_reduced_amount():
    assert approving(3_000_000, bonus_part=1_100_000) == []
    assert [field for _, field in approving(2_600_000, bonus_part=1_100_000)] == ["bonus"]
    assert approving(2_600_000, bonus_part=1_040_000) == []
    assert approving(1_000_000, bonus_part=400_000) == []
    assert [field for _, field in approving(1_000_000, bonus_part=410_000)] == ["bonus"]


@pytest.mark.rule("GL-431", "GL-433")
def test_the_contract_is_about_the_approved_amount_at_most():
    for amount, found in [(2_600_000, []), (2_610_000, ["CONTRACT_AMOUNT"]), (0, ["CONTRACT_AMOUNT"])]:
        assert codes(decision.contract_amount_findings(amount, 2_600_000, "amount")) == found


@pytest.mark.rule("GL-434", "GL-435")
def test_all_approval_conditions_are_done_before_the_contract_whatever_they_name():
    car_loan = Condition("自動車ローンの完済", "contract", done=False)
    later = Condition("前年分の収入証明書の提出", "funds", done=False)
    assert decision.conditions_done([])
    assert not decision.conditions_done([later])
    assert not decision.conditions_done([Condition("抵当権の抹消", "certificate", done=True), car_loan])
    assert decision.conditions_done([Condition("自動車ローンの完済", "contract", done=True)])


@pytest.mark.rule("GL-493", "GL-494", "GL-625")
@pytest.mark.parametrize(
    ("applied", "deadline"),
    [
        (date(2025, 5, 31), date(2025, 11, 30)),
        (date(2025, 1, 31), date(2025, 7, 31)),
        (date(2025, 8, 30), date(2026, 2, 28)),
        (date(2025, 8, 31), date(2026, 2, 28)),
        (date(2025, 2, 28), date(2025, 8, 31)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2025, 4, 1), date(2025, 10, 31)),
    ],
)
def test_the_contract_is_concluded_by_the_end_of_the_sixth_month(applied, deadline):
    assert contract.contract_deadline(applied) == deadline
    assert contract.in_time(applied, deadline)
    assert not contract.in_time(applied, deadline + timedelta(days=1))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_six_months_end_with_a_month_and_never_before_six_months_have_passed(applied):
    limit = six_month_limit(applied)
    assert (limit + timedelta(days=1)).day == 1
    assert add_months(applied, 6) <= limit < add_months(applied, 6) + timedelta(days=31)


@pytest.mark.rule("GL-101", "GL-397", "GL-483", "GL-485", "GL-487", "GL-495")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"today": PERIOD.first}, []),
        ({"today": PERIOD.last}, []),
        ({"today": PERIOD.first - timedelta(days=1)}, ["outside_contract_period"]),
        ({"today": PERIOD.last + timedelta(days=1)}, ["outside_contract_period"]),
        ({"period": None}, ["outside_contract_period"]),
        ({"identity": ["K1", "K0"]}, ["identity_not_verified"]),
        ({"identity": []}, ["identity_not_verified"]),
        ({"identity": ["K2", "K2"]}, []),
        ({"conditions_done": False}, ["approval_condition_open"]),
        ({"works_contract_copy_received": False}, ["works_contract_copy_missing"]),
        ({"certificate_submitted": date(2025, 11, 4)}, []),
        ({"certificate_submitted": date(2025, 11, 5)}, ["outside_contract_period"]),
        ({"certificate_submitted": None}, ["outside_contract_period"]),
        ({"signed": [True, False]}, ["not_all_signed"]),
        ({"signed": []}, ["not_all_signed"]),
        (
            {"conditions_done": False, "identity": ["K0"], "signed": [False]},
            ["identity_not_verified", "approval_condition_open", "not_all_signed"],
        ),
    ],
)
def test_the_contract_is_concluded_when_everything_is_there(change, found):
    assert codes(contract.contract_findings(**{**READY, **change})) == found


@pytest.mark.rule("GL-487")
def test_everybody_signs_within_the_period_or_nothing_is_concluded():
    first, last = PERIOD.first, PERIOD.last
    assert contract.concluded_on([first, last], PERIOD) == last
    assert contract.concluded_on([last, first], PERIOD) == last
    assert contract.concluded_on([last, last + timedelta(days=1)], PERIOD) is None
    assert contract.concluded_on([first - timedelta(days=1), first], PERIOD) is None
    assert contract.concluded_on([first, None], PERIOD) is None
    assert contract.concluded_on([], PERIOD) is None


@pytest.mark.rule("GL-483", "GL-486")
def test_the_video_and_the_content_come_before_the_signature():
    today = PERIOD.first
    ready = contract.signing_findings(video_watched=True, content_confirmed=True, period=PERIOD, today=today)
    assert codes(ready) == []
    nothing = contract.signing_findings(video_watched=False, content_confirmed=False, period=None, today=today)
    assert codes(nothing) == ["outside_contract_period", "video_not_watched", "content_not_confirmed"]
    late = contract.signing_findings(
        video_watched=True, content_confirmed=True, period=PERIOD, today=PERIOD.last + timedelta(days=1)
    )
    assert codes(late) == ["outside_contract_period"]


def test_a_period_does_not_run_backwards():
    with pytest.raises(ValueError, match="before it begins"):
        Period(date(2025, 11, 2), date(2025, 11, 1))
    assert date(2025, 11, 1) in Period(date(2025, 11, 1), date(2025, 11, 1))


VISIT = date(2025, 8, 31)
RECENT, OLD = date(2025, 2, 28), date(2025, 2, 27)
HEALTH = Paper("HEALTH_CARD")


@pytest.mark.rule("GL-490", "GL-491", "GL-625")
def test_recent_is_within_six_months_before_the_visit():
    for issued_on, recent in [(RECENT, True), (OLD, False), (VISIT, True), (VISIT + timedelta(days=1), False)]:
        assert counter_papers.suffices([HEALTH, Paper("RESIDENT_RECORD", issued_on=issued_on)], VISIT) is recent


@pytest.mark.rule("GL-488", "GL-489", "GL-490")
@pytest.mark.parametrize(
    ("papers", "enough"),
    [
        ([Paper("DRIVING_LICENCE")], True),
        ([Paper("DRIVING_CAREER_CERTIFICATE", issued_on=date(2012, 4, 1))], True),
        ([Paper("DRIVING_CAREER_CERTIFICATE", issued_on=date(2012, 3, 31))], False),
        ([Paper("DRIVING_CAREER_CERTIFICATE")], False),
        ([Paper("MY_NUMBER_CARD")], True),
        ([Paper("PASSPORT", address_written=True)], True),
        ([Paper("PASSPORT")], False),
        ([Paper("RESIDENCE_CARD")], True),
        ([Paper("SPECIAL_PERMANENT_RESIDENT_CERTIFICATE")], True),
        ([Paper("RESIDENT_REGISTER_CARD", complete=True)], True),
        ([Paper("RESIDENT_REGISTER_CARD")], False),
        ([HEALTH], False),
        ([HEALTH, Paper("RESIDENT_RECORD", issued_on=RECENT)], True),
        ([HEALTH, Paper("RESIDENT_RECORD", issued_on=OLD)], False),
        ([Paper("RESIDENT_RECORD", issued_on=RECENT)], False),
        ([HEALTH, Paper("SEAL_REGISTRATION_CERTIFICATE", issued_on=RECENT)], True),
        ([HEALTH, Paper("SEAL_REGISTRATION_CERTIFICATE", issued_on=OLD)], False),
        ([HEALTH, Paper("CASH_CARD")], True),
        ([HEALTH, Paper("BANKBOOK", issued_on=OLD)], True),
        ([Paper("CASH_CARD"), Paper("BANKBOOK")], False),
        ([HEALTH, Paper("CREDIT_CARD", valid_until=VISIT)], True),
        ([HEALTH, Paper("CREDIT_CARD", valid_until=VISIT - timedelta(days=1))], False),
        ([HEALTH, Paper("CREDIT_CARD")], False),
        ([HEALTH, Paper("UTILITY_BILL", issued_on=RECENT, address_written=True)], True),
        ([HEALTH, Paper("UTILITY_BILL", issued_on=RECENT)], False),
        ([HEALTH, Paper("UTILITY_BILL", issued_on=OLD, address_written=True)], False),
        ([HEALTH, Paper("PASSPORT")], False),
        ([], False),
    ],
)
def test_the_counter_takes_one_strong_paper_or_the_health_card_with_another(papers, enough):
    assert counter_papers.suffices(papers, VISIT) is enough
    assert codes(counter_papers.papers_findings(papers, VISIT, "papers")) == ([] if enough else ["PAPERS"])
