"""The tables of identity. Constraints and partial unique indexes state the invariants a second time.

`*_hidden` columns are encrypted (`Keyring.hide`), `*_index` columns are keyed hashes (`BlindIndex`), `token_sha256`
columns are hashes of tokens that only their holders know. Names, addresses, secrets and tokens are nowhere in clear.
"""

from identity.models.accounts import Account, Organisation, PastRepresentative
from identity.models.base import Base, metadata
from identity.models.coming import Invitation, Registration, Succession
from identity.models.credentials import (
    LoginLock,
    LoginToken,
    OtpToken,
    Password,
    PasswordLink,
    Reminder,
    ResetRequest,
    UserSession,
)
from identity.models.data_requests import DataRequest, DataRequestStep
from identity.models.ekyc import EkycAttempt, EkycCallback
from identity.models.operation import AuditEntry, RateLimit, SigningKey

__all__ = [
    "Account",
    "AuditEntry",
    "Base",
    "DataRequest",
    "DataRequestStep",
    "EkycAttempt",
    "EkycCallback",
    "Invitation",
    "LoginLock",
    "LoginToken",
    "Organisation",
    "OtpToken",
    "Password",
    "PasswordLink",
    "PastRepresentative",
    "RateLimit",
    "Registration",
    "Reminder",
    "ResetRequest",
    "SigningKey",
    "Succession",
    "UserSession",
    "metadata",
]
