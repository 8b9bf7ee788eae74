"""People who are logged in, without identity: tokens signed by a key of the test, verified by the real verifier."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from joserfc.jwk import ECKey, KeySet
from kit.clock import Clock
from kit.tokens import Actor, Signer, TokenVerifier
from madoguchi_contracts import Role

ISSUER = "https://identity.test"


class Gate:
    """A signer and a verifier that trust each other."""

    def __init__(self, clock: Clock) -> None:
        key = ECKey.generate_key("P-256", {"kid": "test"})
        self.clock = clock
        self.signer = Signer([key.as_dict(private=True)], ISSUER)
        self.verifier = TokenVerifier("http://127.0.0.1:1/jwks", ISSUER, clock)
        keys = KeySet.import_key_set(self.signer.jwks())
        self.verifier._keys = {str(k.kid): k for k in keys.keys if isinstance(k, ECKey)}

    def headers(
        self,
        role: Role,
        account_id: UUID | None = None,
        *,
        key: str | None = None,
        at: datetime | None = None,
        organisation_id: UUID | None = None,
    ) -> dict[str, Any]:
        """The headers of a request by somebody with `role`; a new Idempotency-Key unless one is given."""
        actor = Actor(account_id or uuid4(), role, uuid4(), organisation_id)
        token = self.signer.access_token(actor, at or self.clock())
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid4())}

    def proof(self, account_id: UUID, digest: str, purpose: str = "submit") -> str:
        """A one-time-password proof as identity signs it."""
        return self.signer.proof(account_id=account_id, purpose=purpose, digest=digest, now=self.clock())
