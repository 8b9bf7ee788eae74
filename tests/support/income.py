"""Files of the income information retrieval service, as it issues them and as others change them."""

from __future__ import annotations

import io
import re
import zlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from madoguchi_contracts import IncomeEvidence
from madoguchi_stack.income_service.paper import ATTACHMENT, issue, page_of
from madoguchi_stack.signer import Signer, make_signer
from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

EVIDENCE = IncomeEvidence(
    name="見本 太郎",
    birth=date(1980, 5, 17),
    year=2025,
    issued_on=date(2026, 4, 10),
    salary_yen=6_000_000,
    pension_yen=None,
    total_income_yen=4_360_000,
)
SERVICE, SOMEBODY = make_signer(), make_signer()


@cache
def of_another_time(days: int) -> Signer:
    """The service's key, with a certificate that is valid for a day, so many days from now."""
    key = serialization.load_pem_private_key(SERVICE.key.encode(), None)
    like, since = x509.load_pem_x509_certificate(SERVICE.certificate.encode()), datetime.now(UTC) + timedelta(days=days)
    builder = x509.CertificateBuilder(like.issuer, like.subject, like.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(since).not_valid_after(since + timedelta(days=1))
    for one in like.extensions:
        builder = builder.add_extension(one.value, one.critical)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return Signer(certificate=certificate.decode(), key=SERVICE.key)


@cache
def genuine(signer: Signer = SERVICE) -> bytes:
    """As the service issued it; or the same, signed by somebody else."""
    return issue(EVIDENCE, signer)


def stating(**changes: Any) -> bytes:
    """The service's, of somebody else, or of other amounts."""
    return issue(EVIDENCE.model_copy(update=changes), SERVICE)


def with_changed_byte(signer: Signer = SERVICE) -> bytes:
    """One byte of the page is another."""
    content = bytearray(genuine(signer))
    content[content.index(b"/MediaBox") + 2] ^= 1
    return bytes(content)


def with_comment() -> bytes:
    """A reader's program has added something behind the signature, in the way that PDF has for that."""
    writer = IncrementalPdfFileWriter(io.BytesIO(genuine()))
    writer.root["/Lang"] = generic.pdf_string("ja")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_other_attachment(data: bytes = b'{"salary_yen": 99000000}') -> bytes:
    """The data for programs is another, the page and the signature are the service's."""
    writer = IncrementalPdfFileWriter(io.BytesIO(genuine()))
    del writer.root["/Names"]
    writer.update_root()
    file = embed.EmbeddedFileObject.from_file_data(writer, data, mime_type="application/json")
    embed.embed_file(writer, embed.FileSpec(file_spec_string=ATTACHMENT, embedded_data=file))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def wrapped() -> bytes:
    """The signature is the service's, and covers a first part that is not what the file shows: the range says so."""
    content = genuine()
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\s*\]", content)
    assert found
    start, before, after, length = (int(one) for one in found.groups())
    shorter = b"/ByteRange [%d %d %d %d]" % (start, before, after, length - 40)
    return content.replace(found.group(), shorter.ljust(len(found.group())))


def unsigned() -> bytes:
    """Printed to a new PDF: the same page, and nobody's signature."""
    return page_of(EVIDENCE)


def bomb(signature: bytes = b"/ByteRange") -> bytes:
    """A file of a few kilobytes whose cross references unpack to 300 megabytes, which names a signature in passing."""
    packer, packed = zlib.compressobj(9), b""
    for _ in range(300):
        packed += packer.compress(bytes(1_048_576))
    packed += packer.flush()
    head = b"%PDF-1.7\n% " + signature + b"\n"
    table = b"1 0 obj\n<</Type/XRef/W[1 2 1]/Size 5/Root 2 0 R/Filter/FlateDecode/Length %d>>\nstream\n" % len(packed)
    return head + table + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
