"""The table of the green loan, walked from the draft to the last payment, and at every exit."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from applications.errors import ImpossibleTransition, SecondOfficerNeeded
from applications.programmes.green_loan import PROGRAMME, agreement, insurance, reckoned, steps
from applications.programmes.green_loan.areas.states import CODES, STATES, StateTransition, state_transition
from applications.programmes.green_loan.conditions.contract import conditions, may_sign, stands_against
from applications.programmes.green_loan.conditions.submission import papers_that_come_later
from applications.programmes.green_loan.conditions.works import works_paper_is_there
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.rates import RateTable, first_payments
from applications.programmes.green_loan.reading import (
    CONSENT,
    DANSHIN,
    IDENTITY,
    JOINT_DEBTOR,
    LOAN,
    SIGNATURE,
    TECHNICAL,
    debtors,
)
from applications.programmes.green_loan.servicing import contracted, rate_of
from applications.programmes.green_loan.workflow import WORKFLOW
from applications.workflow import Caller, Other, Who, choose, grounds, standings
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.errors import Forbidden, Refused
from kit.japan import JST
from madoguchi_contracts import Role
from support import green_loan as example
from support.life import Life

OWNER, DEBTOR, OFFICER, SECOND, CLERK, INSPECTOR = (UUID(int=n) for n in range(1, 7))
MAIN = Caller(Role.APPLICANT, OWNER)
WIFE = Caller(Role.JOINT_DEBTOR, DEBTOR)
REVIEWER, APPROVER = Caller(Role.OFFICE_REVIEWER, OFFICER), Caller(Role.OFFICE_APPROVER, SECOND)
BANK = Caller(Role.BANK, CLERK, example.BANK)
BODY = Caller(Role.INSPECTION_BODY, INSPECTOR, example.BODY)
SYSTEM = Caller()
BOTH = ((MAIN, OWNER), (WIFE, DEBTOR))
INSPECTED = {"body_name": "見本検査機構", "reference_number": "K-1", "reported_on": "2026-04-10"}
FUNDS = {
    "paid_on": "2026-04-01",
    **example.DELIVERY,
    **example.accounts(OWNER),
    "first_due_on": "2026-05-15",
    "repayment_day": 15,
}
FINAL = {"lines_yen": [1_200_000, 300_000], "subsidies_yen": 0}
PAPERS = ["conformity_certificate", "works_contract_copy", "invoice_copy", "contract_breakdown"]


def codes(error):
    return {finding.code for finding in error.value.findings}


def draft(*, debtor=False):
    life = Life(PROGRAMME, OWNER, example.NOW)
    life.facts = example.facts()
    life.draft = example.content()
    life.documents = example.documents(OWNER)
    life.do("start", MAIN)
    if debtor:
        with_debtor(life)
    return life


def with_debtor(life):
    life.join(DEBTOR, JOINT_DEBTOR, "view")
    life.draft = example.content_with(
        joint_debtors=[example.joint_debtor(DEBTOR)],
        papers=[
            *example.content()["papers"],
            {"slot": "joint_debtor_1_my_number_card", "confirmed": ["front_only"]},
        ],
    )
    life.documents = [*example.documents(OWNER), example.document("my_number_card", DEBTOR)]


def agree(life, *people, **changes):
    said = {"draft_version": life.draft_version, "text_version": "2026-04", "personal_data": True, "outline": True}
    for caller, person in people:
        life.do("agree", caller, track=CONSENT, about=person, **(said | changes))


def accepted(*, debtor=False):
    life = draft(debtor=debtor)
    agree(life, *(BOTH if debtor else BOTH[:1]))
    life.do("submit", MAIN)
    return life


def examine(life, **changes):
    life.do("examine", REVIEWER, **example.examination(life.documents, *debtors(life.case()), **changes))


def decide(life, command="approve", **facts):
    if command == "approve":
        facts = {"amount_yen": 1_500_000, **facts}
        examine(life)
    life.do("recommend", REVIEWER)
    life.do(command, APPROVER, **facts)


def certify(life):
    life.do("request", MAIN, track=TECHNICAL)
    life.do("confirm_plan", BODY, track=TECHNICAL, **INSPECTED, **example.PLAN)
    life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-11")
    life.do("complete", MAIN, track=TECHNICAL, on="2026-04-20")
    life.do("report", MAIN, track=TECHNICAL, **example.REPORT)
    life.do("certify", BODY, track=TECHNICAL, **INSPECTED, **example.ISSUED)


def receive(life, **changes):
    said = {"received": PAPERS, "shown": PAPERS[1:], **FINAL}
    life.do("receive", BANK, **(said | changes))


def open_contract(life, days=14, **changes):
    """Of whose insurance nothing was heard yet, the insurer accepts at once."""
    if life.state(DANSHIN, OWNER) == "opening":
        insure(life)
    today = life.now.date()
    said = {"first": today.isoformat(), "last": (today + timedelta(days=days)).isoformat(), "amount_yen": 1_500_000}
    life.do("open_contract", REVIEWER, **(said | changes))


def sign(life, caller, person):
    life.do("watch", caller, track=SIGNATURE, about=person)
    signed_at(life, person, life.now)


def signed_at(life, person, moment):
    """The provider's word."""
    life.do("sign", SYSTEM, track=SIGNATURE, about=person, signed_at=moment.isoformat())


def identify(life, *people):
    for person in people:
        life.ekyc[person] = "passed"
    life.settle()


def insure(life, *commands, person=OWNER, product="SHIN"):
    """What the insurer's service says, one word after the other; without any, the person joins."""
    for command in commands or ("invite", "apply", "accept"):
        known = {"product": product, "declared_on": "2026-04-01"} if command in {"apply", "accept", "switch"} else {}
        life.do(command, SYSTEM, track=DANSHIN, about=person, **known)


def until_contract(*, debtor=False, **approval):
    life = accepted(debtor=debtor)
    decide(life, **approval)
    certify(life)
    receive(life)
    open_contract(life)
    return life


@pytest.mark.rule("GL-066", "GL-067", "GL-072", "GL-073", "GL-074", "GL-077", "GL-078", "GL-079", "GL-080")
@pytest.mark.rule("GL-081", "GL-083")
def test_a_loan_of_two_goes_from_the_draft_to_the_last_payment():
    life = accepted(debtor=True)
    assert life.state() == "under_review"  # GL-105: the review begins by itself
    decide(life)
    certify(life)
    assert life.state(TECHNICAL) == "certified"
    receive(life)
    open_contract(life)
    identify(life, OWNER)
    life.do("see", BANK, track=IDENTITY, about=DEBTOR, papers=["DRIVING_LICENCE"])
    for caller, person in BOTH:
        assert life.state() == "contract_open"
        sign(life, caller, person)
    assert life.state() == "contracted"  # the last signature concludes it
    life.do("disburse", BANK, **FUNDS)
    assert life.state() == "repaying"
    life.now = datetime(2026, 5, 20, 1, tzinfo=UTC)
    life.do("miss", BANK, due_on="2026-05-15")
    life.do("settle", BANK, paid_on="2026-05-20")
    life.now = datetime(2036, 4, 15, 1, tzinfo=UTC)
    life.do("close", BANK, reason="FINAL_DUE_DATE")
    assert life.state() == "closed"


# The confirmation


@pytest.mark.rule("GL-061", "GL-062")
@pytest.mark.parametrize(("hour", "minute", "is_open"), [(1, 59, True), (2, 0, False), (5, 59, False), (6, 0, True)])
def test_nothing_is_confirmed_while_the_counter_is_closed(hour, minute, is_open):
    life = draft()
    agree(life, *BOTH[:1])
    life.now = life.now.replace(hour=(hour - 9) % 24, minute=minute) + timedelta(days=1)
    if is_open:
        life.do("submit", MAIN)
    else:
        with pytest.raises(Refused) as refused:
            life.do("submit", MAIN)
        assert codes(refused) == {"CLOSED"}


@pytest.mark.rule("GL-255", "GL-257", "GL-620", "GL-069")
def test_everybody_agrees_to_the_content_as_it_stands_and_a_change_voids_it():
    life = draft(debtor=True)
    with pytest.raises(Refused) as refused:
        life.do("submit", MAIN)
    assert [one.field for one in refused.value.findings] == ["applicant"] * 2 + ["joint_debtors.0"] * 2
    agree(life, *BOTH)
    life.draft_version += 1
    with pytest.raises(Refused) as refused:
        life.do("submit", MAIN)
    assert codes(refused) == {"CONSENT_MISSING", "OUTLINE_MISSING"}
    with pytest.raises(Refused) as refused:
        agree(life, (WIFE, DEBTOR), draft_version=1)
    assert codes(refused) == {"CONTENT_CHANGED"}
    agree(life, *BOTH)
    life.do("submit", MAIN)


@pytest.mark.rule("GL-255")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"personal_data": False}, "CONSENT_MISSING"),
        ({"outline": None}, "OUTLINE_MISSING"),
        ({"text_version": ""}, "REQUIRED"),
        ({"text_version": "2026-05"}, "UNKNOWN"),
    ],
)
def test_an_agreement_is_whole_and_names_its_text(changes, code):
    with pytest.raises(Refused) as refused:
        agree(draft(), *BOTH[:1], **changes)
    assert codes(refused) == {code}


@pytest.mark.rule("GL-016", "GL-255")
def test_nobody_agrees_for_somebody_else_and_nobody_after_the_confirmation():
    life = draft(debtor=True)
    with pytest.raises(Forbidden):
        agree(life, (MAIN, DEBTOR))
    agree(life, *BOTH)
    life.do("submit", MAIN)
    with pytest.raises(ImpossibleTransition):
        agree(life, *BOTH)


@pytest.mark.rule("GL-015", "GL-044", "GL-069")
def test_who_owes_the_loan_has_joined_and_who_has_joined_is_entered():
    life = draft()
    life.join(DEBTOR, JOINT_DEBTOR, "view")
    agree(life, *BOTH)
    with pytest.raises(Refused) as refused:
        life.do("submit", MAIN)
    assert codes(refused) == {"NOT_ENTERED"}
    life = draft()
    life.draft = example.content_with(joint_debtors=[example.joint_debtor(DEBTOR)])
    agree(life, *BOTH[:1])
    with pytest.raises(Refused) as refused:
        life.do("submit", MAIN)
    assert "NOT_JOINED" in codes(refused)
    for number in range(4):
        life.join(UUID(int=200 + number), JOINT_DEBTOR, "view")
    with pytest.raises(Refused) as refused:
        life.do("submit", MAIN)
    assert "TOO_MANY_JOINT_DEBTORS" in codes(refused)


@pytest.mark.rule("GL-103", "GL-348")
def test_without_the_building_register_the_application_stays_a_draft():
    life = draft()
    agree(life, *BOTH[:1])
    life.documents = [one for one in life.documents if one.slot != "application_building_register"]
    with pytest.raises(Refused) as refused:
        life.do("submit", MAIN)
    assert {one.field for one in refused.value.findings} == {"documents.application_building_register"}
    assert life.state() == "draft"


@pytest.mark.rule("GL-355", "GL-356", "GL-357")
@pytest.mark.parametrize(
    ("state", "days_ago", "allowed"),
    [
        ("rejected", 30, False),
        ("withdrawn", 30, False),
        ("withdrawn", 250, True),
        ("cancelled", 30, False),
        ("stopped", 30, False),
        ("draft", None, True),
        ("stopped", None, True),
        ("under_review", 400, False),
        ("contracted", 30, False),
        ("repaying", 30, True),
        ("closed", 30, True),
    ],
)
def test_an_earlier_application_bans_a_new_one_for_a_time(state, days_ago, allowed):
    life = draft()
    agree(life, *BOTH[:1])
    submitted_at = None if days_ago is None else life.now - timedelta(days=days_ago)
    life.others = (Other(UUID(int=9), state, submitted_at),)
    if allowed:
        life.do("submit", MAIN)
    else:
        with pytest.raises(Refused) as refused:
            life.do("submit", MAIN)
        assert codes(refused) == {"TOO_EARLY"}


@pytest.mark.rule("GL-436")
def test_what_was_confirmed_cannot_be_edited():
    life = accepted()
    for state in WORKFLOW.states(LOAN) - {"draft"}:
        life.states[LOAN, life.id] = state
        assert not WORKFLOW.may_edit(life.case(), MAIN)


# The decision


@pytest.mark.rule("GL-074", "GL-075", "GL-353")
@pytest.mark.parametrize(("command", "facts"), [("approve", {"amount_yen": 1_500_000}), ("reject", {"code": "REVIEW"})])
def test_a_decision_needs_two_officers(command, facts):
    life = accepted()
    examine(life)
    with pytest.raises(SecondOfficerNeeded):
        life.do(command, APPROVER, **facts)
    life.do("recommend", REVIEWER)
    with pytest.raises(SecondOfficerNeeded):
        life.do(command, Caller(Role.OFFICE_APPROVER, OFFICER), **facts)
    life.do(command, APPROVER, **facts)
    assert life.state() == {"approve": "approved", "reject": "rejected"}[command]


@pytest.mark.rule("GL-349", "GL-350", "GL-351", "GL-352", "GL-353", "GL-354")
@pytest.mark.parametrize("command", ["reject", "cancel"])
def test_a_refusal_and_a_cancellation_have_a_ground_of_the_list(command):
    life = accepted()
    life.do("recommend", REVIEWER)
    life.do("propose_cancellation", REVIEWER)
    with pytest.raises(Refused) as refused:
        life.do(command, APPROVER, code="BAD_MOOD")
    assert codes(refused) == {"REQUIRED"}
    life.do(command, APPROVER, code={"reject": "FALSE_STATEMENT", "cancel": "PROCEDURE_NOT_DONE"}[command])


@pytest.mark.rule("GL-248", "GL-433")
@pytest.mark.parametrize(
    ("approved", "bonus", "expected"),
    [
        (1_500_000, None, set()),
        (1_000_000, 400_000, set()),
        (1_000_000, 410_000, {"above_maximum"}),
        (1_510_000, None, {"APPROVED_AMOUNT", "ABOVE_PROVEN_LIMIT"}),
        (0, None, {"APPROVED_AMOUNT"}),
    ],
)
def test_an_approval_may_reduce_and_never_raise_the_amount(approved, bonus, expected):
    life = accepted()
    examine(life)
    life.do("recommend", REVIEWER)
    facts = {"amount_yen": approved} | ({} if bonus is None else {"bonus_part_yen": bonus})
    if not expected:
        life.do("approve", APPROVER, **facts)
        return
    with pytest.raises(Refused) as refused:
        life.do("approve", APPROVER, **facts)
    assert codes(refused) == expected


@pytest.mark.rule("GL-076", "GL-433")
def test_after_a_doubt_only_a_new_decision_leads_on():
    life = accepted()
    decide(life)
    certify(life)
    receive(life)
    life.do("doubt", REVIEWER, reason="申込内容に疑義")
    for command, caller in (("open_contract", REVIEWER), ("receive", BANK)):
        with pytest.raises(ImpossibleTransition):
            life.do(command, caller)
    with pytest.raises(SecondOfficerNeeded):  # the first recommendation is used up
        life.do("approve", APPROVER, amount_yen=1_500_000)
    decide(life)
    assert life.state() == "approved"


@pytest.mark.rule("GL-104")
def test_a_doubt_says_why():
    life = accepted()
    decide(life)
    with pytest.raises(Refused) as refused:
        life.do("doubt", REVIEWER)
    assert codes(refused) == {"REQUIRED"}


@pytest.mark.rule("GL-260", "GL-261", "GL-262")
@pytest.mark.parametrize(
    ("choice", "rate", "payment", "state"),
    [("SANDAI", "1.80", 13_668, "re_review"), ("NONE", "1.50", 13_468, "approved")],  # SHIN: 1.60 %, 13,534 yen
)
def test_a_change_of_danshin_that_raises_the_payment_opens_the_review_again(choice, rate, payment, state):
    life = accepted()
    decide(life)
    life.now += timedelta(days=400)  # the rate stays that of the day of the acceptance
    life.do("change_danshin", BANK, choice=choice)
    kept = life.case().said_before(steps.DanshinChange, LOAN, "change_danshin")
    assert (str(kept.rate_percent), kept.payment_before_yen, kept.payment_after_yen) == (rate, 13_534, payment)
    assert (kept.bonus_before_yen, kept.bonus_after_yen) == (0, 0)
    assert life.state() == state
    if state == "re_review":
        life.now += timedelta(days=1)
        decide(life)
        assert life.state() == "approved"  # decided with the new payment: it is not reviewed once more


@pytest.mark.rule("GL-254", "GL-260", "GL-262")
@pytest.mark.parametrize(
    ("choice", "rates", "code"),
    [
        ("SHIN", example.RATES, "REQUIRED"),  # it is SHIN already
        (None, example.RATES, "REQUIRED"),
        ("SANDAI", None, "RATE_UNKNOWN"),
        ("SANDAI", RateTable([]), "RATE_UNKNOWN"),
    ],
)
def test_a_change_of_danshin_needs_another_kind_and_the_rates_of_the_acceptance(choice, rates, code):
    life = accepted()
    decide(life)
    life.facts = example.facts(rates=rates)
    with pytest.raises(Refused) as refused:
        life.do("change_danshin", BANK, **({"choice": choice} if choice else {}))
    assert codes(refused) == {code}


@pytest.mark.rule("GL-196", "GL-433", "GL-479")
@pytest.mark.parametrize(("amount", "right"), [(1_200_000, True), (1_210_000, False)])
def test_who_is_reviewed_again_after_the_final_papers_is_granted_no_more_than_they_allow(amount, right):
    life = accepted()
    decide(life)
    certify(life)
    receive(life, lines_yen=[1_000_000, 200_000])
    life.do("doubt", REVIEWER, reason="金額の相違")
    if right:
        decide(life, amount_yen=amount)
        return
    with pytest.raises(Refused) as refused:
        decide(life, amount_yen=amount)
    assert codes(refused) == {"APPROVED_AMOUNT"}


@pytest.mark.rule("GL-196", "GL-235", "GL-479")
@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 6_000_000),
    st.integers(0, 6_000_000),
    st.integers(0, 500_000),
    st.integers(0, 2_000_000),
    st.integers(0, 500_000),
)
def test_the_final_limit_is_that_of_an_application_with_these_amounts(energy, other, fee, subsidies, running):
    cost = {
        "code": "D-01",
        "kind": "設計",
        "amount_yen": 1,
        "customer_share_yen": 1,
        "payer": "customer",
        "evidence": "INVOICE",
    }
    life = accepted()
    entered = {"works__costs": [cost], "loan__running_balance_yen": running}
    life.submitted = example.content_with(**entered)
    said = steps.Receipt(lines_yen=(energy, other), costs_yen=(fee,), subsidies_yen=subsidies)
    found = reckoned.receipt(life.case(facts=said)).final_limit_yen
    lowest = min(5_000_000 - running, 2 * energy + fee, energy + other + fee - subsidies)
    limit = max(0, lowest // 10_000 * 10_000)
    assert found == (limit if energy and limit >= 100_000 else 0)


@pytest.mark.rule("GL-263", "GL-529", "GL-543")
def test_nothing_changes_the_rate_once_the_contract_is_open():
    rows = [row for row in WORKFLOW.transitions if row.command == "change_danshin"]
    assert {row.target for row in rows} == {"approved", "cert_submitted"}


# Works


@pytest.mark.rule("GL-089", "GL-095", "GL-097", "GL-105", "GL-106", "GL-458", "GL-459")
def test_works_start_after_the_decision_and_the_plan_and_not_before_either():
    life = accepted()
    life.do("request", MAIN, track=TECHNICAL)
    with pytest.raises(ImpossibleTransition):  # T2 is missing
        life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-11")
    life.do("confirm_plan", BODY, track=TECHNICAL, **INSPECTED, **example.PLAN)
    with pytest.raises(Refused) as refused:  # L3 is missing
        life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-11")
    assert codes(refused) == {"TOO_EARLY"}
    decide(life)
    with pytest.raises(Refused):  # before the plan was confirmed, on 10 April
        life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-09")
    life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-10")


@pytest.mark.rule("GL-087", "GL-088", "GL-451", "GL-457")
def test_what_the_inspection_body_reports_is_recorded_with_name_number_and_day():
    life = accepted()
    life.do("request", MAIN, track=TECHNICAL)
    with pytest.raises(Refused) as refused:
        life.do("confirm_plan", BODY, track=TECHNICAL, body_name="見本検査機構", **example.PLAN)
    assert {one.field for one in refused.value.findings} == {"reference_number", "reported_on"}
    with pytest.raises(Forbidden):
        life.do(
            "confirm_plan",
            Caller(Role.INSPECTION_BODY, INSPECTOR, UUID(int=999)),
            track=TECHNICAL,
            **INSPECTED,
            **example.PLAN,
        )
    # For a body that has no access here:
    life.do("confirm_plan", REVIEWER, track=TECHNICAL, **INSPECTED, **example.PLAN)


@pytest.mark.rule("GL-090", "GL-091", "GL-092")
def test_works_are_completed_after_they_started():
    life = accepted()
    decide(life)
    life.do("request", MAIN, track=TECHNICAL)
    life.do("confirm_plan", BODY, track=TECHNICAL, **INSPECTED, **example.PLAN)
    life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-11")
    with pytest.raises(Refused) as refused:
        life.do("complete", MAIN, track=TECHNICAL, on="2026-04-10")
    assert codes(refused) == {"BEFORE_START"}
    life.do("complete", MAIN, track=TECHNICAL, on="2026-04-11")


@pytest.mark.rule("GL-093", "GL-094", "GL-105")
def test_the_paper_of_a_business_group_takes_the_place_of_the_inspection():
    life = accepted()
    decide(life)
    with pytest.raises(Refused) as refused:
        receive(life)
    assert codes(refused) == {"NOT_CERTIFIED"}
    life.do("omit", REVIEWER, track=TECHNICAL, **INSPECTED)
    receive(life)
    assert life.state() == "cert_submitted"


@pytest.mark.rule("GL-077", "GL-478", "GL-479")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received": PAPERS[:-1]}, "PAPER_MISSING"),
        ({"shown": []}, "ORIGINAL_NOT_SHOWN"),
        ({"lines_yen": None}, "REQUIRED"),
        ({"lines_yen": [1_500_000]}, "REQUIRED"),
        ({"costs_yen": [1]}, "REQUIRED"),
        ({"subsidies_yen": None}, "REQUIRED"),
    ],
)
def test_the_institution_has_all_papers_and_has_seen_their_originals(changes, code):
    life = accepted()
    decide(life)
    certify(life)
    with pytest.raises(Refused) as refused:
        receive(life, **changes)
    assert code in codes(refused)


# The contract


@pytest.mark.rule("GL-101", "GL-487", "GL-495")
def test_the_contract_waits_for_every_signature_and_every_identity():
    life = until_contract(debtor=True)
    for caller, person in BOTH:
        sign(life, caller, person)
    assert life.state() == "contract_open"
    identify(life, OWNER)
    assert life.state() == "contract_open"
    identify(life, DEBTOR)
    assert life.state() == "contracted"


@pytest.mark.rule("GL-486", "GL-484")
def test_nobody_signs_before_the_video():
    life = until_contract()
    identify(life, OWNER)
    with pytest.raises(ImpossibleTransition):
        signed_at(life, OWNER, life.now)
    assert {one.code for one in may_sign(life.case(about=OWNER))} == {"video_not_watched", "content_not_confirmed"}
    life.do("watch", MAIN, track=SIGNATURE, about=OWNER)
    assert list(may_sign(life.case(about=OWNER))) == []
    with pytest.raises(Forbidden):  # at the provider, and nowhere else
        life.do("sign", MAIN, track=SIGNATURE, about=OWNER, signed_at=life.now.isoformat())


@pytest.mark.rule("GL-101", "GL-260", "GL-397", "GL-435", "GL-495")
def test_nobody_signs_what_could_not_be_concluded_and_everybody_is_told_why():
    life = accepted(debtor=True)
    decide(life, conditions=[{"text": "自動車ローンの完済", "due": "contract"}])
    works_contract_is(life, "OPEN")
    certify(life)
    receive(life, received=ORDER, shown=ORDER[1:])
    open_contract(life)
    identify(life, OWNER)
    for caller, person in BOTH:
        life.do("watch", caller, track=SIGNATURE, about=person)

    def against(*people):
        return [{one.code for one in may_sign(life.case(about=person))} for person in people]

    both = {"approval_condition_open", "works_contract_copy_missing"}
    assert against(OWNER, DEBTOR) == [both, both | {"identity_not_verified"}]
    assert {one.code for one in stands_against(life.case())} == both | {"identity_not_verified"}
    life.do("fulfil", BANK, conditions=[0])
    life.do("receive_works_paper", BANK, received=[COPY], shown=[COPY])
    assert against(OWNER, DEBTOR) == [set(), {"identity_not_verified"}]
    life.do("decline", SYSTEM, track=DANSHIN, about=OWNER)
    assert against(OWNER) == [{"danshin_not_settled"}]


CAR = {"kind": "car", "debtor": "applicant", "monthly_yen": 20_000}


def with_borrowing(**changes):
    """A loan under review whose applicant has a car loan that does not count."""
    life = draft()
    left_out = {"loan": {**life.draft["loan"], "planned_contract_on": "2026-05-20"}, "borrowings": [{**CAR, **changes}]}
    life.draft = {**life.draft, **left_out}
    agree(life, BOTH[0])
    life.do("submit", MAIN)
    return life


@pytest.mark.rule("GL-305", "GL-310", "GL-435")
def test_a_borrowing_that_is_left_out_on_a_promise_is_a_condition_of_the_approval_whatever_the_officer_says():
    life = with_borrowing(declared_repaid_by_contract=True)
    decide(life, conditions=[{"text": "その他", "due": "contract"}])
    promised = "自動車ローンを契約までに完済したことの確認"
    assert [(one.text, one.done) for one in conditions(life.case())] == [("その他", False), (promised, False)]
    life.do("fulfil", BANK, conditions=[0])
    certify(life)
    receive(life)
    open_contract(life)
    life.do("watch", MAIN, track=SIGNATURE, about=OWNER)
    identify(life, OWNER)
    assert {one.code for one in may_sign(life.case(about=OWNER))} == {"approval_condition_open"}
    life.do("fulfil", BANK, conditions=[0, 1])
    assert list(may_sign(life.case(about=OWNER))) == []


@pytest.mark.rule("GL-304", "GL-311")
def test_a_contract_does_not_begin_before_a_borrowing_ends_that_is_left_out_because_it_ends_before():
    life = with_borrowing(final_on="2026-05-20")
    decide(life)
    certify(life)
    receive(life)
    with pytest.raises(Refused) as refused:
        open_contract(life, first="2026-05-19", last="2026-06-10")
    assert codes(refused) == {"BORROWING_STILL_OPEN"}
    open_contract(life, first="2026-05-20", last="2026-06-10")
    assert life.state() == "contract_open"


@pytest.mark.rule("GL-304", "GL-309")
def test_what_never_counts_holds_up_no_contract_whenever_it_ends():
    life = with_borrowing(final_on="2026-05-20", kind="mobile_handset_instalment")
    decide(life)
    certify(life)
    receive(life)
    open_contract(life)
    assert life.state() == "contract_open"


@pytest.mark.rule("GL-306", "GL-307", "GL-310")
def test_of_a_house_that_is_sold_the_papers_are_the_condition_and_not_the_sale():
    sale = {"loan_balance_yen": 9_000_000, "sale_price_yen": 12_000_000}
    life = with_borrowing(kind="housing", house_sale=sale)
    decide(life)
    (condition,) = conditions(life.case())
    assert "売却(予定)額" in condition.text
    assert "完済したこと" not in condition.text


@pytest.mark.rule("GL-483", "GL-487")
@pytest.mark.parametrize(("late", "state"), [(timedelta(seconds=-1), "contracted"), (timedelta(), "contract_open")])
def test_a_signature_counts_by_the_time_at_the_provider_and_may_be_heard_of_a_little_later(late, state):
    life = until_contract()
    identify(life, OWNER)
    last = life.now.astimezone(JST).date() + timedelta(days=14)
    life.do("watch", MAIN, track=SIGNATURE, about=OWNER)
    end = datetime.combine(last + timedelta(days=1), time(), JST)
    life.now = (end + timedelta(minutes=30)).astimezone(UTC)
    signed_at(life, OWNER, (end + late).astimezone(UTC))
    assert life.state() == state


@pytest.mark.rule("GL-483", "GL-487")
def test_a_signature_after_the_period_is_none_and_a_new_period_wants_all_again():
    life = until_contract(debtor=True)
    identify(life, OWNER, DEBTOR)
    sign(life, MAIN, OWNER)
    life.do("watch", WIFE, track=SIGNATURE, about=DEBTOR)
    life.now += timedelta(days=15)
    assert {one.code for one in may_sign(life.case(about=DEBTOR))} == {"outside_contract_period"}
    life.do("close_contract", SYSTEM)  # the deadline of the period
    open_contract(life)
    with pytest.raises(ImpossibleTransition):  # the video of the last period does not count
        signed_at(life, DEBTOR, life.now)
    sign(life, WIFE, DEBTOR)
    assert life.state() == "contract_open"  # the main applicant's signature was for the old period
    sign(life, MAIN, OWNER)
    assert life.state() == "contracted"


@pytest.mark.rule("GL-434", "GL-435")
@pytest.mark.parametrize("condition", [{"text": "完済"}, {"due": "contract"}, {"text": " ", "due": "funds"}])
def test_a_condition_of_an_approval_says_what_and_until_when(condition):
    life = accepted()
    examine(life)
    life.do("recommend", REVIEWER)
    with pytest.raises(Refused) as refused:
        life.do("approve", APPROVER, amount_yen=1_500_000, conditions=[condition])
    assert [(one.rule, one.field) for one in refused.value.findings] == [("GL-435", "conditions.0")]


@pytest.mark.rule("GL-435", "GL-434")
def test_the_contract_waits_for_every_approval_condition():
    life = until_contract(
        conditions=[{"text": "自動車ローンの完済", "due": "contract"}, {"text": "その他", "due": "contract"}]
    )
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    life.do("fulfil", BANK, conditions=[0])
    assert life.state() == "contract_open"
    with pytest.raises(Refused) as refused:
        life.do("fulfil", BANK, conditions=[0, 2])
    assert codes(refused) == {"UNKNOWN"}
    life.do("fulfil", BANK, conditions=[0, 1])
    assert life.state() == "contracted"


@pytest.mark.rule("GL-248", "GL-431")
@pytest.mark.parametrize(
    ("approved", "announced", "states"), [(None, None, 600_000), (500_000, None, 500_000), (500_000, 400_000, 400_000)]
)
def test_the_contract_states_the_bonus_part_by_which_the_loan_is_repaid(approved, announced, states):
    life = draft()
    life.draft = example.content_with(loan__bonus_part_yen=600_000)
    agree(life, *BOTH[:1])
    life.do("submit", MAIN)
    decide(life, **({} if approved is None else {"bonus_part_yen": approved}))
    certify(life)
    receive(life)
    open_contract(life, **({} if announced is None else {"bonus_part_yen": announced}))
    lines = dict(agreement.terms(life.case()))
    assert (lines["借入金額"], lines["うちボーナス払い分"]) == ("1,500,000円", f"{states:,}円")
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    life.do("disburse", BANK, **FUNDS, bonus_month=7)
    assert contracted(life.case()).bonus.balance_yen == states


def notices_of(life, command, facts):
    """What a step writes to those who apply: kind and text."""
    row = next(one for one in WORKFLOW.rows(LOAN, command) if life.state() in one.sources)
    return {one.kind: one.text for one in row.notices(life.case(facts=facts))}


@pytest.mark.rule("GL-048", "GL-107", "GL-488", "GL-489")
def test_who_is_still_to_be_identified_is_told_with_the_approval_where_and_by_which_papers():
    life = accepted(debtor=True)
    approval, period = steps.Approval(amount_yen=1_500_000), steps.ContractPeriod(amount_yen=1_500_000)
    everybody = notices_of(life, "approve", approval)["identity_check"]
    assert "申込本人、連帯債務者1" in everybody
    assert "運転免許証" in everybody
    identify(life, OWNER)
    assert "お済みでありません: 連帯債務者1\n" in notices_of(life, "approve", approval)["identity_check"]
    decide(life)
    certify(life)
    receive(life)
    assert "連帯債務者1" in notices_of(life, "open_contract", period)["identity_check"]
    identify(life, DEBTOR)
    assert "identity_check" not in notices_of(life, "open_contract", period)


@pytest.mark.rule("GL-248", "GL-273", "GL-431")
def test_the_repayment_notice_goes_out_again_when_the_contract_is_about_another_amount_than_was_told_last():
    life = accepted()
    decide(life)
    certify(life)
    receive(life)

    def told(amount, bonus=None):
        facts = steps.ContractPeriod(amount_yen=amount, bonus_part_yen=bonus)
        return notices_of(life, "open_contract", facts).get("repayment_notice")

    assert told(1_500_000) is None  # as it was approved
    assert "ボーナス返済額" in told(1_500_000, 300_000)
    cut = told(1_400_000)
    assert "融資額: 1,400,000円" in cut
    assert (
        f"毎月の返済額: {first_payments(1_400_000, 0, rate_of(life.case()), 10, Method.LEVEL_PAYMENT).monthly:,}円"
        in cut
    )
    life.now += timedelta(seconds=1)
    open_contract(life, amount_yen=1_400_000)
    life.do("close_contract", SYSTEM)
    assert told(1_400_000) is None  # in the last period
    assert "融資額: 1,500,000円" in told(1_500_000)


@pytest.mark.rule("GL-262", "GL-273")
@pytest.mark.parametrize(
    ("before", "after", "is_told"), [(13_000, 12_900, True), (13_000, 13_000, True), (13_000, 13_001, False)]
)
def test_the_repayment_notice_goes_out_again_with_a_danshin_that_costs_less_and_else_with_the_new_decision(
    before, after, is_told
):
    life = accepted()
    decide(life)
    facts = steps.DanshinChange(
        choice="NONE", rate_percent=Decimal("1.30"), payment_before_yen=before, payment_after_yen=after
    )
    told = notices_of(life, "change_danshin", facts)
    assert ("金利: 年1.30%" in told.get("repayment_notice", "")) is is_told


@pytest.mark.rule("GL-248", "GL-262", "GL-273", "GL-431", "GL-479")
def test_after_a_change_of_danshin_everybody_knows_the_payment_of_the_amount_that_can_be_contracted():
    life = draft()
    life.draft = example.content_with(loan__bonus_part_yen=600_000)
    agree(life, *BOTH[:1])
    life.do("submit", MAIN)
    decide(life)
    certify(life)
    receive(life, lines_yen=[1_000_000, 200_000])  # the limit is 1,200,000 now, and of it 480,000 by bonus

    def told(amount, bonus=480_000):
        facts = steps.ContractPeriod(amount_yen=amount, bonus_part_yen=bonus)
        return notices_of(life, "open_contract", facts).get("repayment_notice", "nothing")

    def change(choice):
        life.now += timedelta(seconds=1)
        life.do("change_danshin", BANK, choice=choice)
        kept = life.case().said_before(steps.DanshinChange, LOAN, "change_danshin")
        paid = first_payments(1_200_000, 480_000, kept.rate_percent, 10, Method.LEVEL_PAYMENT)
        assert (kept.payment_after_yen, kept.bonus_after_yen) == (paid.monthly, paid.bonus)
        notice = notices_of(life, "change_danshin", kept)["repayment_notice"]
        assert f"融資額: 1,200,000円、金利: 年{kept.rate_percent}%" in notice
        assert f"毎月の返済額: {paid.monthly:,}円(初回)\nボーナス返済額: {paid.bonus:,}円" in notice

    assert "融資額: 1,200,000円" in told(1_200_000)
    life.now += timedelta(seconds=1)
    open_contract(life, amount_yen=1_100_000, bonus_part_yen=0)
    life.do("close_contract", SYSTEM)
    assert told(1_100_000, 0) == "nothing"
    change("NONE")
    assert told(1_200_000) == "nothing"  # the change has just told it
    assert "融資額: 1,100,000円" in told(1_100_000, 0)  # and no longer what the last period told


ORDER = ["conformity_certificate", "invoice_copy", "works_order_copy"]
COPY, CONFIRMATION = "works_contract_copy", "works_confirmation"


def works_contract_is(life, contract):
    life.submitted = {**life.submitted, "works": {**life.submitted["works"], "contract": contract}}


@pytest.mark.rule("GL-397", "GL-399", "GL-474", "GL-495")
@pytest.mark.parametrize(
    ("contract", "with_the_certificate", "later", "state"),
    [
        ("CONCLUDED", [COPY], None, "contracted"),
        ("NONE", [CONFIRMATION], None, "contracted"),
        ("OPEN", [COPY], None, "contracted"),
        ("OPEN", [CONFIRMATION], None, "contracted"),
        ("OPEN", [], None, "contract_open"),
        ("OPEN", [], COPY, "contracted"),
        ("OPEN", [], CONFIRMATION, "contracted"),
    ],
)
def test_the_contract_waits_for_the_copy_of_the_works_contract_or_the_confirmation_in_its_place(
    contract, with_the_certificate, later, state
):
    life = accepted()
    decide(life)
    works_contract_is(life, contract)
    certify(life)
    if contract == "CONCLUDED":
        receive(life)
    else:
        papers = [*ORDER, *with_the_certificate]
        receive(life, received=papers, shown=papers[1:])
    open_contract(life)
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    if later is not None:
        assert life.state() == "contract_open"
        life.do("receive_works_paper", BANK, received=[later], shown=[later])
    assert life.state() == state


@pytest.mark.rule("GL-397", "GL-399")
@pytest.mark.parametrize(
    ("contract", "received", "shown", "code"),
    [
        ("OPEN", [], [], "PAPER_MISSING"),
        ("OPEN", ["invoice_copy"], ["invoice_copy"], "PAPER_MISSING"),
        ("OPEN", [COPY], [], "ORIGINAL_NOT_SHOWN"),
        ("NONE", [COPY], [COPY], "PAPER_MISSING"),
        ("OPEN", [CONFIRMATION], [], None),
        ("OPEN", [COPY], [COPY], None),
    ],
)
def test_a_copy_that_comes_before_the_completion_counts_and_its_original_is_shown(contract, received, shown, code):
    life = accepted()
    decide(life)
    works_contract_is(life, contract)
    if code is not None:
        with pytest.raises(Refused) as refused:
            life.do("receive_works_paper", BANK, received=received, shown=shown)
        assert codes(refused) == {code}
        return
    life.do("receive_works_paper", BANK, received=received, shown=shown)
    certify(life)
    receive(life, received=ORDER, shown=ORDER[1:])
    assert works_paper_is_there(life.case())


@pytest.mark.rule("GL-478")
def test_a_copy_without_its_original_is_not_received_with_the_certificate_either():
    life = accepted()
    decide(life)
    works_contract_is(life, "OPEN")
    certify(life)
    with pytest.raises(Refused) as refused:
        receive(life, received=[*ORDER, COPY], shown=ORDER[1:])
    assert codes(refused) == {"ORIGINAL_NOT_SHOWN"}


@pytest.mark.rule("GL-433", "GL-479")
@pytest.mark.parametrize(
    ("lines", "subsidies", "final_limit"),
    [
        ([1_200_000, 300_000], 0, 1_500_000),
        ([1_200_000, 200_000], 0, 1_400_000),
        ([1_200_000, 300_000], 100_000, 1_400_000),
        ([1_155_555, 300_000], 0, 1_450_000),
        ([500_000, 1_000_000], 0, 1_000_000),  # other works count as much as the energy-saving ones
        ([1_700_000, 300_000], 0, 2_000_000),
    ],
)
def test_the_contract_is_about_what_approval_and_final_limit_allow(lines, subsidies, final_limit):
    life = accepted()
    decide(life)
    certify(life)
    receive(life, lines_yen=lines, subsidies_yen=subsidies)
    kept = life.case().said_before(steps.CheckedReceipt, LOAN, "receive")
    assert kept.final_limit_yen == final_limit
    if final_limit >= 1_500_000:
        open_contract(life)
    else:
        with pytest.raises(Refused) as refused:
            open_contract(life)
        assert codes(refused) == {"CONTRACT_AMOUNT"}
        open_contract(life, amount_yen=final_limit)


@pytest.mark.rule("GL-489")
def test_the_counter_identifies_by_papers_that_suffice():
    life = accepted()
    with pytest.raises(Refused) as refused:
        life.do("see", BANK, track=IDENTITY, about=OWNER, papers=["HEALTH_CARD"])
    assert codes(refused) == {"PAPERS"}
    life.do("see", BANK, track=IDENTITY, about=OWNER, papers=["HEALTH_CARD", "BANKBOOK"])
    assert life.state(IDENTITY, OWNER) == "verified_in_person"


@pytest.mark.rule("GL-496", "GL-503")
@pytest.mark.parametrize(
    ("day", "allowed"), [("2026-04-10", True), ("2026-04-11", False), ("2026-04-20", True), ("2026-04-21", False)]
)
def test_funds_are_paid_in_a_delivery_period(day, allowed):
    life = until_contract()
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    life.now = datetime(2026, 4, 30, 1, tzinfo=UTC)
    funds = {**FUNDS, "paid_on": day}
    if allowed:
        life.do("disburse", BANK, **funds)
    else:
        with pytest.raises(Refused) as refused:
            life.do("disburse", BANK, **funds)
        assert codes(refused) == {"OUTSIDE_DELIVERY_PERIOD"}


def in_spring():
    """Whose proof of last year's income was not issued yet when they applied: the withholding slip stands in for it."""
    life = draft()
    life.draft = example.content_with(
        applicant__proof_not_yet_issued=True,
        papers=[
            *(one for one in example.content()["papers"] if "tax" not in one["slot"]),
            {"slot": "applicant_salary_withholding", "income_year": 2025, "confirmed": []},
        ],
    )
    life.documents = [
        *(one for one in example.documents(OWNER) if one.slot != "tax_assessment"),
        example.document("salary_withholding", OWNER),
    ]
    agree(life, *BOTH[:1])
    return life


@pytest.mark.rule("GL-390", "GL-391")
def test_a_proof_that_could_not_be_issued_yet_is_awaited_in_its_slots_and_nothing_else_is():
    life = in_spring()
    awaited = papers_that_come_later(life.case(filing=life.filing()))
    assert {one.subject for one in awaited} == {OWNER}
    slots = {one.slot for one in awaited}
    assert slots >= {"tax_assessment", "tax_payment_notice", "special_collection_notice"}
    assert "salary_withholding" not in slots
    ordinary = draft()
    assert papers_that_come_later(ordinary.case(filing=ordinary.filing())) == []


@pytest.mark.rule("GL-390", "GL-391", "GL-502")
def test_funds_wait_until_an_officer_has_checked_the_income_proof_that_was_not_issued_yet():
    life = in_spring()
    life.do("submit", MAIN)
    decide(life)
    certify(life)
    receive(life)
    open_contract(life)
    identify(life, OWNER)
    sign(life, MAIN, OWNER)

    def blocked():
        with pytest.raises(Refused) as refused:
            life.do("disburse", BANK, **FUNDS, income_proof_checked=True)  # a payer's word counts nothing
        assert codes(refused) == {"BLOCKED"}

    blocked()
    life.do("show_originals", BANK, slots=["applicant_tax_assessment"])
    blocked()
    proof = example.document("tax_assessment", OWNER)
    life.documents.append(proof)
    blocked()
    life.do("examine", REVIEWER, papers=[{"document": str(proof.document_id), "result": "rejected"}])
    blocked()
    life.do("examine", REVIEWER, papers=[{"document": str(proof.document_id), "result": "checked"}])
    life.do("disburse", BANK, **FUNDS)
    assert life.state() == "repaying"


@pytest.mark.rule("GL-390")
@pytest.mark.parametrize(("make", "told"), [(in_spring, 1), (draft, 0)])
def test_who_owes_a_proof_is_told_with_the_approval_and_again_with_the_contract(make, told):
    life = make()
    if make is draft:
        agree(life, *BOTH[:1])
    life.do("submit", MAIN)
    said = {"approve": steps.Approval(amount_yen=1_500_000), "open_contract": steps.ContractPeriod()}
    for command, facts in said.items():
        texts = [one.text for one in WORKFLOW.rows(LOAN, command)[0].notices(life.case(facts=facts))]
        assert sum(text.startswith("前年分の収入証明書のご提出") for text in texts) == told


# Danshin


@pytest.mark.rule("GL-102", "GL-400", "GL-523", "GL-524")
def test_an_application_is_begun_for_who_is_to_join_when_the_review_begins_and_for_nobody_else():
    life = accepted(debtor=True)
    assert life.state(DANSHIN, OWNER) == "opening"
    assert life.state(DANSHIN, DEBTOR) == ""


@pytest.mark.rule("GL-102", "GL-527", "GL-528", "GL-535", "GL-544", "GL-575")
def test_the_insurers_word_leads_to_a_cover_that_is_in_force_from_the_funds_on():
    life = accepted()
    for commands, state in (
        (["invite"], "invited"),
        (["apply"], "applied"),
        (["want_certificate"], "certificate_wanted"),
        (["apply", "accept"], "joined"),
    ):
        insure(life, *commands)
        assert life.state(DANSHIN, OWNER) == state
    decide(life)
    certify(life)
    receive(life)
    open_contract(life)
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    assert life.state(DANSHIN, OWNER) == "joined"
    life.do("disburse", BANK, **FUNDS)
    assert life.state(DANSHIN, OWNER) == "in_force"
    life.now = datetime(2026, 4, 16, 1, tzinfo=UTC)
    life.do("propose_closing", BANK)
    life.do("close_with_balance", APPROVER, reason="INSURANCE")
    assert life.state(DANSHIN, OWNER) == "ended"


@pytest.mark.rule("GL-550")
def test_the_cover_ends_when_the_whole_debt_is_called():
    life = until_contract()
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    life.do("disburse", BANK, **FUNDS)
    life.do("propose_acceleration", REVIEWER)
    life.do("accelerate", APPROVER, reason="延滞6か月")
    assert life.state(DANSHIN, OWNER) == "ended"


@pytest.mark.rule("GL-102", "GL-527")
@pytest.mark.parametrize("command", ["invite", "apply", "want_certificate", "accept", "refuse", "switch", "decline"])
def test_nobody_here_says_what_the_insurer_has_to_say(command):
    (row,) = WORKFLOW.rows(DANSHIN, command)
    assert row.actors == (Who(None),)


def refused(product="SANDAI"):
    """Approved, with danshin refused."""
    life = draft()
    life.draft = example.content_with(loan__danshin=product)
    agree(life, *BOTH[:1])
    life.do("submit", MAIN)
    insure(life, "invite", "apply", "refuse", product=product)
    decide(life)
    certify(life)
    receive(life)
    return life


def change(life, choice):
    life.now += timedelta(seconds=1)
    life.do("change_danshin", BANK, choice=choice, payment_before_yen=13_534, payment_after_yen=13_000)


@pytest.mark.rule("GL-513", "GL-260", "GL-543")
def test_who_is_refused_has_the_loan_all_the_same_at_the_rate_without_danshin():
    life = refused("SHIN")
    assert life.state() == "cert_submitted"
    with pytest.raises(Refused) as found:
        open_contract(life)
    assert codes(found) == {"DANSHIN_DIFFERS"}
    change(life, "NONE")
    assert life.state(DANSHIN, OWNER) == "not_joined"
    open_contract(life)
    assert life.state() == "contract_open"


@pytest.mark.rule("GL-530", "GL-260", "GL-543")
def test_who_is_refused_three_diseases_and_takes_the_other_pays_the_rate_of_the_other():
    life = refused()
    insure(life, "switch")
    assert life.state(DANSHIN, OWNER) == "switched"
    with pytest.raises(Refused) as found:
        open_contract(life)
    assert codes(found) == {"DANSHIN_DIFFERS"}
    change(life, "SHIN")
    assert life.state(DANSHIN, OWNER) == "switched"
    open_contract(life)
    assert life.state() == "contract_open"


@pytest.mark.rule("GL-542", "GL-543")
def test_the_contract_waits_for_the_insurer():
    life = accepted()
    decide(life)
    certify(life)
    receive(life)
    for heard in (["invite"], ["apply"], ["want_certificate"]):
        insure(life, *heard)
        with pytest.raises(Refused) as found:
            open_contract(life)
        assert codes(found) == {"DANSHIN_OPEN"}
    insure(life, "accept")
    open_contract(life)


@pytest.mark.rule("GL-260", "GL-263", "GL-543")
def test_who_withdraws_from_danshin_within_the_contract_period_is_not_contracted_at_its_rate():
    life = until_contract()
    identify(life, OWNER)
    insure(life, "decline")
    sign(life, MAIN, OWNER)
    assert life.state() == "contract_open"
    [ground] = [one for (kind, _), one in grounds(WORKFLOW, life.case()).items() if kind == "danshin_differs"]
    assert (ground.rule, ground.at) == ("GL-260", life.now)
    life.do("close_contract", SYSTEM)
    change(life, "NONE")
    open_contract(life)
    sign(life, MAIN, OWNER)
    assert life.state() == "contracted"
    assert ("danshin_differs", life.id) not in grounds(WORKFLOW, life.case())


@pytest.mark.rule("GL-530", "GL-543")
def test_who_was_refused_is_waited_for_until_the_contract_and_no_longer():
    life = a_couple("SHIN")
    insure(life, "invite", "apply", "refuse")
    decide(life)
    begin_again(life, DEBTOR)
    insure(life, person=DEBTOR)
    certify(life)
    receive(life)
    open_contract(life)
    assert of_both(life) == ["refused", "joined"]
    identify(life, OWNER, DEBTOR)
    for caller, person in BOTH:
        sign(life, caller, person)
    assert life.state() == "contracted"
    assert of_both(life) == ["not_joined", "joined"]
    with pytest.raises(ImpossibleTransition):
        insure(life, "switch")


@pytest.mark.rule("GL-513", "GL-544")
@pytest.mark.parametrize(
    "reached",
    [[], ["invite"], ["invite", "apply"], ["invite", "apply", "accept"], ["invite", "apply", "refuse"]],
)
def test_nobody_is_insured_for_a_loan_that_ended_before_the_funds(reached):
    life = accepted()
    if reached:
        insure(life, *reached)
    life.do("withdraw", MAIN)
    assert life.state(DANSHIN, OWNER) == "not_joined"


@pytest.mark.rule("GL-260", "GL-529", "GL-530")
def test_another_kind_is_applied_for_anew_and_never_once_joined():
    life = accepted()
    insure(life, "invite")
    decide(life)
    change(life, "SANDAI")
    assert life.state(DANSHIN, OWNER) == "not_joined"
    life.do("begin_again", REVIEWER, track=DANSHIN, about=OWNER)
    assert insurance.joiner(life.case(), OWNER).product == "SANDAI"
    insure(life, product="SANDAI")
    assert life.state(DANSHIN, OWNER) == "joined"
    life.now += timedelta(seconds=1)
    decide(life)  # it costs more, and was reviewed again
    with pytest.raises(Refused) as found:
        change(life, "SHIN")
    assert codes(found) == {"JOINED"}
    with pytest.raises(ImpossibleTransition):
        life.do("begin_again", REVIEWER, track=DANSHIN, about=OWNER)


def a_couple(choice):
    """Under review."""
    life = draft(debtor=True)
    both = {"danshin_joiners": ["applicant", "joint_debtor_1"], "danshin_couple": "LEGAL_SPOUSE"}
    said = {"danshin": choice, **(both if choice == "DUET" else {})}
    life.draft = {**life.draft, "loan": {**life.draft["loan"], **said}}
    agree(life, *BOTH)
    life.do("submit", MAIN)
    return life


def begin_again(life, *people):
    for person in people:
        life.do("begin_again", REVIEWER, track=DANSHIN, about=person)


def of_both(life):
    return [life.state(DANSHIN, person) or "nothing" for person in (OWNER, DEBTOR)]


@pytest.mark.rule("GL-520", "GL-523", "GL-533")
def test_both_of_a_couple_join_by_duet_and_half_of_it_is_no_cover():
    life = a_couple("DUET")
    assert of_both(life) == ["opening", "opening"]
    told = [insurance.joiner(life.case(), person) for person in (OWNER, DEBTOR)]
    assert [one.name for one in told] == ["見本 太郎", "見本 花子"]
    assert {(one.product, one.duet) for one in told} == {("SHIN", True)}
    insure(life)
    insure(life, "invite", "apply", "refuse", person=DEBTOR)
    decide(life)
    certify(life)
    receive(life)
    with pytest.raises(Refused) as found:
        open_contract(life)
    assert codes(found) == {"DANSHIN_DIFFERS"}
    change(life, "SHIN")
    assert of_both(life) == ["not_joined", "refused"]
    begin_again(life, OWNER)
    assert insurance.joiner(life.case(), OWNER).duet is False
    with pytest.raises(ImpossibleTransition):
        begin_again(life, DEBTOR)
    open_contract(life)
    assert life.state() == "contract_open"


@pytest.mark.rule("GL-260", "GL-520", "GL-529")
@pytest.mark.parametrize(("before", "after", "people"), [("SHIN", "DUET", BOTH), ("DUET", "SHIN", BOTH[:1])])
def test_one_cover_is_no_half_of_a_duet_and_is_applied_for_anew(before, after, people):
    life = a_couple(before)
    decide(life)
    change(life, after)
    assert set(of_both(life)) <= {"nothing", "not_joined"}
    people = [person for _, person in people]
    begin_again(life, *people)
    assert {insurance.joiner(life.case(), person).duet for person in people} == {after == "DUET"}
    for person in people:
        insure(life, person=person)
    if after == "DUET":  # it costs more, and is reviewed again
        life.now += timedelta(seconds=1)
        decide(life)
    certify(life)
    receive(life)
    open_contract(life)
    assert life.state() == "contract_open"


@pytest.mark.rule("GL-520", "GL-529")
@pytest.mark.parametrize(("before", "after", "joined"), [("SHIN", "DUET", 1), ("DUET", "SHIN", 2)])
def test_who_has_joined_alone_or_as_a_couple_does_not_change_to_the_other(before, after, joined):
    life = a_couple(before)
    for _, person in BOTH[:joined]:
        insure(life, person=person)
    decide(life)
    with pytest.raises(Refused) as found:
        change(life, after)
    assert codes(found) == {"JOINED"}
    change(life, "NONE")
    assert "joined" not in of_both(life)


# Exits


@pytest.mark.rule("GL-084", "GL-085", "GL-086", "GL-105", "GL-119")
def test_side_exits_are_open_where_the_book_says():
    def states_from(command, caller):
        life = Life(PROGRAMME, OWNER, example.NOW)
        found = set()
        for state in WORKFLOW.states(LOAN):
            life.states = {(LOAN, life.id): state}
            try:
                choose(WORKFLOW, life.case(), command, caller)
            except ImpossibleTransition:
                continue
            found.add(state)
        return found

    running = {"accepted", "under_review", "approved", "re_review", "cert_submitted", "contract_open"}
    assert states_from("withdraw", MAIN) == running
    assert states_from("cancel", APPROVER) == running
    assert states_from("stop", APPROVER) == {"draft", *running, "contracted"}


@pytest.mark.rule("GL-084")
def test_a_withdrawal_leaves_the_technical_track_where_it_is():
    life = accepted()
    life.do("request", MAIN, track=TECHNICAL)
    life.do("withdraw", MAIN)
    assert (life.state(), life.state(TECHNICAL)) == ("withdrawn", "requested")


@pytest.mark.rule("GL-082", "GL-579")
def test_the_whole_balance_is_called_by_two_officers_who_say_why():
    life = until_contract()
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    life.do("disburse", BANK, **FUNDS)
    with pytest.raises(SecondOfficerNeeded):
        life.do("accelerate", APPROVER, reason="延滞6か月")
    life.do("propose_acceleration", REVIEWER)
    with pytest.raises(Refused):
        life.do("accelerate", APPROVER)
    life.do("accelerate", APPROVER, reason="延滞6か月")
    assert life.state() == "accelerated"


ENDS = ("rejected", "withdrawn", "cancelled", "stopped", "closed")


@pytest.mark.rule("GL-075", "GL-083", "GL-084", "GL-085", "GL-086")
@pytest.mark.parametrize("end", ENDS)
def test_nothing_follows_an_end(end):
    assert not [row for row in WORKFLOW.transitions if row.track == LOAN and end in row.sources]


@pytest.mark.rule("GL-056", "GL-340", "GL-341")
def test_what_is_done_at_the_institution_is_no_step_of_the_applicant():
    life = accepted()
    for state in WORKFLOW.states(LOAN):
        life.states[LOAN, life.id] = state
        open_to_bank = {row.command for one in standings(WORKFLOW, life.case(), BANK) for row in one.open}
        open_to_main = {row.command for one in standings(WORKFLOW, life.case(), MAIN) for row in one.open}
        assert open_to_bank & open_to_main <= {"ask_change"}
        assert open_to_bank <= {
            *(
                "change_danshin",
                "fulfil",
                "receive",
                "receive_works_paper",
                "disburse",
                "miss",
                "settle",
                "close",
                "propose_closing",
                "see",
                "prepay",
                "cancel_prepayment",
                "ask_change",
                "report_ground",
                "change_sendings",
                "show_originals",
            )
        }


# The codes of the book


@pytest.mark.rule("GL-070", "GL-071", "GL-072", "GL-073", "GL-074", "GL-075", "GL-076", "GL-077", "GL-078")
@pytest.mark.rule("GL-079", "GL-080", "GL-081", "GL-082", "GL-083", "GL-084", "GL-085", "GL-086", "GL-105")
def test_every_state_of_the_table_has_a_code_of_the_book():
    assert set(STATES.values()) == WORKFLOW.states(LOAN)
    assert len(CODES) == len(STATES) == 16


@pytest.mark.rule("GL-105", "GL-072", "GL-077", "GL-101", "GL-119", "GL-120")
@pytest.mark.parametrize(
    ("start", "event", "context", "allowed", "to"),
    [
        ("L0", "CONFIRM", {"consents_complete": True, "errors": 0}, True, "L1"),
        ("L0", "CONFIRM", {"consents_complete": True, "errors": 1}, False, "L0"),
        ("L0", "CONFIRM", {"errors": 0}, False, "L0"),
        ("L2", "APPROVE", {}, True, "L3"),
        ("L3", "RECORD_CERTIFICATE_SUBMISSION", {"technical_state": "T6"}, True, "L6"),
        ("L3", "RECORD_CERTIFICATE_SUBMISSION", {"technical_state": "T7"}, True, "L6"),
        ("L3", "RECORD_CERTIFICATE_SUBMISSION", {"technical_state": "T5"}, False, "L3"),
        ("L6", "DOUBT_FOUND", {}, True, "L5"),
        ("L7", "LAST_SIGNATURE", {"all_identified": True}, True, "L8"),
        ("L7", "LAST_SIGNATURE", {}, False, "L7"),
        ("L2", "WITHDRAW", {}, True, "L13"),
        ("L8", "WITHDRAW", {}, False, "L8"),
        ("L0", "WITHDRAW", {}, False, "L0"),
        ("L9", "DEBIT_FAILED", {}, True, "L10"),
        ("L10", "ARREARS_PAID", {}, True, "L9"),
        ("L3", "ANTI_SOCIAL_FOUND", {}, True, "L15"),
        ("L8", "ANTI_SOCIAL_FOUND", {}, True, "L15"),
        ("L9", "ANTI_SOCIAL_FOUND", {}, True, "L11"),
        ("L10", "ANTI_SOCIAL_FOUND", {}, True, "L11"),
    ],
)
def test_the_area_of_states_answers_from_the_table(start, event, context, allowed, to):
    answer = state_transition(StateTransition.model_validate({"from": start, "event": event, "context": context}))
    assert (answer.allowed, answer.to) == (allowed, to)
