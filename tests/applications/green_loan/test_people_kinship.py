"""Kinship by steps: kind, degree, relatives, lineal relatives."""

from __future__ import annotations

import pytest
from applications.programmes.green_loan.people import kinship
from applications.programmes.green_loan.people.kinship import Kind, Path
from hypothesis import given
from hypothesis import strategies as st

PATHS = st.builds(
    Path,
    start_spouse=st.booleans(),
    up=st.integers(min_value=0, max_value=9),
    down=st.integers(min_value=0, max_value=9),
    end_spouse=st.booleans(),
)

# The degree table of the catalogue: who, steps up, steps down, degree.
BLOOD = [
    ("parent", 1, 0, 1),
    ("child", 0, 1, 1),
    ("grandparent", 2, 0, 2),
    ("grandchild", 0, 2, 2),
    ("brother or sister", 1, 1, 2),
    ("great-grandparent", 3, 0, 3),
    ("great-grandchild", 0, 3, 3),
    ("uncle or aunt", 2, 1, 3),
    ("nephew or niece", 1, 2, 3),
    ("great-great-grandparent", 4, 0, 4),
    ("great-great-grandchild", 0, 4, 4),
    ("great-uncle or great-aunt", 3, 1, 4),
    ("cousin", 2, 2, 4),
    ("grand-nephew or grand-niece", 1, 3, 4),
    ("cousin's child", 2, 3, 5),
    ("parent's cousin", 3, 2, 5),
    ("second cousin", 3, 3, 6),
]
# Who, step to the spouse first, up, down, step to a spouse last, degree.
AFFINE = [
    ("spouse's parent", True, 1, 0, False, 1),
    ("child's spouse", False, 0, 1, True, 1),
    ("spouse's grandparent", True, 2, 0, False, 2),
    ("spouse's brother or sister", True, 1, 1, False, 2),
    ("sibling's spouse", False, 1, 1, True, 2),
    ("spouse's uncle or aunt", True, 2, 1, False, 3),
    ("spouse's nephew or niece", True, 1, 2, False, 3),
    ("uncle's or aunt's spouse", False, 2, 1, True, 3),
    ("nephew's or niece's spouse", False, 1, 2, True, 3),
]


@pytest.mark.rule("GL-138", "GL-139", "GL-143", "GL-144", "GL-145")
@pytest.mark.parametrize(("who", "up", "down", "degree"), BLOOD)
def test_blood_relatives_have_the_degree_of_the_table(who: str, up: int, down: int, degree: int) -> None:
    path = Path(up=up, down=down)
    assert (kinship.kind_of(path), kinship.degree_of(path)) == (Kind.BLOOD, degree), who
    assert kinship.is_relative(path)
    assert kinship.is_lineal(path) is (who == "child" or who.endswith(("parent", "grandchild")))


@pytest.mark.rule("GL-140", "GL-143", "GL-144", "GL-145")
@pytest.mark.parametrize(("who", "start", "up", "down", "end", "degree"), AFFINE)
def test_affines_have_the_degree_of_the_table(
    who: str, start: bool, up: int, down: int, end: bool, degree: int
) -> None:
    path = Path(start, up, down, end)
    assert (kinship.kind_of(path), kinship.degree_of(path)) == (Kind.AFFINE, degree), who
    assert kinship.is_relative(path)
    assert kinship.is_lineal(path) is (who in {"spouse's parent", "child's spouse", "spouse's grandparent"})


@pytest.mark.rule("GL-127", "GL-143")
def test_relatives_reach_to_the_sixth_degree_by_blood_and_the_third_by_marriage() -> None:
    second_cousin, its_child = Path(up=3, down=3), Path(up=3, down=4)
    assert kinship.is_relative(second_cousin)
    assert not kinship.is_relative(its_child)
    assert kinship.degree_of(its_child) == 7
    assert not kinship.is_relative(Path(up=2, down=2, end_spouse=True)), "a cousin's wife is an affine of degree 4"
    assert not kinship.is_relative(Path(start_spouse=True, up=2, down=2)), "so is a wife's cousin"
    assert not kinship.is_lineal(Path(up=7)), "who is no relative is no lineal relative"
    assert not kinship.is_lineal(Path(start_spouse=True, up=4))


@pytest.mark.rule("GL-141", "GL-144")
@pytest.mark.parametrize("path", [Path(start_spouse=True), Path(end_spouse=True)])
def test_a_spouse_is_a_relative_without_a_degree_and_in_no_line(path: Path) -> None:
    assert kinship.kind_of(path) is Kind.SPOUSE
    assert kinship.degree_of(path) is None
    assert kinship.is_relative(path)
    assert not kinship.is_lineal(path)
    assert not kinship.is_within(path, 3)


@pytest.mark.rule("GL-142")
@pytest.mark.parametrize(
    "path",
    [kinship.SELF, Path(start_spouse=True, end_spouse=True), Path(start_spouse=True, up=1, down=1, end_spouse=True)],
)
def test_oneself_and_who_is_reached_over_two_spouses_are_no_relatives(path: Path) -> None:
    assert kinship.kind_of(path) is Kind.NONE
    assert kinship.degree_of(path) is None
    assert not kinship.is_relative(path)
    assert not kinship.is_lineal(path)


@pytest.mark.rule("GL-138")
@pytest.mark.parametrize("steps", [{"up": -1}, {"down": -1}])
def test_steps_are_counted_from_zero(steps: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        Path(**steps)


@pytest.mark.rule("GL-139", "GL-140", "GL-141", "GL-142", "GL-143", "GL-144")
@given(PATHS)
def test_kinds_degrees_and_lines_belong_together(path: Path) -> None:
    kind, degree = kinship.kind_of(path), kinship.degree_of(path)
    assert (degree is None) is (kind in (Kind.SPOUSE, Kind.NONE))
    limit = {Kind.BLOOD: 6, Kind.AFFINE: 3, Kind.SPOUSE: 99, Kind.NONE: -1}[kind]
    assert kinship.is_relative(path) is ((degree or 0) <= limit)
    if kinship.is_lineal(path):
        assert kinship.is_relative(path)
        assert 0 in (path.up, path.down)
    assert kinship.is_within(path, 9) is (kinship.is_relative(path) and kind is not Kind.SPOUSE)


@pytest.mark.rule("GL-139", "GL-140", "GL-143")
@given(PATHS)
def test_kinship_is_the_same_from_either_side(path: Path) -> None:
    back = Path(path.end_spouse, path.down, path.up, path.start_spouse)
    assert kinship.kind_of(back) is kinship.kind_of(path)
    assert kinship.degree_of(back) == kinship.degree_of(path)
    assert kinship.is_relative(back) is kinship.is_relative(path)
    assert kinship.is_lineal(back) is kinship.is_lineal(path)


@pytest.mark.rule("GL-143")
@given(PATHS, st.booleans())
def test_who_is_seen_from_the_spouse_and_back_is_the_same_person(path: Path, married: bool) -> None:
    assert kinship.seen_from_spouse(kinship.seen_from_spouse(path)) == path
    sides = kinship.seen_from_both(path, has_legal_spouse=married)
    assert len(sides) <= (2 if married else 1)
    if not married:
        assert not any(side.start_spouse for side in sides), "nobody is kin over a spouse who does not exist"


@pytest.mark.rule("GL-145")
def test_named_kin_are_those_of_the_table() -> None:
    by_name = {name: kinship.degree_of(path) for name, path in kinship.NAMED.items()}
    assert by_name == {
        "PARENT": 1,
        "CHILD": 1,
        "GRANDPARENT": 2,
        "GRANDCHILD": 2,
        "SIBLING": 2,
        "BROTHER": 2,
        "SISTER": 2,
        "GREAT_GRANDPARENT": 3,
        "GREAT_GRANDCHILD": 3,
        "UNCLE": 3,
        "AUNT": 3,
        "NEPHEW": 3,
        "NIECE": 3,
        "COUSIN": 4,
        "SPOUSE": None,
        "CHILD_SPOUSE": 1,
        "GRANDCHILD_SPOUSE": 2,
        "SIBLING_SPOUSE": 2,
        "SPOUSE_PARENT": 1,
        "SPOUSE_CHILD": 1,
        "SPOUSE_GRANDPARENT": 2,
        "SPOUSE_SIBLING": 2,
    }
    assert all(kinship.is_relative(path) for path in kinship.NAMED.values())
    assert kinship.NAMED["NIECE"] == Path(up=1, down=2)
    assert kinship.NAMED["UNCLE"] == Path(up=2, down=1)
