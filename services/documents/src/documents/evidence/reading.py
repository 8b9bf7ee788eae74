"""Looks whether a PDF is what the income information retrieval service issued: `python -m documents.evidence.reading`.

The file comes by standard input, the certificates of the service (PEM) by the environment; the answer goes to standard
output. It is a program of its own, started for one file, because it takes apart what a stranger made: a file that eats
memory or time, or breaks the reader, ends this process and no other, and what it prints may be neither long nor of
another form. No secret is handed to it.

It is no wall against a file that makes it run code of the file's own: this process has the user of the worker and its
network, so such code could read the worker's environment and memory by /proc, or call any file VERIFIED.

What counts is one signature, over the whole file as it is (PAdES), by a certificate of the service. Every update behind
it is a change, also one that PDF would allow, such as a comment: nobody has a reason to add to it.
"""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import sys
from collections.abc import Collection
from typing import Any

from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from documents.evidence.results import ANSWER_BYTES, CERTIFICATES, Result

ATTACHMENT = "income.json"
ATTACHMENT_BYTES = 20_000
MEMORY_BYTES = 256 * 1024 * 1024  # of addresses; a usual file takes 70 MB, the libraries included
CPU_SECONDS = 20


def look(content: bytes, pem: bytes) -> tuple[Result, bytes | None]:
    """What the file is, and what is attached to it if it is VERIFIED. `pem`: the certificates of the service."""
    certificates = [*load_certs_from_pemder_data(pem)] if pem.strip() else []
    known = {one.dump() for one in certificates}
    try:
        reader = PdfFileReader(io.BytesIO(content))
        signatures = list(reader.embedded_signatures)
        ours = [one for one in signatures if one.signer_cert.dump() in known]
    except Exception:  # noqa: BLE001 - a hostile file breaks the reader in whatever way
        return Result.UNREADABLE, None
    if not signatures:
        return Result.NOT_SIGNED, None
    if not ours:
        return Result.UNKNOWN_SIGNER, None
    try:
        if len(signatures) > 1 or not _is_whole(ours[0], certificates):
            return Result.CHANGED, None
        if not _in_time(ours[0]):  # nobody altered it: an applicant who is told so would be accused of it
            return Result.UNKNOWN_SIGNER, None
    except Exception:  # noqa: BLE001 - likewise: a signature of ours that cannot be followed is not as we made it
        return Result.CHANGED, None
    try:
        return Result.VERIFIED, _attached(reader)
    except Exception:  # noqa: BLE001 - issued by the service in a form that is not known here
        return Result.UNREADABLE, None


def _is_whole(signature: EmbeddedPdfSignature, certificates: Collection[Any]) -> bool:
    """Whether the signature is sound, and covers every byte of the file."""
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[*certificates], allow_fetching=False))
    return bool(status.intact and status.valid and status.coverage == SignatureCoverageLevel.ENTIRE_FILE)


def _in_time(signature: EmbeddedPdfSignature) -> bool:
    """Whether it says that it was made while its certificate was valid."""
    certificate, at = signature.signer_cert, signature.self_reported_timestamp
    return at is not None and bool(certificate.not_valid_before <= at <= certificate.not_valid_after)


def _attached(reader: PdfFileReader) -> bytes:
    """The data of the file. Raises whatever a form that is not ours brings about."""
    names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    files = {str(names[place]): names[place + 1] for place in range(0, len(names), 2)}
    file: DictionaryObject = files[ATTACHMENT]
    data: bytes = file["/EF"]["/F"].data
    if len(data) > ATTACHMENT_BYTES:
        raise ValueError("the attachment is too large")
    return data


def main() -> None:
    """Answer `{"result", "attachment"}` (base64, or null) for the file on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER_BYTES, ANSWER_BYTES))
    result, attachment = look(sys.stdin.buffer.read(), os.environ[CERTIFICATES].encode())
    encoded = base64.b64encode(attachment).decode() if attachment is not None else None
    sys.stdout.write(json.dumps({"result": result, "attachment": encoded}))


if __name__ == "__main__":
    main()
