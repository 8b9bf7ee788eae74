"""Who is calling: access tokens and one-time-password proofs, signed by identity, verified by every service by itself.

Both are JWTs (ES256). Services fetch identity's public keys, keep them, and go on with them while identity is down. A
proof says that an account has just given a right one-time password for one purpose and one content (its SHA-256);
whoever accepts it burns its id in the transaction of what it allows, so it works once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact
from madoguchi_contracts import Role
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.errors import Refused, Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

AUDIENCE = "madoguchi"
PROOF_AUDIENCE = "madoguchi-proof"
LEEWAY_SECONDS = 5
ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)
PROOF_LIFETIME = timedelta(minutes=5)
_AGAIN_SECONDS = 10  # after asking identity in vain
_FIRST_AGAIN_SECONDS = 1  # the same while no key was ever seen: until then nobody can be served
_RENEW_SECONDS = 300
_ALGORITHMS = ["ES256"]
_REMEMBERED = 4_096  # verified access tokens, some 2 kB each

_BURN = text("INSERT INTO used_proofs (jti, used_at) VALUES (:jti, :now) ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Actor:
    """Somebody who is logged in."""

    account_id: UUID
    role: Role
    session_id: UUID
    organisation_id: UUID | None = None


class ProofRefused(Refused):
    """The proof is missing, forged, too old, for something else, or used before."""

    code = "otp_proof_refused"
    title = "ワンタイムパスワードをもう一度入力してください。"
    default_rules = ("ID-40", "AS-74")


class Signer:
    """Identity's side: signs with the first key, publishes all.

    A key is replaced without refusing anybody when the new one is published for a while before it comes first, and the
    old one for as long as its tokens live (`madoguchi keys rotate`).
    """

    def __init__(self, private_keys: Sequence[Mapping[str, Any]], issuer: str) -> None:
        """`private_keys` are JWKs (EC P-256) with different `kid`s. Raises ValueError, which names a kid at most."""
        try:
            self._keys = [ECKey.import_key(dict(key)) for key in private_keys]
        except (JoseError, ValueError, TypeError, KeyError):
            raise ValueError("a signing key is no JWK") from None
        for key in self._keys:
            if not (key.kid and key.is_private and key.curve_name == "P-256"):
                raise ValueError(f"the signing key {key.kid!r} is no private P-256 key with a kid")
        if len({key.kid for key in self._keys}) != len(private_keys) or not private_keys:
            raise ValueError("there must be signing keys, each with a kid of its own")
        self._issuer = issuer

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK set."""
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys]}

    def access_token(self, actor: Actor, now: datetime) -> str:
        """A token for `actor`, valid for five minutes."""
        claims = {
            "aud": AUDIENCE,
            "sub": str(actor.account_id),
            "sid": str(actor.session_id),
            "role": actor.role.value,
        }
        if actor.organisation_id is not None:
            claims["org"] = str(actor.organisation_id)
        return self._sign(claims, now, ACCESS_TOKEN_LIFETIME)

    def proof(self, *, account_id: UUID, purpose: str, digest: str, now: datetime, proof_id: UUID | None = None) -> str:
        """A proof for one purpose and the content with this SHA-256 (hex), valid for five minutes.

        With the same `proof_id` and time it is the same proof again: of the two, one can be burnt.
        """
        claims = {"aud": PROOF_AUDIENCE, "sub": str(account_id), "purpose": purpose, "digest": digest}
        return self._sign({**claims, "jti": str(proof_id or uuid4())}, now, PROOF_LIFETIME)

    def _sign(self, claims: dict[str, Any], now: datetime, lifetime: timedelta) -> str:
        times = {"iss": self._issuer, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        return jwt.encode({"alg": "ES256", "kid": self._keys[0].kid}, {**claims, **times}, self._keys[0])


class TokenVerifier:
    """A service's side: verifies with identity's published keys."""

    def __init__(
        self, jwks_url: str, issuer: str, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` judges tokens, `monotonic` (seconds) how long ago identity was asked."""
        self._url = jwks_url
        self._issuer = issuer
        self._clock = clock
        self._monotonic = monotonic
        self._keys: dict[str, ECKey] = {}
        # Access tokens whose signature was found right: each comes with some twenty requests, and the check is the
        # dearest part of most. Their times are judged every time.
        self._verified: dict[str, dict[str, Any]] = {}
        self._asked_at = monotonic()
        self._not_before = float("-inf")
        self._asking = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def verify(self, token: str) -> Actor:
        """The actor of an access token. Raises Unauthenticated, or Unavailable if identity's keys were never seen."""
        claims = await self._claims(token, AUDIENCE)
        try:
            organisation = claims.get("org")
            return Actor(
                account_id=UUID(str(claims["sub"])),
                role=Role(claims["role"]),
                session_id=UUID(str(claims["sid"])),
                organisation_id=None if organisation is None else UUID(str(organisation)),
            )
        except (KeyError, ValueError):
            raise Unauthenticated from None

    async def verify_proof(self, proof: str, *, account_id: UUID, purpose: str, digest: str) -> UUID:
        """The id of a proof that fits exactly; the caller burns it. Raises ProofRefused or Unavailable."""
        try:
            claims = await self._claims(proof, PROOF_AUDIENCE)
            fits = (claims["sub"], claims["purpose"], claims["digest"]) == (str(account_id), purpose, digest)
            if fits:
                return UUID(str(claims["jti"]))
        except (Unauthenticated, KeyError, ValueError):
            raise ProofRefused from None
        raise ProofRefused

    async def _claims(self, token: str, audience: str) -> dict[str, Any]:
        claims = self._verified.get(token)
        if claims is None or self._renewal_is_due():
            claims = await self._signed(token)
            if claims.get("aud") == AUDIENCE:
                if len(self._verified) >= _REMEMBERED:
                    self._verified.clear()
                self._verified[token] = claims
        now = self._clock().timestamp()
        try:
            in_time = claims["iat"] - LEEWAY_SECONDS <= now < claims["exp"] + LEEWAY_SECONDS
            for_us = claims["iss"] == self._issuer and claims["aud"] == audience
        except (KeyError, TypeError):
            raise Unauthenticated from None
        if not (in_time and for_us):
            raise Unauthenticated
        return claims

    async def _signed(self, token: str) -> dict[str, Any]:
        """The claims of a token that identity signed. Raises Unauthenticated, Unavailable."""
        try:
            kid = str(extract_compact(token.encode()).headers().get("kid"))
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):  # a stranger's bytes can be anything
            raise Unauthenticated from None
        key = await self._fetch(kid)
        try:
            return dict(jwt.decode(token, key, algorithms=_ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError):
            raise Unauthenticated from None

    async def _fetch(self, kid: str) -> ECKey:
        """Identity's key with this id.

        Identity is asked for an unknown one, but no more for a while after it was asked in vain, so that a flood of
        forged tokens is no flood for identity. Known ones are renewed in the background, so that one that was
        withdrawn stops working. Raises Unauthenticated, or Unavailable if no key was ever seen.
        """
        if kid not in self._keys:
            async with self._asking:
                if kid not in self._keys and self._monotonic() >= self._not_before:
                    await self._ask()
                    if kid not in self._keys:
                        pause = _AGAIN_SECONDS if self._keys else _FIRST_AGAIN_SECONDS
                        self._not_before = self._monotonic() + pause
        elif self._renewal_is_due():
            self._asked_at = self._monotonic()
            self._renewal = asyncio.create_task(self._ask())
        if not self._keys:
            raise Unavailable("本人確認の鍵を取得できません。", retry_after_seconds=5)
        if kid not in self._keys:
            raise Unauthenticated
        return self._keys[kid]

    def _renewal_is_due(self) -> bool:
        running = self._renewal is not None and not self._renewal.done()
        return not running and self._monotonic() - self._asked_at >= _RENEW_SECONDS

    async def _ask(self) -> None:
        """Replace the keys by what identity publishes now; when it does not answer or publishes none, they stay."""
        self._asked_at = self._monotonic()
        try:
            async with httpx.AsyncClient(timeout=3) as client:
                answer = await client.get(self._url)
            keys = KeySet.import_key_set(answer.raise_for_status().json()).keys
            found = {str(key.kid): key for key in keys if isinstance(key, ECKey)}
        except (httpx.HTTPError, JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("signing_keys_not_fetched", error=type(error).__name__)
            return
        if found:
            self._keys = found
            self._verified.clear()  # a key may have been withdrawn


async def burn_proof(session: AsyncSession, jti: UUID, now: datetime) -> None:
    """Use up a proof in the transaction of what it allows. Raises ProofRefused when it was used before."""
    result = await session.execute(_BURN, {"jti": jti, "now": now})
    if getattr(result, "rowcount", 0) != 1:
        raise ProofRefused
