"""Who is calling: access tokens and one-time-password proofs, signed by identity, verified by every service by itself.

Both are JWTs (ES256). Services fetch identity's public keys, keep them, and go on with them while identity is down. A proof
says that an account has just given a right one-time password for one purpose and one content (its SHA-256); whoever
accepts it burns its id in the transaction of what it allows, so it works once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact
from madoguchi_contracts import Role
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.errors import Refused, Unauthenticated, Unavailable

AUDIENCE = "madoguchi"
PROOF_AUDIENCE = "madoguchi-proof"
LEEWAY_SECONDS = 5
ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)
PROOF_LIFETIME = timedelta(minutes=5)
_REFRESH_SECONDS = 10
_ALGORITHMS = ["ES256"]

_BURN = text("INSERT INTO used_proofs (jti, used_at) VALUES (:jti, :now) ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Actor:
    """Somebody who is logged in."""

    account_id: UUID
    role: Role
    session_id: UUID


class ProofRefused(Refused):
    """The proof is missing, forged, too old, for something else, or used before."""

    code = "otp_proof_refused"
    title = "ワンタイムパスワードをもう一度入力してください。"
    default_rules = ("ID-40", "AS-74")


class Signer:
    """Identity's side: signs with the newest key, publishes all."""

    def __init__(self, private_keys: Sequence[Mapping[str, Any]], issuer: str) -> None:
        """`private_keys` are JWKs (EC P-256) with `kid`, newest first; older ones stay published while tokens live."""
        self._keys = [ECKey.import_key(dict(key)) for key in private_keys]
        self._issuer = issuer

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK set."""
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys]}

    def access_token(self, actor: Actor, now: datetime) -> str:
        """A token for `actor`, valid for five minutes."""
        return self._sign(
            {
                "aud": AUDIENCE,
                "sub": str(actor.account_id),
                "sid": str(actor.session_id),
                "role": actor.role.value,
            },
            now,
            ACCESS_TOKEN_LIFETIME,
        )

    def proof(self, *, account_id: UUID, purpose: str, digest: str, now: datetime) -> str:
        """A proof for one purpose and the content with this SHA-256 (hex), valid for five minutes."""
        claims = {"aud": PROOF_AUDIENCE, "sub": str(account_id), "purpose": purpose, "digest": digest}
        return self._sign({**claims, "jti": str(uuid4())}, now, PROOF_LIFETIME)

    def _sign(self, claims: dict[str, Any], now: datetime, lifetime: timedelta) -> str:
        times = {"iss": self._issuer, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        return jwt.encode({"alg": "ES256", "kid": self._keys[0].kid}, {**claims, **times}, self._keys[0])


class TokenVerifier:
    """A service's side: verifies with identity's published keys."""

    def __init__(self, jwks_url: str, issuer: str, clock: Clock) -> None:
        self._url = jwks_url
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, ECKey] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def verify(self, token: str) -> Actor:
        """The actor of an access token. Raises Unauthenticated, or Unavailable if identity's keys were never seen."""
        claims = await self._claims(token, AUDIENCE)
        try:
            return Actor(UUID(claims["sub"]), Role(claims["role"]), UUID(claims["sid"]))
        except (KeyError, ValueError):
            raise Unauthenticated from None

    async def verify_proof(self, proof: str, *, account_id: UUID, purpose: str, digest: str) -> UUID:
        """The id of a proof that fits exactly; the caller burns it. Raises ProofRefused or Unavailable."""
        try:
            claims = await self._claims(proof, PROOF_AUDIENCE)
            fits = (claims["sub"], claims["purpose"], claims["digest"]) == (str(account_id), purpose, digest)
            if fits:
                return UUID(claims["jti"])
        except (Unauthenticated, KeyError, ValueError):
            raise ProofRefused from None
        raise ProofRefused

    async def _claims(self, token: str, audience: str) -> dict[str, Any]:
        try:
            kid = str(_header(token).get("kid"))
            key = self._keys.get(kid) or await self._fetch(kid)
            claims = jwt.decode(token, key, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            raise Unauthenticated from None
        now = self._clock().timestamp()
        try:
            in_time = claims["iat"] - LEEWAY_SECONDS <= now < claims["exp"] + LEEWAY_SECONDS
            for_us = claims["iss"] == self._issuer and claims["aud"] == audience
        except (KeyError, TypeError):
            raise Unauthenticated from None
        if not (in_time and for_us):
            raise Unauthenticated
        return dict(claims)

    async def _fetch(self, kid: str) -> ECKey:
        """Identity's key with this id, asking identity at most every ten seconds. Raises Unauthenticated."""
        async with self._asking:
            if kid in self._keys:
                return self._keys[kid]
            if time.monotonic() - self._asked_at >= _REFRESH_SECONDS or not self._keys:
                self._asked_at = time.monotonic()
                try:
                    async with httpx.AsyncClient(timeout=3) as client:
                        answer = await client.get(self._url)
                        answer.raise_for_status()
                        keys = KeySet.import_key_set(answer.json())
                except (httpx.HTTPError, ValueError, JoseError) as error:
                    if not self._keys:
                        raise Unavailable("本人確認の鍵を取得できません。", retry_after_seconds=5) from error
                else:
                    self._keys = {str(key.kid): key for key in keys.keys if isinstance(key, ECKey)}
        if kid not in self._keys:
            raise Unauthenticated
        return self._keys[kid]


def _header(token: str) -> dict[str, Any]:

    return dict(extract_compact(token.encode()).headers())


async def burn_proof(session: AsyncSession, jti: UUID, now: datetime) -> None:
    """Use up a proof in the transaction of what it allows. Raises ProofRefused when it was used before."""
    result = await session.execute(_BURN, {"jti": jti, "now": now})
    if getattr(result, "rowcount", 0) != 1:
        raise ProofRefused
