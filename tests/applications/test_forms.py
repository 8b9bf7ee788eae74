"""Reading a form: whatever is in a draft, every fault is found at its place, and the rest can be judged."""

import json
from enum import StrEnum

import pytest
from applications.forms import Form, asked, read, without_blanks
from hypothesis import given
from hypothesis import strategies as st


class Colour(StrEnum):
    RED = "red"


class Bed(Form):
    width: int | None = asked("幅", "X-01", ge=1)
    colours: tuple[Colour, ...] | None = asked("色", "X-02")


class Garden(Form):
    name: str | None = asked("名称", "X-00")
    beds: tuple[Bed, ...] | None = asked("花壇", "X-03", max_length=3)
    main: Bed | None = asked("主な花壇", "X-04")


@pytest.mark.parametrize(
    ("draft", "wrong"),
    [
        ({}, []),
        ({"beds": []}, []),
        ({"beds": [{"width": 1}, {"width": 0}]}, [("X-01", "beds.1.width")]),
        ({"beds": [{"width": "1"}, {"colours": ["blue"]}]}, [("X-01", "beds.0.width"), ("X-02", "beds.1.colours")]),
        ({"beds": [5, {"width": 2}]}, [("X-03", "beds.0")]),
        ({"beds": 5}, [("X-03", "beds")]),
        ({"beds": [{}] * 3 + [{"width": 1}]}, [("X-03", "beds")]),
        ({"main": {"width": 0}, "name": 7}, [("X-00", "name"), ("X-01", "main.width")]),
        ({"main": [1]}, [("X-04", "main")]),
    ],
)
def test_a_value_of_the_wrong_kind_is_found_where_it_was_entered(draft, wrong):
    _, findings = read(Garden, draft)
    assert sorted((one.rule, one.field) for one in findings) == sorted(wrong)
    assert {one.code for one in findings} <= {"FORMAT"}


def test_entries_of_a_list_keep_their_places():
    form, _ = read(Garden, {"beds": [{"width": "wide"}, {"width": 2}]})
    assert [bed.width for bed in form.beds] == [None, 2]
    assert without_blanks({"a": [{}, {"b": ""}], "c": [{"b": " "}, {"b": 1}]}) == {"c": [{}, {"b": 1}]}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "beds", "main", "width", "colours", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["name", "beds", "main"]), anything))
def test_any_draft_is_read_and_what_was_read_reads_the_same(draft):
    form, _ = read(Garden, draft)
    kept = json.loads(form.model_dump_json(exclude_none=True))
    again, findings = read(Garden, kept)
    assert findings == []
    assert without_blanks(again.model_dump(mode="json")) == without_blanks(form.model_dump(mode="json"))
