"""Keep the sessions that ended, so that their access tokens are refused at once."""

from __future__ import annotations

from kit.sessions import create_ended_sessions_v1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Empty: of what ended before, every token has run out when this release serves."""
    create_ended_sessions_v1()
