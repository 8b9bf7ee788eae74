"""Alerts and dashboards: made from the objectives, of metrics that exist; each alert fires and resolves in time."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import documents.metrics
import identity.hashing
import identity.verifications
import kit.metrics
import notifications.metrics
import pytest
import yaml  # type: ignore[import-untyped]
from deploy.tools import promtool, schema_of_resource
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from jsonschema import Draft202012Validator
from kit.providers.pauses import after_silence, unanswered_for
from madoguchi_stack.layout import ROOT, SERVICES
from prometheus_client.metrics import Histogram, MetricWrapperBase

FOLDER = ROOT / "deploy/observability"
GENERATE = runpy.run_path(str(FOLDER / "generate.py"))
OWN = {
    "identity": (identity.hashing, identity.verifications),
    "applications": (),
    "documents": (documents.metrics,),
    "notifications": (notifications.metrics,),
}
RECORDED = re.compile(r"madoguchi:slo_errors:ratio_rate\w+")
NAME = re.compile(r"\b((?:madoguchi|http_server)_\w+)(\{[^}]*\})?")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
each_service = pytest.mark.parametrize("service", SERVICES)


def rules(service: str) -> list[dict[str, Any]]:
    """All rules of a service, as they lie in the file."""
    groups = yaml.safe_load((FOLDER / f"rules/{service}.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts(service: str) -> list[dict[str, Any]]:
    return [rule for rule in rules(service) if "alert" in rule]


def dashboard(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"dashboards/{service}.json").read_text())
    return found


def queries(service: str) -> list[str]:
    """Every query of a service's rules and dashboard."""
    asked = [target["expr"] for panel in dashboard(service)["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules(service)), *asked]


def series(service: str) -> dict[str, tuple[MetricWrapperBase, set[str]]]:
    """What a service can be asked for: the name of each series, with its metric and its labels."""
    found = {}
    for module in (kit.metrics, *OWN[service]):
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                for suffix in SUFFIXES[metric._type]:
                    labels = {*metric._labelnames, *(("le",) if suffix == "_bucket" else ())}
                    found[metric._name + suffix] = (metric, labels)
    return found


def test_what_is_checked_in_is_what_the_objectives_make():
    made = GENERATE["files"]()
    stale = [file.name for file, text in made.items() if not file.exists() or file.read_text() != text]
    assert stale == [], "run: python deploy/observability/generate.py"
    kept = {*FOLDER.glob("rules/*"), *FOLDER.glob("dashboards/*")}
    assert kept == set(made)


@each_service
def test_every_metric_and_every_label_that_is_asked_for_exists(service: str):
    known = series(service)
    for query in queries(service):
        names = NAME.findall(query)
        assert names or RECORDED.search(query) or query.startswith(("up{", "absent(up{")), query
        for name, braces in names:
            assert name in known, f"{name} in {query}"
            asked = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', braces)))
            assert asked <= known[name][1] | {"job", "instance"}, query
    recorded = {rule["record"] for rule in rules(service) if "record" in rule}
    assert {name for query in queries(service) for name in RECORDED.findall(query)} <= recorded


@each_service
def test_an_objective_of_time_is_one_of_the_buckets_that_are_counted(service: str):
    known = series(service)
    for objective in GENERATE["watched"](service).objectives:
        if objective.histogram:
            metric = known[objective.histogram.partition("{")[0] + "_count"][0]
            assert isinstance(metric, Histogram)
            assert objective.within_seconds in metric._upper_bounds, objective.name


@each_service
def test_every_alert_leads_to_a_section_of_the_runbook_that_says_what_to_type(service: str):
    text = (ROOT / "docs/runbook.md").read_text()
    sections = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-"): body for title, body in SECTION.findall(text)
    }
    for alert in alerts(service):
        page, _, anchor = alert["annotations"]["runbook"].partition("#")
        assert page == "docs/runbook.md"
        assert "`" in sections[anchor] or "```" in sections[anchor], anchor
        assert alert["labels"]["severity"] in ("page", "ticket")


SECTION = re.compile(r"^## (.+)\n((?:(?!## ).*\n?)*)", re.MULTILINE)


@each_service
def test_a_dashboard_is_of_grafanas_own_form_and_nothing_overlaps(service: str):
    board = dashboard(service)
    understood = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    assert missing(board, understood) == []
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def missing(said: Any, understood: Any, path: str = "") -> list[str]:
    """What was said and is not in what was understood."""
    if isinstance(said, dict) and isinstance(understood, dict):
        return [one for name in said for one in missing(said[name], understood.get(name), f"{path}.{name}")]
    if isinstance(said, list) and isinstance(understood, list) and len(said) == len(understood):
        return [one for n, part in enumerate(said) for one in missing(part, understood[n], f"{path}[{n}]")]
    return [] if said == understood else [path]


@each_service
def test_the_rules_are_what_the_prometheus_operator_takes(service: str):
    spec = yaml.safe_load((FOLDER / f"rules/{service}.yaml").read_text())
    resource = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {}, "spec": spec}
    schema = schema_of_resource("prometheusrules", "v1")
    assert [error.message for error in Draft202012Validator(schema).iter_errors(resource)] == []


# By promtool


def check(*arguments: str | Path) -> str:
    """What promtool says; it must be content."""
    command = [promtool(), *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@each_service
def test_promtool_accepts_the_rules_and_the_queries_of_the_dashboard(service: str, tmp_path: Path):
    check("check", "rules", "--lint=all", "--lint-fatal", FOLDER / f"rules/{service}.yaml")
    asked = [target["expr"] for panel in dashboard(service)["panels"] for target in panel["targets"]]
    records = [
        {"record": f"dashboard:query:{number}", "expr": expr.replace("$__rate_interval", "5m")}
        for number, expr in enumerate(asked)
    ]
    file = tmp_path / "dashboard.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    check("check", "rules", file)


@dataclass(frozen=True)
class Series:
    """A series in its quiet times and in its bad ones: a gauge's value, or what a counter grows by in a minute."""

    selector: str
    quiet: float | None
    bad: float | None
    counts: bool = False


REQUESTS = "http_server_request_duration_seconds_count"
API, WORKER = "{job=$api}", "{job=$worker}"
# What is planted for each alert; the processes are up beside it.
STATES = {
    "ProcessDown": [Series('up{job=$api,instance="third"}', 1, 0)],
    "ProcessMissing": [Series("up{job=$worker}", 1, None)],
    "EventsUntold": [Series("madoguchi_outbox_oldest_seconds" + WORKER, 2, 300)],
    "RelayWithoutOwner": [
        Series('madoguchi_relay_owned_buckets{job=$worker,instance="first"}', 32, 32),
        Series('madoguchi_relay_owned_buckets{job=$worker,instance="second"}', 32, 0),
    ],
    "EventsNotConsumed": [
        Series('madoguchi_consumer_lag{job=$worker,topic="a"}', 5, 500),
        Series("madoguchi_events_consumed_total" + WORKER, 10, 0, counts=True),
    ],
    "TopicNotRead": [
        Series('madoguchi_consumer_partitions{job=$worker,topic="a",instance="first"}', 2, 0),
        Series('madoguchi_consumer_partitions{job=$worker,topic="a",instance="second"}', 2, 0),
        Series('madoguchi_consumer_partitions{job=$worker,topic="b",instance="first"}', 0, 0),
        Series('madoguchi_consumer_partitions{job=$worker,topic="b",instance="second"}', 4, 4),
    ],
    "ConsumerFails": [Series('madoguchi_consumer_failures_total{job=$worker,error="A"}', 0, 6, counts=True)],
    "EventsUnprocessed": [
        Series('madoguchi_consumer_oldest_seconds{job=$worker,topic="a"}', 500, 700),
        Series('madoguchi_consumer_oldest_seconds{job=$worker,topic="b"}', 0, 0),
    ],
    "ConsumerBehind": [
        Series('madoguchi_consumer_lag{job=$worker,topic="a"}', 5, 15_000),
        Series('madoguchi_consumer_lag{job=$worker,topic="b"}', 5, 15_000),
        Series("madoguchi_events_consumed_total" + WORKER, 10, 10, counts=True),
    ],
    "KeyParked": [Series("madoguchi_parked_keys" + WORKER, 0, 2)],
    "DeadlinesOverdue": [Series("madoguchi_deadlines_overdue_seconds" + WORKER, 0, 3600)],
    "ProviderFails": [Series('madoguchi_provider_unanswered_seconds{job=$worker,provider="ekyc"}', 510, 1110)],
    "CallbacksRefused": [
        Series(f'{REQUESTS}{{job=$api,route="/v1/x/callbacks",status="401"}}', 0, 1, counts=True),
        Series(f'{REQUESTS}{{job=$api,route="/v1/x",status="401"}}', 9, 9, counts=True),
        Series(f'{REQUESTS}{{job=$api,route="/v1/x/callbacks",status="204"}}', 9, 9, counts=True),
    ],
    "EvidenceNotRead": [
        Series('madoguchi_provider_unanswered_seconds{job=$worker,provider="income_service"}', 510, 1110)
    ],
    "FilesMissing": [Series("madoguchi_documents_files_missing" + WORKER, 0, 1)],
    "SweepRefused": [Series("madoguchi_documents_sweep_refused" + WORKER, 0, 50)],
    "MailsUnsent": [Series("madoguchi_mail_oldest_unsent_seconds" + WORKER, 10, 2000)],
    "MailsFailed": [Series('madoguchi_mails{job=$worker,state="failed"}', 3, 5)],
}
QUIET_MINUTES, BAD_MINUTES, AFTER_MINUTES = 90, 50, 90
UP = (Series("up" + API, 1, 1), Series("up" + WORKER, 1, 1))


@each_service
def test_there_is_a_situation_for_every_alert(service: str):
    named = {alert["alert"].removeprefix("Madoguchi") for alert in alerts(service)}
    assert named - {"BudgetBurns"} <= STATES.keys()


@each_service
def test_each_alert_on_a_state_fires_alone_and_resolves(service: str, tmp_path: Path):
    names = [alert["alert"].removeprefix("Madoguchi") for alert in alerts(service)]
    if service != "applications":  # what is common to all is alike in all
        common = yaml.safe_load((FOLDER / "slo/common.yaml").read_text())["alerts"]
        names = [name for name in names if name not in {alert["name"] for alert in common}]
    tests = [
        situation(
            service,
            STATES[name],
            (QUIET_MINUTES, BAD_MINUTES, AFTER_MINUTES),
            {QUIET_MINUTES - 1: [], QUIET_MINUTES + BAD_MINUTES - 1: [f'alertname="Madoguchi{name}"'], END: []},
        )
        for name in names
        if name != "BudgetBurns"
    ]
    assert tests
    promtool_agrees(service, tests, tmp_path)


END = QUIET_MINUTES + BAD_MINUTES + AFTER_MINUTES - 1


def test_one_question_that_is_in_vain_all_night_alarms_and_a_short_outage_does_not(tmp_path: Path):
    """With the pauses as they are: the last of them make a question in five minutes, and no rate to speak of."""
    night = 8 * 60
    told, at, looks = [], timedelta(), 0
    for minute in range(night):
        while at <= timedelta(minutes=minute):
            looks += 1
            at += after_silence(looks)
        told.append(f"{unanswered_for(looks).total_seconds():g}")
    silence = 'madoguchi_provider_unanswered_seconds{job=$worker,provider="ekyc"}'
    firing = ['alertname="MadoguchiProviderFails"']
    planted = situation("identity", [], (night, 30, 0), {14: [], 25: firing, night - 1: firing, night + 2: []})
    planted["input_series"].append({"series": on("identity", silence), "values": " ".join([*told, *["0"] * 30])})
    promtool_agrees("identity", [planted], tmp_path)


def counted(objective: Any, wrong: float, *, a_minute: int = 6000) -> list[Series]:
    """So many requests, events or mails a minute, of which `wrong` go wrong in the bad time."""
    bad = wrong * a_minute
    selector = objective.count()
    if objective.bad:
        (label,) = re.findall(r"(\w+)=~", objective.bad)
        return [
            Series(selector.replace("}", f',{label}="200"}}'), a_minute, a_minute - bad, counts=True),
            Series(selector.replace("}", f',{label}="503"}}'), 0, bad, counts=True),
        ]
    bucket = selector.replace("_count{", "_bucket{").replace("}", f',le="{float(objective.within_seconds)}"}}')
    return [
        Series(selector, a_minute, a_minute, counts=True),
        Series(bucket, a_minute, a_minute - bad, counts=True),
    ]


def burns(objective: Any, *windows: str) -> list[str]:
    return [f'alertname="MadoguchiBudgetBurns",slo="{objective.name}",window="{window}"' for window in windows]


DAY = 24 * 60


@pytest.mark.slow
def test_a_budget_that_burns_fast_wakes_somebody_and_a_slow_one_waits_for_the_morning(tmp_path: Path):
    service = "notifications"  # which has objectives of every kind; the rules of all are made alike
    tests = []
    for objective in GENERATE["watched"](service).objectives:
        fast = counted(objective, 20 * objective.budget)
        tests.append(
            situation(
                service,
                fast,
                (2 * DAY, 130, 70),
                {2 * DAY - 10: [], 2 * DAY + 125: burns(objective, "1h", "6h"), 2 * DAY + 190: []},
                every=2,  # two samples in the shortest window
            )
        )
        slow = counted(objective, 4 * objective.budget)
        tests.append(
            situation(
                service,
                slow,
                (DAY, 2 * DAY, 7 * 60),
                {DAY - 10: [], 3 * DAY - 10: burns(objective, "1d", "3d"), 3 * DAY + 7 * 60 - 10: []},
                every=5,
            )
        )
    promtool_agrees(service, tests, tmp_path)


def test_a_few_failures_at_night_wake_nobody(tmp_path: Path):
    service = "identity"
    objective = GENERATE["watched"](service).objectives[0]
    assert objective.at_least == 20
    ten_of_ten = [Series(one.selector, 0, one.bad, counts=True) for one in counted(objective, 1, a_minute=1) if one.bad]
    promtool_agrees(service, [situation(service, ten_of_ten, (60, 10, 60), {69: [], 75: [], 129: []})], tmp_path)


def situation(
    service: str,
    planted: list[Series],
    minutes: tuple[int, int, int],
    expected: dict[int, list[str]],
    *,
    every: int = 1,
) -> dict[str, Any]:
    """A test of promtool: the series, quiet, bad and quiet again; and exactly which alerts fire at which minutes.

    A sample is taken `every` so many minutes.
    """
    replaced = {one.selector for one in planted}
    all_series = [*planted, *(one for one in UP if one.selector not in replaced)]
    return {
        "interval": f"{every}m",
        "input_series": [
            {"series": on(service, one.selector), "values": " ".join([*samples(one, minutes)][::every])}
            for one in all_series
        ],
        "promql_expr_test": [
            {
                "expr": 'group by (alertname, slo, window) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f"{{{labels}}}", "value": 1} for labels in firing],
            }
            for minute, firing in expected.items()
        ],
    }


def on(service: str, selector: str) -> str:
    return selector.replace("$api", f'"madoguchi-{service}-api"').replace("$worker", f'"madoguchi-{service}-worker"')


def samples(one: Series, minutes: tuple[int, int, int]) -> Iterator[str]:
    """The value at each minute, as promtool reads it."""
    total = 0.0
    for length, value in zip(minutes, (one.quiet, one.bad, one.quiet), strict=True):
        for _ in range(length):
            if one.counts and value is not None:
                total += value
                yield f"{total:.6g}" if total < 1e5 else f"{total:.1f}"
            else:
                yield "_" if value is None else f"{value:g}"


def promtool_agrees(service: str, tests: list[dict[str, Any]], folder: Path) -> None:
    file = folder / "situations.yaml"
    rule_files = [str(FOLDER / f"rules/{service}.yaml")]
    # Days pass in steps of five minutes.
    days = any(one["interval"] != "1m" for one in tests)
    asked = {"rule_files": rule_files, "evaluation_interval": "5m" if days else "1m", "tests": tests}
    file.write_text(yaml.safe_dump(asked, width=10_000_000))
    check("test", "rules", file)
