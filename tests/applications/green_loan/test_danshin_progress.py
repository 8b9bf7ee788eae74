"""What follows from the word of the danshin Web service, in whatever order and however often it is heard."""

from __future__ import annotations

from datetime import date

import pytest
from applications.programmes.green_loan.danshin.progress import NotBelieved, Status, Word, believe, steps
from applications.programmes.green_loan.reading import DANSHIN
from applications.programmes.green_loan.workflow import WORKFLOW
from hypothesis import given
from hypothesis import strategies as st

DECLARED = date(2026, 4, 2)


def word(status, product="SHIN", declared_on=DECLARED):
    return Word(Status(status), product, None if status == "open" else declared_on)


@pytest.mark.rule("GL-102", "GL-528", "GL-535", "GL-537")
@pytest.mark.parametrize(
    ("state", "status", "commands"),
    [
        ("invited", "open", ()),
        ("invited", "applied", ("apply",)),
        ("invited", "certificate_wanted", ("apply", "want_certificate")),
        ("invited", "joined", ("apply", "accept")),
        ("invited", "refused", ("apply", "refuse")),
        ("invited", "withdrawn", ("decline",)),
        ("applied", "open", ()),
        ("applied", "applied", ()),
        ("applied", "certificate_wanted", ("want_certificate",)),
        ("certificate_wanted", "applied", ("apply",)),
        ("certificate_wanted", "joined", ("accept",)),
        ("applied", "refused", ("refuse",)),
        ("joined", "joined", ()),
        ("joined", "withdrawn", ("decline",)),
        ("refused", "withdrawn", ("decline",)),
        ("not_joined", "withdrawn", ()),
    ],
)
def test_each_word_leads_to_where_the_service_says_the_person_stands(state, status, commands):
    assert steps(state, "SHIN", word(status)) == commands


@pytest.mark.rule("GL-530")
@pytest.mark.parametrize(
    ("state", "commands"),
    [
        ("invited", ("apply", "refuse", "switch")),
        ("certificate_wanted", ("refuse", "switch")),
        ("refused", ("switch",)),
        ("switched", ()),
    ],
)
def test_who_wanted_three_diseases_and_joined_the_other_was_refused_and_switched(state, commands):
    assert steps(state, "SANDAI", word("joined")) == commands


@pytest.mark.rule("GL-527", "GL-529")
@pytest.mark.parametrize(
    ("state", "wanted", "said"),
    [
        ("applied", "SHIN", word("joined", "SANDAI")),
        ("applied", "SHIN", word("joined", declared_on=None)),
        ("joined", "SHIN", word("refused")),
        ("refused", "SHIN", word("applied")),
    ],
)
def test_what_cannot_be_is_not_believed(state, wanted, said):
    with pytest.raises(NotBelieved):
        steps(state, wanted, said)


@pytest.mark.rule("GL-531", "GL-532")
@pytest.mark.parametrize(
    ("product", "birth", "rule"),
    [
        ("SHIN", date(1956, 4, 3), None),
        ("SHIN", date(1956, 4, 2), "GL-531"),
        ("SANDAI", date(1975, 4, 3), None),
        ("SANDAI", date(1975, 4, 2), "GL-532"),
    ],
)
def test_nobody_has_joined_who_was_too_old_on_the_day_of_the_declaration(product, birth, rule):
    said = word("joined", product)
    if rule is None:
        believe(birth, DECLARED, said)
        return
    with pytest.raises(NotBelieved) as doubt:
        believe(birth, DECLARED, said)
    assert doubt.value.rule == rule
    believe(birth, DECLARED, word("refused", product))


def test_a_declaration_of_tomorrow_is_not_believed():
    with pytest.raises(NotBelieved):
        believe(date(1980, 1, 1), date(2026, 4, 1), word("applied"))


STATUSES = st.lists(st.sampled_from([one.value for one in Status]), max_size=8)


@given(STATUSES, st.sampled_from(["SHIN", "SANDAI"]))
@pytest.mark.rule("GL-102")
def test_whatever_is_heard_every_step_is_a_row_of_the_table_and_hearing_it_twice_changes_nothing(statuses, wanted):
    state = "invited"
    for status in statuses:
        try:
            commands = steps(state, wanted, word(status))
        except NotBelieved:
            continue
        for command in commands:
            (row,) = [one for one in WORKFLOW.rows(DANSHIN, command) if state in one.sources]
            state = row.target
        assert steps(state, wanted, word(status)) == ()
