"""What requests work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from kit.http import AppContext, context_of

from documents.commands.requests import Seal
from documents.completion import Intake


@dataclass(frozen=True)
class Context(AppContext):
    """What requests work with."""

    intake: Intake
    seal: Seal


async def _context(request: Request) -> Context:
    return cast(Context, context_of(request))


ContextDep = Annotated[Context, Depends(_context)]
