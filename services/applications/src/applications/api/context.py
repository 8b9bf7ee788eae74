"""What requests of this service work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from kit.http import AppContext, context_of

from applications.desk import Desk
from applications.directories import PostalCodes, ZenginInstitutions
from applications.providers import Listener


@dataclass(frozen=True)
class Context(AppContext):
    """The kit's, with the desk and the directories, and what is done with the callbacks of each provider."""

    desk: Desk
    institutions: ZenginInstitutions
    postal_codes: PostalCodes
    listeners: Mapping[str, Listener]
    contract_video_url: str
    income_service_url: str


async def _context(request: Request) -> Context:
    return cast(Context, context_of(request))


async def _desk(request: Request) -> Desk:
    return cast(Context, context_of(request)).desk


ContextDep = Annotated[Context, Depends(_context)]
DeskDep = Annotated[Desk, Depends(_desk)]
