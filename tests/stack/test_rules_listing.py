"""`make rules` finds what cites a rule, and what does not."""

from support.acting import unused
from support.rules import citations, listed_rules, problems

SOURCE = """
import pytest
pytestmark = pytest.mark.rule("UI-01")

@pytest.mark.rule("ID-27", "ID-28")
async def test_first(): ...

@pytest.mark.parametrize("day", [pytest.param(1, marks=pytest.mark.rule("GL-101"))])
@pytest.mark.rule(RULE)
def test_second(): ...

class TestLogin:
    @pytest.mark.rule("ID-27")
    def test_third(self): ...
"""


def test_citations_are_found_on_modules_functions_classes_and_parameters():
    assert list(citations(SOURCE, "t.py")) == [
        ("UI-01", "t.py"),
        ("ID-27", "t.py::test_first"),
        ("ID-28", "t.py::test_first"),
        ("GL-101", "t.py::test_second"),
        ("", "t.py::test_second"),
        ("ID-27", "t.py::TestLogin::test_third"),
    ]


SOURCES = {"services/x/src/x/domain/dues.py": "def is_due(): ...", "services/identity/src/identity/otp.py": "STEP = 30"}


def test_a_table_row_is_a_rule_with_the_place_where_it_acts():
    table = (
        "# Rules\n| rule | where |\n|---|---|\n| AS-01 | organisational: done on paper |\n| AS-02 | a.py: `b` |\nAS-03"
    )
    assert listed_rules(table) == {"AS-01": "organisational: done on paper", "AS-02": "a.py: `b`"}


def test_a_listed_rule_without_a_test_or_a_reason_is_a_problem():
    listed = {"AS-01": "domain/dues.py", "AS-02": "organisational:", "AS-03": "organisational: on paper"}
    assert problems({"AS-04": ["t.py"]}, listed, SOURCES) == [
        "AS-01 has no test (domain/dues.py)",
        "AS-02 is called organisational without a reason",
    ]
    assert problems({"AS-01": ["t.py"]}, {"AS-01": "domain/dues.py: `is_due`"}, SOURCES) == []


def test_a_place_that_is_not_there_any_more_is_a_problem():
    listed = {"AS-01": "domain/dues.py: `is_overdue`; domain/debts.py", "ID-01": "identity/otp.py: `STEP`"}
    assert problems({"AS-01": ["t.py"], "ID-01": ["t.py"]}, listed, SOURCES) == [
        "AS-01 acts where nothing is: is_overdue",
        "AS-01 acts where nothing is: domain/debts.py",
    ]


def test_two_programmes_may_have_files_of_the_same_name():
    sources = {"a/programmes/green_loan/rows.py": "def close(): ...", "a/programmes/rental_loan/rows.py": "def repay()"}
    listed = {"GL-001": "rows.py: `close`", "RL-001": "rows.py: `close`"}
    cited = {"GL-001": ["t.py"], "RL-001": ["t.py"]}
    assert problems(cited, listed, sources) == ["RL-001 acts where nothing is: close"]


def test_a_place_that_no_service_uses_is_a_problem():
    listed = {"AS-01": "domain/dues.py: `is_due`"}
    unused_ones = {("services/x/src/x/domain/dues.py", "is_due")}
    assert problems({"AS-01": ["t.py"]}, listed, SOURCES, unused_ones) == ["AS-01 is used by no service: is_due"]


def test_what_is_used_is_reached_from_what_runs_through_the_imports():
    modules = {
        "x.rules": "LIMIT = 3\ndef is_due(): return LIMIT\ndef is_late(): return is_even()\ndef is_even(): ...",
        "x.other": "def is_late(): ...",
        "x": "from x.rules import is_due",
        "x.main": "import x\nfrom x import is_due, other, rules\n@route\ndef get(): return is_due() + other.is_late()",
        "x.cli": "def commands(): ...",
        "x.table": "class Row(Base, table=True): ...",
    }
    assert unused(modules, [("x.cli", "commands")]) == {("x.rules", "is_late"), ("x.rules", "is_even")}
    assert unused({"x.rules": "def a(): return a()"}, []) == {("x.rules", "a")}  # its own call is no use


def test_an_id_of_another_form_is_a_problem():
    assert len(problems({"AS-1": ["t.py"], "GL-12": ["t.py"], "": ["t.py"]}, {}, {})) == 3
    assert len(problems({}, {"XX-01": "organisational: why"}, {})) == 1
