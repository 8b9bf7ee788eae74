"""What `madoguchi drill` takes and looks through in this service: the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

from kit.drill.extra import Extra, Looked, Restored

from documents.errors import ObjectMissing
from documents.storage import Storage

OBJECTS = "objects.jsonl"
_FILES = """
SELECT d.id, d.object_key, d.sha256, EXISTS (SELECT FROM submitted_documents s WHERE s.document_id = d.id) AS submitted
FROM documents d WHERE d.object_key IS NOT NULL ORDER BY d.id
"""


async def objects(settings: Any) -> AsyncIterator[str]:
    """The keys of all objects of the store, a JSON line each."""
    async for page in _store(settings).pages(""):
        for one in page:
            yield json.dumps({"key": one.key})


async def files(restored: Restored) -> Looked:
    """Every file that a row names is in the store, with the digest that was submitted.

    The store is the one of the settings: its restored copy, or the real one, of which nothing is changed.
    """
    store = _store(restored.settings)
    listed = {json.loads(line)["key"] for line in _lines(restored)}
    number, submitted, wrong = 0, 0, []
    for row in await restored.database.fetch(_FILES):
        number += 1
        submitted += row["submitted"]
        digest = hashlib.sha256()
        try:
            async for chunk in store.read(row["object_key"]):
                digest.update(chunk)
        except ObjectMissing:
            then = "was there" if row["object_key"] in listed else "was missing too"
            wrong.append(f"document {row['id']}: its file is not in the store; when the backup was taken it {then}")
            continue
        if digest.hexdigest() != row["sha256"]:
            wrong.append(f"document {row['id']}: its file is not the one that was uploaded")
    return Looked(f"{number} files, {submitted} of them submitted", wrong)


def _lines(restored: Restored) -> list[str]:
    return (restored.folder / f"documents.{OBJECTS}").read_text(encoding="utf-8").splitlines()


def _store(settings: Any) -> Storage:
    return Storage(
        internal_url=settings.s3_internal_url,
        public_url=settings.s3_public_url,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        object_lock=settings.s3_object_lock,
    )


EXTRA = Extra(looks=[files], lists={OBJECTS: objects})
