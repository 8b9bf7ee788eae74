"""The balance certificate and the upload slots."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from applications.programmes.bond.calculator import balance_certificate
from applications.programmes.bond.checklist import (
    SLOTS,
    TOTAL_LIMIT_BYTES,
    UploadedFile,
    check_uploads,
    expected_slots,
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
