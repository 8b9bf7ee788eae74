"""What `madoguchi drill` looks through in this service: the history, and that what was submitted is what was proved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from kit.db import dsn_of
from kit.drill.extra import Extra, Looked, Restored
from kit.vault import CannotDecrypt, Vault

from applications.cases import documents_of
from applications.desk import of_version
from applications.domain import digest_of
from applications.history_verifier import Unreadable, read_database, read_roots, verify

_VERSIONS = """
SELECT v.application_id, v.submission, a.programme, v.content, v.documents::text AS documents, v.content_sha256
FROM application_versions v JOIN applications a ON a.id = v.application_id
"""
PUBLISHED = "roots.jsonl"  # the auditor's own copy of applications.history.v1, if the operator has put it there


async def history(restored: Restored) -> Looked:
    """The chains and the roots; with the roots that were published, if the folder has them."""
    file = restored.folder / PUBLISHED
    tables = await read_database(dsn_of(restored.url))
    steps = len(tables["application_history"])
    try:
        published = _published(file)
    except Unreadable as error:
        return Looked(f"{steps} steps of the history", [str(error)])
    compared = f"{len(published)} published roots" if file.exists() else f"no published roots, there is no {PUBLISHED}"
    return Looked(f"{steps} steps of the history, {compared}", [str(one) for one in verify(tables, published)])


def _published(file: Path) -> Sequence[dict[str, object]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        return read_roots(lines)


async def contents(restored: Restored) -> Looked:
    """Every submitted content opens, and is the one to which the applicant's one-time password was bound."""
    ring = Vault.from_json(restored.settings.vault_keys.get_secret_value())
    number, wrong = 0, []
    async with restored.database.transaction(readonly=True):
        async for row in restored.database.cursor(_VERSIONS):
            number += 1
            context = of_version(row["application_id"], row["submission"])
            try:
                content = json.loads(ring.decrypt(row["content"], context))
            except CannotDecrypt:
                continue  # counted with the texts under the vault
            if (
                digest_of(row["programme"], content, documents_of(json.loads(row["documents"])))
                != row["content_sha256"]
            ):
                wrong.append(f"application {row['application_id']}: submission {row['submission']} has another digest")
    return Looked(f"{number} submitted contents", wrong)


EXTRA = Extra(looks=[history, contents])
