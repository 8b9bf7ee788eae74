"""What bytes and names say, how files are served, and which moves a document can make."""

import io
import zipfile
from datetime import UTC, datetime
from itertools import product
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from documents.domain import (
    HEAD_BYTES,
    REFUSAL_RULES,
    TRANSITIONS,
    DocumentStatus,
    Refusal,
    content_disposition,
    contradicts_its_type,
    file_key,
    quarantine_key,
    refusal_finding,
    served_content_type,
)
from documents.models import Document, ImpossibleMove
from hypothesis import given
from hypothesis import strategies as st

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
GIF = b"GIF89a\x01\x00\x01\x00"
TEXT = "号室,氏名\r\n101,山田\r\n".encode("cp932")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "a")
    return buffer.getvalue()


def empty_zip() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


ZIP = zipped()


@pytest.mark.rule("DO-06")
@pytest.mark.parametrize(
    ("name", "content_type", "head"),
    [
        ("a.pdf", "application/pdf", PDF),
        ("a.PDF", "application/octet-stream", PDF),
        ("a.pdf", "application/pdf", b"\n" * 1000 + PDF),
        ("a.jpg", "image/jpeg", JPEG),
        ("a.JPEG", "image/jpeg", JPEG),
        ("a.png", "image/png", PNG),
        ("a.gif", "image/gif", GIF),
        ("a.gif", "image/gif", b"GIF87a"),
        ("a.zip", "application/zip", ZIP),
        ("a.zip", "application/x-zip-compressed", ZIP),
        ("a.zip", "application/zip", empty_zip()),
        ("a.csv", "text/csv", TEXT),
        ("a.csv", "application/vnd.ms-excel", TEXT),
        ("a.csv", "text/csv", b""),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIP),
        ("a.docx", "application/octet-stream", PDF),
        ("a", "application/octet-stream", b""),
        ("a.png.bak", "application/octet-stream", TEXT),
        ("6MBを超えたため書類を郵送します。.pdf", "application/pdf", b""),
        ("6MBを超えたため書類を郵送します。.pdf", "text/plain", TEXT),
    ],
)
def test_a_file_that_is_what_it_claims_or_claims_nothing_known_passes(
    name: str, content_type: str, head: bytes
) -> None:
    assert not contradicts_its_type(name, content_type, head)


@pytest.mark.rule("DO-06")
@pytest.mark.parametrize(
    ("name", "content_type", "head"),
    [
        ("a.pdf", "application/pdf", PNG),
        ("a.pdf", "application/octet-stream", TEXT),
        ("a.pdf", "application/pdf", b""),
        ("a.pdf", "application/pdf", b"MZ\x90\x00"),
        ("a.pdf", "image/png", PDF),
        ("a.docx", "application/pdf", ZIP),
        ("a.jpg", "image/jpeg", PNG),
        ("a.jpg", "image/png", JPEG),
        ("a.zip", "application/zip", b"Rar!\x1a\x07\x00"),
        ("a.csv", "text/csv", ZIP),
        ("a.csv", "application/octet-stream", PDF),
        ("a.pdf", "application/pdf", b"\n" * HEAD_BYTES + PDF),
        ("6MBを超えたため書類を郵送します.pdf", "application/pdf", b""),
    ],
)
def test_a_file_that_is_not_what_name_or_content_type_claims_is_found_out(
    name: str, content_type: str, head: bytes
) -> None:
    assert contradicts_its_type(name, content_type, head)


@pytest.mark.parametrize(
    ("name", "fallback", "full"),
    [
        ("管理規約.pdf", "document.pdf", "管理規約.pdf"),
        ("か\u3099.PDF", "document.pdf", "が.PDF"),
        ('a"b\\c/d.zip', "document.zip", 'a"b_c_d.zip'),
        ("名前", "document", "名前"),
        ("a.書類", "document", "a.書類"),
        ("100%;x=1.csv", "document.csv", "100%;x=1.csv"),
    ],
)
def test_a_file_is_saved_under_its_own_name(name: str, fallback: str, full: str) -> None:
    start = f"attachment; filename=\"{fallback}\"; filename*=UTF-8''"
    header = content_disposition(name)
    assert header.startswith(start)
    assert unquote(header.removeprefix(start)) == full


@given(st.text(min_size=1, max_size=255).filter(lambda name: not any("\ud800" <= c <= "\udfff" for c in name)))
def test_no_name_can_break_out_of_the_header(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert header.count(";") == 2


@pytest.mark.parametrize("claimed", ["text/html", "image/svg+xml", "application/javascript", "text/xml"])
def test_what_a_browser_could_run_is_served_as_plain_bytes(claimed: str) -> None:
    assert served_content_type(claimed) == "application/octet-stream"
    assert served_content_type("application/pdf") == "application/pdf"


def test_each_attempt_has_a_key_of_its_own() -> None:
    application, document = uuid4(), uuid4()
    assert file_key(application, document, uuid4()) != file_key(application, document, uuid4())
    assert quarantine_key(application, document) == f"quarantine/{application}/{document}"


@pytest.mark.rule("DO-05")
@pytest.mark.parametrize(("limit", "shown"), [(6 * 1024 * 1024, "6MB"), (1024 * 1024 * 3 // 2, "1.5MB")])
def test_the_applicant_is_told_the_limit(limit: int, shown: str) -> None:
    finding = refusal_finding(Refusal.TOTAL_OVER_LIMIT, slot="other1", limit_bytes=limit)
    assert (finding.rule, finding.code, finding.field) == ("DO-05", "TOTAL_OVER_LIMIT", "other1")
    assert shown in finding.message


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_rule_and_tells_what_to_do(refusal: Refusal) -> None:
    finding = refusal_finding(refusal, slot="other1", limit_bytes=1)
    assert finding.rule == REFUSAL_RULES[refusal]
    assert finding.message.endswith("。")
    assert "{" not in finding.message


MOVES = {(before, after) for before, afters in TRANSITIONS.items() for after in afters}


@pytest.mark.parametrize(("before", "after"), list(product(DocumentStatus, DocumentStatus)))
def test_a_document_moves_as_the_table_says_and_never_otherwise(before: DocumentStatus, after: DocumentStatus) -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    document = Document(id=UUID(int=1), status=before.value, file_name="青葉花子.pdf")
    if (before, after) not in MOVES:
        with pytest.raises(ImpossibleMove):
            document.move(after, now)
        assert document.status == before.value
        return
    document.move(after, now)
    assert document.status == after.value
    assert (document.stored_at, document.ended_at) == ((now, None) if after == "stored" else (None, now))


@pytest.mark.parametrize(("before", "after"), sorted(MOVES))
@pytest.mark.parametrize("object_key", [None, "files/a"])
def test_a_file_name_is_forgotten_with_the_file(
    before: DocumentStatus, after: DocumentStatus, object_key: str | None
) -> None:
    document = Document(id=UUID(int=1), status=before.value, file_name="青葉花子.pdf", object_key=object_key)
    document.move(after, datetime(2026, 4, 1, tzinfo=UTC))
    gone = after in ("refused", "expired", "purged") or (after != "stored" and object_key is None)
    assert document.file_name == ("" if gone else "青葉花子.pdf")


def test_a_settled_upload_cannot_become_another_one() -> None:
    ends = {status for status, afters in TRANSITIONS.items() if not afters}
    assert ends == {DocumentStatus.REFUSED, DocumentStatus.EXPIRED, DocumentStatus.PURGED}
    assert set(TRANSITIONS) == set(DocumentStatus)
