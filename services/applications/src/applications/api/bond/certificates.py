"""Routes of the balance certificate: the office's import, and what the association sees and prints."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from kit.errors import NotFound
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep
from pydantic import BaseModel, ConfigDict, Field

from applications import printing
from applications.api.context import DeskDep
from applications.features.bond.certificates.commands import import_balances
from applications.features.bond.certificates.queries import certificate_of, paper_of

router = APIRouter(prefix="/v1", tags=["certificates"])
_EXAMPLE = "受付番号,基準日,残高(円)\r\nB-2026-000123,2026-03-31,1234567\r\n"
_CONTENT = {"text/csv": {"schema": {"type": "string", "examples": [_EXAMPLE]}}}
_CSV = {"requestBody": {"required": True, "content": _CONTENT}}
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


class CertificateBody(BaseModel):
    """A balance certificate as the page shows it."""

    model_config = ConfigDict(from_attributes=True)

    application_id: UUID
    reference: str
    association: str
    number: str | None = Field(description="積立組合番号, where there is one")
    month: int = Field(description="the chosen month (AS-31)")
    as_of: date = Field(description="the day whose balance it states (I-40)")
    shown_since: date = Field(description="the 7th business day of the month (AS-32, I-39)")
    balance_yen: int | None = Field(description="null while the office has not imported the balance of that day")
    next_on: date = Field(description="when the next certificate appears")


class ImportBody(BaseModel):
    """What became of a file."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    rows: int
    imported_at: datetime
    repeated: bool = Field(description="the very same file had been imported before; nothing was done")


@router.post("/balance-certificates/imports", status_code=201, response_model=ImportBody, openapi_extra=_CSV)
async def import_file(request: Request, once: OnceDep, session: SessionDep, actor: ActorDep, now: NowDep) -> Response:
    """Import a file of balances: CSV in UTF-8 or cp932, one row per association, all of it or nothing (AS-32).

    The same file again does nothing, and says so.
    """
    content = await request.body()

    async def work() -> ImportBody:
        return ImportBody.model_validate(await import_balances(session=session, actor=actor, content=content, now=now))

    return await once(work)


@router.get("/applications/{application_id}/balance-certificate")
async def view(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> CertificateBody:
    """The certificate that is shown now. Read by the office, it leaves a row in the access log."""
    found = await certificate_of(session=session, desk=desk, actor=actor, application_id=application_id, now=now)
    return CertificateBody.model_validate(found)


@router.get("/applications/{application_id}/balance-certificate.pdf", response_class=Response, responses=_PDF)
async def print_(application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep) -> Response:
    """The same as PDF; 404 while there is no balance."""
    found = await certificate_of(session=session, desk=desk, actor=actor, application_id=application_id, now=now)
    if found.balance_yen is None:
        raise NotFound(application_id=str(application_id))
    content = await run_in_threadpool(printing.write, paper_of(found, found.balance_yen))
    name = f"残高証明書_{found.reference}_{found.as_of.isoformat()}.pdf"
    headers = {
        "Content-Disposition": f"attachment; filename=\"certificate.pdf\"; filename*=UTF-8''{quote(name, safe='')}"
    }
    return Response(content, media_type="application/pdf", headers=headers)
