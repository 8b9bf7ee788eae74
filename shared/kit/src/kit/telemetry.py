"""Logs as JSON lines, traces that follow a click across Kafka to the mail.

Log events are snake_case names with ids as keywords; never personal data, never a sentence. An exception is logged as
its classes and places: the texts of foreign errors repeat the values they choked on (pydantic the input, PostgreSQL the
row), so they reach neither the log nor a trace.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit.errors import Permanent, ServiceError, Transient

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("madoguchi")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_CAUSES = 10
_MAX_FRAMES = 30  # of one error, the innermost: enough for any of ours, and an endless recursion stays one log line


def _add_trace_id(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
    return event


def explain(error: BaseException) -> list[dict[str, Any]]:
    """An error and its causes without the values in them, as [{"type", "frames", ...}], the last cause at the end.

    The texts of our own Permanent and Transient name facts and fields only and are kept, as is the code of a
    ServiceError; of PostgreSQL's errors the SQLSTATE and the constraint are.
    """
    causes: list[dict[str, Any]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(causes) < _MAX_CAUSES:
        seen.add(id(current))
        cause: dict[str, Any] = {"type": f"{type(current).__module__}.{type(current).__qualname__}"}
        if isinstance(current, (Permanent, Transient)):
            cause["text"] = str(current)
        if isinstance(current, ServiceError):
            cause["code"] = current.code
        for fact in ("sqlstate", "constraint_name"):
            if isinstance(value := getattr(current, fact, None), str):
                cause[fact] = value
        frames = traceback.walk_tb(current.__traceback__)
        cause["frames"] = [
            f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}:{line}" for frame, line in frames
        ][-_MAX_FRAMES:]
        if isinstance(current, BaseExceptionGroup):
            cause["group"] = [explain(one) for one in current.exceptions[:_MAX_CAUSES]]
        causes.append(cause)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return causes


def _explain_exception(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    info = event.pop("exc_info", None)
    if isinstance(info, tuple):
        info = info[1]
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info else None
    if error is not None:
        event["exception"] = explain(error)
    return event


def _cut_message(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    # What asyncio logs of a forgotten task goes on with the task, and with the text of its exception.
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def configure(service: str, process: str, *, log_level: str, otlp_endpoint: str | None) -> None:
    """Set up logs and traces of one process: `service` "identity", `process` "api" or "worker".

    Libraries' own log lines take the same JSON form, so that one parser reads a process's whole output.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _add_trace_id,
        _explain_exception,
    ]
    foreign: list[Any] = [*shared, _cut_message]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Loggers are not cached: one that was used before would keep an older configuration, and go unheard by tests.
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=foreign,
            processors=[
                _label(service, process),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):  # uvicorn gave them handlers of their own
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # uvicorn.access would log paths and query strings, which hold ids and one-time tokens.
    for noisy in ("aiokafka", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(True)

    provider = TracerProvider(resource=Resource.create({"service.name": f"madoguchi-{service}-{process}"}))
    if otlp_endpoint:
        # Here, because it is slow to import and a process without an endpoint never needs it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
    trace.set_tracer_provider(provider)


def _label(service: str, process: str) -> Any:
    def add(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "service": service, "process": process}

    return add


@contextmanager
def span(name: str, *, traceparent: str | None = None, **attributes: str | int) -> Iterator[trace.Span]:
    """A span under `traceparent` (of an event or a request), else under the current one."""
    context = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    with _tracer.start_as_current_span(
        name, context=context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)  # OpenTelemetry would put its text there
            raise


def current_traceparent() -> str | None:
    """The W3C traceparent of the current span, to be kept with an event; None outside of any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def valid_traceparent(value: str | None) -> str | None:
    """The value if it is a well-formed traceparent, else None: strangers' headers do not enter our log."""
    return value if value and _TRACEPARENT.fullmatch(value) else None
