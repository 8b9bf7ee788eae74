"""Routes of the loans' balance certificates: what debtors see and print, and what the office posts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep
from pydantic import BaseModel, Field

from applications import printing
from applications.api.context import DeskDep
from applications.api.schemas.common import Body
from applications.features.green_loan.certificates import commands, queries
from applications.features.green_loan.certificates.queries import Posting

router = APIRouter(prefix="/v1", tags=["certificates"])
YearPath = Annotated[int, Path(ge=2000, le=2999, description="the calendar year", examples=[2026])]
CursorQuery = Annotated[str | None, Query(description="`next_cursor` of the page before")]
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


class PostingBody(Body):
    """When certificates are posted: both days in Japan, both included."""

    first: date = Field(examples=["2027-01-15"])
    last: date = Field(examples=["2027-01-31"])


class CertificateOfYearBody(BaseModel):
    """The certificate of a year that is over."""

    year: int
    number: int = Field(description="the so-many-th, of `sendings` in all")
    as_of: date = Field(description="31 December of the year")
    owed_yen: int = Field(description="all principal that was owed on that day, arrears included")
    posting: PostingBody | None = Field(description="null while the time of posting is not announced (GL-507)")


class CertificatesBody(BaseModel):
    """The certificates of a loan."""

    reference: str
    sendings: int = Field(description="how many are wanted, one a year from that of the contract on (GL-506, GL-509)")
    certificates: list[CertificateOfYearBody]


class ToPostBody(Body):
    """A paper that is to be posted."""

    application_id: UUID
    reference: str
    number: int
    sendings: int


class ToPostPageBody(Body):
    """What is to be posted for a year."""

    posting: PostingBody | None
    items: list[ToPostBody]
    next_cursor: str | None


@router.get("/applications/{application_id}/balance-certificates")
async def of_loan(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> CertificatesBody:
    """The certificates of the years that are over, to everybody who owes the loan."""
    found = await queries.certificates_of(
        session=session, desk=desk, actor=actor, application_id=application_id, now=now
    )
    return CertificatesBody(
        reference=found.reference,
        sendings=found.sendings,
        certificates=[
            CertificateOfYearBody(
                **vars(one.certificate),
                posting=PostingBody.model_validate(one.posting) if one.posting else None,
            )
            for one in found.certificates
        ],
    )


@router.get("/applications/{application_id}/balance-certificates/{year}.pdf", response_class=Response, responses=_PDF)
async def print_of_year(
    application_id: UUID, year: YearPath, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep
) -> Response:
    """The certificate of a year as PDF. Read by the office, it leaves a row in the access log."""
    found, printed = await queries.paper_of(
        session=session, desk=desk, actor=actor, application_id=application_id, year=year, now=now
    )
    content = await run_in_threadpool(printing.write, printed)
    name = f"融資額残高証明書_{dict(printed.rows)['受付番号']}_{found.year}.pdf"
    headers = {
        "Content-Disposition": f"attachment; filename=\"certificate.pdf\"; filename*=UTF-8''{quote(name, safe='')}"
    }
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/programmes/green_loan/balance-certificates/{year}")
async def to_post(
    year: YearPath,
    session: SessionDep,
    actor: ActorDep,
    desk: DeskDep,
    now: NowDep,
    cursor: CursorQuery = None,
) -> ToPostPageBody:
    """What the office posts for a year, by reference. A page may be short and still have a next one."""
    page = await queries.to_post(session=session, desk=desk, actor=actor, year=year, cursor=cursor, now=now)
    return ToPostPageBody.model_validate(page)


@router.post("/programmes/green_loan/balance-certificates/{year}/posting", status_code=201, response_model=PostingBody)
async def announce(
    year: YearPath, body: PostingBody, once: OnceDep, session: SessionDep, actor: ActorDep, now: NowDep
) -> Response:
    """Announce when the certificates of a year are posted (GL-507); debtors see it beside them."""

    async def work() -> PostingBody:
        posting = Posting(body.first, body.last)
        made = await commands.announce(session=session, actor=actor, year=year, posting=posting, now=now)
        return PostingBody.model_validate(made)

    return await once(work)
