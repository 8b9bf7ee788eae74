"""What the inspection body confirms, what is reported to it, and what it issues: steps with their papers."""

from dataclasses import replace
from datetime import date

import pytest
from applications.forms import read
from applications.programmes.green_loan import PROGRAMME
from applications.programmes.green_loan.form import works as form_works
from applications.programmes.green_loan.form.sections import GreenLoanForm
from applications.programmes.green_loan.papers.conformity import PlannedWorks
from applications.programmes.green_loan.papers.requirement import HandTo
from applications.programmes.green_loan.reading import TECHNICAL
from kit.errors import Refused
from support import green_loan as example

from .test_workflow import BODY, INSPECTED, MAIN, OWNER, accepted, agree, decide, draft

INSULATION = {
    "kind": "INSULATION",
    "amount_yen": 500_000,
    "category": "A",
    "residential": True,
    "circled": True,
    "set_quantity_met": True,
}
CONDUCTIVITY = {"conductivity": "0.024", "volume_m3": "4.2"}
WITH_INSULATION = {
    "received": [*example.PLAN["received"], "insulation_quantity_data"],
    "works": ["OPENINGS", "INSULATION"],
    "insulation": CONDUCTIVITY,
}


def insulated():
    """The windows of the example, and insulation by set quantity; filed."""
    life = draft()
    life.draft = example.content_with()
    life.draft["works"]["lines"].insert(1, INSULATION)
    agree(life, (MAIN, OWNER))
    life.do("submit", MAIN)
    return life


def confirm(life, **said):
    if not life.state(TECHNICAL):
        life.do("request", MAIN, track=TECHNICAL)
    life.do("confirm_plan", BODY, track=TECHNICAL, **INSPECTED, **said)


def refused(run, *arguments, **said):
    with pytest.raises(Refused) as found:
        run(*arguments, **said)
    return {(one.rule, one.code) for one in found.value.findings}


def completed(life):
    decide(life)
    confirm(life, **WITH_INSULATION)
    life.do("start_works", MAIN, track=TECHNICAL, on="2026-04-11")
    life.do("complete", MAIN, track=TECHNICAL, on="2026-04-11")
    return life


def photographs(*lines, phases=("BEFORE", "AFTER")):
    return [
        {"line": line, "phase": phase, "shows_date": True, "shows_object_name": True}
        for line in lines
        for phase in phases
    ]


@pytest.mark.rule("GL-440", "GL-441", "GL-442", "GL-444", "GL-449")
@pytest.mark.parametrize(
    ("paper", "rule"),
    [
        ("conformity_application", "GL-440"),
        ("building_register_copy", "GL-440"),
        ("annex_1", "GL-441"),
        ("openings_data", "GL-442"),
        ("insulation_quantity_data", "GL-444"),
    ],
)
def test_a_plan_is_confirmed_by_a_whole_dossier_only(paper, rule):
    life = insulated()
    lacking = {**WITH_INSULATION, "received": [one for one in WITH_INSULATION["received"] if one != paper]}
    assert refused(confirm, life, **lacking) == {(rule, "PAPER_MISSING")}
    confirm(life, **WITH_INSULATION)


@pytest.mark.rule("GL-441", "GL-449")
def test_a_plan_has_the_annex_of_its_menu_or_a_subsidys_form_with_performance_values():
    life = accepted()

    def with_annex(annex, **more):
        return {**example.PLAN, "received": [*(set(example.PLAN["received"]) - {"annex_1"}), annex], **more}

    assert refused(confirm, life, **with_annex("annex_2")) == {("GL-441", "WRONG_ANNEX")}
    assert refused(confirm, life, **with_annex("subsidy_application")) == {("GL-449", "PERFORMANCE_NOT_SHOWN")}
    confirm(life, **with_annex("subsidy_application", shows_performance=True))


@pytest.mark.rule("GL-444")
@pytest.mark.parametrize(
    ("insulation", "code"),
    [({}, None), ({"conductivity": "0.024"}, "QUANTITY_MISSING"), ({"volume_m3": "4.2"}, "CONDUCTIVITY_MISSING")],
)
def test_insulation_by_quantity_is_confirmed_by_conductivity_and_cubic_metres(insulation, code):
    found = refused(confirm, insulated(), **{**WITH_INSULATION, "insulation": insulation})
    assert ("GL-444", code) in found if code else len(found) == 2


@pytest.mark.rule("GL-443")
def test_insulation_by_the_standard_is_confirmed_by_its_performance():
    life = draft()
    life.draft = example.content_with()
    standard = {**INSULATION, "set_quantity_met": False, "meets_energy_standard_at_place": True}
    life.draft["works"]["lines"].insert(1, standard)
    agree(life, (MAIN, OWNER))
    life.do("submit", MAIN)
    said = {**WITH_INSULATION, "received": [*example.PLAN["received"], "insulation_data"]}
    assert refused(confirm, life, **said) == {("GL-443", "THICKNESS_MISSING")}
    confirm(life, **{**said, "insulation": {"conductivity": "0.024", "thickness_mm": "65"}})


@pytest.mark.rule("GL-454")
@pytest.mark.parametrize("works", [[], ["INSULATION"], ["OPENINGS", "INSULATION"], ["OPENINGS", "WALLPAPER"]])
def test_the_plan_is_of_the_works_that_the_loan_is_for(works):
    assert refused(confirm, accepted(), **{**example.PLAN, "works": works}) == {("GL-454", "WORKS_DIFFER")}


@pytest.mark.rule("GL-441", "GL-445", "GL-446", "GL-447", "GL-448")
@pytest.mark.parametrize(
    ("changes", "planned"),
    [
        ({}, {PlannedWorks.OPENINGS}),
        ({"works__lines__0__kind": "ECOCUTE"}, {PlannedWorks.EQUIPMENT}),
        (
            {"works__lines__0__meets_energy_standard_at_place": False, "house__meets_energy_standard": True},
            {PlannedWorks.WHOLE_HOUSE},
        ),
        ({"menu": "S", "house__meets_zeh": True}, {PlannedWorks.WHOLE_HOUSE_ZEH}),
        (
            {
                "menu": "S",
                "works__lines": [
                    {**one, "compartment": "居間"} for one in (example.content()["works"]["lines"][0], INSULATION)
                ],
                "works__compartments": [{"name": "居間", "all_openings_zeh": True, "worked_element_whole_zeh": True}],
            },
            {PlannedWorks.COMPARTMENT_ZEH},
        ),
    ],
)
def test_the_works_of_the_form_tell_which_papers_the_body_wants(changes, planned):
    form, found = read(GreenLoanForm, example.content_with(**changes))
    assert not found
    assert form_works.planned(form) == planned


@pytest.mark.rule("GL-440", "GL-442", "GL-461", "GL-462", "GL-466", "GL-467")
def test_the_papers_for_the_inspection_body_are_listed_with_all_others():
    content = example.content_with(
        house__building_form="MULTI_DWELLING", house__building_name="後楽マンション", house__unit_number="301"
    )
    listed = [
        one for one in PROGRAMME.papers(content, OWNER, date(2026, 4, 1)) if one.hand_to is HandTo.INSPECTION_BODY
    ]
    assert [(one.code, one.due) for one in listed] == [
        ("CONFORMITY_APPLICATION", "plan"),
        ("CONFORMITY_REGISTER", "plan"),
        ("CONFORMITY_ANNEX", "plan"),
        ("WORKS_DATA", "plan"),
        ("COMPLETION_REPORT", "report"),
        ("PHOTOGRAPHS", "report"),
        ("INSPECTION_CERTIFICATE", "report"),
    ]
    assert "物件名(後楽マンション 301)" in next(one.why for one in listed if one.code == "PHOTOGRAPHS")


@pytest.mark.rule("GL-461", "GL-462", "GL-463", "GL-464", "GL-465")
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"papers": ["photographs"]}, {("GL-461", "PAPER_MISSING")}),
        ({"papers": ["completion_report"]}, {("GL-462", "PAPER_MISSING")}),
        ({"photographs": photographs(0)}, {("GL-462", "PHOTOGRAPH_MISSING")}),
        ({"photographs": photographs(0, 1, phases=("BEFORE",))}, {("GL-462", "PHOTOGRAPH_MISSING")}),
        ({"hidden": [1]}, {("GL-462", "PHOTOGRAPH_MISSING")}),
        ({"photographs": [{**one, "shows_date": False} for one in photographs(0, 1)]}, {("GL-465", "BOARD_MISSING")}),
        ({"building_confirmation": None}, {("GL-467", "REQUIRED")}),
    ],
)
def test_a_report_of_completion_is_whole(changes, found):
    life = completed(insulated())
    report = {**example.REPORT, "photographs": photographs(0, 1)}
    assert refused(life.do, "report", MAIN, track=TECHNICAL, **{**report, **changes}) == found
    during = photographs(1, phases=("DURING",))
    hidden = {"hidden": [1], "photographs": [*report["photographs"], *during]}
    life.do("report", MAIN, track=TECHNICAL, **{**report, **hidden})  # of the wallpaper (C) nothing is asked


@pytest.mark.rule("GL-467", "GL-469")
def test_the_certificate_is_issued_whole_and_after_that_of_the_building_confirmation():
    def reported(**said):
        life = completed(insulated())
        life.do("report", MAIN, track=TECHNICAL, **{**example.REPORT, "photographs": photographs(0, 1), **said})
        return life

    def certify(life, **said):
        life.do("certify", BODY, track=TECHNICAL, **INSPECTED, **said)

    life = reported()
    assert refused(certify, life) == {("GL-469", "CERTIFICATE_MISSING")}
    assert refused(certify, life, issued=["applicant", "institution"]) == {("GL-469", "CERTIFICATE_MISSING")}
    certify(life, **example.ISSUED)
    assert life.state(TECHNICAL) == "certified"
    life = reported(building_confirmation=True)
    assert refused(certify, life, **example.ISSUED) == {("GL-467", "PAPER_MISSING")}
    certify(life, **example.ISSUED, inspection_certificate_seen=True)
    certify(reported(building_confirmation=True, same_body=True), **example.ISSUED)
    brought = [*example.REPORT["papers"], "inspection_certificate"]
    certify(reported(building_confirmation=True, papers=brought), **example.ISSUED)


@pytest.mark.rule("GL-467", "GL-469")
def test_works_that_were_reported_before_the_papers_of_the_report_were_asked_for_are_certified():
    life = completed(insulated())
    life.do("report", MAIN, track=TECHNICAL, **{**example.REPORT, "photographs": photographs(0, 1)})
    reported = (TECHNICAL, life.id, "report")
    life.taken[reported] = tuple(replace(one, facts=None) for one in life.taken[reported])
    life.do("certify", BODY, track=TECHNICAL, **INSPECTED, **example.ISSUED)
    assert life.state(TECHNICAL) == "certified"
