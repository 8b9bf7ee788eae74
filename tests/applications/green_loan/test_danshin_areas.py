"""What a bank's counter can ask of a cover: its start, stages and end, and what a joint debtor may join after it."""

import pytest
from applications.areas import AREAS
from applications.programmes.green_loan.danshin.cover import EndReason
from kit.areas import by_name

PLAN = by_name(AREAS)["green_loan/danshin_cover_plan"]
DUET = {
    "kind": "SHIN",
    "births": ["1955-01-10", "1960-05-10"],
    "funds_received": ["2025-11-05", "2025-11-25"],
    "final_repayment": "2045-01-10",
}


@pytest.mark.rule("GL-544", "GL-547", "GL-549", "GL-565", "GL-566")
def test_a_duet_is_dated_from_the_last_part_of_the_funds_to_the_younger_ones_age():
    answer = PLAN.answer(DUET)
    assert (answer["start"], answer["suicide_excluded_until"]) == ("2025-11-25", "2026-11-25")
    assert (answer["alone_after"], answer["end"], answer["reason"]) == ("2035-01-31", "2040-05-31", "AGE")
    assert [[(one["product"], one["last"]) for one in each] for each in answer["stages"]] == [
        [("SHIN", "2035-01-31")],
        [("SHIN", "2040-05-31")],
    ]
    earlier = PLAN.answer({**DUET, "final_repayment": "2035-11-10"})
    assert (earlier["end"], earlier["reason"]) == ("2035-11-10", "FINAL_REPAYMENT")


@pytest.mark.rule("GL-519", "GL-547")
def test_the_three_diseases_become_shin_after_75():
    answer = PLAN.answer({**DUET, "kind": "SANDAI", "births": ["1955-01-10"]})
    assert "alone_after" not in answer
    assert answer["stages"] == [
        [
            {"product": "SANDAI", "first": "2025-11-25", "last": "2030-01-31"},
            {"product": "SHIN", "first": "2030-02-01", "last": "2035-01-31"},
        ]
    ]


@pytest.mark.rule("GL-545", "GL-546", "GL-548", "GL-550", "GL-551", "GL-552", "GL-553", "GL-554", "GL-555", "GL-556")
@pytest.mark.parametrize("reason", [one for one in EndReason if one not in {EndReason.AGE, EndReason.FINAL_REPAYMENT}])
def test_what_happens_ends_a_cover_on_its_day(reason):
    answer = PLAN.answer({**DUET, "happened": {reason.value: "2030-06-15"}})
    assert (answer["end"], answer["reason"]) == ("2030-06-15", reason.value)


@pytest.mark.rule("GL-541")
@pytest.mark.parametrize(("original", "offered"), [("SHIN", ["SHIN"]), ("SANDAI", ["SHIN", "SANDAI"])])
def test_a_joint_debtor_may_follow_when_a_cover_ends(original, offered):
    area = by_name(AREAS)["green_loan/danshin_after_cover_end"]
    asked = {"original": original, "birth": "1990-01-10", "declaration_date": "2035-02-01"}
    assert area.answer(asked) == {"offered": offered}
