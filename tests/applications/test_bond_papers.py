"""The balance certificate, the upload slots, and identity papers by post."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from applications.programmes.bond.calculator import balance_certificate
from applications.programmes.bond.checklist import (
    PAPER_KINDS,
    SLOTS,
    TOTAL_LIMIT_BYTES,
    DateNotRecorded,
    IdentityPaper,
    UploadedFile,
    check_uploads,
    expected_slots,
    identity_paper_result,
    issued_within_three_months,
    register_replaces_ekyc,
)
from applications.programmes.bond.rules import RepresentativeType
from hypothesis import given, settings
from hypothesis import strategies as st

INDIVIDUAL = RepresentativeType.INDIVIDUAL
MANAGEMENT_COMPANY = RepresentativeType.MANAGEMENT_COMPANY
OTHER_EXTERNAL = RepresentativeType.OTHER_EXTERNAL
CORPORATE_OWNER = RepresentativeType.CORPORATE_OWNER


def file(slot: str, size: int = 1, standard_type: bool = True, placeholder: bool = False) -> UploadedFile:
    return UploadedFile(slot=slot, size_bytes=size, standard_type=standard_type, placeholder=placeholder)


BOTH = [file("kanri_kiyaku"), file("sokai_gijiroku")]


@pytest.mark.rule("AS-32")
@pytest.mark.parametrize(
    ("year", "month", "display_on", "as_of"),
    [
        (2026, 4, date(2026, 4, 9), date(2026, 3, 31)),
        (2026, 5, date(2026, 5, 14), date(2026, 4, 30)),
        (2026, 1, date(2026, 1, 14), date(2025, 12, 31)),
        (2028, 3, date(2028, 3, 9), date(2028, 2, 29)),
    ],
)
def test_the_certificate_appears_on_the_seventh_business_day(
    year: int, month: int, display_on: date, as_of: date
) -> None:
    certificate = balance_certificate(year, month)
    assert (certificate.display_on, certificate.as_of) == (display_on, as_of)


@pytest.mark.rule("AS-32")
@settings(deadline=None)  # holidays are looked up for the first time
@given(st.integers(1950, 2149), st.integers(1, 12))
def test_every_certificate_states_the_end_of_the_month_before(year: int, month: int) -> None:
    certificate = balance_certificate(year, month)
    assert certificate.display_on.month == month
    assert certificate.as_of + timedelta(days=1) == date(year, month, 1)
    assert 9 <= certificate.display_on.day <= 18


@pytest.mark.rule("DO-01", "DO-02")
def test_there_are_nine_slots_and_two_of_them_are_required() -> None:
    assert [slot.key for slot in SLOTS] == [
        "kanri_kiyaku",
        "sokai_gijiroku",
        "gian_sho",
        "rijikai_gijiroku",
        "shogyo_toki",
        "shain_sho",
        "other1",
        "other2",
        "other3",
    ]
    assert [slot.label for slot in SLOTS if slot.required] == ["管理規約", "総会議事録"]
    assert SLOTS[2].label == "議会議案書"


@pytest.mark.rule("DO-02")
def test_only_the_required_slots_block_a_submission() -> None:
    assert check_uploads(INDIVIDUAL, False, BOTH).submittable
    assert check_uploads(INDIVIDUAL, False, BOTH).warnings == []
    empty = check_uploads(INDIVIDUAL, False, [file("other1")])
    assert empty.errors == ["REQUIRED_SLOT_EMPTY:kanri_kiyaku", "REQUIRED_SLOT_EMPTY:sokai_gijiroku"]
    assert not empty.submittable
    one = check_uploads(INDIVIDUAL, False, [file("kanri_kiyaku", 3_000_000)])
    assert (one.errors, one.total_bytes) == (["REQUIRED_SLOT_EMPTY:sokai_gijiroku"], 3_000_000)


@pytest.mark.rule("DO-05")
def test_the_limit_is_inclusive() -> None:
    assert TOTAL_LIMIT_BYTES == 6_291_456
    full = [file("kanri_kiyaku", 3_000_000), file("sokai_gijiroku", 3_291_456)]
    assert check_uploads(INDIVIDUAL, False, full).submittable
    over = check_uploads(INDIVIDUAL, False, [*full, file("other1", 1)])
    assert (over.errors, over.total_bytes) == (["TOTAL_OVER_LIMIT"], 6_291_457)


@pytest.mark.rule("DO-06", "DO-13")
def test_unusual_types_and_placeholders_warn_the_staff_and_fill_their_slot() -> None:
    files = [
        file("kanri_kiyaku", placeholder=True),
        file("sokai_gijiroku", standard_type=False, placeholder=True),
        file("other1", standard_type=False),
    ]
    check = check_uploads(INDIVIDUAL, False, files)
    assert check.submittable
    assert check.warnings == [
        "NONSTANDARD_TYPE:other1",
        "NONSTANDARD_TYPE:sokai_gijiroku",
        "PAPER_FOLLOWS:kanri_kiyaku",
        "PAPER_FOLLOWS:sokai_gijiroku",
    ]


@pytest.mark.rule("DO-20", "DO-21", "DO-22", "DO-23", "DO-24", "DO-25")
@pytest.mark.parametrize(
    ("who", "register_has_name", "expected", "no_ekyc"),
    [
        (INDIVIDUAL, False, set(), False),
        (INDIVIDUAL, True, set(), False),
        (MANAGEMENT_COMPANY, False, {"shogyo_toki", "shain_sho"}, False),
        (MANAGEMENT_COMPANY, True, {"shogyo_toki"}, True),
        (OTHER_EXTERNAL, False, {"shain_sho"}, False),
        (OTHER_EXTERNAL, True, {"shain_sho"}, False),
        (CORPORATE_OWNER, False, {"shogyo_toki"}, False),
        (CORPORATE_OWNER, True, {"shogyo_toki"}, True),
    ],
)
def test_extra_papers_depend_on_who_represents(
    who: RepresentativeType, register_has_name: bool, expected: set[str], no_ekyc: bool
) -> None:
    assert expected_slots(who, register_has_name) == expected
    assert register_replaces_ekyc(who, register_has_name) is no_ekyc
    check = check_uploads(who, register_has_name, BOTH)
    assert check.submittable
    assert check.warnings == sorted(f"EXPECTED_SLOT_EMPTY:{slot}" for slot in expected)
    assert check_uploads(who, register_has_name, [*BOTH, *map(file, expected)]).warnings == []


@given(
    st.sampled_from(RepresentativeType),
    st.booleans(),
    st.dictionaries(
        st.sampled_from([slot.key for slot in SLOTS]), st.tuples(st.integers(0, TOTAL_LIMIT_BYTES), st.booleans())
    ),
)
def test_a_set_is_submittable_exactly_when_complete_and_within_the_limit(
    who: RepresentativeType, register_has_name: bool, by_slot: dict[str, tuple[int, bool]]
) -> None:
    files = [file(slot, size, placeholder=placeholder) for slot, (size, placeholder) in by_slot.items()]
    check = check_uploads(who, register_has_name, files)
    total = sum(size for size, _ in by_slot.values())
    assert check.total_bytes == total
    assert check.submittable == ({"kanri_kiyaku", "sokai_gijiroku"} <= set(by_slot) and total <= TOTAL_LIMIT_BYTES)


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
    return identity_paper_result(IdentityPaper(kind=kind, arrived=date.fromisoformat(arrived), **dates, **facts))


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
