"""Encryption at rest: AES-256-GCM under a ring of keys, so that a key can be replaced while old rows stay readable."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32
_STANDARD_ALPHABET = str.maketrans("-_", "+/")


class CannotDecrypt(Exception):
    """The text is not ours, was changed, belongs to another row, or its key is gone."""


class Vault:
    """A key ring. `keys` maps a key id to 32 bytes; new texts are made with `current`."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Raises ValueError, which names a key id at most."""
        for key_id, key in keys.items():
            if len(key) != _KEY_BYTES or "." in key_id:
                raise ValueError(f"the key {key_id!r} has not 32 bytes, or its id has a dot")
        if current not in keys:
            raise ValueError("the current key is not on the ring")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current = current

    @classmethod
    def from_json(cls, text: str) -> Vault:
        """The ring in its settings form: `{"current": "<key id>", "keys": {"<key id>": "<base64 of 32 bytes>"}}`.

        Raises ValueError, which names a key id at most: the text is secret.
        """
        try:
            ring = json.loads(text)
            current, encoded = str(ring["current"]), dict(ring["keys"])
        except (ValueError, KeyError, TypeError):
            raise ValueError('a key ring is {"current": "<key id>", "keys": {"<key id>": "<base64>"}}') from None
        keys = {}
        for key_id, key in encoded.items():
            try:
                # Both alphabets of base64 are taken: which one a key was written in cannot be seen on most keys.
                keys[key_id] = base64.b64decode(key.translate(_STANDARD_ALPHABET), validate=True)
            except (AttributeError, ValueError):
                raise ValueError(f"the key {key_id!r} is not base64") from None
        return cls(keys, current)

    def encrypt(self, plain: bytes, context: str) -> str:
        """`<key id>.<base64 of nonce and ciphertext>`; `context` binds the text to its row and column."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self.current].encrypt(nonce, plain, context.encode())
        return f"{self.current}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, text: str, context: str) -> bytes:
        """The plain bytes. Raises CannotDecrypt."""
        key_id, _, encoded = text.partition(".")
        try:
            sealed = base64.urlsafe_b64decode(encoded)
            return self._ciphers[key_id].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except (KeyError, ValueError, InvalidTag) as error:
            raise CannotDecrypt(type(error).__name__) from None

    def is_current(self, text: str) -> bool:
        """Whether the text was made with the current key; if not, a rotation has to re-encrypt it."""
        return text.startswith(f"{self.current}.")
