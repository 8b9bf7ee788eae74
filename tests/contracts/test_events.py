"""What every event promises by its form: names, frozenness, documentation, and silence about people."""

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import UUID

import madoguchi_contracts
import pytest
from madoguchi_contracts import (
    EVENTS,
    TOPICS,
    AccountLocked,
    ApplicationStarted,
    Code,
    Contact,
    DocumentStored,
    Event,
    Key,
    MailAccepted,
    OrganisationChanged,
    OrganisationRegistered,
    PasswordLinkIssued,
    Role,
    Sealed,
    UserIdIssued,
)
from madoguchi_contracts.fixtures import example
from madoguchi_contracts.identity import AccountEvent
from madoguchi_contracts.schema import CONTRACTS, flat, schema_of
from madoguchi_contracts.sealed import CONTENTS
from pydantic import TypeAdapter, ValidationError

SERVICES = {"identity", "applications", "documents", "notifications"}
SCHEMA_NAMES_OF_CONTENTS = {content.schema_name for content in CONTENTS}

each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)


def fields_of(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema, however deep, with its path."""
    for name, field in flat(schema)["properties"].items():
        yield f"{path}{name}", field
        inner = field.get("items", field)
        if "properties" in inner:
            yield from fields_of(inner, f"{path}{name}.")


def test_every_event_class_of_the_package_is_registered_exported_and_in_its_topic():
    def descendants(cls: type[Event]) -> Iterator[type[Event]]:
        for child in cls.__subclasses__():
            yield child
            yield from descendants(child)

    ours = {cls for cls in descendants(Event) if cls.__module__.startswith("madoguchi_contracts.")}
    concrete = {cls for cls in ours if not any(issubclass(other, cls) and other is not cls for other in ours)}
    assert concrete == set(EVENTS.values())
    assert {cls.__name__ for cls in concrete} <= set(madoguchi_contracts.__all__)
    assert {event for events in TOPICS.values() for event in events} == concrete


@each_event
def test_an_event_is_named_after_service_class_and_version(event):
    assert event.type_name == f"madoguchi.{event.service}.{event.__name__}.v{event.major}"
    assert event.service in SERVICES
    assert event.topic.startswith(f"{event.service}.")
    assert event.schema_name == "urn:" + event.type_name.replace(".", ":")


def test_the_topics_have_the_agreed_names_and_keys():
    keys = {topic: {event.aggregate_field for event in events} for topic, events in TOPICS.items()}
    assert keys == {
        "identity.accounts.v1": {"account_id"},
        "identity.organisations.v1": {"organisation_id"},
        "applications.applications.v1": {"application_id"},
        "applications.history.v1": {"history_id"},
        "documents.documents.v1": {"application_id"},
        "notifications.messages.v1": {"message_id"},
    }


@each_event
def test_the_aggregate_id_is_the_value_of_the_key_field(event):
    one = example(event)
    assert isinstance(one.aggregate_id, UUID)
    assert one.aggregate_id == getattr(one, event.aggregate_field)


@each_contract
def test_nothing_in_an_event_can_be_changed_however_deep(contract):
    one = example(contract)
    field = next(iter(contract.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(one, field, getattr(one, field))
    hash(one)  # fails on any list, dict or set inside


def test_parts_of_an_event_are_frozen_too():
    with pytest.raises(ValidationError, match="frozen"):
        example(ApplicationStarted).documents.slots[0].required = False
    with pytest.raises(ValidationError, match="frozen"):
        example(DocumentStored).set[0].size_bytes = 0


@each_event
def test_an_event_tells_its_meaning_and_when_it_happens(event):
    paragraphs = (inspect.getdoc(event) or "").split("\n\n")
    assert len(paragraphs) == 2
    assert paragraphs[0].endswith(".")
    assert paragraphs[1].startswith("When: ")
    assert paragraphs[1].endswith(".")


@each_contract
def test_every_field_has_a_description(contract):
    missing = [path for path, field in fields_of(schema_of(contract)) if not field.get("description", "").endswith(".")]
    assert missing == []


@each_event
def test_readers_are_other_services(event):
    assert set(event.readers) <= SERVICES - {event.service}


# Personal data and secrets, as words of a field's name. Sealed fields may be named after what is inside.
FORBIDDEN_WORDS = """
mail email name names kana kanji furigana surname address addresses street postal postcode zip phone tel fax mobile
birth birthday birthdate born age gender sex nationality income salary iban question answer password passwords
passphrase otp totp pin secret token cookie url uri link contact ip ipv4 ipv6 agent comment note remark
text body subject
"""
FORBIDDEN_NAMES = {"user_id", "account_number", "my_number", "card_number", "account_holder", "bank_account"}
ALLOWED_NAMES = {"link_expires_at"}  # a time, and not the link


def personal(schema: dict[str, Any]) -> list[str]:
    """The paths of fields whose names promise personal data in the clear."""

    def forbidden(path: str) -> bool:
        name = path.rpartition(".")[2]
        words = set(name.lower().split("_"))
        return name not in ALLOWED_NAMES and (name in FORBIDDEN_NAMES or not words.isdisjoint(FORBIDDEN_WORDS.split()))

    def is_id(field: dict[str, Any]) -> bool:  # whatever it is called: it tells nothing of anybody
        kinds = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
        return all(one.get("format") == "uuid" for one in kinds)

    return [
        path
        for path, field in fields_of(schema)
        if "x-sealed-for" not in field and forbidden(path) and not is_id(field)
    ]


@each_event
def test_no_event_has_a_field_for_personal_data(event):
    # What anybody may read of a company in the commercial register is no person's data.
    registered = {"name", "name_kana", "postal_code", "address", "phone"}
    told = registered if event in (OrganisationRegistered, OrganisationChanged) else set()
    assert set(personal(schema_of(event))) == told


PLANTED_NAMES = """
mail contact_mail name applicant_name kana address phone birth birth_date account_number answer password otp reset_url
link contact user_id my_number secret_answer client_ip
"""


@pytest.mark.parametrize("name", PLANTED_NAMES.split())
def test_the_search_for_personal_data_finds_planted_fields_at_every_depth(name):
    field = {"type": "string"}
    inner = {"type": "object", "properties": {name: field}}
    assert personal({"type": "object", "properties": {name: field}}) == [name]
    assert personal({"type": "object", "properties": {"officer": inner}}) == [f"officer.{name}"]
    assert personal({"type": "object", "properties": {"set": {"type": "array", "items": inner}}}) == [f"set.{name}"]
    hidden = {"$defs": {"X": inner}, "type": "object", "properties": {"x": {"$ref": "#/$defs/X"}}}
    assert personal(hidden) == [f"x.{name}"]


@each_event
def test_an_event_has_no_room_for_free_text(event):
    free = [
        path
        for path, field in fields_of(schema_of(event))
        for node in (field, field.get("items", {}))
        if node.get("type") == "string" and not {"pattern", "format", "enum"} & node.keys()
    ]
    # The label of a slot is a constant of the programme's code, the same for all applicants.
    assert free == (["documents.slots.label"] if event is ApplicationStarted else [])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_field_of_one_name_has_one_type_in_all_events_of_a_topic(topic):
    """Whoever keeps a topic in one table has one column for it."""
    types: dict[str, set[tuple[str | None, str | None]]] = {}
    for event in TOPICS[topic]:
        for name, field in flat(schema_of(event))["properties"].items():
            types.setdefault(name, set()).add((field["type"], field.get("format")))
    clashing = {name for name, kinds in types.items() if len(kinds) > 1}
    # Of release 1.0.0, and there to stay: the slots of a draft, and the files of a submission.
    assert clashing == ({"documents"} if topic == "applications.applications.v1" else set())


WORDS = {TypeAdapter(one).json_schema()["pattern"] for one in (Key, Code)}
OF_SLOTS = {"key", "slot", "replaces"}  # the programme's own words, told with ApplicationStarted or DocumentRequested


@each_event
def test_a_field_that_may_hold_a_word_nobody_has_seen_says_that_it_is_open(event):
    silent = [
        path
        for path, field in fields_of(schema_of(event))
        for node in (field, field.get("items", {}))
        if node.get("pattern") in WORDS and "Open" not in field["description"]
    ]
    assert [path for path in silent if path.rpartition(".")[2] not in OF_SLOTS] == []


@each_event
def test_sealed_fields_say_who_opens_them_and_contents_are_never_in_the_clear(event):
    schema = schema_of(event)
    for name, info in event.model_fields.items():
        sealed = schema["properties"][name].get("x-sealed-for")
        assert (sealed is not None) == (info.annotation in (Sealed, Sealed | None))
        if sealed:
            assert sealed in event.readers
            assert schema["properties"][name]["x-sealed-model"] in SCHEMA_NAMES_OF_CONTENTS
    assert not {content.__name__ for content in CONTENTS} & schema.get("$defs", {}).keys()


CLEAR = ["taro@example.jp", "https://example.jp/x", "", "a.b.c.d.e", "見本 花子", "eyJhbGciOiJub25lIn0.e30.", "\n"]
SEALED_FIELDS = [
    (event, path)
    for event in EVENTS.values()
    for path, field in fields_of(schema_of(event))
    if field.get("format") == "jwe-compact"
]


@pytest.mark.parametrize(("event", "field"), SEALED_FIELDS, ids=str)
def test_a_sealed_field_refuses_what_is_no_compact_jwe(event, field):
    good = example(event).model_dump()
    for clear in (*CLEAR, good[field] + "\n"):
        with pytest.raises(ValidationError, match=field):
            event.model_validate({**good, field: clear})


def test_contents_hide_their_values_in_representations_and_errors():
    contact = example(Contact)
    assert repr(contact) == "Contact()"
    assert str(contact) == ""
    with pytest.raises(ValidationError) as caught:
        Contact.model_validate({"mail": ["taro@example.jp"], "name": "見本 太郎", "user_id": "U-1"})
    assert "mail" in str(caught.value)
    assert "taro" not in str(caught.value)


def test_an_error_does_not_quote_what_should_have_been_sealed():
    with pytest.raises(ValidationError) as caught:
        PasswordLinkIssued.model_validate(
            {**example(PasswordLinkIssued).model_dump(), "link": "https://example.jp/taro"}
        )
    assert "link" in str(caught.value)
    assert "taro" not in str(caught.value)


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValidationError, match="until"):
        AccountLocked(account_id=UUID(int=1), until=datetime(2026, 11, 21, 9, 0))  # noqa: DTZ001


def test_a_time_of_another_zone_becomes_utc_and_is_written_with_z():
    in_japan = datetime(2026, 11, 21, 8, 59, 59, 250000, tzinfo=timezone(timedelta(hours=9)))
    locked = AccountLocked(account_id=UUID(int=1), until=in_japan)
    assert locked.until == in_japan
    assert locked.until.tzinfo is UTC
    assert locked.model_dump(mode="json")["until"] == "2026-11-20T23:59:59.250000Z"


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n"])
def test_a_digest_is_64_lower_case_hexadecimal_digits(digest):
    with pytest.raises(ValidationError, match="sha256"):
        DocumentStored.model_validate({**example(DocumentStored).model_dump(), "sha256": digest})


def test_counts_start_at_one():
    with pytest.raises(ValidationError, match="attempts"):
        MailAccepted(message_id=UUID(int=1), template="NO-02", attempts=0)


def test_the_roles_are_the_agreed_ones():
    assert [role.value for role in Role] == [
        *("association", "company", "applicant", "joint_debtor", "office_reviewer", "office_approver"),
        *("inspection_body", "bank", "operator"),
    ]
    assert example(UserIdIssued).role is Role.COMPANY


def test_a_second_version_is_a_class_of_the_same_name_with_another_major():
    class AccountLocked(AccountEvent):
        major: ClassVar[int] = 2

    assert AccountLocked.type_name == "madoguchi.identity.AccountLocked.v2"
    assert AccountLocked.schema_name == "urn:madoguchi:identity:AccountLocked:v2"
    assert EVENTS["madoguchi.identity.AccountLocked.v1"].type_name == "madoguchi.identity.AccountLocked.v1"


def test_a_sealed_string_is_a_plain_string_at_run_time():
    assert TypeAdapter(Sealed).validate_python("x") == "x"
    assert re.match(r"eyJ", example(PasswordLinkIssued).link)
