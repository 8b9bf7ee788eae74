"""Logs and traces: one form for every line, one trace from click to mail, and no personal data through exceptions."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.errors import NotFound, Permanent, Transient
from kit.telemetry import current_traceparent, explain, span, valid_traceparent
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel
from support.logs import wrong_lines

SECRET = "taro.yamada@example.jp"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class Person(BaseModel):
    number: int


def _chain() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(SECRET) from error


def _context() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        raise ValueError(SECRET)  # noqa: B904 - the case under test


def _suppressed() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        raise ValueError(SECRET) from None


def _group() -> None:
    raise ExceptionGroup(SECRET, [ValueError(SECRET), KeyError(SECRET)])


def _endless() -> None:
    _endless()


def _circle() -> None:
    one, other = ValueError(SECRET), KeyError(SECRET)
    one.__cause__, other.__cause__ = other, one
    raise one


def _model() -> None:
    Person.model_validate({"number": SECRET})


def failure(work: Callable[[], None]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is up to `work`
        work()
    return caught.value


@pytest.mark.parametrize(
    ("work", "types"),
    [
        (_chain, ["builtins.ValueError", "builtins.KeyError"]),
        (_context, ["builtins.ValueError", "builtins.KeyError"]),
        (_suppressed, ["builtins.ValueError"]),
        (_group, ["builtins.ExceptionGroup"]),
        (_endless, ["builtins.RecursionError"]),
        (_circle, ["builtins.ValueError", "builtins.KeyError"]),
        (_model, ["pydantic_core._pydantic_core.ValidationError"]),
    ],
)
def test_an_exception_is_told_as_classes_and_places_without_text(work: Callable[[], None], types: list[str]) -> None:
    told = explain(failure(work))
    assert [cause["type"] for cause in told] == types
    assert told[0]["frames"][-1].rpartition(":")[0].endswith(("_model_validate", work.__name__, "main.model_validate"))
    assert SECRET not in json.dumps(told)
    assert len(json.dumps(told)) < 20_000


def test_a_group_is_told_with_its_members() -> None:
    (group,) = explain(failure(_group))
    assert [member[0]["type"] for member in group["group"]] == ["builtins.ValueError", "builtins.KeyError"]


def test_of_our_own_errors_the_text_or_the_code_is_told() -> None:
    assert explain(Permanent("no such slot"))[0]["text"] == "no such slot"
    assert explain(Transient("mail server busy"))[0]["text"] == "mail server busy"
    assert explain(NotFound(SECRET))[0] == {"type": "kit.errors.NotFound", "code": "not_found", "frames": []}


# The lines of a process

PROGRAM = f"""
import asyncio, gc, logging, logging.config, warnings
import structlog
from uuid import UUID
from kit import telemetry
from uvicorn.config import LOGGING_CONFIG

early = structlog.get_logger("early")
logging.config.dictConfig(LOGGING_CONFIG)  # uvicorn does so before it imports the application
telemetry.configure("identity", "worker", log_level="INFO", otlp_endpoint=None)
log = structlog.get_logger("the.module")
early.info("imported_before", subject_id=UUID(int=0))
log.info("with_collisions", service="other", process="other", text="\\ud800 申込 \\u2028")
log.debug("not_shown")
with telemetry.span("work"):
    log.warning("in_a_span")
try:
    raise ValueError("{SECRET}")
except ValueError as error:
    log.error("failed", exc_info=True)
    log.error("failed", exc_info=error)
    log.exception("failed")
    logging.getLogger("library").exception("it failed")
logging.getLogger("library").warning("%s of %s", 1, 2)
logging.getLogger("uvicorn.error").info("Started server process")
logging.getLogger("uvicorn.access").info("GET /password?token={SECRET}")
logging.getLogger("httpx").info("GET http://x/{SECRET}")
warnings.warn("old")

async def main():
    async def forgotten():
        raise ValueError("{SECRET}")
    asyncio.create_task(forgotten())
    await asyncio.sleep(0.01)
    gc.collect()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """What a process wrote; each line is JSON."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    assert SECRET not in done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_has_the_same_fields_whoever_wrote_it(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        assert {"time", "level", "event", "service", "process", "logger"} <= set(line), line
        assert (line["service"], line["process"]) == ("identity", "worker")
        assert line["time"].endswith("Z")
        assert "\n" not in line["event"]
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("early", "info"),
        ("the.module", "info"),
        ("the.module", "warning"),
        *[("the.module", "error")] * 3,
        ("library", "error"),
        ("library", "warning"),
        ("uvicorn.error", "info"),
        ("py.warnings", "warning"),
        ("asyncio", "error"),
    ]


def test_every_line_is_as_the_schema_says(lines: list[dict[str, Any]]) -> None:
    assert wrong_lines("\n".join(map(json.dumps, lines))) == []


def test_exceptions_are_structured_in_our_lines_and_in_those_of_libraries(lines: list[dict[str, Any]]) -> None:
    failed = [line for line in lines if line["level"] == "error"]
    assert [line["exception"][0]["type"] for line in failed] == ["builtins.ValueError"] * 5
    assert all(line["exception"][0]["frames"] for line in failed)


def test_ids_are_written_as_they_are_read_and_any_text_is_writable(lines: list[dict[str, Any]]) -> None:
    assert lines[0]["subject_id"] == "00000000-0000-0000-0000-000000000000"
    assert lines[1]["text"] == "\ud800 申込 \u2028"


def test_a_line_within_a_span_names_its_trace(lines: list[dict[str, Any]]) -> None:
    assert ["trace_id" in line for line in lines[:4]] == [False, False, True, False]
    assert len(lines[2]["trace_id"]) == 32


# Traces


@pytest.fixture(scope="module")
def exported() -> Iterator[InMemorySpanExporter]:
    """The spans that a collector would get."""
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


def test_a_span_goes_on_with_the_given_trace_and_else_with_the_current_one(exported: InMemorySpanExporter) -> None:
    assert current_traceparent() is None
    with span("consume", traceparent=PARENT):
        outer = current_traceparent() or ""
        with span("send"):
            inner = current_traceparent() or ""
    assert outer.split("-")[1] == inner.split("-")[1] == TRACE
    assert len({PARENT, outer, inner}) == 3
    assert current_traceparent() is None


def test_a_span_that_fails_says_so_without_the_text_of_the_error(exported: InMemorySpanExporter) -> None:
    exported.clear()
    with pytest.raises(ValueError, match=SECRET), span("work"):
        raise ValueError(SECRET)
    (finished,) = exported.get_finished_spans()
    assert not finished.status.is_ok
    assert finished.status.description == "ValueError"
    assert SECRET not in finished.to_json()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        PARENT + "\n",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT.upper(),
        "01" + PARENT[2:],
        PARENT + "-more",
        PARENT[:-1],
        " " + PARENT,
    ],
)
def test_a_traceparent_of_another_form_is_nobody_s(text: str | None) -> None:
    assert valid_traceparent(text) is None


@given(st.text())
def test_what_is_taken_as_a_traceparent_can_stand_in_a_header(text: str) -> None:
    taken = valid_traceparent(text)
    assert taken is None or (taken.isascii() and len(taken) == 55)
    assert valid_traceparent(PARENT) == PARENT
