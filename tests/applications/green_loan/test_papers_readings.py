"""What officers read in the papers that were brought: entered with `examine`, and asked before anything is sent."""

from uuid import uuid4

import pytest
from applications.areas import AREAS
from applications.programmes.green_loan import PROGRAMME, steps
from applications.programmes.green_loan.papers.readings import READINGS
from applications.programmes.green_loan.reading import LOAN
from kit.areas import by_name
from kit.errors import Refused
from support import green_loan as example

from .test_workflow import REVIEWER, accepted, codes

ENERGY = {"item": "断熱材", "kind": "ENERGY", "amount_yen": 1_000_000, "item_circled": True, "amount_circled": True}
OTHER = {"item": "壁紙", "kind": "OTHER", "amount_yen": 100_000}
BREAKDOWN = {"lines": [ENERGY, OTHER], "subtotal_yen": 1_100_000, "tax_yen": 110_000, "total_yen": 1_210_000}
UNDIVIDED = {"lines": [{**ENERGY, "lump_sum": True}], "subtotal_yen": 1_000_000, "tax_yen": 0, "total_yen": 1_000_000}
WRONG = {
    "works_breakdown": (UNDIVIDED, "GL-419"),
    "residence_declaration": ({"relation": "OTHER"}, "GL-413"),
    "salary_certificate": ({"case": "CARE_LEAVE"}, "GL-415"),
    "partnership_certificate": ({"municipality_fits": False}, "GL-410"),
    "notarial_deed": ({"states_love_and_trust": True}, "GL-411"),
}


def with_file(paper):
    """An application under review, and a file in the slot of this paper."""
    life = accepted()
    life.documents.append(example.document(f"application_{paper}"))
    return life, str(life.documents[-1].document_id)


def works_paper():
    life = accepted()
    [paper] = [one for one in life.documents if one.slot == "application_works_contract"]
    return life, str(paper.document_id)


def read(life, document, result=None, reason=None, **read_in):
    said = {"readings": [{"document": document, **read_in}]}
    if result:
        said["papers"] = [{"document": document, "result": result, "reason": reason}]
    life.do("examine", REVIEWER, **said)


def shown(life):
    return [
        (one.key, one.state, [found.code for found in one.findings])
        for one in PROGRAMME.examined(life.case())
        if one.kind == "reading"
    ]


@pytest.mark.rule("GL-366")
def test_each_kind_of_reading_is_a_field_of_the_step_and_an_area():
    fields = set(steps.PaperReading.model_fields) - {"document"}
    assert fields == set(READINGS) == set(WRONG)
    areas = by_name(AREAS)
    for kind, reading in READINGS.items():
        assert areas[f"green_loan/paper_{kind}"].rules == reading.rules


@pytest.mark.rule("GL-410", "GL-411", "GL-413", "GL-415", "GL-419")
@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_in_a_paper_is_told_to_who_asks_before_and_to_the_officer(kind):
    facts, rule = WRONG[kind]
    answer = by_name(AREAS)[f"green_loan/paper_{kind}"].answer(facts)
    assert rule in {one["rule"] for one in answer["findings"]}
    assert all(one["field"].startswith(kind) for one in answer["findings"])
    life, document = with_file(READINGS[kind].papers[0])
    with pytest.raises(Refused) as refused:
        read(life, document, "checked", **{kind: facts})
    assert {"GL-366", rule} <= {one.rule for one in refused.value.findings}
    assert "CONTRADICTS" in codes(refused)
    read(life, document, "rejected", **{kind: facts})
    [(key, state, found)] = shown(life)
    assert (key, state) == (kind, "wrong")
    assert found == [one["code"] for one in answer["findings"]]


@pytest.mark.rule("GL-395", "GL-421", "GL-423")
def test_a_breakdown_that_is_right_is_checked_without_a_word():
    life, document = works_paper()
    read(life, document, "checked", works_breakdown=BREAKDOWN)
    assert shown(life) == [("works_breakdown", "right", [])]


@pytest.mark.rule("GL-366", "GL-419")
def test_a_paper_counts_in_spite_of_a_finding_only_with_a_reason_which_is_kept():
    life, document = works_paper()
    read(life, document, "checked", "内訳は別紙で確認した", works_breakdown=UNDIVIDED)
    [verdict] = life.taken[LOAN, life.id, "examine"][-1].facts.papers
    assert verdict.reason == "内訳は別紙で確認した"


@pytest.mark.rule("GL-366", "GL-419")
@pytest.mark.parametrize("read_first", [True, False])
def test_reading_and_verdict_may_come_apart_and_are_held_against_each_other_all_the_same(read_first):
    life, document = works_paper()
    reading = {"readings": [{"document": document, "works_breakdown": UNDIVIDED}]}
    verdict = {"papers": [{"document": document, "result": "checked"}]}
    first, second = (reading, verdict) if read_first else (verdict, reading)
    life.do("examine", REVIEWER, **first)
    with pytest.raises(Refused) as refused:
        life.do("examine", REVIEWER, **second)
    assert {"CONTRADICTS", "UNDIVIDED"} <= codes(refused)
    life.do("examine", REVIEWER, readings=[{"document": document, "works_breakdown": BREAKDOWN}], **verdict)
    assert shown(life) == [("works_breakdown", "right", [])]


@pytest.mark.rule("GL-366")
def test_what_is_read_is_of_a_file_of_that_kind():
    life, document = works_paper()
    for said in (
        {"document": document},
        {"document": document, "notarial_deed": WRONG["notarial_deed"][0]},
        {"document": str(uuid4()), "works_breakdown": BREAKDOWN},
        {"works_breakdown": BREAKDOWN},
    ):
        with pytest.raises(Refused) as refused:
            life.do("examine", REVIEWER, readings=[said])
        assert codes(refused) == {"UNKNOWN"}
    assert (LOAN, life.id, "examine") not in life.taken
