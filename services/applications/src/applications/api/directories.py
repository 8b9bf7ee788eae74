"""Routes to look things up while filling in a form."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from kit.errors import NotFound
from kit.http import ActorDep, SessionDep

from applications.api import schemas
from applications.api.context import ContextDep
from applications.queries import lists

router = APIRouter(prefix="/v1", tags=["directories"])
SearchText = Annotated[
    str,
    Query(min_length=1, max_length=50, pattern=r"^[^\x00]*$", description="a code, or part of the name or its kana"),
]


@router.get("/postal-codes/{code}")
async def places(code: Annotated[str, Path(pattern="^[0-9]{7}$")], _: ActorDep, context: ContextDep) -> schemas.Places:
    """郵便番号検索: all addresses of a postal code (AS-38)."""
    found = context.postal_codes.places(code)
    return schemas.Places(
        items=[schemas.PlaceBody.model_validate(one) for one in found], as_of=context.postal_codes.as_of
    )


@router.get("/companies")
async def companies(
    query: SearchText,
    session: SessionDep,
    _: ActorDep,
    kind: Annotated[
        Literal["company", "bank", "inspection_body"],
        Query(description="management companies (AS-50), institutions of a loan (GL-021), inspection bodies (GL-022)"),
    ] = "company",
    cursor: Annotated[str | None, Query(max_length=600)] = None,
) -> schemas.CompanyList:
    """管理会社指定, and whom else an application names: organisations registered with the agency, by name or kana."""
    found, following = await lists.companies(session=session, kind=kind, query=query, cursor=cursor)
    return schemas.CompanyList(items=[schemas.CompanyBody.of(one) for one in found], next_cursor=following)


@router.get("/banks")
async def banks(query: SearchText, _: ActorDep, context: ContextDep) -> schemas.InstitutionList:
    """Institutions for the account; securities and insurance companies are not among them (AS-26)."""
    found, more = context.institutions.search(query)
    items = [schemas.InstitutionBody.model_validate(one) for one in found]
    return schemas.InstitutionList(items=items, more=more, as_of=context.institutions.as_of)


@router.get("/banks/{code}/branches")
async def branches(
    code: Annotated[str, Path(pattern="^[0-9]{4}$")], query: SearchText, _: ActorDep, context: ContextDep
) -> schemas.BranchList:
    """Branches of an institution."""
    found = context.institutions.search_branches(code, query)
    if found is None:
        raise NotFound
    fitting, more = found
    items = [schemas.BranchBody.model_validate(one) for one in fitting]
    return schemas.BranchList(items=items, more=more, as_of=context.institutions.as_of)
