"""What reading a file comes to, by which certificates, and how it is told; apart from the reading itself, which only
its own process loads.
"""

from __future__ import annotations

from enum import StrEnum

from cryptography import x509
from pydantic import Base64Bytes, BaseModel

CERTIFICATES = "INCOME_SERVICE_CERTIFICATES"
"""Where the process that reads finds the certificates in its environment."""

ANSWER_BYTES = 64 * 1024
"""The most that the process may answer: twice what it has to say at most."""


class Result(StrEnum):
    """What a file is. The values are told in events."""

    VERIFIED = "VERIFIED"
    NOT_SIGNED = "NOT_SIGNED"
    CHANGED = "CHANGED"  # signed by the service, and not as it was then
    UNKNOWN_SIGNER = "UNKNOWN_SIGNER"
    UNREADABLE = "UNREADABLE"  # has a signature of some kind, and cannot be taken apart


class Answer(BaseModel):
    """What the process that reads prints. `attachment`: the data of the file, if it is VERIFIED."""

    result: Result
    attachment: Base64Bytes | None


def check_certificates(text: str) -> None:
    """Raises ValueError for a text that is neither empty nor certificates in PEM."""
    if text.strip():
        x509.load_pem_x509_certificates(text.encode())
