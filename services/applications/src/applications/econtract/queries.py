"""What those who sign and the office see of the contract, and the way to the place where it is signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.errors import Finding, NotFound, Refused
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import OFFICE, Action
from applications.cases import Application, open_for
from applications.desk import Desk
from applications.econtract import rows
from applications.econtract.commands import state_of
from applications.econtract.rows import Envelope


@dataclass(frozen=True)
class SignerSeen:
    """Somebody who signs."""

    account_id: UUID
    watched: bool
    signed_at: datetime | None


@dataclass(frozen=True)
class ContractSeen:
    """The contract of the period that was announced last. `sha256` is that of the paper that all sign; `against` keeps
    it from being concluded, whoever signs.
    """

    state: str
    expires_at: datetime
    sha256: str | None
    signed_sha256: str | None
    completed_at: datetime | None
    signers: tuple[SignerSeen, ...]
    against: tuple[Finding, ...]


class Paper(NamedTuple):
    """A PDF, and whether it has all signatures."""

    content: bytes
    signed: bool


async def contract_of(
    session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> ContractSeen:
    """How the contract stands. Raises Forbidden, NotFound."""
    application, envelope = await _seen(session, desk, actor, Action.VIEW_CONTRACT, application_id, now)
    case = application.case(now)
    contract = rows.contract_of(application.programme)
    signers = tuple(
        SignerSeen(one.account_id, contract.watched(case, one.account_id), one.signed_at)
        for one in envelope.signers.values()
    )
    return ContractSeen(
        state=state_of(envelope, now),
        expires_at=envelope.expires_at,
        sha256=envelope.paper_sha256,
        signed_sha256=envelope.signed_sha256,
        completed_at=envelope.completed_at,
        signers=signers,
        against=tuple(contract.against(case)),
    )


async def paper_of(session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime) -> Paper:
    """The paper with all signatures; before, the one that is to be signed (GL-484). Raises Forbidden, NotFound."""
    _, envelope = await _seen(session, desk, actor, Action.VIEW_CONTRACT, application_id, now)
    if envelope.signed_paper is not None:
        content = rows.unlock_file(desk, envelope.signed_paper, rows.of_signed_paper(envelope.id))
        return Paper(content, signed=True)
    if envelope.paper is None:
        raise NotFound(application_id=str(application_id))
    return Paper(rows.unlock_file(desk, envelope.paper, rows.of_paper(envelope.id)), signed=False)


async def place_of(session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime) -> str:
    """Where the actor signs at the provider. Raises Forbidden, NotFound; Refused before the video was watched and the
    content confirmed (GL-486), outside of the period (GL-483), while something stands against the contract that a
    signature does not mend (GL-101, GL-435, GL-495), and while the provider has not answered (GL-482).
    """
    application, envelope = await _seen(session, desk, actor, Action.SIGN_CONTRACT, application_id, now)
    contract = rows.contract_of(application.programme)
    found = list(contract.may_sign(replace(application.case(now), about=actor.account_id)))
    place = envelope.signers[actor.account_id].place
    if not found and envelope.trouble is not None:
        message = "契約内容を確認しています。機構からのご連絡をお待ちください。"
        found.append(Finding(contract.rule, "BEING_EXAMINED", message))
    if not found and place is None:
        message = "電子契約のご準備中です。メールでお知らせしますので、しばらくお待ちください。"
        found.append(Finding(contract.place_rule, "BEING_PREPARED", message))
    if found or place is None:
        raise Refused(findings=found, application_id=str(application_id))
    url: str = desk.unlock(place, rows.of_place(envelope.signers[actor.account_id].reference))
    return url


async def _seen(
    session: AsyncSession, desk: Desk, actor: Actor, action: Action, application_id: UUID, now: datetime
) -> tuple[Application, Envelope]:
    """Who takes part and signs nothing has nothing to do with the contract."""
    application = await open_for(session, desk, actor, action, application_id, now=now)
    envelope = await rows.last_of(session, application.id)
    if envelope is None or (actor.role not in OFFICE and actor.account_id not in envelope.signers):
        raise NotFound(application_id=str(application_id))
    return application, envelope
