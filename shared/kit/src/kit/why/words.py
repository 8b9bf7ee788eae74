"""A report as lines for a person, and as JSON for a machine or for the next pod."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from kit.why.inquiry import Report
from kit.why.witness import Answer, Told

# Each list of an answer with its heading, in the order that an operator needs.
_PARTS = {
    "states": "state",
    "waits": "waits on",
    "due": "due",
    "pending": "pending",
    "parked": "PARKED",
    "mails": "mail",
    "files": "file",
    "traces": "trace",
}


class NotAReport(Exception):
    """What was read is not the JSON of an earlier `madoguchi why --json`."""


def as_json(report: Report) -> str:
    """One JSON object; `of_json` reads it back."""
    return json.dumps(asdict(report), default=_plain, ensure_ascii=False)


def of_json(text: str) -> Report:
    """The report that `as_json` wrote. Raises NotAReport."""
    try:
        said = json.loads(text)
        answers = {
            service: Answer(**{**answer, "actions": [(why, command) for why, command in answer["actions"]]})
            for service, answer in said["answers"].items()
        }
        told = [
            Told(UUID(one["event_id"]), one["type"], datetime.fromisoformat(one["recorded_at"])) for one in said["told"]
        ]
        owner = UUID(said["account_id"]) if said["account_id"] else None
        return Report(UUID(said["application_id"]), owner, said["reference"], answers, said["not_asked"], told)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotAReport from None


def as_lines(report: Report) -> list[str]:
    """Everything of one kind together, from all services; then what may be done, and who could not be asked."""
    lines = [f"{report.reference or 'application'}  {report.application_id}  owner {report.account_id or 'not known'}"]
    for part, heading in _PARTS.items():
        for service, answer in report.answers.items():
            lines += [f"{heading:<9} {service:<14} {_words(row)}" for row in getattr(answer, part)]
    if not any(getattr(answer, part) for answer in report.answers.values() for part in ("pending", "parked")):
        lines.append("nothing is pending, and nothing is parked, in what could be asked")
    for service, why in report.not_asked.items():
        lines.append(f"{'not asked':<9} {service:<14} {why}")
    for service, answer in report.answers.items():
        # Several findings may ask for the same.
        for why, command in dict.fromkeys((why, command) for why, command in answer.actions):
            lines.append(f"{'do':<9} {service:<14} {command}    # {why}")
    return lines


def _words(row: Mapping[str, Any]) -> str:
    """What is known, each with its name but the first."""
    known = [(name, _plain_text(value)) for name, value in row.items() if value not in (None, [], "")]
    return "; ".join(value if place == 0 else f"{name} {value}" for place, (name, value) in enumerate(known))


def _plain_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain_text(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)
