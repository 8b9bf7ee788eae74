"""What calls for somebody of the office in a green loan, and when it does not any more."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from applications.programmes.green_loan.reading import CONSENT, DANSHIN, IDENTITY, TECHNICAL
from applications.programmes.green_loan.workflow import WORKFLOW
from applications.workflow import Ground, TaskKind, grounds
from kit.errors import Refused
from kit.japan import JST
from support import green_loan as example

from .test_workflow import (
    APPROVER,
    BANK,
    DEBTOR,
    FUNDS,
    INSPECTED,
    MAIN,
    OWNER,
    REVIEWER,
    accepted,
    certify,
    change,
    codes,
    decide,
    identify,
    in_spring,
    insure,
    open_contract,
    receive,
    refused,
    sign,
    until_contract,
)


def tasks(life):
    """The grounds that stand now, by kind."""
    return {kind: one for kind, one in of_the_loan(life).items() if one.at <= life.now}


def of_the_loan(life):
    """The grounds about the application itself, those that lie ahead among them."""
    return {kind: one for (kind, subject), one in grounds(WORKFLOW, life.case()).items() if subject == life.id}


def repaid():
    life = until_contract()
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    life.do("disburse", BANK, **FUNDS)
    return life


@pytest.mark.rule("GL-493", "GL-494", "GL-434", "GL-470", "GL-581")
def test_an_application_that_goes_well_calls_for_nobody():
    life = accepted()
    assert tasks(life) == {}
    decide(life)
    assert tasks(life) == {}
    certify(life)
    receive(life)
    open_contract(life)
    assert tasks(life) == {}
    identify(life, OWNER)
    sign(life, MAIN, OWNER)
    assert life.state() == "contracted"
    life.now += timedelta(days=400)
    assert grounds(WORKFLOW, life.case()) == {}


@pytest.mark.rule("GL-493", "GL-494")
def test_a_decision_without_a_contract_calls_at_the_end_of_the_last_day_and_nothing_is_cancelled():
    life = accepted()  # on 1 April 2026: the last day is 31 October
    assert of_the_loan(life) == {}  # there is no decision yet
    decide(life)
    [ahead] = of_the_loan(life).values()
    assert ahead.at == datetime(2026, 10, 31, 15, tzinfo=UTC)
    life.now = ahead.at - timedelta(microseconds=1)
    assert tasks(life) == {}
    life.now = ahead.at
    assert (tasks(life)["contract_overdue"].rule, life.state()) == ("GL-493", "approved")
    life.do("doubt", REVIEWER, reason="期限を過ぎたため")
    assert set(tasks(life)) == {"contract_overdue"}
    life.do("propose_cancellation", REVIEWER)
    life.do("cancel", APPROVER, code="PROCEDURE_NOT_DONE")
    assert grounds(WORKFLOW, life.case()) == {}  # it has ended


@pytest.mark.rule("GL-101", "GL-487", "GL-495")
def test_a_contract_that_all_have_signed_and_that_cannot_be_concluded_calls_and_says_what_stands_against_it():
    life = until_contract()
    assert "contract_held_up" not in of_the_loan(life)  # nobody has signed
    sign(life, MAIN, OWNER)
    held_up = tasks(life)["contract_held_up"]
    assert (held_up.at, held_up.rule, held_up.due_on) == (life.now, "GL-101", life.now.date() + timedelta(days=14))
    assert "本人確認" in held_up.reason
    life.do("see", BANK, track=IDENTITY, about=OWNER, papers=["DRIVING_LICENCE"])
    assert (life.state(), tasks(life)) == ("contracted", {})


@pytest.mark.rule("GL-048", "GL-101", "GL-488")
def test_each_person_who_is_not_identified_when_the_contract_is_ahead_calls():
    def unknown(life):
        return {one for kind, one in grounds(WORKFLOW, life.case()) if kind == "identity_open"}

    life = accepted(debtor=True)
    decide(life)
    certify(life)
    assert unknown(life) == set()
    receive(life)
    assert unknown(life) == {OWNER, DEBTOR}
    identify(life, OWNER)
    open_contract(life)
    assert unknown(life) == {DEBTOR}
    assert grounds(WORKFLOW, life.case())["identity_open", DEBTOR].due_on == life.now.date() + timedelta(days=14)
    life.do("see", BANK, track=IDENTITY, about=DEBTOR, papers=["DRIVING_LICENCE"])
    assert unknown(life) == set()


@pytest.mark.rule("GL-390", "GL-391")
def test_a_proof_that_could_not_be_issued_calls_from_june_on_and_when_it_has_come_and_no_more_when_it_was_checked():
    life = in_spring()
    life.do("submit", MAIN)
    june = datetime(2026, 5, 31, 15, tzinfo=UTC)
    assert of_the_loan(life)["income_proof_missing"].at == june
    proof = example.document("tax_assessment", OWNER)
    life.documents.append(proof)
    assert set(tasks(life)) == {"income_proof_unchecked"}
    life.do("examine", REVIEWER, papers=[{"document": str(proof.document_id), "result": "rejected"}])
    life.now = june
    assert set(tasks(life)) == {"income_proof_missing"}
    life.do("examine", REVIEWER, papers=[{"document": str(proof.document_id), "result": "checked"}])
    assert tasks(life) == {}


@pytest.mark.rule("GL-391")
def test_a_later_proof_calls_from_when_its_last_file_came_and_other_files_call_for_nothing():
    life = in_spring()
    life.do("submit", MAIN)
    confirmed, first, second = life.now, life.now + timedelta(days=1), life.now + timedelta(days=2)

    def calls_from(slot, at):
        life.documents.append(example.document(slot, OWNER))
        if at:
            life.came[life.documents[-1].document_id] = at
        return of_the_loan(life)["income_proof_unchecked"].at

    assert calls_from("tax_assessment", None) == confirmed  # from before it was kept when files come
    assert calls_from("tax_assessment", first) == first
    assert calls_from("salary_certificate", second) == first
    assert calls_from("tax_assessment", second) == second


@pytest.mark.rule("GL-434", "GL-435")
def test_a_condition_calls_when_the_event_has_come_until_which_it_was_to_be_fulfilled():
    life = accepted()
    due = [{"text": "一", "due": "certificate"}, {"text": "二", "due": "contract"}, {"text": "三", "due": "funds"}]
    decide(life, conditions=due)
    certify(life)
    assert tasks(life) == {}
    receive(life)
    received = life.now
    assert "1件" in tasks(life)["conditions_overdue"].reason
    life.now += timedelta(days=1)
    open_contract(life)
    every = tasks(life)["conditions_overdue"]
    assert "3件" in every.reason
    assert (every.at, every.due_on) == (received, life.now.date() + timedelta(days=14))
    life.do("fulfil", BANK, conditions=[0])
    assert tasks(life)["conditions_overdue"].at == life.now  # of the two that are left
    life.do("fulfil", BANK, conditions=[0, 1, 2])
    assert tasks(life) == {}


@pytest.mark.rule("GL-435", "GL-433")
def test_what_was_fulfilled_before_a_new_decision_does_not_count_for_its_conditions():
    life = until_contract(conditions=[{"text": "一", "due": "contract"}])
    life.do("fulfil", BANK, conditions=[0])
    life.now += timedelta(days=1)
    life.do("doubt", REVIEWER, reason="申込内容に疑義")
    decide(life, conditions=[{"text": "二", "due": "certificate"}])
    receive(life)
    assert set(tasks(life)) == {"conditions_overdue"}


@pytest.mark.rule("GL-579", "GL-580", "GL-581")
def test_six_missed_instalments_call_and_none_is_called_by_itself():
    life = repaid()
    for month in range(5, 10):
        life.now = datetime(2026, month, 20, 3, tzinfo=UTC)
        life.do("miss", BANK, due_on=f"2026-{month:02}-15")
        assert tasks(life) == {}
    life.now = datetime(2026, 10, 20, 3, tzinfo=UTC)
    life.do("miss", BANK, due_on="2026-10-15")
    ground = tasks(life)["acceleration"]
    assert (ground.rule, ground.at, life.state()) == ("GL-580", life.now, "overdue")
    sixth = life.now
    life.now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    life.do("miss", BANK, due_on="2026-11-15")
    assert tasks(life)["acceleration"].at == sixth  # still the same ground
    life.do("settle", BANK, paid_on="2026-11-20")
    assert tasks(life) == {}


@pytest.mark.rule("GL-352", "GL-582", "GL-583", "GL-584", "GL-585", "GL-586", "GL-587")
@pytest.mark.parametrize(
    ("found", "rule", "permittable"),
    [
        ("not_lived_in", "GL-582", True),
        ("other_purpose", "GL-583", True),
        ("altered", "GL-584", True),
        ("two_loans", "GL-585", False),
        ("false_application", "GL-586", False),
        ("anti_social_force", "GL-579", False),  # no task says what a check found (GL-121)
        ("untrue_works_contract", "GL-352", False),
    ],
)
def test_what_is_found_out_about_a_loan_calls_unless_it_is_permitted(found, rule, permittable):
    life = repaid()
    life.do("report_ground", BANK, ground=found, resident="tenant_or_buyer", found_on="2026-04-01")
    assert (tasks(life)["acceleration"].rule, life.state()) == (rule, "repaying")
    if permittable:
        life.do("permit", APPROVER, ground=found)
        assert tasks(life) == {}
        life.now += timedelta(days=1)
        # Nobody has permitted this one:
        life.do("report_ground", BANK, ground=found, resident="tenant_or_buyer", found_on="2026-04-02")
        assert (tasks(life)["acceleration"].rule, tasks(life)["acceleration"].at) == (rule, life.now)
        life.now += timedelta(days=1)
        life.do("permit", APPROVER, ground=found)
        assert tasks(life) == {}
    else:
        with pytest.raises(Refused) as refused:
            life.do("permit", APPROVER, ground=found)
        assert codes(refused) == {"NOT_PERMITTABLE"}
        life.do("propose_acceleration", REVIEWER)
        life.do("accelerate", APPROVER, reason="事由あり")
        assert tasks(life) == {}


@pytest.mark.rule("GL-579", "GL-581", "GL-588")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"ground": "arrears", "found_on": "2026-04-01"}, "REQUIRED"),
        ({"found_on": "2026-04-01"}, "REQUIRED"),
        ({"ground": "two_loans"}, "DAY"),
        ({"ground": "two_loans", "found_on": "2027-04-02"}, "DAY"),
        ({"ground": "not_lived_in", "found_on": "2026-04-01"}, "REQUIRED"),
        ({"ground": "not_lived_in", "found_on": "2026-04-01", "resident": "applicant"}, "AS_DECLARED"),
    ],
)
def test_a_ground_has_a_name_and_a_day_and_arrears_are_told_as_missed_payments(said, code):
    with pytest.raises(Refused) as refused:
        repaid().do("report_ground", REVIEWER, **said)
    assert codes(refused) == {code}


@pytest.mark.rule("GL-470", "GL-471")
@pytest.mark.parametrize(("changes", "due"), [(True, date(2026, 5, 30)), (False, None)])
def test_a_changed_floor_area_calls_until_its_registration_a_month_after_the_completion(changes, due):
    life = accepted()
    decide(life)
    life.do("request", MAIN, track=TECHNICAL)
    life.do("confirm_plan", REVIEWER, track=TECHNICAL, **INSPECTED, **example.PLAN)
    life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-11")
    life.do("complete", MAIN, track=TECHNICAL, on="2026-04-30", floor_area_changes=changes)
    found = tasks(life).get("area_registration")
    assert (found.due_on if found else None) == due


@pytest.mark.rule("GL-016")
def test_a_kind_about_persons_sees_each_debtor():
    def look(case):
        return Ground(case.now, "GL-016", "確認") if case.state(CONSENT, case.subject) == "agreed" else None

    life = accepted(debtor=True)
    table = replace(WORKFLOW, tasks=(TaskKind("one", look, track=CONSENT),))
    assert grounds(table, life.case()).keys() == {("one", OWNER), ("one", DEBTOR)}


# Danshin


@pytest.mark.rule("GL-400", "GL-402", "GL-526")
@pytest.mark.parametrize(
    ("day", "due"),
    [
        (datetime(2026, 4, 1, 23, 59, tzinfo=JST), date(2026, 4, 3)),
        (datetime(2026, 4, 3, 9, tzinfo=JST), date(2026, 4, 7)),  # Friday
        (datetime(2026, 4, 28, 9, tzinfo=JST), date(2026, 5, 1)),  # the 29th is a holiday
        (datetime(2026, 12, 28, 9, tzinfo=JST), date(2027, 1, 5)),  # closed until 3 January
    ],
)
def test_the_office_is_called_when_the_insurers_service_opened_nothing_by_the_second_business_day(day, due):
    life = accepted()
    begun = life.taken[DANSHIN, OWNER, "begin"][-1]
    life.taken[DANSHIN, OWNER, "begin"] = (replace(begun, at=day),)
    ground = grounds(WORKFLOW, life.case())["danshin_mail_overdue", OWNER]
    assert (ground.at, ground.due_on) == (datetime.combine(due + timedelta(days=1), time(), JST), due)
    insure(life, "invite")
    assert ("danshin_mail_overdue", OWNER) not in grounds(WORKFLOW, life.case())


@pytest.mark.rule("GL-260", "GL-513", "GL-530")
def test_the_office_is_called_when_another_danshin_was_joined_than_the_rate_is_of():
    life = refused()
    assert set(tasks(life)) == {"danshin_differs"}
    insure(life, "switch")
    assert set(tasks(life)) == {"danshin_differs"}
    change(life, "SHIN")
    assert tasks(life) == {}
