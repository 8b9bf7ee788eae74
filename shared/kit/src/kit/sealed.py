"""Sealed fields: what one service tells another and nobody else may read: a compact JWE (ECDH-ES+A256KW, A256GCM)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, TypeVar

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel

from kit.errors import Permanent

Model = TypeVar("Model", bound=BaseModel)
_ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]


class CannotUnseal(Permanent):
    """The field was sealed to another key, or changed on its way."""


def seal(content: BaseModel, recipient: dict[str, Any]) -> str:
    """Encrypt `content` to the recipient's public JWK (EC, P-256)."""
    key = ECKey.import_key(recipient)
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", **({"kid": key.kid} if key.kid else {})}
    return jwe.encrypt_compact(header, content.model_dump_json().encode(), key, algorithms=_ALGORITHMS)


def unseal(token: str, private_keys: str, model: type[Model]) -> Model:
    """Decrypt and validate a field sealed to us; `private_keys` as `ring_of` takes them.

    Raises CannotUnseal: the event can never be processed with these keys, so the consumer parks it for an operator.
    """
    try:
        plain = jwe.decrypt_compact(token, ring_of(private_keys), algorithms=_ALGORITHMS).plaintext
        return model.model_validate_json(plain or b"")
    except (JoseError, ValueError) as error:
        # The text of a validation error holds the content: only its class may go on.
        raise CannotUnseal(f"{model.__name__}: {type(error).__name__}") from None


@lru_cache(maxsize=4)
def ring_of(private_keys: str) -> ECKey | KeySet:
    """A private JWK, or a set of them in which the token's `kid` chooses: the present one, and former ones for as long
    as something sealed to them may still be on its way (EC, P-256).

    Raises ValueError, which shows nothing of the keys.
    """
    try:
        said = json.loads(private_keys)
        keys = [ECKey.import_key(key) for key in said.get("keys", [said])]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise ValueError("not a private EC key in JWK form, nor a set of them") from None
    if not keys or not all(key.is_private for key in keys):
        raise ValueError("not a private EC key in JWK form, nor a set of them")
    if len(keys) == 1:
        return keys[0]
    if len({key.kid for key in keys} - {None}) < len(keys):
        raise ValueError("keys of a set need a kid each, and no two the same")
    return KeySet([*keys])
