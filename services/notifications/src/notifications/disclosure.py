"""What this service holds of a person, for that person (GL-618)."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from kit.vault import Vault
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CONTACT = text("SELECT contact FROM contacts WHERE account_id = :me")
_MAILS = text("""
SELECT template, subject, state, queued_at, finished_at FROM messages WHERE account_id = :me ORDER BY seq
""")
_PROGRAMMES = text("SELECT programme, since FROM participants WHERE account_id = :me ORDER BY programme")


async def held_about(session: AsyncSession, vault: Vault, me: UUID) -> list[dict[str, Any]]:
    """Each kind of data with its name for people."""
    where = {"me": me}
    contact = (await session.execute(_CONTACT, where)).scalar_one_or_none()
    known = [json.loads(vault.decrypt(contact, f"contact:{me}"))] if contact else []
    mails = [dict(row._mapping) for row in await session.execute(_MAILS, where)]
    programmes = [dict(row._mapping) for row in await session.execute(_PROGRAMMES, where)]
    return [
        {"label": "ご連絡先", "items": known},
        {"label": "お送りしたメール", "items": mails},
        {"label": "ご利用の制度", "items": programmes},
    ]
