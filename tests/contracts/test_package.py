"""The package as other teams get it."""

import subprocess
import sys
import zipfile
from pathlib import Path

from madoguchi_contracts.schema import CONTRACTS, file_of

ROOT = Path(__file__).parents[2]


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
