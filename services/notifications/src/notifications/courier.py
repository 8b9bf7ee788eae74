"""The courier: takes queued mails, hands them to a relay with no transaction open, and records what became of them.

Each try is three short transactions: the claim (the try is counted), the beginning of DATA (from then on a crash leaves
the outcome unknown), and the outcome. Between them the mail is held by a lease. A process that dies, or sleeps through
its lease, loses the mail to another one and finds that out before it sends anything.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from kit.clock import Clock
from kit.db import Database, is_transient
from kit.errors import Unavailable
from kit.telemetry import span
from kit.vault import CannotDecrypt, Vault
from pydantic import ValidationError

from notifications import commands, metrics, queries
from notifications.channels import Letter, Relays
from notifications.commands import Claimed
from notifications.delivery import Fate, Outcome, State
from notifications.domain import Template
from notifications.rendering import BadAddress, compose, envelope_address, render

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0  # for what no bell announces: a mail that is due again, one redriven by an operator
SWEEP_SECONDS = 5.0
_MANY_DOMAINS = 10_000


class Pacer:
    """Spreads the mails to one domain: `per_second`, with a burst of as many."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_second
        self._burst = max(per_second, 1.0)
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}  # domain: tokens, at

    def pause_for(self, domain: str) -> float:
        """0 when a mail may go now (and is counted), else the seconds until the next one may."""
        now = self._clock()
        tokens, at = self._levels.get(domain, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        if len(self._levels) > _MANY_DOMAINS:
            self._levels.clear()  # a pause too few for some is better than memory without end
        if tokens < 1:
            self._levels[domain] = tokens, now
            return (1 - tokens) / self._rate
        self._levels[domain] = tokens - 1, now
        return 0.0


@dataclass
class Courier:
    """One worker's courier."""

    database: Database
    clock: Clock
    vault: Vault
    relays: Relays
    pacer: Pacer
    sender: str
    office_mailbox: str
    resent: frozenset[Template]
    parallel: int
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def ring(self) -> None:
        """There may be something to send: called after each commit in this process."""
        self._bell.set()

    async def run(self, stop: asyncio.Event, beat: Callable[[], None]) -> None:
        """Send until `stop`; then finish what is being sent."""
        swept = float("-inf")
        try:
            while not stop.is_set():
                beat()
                self._bell.clear()
                try:
                    if time.monotonic() - swept >= SWEEP_SECONDS:
                        swept = time.monotonic()
                        await self.sweep()
                    await self.start_due()
                except Unavailable:
                    log.warning("courier_waits_for_database")
                    await asyncio.sleep(POLL_SECONDS)
                try:
                    await asyncio.wait_for(self._bell.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue
            if self._sending:
                await asyncio.wait(self._sending)
            self.relays.close_idle(older_than_seconds=0)
        except asyncio.CancelledError:
            for task in self._sending:
                task.cancel()
            raise

    async def start_due(self) -> list[asyncio.Task[None]]:
        """Claim as many due mails as there is room for, and start sending them; returns what was started."""
        free = self.parallel - len(self._sending)
        if free <= 0:
            return []
        async with self.database.transaction() as session:
            mails = await commands.claim(
                session,
                limit=free,
                pause_for=self._pause_for,
                resent=self.resent,
                draw=random.random,
                now=self.clock(),
            )
        started = [asyncio.create_task(self._deliver(mail), name=f"mail {mail.id}") for mail in mails]
        for task in started:
            self._sending.add(task)
            task.add_done_callback(self._sent)
        return started

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self.ring()  # there is room again, and the next mail of the same lane may go
        if not task.cancelled() and task.exception() is not None:
            # The lease brings the mail back.
            log.error("courier_task_failed", task=task.get_name(), exc_info=task.exception())

    async def sweep(self) -> None:
        """What needs no hurry: dead links, idle connections, the state of the queue."""
        self.relays.close_idle()
        now = self.clock()
        async with self.database.transaction() as session:
            await commands.expire_links(session, now=now)
            queue = await queries.queue_of(session)
        for state in State:
            if state not in (State.ACCEPTED, State.EXPIRED):
                metrics.mails.labels(state.value).set(queue.by_state.get(state.value, 0))
        oldest = queue.oldest_unsent
        metrics.oldest_unsent_seconds.set((now - oldest).total_seconds() if oldest else 0)

    def _address(self, mail: Claimed, facts: dict[str, object]) -> str:
        return envelope_address(self.office_mailbox if mail.account_id is None else str(facts["mail"]))

    def _pause_for(self, mail: Claimed) -> float:
        try:
            address = self._address(mail, commands.open_facts(self.vault, mail))
        except (CannotDecrypt, BadAddress, KeyError):
            return 0.0  # the try will say what is wrong
        return self.pacer.pause_for(address.rpartition("@")[2].lower())

    async def _deliver(self, mail: Claimed) -> None:
        with span("send mail", traceparent=mail.traceparent, template=mail.template.value, attempt=mail.attempt):
            outcome, recipient = await self._try(mail)
            await self._record(mail, outcome, recipient)

    async def _try(self, mail: Claimed) -> tuple[Outcome, str | None]:
        """Send once; returns the outcome, and the address written to under the vault."""
        try:
            facts = commands.open_facts(self.vault, mail)
            address = self._address(mail, facts)
            content = compose(
                render(mail.template, facts, mail.programme),
                message_id=mail.id,
                sender=self.sender,
                recipient=address,
                written_at=mail.queued_at,
            )
        except BadAddress:
            return Outcome(Fate.FAILED, "bad_address"), None
        except (CannotDecrypt, KeyError, ValidationError) as error:
            # A key missing from the ring, or a defect of ours: to be mended, and then the mail still goes out.
            log.error("mail_cannot_be_written", message_id=str(mail.id), error=type(error).__name__)
            return Outcome(Fate.RETRY, "cannot_be_written"), None
        recipient = self.vault.encrypt(address.encode(), f"recipient:{mail.id}")

        async def before_data() -> bool:
            async with self.database.transaction() as session:
                return await commands.begin_data(session, mail=mail, now=self.clock())

        try:
            return await self.relays.send(Letter(self.sender, address, content), before_data), recipient
        except Exception as error:
            if not (isinstance(error, Unavailable) or is_transient(error)):
                log.error("mail_not_sent", message_id=str(mail.id), error=type(error).__name__, exc_info=True)
            return Outcome(Fate.RETRY, "internal"), recipient

    async def _record(self, mail: Claimed, outcome: Outcome, recipient: str | None) -> None:
        """Record the outcome, for as long as it takes: forgetting that a mail was accepted would send it twice."""
        metrics.tries.labels(mail.template.value, outcome.fate.value).inc()
        pause = 0.1
        while outcome.fate is not Fate.SUPERSEDED:
            now = self.clock()
            try:
                async with self.database.transaction() as session:
                    ours = await commands.settle(
                        session,
                        mail,
                        outcome,
                        recipient=recipient,
                        resent=self.resent,
                        draw=random.random(),  # noqa: S311 - spreads tries, keeps no secret
                        now=now,
                    )
            except Exception as error:
                if not (isinstance(error, Unavailable) or is_transient(error)):
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
                continue
            if outcome.fate is Fate.ACCEPTED and ours:
                waited = (now - mail.queued_at).total_seconds()
                metrics.seconds_to_acceptance.labels(mail.template.value).observe(max(waited, 0))
            break
        log.info(
            "mail_tried",
            message_id=str(mail.id),
            template=mail.template.value,
            attempt=mail.attempt,
            outcome=outcome.fate.value,
            code=outcome.code,
            relay=outcome.relay,
        )
