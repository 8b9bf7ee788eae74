"""The log's promised form: what it refuses, and that the events which operators are told to search for are written."""

import json
import re
from typing import Any

import pytest
from madoguchi_stack.layout import ROOT
from support.logs import wrong_lines

GOOD: dict[str, Any] = {
    "time": "2026-11-22T01:02:03.456789Z",
    "level": "error",
    "event": "key_parked",
    "service": "identity",
    "process": "worker",
    "logger": "kit.bus",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "events": 3,
    "rules": ["ID-1"],
    "exception": [{"type": "builtins.ValueError", "frames": ["kit.bus.process:12"], "sqlstate": "23505"}],
}


def written(**changed: Any) -> str:
    return json.dumps({name: value for name, value in {**GOOD, **changed}.items() if value is not None})


@pytest.mark.parametrize(
    "changed",
    [
        *({name: None} for name in ("time", "level", "event", "service", "process", "logger")),
        {"time": "2026-11-22T01:02:03+09:00"},
        {"level": "INFO"},
        {"event": "Somebody did something"},
        {"event": "a\nb", "logger": "asyncio"},
        {"service": "others"},
        {"process": "cli"},
        {"trace_id": "0" * 32},
        {"Field": 1},
        {"text": "x" * 1001},
        {"exception": "Traceback (most recent call last)"},
        {"exception": [{"type": "builtins.ValueError", "frames": [], "message": "taro@example.jp"}]},
    ],
    ids=str,
)
def test_a_line_of_another_form_is_found(changed: dict[str, Any]):
    assert wrong_lines(f"{written()}\n{written(event='A sentence.', logger='aiokafka')}") == []
    assert len(wrong_lines(f"{written()}\n{written(**changed)}")) == 1
    assert len(wrong_lines("Traceback (most recent call last)")) == 1


CALL = re.compile(r"\blog\.(debug|info|warning|error|critical|exception)\(\s*\"(\w+)\"")


def logged() -> dict[str, str]:
    """Every event that our code writes, with its level."""
    files = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("shared/kit/src/**/*.py")]
    return {name: level for file in files for level, name in CALL.findall(file.read_text("utf-8"))}


ROW = re.compile(r"^\| `(\w+)` \| (info|warning|error) \|", re.MULTILINE)


def test_what_operators_are_told_to_search_for_is_written_and_described():
    known = logged()
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    described = dict(ROW.findall(page.partition("## Logs")[2]))
    assert described.items() <= known.items()
    runbook = set(re.findall(r"`(\w+)`", (ROOT / "docs/runbook.md").read_text("utf-8")))
    assert runbook & known.keys() - described.keys() == set()
    loud = {name for name, level in known.items() if level == "error"}
    assert loud - described.keys() == set()
