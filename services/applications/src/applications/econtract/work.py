"""The work of the worker's loop that speaks with the provider of electronic contracts (`kit.providers.jobs`)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from kit.clock import Clock
from kit.db import Database
from kit.providers.jobs import Due, Jobs
from madoguchi_contracts import ContractLinks
from sqlalchemy.ext.asyncio import AsyncSession

from applications.cases import by_id
from applications.desk import Desk
from applications.econtract import commands, paper, rows
from applications.econtract.client import EContractClient, Order
from applications.econtract.rows import PROVIDER, TABLE, Envelope
from applications.programme import ElectronicContract


def jobs(
    database: Database,
    desk: Desk,
    client: EContractClient,
    clock: Clock,
    *,
    poll: timedelta,
    portal: str,
    video_url: str,
) -> Jobs:
    """The envelopes, and what is done about each that is due. Mails lead to `portal` and to the video (GL-484)."""

    async def work(due: Due) -> None:
        async with database.transaction() as session:
            envelope = await rows.read(session, due.id)
            contract, names = await _contract(session, desk, envelope)
        if envelope.ended_at is not None:
            truth = await client.void(envelope.id)
            async with database.transaction() as session:
                await commands.keep_void(session, desk, due, truth, clock())
            return
        if envelope.paper is None:
            terms = desk.unlock(envelope.terms, rows.of_terms(envelope.id))
            content = await asyncio.to_thread(paper.write, contract.title, contract.preamble, terms)
            async with database.transaction() as session:
                envelope = await commands.keep_paper(session, desk, envelope.id, content)
        if envelope.provider_id is None:
            async with database.transaction() as session:
                allowed = await commands.may_be_sent(session, desk, due, clock())
            if not allowed:
                return
            opened = await client.open(_order(desk, envelope, contract.title, names))
            links = ContractLinks(url=f"{portal}/applications/{envelope.application_id}/contract", video_url=video_url)
            async with database.transaction() as session:
                await commands.offer(session, desk, due, opened, links=links, poll=poll, now=clock())
            return
        truth = await client.look(envelope.provider_id, names)
        signed = await client.document(envelope.provider_id) if truth.status == "completed" else None
        async with database.transaction() as session:
            await commands.apply_truth(session, desk, due, truth, signed, poll=poll, now=clock())

    return Jobs(PROVIDER, TABLE, work)


async def _contract(
    session: AsyncSession, desk: Desk, envelope: Envelope
) -> tuple[ElectronicContract, Mapping[UUID, str]]:
    """What the programme says of it, and what the provider calls everybody who signs, by our reference."""
    application = await by_id(session, desk, envelope.application_id)
    contract = rows.contract_of(application.programme)
    names = contract.signers(application.case(envelope.opened_at))
    return contract, {one.reference: names[one.account_id] for one in envelope.signers.values()}


def _order(desk: Desk, envelope: Envelope, title: str, names: Mapping[UUID, str]) -> Order:
    content = rows.unlock_file(desk, envelope.paper or "", rows.of_paper(envelope.id))
    return Order(
        reference=envelope.id,
        title=title,
        document=b64encode(content).decode(),
        sha256=envelope.paper_sha256 or "",
        expires_at=envelope.expires_at,
        signers=names,
    )
