"""Reading events from the wire: what is known is read exactly or refused by name, what is unknown is passed over."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from madoguchi_contracts import EVENTS, AccountLocked, DocumentStored, UnknownVersion, Unparsable, parse
from madoguchi_contracts.fixtures import example, example_body
from madoguchi_contracts.schema import CONTRACTS, file_of, released

GOLDEN = Path(__file__).parent / "golden"
RELEASED = released()
CONTRACT_OF_FILE = {file_of(contract): contract for contract in CONTRACTS}
LOCKED = AccountLocked.type_name

each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)


def validator(contract) -> Draft202012Validator:
    return Draft202012Validator(RELEASED[contract.schema_name], format_checker=FormatChecker())


@each_event
def test_the_example_of_every_event_is_parsed_to_its_class(event):
    one = parse(event.type_name, example_body(event))
    assert type(one) is event
    assert one == example(event)


@each_contract
def test_an_example_says_what_its_model_says_and_fills_every_field(contract):
    body = json.loads(example_body(contract))
    assert list(body) == list(contract.model_fields)
    assert json.loads(example(contract).model_dump_json()) == body


@each_contract
def test_the_example_fits_the_released_schema(contract):
    validator(contract).validate(json.loads(example_body(contract)))


def test_all_bodies_of_the_corpus_are_still_read_and_fit_the_released_schemas():
    files = sorted(GOLDEN.glob("*/*/*.json"))
    for file in files:
        contract = CONTRACT_OF_FILE["/".join(file.parts[-2:])]
        contract.model_validate_json(file.read_bytes(), strict=True)
        validator(contract).validate(json.loads(file.read_bytes()))
    assert files


@each_event
def test_fields_that_a_newer_writer_added_are_ignored(event):
    body = {**json.loads(example_body(event)), "added_later": {"x": [1, None]}}
    assert parse(event.type_name, json.dumps(body).encode()) == example(event)


def test_fields_added_to_a_part_of_an_event_are_ignored_too():
    body = json.loads(example_body(DocumentStored))
    body["set"][0]["scanned_with"] = "x"
    assert parse(DocumentStored.type_name, json.dumps(body).encode()) == example(DocumentStored)


@pytest.mark.parametrize(
    "type_name",
    [
        "",
        "madoguchi",
        "madoguchi.identity.AccountDreamt.v1",
        "madoguchi.bank.AccountLocked.v1",
        "com.example.AccountLocked.v1",
        "madoguchi.identity.accountlocked.v1",
        "madoguchi.applications.AccountLocked.v1",
    ],
)
def test_an_unknown_event_is_passed_over_whatever_its_body(type_name):
    assert parse(type_name, b"\xff not JSON") is None


@pytest.mark.parametrize("version", [".v2", ".v0", ".v10", ".v", ".V1", ".v1 ", ".", ""])
def test_a_known_event_of_another_version_is_refused_and_not_passed_over(version):
    with pytest.raises(UnknownVersion, match="AccountLocked") as caught:
        parse(f"madoguchi.identity.AccountLocked{version}", example_body(AccountLocked))
    assert isinstance(caught.value, Unparsable)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"null", b"[]", b'"x"', b"{", b"{}x", b"\xff", b"NaN", b"{'account_id': 1}", b"[" * 10_000],
    ids=repr,
)
def test_a_broken_body_is_unparsable(body):
    with pytest.raises(Unparsable) as caught:
        parse(LOCKED, body)
    assert caught.value.type_name == LOCKED
    assert not isinstance(caught.value, UnknownVersion)


def version_of(file: Path) -> tuple[int, ...]:
    return tuple(map(int, file.relative_to(GOLDEN).parts[0].split(".")))


@each_event
def test_every_field_is_required_that_was_there_from_the_first_release(event):
    """Of an event that no release has yet, every field: nothing old lacks it, so none has a default."""
    body = json.loads(example_body(event))
    kept = sorted(GOLDEN.glob(f"*/{file_of(event)}"), key=version_of)
    for field in json.loads(kept[0].read_bytes()) if kept else body:
        rest = {name: value for name, value in body.items() if name != field}
        with pytest.raises(Unparsable, match=f"{field}: missing"):
            parse(event.type_name, json.dumps(rest).encode())


WRONG: list[Any] = [None, True, -1, 0, 1, 1.5, "", "x", "3", "2026-11-21", "2026-11-21T09:00:00", [], ["x"], [None], {}]


@each_event
def test_whatever_the_schema_refuses_is_refused(event):
    body = json.loads(example_body(event))
    refused = 0
    for field in body:
        for wrong in WRONG:
            planted = {**body, field: wrong}
            if not validator(event).is_valid(planted):
                refused += 1
                with pytest.raises(Unparsable, match=field):
                    parse(event.type_name, json.dumps(planted).encode())
    assert refused >= len(body)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("attempts", "3"), ("attempts", 3.0), ("attempts", True), ("attempts", "three"), ("message_id", 5)],
)
def test_no_type_is_guessed(field, wrong):
    event = EVENTS["madoguchi.notifications.MailAccepted.v1"]
    body = {**json.loads(example_body(event)), field: wrong}
    with pytest.raises(Unparsable, match=field):
        parse(event.type_name, json.dumps(body).encode())


def test_a_time_is_no_number_and_has_a_zone():
    body = json.loads(example_body(AccountLocked))
    for wrong in (1795300000, "2026-11-21T09:00:00", "2026-11-21"):
        with pytest.raises(Unparsable, match="until"):
            parse(LOCKED, json.dumps({**body, "until": wrong}).encode())


def test_an_error_names_the_field_and_never_quotes_what_was_there():
    body = {"account_id": "taro@example.jp", "until": "東京都文京区後楽"}
    with pytest.raises(Unparsable) as caught:
        parse(LOCKED, json.dumps(body).encode())
    assert str(caught.value) == f"{LOCKED}: account_id: uuid_parsing; until: datetime_parsing"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(event=st.sampled_from(list(EVENTS.values())), body=st.binary(max_size=60))
def test_no_bytes_raise_anything_but_unparsable(event, body):
    with suppress(Unparsable):
        assert type(parse(event.type_name, body)) is event


@given(event=st.sampled_from(list(EVENTS.values())), data=st.data())
def test_no_value_in_any_field_raises_anything_but_unparsable(event, data):
    body = json.loads(example_body(event))
    body[data.draw(st.sampled_from(list(body)))] = data.draw(json_values)
    with suppress(Unparsable):
        assert type(parse(event.type_name, json.dumps(body).encode())) is event
