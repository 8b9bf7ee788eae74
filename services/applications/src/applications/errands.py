"""What the states of the programmes' tables start and end outside of them, by the names that the tables give it, and
who tells an operator of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from kit.why.witness import Answer
from sqlalchemy.ext.asyncio import AsyncSession

from applications.desk import Errand
from applications.econtract import commands as contract
from applications.econtract import why as contract_why
from applications.features.green_loan.danshin import commands as danshin
from applications.features.green_loan.danshin import why as danshin_why
from applications.provisions import why as suspension_why

ERRANDS: Mapping[str, Errand] = {**danshin.ERRANDS, **contract.ERRANDS}
WITNESSES: Sequence[Callable[[AsyncSession, UUID, Answer], Awaitable[None]]] = (
    danshin_why.tell,
    contract_why.tell,
    suspension_why.tell,
)
"""What `madoguchi why` asks besides: each adds what it knows of an application."""
