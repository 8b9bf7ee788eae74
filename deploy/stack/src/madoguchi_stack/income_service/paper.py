"""The evidence as PDF: one page to read, its data attached, and a signature over the whole file (PAdES).

Its letters are those that PDF itself names for Japanese, as in the certificates of applications: no font is shipped.
"""

import io
from datetime import date

from kit.japan.era import format_era
from madoguchi_contracts import IncomeEvidence
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from madoguchi_stack.signer import Signer

ATTACHMENT = "income.json"
TITLE = "収入証明書"
SERVICE = "収入情報取得サービス(模擬)"
_FONT = "HeiseiKakuGo-W5"
_MARGIN, _ROW = 72.0, 34.0
_WIDTH, _HEIGHT = A4

pdfmetrics.registerFont(UnicodeCIDFont(_FONT))


def issue(evidence: IncomeEvidence, signer: Signer) -> bytes:
    """The file that a person downloads. Nothing may be added to it afterwards: any change breaks the signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(page_of(evidence)))
    data = EmbeddedFileObject.from_file_data(writer, evidence.model_dump_json().encode(), mime_type="application/json")
    embed_file(writer, FileSpec(file_spec_string=ATTACHMENT, embedded_data=data))
    how = PdfSignatureMetadata(
        field_name="Signature",
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    signed: bytes = sign_pdf(writer, how, signer=_signer(signer)).getvalue()
    return signed


def _signer(signer: Signer) -> SimpleSigner:
    return SimpleSigner(
        signing_cert=next(load_certs_from_pemder_data(signer.certificate.encode())),
        signing_key=load_private_key_from_pemder_data(signer.key.encode(), passphrase=None),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )


def page_of(evidence: IncomeEvidence) -> bytes:
    """The page that people read."""
    file = io.BytesIO()
    page = Canvas(file, pagesize=A4, invariant=1)
    page.setTitle(TITLE)
    page.setAuthor(SERVICE)
    page.setFont(_FONT, 10.5)
    page.drawRightString(_WIDTH - _MARGIN, _HEIGHT - _MARGIN, format_era(evidence.issued_on))
    page.setFont(_FONT, 22)
    page.drawCentredString(_WIDTH / 2, _HEIGHT - 140, TITLE)
    page.setFont(_FONT, 10.5)
    top = _HEIGHT - 190
    for label, value in _rows(evidence):
        page.setLineWidth(0.5)
        page.rect(_MARGIN, top - _ROW, _WIDTH - 2 * _MARGIN, _ROW)
        page.drawString(_MARGIN + 10, top - 21, label)
        page.drawRightString(_WIDTH - _MARGIN - 10, top - 21, value)
        top -= _ROW
    page.drawString(_MARGIN, top - 30, f"{SERVICE}が発行しました。開発用のもので、証明の効力はありません。")
    page.drawString(_MARGIN, top - 48, "電子署名により、発行後に変更されていないことを確認できます。")
    page.showPage()
    page.save()
    return file.getvalue()


def _rows(evidence: IncomeEvidence) -> list[tuple[str, str]]:
    year = format_era(date(evidence.year, 12, 31)).partition("年")[0]
    amounts = (
        ("支払給与の総額", evidence.salary_yen),
        ("公的年金収入", evidence.pension_yen),
        ("所得金額", evidence.total_income_yen),
    )
    return [
        ("氏名", evidence.name),
        ("生年月日", format_era(evidence.birth)),
        ("対象年", f"{year}年分(1月〜12月)"),
        *((label, f"{yen:,}円") for label, yen in amounts if yen is not None),
    ]
