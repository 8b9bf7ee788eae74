"""What requests of this service work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from kit.http import AppContext, context_of

from applications.desk import Desk
from applications.directories import PostalCodes, ZenginInstitutions


@dataclass(frozen=True)
class Context(AppContext):
    """The kit's, with the desk and the directories."""

    desk: Desk
    institutions: ZenginInstitutions
    postal_codes: PostalCodes


async def _context(request: Request) -> Context:
    return cast(Context, context_of(request))


async def _desk(request: Request) -> Desk:
    return cast(Context, context_of(request)).desk


ContextDep = Annotated[Context, Depends(_context)]
DeskDep = Annotated[Desk, Depends(_desk)]
