"""Sealed fields: what one service tells another and nobody else may read: a compact JWE (ECDH-ES+A256KW, A256GCM)."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
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


def unseal(token: str, private_key: str, model: type[Model]) -> Model:
    """Decrypt and validate a field sealed to us; `private_key` is our private JWK as JSON.

    Raises CannotUnseal: the event can never be processed with this key, so the consumer parks it for an operator.
    """
    try:
        plain = jwe.decrypt_compact(token, ECKey.import_key(json.loads(private_key)), algorithms=_ALGORITHMS).plaintext
        return model.model_validate_json(plain or b"")
    except (JoseError, ValueError) as error:
        # The text of a validation error holds the content: only its class may go on.
        raise CannotUnseal(f"{model.__name__}: {type(error).__name__}") from None
