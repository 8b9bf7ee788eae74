"""Makes Prometheus' rules and Grafana's dashboards from slo/*.yaml: `python deploy/observability/generate.py`.

An objective becomes the share of what went wrong, over windows of 5 minutes to 30 days, and four alerts on how fast
that uses up what the objective leaves (the budget): each needs a long window, so that a moment is no alarm, and a short
one, so that the alarm ends with its cause (Google, The Site Reliability Workbook, chapter 5).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml  # type: ignore[import-untyped]
from madoguchi_stack.layout import SERVICES
from pydantic import BaseModel, ConfigDict, model_validator

FOLDER = Path(__file__).parent
RUNBOOK = "docs/runbook.md"
DAYS = 30
NOTICE = "# Made by deploy/observability/generate.py from slo/*.yaml; change those.\n"
Json = dict[str, Any]


class Burn(NamedTuple):
    """An alert on the budget: used `rate` times as fast as it may be, over both windows."""

    rate: float
    long: str
    short: str
    severity: str
    lasting: str


BURNS = (
    Burn(14.4, "1h", "5m", "page", "2m"),  # 2 % of the budget in an hour
    Burn(6, "6h", "30m", "page", "5m"),  # 5 % in six hours
    Burn(3, "1d", "2h", "ticket", "15m"),  # 10 % in a day
    Burn(1, "3d", "6h", "ticket", "30m"),  # 10 % in three days
)
# The long ones change slowly and are dear to compute.
QUICK_WINDOWS = ("5m", "30m", "1h", "2h", "6h")
SLOW_WINDOWS = ("1d", "3d", f"{DAYS}d")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Objective(_Strict):
    """What people may expect, in per cent of what is counted: not `bad` of `total`, or not slower than a time."""

    name: str
    says: str
    percent: float
    at_least: int
    runbook: str
    total: str | None = None
    bad: str | None = None
    histogram: str | None = None
    within_seconds: float | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Objective:
        counted, timed = (self.total, self.bad), (self.histogram, self.within_seconds)
        if not (all(counted) and not any(timed)) and not (all(timed) and not any(counted)):
            raise ValueError(f"{self.name}: either total and bad, or histogram and within_seconds")
        return self

    @property
    def budget(self) -> float:
        """The share that may go wrong."""
        return round(1 - self.percent / 100, 6)

    def count(self) -> str:
        """The selector of what is counted."""
        return self.total or _suffixed(self.histogram or "", "count")

    def ratio(self, window: str) -> str:
        """The share of what went wrong in a window; nothing, where nothing was counted."""
        total = f"sum(rate({self.count()}[{window}]))"
        if self.bad:
            wrong = f"(sum(rate({_with_label(self.total or '', self.bad)}[{window}])) or vector(0))"
        else:
            # As prometheus_client writes it, and Prometheus keeps it: 1.0 and not 1.
            bucket = _with_label(_suffixed(self.histogram or "", "bucket"), f'le="{float(self.within_seconds or 0)}"')
            wrong = f"({total} - sum(rate({bucket}[{window}])))"
        return f"{wrong} / ({total} > 0)"


class Alert(_Strict):
    """A state that somebody must know of."""

    name: str
    expr: str
    lasting: str
    severity: Literal["page", "ticket"]
    says: str
    runbook: str

    @model_validator(mode="before")
    @classmethod
    def _for(cls, given: Json) -> Json:
        """`for` in the file, as Prometheus has it; no name for an attribute."""
        return {"lasting" if name == "for" else name: value for name, value in given.items()}


class Panel(_Strict):
    """A picture: what the legend says, and the query for it."""

    title: str
    unit: str
    queries: dict[str, str]


class Watched(_Strict):
    """One file of slo/."""

    service: str = ""
    objectives: list[Objective] = []
    alerts: list[Alert] = []
    panels: list[Panel] = []


def watched(service: str) -> Watched:
    """What is watched of a service: its own file, and what is common to all."""
    own, common = (_read(FOLDER / "slo" / f"{name}.yaml", service) for name in (service, "common"))
    return Watched(
        service=own.service,
        objectives=own.objectives,
        alerts=[*common.alerts, *own.alerts],
        panels=[*common.panels, *own.panels],
    )


def job(service: str, part: str) -> str:
    """The name under which Prometheus knows the processes; the chart gives it to them."""
    return f"madoguchi-{service}-{part}"


def _read(file: Path, service: str) -> Watched:
    text = file.read_text("utf-8").replace("$api", job(service, "api")).replace("$worker", job(service, "worker"))
    return Watched.model_validate(yaml.safe_load(text))


def _suffixed(selector: str, suffix: str) -> str:
    name, brace, labels = selector.partition("{")
    return f"{name}_{suffix}{brace}{labels}"


def _with_label(selector: str, label: str) -> str:
    return f"{selector.removesuffix('}')},{label}}}"


# Rules


def rules(service: str) -> Json:
    """Prometheus' rules for a service."""
    about = watched(service)
    return {
        "groups": [
            {"name": f"madoguchi-{service}-quick", "rules": list(_records(about, QUICK_WINDOWS))},
            {"name": f"madoguchi-{service}-slow", "interval": "5m", "rules": list(_records(about, SLOW_WINDOWS))},
            {"name": f"madoguchi-{service}-budgets", "rules": list(_budget_alerts(about))},
            {"name": f"madoguchi-{service}-states", "rules": [_alert(service, alert) for alert in about.alerts]},
        ]
    }


def _records(about: Watched, windows: tuple[str, ...]) -> Iterator[Json]:
    for objective in about.objectives:
        for window in windows:
            yield {
                "record": _record(window),
                "labels": {"service": about.service, "slo": objective.name},
                "expr": objective.ratio(window),
            }


def _record(window: str) -> str:
    return f"madoguchi:slo_errors:ratio_rate{window}"


def _budget_alerts(about: Watched) -> Iterator[Json]:
    for objective in about.objectives:
        which = f'service="{about.service}",slo="{objective.name}"'
        for burn in BURNS:
            limit = f"{burn.rate * objective.budget:.6g}"
            yield {
                "alert": "MadoguchiBudgetBurns",
                "expr": f"{_record(burn.long)}{{{which}}} > {limit}\n"
                f"  and {_record(burn.short)}{{{which}}} > {limit}\n"
                f"  and on () sum(increase({objective.count()}[{burn.long}])) >= {objective.at_least}\n",
                "for": burn.lasting,
                "labels": {
                    "severity": burn.severity,
                    "service": about.service,
                    "slo": objective.name,
                    "window": burn.long,
                },
                "annotations": {
                    "summary": f"{about.service}: {objective.name} uses its budget {burn.rate:g} times too fast",
                    "description": f"{{{{ $value | humanizePercentage }}}} in {burn.long} are not: {objective.says}."
                    f" Promised are {objective.percent:g} %.",
                    "runbook": f"{RUNBOOK}#{objective.runbook}",
                },
            }


def _alert(service: str, alert: Alert) -> Json:
    return {
        "alert": f"Madoguchi{alert.name}",
        "expr": alert.expr,
        "for": alert.lasting,
        "labels": {"severity": alert.severity, "service": service},
        "annotations": {"summary": f"{service}: {alert.says}", "runbook": f"{RUNBOOK}#{alert.runbook}"},
    }


# Dashboards

_SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDTH, _HEIGHT = 12, 8


def dashboard(service: str) -> Json:
    """Grafana's dashboard of a service: what is left of the budgets, then everything that is measured."""
    about = watched(service)
    panels = [_budget_panel(about, objective, number) for number, objective in enumerate(about.objectives)]
    below = 5
    for number, panel in enumerate(about.panels):
        place = {"x": number % 2 * _WIDTH, "y": below + number // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}
        panels.append(_panel("timeseries", panel.title, panel.unit, panel.queries, place))
    return {
        "uid": f"madoguchi-{service}",
        "title": f"Madoguchi: {service}",
        "tags": ["madoguchi"],
        "schemaVersion": 39,
        "timezone": "Asia/Tokyo",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def _budget_panel(about: Watched, objective: Objective, number: int) -> Json:
    which = f'{{service="{about.service}",slo="{objective.name}"}}'
    left = f"1 - {_record(f'{DAYS}d')}{which} / {objective.budget:g}"
    width = 24 // len(about.objectives)
    title = f"Left of the budget: {objective.name} ({objective.percent:g} %)"
    place = {"x": number * width, "y": 0, "w": width, "h": 5}
    panel = _panel("stat", title, "percentunit", {"left": left}, place)
    steps = [{"color": "red", "value": None}, {"color": "orange", "value": 0.25}, {"color": "green", "value": 0.5}]
    panel["description"] = objective.says
    panel["fieldConfig"]["defaults"]["thresholds"] = {"mode": "absolute", "steps": steps}
    return panel


def _panel(kind: str, title: str, unit: str, queries: Mapping[str, str], place: Json) -> Json:
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
            for number, (legend, expr) in enumerate(queries.items())
        ],
    }


# Files


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Lines of a query as lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def files() -> dict[Path, str]:
    """Every file that is made, with its text."""
    made = {}
    for service in SERVICES:
        text = yaml.dump(rules(service), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
        made[FOLDER / "rules" / f"{service}.yaml"] = NOTICE + text
        made[FOLDER / "dashboards" / f"{service}.json"] = json.dumps(dashboard(service), indent=1) + "\n"
    return made


if __name__ == "__main__":
    for file, content in files().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, "utf-8")
