"""融資額残高証明書: for which years, and what it states."""

from datetime import date

import pytest
from applications.programmes.green_loan import certificates
from applications.programmes.green_loan.procedure.certificates import posting_findings
from applications.programmes.green_loan.reading import LOAN
from applications.workflow import Taken
from kit.errors import Refused
from support.repaying import APPROVER, BANK, REVIEWER, borrowed, codes, noon, on, said


def contracted(day=date(2026, 4, 10), sendings=3, **loan):
    """A loan that was contracted on a day, with so many certificates asked for."""
    life = borrowed(**loan)
    life.submitted = {**life.submitted, "loan": {**life.submitted["loan"], "certificate_sendings": sendings}}
    life.taken[LOAN, life.id, "conclude"] = (Taken(noon(day), None, None),)
    return life


def years(life, today):
    return [(one.year, one.number) for one in certificates.certificates(life.case(), today)]


@pytest.mark.rule("GL-506", "GL-509")
@pytest.mark.parametrize(
    ("sendings", "today", "expected"),
    [
        (3, date(2026, 12, 31), []),  # the year is not over
        (3, date(2027, 1, 1), [(2026, 1)]),
        (3, date(2040, 1, 1), [(2026, 1), (2027, 2), (2028, 3)]),
        (0, date(2040, 1, 1), []),
        (99, date(2040, 1, 1), [(2026 + n, 1 + n) for n in range(10)]),  # nothing is owed at the end of 2036
    ],
)
def test_there_is_one_for_each_year_from_that_of_the_contract_on_while_something_is_owed(sendings, today, expected):
    assert years(contracted(sendings=sendings), today) == expected


@pytest.mark.rule("GL-506", "GL-509")
def test_a_contract_of_the_old_year_whose_funds_come_in_the_new_one_owes_nothing_at_its_end():
    life = contracted(date(2026, 12, 20), first=date(2027, 2, 15))
    assert years(life, date(2030, 1, 1)) == [(2027, 2), (2028, 3)]
    before_midnight = contracted(date(2026, 12, 31))
    assert years(before_midnight, date(2027, 1, 1)) == [(2026, 1)]


@pytest.mark.rule("GL-505", "GL-506")
def test_it_states_all_that_is_owed_at_the_end_of_the_year_arrears_and_early_repayment_considered():
    life = contracted(sendings=2)

    def stated():
        return [one.owed_yen for one in certificates.certificates(life.case(), date(2028, 1, 1))]

    plain = stated()
    assert plain[0] == on(life, date(2026, 12, 31)).balance_yen
    said(life, "miss", BANK, date(2026, 12, 16), due_on="2026-12-15")
    instalment = on(life, date(2026, 12, 31)).late[0].instalment
    assert stated() == [plain[0] + instalment.principal, plain[1] + instalment.principal]
    said(life, "settle", BANK, date(2027, 1, 5), paid_on="2027-01-05")
    assert stated() == [plain[0] + instalment.principal, plain[1]]  # paid in the new year: owed at the end of the old
    early = {"channel": "COUNTER", "amount_yen": 1_000_000, "effect": "LOWER_PAYMENT", "noticed_on": "2027-05-01"}
    said(life, "prepay", BANK, date(2027, 6, 15), **early, payment_on="2027-06-15")
    assert stated()[0] == plain[0] + instalment.principal
    assert stated()[1] < plain[1] - 900_000
    said(life, "propose_closing", BANK, date(2027, 12, 31))
    said(life, "close_with_balance", APPROVER, date(2027, 12, 31), reason="INSURANCE")
    assert len(stated()) == 1


@pytest.mark.rule("GL-505", "GL-506")
def test_a_balance_that_was_called_and_is_not_paid_is_owed():
    life = contracted(sendings=3)
    life.now = noon(date(2027, 3, 1))
    life.do("propose_acceleration", REVIEWER)
    life.do("accelerate", APPROVER, reason="無断で転貸")
    stated = [one.owed_yen for one in certificates.certificates(life.case(), date(2030, 1, 1))]
    assert stated[1] == stated[2] == on(life, date(2027, 3, 1)).balance_yen


@pytest.mark.rule("GL-508", "GL-509")
@pytest.mark.parametrize(
    ("sendings", "day", "code"),
    [
        (5, date(2028, 5, 1), None),
        (2, date(2028, 5, 1), None),
        (1, date(2028, 5, 1), "YEARS_OVER"),
        (1, date(2027, 12, 31), None),
        (0, date(2026, 12, 31), None),
        (None, date(2028, 5, 1), "REQUIRED"),
    ],
)
def test_the_institution_changes_the_number_but_not_of_years_that_are_over(sendings, day, code):
    life = contracted(sendings=3)
    facts = {} if sendings is None else {"sendings": sendings}
    if code is not None:
        with pytest.raises(Refused) as refused:
            said(life, "change_sendings", BANK, day, **facts)
        assert codes(refused) == {code}
        return
    said(life, "change_sendings", BANK, day, **facts)
    assert certificates.sendings_of(life.case()) == sendings
    assert len(years(life, date(2036, 1, 1))) == sendings


@pytest.mark.rule("GL-507")
@pytest.mark.parametrize(
    ("first", "last", "right"),
    [
        (date(2027, 1, 1), date(2027, 1, 1), True),
        (date(2026, 12, 31), date(2027, 1, 10), False),
        (date(2027, 1, 10), date(2027, 1, 9), False),
    ],
)
def test_posting_is_announced_for_days_after_the_year(first, last, right):
    assert bool(posting_findings(2026, first, last, "first")) is not right


def test_everybody_who_owes_the_loan_is_named_the_main_applicant_first():
    names = {"applicant": {"name_kanji": {"family": "見本", "given": "太郎"}}}
    wife = {"name_kanji": {"family": "見本", "given": "花子"}}
    assert certificates.debtor_names({**names, "joint_debtors": [wife]}) == ["見本 太郎", "見本 花子"]
    assert certificates.debtor_names(names) == ["見本 太郎"]
