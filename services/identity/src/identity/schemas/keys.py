"""The published keys."""

from __future__ import annotations

from pydantic import BaseModel


class Jwks(BaseModel):
    """The public keys of access tokens and proofs (RFC 7517)."""

    keys: list[dict[str, str | list[str]]]
