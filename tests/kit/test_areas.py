"""Areas and the command `madoguchi evaluate`, as other programs use them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import kit.areas
import kit.cli
import pytest
import typer
from kit.areas import Answer, Area, BadQuestion, Day, Moment, Question, by_name, evaluate_one, load_areas
from kit.cli import answer_lines

# One line for each edge case of the catalogue: the question, and what is answered to it.
EXAMPLES = [
    json.loads(line)
    for file in sorted(Path(__file__).parent.glob("areas_*.jsonl"))
    for line in file.read_text().splitlines()
]
BOND_AREAS = [
    "account_kana",
    "association_number",
    "balance_certificate",
    "corporate_number",
    "duration",
    "ekyc_gate",
    "identity_paper",
    "lockout",
    "mail_sequence",
    "mailing",
    "name_kanji",
    "otp_needed",
    "password",
    "permission",
    "postal_phone",
    "upload_sequence",
    "upload_set",
    "waived_fields",
]
MADOGUCHI = str(Path(sys.executable).with_name("madoguchi"))


class Sum(Question):
    """Two numbers, and when."""

    a: int
    b: int = 0
    on: Day | None = None
    at: Moment | None = None


class Total(Answer):
    """Their sum."""

    total: int
    at: str | None = None


def add(question: Sum) -> Total:
    """Add, unless it makes no sense or is broken."""
    if question.a == 13:
        raise ValueError("not this number")
    return Total(total=question.a // (14 - question.a) + question.b, at=question.at and question.at.isoformat())


AREA = Area("test/sum", ("ID-01",), Sum, Total, add)
AREAS = by_name([AREA])


def ask(question: object) -> Any:
    return evaluate_one(AREAS, {"area": "test/sum", "input": question})


def answer_to(text: bytes) -> list[Any]:
    sink = io.BytesIO()
    answer_lines(AREAS, io.BytesIO(text), sink)
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_every_area_of_the_bond_book_is_offered_by_some_service() -> None:
    areas, problems = load_areas()
    assert problems == []
    assert {f"bond/{name}" for name in BOND_AREAS} <= set(areas)


@pytest.mark.parametrize("name", BOND_AREAS)
def test_every_area_has_examples_and_schemas(name: str) -> None:
    area = load_areas()[0][f"bond/{name}"]
    assert any(example["area"] == area.name for example in EXAMPLES)
    assert area.schema()["rules"]
    assert {"type", "$ref"} & set(area.schema()["input"])
    assert {"type", "$ref"} & set(area.schema()["output"])


def test_the_command_answers_every_edge_case_of_the_catalogue_in_order() -> None:
    questions = [json.dumps({"area": one["area"], "input": one["input"]}, ensure_ascii=False) for one in EXAMPLES]
    done = subprocess.run(
        [MADOGUCHI, "evaluate"], input="\n".join(questions), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    expected = [{"area": one["area"], "output": one["output"]} for one in EXAMPLES]
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected


def test_the_command_answers_each_line_before_the_next_one_comes() -> None:
    with subprocess.Popen([MADOGUCHI, "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for level, view in ((2, True), (3, False)):
            question = {"area": "bond/permission", "input": {"approved_level": level}}
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["output"]["view"] is view
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_asking_the_rules_loads_no_web_framework_broker_or_database() -> None:
    program = "import sys; from kit import cli, areas; areas.load_areas(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "applications.programmes.bond.rules" in loaded
    assert not {"fastapi", "faststream", "sqlalchemy", "sqlmodel", "aiokafka"} & set(loaded)


def test_listing_names_the_areas_with_their_rules() -> None:
    listed = subprocess.run([MADOGUCHI, "areas"], capture_output=True, text=True, check=True).stdout
    assert "bond/otp_needed\tID-40, ID-41, ID-42\n" in listed
    schemas = subprocess.run([MADOGUCHI, "areas", "--schema"], capture_output=True, text=True, check=True).stdout
    assert [json.loads(line)["area"] for line in schemas.splitlines()] == [
        line.split("\t")[0] for line in listed.splitlines()
    ]


def test_whatever_is_on_a_line_the_stream_goes_on() -> None:
    lines = [
        b'{"area": "test/sum", "input": {"a": 1',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"area": "test/sum", "input": {"a": NaN}}',
        b"[]",
        b'{"area": 1, "input": {}}',
        b'{"area": "test/sum"}',
        b'{"area": "no/such", "input": {}}',
        b'{"area": "test/sum", "input": {"a": "1"}}',
        b'{"area": "test/sum", "input": {"a": 13}}',
        b'{"area": "\\ud800", "input": {}}',
        b"",
        b'{"area": "test/sum", "input": {"a": 14}}',
        b'\xef\xbb\xbf{"area": "test/sum", "input": {"a": 7, "b": 2}}\r',
    ]
    answers = answer_to(b"\n".join(lines))
    assert [answer.get("error", {}).get("code", "") for answer in answers] == [
        *["bad_json"] * 4,
        *["bad_request"] * 3,
        "unknown_area",
        "bad_input",
        "bad_input",
        "unknown_area",
        "internal_error",
        "",
    ]
    assert answers[-1] == {"area": "test/sum", "output": {"total": 3, "at": None}}


def test_a_bad_input_is_told_by_field_without_what_was_typed() -> None:
    error = ask({"a": "secret", "on": "2026-02-30"})["error"]
    assert error["code"] == "bad_input"
    assert [one["field"] for one in error["errors"]] == ["a", "on"]
    assert "secret" not in json.dumps(error)
    assert ask({})["error"]["errors"][0]["field"] == "a"


@pytest.mark.parametrize("wrong", ["1", 1.5, True, [1], {"x": 1}])
def test_types_are_not_converted(wrong: object) -> None:
    assert ask({"a": wrong})["error"]["code"] == "bad_input"


def test_unknown_fields_are_ignored_and_null_means_missing() -> None:
    assert ask({"a": 7, "b": None, "on": None, "more": {"x": None}})["output"]["total"] == 1
    assert ask({"a": None})["error"]["code"] == "bad_input"


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        ("2026-04-10T09:00:00", "2026-04-10T00:00:00+00:00"),
        ("2026-04-10 09:00", "2026-04-10T00:00:00+00:00"),
        ("2026-04-10", "2026-04-09T15:00:00+00:00"),
        ("2026-04-10T09:00:00+09:00", "2026-04-10T00:00:00+00:00"),
        ("2026-04-10T00:00:00Z", "2026-04-10T00:00:00+00:00"),
    ],
)
def test_times_are_of_japan_unless_they_say_otherwise(at: str, utc: str) -> None:
    assert ask({"a": 1, "at": at})["output"]["at"] == utc


@pytest.mark.parametrize("wrong", [{"at": 1775000000}, {"at": "1775000000"}, {"on": "2026-13-01"}, {"on": 0}])
def test_numbers_are_no_dates(wrong: dict[str, object]) -> None:
    assert ask({"a": 1, **wrong})["error"]["code"] == "bad_input"


def test_an_area_raises_for_a_program_that_asks_it_directly() -> None:
    assert AREA.answer({"a": 7}) == {"total": 1, "at": None}
    with pytest.raises(BadQuestion, match="not this number"):
        AREA.answer({"a": 13})


def test_two_areas_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="test/sum"):
        by_name([AREA, AREA])


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="test")


def test_areas_that_cannot_be_loaded_are_named_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [entry("broken", "no_such_module:AREAS"), entry("identity", "identity.areas:AREAS")]
    monkeypatch.setattr(kit.areas, "entry_points", lambda group: entries)
    areas, problems = load_areas()
    assert "bond/password" in areas
    assert len(problems) == 1
    assert "broken (no_such_module:AREAS)" in problems[0]


several = typer.Typer(help="Several commands.")
several.command("one")(lambda: typer.echo("one of several"))
several.command("two")(lambda: typer.echo("two of several"))
single = typer.Typer()
not_commands = object()


@single.command()
def _greet(name: str) -> None:
    """Greet somebody."""
    typer.echo(f"hello {name}")


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    module = __name__
    entries = [
        entry("broken", "no_such_module:commands"),
        entry("greet", f"{module}:single"),
        entry("group", f"{module}:several"),
        entry("wrong", f"{module}:not_commands"),
    ]
    monkeypatch.setattr(kit.cli, "entry_points", lambda group: entries)
    monkeypatch.setattr(sys, "argv", ["madoguchi", *arguments])
    with pytest.raises(SystemExit) as stop:
        kit.cli.main()
    return int(stop.value.code or 0)


def test_services_add_single_commands_and_groups(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(monkeypatch, "greet", "you") == 0
    assert run_command(monkeypatch, "group", "two") == 0
    assert capsys.readouterr().out == "hello you\ntwo of several\n"


def test_commands_that_cannot_be_loaded_are_named_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(monkeypatch, "--help") == 0
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("madoguchi: the command broken (no_such_module:commands) cannot be loaded")
    assert "not a typer.Typer" in lines[1]
    assert "group" in told.out


def test_a_command_loads_nobody_elses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(monkeypatch, "group", "one") == 0
    assert capsys.readouterr().err == ""


def test_a_command_nobody_offers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_command(monkeypatch, "broken") == 2
