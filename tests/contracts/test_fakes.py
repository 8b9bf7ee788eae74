"""Made-up events: always valid, never twice the same, and on the wire exactly as ours."""

import json
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from kit.bus import Consumer
from kit.clock import system_clock
from kit.cloudevents import decode, encode
from madoguchi_contracts import (
    EVENTS,
    ApplicationApproved,
    ApplicationRejected,
    ApplicationSubmitted,
    MailAccepted,
    UserIdIssued,
    parse,
)
from madoguchi_contracts.fakes import Fakes
from madoguchi_contracts.schema import CONTRACTS, flat, released, schema_of
from pydantic import ValidationError
from support.records import FakeRecord

RELEASED = released()
ID = UUID("0198b2a0-0000-7000-8000-00000000f00d")

each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)


@settings(max_examples=300, deadline=None)
@given(contract=st.sampled_from(CONTRACTS), seed=st.integers(0, 10**9))
def test_a_fake_fits_the_released_schema(contract, seed):
    body = json.loads(Fakes(seed).make(contract).model_dump_json())
    schema = RELEASED[contract.schema_name]
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(body)


@each_event
def test_fakes_of_an_event_differ_and_the_same_seed_gives_the_same(event):
    fakes = Fakes(1)
    made = [fakes.make(event) for _ in range(20)]
    assert len(set(made)) == 20
    again = Fakes(1)
    assert [again.make(event) for _ in range(20)] == made


@each_event
def test_everything_that_can_be_drawn_is_drawn(event):
    made = [Fakes(seed).make(event) for seed in range(30)]
    for name, field in flat(schema_of(event))["properties"].items():
        drawn = field.get("format") in ("uuid", "date", "date-time") or field["type"] in ("integer", "boolean")
        if drawn or "enum" in field or field.get("or_null"):
            assert len({getattr(one, name) for one in made}) > 1, name


def test_a_given_field_is_kept():
    issued = Fakes().make(UserIdIssued, account_id=ID, organisation_id=None)
    assert (issued.account_id, issued.organisation_id) == (ID, None)
    assert Fakes().make(MailAccepted, attempts=3).attempts == 3


def test_a_given_field_that_does_not_exist_or_does_not_fit_is_refused():
    with pytest.raises(TypeError, match="has no field atempts"):
        Fakes().make(MailAccepted, atempts=3)
    with pytest.raises(ValidationError, match="attempts"):
        Fakes().make(MailAccepted, attempts=0)


@each_event
def test_a_record_is_as_the_relay_sends_it(event):
    one = Fakes(2).make(event)
    for replay in (False, True):
        record = Fakes(3).record(one, sequence=12, event_id=ID, replay=replay)
        envelope = decode(record.headers)
        assert record.topic == event.topic
        assert record.key == str(one.aggregate_id).encode()
        assert sorted(encode(envelope)) == sorted(record.headers)
        assert (envelope.event_id, envelope.sequence, envelope.replay) == (ID, 12, replay)
        assert (envelope.type, envelope.aggregate_id) == (event.type_name, one.aggregate_id)
        assert isinstance(envelope.time, datetime)
        assert parse(envelope.type, record.value) == one


@each_event
def test_our_own_consumer_reads_a_record(event):
    async def nothing(*_: object) -> None:
        """Would be the effect."""

    record = Fakes(4).record(Fakes(4).make(event), sequence=3)
    consumer = Consumer("somebody", {event: nothing}, database=None, clock=system_clock)
    incoming = consumer.read(FakeRecord(record.topic, record.key, record.value, list(record.headers)))
    assert incoming is not None
    assert incoming.error is None
    assert type(incoming.event) is event


def test_a_history_is_of_one_aggregate_and_numbered_from_one():
    events = (ApplicationSubmitted, ApplicationRejected, ApplicationSubmitted, ApplicationApproved)
    records = Fakes(5).history(*events, programme="bond")
    envelopes = [decode(record.headers) for record in records]
    assert [envelope.sequence for envelope in envelopes] == [1, 2, 3, 4]
    assert len({envelope.aggregate_id for envelope in envelopes}) == 1
    assert len({envelope.event_id for envelope in envelopes}) == 4
    assert [envelope.type for envelope in envelopes] == [event.type_name for event in events]
    assert all(json.loads(record.value)["programme"] == "bond" for record in records)
    assert json.loads(Fakes().history(MailAccepted, message_id=ID)[0].value)["message_id"] == str(ID)


def test_a_history_of_several_topics_is_refused():
    with pytest.raises(TypeError, match="one topic"):
        Fakes().history(ApplicationSubmitted, MailAccepted)
