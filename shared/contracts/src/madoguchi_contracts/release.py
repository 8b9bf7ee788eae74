"""Write the schemas of the current models as released: `python -m madoguchi_contracts.release`.

A change that breaks readers is not written. The files are sorted and end in a newline, so that the same
models always give the same bytes.
"""

import json
import sys
from pathlib import Path

from madoguchi_contracts.gate import Change, judge
from madoguchi_contracts.schema import CONTRACTS, current, file_of, released, schema_of

SCHEMAS = Path(__file__).parent / "schemas"


def release(folder: Path) -> list[Change]:
    """Write one file per contract into the folder, unless a change breaks readers; gives these changes.

    Files of events that no longer exist are left alone: the gate refuses their removal.
    """
    changes = judge(released(folder), current())
    if not changes:
        for contract in CONTRACTS:
            file = folder / file_of(contract)
            file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(schema_of(contract), ensure_ascii=False, indent=2, sort_keys=True)
            file.write_text(f"{text}\n", "utf-8")
    return changes


def main() -> int:
    """Release into this package; 1 when the gate refuses."""
    changes = release(SCHEMAS)
    for change in changes:
        sys.stdout.write(f"{change}\n")
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())
