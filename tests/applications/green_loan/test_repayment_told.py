"""What those who owe a loan are told while it is repaid, and what the office is called for meanwhile."""

from datetime import date, timedelta

import pytest
from applications.programmes.green_loan import steps
from applications.programmes.green_loan.money.changes import ChangeKind
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.workflow import WORKFLOW
from applications.workflow import choose, grounds
from kit.errors import Refused
from support.repaying import APPROVER, BANK, MAIN, borrowed, codes, said

FIRST = date(2026, 5, 15)
CHANGE = {"kind": "stop_bonus", "effective_on": "2026-06-20"}
WISH = {"channel": "MY_NOTE", "amount_yen": 200_000, "effect": "LOWER_PAYMENT", "payment_on": "2026-07-15"}


def told(life, command, caller, facts=None, **more):
    """What the step would tell: its one message."""
    row = choose(WORKFLOW, life.case(), command, caller, track=LOAN, subject=life.id)
    (notice,) = row.notices(life.case(facts=facts, **more))
    assert (notice.topic, notice.subject, notice.mailed) == ("repayment", "ご返済について", True)
    return notice


def called(life):
    """The kinds of what the office is called for now."""
    return {kind for (kind, _), one in grounds(WORKFLOW, life.case()).items() if one.at <= life.now}


@pytest.mark.rule("GL-081", "GL-577")
def test_a_missed_instalment_is_told_with_what_it_costs_and_whom_to_ask():
    notice = told(borrowed(), "miss", BANK, steps.Missed(due_on=FIRST))
    assert notice.kind == "instalment_missed"
    for word in ("2026-05-15のご返済", "年14.5%", "取扱金融機関"):
        assert word in notice.text


@pytest.mark.rule("GL-589", "GL-591")
def test_a_change_is_told_when_it_is_approved_and_when_it_is_not():
    life = borrowed(bonus=500_000)
    change = steps.TermsChange(kind=ChangeKind.STOP_BONUS, effective_on=date(2026, 6, 20))
    notice = told(life, "change_terms", APPROVER, change)
    assert notice.kind == "change_approved"
    assert "ボーナス払いの取りやめ" in notice.text
    assert "2026-06-20" in notice.text
    notice = told(life, "decline_change", APPROVER, reason="内部の理由")
    assert notice.kind == "change_declined"
    assert "これまでどおり" in notice.text
    assert "内部の理由" not in notice.text


@pytest.mark.rule("GL-082", "GL-579")
def test_that_the_balance_is_called_is_told_without_its_ground():
    (row,) = [one for one in WORKFLOW.transitions if one.command == "accelerate"]
    (notice,) = row.notices(borrowed().case(reason="差押えを受けた"))
    assert (notice.kind, "全額" in notice.text, "差押え" in notice.text) == ("balance_called", True, False)


@pytest.mark.rule("GL-080", "GL-576")
def test_that_the_funds_were_paid_is_told_with_the_first_due_date():
    (row,) = [one for one in WORKFLOW.transitions if one.command == "disburse"]
    funds = steps.Funds(paid_on=date(2026, 4, 17), first_due_on=FIRST)
    (notice,) = row.notices(borrowed().case(facts=funds))
    assert (notice.kind, "2026-04-17" in notice.text, "2026-05-15" in notice.text) == ("funds_paid", True, True)
    # Into whose account they went is not for all who take part.
    _, read = WORKFLOW.told(row, {"paid_on": "2026-04-17", "account": {"number": "7654321"}, "agent": {"name": "x"}})
    assert read == {"paid_on": "2026-04-17"}


@pytest.mark.rule("GL-591")
def test_a_change_takes_effect_today_at_the_earliest():
    life = borrowed(bonus=500_000)
    with pytest.raises(Refused) as refused:
        said(life, "change_terms", APPROVER, date(2026, 6, 21), **CHANGE)
    assert codes(refused) == {"IN_THE_PAST"}
    said(life, "change_terms", APPROVER, date(2026, 6, 20), **CHANGE)


@pytest.mark.rule("GL-591")
@pytest.mark.parametrize("answer", ["change_terms", "decline_change"])
def test_a_change_that_was_asked_for_calls_the_office_until_it_answers(answer):
    life = borrowed(bonus=500_000)
    assert called(life) == set()
    said(life, "ask_change", MAIN, date(2026, 6, 1), **CHANGE)
    assert called(life) == {"change_asked"}
    facts = CHANGE if answer == "change_terms" else {"reason": "収入を確認できない"}
    said(life, answer, APPROVER, date(2026, 6, 2), **facts)
    assert called(life) == set()


@pytest.mark.rule("GL-596", "GL-601")
def test_a_wish_to_repay_early_calls_the_office_until_it_is_arranged_or_its_day_is_over():
    life = borrowed()
    said(life, "ask_prepayment", MAIN, date(2026, 6, 1), **WISH)
    assert called(life) == {"prepayment_asked"}
    over = date(2026, 7, 16)
    life.now += over - date(2026, 6, 1)
    assert called(life) == set()
    life.now -= timedelta(days=1)
    assert called(life) == {"prepayment_asked"}
    life = borrowed()
    said(life, "ask_prepayment", MAIN, date(2026, 6, 1), **WISH)
    later = {**WISH, "payment_on": "2026-08-15"}
    said(life, "ask_prepayment", MAIN, date(2026, 6, 1), **later)
    said(life, "prepay", BANK, date(2026, 6, 2), **WISH, noticed_on="2026-06-01")
    assert called(life) == {"prepayment_asked"}  # for the other day
    said(life, "prepay", BANK, date(2026, 6, 2), **later, noticed_on="2026-06-01")
    assert called(life) == set()
    said(life, "cancel_prepayment", BANK, date(2026, 6, 3), payment_on="2026-08-15")
    assert called(life) == {"prepayment_asked"}


@pytest.mark.rule("GL-591")
def test_nothing_is_declined_that_nobody_asked_for_nor_twice():
    life = borrowed(bonus=500_000)
    why = {"reason": "収入を確認できない"}
    with pytest.raises(Refused) as refused:
        said(life, "decline_change", APPROVER, date(2026, 6, 1), **why)
    assert codes(refused) == {"NOTHING_ASKED"}
    said(life, "ask_change", MAIN, date(2026, 6, 1), **CHANGE)
    said(life, "decline_change", APPROVER, date(2026, 6, 2), **why)
    with pytest.raises(Refused):
        said(life, "decline_change", APPROVER, date(2026, 6, 3), **why)
