"""The readable catalogue, and the package as other teams get it."""

import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from kit.cloudevents import Envelope, encode
from madoguchi_contracts import EVENTS
from madoguchi_contracts.catalogue import catalogue
from madoguchi_contracts.schema import CONTRACTS, file_of

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date():
    page = (ROOT / "docs/events.md").read_text("utf-8")
    assert page == catalogue(), "run python -m madoguchi_contracts.catalogue > docs/events.md"


def test_the_page_has_a_chapter_for_every_event():
    chapters = re.findall(r"^### (\w+)\n\n`([\w.]+)`", catalogue(), re.MULTILINE)
    assert dict(chapters) == {event.__name__: event.type_name for event in EVENTS.values()}


def test_the_page_shows_no_sealed_string_in_full():
    assert max(map(len, re.findall(r"eyJ[\w.-]+", catalogue()))) < 40


def test_the_page_lists_exactly_the_headers_that_are_sent():
    envelope = Envelope(
        event_id=UUID(int=1),
        source="/madoguchi/identity",
        type="madoguchi.identity.OtpReset.v1",
        aggregate_id=UUID(int=2),
        sequence=1,
        time=datetime(2026, 11, 21, tzinfo=UTC),
        dataschema="urn:madoguchi:identity:OtpReset:v1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        replay=True,
    )
    told = set(re.findall(r"`(traceparent|(?:ce_|content-)[a-z-]+)`", catalogue().split("## All events")[0]))
    assert told == {name for name, _ in encode(envelope)}


def test_the_wheel_holds_schemas_examples_and_type_information(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT / "shared/contracts", check=True, capture_output=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    expected = {f"madoguchi_contracts/{kind}/{file_of(one)}" for kind in ("schemas", "fixtures") for one in CONTRACTS}
    assert expected | {"madoguchi_contracts/py.typed"} <= names


def test_the_package_needs_nothing_but_pydantic_and_the_standard_library():
    """Imports every module in a fresh interpreter that refuses the rest of what is installed here."""
    program = """
import importlib, pkgutil, sys
import pydantic, madoguchi_contracts
allowed = {"madoguchi_contracts", "pydantic", "pydantic_core", "annotated_types", "typing_extensions",
           "typing_inspection", *sys.stdlib_module_names}
before = {name.partition(".")[0] for name in sys.modules}
for module in pkgutil.walk_packages(madoguchi_contracts.__path__, "madoguchi_contracts."):
    importlib.import_module(module.name)
loaded = {name.partition(".")[0] for name in sys.modules} - before
source = {name for name in loaded if name not in allowed}
sys.exit(f"also imports {source}" if source else 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
