"""Online identity verification (ID-70 to ID-80): choosing a method, the mailed link, and what the provider says.

The provider is never called in here: a run starts as a row, `verifications` (a loop of the worker) speaks with the
provider while no transaction is open, and comes back with `link_ready` or `apply_truth`.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit import deadlines
from kit.eventlog import record
from kit.providers.callbacks import first_time
from kit.providers.jobs import Due
from kit.providers.pauses import next_look
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.identity import EkycStarted, EkycStatusChanged
from madoguchi_contracts.sealed import Link
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import is_usable, lock_account
from identity.domain.durations import Lifetime, ends_at
from identity.domain.ekyc import EkycMethod, EkycStatus
from identity.domain.steps import LATE_RESULT, ProviderStatus, ekyc_steps, is_progress
from identity.errors import FAQ, LinkNotValid
from identity.keys import new_token, token_hash
from identity.models import Account, EkycAttempt, EkycCallback
from identity.permissions import Action, Relation, authorise
from identity.tools import Tools

LINK_EXPIRY = "ekyc_link_expiry"
_LIFETIMES = {
    EkycMethod.PHOTO: Lifetime.EKYC_PHOTO_LINK,
    EkycMethod.MY_NUMBER_CARD: Lifetime.EKYC_MYNUMBER_LINK,
}


class Asked(NamedTuple):
    """What the provider is asked about: a run of this method, and its own id of it once it has begun."""

    method: str
    verification_id: str | None


async def start(session: AsyncSession, *, actor: Actor, method: EkycMethod, now: datetime) -> EkycAttempt:
    """受付 on 本人確認の受付 (ID-74): a run with this method, which replaces any earlier one (I-05, I-22).

    Mail NO-08 follows when the provider has answered; until then the run waits, however long the provider is down.
    """
    account = await lock_account(session, actor.account_id)
    await void_runs(session, account.id, now)
    attempt = EkycAttempt(id=uuid.uuid4(), account_id=account.id, method=method.value, started_at=now, look_at=now)
    session.add(attempt)
    account.ekyc_id = attempt.id
    await _move(session, account, EkycStatus.METHOD_CHOSEN, now)
    await session.flush()
    return attempt


async def void_runs(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """No run that was begun counts any more. The account is locked."""
    await session.execute(
        update(EkycAttempt)
        .where(col(EkycAttempt.account_id) == account_id, col(EkycAttempt.superseded_at).is_(None))
        .values(superseded_at=now, look_at=None)
    )


async def _move(session: AsyncSession, account: Account, status: EkycStatus, now: datetime) -> None:
    account.move_ekyc(status)
    changed = EkycStatusChanged(account_id=account.id, ekyc_id=account.ekyc_id, status=status.value)
    await record(session, changed, now=now)


async def open_link(session: AsyncSession, tools: Tools, *, token: str, now: datetime) -> str:
    """The provider's address for the holder of a mailed link, to be shown as a QR code (ID-75). Raises LinkNotValid.

    interpretation: the link is used up when the verification it leads to has begun, not when its page is looked at:
    who reloads the page with the QR code, and a mail scanner that opens it, must not end the procedure.
    """
    attempt = (
        await session.scalars(select(EkycAttempt).where(col(EkycAttempt.token_sha256) == token_hash(token)))
    ).one_or_none()
    if (
        attempt is None
        or attempt.url_hidden is None
        or attempt.superseded_at is not None
        or attempt.provider_status != ProviderStatus.PENDING
        or (attempt.link_expires_at is not None and attempt.link_expires_at <= now)
    ):
        raise LinkNotValid(f"もう一度、本人確認方法の選択からお手続きください。{FAQ}", rules=["ID-76"])
    account = await queries.account_of(session, attempt.account_id)
    authorise(Role(account.role), Relation.MAILED_LINK, Action.OPEN_EKYC_LINK)
    if not is_usable(account, now):
        raise LinkNotValid(FAQ)
    return tools.keys.show(attempt.id, "ekyc_url", attempt.url_hidden)


async def take_callback(session: AsyncSession, *, event_id: str, verification_id: str, now: datetime) -> None:
    """A hint that something changed: look soon. What it says is not believed, and the same hint counts once."""
    if await first_time(session, EkycCallback.__tablename__, event_id, now):
        await session.execute(
            update(EkycAttempt)
            .where(
                col(EkycAttempt.verification_id) == verification_id,
                col(EkycAttempt.superseded_at).is_(None),
                col(EkycAttempt.provider_status).in_((ProviderStatus.PENDING.value, ProviderStatus.RUNNING.value)),
            )
            .values(look_at=now)
        )


# What the worker does


async def asked_about(session: AsyncSession, attempt_id: UUID) -> Asked:
    """What is known of a run that is due."""
    attempt = await session.get_one(EkycAttempt, attempt_id)
    return Asked(attempt.method, attempt.verification_id)


async def link_ready(
    session: AsyncSession, tools: Tools, *, due: Due, verification_id: str, url: str, now: datetime
) -> None:
    """The provider has a place for the verification: mail the link to it (ID-74, NO-08). The link's time starts now."""
    attempt = await _locked_attempt(session, due.id)
    if attempt is None or attempt.verification_id is not None:
        return  # replaced by a newer run meanwhile, or another worker was faster
    token = new_token()
    expires_at = ends_at(_LIFETIMES[EkycMethod(attempt.method)], now)
    attempt.verification_id = verification_id
    attempt.url_hidden = tools.keys.hide(attempt.id, "ekyc_url", url)
    attempt.token_sha256 = token_hash(token)
    attempt.link_issued_at = now
    attempt.link_expires_at = expires_at
    attempt.look_at = now + tools.ekyc_poll
    attempt.looks = 0
    event = EkycStarted(
        account_id=attempt.account_id,
        ekyc_id=attempt.id,
        method=attempt.method,
        link=tools.keys.seal_to("notifications", Link(url=tools.link("ekyc", token))),
        link_expires_at=expires_at,
    )
    await record(session, event, now=now)
    if expires_at is not None:
        await deadlines.schedule(session, kind=LINK_EXPIRY, subject_id=attempt.id, due_at=expires_at)


async def apply_truth(
    session: AsyncSession, tools: Tools, *, due: Due, status: ProviderStatus, sequence: int, now: datetime
) -> None:
    """What the provider says of a run. Only news of the current run moves the status, step by step (ID-77)."""
    attempt = await _locked_attempt(session, due.id)
    if attempt is None:
        return
    attempt.looks = 0
    known = ProviderStatus(attempt.provider_status)
    if is_progress(known=known, known_sequence=attempt.provider_sequence, told=status, sequence=sequence):
        attempt.provider_status, attempt.provider_sequence = status.value, sequence
        account = await queries.account_of(session, attempt.account_id)
        for step in ekyc_steps(EkycStatus(account.ekyc_status), status):
            await _move(session, account, step, now)
    if attempt.provider_status in (ProviderStatus.PASSED, ProviderStatus.FAILED) or _is_over(attempt, now):
        attempt.look_at = None
    elif attempt.look_at == due.lease:  # else a callback came in meanwhile: look again at once
        attempt.look_at = next_look(attempt.started_at, now, tools.ekyc_poll)


def _is_over(attempt: EkycAttempt, now: datetime) -> bool:
    """Whether a photo link ran out unused so long ago that no start can be heard any more."""
    unused = attempt.provider_status == ProviderStatus.PENDING
    return unused and attempt.link_expires_at is not None and attempt.link_expires_at + LATE_RESULT <= now


async def expire_link(session: AsyncSession, attempt_id: UUID, now: datetime) -> None:
    """The photo link ran out unused: back to 情報登録済 (ID-76, I-23). A timer calls this."""
    attempt = await _locked_attempt(session, attempt_id)
    if attempt is None:
        return
    account = await queries.account_of(session, attempt.account_id)
    if account.ekyc_status == EkycStatus.METHOD_CHOSEN:  # any other status says that it was used
        await _move(session, account, EkycStatus.DATA_REGISTERED, now)


async def _locked_attempt(session: AsyncSession, attempt_id: UUID) -> EkycAttempt | None:
    """The run under its account's row lock; None once a newer run replaced it."""
    account_id = (
        await session.scalars(select(col(EkycAttempt.account_id)).where(col(EkycAttempt.id) == attempt_id))
    ).one()
    await lock_account(session, account_id)
    attempt = await session.get_one(EkycAttempt, attempt_id, with_for_update=True)
    return attempt if attempt.superseded_at is None else None
