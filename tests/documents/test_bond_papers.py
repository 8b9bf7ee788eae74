"""What the bond programme says of papers that come by post."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from applications.programmes.bond.checklist import SLOT_KEYS, TOTAL_LIMIT_BYTES
from documents.papers import DateNotRecorded, Paper
from documents.programmes import bond, judge_of
from documents.programmes.bond import PAPER_KINDS, identity_paper_result, issued_within_three_months


@pytest.mark.rule("DO-26")
@pytest.mark.parametrize(
    ("issued", "last"),
    [
        (date(2029, 1, 31), date(2029, 4, 30)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 1, 15), date(2026, 4, 15)),
    ],
)
def test_three_months_are_calendar_months_inclusive(issued: date, last: date) -> None:
    assert issued_within_three_months(issued, last)
    assert not issued_within_three_months(issued, last + timedelta(days=1))


def result(kind: str, arrived: str = "2026-01-10", **facts: Any) -> str:
    dates: dict[str, Any] = {
        key: date.fromisoformat(facts.pop(key)) for key in ("issued", "applied", "expires") if key in facts
    }
    return identity_paper_result(Paper(kind=kind, arrived=date.fromisoformat(arrived), **dates, **facts))


@pytest.mark.rule("DO-32", "DO-34")
def test_nine_kinds_are_on_the_list() -> None:
    assert len(PAPER_KINDS) == 9
    assert result("residence_card", sides="both") == "NOT_ON_LIST"
    assert result("student_card") == "NOT_ON_LIST"


@pytest.mark.rule("DO-32")
@pytest.mark.parametrize("kind", ["licence", "resident_card"])
def test_cards_need_both_sides(kind: str) -> None:
    assert result(kind, sides="both") == "OK"
    assert result(kind, sides="front") == "BOTH_SIDES_NEEDED"
    assert result(kind) == "BOTH_SIDES_NEEDED"


@pytest.mark.rule("DO-33")
def test_the_back_of_the_my_number_card_is_refused() -> None:
    assert result("my_number_card", sides="front") == "OK"
    assert result("my_number_card", sides="both") == "FRONT_ONLY"


@pytest.mark.rule("DO-32")
def test_a_driving_history_certificate_counts_from_april_2012() -> None:
    assert result("driving_history", issued="2012-04-01", sides="both") == "OK"
    assert result("driving_history", issued="2012-03-31", sides="both") == "ISSUED_TOO_EARLY"
    assert result("driving_history", issued="2012-04-01", sides="front") == "BOTH_SIDES_NEEDED"


@pytest.mark.rule("DO-32")
def test_a_health_card_arrives_by_its_last_day() -> None:
    assert result("health_card", "2025-12-01", has_address=True) == "OK"
    assert result("health_card", "2025-12-02", has_address=True) == "ARRIVED_TOO_LATE"
    assert result("health_card", "2025-11-20", expires="2025-11-10", has_address=True) == "ARRIVED_TOO_LATE"
    assert result("health_card", "2025-11-10", expires="2025-11-10", has_address=True) == "OK"
    assert result("health_card", "2025-12-02", expires="2026-03-31", has_address=True) == "ARRIVED_TOO_LATE"


@pytest.mark.rule("DO-32")
@pytest.mark.parametrize(("kind", "arrived"), [("health_card", "2025-11-01"), ("eligibility_cert", "2026-11-01")])
def test_insurance_papers_show_the_address(kind: str, arrived: str) -> None:
    assert result(kind, arrived, has_address=True) == "OK"
    assert result(kind, arrived, has_address=False) == "ADDRESS_MISSING"
    assert result(kind, arrived) == "ADDRESS_MISSING"


@pytest.mark.rule("DO-26", "DO-32")
@pytest.mark.parametrize("kind", ["seal_cert", "residence_cert"])
def test_certificates_are_originals_of_the_last_three_months(kind: str) -> None:
    assert result(kind, "2029-04-30", issued="2029-01-31", original=True) == "OK"
    assert result(kind, "2029-05-01", issued="2029-01-31", original=True) == "TOO_OLD"
    assert result(kind, "2029-04-30", issued="2029-01-31", original=False) == "ORIGINAL_NEEDED"
    assert result(kind) == "ORIGINAL_NEEDED"


@pytest.mark.rule("DO-32")
def test_a_passport_was_applied_for_in_time_and_shows_both_pages_with_the_address() -> None:
    pages = frozenset({"photo", "holder"})
    assert result("passport", applied="2020-02-03", pages=pages) == "OK"
    assert result("passport", applied="2020-02-03", pages=pages, has_address=True) == "OK"
    assert result("passport", applied="2020-02-03", pages=pages, has_address=False) == "ADDRESS_MISSING"
    assert result("passport", applied="2020-02-04", pages=pages) == "APPLIED_TOO_LATE"
    assert result("passport", applied="2020-02-03", pages=frozenset({"photo"})) == "PAGES_MISSING"
    assert result("passport", applied="2020-02-03") == "PAGES_MISSING"


@pytest.mark.rule("DO-34")
@pytest.mark.parametrize(
    ("kind", "facts", "needed"),
    [
        ("driving_history", {"sides": "both"}, "issued"),
        ("seal_cert", {"original": True}, "issued"),
        ("residence_cert", {"original": True}, "issued"),
        ("passport", {"pages": frozenset({"photo", "holder"})}, "applied"),
    ],
)
def test_no_paper_is_ok_before_the_date_that_decides_is_recorded(kind: str, facts: dict[str, Any], needed: str) -> None:
    with pytest.raises(DateNotRecorded, match=needed):
        result(kind, **facts)


# Papers that stand for a file


@pytest.mark.rule("DO-10", "DO-26")
def test_a_register_copy_by_post_is_at_most_three_months_old_when_it_arrives() -> None:
    def judged(arrived: str, issued: str | None) -> str:
        issued_on = None if issued is None else date.fromisoformat(issued)
        return bond.judge(Paper("shogyo_toki", date.fromisoformat(arrived), issued=issued_on), SLOT_KEYS)

    assert judged("2029-04-30", "2029-01-31") == "OK"
    assert judged("2029-05-01", "2029-01-31") == "TOO_OLD"
    with pytest.raises(DateNotRecorded, match="issued"):
        judged("2029-04-30", None)


@pytest.mark.rule("DO-10")
@pytest.mark.parametrize("slot", sorted(SLOT_KEYS - {"shogyo_toki"}))
def test_other_papers_for_a_slot_have_no_age(slot: str) -> None:
    assert bond.judge(Paper(slot, date(2026, 4, 10)), SLOT_KEYS) == "OK"


@pytest.mark.rule("DO-30", "DO-34")
def test_what_stands_for_no_slot_is_an_identity_paper() -> None:
    assert bond.judge(Paper("licence", date(2026, 4, 10), sides="front"), SLOT_KEYS) == "BOTH_SIDES_NEEDED"
    assert bond.judge(Paper("student_card", date(2026, 4, 10)), SLOT_KEYS) == "NOT_ON_LIST"
    assert PAPER_KINDS.isdisjoint(SLOT_KEYS)


def test_a_programme_without_rules_for_papers_takes_what_comes() -> None:
    assert judge_of("bond") is bond.judge
    assert judge_of("not_here_yet")(Paper("licence", date(2026, 4, 10)), frozenset()) == "OK"


@pytest.mark.rule("DO-05")
def test_the_simulator_counts_with_the_limit_that_applications_tell() -> None:
    assert bond.TOTAL_LIMIT_BYTES == TOTAL_LIMIT_BYTES == 6_291_456
