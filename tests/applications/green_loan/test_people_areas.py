"""Questions about people, works, hours and bans that make no sense get an error that says where."""

from __future__ import annotations

from typing import Any

import pytest
from applications.programmes.green_loan.areas import access, people, works
from kit.areas import BadQuestion, by_name

AREAS = by_name([*access.AREAS, *people.AREAS, *works.AREAS])


def ask(area: str, **question: Any) -> Any:
    return AREAS[f"green_loan/{area}"].answer(question)


COMBINER = {"house_use": "OWN", "relation": "LEGAL_SPOUSE", "age": 40, "joint_debtor": True, "status": "Japanese"}


@pytest.mark.parametrize(
    ("area", "question", "where"),
    [
        ("applicant_age", {"birth": "1946-08-20", "application_date": "2025-02-30"}, "application_date"),
        ("kinship_degree", {"who": "nobody", "up": -1}, "up"),
        ("owner_own_house", {"owner": "a dog", "kind": "PET"}, "kind"),
        ("occupant_eligibility", {"who": "mother", "up": 1}, "nationality_or_status"),
        ("income_combiner", COMBINER | {"house_use": "RENTED"}, "house_use"),
        ("relay_successor", {"relation": "GODCHILD", "age": 20}, "relation"),
        (
            "web_eligibility",
            {"joint_debtors": 0, "people": [{"mail": "a@b.jp", "devices": ["FAX"]}]},
            "people.0.devices",
        ),
        ("service_hours", {"local_time": "24:00"}, "local_time"),
        ("service_hours", {"local_time": "2025-05-01T06:00"}, "local_time"),
        ("service_hours", {"local_time": 600}, "local_time"),
        ("required_work", {"menu": "STANDARD", "kind": "SWIMMING_POOL"}, "kind"),
        ("required_work", {"menu": "STANDARD", "kind": "PV", "capacity_kw": "much"}, "capacity_kw"),
        ("required_work", {"menu": "GOLD", "kind": "PV"}, "menu"),
        ("reapplication_check", {"previous_outcome": "LOST", "new_application_date": "2025-04-02"}, "previous_outcome"),
    ],
)
def test_a_question_of_the_wrong_form_is_told_where_it_is_wrong(
    area: str, question: dict[str, Any], where: str
) -> None:
    with pytest.raises(BadQuestion) as refusal:
        ask(area, **question)
    assert refusal.value.errors[0]["field"].startswith(where)


@pytest.mark.parametrize(
    ("area", "question"),
    [
        ("applicant_age", {"birth": "2025-04-02", "application_date": "2025-04-01"}),
        ("web_eligibility", {"joint_debtors": 0, "people": []}),
        ("reapplication_check", {"previous_outcome": "WITHDRAWN", "new_application_date": "2025-04-02"}),
    ],
)
def test_a_question_that_no_rule_can_answer_is_refused(area: str, question: dict[str, Any]) -> None:
    with pytest.raises(BadQuestion):
        ask(area, **question)


@pytest.mark.rule("GL-114", "GL-334", "GL-335")
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Japanese", None),
        ("Japanese national", None),
        ("日本国籍", None),
        ("永住者", None),
        ("PERMANENT_RESIDENT", None),
        ("special permanent resident", None),
        ("特別永住者（special permanent resident）", None),
        ("定住者", "status"),
        ("long-term resident（定住者）", "status"),
        ("永住者の配偶者等", "status"),
        ("long-term resident", "status"),
        ("日本人の配偶者等", "status"),
        ("spouse of a Japanese national", "status"),
    ],
)
def test_a_status_may_be_named_in_either_language_and_no_other_one_passes(status: str, reason: str | None) -> None:
    answer = ask("income_combiner", **COMBINER | {"status": status, "will_live_with_applicant": True})
    assert answer == {"allowed": reason is None, "reason": reason}


@pytest.mark.rule("GL-138")
def test_what_is_null_or_missing_counts_as_no_step() -> None:
    assert ask("kinship_degree", who="child", down=1, up=None, start_spouse=None) == {
        "class": "BLOOD",
        "degree": 1,
        "is_relative": True,
        "lineal": True,
    }
    schema = AREAS["green_loan/kinship_degree"].schema()
    assert set(schema["output"]["properties"]) == {"class", "degree", "is_relative", "lineal"}
