"""The compatibility gate, judged by planted changes and by generated events that readers must understand."""

import copy
import json
import random
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from madoguchi_contracts.gate import Breaks, Change, compare, judge
from madoguchi_contracts.release import SCHEMAS, release
from madoguchi_contracts.schema import CONTRACTS, current, file_of, flat, released

Schema = dict[str, Any]
Edit = Callable[[Schema], None]

RELEASED = released()
OLD, NEW, BOTH = Breaks.OLD_READERS, Breaks.NEW_READERS, Breaks.BOTH

# A contract of the test's own with every keyword that our models produce, so that each change can be planted.
BASE: Schema = {
    "$id": "urn:madoguchi:identity:Planted:v1",
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Planted",
    "description": "Planted.",
    "type": "object",
    "x-topic": "identity.accounts.v1",
    "x-key": "account_id",
    "$defs": {
        "Role": {"type": "string", "enum": ["bank", "company"], "title": "Role"},
        "Slot": {
            "type": "object",
            "properties": {
                "key": {"type": "string", "pattern": "^[a-z]+$"},
                "bytes": {"type": "integer", "minimum": 0},
            },
            "required": ["key", "bytes"],
        },
    },
    "properties": {
        "account_id": {"type": "string", "format": "uuid"},
        "role": {"$ref": "#/$defs/Role", "description": "Role."},
        "kind": {"type": "string", "const": "photo"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "label": {"type": "string", "minLength": 1, "maxLength": 9},
        "free": {"type": "string"},
        "until": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "slots": {"type": "array", "items": {"$ref": "#/$defs/Slot"}, "minItems": 1, "maxItems": 3},
        "link": {
            "type": "string",
            "pattern": "^eyJ",
            "format": "jwe-compact",
            "x-sealed-for": "notifications",
            "x-sealed-model": "urn:madoguchi:sealed:Link:v1",
        },
        "first": {"type": "boolean", "default": False},
    },
    "required": ["account_id", "role", "kind", "count", "share", "label", "free", "until", "slots", "link"],
}


def at(path: str, **keywords: Any) -> Edit:
    """Set keywords of the node at a path such as `properties.count`; None takes the keyword away."""

    def edit(schema: Schema) -> None:
        node = schema
        for step in path.split(".") if path else []:
            node = node[step]
        for name, value in keywords.items():
            keyword = name.replace("__", "-").removesuffix("_")
            if value is None:
                del node[keyword]
            else:
                node[keyword] = value

    return edit


def field(name: str, **keywords: Any) -> Edit:
    return at(f"properties.{name}", **keywords)


def whole(name: str, value: Any) -> Edit:
    """Replace the whole schema of a field."""
    return at("properties", **{name: value})


def required(*names: str, add: bool) -> Edit:
    def edit(schema: Schema) -> None:
        kept = [name for name in schema["required"] if name not in names]
        schema["required"] = kept + list(names if add else ())

    return edit


def without(name: str) -> Edit:
    def edit(schema: Schema) -> None:
        del schema["properties"][name]
        schema["required"] = [other for other in schema["required"] if other != name]

    return edit


def both(*edits: Edit) -> Edit:
    def edit(schema: Schema) -> None:
        for one in edits:
            one(schema)

    return edit


def changed(edit: Edit) -> Schema:
    schema = copy.deepcopy(BASE)
    edit(schema)
    return schema


TEXT = {"type": "string", "pattern": "^[a-z]+$"}
OPTIONAL = {"anyOf": [TEXT, {"type": "null"}], "default": None}
OBJECT = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}

SAFE: dict[str, Edit] = {
    "nothing changed": at(""),
    "another description of the event": at("", description="Better told."),
    "another title": at("", title="Better"),
    "another description of a field": field("count", description="Better told."),
    "examples of a field": field("label", examples=["a"]),
    "a field declared deprecated": field("free", deprecated=True),
    "a new field that may be missing": whole("added", {**TEXT, "default": "a"}),
    "a new field that may be null or missing": whole("added", OPTIONAL),
    "a new object that may be missing": whole("added", {**OBJECT, "default": None}),
    "a new field in a part that may be missing": at("$defs.Slot.properties", added={**TEXT, "default": "a"}),
    "a definition renamed": both(
        at("$defs", Rolle=BASE["$defs"]["Role"], Role=None), whole("role", {"$ref": "#/$defs/Rolle"})
    ),
    "a definition put in place": whole("role", BASE["$defs"]["Role"]),
    "a constant written as the only listed value": whole("kind", {"type": "string", "enum": ["photo"]}),
    "required fields in another order": at("", required=sorted(BASE["required"])),
    "listed values in another order": at("$defs.Role", enum=["company", "bank"]),
    "null named before the type": field("until", anyOf=[{"type": "null"}, {"type": "string", "format": "date-time"}]),
}

# what was planted: (the edit, the field that must be named, who is broken)
BREAKING: dict[str, tuple[Edit, str, Breaks]] = {
    "a new required field": (both(whole("added", TEXT), required("added", add=True)), "added", NEW),
    "a new required field in a part": (
        both(at("$defs.Slot.properties", added=TEXT), at("$defs.Slot", required=["key", "bytes", "added"])),
        "slots[].added",
        NEW,
    ),
    "a required field removed": (without("free"), "free", OLD),
    "an optional field removed": (without("first"), "first", OLD),
    "a field of a part removed": (at("$defs.Slot", properties={"key": TEXT}, required=["key"]), "slots[].bytes", OLD),
    "the key field removed": (without("account_id"), "account_id", OLD),
    "an optional field became required": (required("first", add=True), "first", NEW),
    "a required field became optional": (required("count", add=False), "count", OLD),
    "a required field got a default": (both(required("free", add=False), field("free", default="")), "free", OLD),
    "another default": (field("first", default=True), "first", NEW),
    "a default lost": (field("first", default=None), "first", NEW),
    "text became a number": (whole("free", {"type": "integer"}), "free", BOTH),
    "a number became text": (field("count", type="string"), "count", BOTH),
    "a boolean became a number": (field("first", type="integer"), "first", BOTH),
    "a whole number may have a fraction": (field("count", type="number"), "count", OLD),
    "a number has no fraction any more": (field("share", type="integer"), "share", NEW),
    "a value became a list": (whole("role", {"type": "array", "items": TEXT}), "role", BOTH),
    "a list became a value": (whole("slots", {"$ref": "#/$defs/Slot"}), "slots", BOTH),
    "an object became text": (field("slots", items=TEXT), "slots[]", BOTH),
    "the items of a list are of any type": (field("slots", items=None), "slots[]", OLD),
    "a listed value added": (at("$defs.Role", enum=["bank", "company", "auditor"]), "role", OLD),
    "a listed value removed": (at("$defs.Role", enum=["bank"]), "role", NEW),
    "no listed values any more": (at("$defs.Role", enum=None), "role", OLD),
    "limited to listed values": (field("free", enum=["a", "b"]), "free", NEW),
    "a constant became one of two values": (
        whole("kind", {"type": "string", "enum": ["photo", "chip"]}),
        "kind",
        OLD,
    ),
    "limited to a constant": (field("free", const="a"), "free", NEW),
    "a lower bound raised": (field("count", minimum=2), "count", NEW),
    "a lower bound lowered": (field("count", minimum=0), "count", OLD),
    "a lower bound removed": (field("count", minimum=None), "count", OLD),
    "a lower bound added": (field("free", minLength=1), "free", NEW),
    "an upper bound lowered": (field("count", maximum=8), "count", NEW),
    "an upper bound raised": (field("count", maximum=10), "count", OLD),
    "an upper bound removed": (field("count", maximum=None), "count", OLD),
    "an exclusive lower bound raised": (field("share", exclusiveMinimum=0.5), "share", NEW),
    "an exclusive upper bound raised": (field("share", exclusiveMaximum=2), "share", OLD),
    "shorter text allowed": (field("label", minLength=0), "label", OLD),
    "longer text allowed": (field("label", maxLength=10), "label", OLD),
    "longer text forbidden": (field("label", maxLength=8), "label", NEW),
    "an empty list allowed": (field("slots", minItems=0), "slots", OLD),
    "long lists forbidden": (field("slots", maxItems=2), "slots", NEW),
    "another pattern": (at("$defs.Slot.properties.key", pattern="^[a-z_]+$"), "slots[].key", BOTH),
    "a pattern added": (field("free", pattern="^[a-z]+$"), "free", NEW),
    "a pattern removed": (at("$defs.Slot.properties.key", pattern=None), "slots[].key", OLD),
    "a time became a day": (
        field("until", anyOf=[{"type": "string", "format": "date"}, {"type": "null"}]),
        "until",
        BOTH,
    ),
    "a format added": (field("free", format="uuid"), "free", NEW),
    "a format removed": (field("account_id", format=None), "account_id", OLD),
    "may now be null": (whole("free", {"anyOf": [{"type": "string"}, {"type": "null"}]}), "free", OLD),
    "may no longer be null": (whole("until", {"type": "string", "format": "date-time"}), "until", NEW),
    "another topic": (at("", x__topic="identity.people.v1"), "", BOTH),
    "another key": (at("", x__key="role"), "", BOTH),
    "sealed for another service": (field("link", x__sealed__for="documents"), "link", BOTH),
    "another content sealed": (field("link", x__sealed__model="urn:madoguchi:sealed:Reason:v1"), "link", BOTH),
    "no longer sealed": (field("link", x__sealed__for=None), "link", BOTH),
    "a field renamed": (
        both(without("free"), whole("frei", TEXT), required("frei", add=True)),
        "frei",
        NEW,
    ),
}

# What the gate was not taught is refused, even where a wiser gate might let it pass.
STRANGE: dict[str, tuple[Edit, str]] = {
    "additional properties forbidden": (at("", additionalProperties=False), ""),
    "a pattern for names": (at("", patternProperties={"^x": TEXT}), ""),
    "a condition": (at("", if_=TEXT), ""),
    "a negation": (field("free", not_={"const": "a"}), "free"),
    "a choice of schemas": (whole("free", {"oneOf": [TEXT, {"type": "integer"}]}), "free"),
    "a choice of three": (whole("free", {"anyOf": [TEXT, {"type": "integer"}, {"type": "null"}]}), "free"),
    "all of several": (whole("free", {"allOf": [TEXT]}), "free"),
    "unique items": (field("slots", uniqueItems=True), "slots"),
    "a step between numbers": (field("count", multipleOf=2), "count"),
    "a fixed list": (field("slots", prefixItems=[TEXT]), "slots"),
    "a list of types": (whole("free", {"type": ["string", "null"]}), "free"),
    "any type": (whole("free", {}), "free"),
    "any type in a new field": (whole("added", {"default": 1}), "added"),
    "true as a schema": (whole("free", True), "free"),
    "an extension nobody knows": (field("free", x__colour="red"), "free"),
    "a word of another schema language": (field("free", nullable=True), "free"),
    "a strange keyword deep in a part": (at("$defs.Slot.properties.key", contentEncoding="base64"), "slots[].key"),
}


@pytest.mark.parametrize("edit", SAFE.values(), ids=SAFE)
def test_a_change_that_no_reader_notices_passes(edit):
    assert compare("planted", BASE, changed(edit)) == []


@pytest.mark.parametrize(("edit", "name", "breaks"), BREAKING.values(), ids=BREAKING)
def test_a_breaking_change_is_found_with_its_field_and_direction(edit, name, breaks):
    changes = compare("planted", BASE, changed(edit))
    assert (name, breaks) in {(change.field, change.breaks) for change in changes}
    # Nothing else is accused, but for a renamed field, which is one gone and one new.
    assert {change.field for change in changes} - {name} <= {"free"}


OPPOSITE = {OLD: NEW, NEW: OLD, BOTH: BOTH}


@pytest.mark.parametrize(
    ("edit", "name", "breaks"), [one for title, one in BREAKING.items() if "field" not in title], ids=str
)
def test_taking_a_breaking_change_back_breaks_the_other_direction(edit, name, breaks):
    changes = compare("planted", changed(edit), BASE)
    # A default says how old events are read; that counts in one direction only.
    expected = NEW if "default" in changes[0].what else OPPOSITE[breaks]
    assert (name, expected) in {(change.field, change.breaks) for change in changes}


@pytest.mark.parametrize(("edit", "name"), STRANGE.values(), ids=STRANGE)
def test_what_the_gate_was_not_taught_is_refused(edit, name):
    strange = changed(edit)
    for old, new in ((BASE, strange), (strange, BASE), (strange, strange)):
        changes = compare("planted", old, new)
        assert (name, BOTH) in {(change.field, change.breaks) for change in changes}
        assert all("the gate" in change.what for change in changes)


ROLE = {"$ref": "#/$defs/Role"}
NOT_FLAT: dict[str, tuple[Edit, str]] = {
    "a part that contains itself": (
        at("$defs.Slot.properties", inner={"$ref": "#/$defs/Slot"}),
        "Slot contains itself",
    ),
    "a reference to another file": (whole("role", {"$ref": "role.json"}), "role.json is not defined here"),
    "a reference to nothing": (whole("role", {"$ref": "#/$defs/Rolle"}), "Rolle is not defined here"),
    "a reference limited further": (whole("role", {**ROLE, "enum": ["bank"]}), "enum beside a reference"),
    "a choice limited further": (field("until", const="x"), "const beside a reference"),
    "a format beside a format": (field("until", format="date"), "format beside a reference"),
}


@pytest.mark.parametrize(("edit", "why"), NOT_FLAT.values(), ids=NOT_FLAT)
def test_a_schema_without_a_flat_form_is_refused(edit, why):
    strange = changed(edit)
    for old, new in ((BASE, strange), (strange, BASE), (strange, strange)):
        [change] = compare("planted", old, new)
        assert change.breaks is BOTH
        assert why in change.what


def test_a_removed_event_breaks_both_directions():
    rest = {name: schema for name, schema in RELEASED.items() if "AccountLocked" not in name}
    assert judge(RELEASED, rest) == [Change("urn:madoguchi:identity:AccountLocked:v1", "", "removed", BOTH)]


def test_a_renamed_event_is_named_with_its_new_name():
    renamed = {name.replace("AccountLocked", "AccountBarred"): schema for name, schema in RELEASED.items()}
    what = "renamed to urn:madoguchi:identity:AccountBarred:v1"
    assert judge(RELEASED, renamed) == [Change("urn:madoguchi:identity:AccountLocked:v1", "", what, BOTH)]


def test_a_removed_content_of_sealed_fields_is_found():
    rest = {name: schema for name, schema in RELEASED.items() if ":sealed:Reason:" not in name}
    assert [change.contract for change in judge(RELEASED, rest)] == ["urn:madoguchi:sealed:Reason:v1"]


def test_a_new_event_passes_unless_the_gate_cannot_judge_it():
    assert judge(RELEASED, {**RELEASED, BASE["$id"]: BASE}) == []
    strange = changed(field("free", uniqueItems=True))
    assert [change.field for change in judge(RELEASED, {**RELEASED, BASE["$id"]: strange})] == ["free"]


def test_a_message_names_event_field_change_and_the_broken_side():
    line = str(Change("urn:madoguchi:identity:UserIdIssued:v1", "role", '"auditor" added', OLD))
    assert line == 'urn:madoguchi:identity:UserIdIssued:v1 role: "auditor" added; breaks old readers of new events'


# The released files and the command.


def test_the_released_schemas_are_what_the_models_say():
    assert current() == RELEASED, "run python -m madoguchi_contracts.release"


def test_there_is_one_released_file_per_contract_and_no_other():
    files = {file.relative_to(SCHEMAS).as_posix() for file in SCHEMAS.glob("**/*.json")}
    assert files == {file_of(contract) for contract in CONTRACTS}


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_schema_is_valid_json_schema(name):
    Draft202012Validator.check_schema(RELEASED[name])


def test_releasing_twice_gives_the_same_bytes_as_the_package_has(tmp_path):
    assert release(tmp_path) == []
    first = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.glob("*/*.json")}
    assert release(tmp_path) == []
    assert {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.glob("*/*.json")} == first
    assert {file.relative_to(SCHEMAS): file.read_bytes() for file in SCHEMAS.glob("*/*.json")} == first


@pytest.fixture
def older(tmp_path):
    """A folder in which PasswordSet was released with one more field and one more reason."""
    folder = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, folder)
    file = folder / "identity/PasswordSet.v1.json"
    schema = json.loads(file.read_text("utf-8"))
    schema["properties"]["reason"]["enum"].append("expired")
    schema["properties"]["strength"] = {"type": "integer"}
    file.write_text(json.dumps(schema), "utf-8")
    return folder


def test_nothing_is_released_while_a_change_breaks_readers(older):
    before = {file: file.read_bytes() for file in older.glob("*/*.json")}
    (older / "identity/OtpReset.v1.json").unlink()
    del before[older / "identity/OtpReset.v1.json"]
    assert [change.field for change in release(older)] == ["strength", "reason"]
    assert {file: file.read_bytes() for file in older.glob("*/*.json")} == before


# The gate against readers: random edits of released schemas, and events generated from them.


def nodes(schema: Schema) -> Iterator[Schema]:
    """Every schema inside a schema, itself first."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()):
        yield from nodes(inner)
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        yield from nodes(inner)


def edit_at_random(schema: Schema, dice: random.Random) -> Schema:
    """One plausible edit by somebody who does not think of readers."""
    schema = copy.deepcopy(schema)
    node = dice.choice([one for one in nodes(schema) if "type" in one])
    kind, fields = node["type"], node.get("properties", {})
    extra = {"type": "string"} if dice.random() < 0.5 else {"type": "integer", "minimum": 0}
    edits: list[Edit] = [lambda one: one.update(description="Other.")]
    if kind == "integer":
        edits.append(lambda one: one.update(minimum=dice.choice([0, 1, 5])))
        edits.append(lambda one: one.update(maximum=dice.choice([7, 9])))
        edits.append(lambda one: one.pop("minimum", None))
        edits.append(lambda one: one.update(type="number"))
    if kind == "string":
        edits.append(lambda one: one.pop("pattern", None))
        edits.append(lambda one: one.pop("format", None))
        edits.append(lambda one: one.update(maxLength=dice.choice([40, 200])))
        edits.append(lambda one: one.update(minLength=dice.choice([1, 3])))
    if "enum" in node:
        edits.append(lambda one: one["enum"].append("added"))
        edits.append(lambda one: one["enum"].pop() if len(one["enum"]) > 1 else None)
        edits.append(lambda one: one.pop("enum"))
    if kind == "array":
        edits.append(lambda one: one.update(maxItems=dice.choice([1, 2])))
        edits.append(lambda one: one.update(minItems=1))
    if fields:
        name, new = dice.choice(sorted(fields)), f"added_{dice.randrange(3)}"
        edits.append(lambda one: fields.setdefault(new, {**extra, "default": 0}))
        edits.append(lambda one: fields.setdefault(new, {**extra, "default": 0}))
        edits.append(lambda one: one.update(required=[other for other in one.get("required", []) if other != name]))
        edits.append(lambda one: one.update(required=sorted({*one.get("required", []), name})))
        edits.append(lambda one: fields.update({name: {"anyOf": [fields[name], {"type": "null"}]}}))
        edits.append(lambda one: (fields.pop(name), one.update(required=[x for x in one["required"] if x != name])))
    dice.choice(edits)(node)
    return schema


def bodies(node: Schema) -> st.SearchStrategy[Any]:
    """Bodies that a writer with this (flat) schema might send."""
    if "enum" in node:
        strategy: st.SearchStrategy[Any] = st.sampled_from(node["enum"])
    elif node["type"] == "object":
        must = {name: bodies(inner) for name, inner in node["properties"].items() if name in node.get("required", ())}
        may = {name: bodies(inner) for name, inner in node["properties"].items() if name not in must}
        strategy = st.fixed_dictionaries(must, optional=may)
    elif node["type"] == "array":
        low = node.get("minItems", 0)
        strategy = st.lists(bodies(node["items"]), min_size=low, max_size=node.get("maxItems", low + 2))
    elif node["type"] == "boolean":
        strategy = st.booleans()
    elif node["type"] in ("integer", "number"):
        low = node.get("minimum", -3)
        whole_numbers = st.integers(low, node.get("maximum", low + 12))
        strategy = whole_numbers | st.just(low + 0.5) if node["type"] == "number" else whole_numbers
    elif "pattern" in node:
        strategy = st.from_regex(node["pattern"].replace("$", r"\Z"))
    elif node.get("format") == "uuid":
        strategy = st.uuids().map(str)
    elif node.get("format") in ("date", "date-time"):
        strategy = (
            st.dates().map(str) if node["format"] == "date" else st.datetimes().map(lambda t: f"{t.isoformat()}Z")
        )
    else:
        strategy = st.text("ab-", max_size=node.get("maxLength", 12))
    return st.none() | strategy if node.get("or_null") else strategy


def reads(schema: Schema, body: Any) -> bool:
    return Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(body)


contracts = st.sampled_from(sorted(RELEASED))
dice_rolls = st.randoms(use_true_random=False)


@settings(max_examples=150, deadline=None)
@given(name=contracts, dice=dice_rolls, edits=st.integers(1, 3), data=st.data())
def test_where_the_gate_sees_no_break_every_event_is_understood(name, dice, edits, data):
    old = edit_at_random(RELEASED[name], dice)
    new = old
    for _ in range(edits):
        new = edit_at_random(new, dice)
    broken = {change.breaks for change in compare(name, old, new)}
    if not broken & {OLD, BOTH}:
        body = data.draw(bodies(flat(new)))
        assume(reads(new, body))
        assert reads(old, body)
    if not broken & {NEW, BOTH}:
        body = data.draw(bodies(flat(old)))
        assume(reads(old, body))
        assert reads(new, body)


@settings(max_examples=100, deadline=None)
@given(name=contracts, dice=dice_rolls)
def test_what_passes_step_by_step_passes_as_a_whole(name, dice):
    steps = [RELEASED[name]]
    for _ in range(20):
        step = edit_at_random(steps[-1], dice)
        if not compare(name, steps[-1], step):
            steps.append(step)
    assert compare(name, steps[0], steps[-1]) == []
