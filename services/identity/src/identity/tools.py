"""What commands work with beside the database: made once by `main`, passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from identity.hashing import Hasher
from identity.keys import Keyring
from identity.limits import Limiter
from identity.signing import SigningKeys


@dataclass(frozen=True)
class PersonalData:
    """What the office has set for requests about personal data (GL-618)."""

    answer_days: int
    fee_yen: int
    disclosure: timedelta


@dataclass(frozen=True)
class Tools:
    """Keys, hashes, limits, and the few settings that commands depend on."""

    keys: Keyring
    signing: SigningKeys
    hasher: Hasher
    limiter: Limiter
    public_base_url: str
    otp_issuer: str
    otp_steps_back: int
    success_ends_one_strike: bool
    ekyc_poll: timedelta
    personal_data: PersonalData

    def link(self, page: str, token: str) -> str:
        """The address of a page of the portal that takes a one-time token.

        After a `#`: a browser sends that part to no server, so the token is in no access log, proxy or Referer.
        """
        return f"{self.public_base_url}/{page}#token={token}"
