"""The envelope of events, judged by the reference SDK of CloudEvents and by what strangers may send."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st
from kit.cloudevents import Envelope, Headers, NotACloudEvent, decode, encode
from kit.relay import make_publisher

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ENVELOPE = Envelope(
    event_id=UUID("0197f0a0-0000-7000-8000-000000000001"),
    source="/madoguchi/applications",
    type="madoguchi.applications.ApplicationSubmitted.v1",
    aggregate_id=UUID("0197f0a0-0000-7000-8000-000000000002"),
    sequence=7,
    time=datetime(2026, 4, 1, 1, 2, 3, 456789, tzinfo=UTC),
    dataschema="urn:madoguchi:applications:ApplicationSubmitted:v1",
    traceparent=TRACE,
)

ENVELOPES = st.builds(
    Envelope,
    event_id=st.uuids(),
    source=st.sampled_from(["/madoguchi/identity", "/madoguchi/documents"]),
    type=st.from_regex(r"madoguchi\.[a-z]+\.[A-Z][A-Za-z]+\.v[1-9]", fullmatch=True),
    aggregate_id=st.uuids(),
    sequence=st.integers(1, 2**31 - 1),
    time=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware by `timezones`
    dataschema=st.just("urn:madoguchi:identity:OtpEnrolled:v1"),
    traceparent=st.none() | st.just(TRACE),
    replay=st.booleans(),
)


def changed(headers: Headers, **changes: bytes | None) -> list[tuple[str, bytes | None]]:
    """The headers with some replaced; None removes one. `content_type` would be written `content-type`."""
    return [(name, changes.get(name, value)) for name, value in headers]


@given(ENVELOPES)
def test_an_envelope_is_read_as_it_was_written(envelope: Envelope) -> None:
    assert decode(encode(envelope)) == envelope


@given(ENVELOPES)
def test_the_reference_sdk_reads_what_we_write(envelope: Envelope) -> None:
    message = KafkaMessage(dict(encode(envelope)), key=str(envelope.aggregate_id).encode(), value=b'{"n": 1}')
    event = from_binary(message, JSONFormat(), CloudEvent)
    assert event.get_specversion() == "1.0"
    assert event.get_id() == str(envelope.event_id)
    assert event.get_source() == envelope.source
    assert event.get_type() == envelope.type
    assert event.get_time() == envelope.time
    assert event.get_subject() == event.get_extension("partitionkey") == str(envelope.aggregate_id)
    assert event.get_datacontenttype() == "application/json"
    assert event.get_dataschema() == envelope.dataschema
    assert int(event.get_extension("sequence")) == envelope.sequence
    assert event.get_extension("traceparent") == envelope.traceparent
    assert event.get_extension("replay") == ("true" if envelope.replay else None)
    assert event.get_data() == {"n": 1}


@given(ENVELOPES)
def test_we_read_what_the_reference_sdk_writes(envelope: Envelope) -> None:
    attributes: dict[str, Any] = {
        "id": str(envelope.event_id),
        "source": envelope.source,
        "type": envelope.type,
        "specversion": "1.0",
        "time": envelope.time,
        "subject": str(envelope.aggregate_id),
        "dataschema": envelope.dataschema,
        "datacontenttype": "application/json",
        "partitionkey": str(envelope.aggregate_id),
        "sequence": str(envelope.sequence),
    }
    if envelope.traceparent:
        attributes["traceparent"] = envelope.traceparent
    if envelope.replay:
        attributes["replay"] = "true"
    message = to_binary(CloudEvent(attributes, {"n": 1}), JSONFormat())
    assert decode(list(message.headers.items())) == envelope
    assert message.key == str(envelope.aggregate_id)


def test_the_trace_is_told_to_cloudevents_and_to_instrumentations_of_clients_alike() -> None:
    headers = dict(encode(ENVELOPE))
    assert headers["ce_traceparent"] == headers["traceparent"] == TRACE.encode()
    hop = TRACE.replace("00f067aa0ba902b7", "1111111111111111").encode()
    assert decode(changed(encode(ENVELOPE), traceparent=hop)).traceparent == TRACE, "a hop is not the cause"
    assert decode(changed(encode(ENVELOPE), ce_traceparent=None)).traceparent == TRACE


@pytest.mark.parametrize("trace", [b"", b"\xff", b"00-0-0-00", b"\x00" * 55])
def test_a_broken_trace_is_no_reason_to_refuse_an_event(trace: bytes) -> None:
    read = decode(changed(encode(ENVELOPE), ce_traceparent=trace, traceparent=None))
    assert read.traceparent is None
    assert read.event_id == ENVELOPE.event_id


@pytest.mark.parametrize(
    "name",
    ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_sequence", "ce_time", "ce_dataschema"],
)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(NotACloudEvent, match=f"header {name} is missing"):
        decode(changed(encode(ENVELOPE), **{name: None}))
    with pytest.raises(NotACloudEvent, match=f"header {name} "):
        decode(changed(encode(ENVELOPE), **{name: b"\xff\xfe"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", "0.3"),
        ("ce_id", "17"),
        ("ce_subject", "taro.yamada@example.jp"),
        ("ce_sequence", ""),
        ("ce_sequence", "0"),
        ("ce_sequence", "-1"),
        ("ce_sequence", "+1"),
        ("ce_sequence", " 1"),
        ("ce_sequence", "1_0"),
        ("ce_sequence", "1.0"),
        ("ce_sequence", "１"),
        ("ce_sequence", "2147483648"),
        ("ce_sequence", "9" * 5000),
        ("ce_time", "yesterday"),
        ("ce_time", "2026-04-01"),
        ("ce_time", "2026-04-01T10:00:00"),
        ("ce_time", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(NotACloudEvent) as caught:
        decode(changed(encode(ENVELOPE), **{name: value.encode()}))
    assert str(caught.value).startswith(f"header {name} ")
    assert not value or value not in str(caught.value).removeprefix("header ce_specversion is not 1.0")


@given(st.lists(st.tuples(st.sampled_from([name for name, _ in encode(ENVELOPE)]), st.none() | st.binary(max_size=40))))
def test_any_headers_are_read_or_refused(some: list[tuple[str, bytes | None]]) -> None:
    try:
        read = decode([*encode(ENVELOPE), *some])
    except NotACloudEvent:
        return
    assert read.time.utcoffset() == timedelta()
    assert read.sequence > 0


def test_a_time_of_another_offset_is_the_same_moment_in_utc() -> None:
    japan = ENVELOPE.time.astimezone(timezone(timedelta(hours=9))).isoformat()
    read = decode(changed(encode(ENVELOPE), ce_time=japan.encode()))
    assert read.time == ENVELOPE.time
    assert read.time.tzinfo is UTC


class _Broker:
    """As much of a producer as the relay needs; it keeps the headers that it is given."""

    def __init__(self) -> None:
        self.headers: list[Headers] = []

    async def partitions_for(self, topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Any:
        return self

    def append(self, *, timestamp: None, key: bytes, value: bytes, headers: Headers) -> object:
        self.headers.append(headers)
        return object()

    async def send_batch(self, batch: object, topic: str, *, partition: int) -> Awaitable[None]:
        return asyncio.sleep(0)


@pytest.mark.parametrize("envelope", [ENVELOPE, replace(ENVELOPE, traceparent=None, replay=True)])
async def test_the_relay_writes_the_same_envelope_in_its_own_quick_way(envelope: Envelope) -> None:
    broker: Any = _Broker()
    row: Any = {
        "id": 1,
        "bucket": 0,
        "replay": envelope.replay,
        "event_id": str(envelope.event_id),
        "topic": "applications.applications.v1",
        "aggregate_id": str(envelope.aggregate_id),
        "version": str(envelope.sequence),
        "type": envelope.type,
        "data": "{}",
        "traceparent": envelope.traceparent,
        "time": "2026-04-01T01:02:03.456789Z",
    }
    told, failed = await make_publisher(broker, envelope.source)([row])
    assert (told, failed) == ([1], {})
    (headers,) = broker.headers
    assert decode(headers) == envelope
    assert set(headers) <= set(encode(envelope))
