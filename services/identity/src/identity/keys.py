"""The keys of identity and what is done with them: personal data at rest, lookups, sealed contents."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from kit.sealed import seal
from kit.vault import Vault
from madoguchi_contracts import Sealed
from madoguchi_contracts.envelope import SealedContent

Field = Literal[
    "user_id",
    "mail",
    "name_kanji",
    "name_kana",
    "otp_secret",
    "ekyc_url",
    "signing_key",
    "request_text",
    "request_answer",
]
_TOKEN_BYTES = 32


def new_token() -> str:
    """256 random bits as URL-safe text, for links, sessions and half-finished logins."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """The form in which a token is stored and looked up: SHA-256, hex. A leaked table opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


class BlindIndex:
    """A keyed hash by which rows are found without the clear text being stored."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 random bytes."""
        self._key = key

    def of(self, kind: str, value: str) -> str:
        """HMAC-SHA256 (hex) of `value`; `kind` keeps equal values of different kinds apart."""
        return hmac.new(self._key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Keyring:
    """Everything that is hidden, found or sealed with a key. What signs is in `signing`."""

    vault: Vault
    index: BlindIndex
    seal_public_keys: Mapping[str, Mapping[str, Any]]

    def hide(self, account_id: UUID, field: Field, value: str) -> str:
        """Encrypt a value for the row of this account; it cannot be moved to another row or column."""
        return self.vault.encrypt(value.encode(), f"{field}:{account_id}")

    def show(self, account_id: UUID, field: Field, hidden: str) -> str:
        """The value again. Raises CannotDecrypt."""
        return self.vault.decrypt(hidden, f"{field}:{account_id}").decode()

    def seal_to(self, service: str, content: SealedContent) -> Sealed:
        """Encrypt what only `service` may read."""
        return Sealed(seal(content, dict(self.seal_public_keys[service])))
