"""A green loan through the API: a couple that applies, and the office that approves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from applications.programmes import PROGRAMMES
from kit.sealed import seal
from madoguchi_contracts import Contact, ContactChanged, DocumentStored, InvitationAccepted, Role, Sealed, SetEntry
from sqlalchemy.ext.asyncio import AsyncSession

from support import green_loan as example
from support.counter import OUR_KEY, Counter, Person, open_counter, organisation
from support.danshin import Insurer
from support.econtract import contracts_of

CONSENT, TECHNICAL, IDENTITY = "consent", "technical", "identity"
INSPECTED = {"body_name": "見本検査機構", "reference_number": "K-1", "reported_on": "2026-04-02"}
PAPERS = ["conformity_certificate", "works_contract_copy", "invoice_copy", "contract_breakdown"]
FINAL = {"lines_yen": [1_200_000, 300_000], "subsidies_yen": 0}
RECEIPT = {"received": PAPERS, "shown": PAPERS[1:], **FINAL}
FUNDS = {
    "paid_on": "2026-04-02",
    **example.DELIVERY,
    "first_due_on": "2026-05-15",
    "repayment_day": 15,
}


@asynccontextmanager
async def open_loan_desk(url: str) -> AsyncIterator[Counter]:
    """The counter on a day when the example's rates hold; its bank and its inspection body are registered."""

    async def rates(_: AsyncSession) -> Any:
        return example.RATES

    async with open_counter(url, PROGRAMMES, dated={"green_loan": rates}) as desk:
        desk.clock.now = datetime(2026, 4, 2, 1, tzinfo=UTC)
        await desk.hear(organisation(example.BANK, "見本銀行", "ミホンギンコウ", "bank"))
        await desk.hear(organisation(example.BODY, "見本検査機構", "ミホンケンサキコウ", "inspection_body"))
        yield desk


async def step(person: Person, application: UUID, command: str, **body: Any) -> httpx.Response:
    """A step, good or refused."""
    return await person.post(f"/v1/applications/{application}/steps/{command}", body)


async def done(person: Person, application: UUID, command: str, **body: Any) -> Any:
    """A step that is taken; the application after it."""
    answer = await step(person, application, command, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def file(
    desk: Counter,
    application: UUID,
    *papers: tuple[str, UUID | None],
    version: int = 1,
    known: tuple[SetEntry, ...] = (),
) -> tuple[SetEntry, ...]:
    """These papers are stored beside those that are `known`: slot, and whose they are. `version` counts the changes of
    the set, which is returned.
    """
    entries = known + tuple(
        SetEntry(
            document_id=uuid4(),
            slot=slot,
            sha256=uuid4().hex * 2,
            size_bytes=1000,
            standard_type=True,
            placeholder=False,
            subject=subject,
        )
        for slot, subject in papers
    )
    await desk.hear(
        DocumentStored(
            application_id=application,
            document_id=entries[-1].document_id,
            slot=entries[-1].slot,
            sha256=entries[-1].sha256,
            size_bytes=1000,
            set_version=version,
            set=entries,
            total_bytes=1000 * len(entries),
        )
    )
    return entries


async def a_couple(desk: Counter) -> tuple[Person, Person, UUID]:
    """A draft of two persons that can be handed in."""
    owner, wife = desk.person(Role.APPLICANT), desk.person(Role.JOINT_DEBTOR)
    contact = Contact(mail=example.MAIL, name="見本 太郎", user_id="U-1")
    sealed = Sealed(seal(contact, OUR_KEY.as_dict(private=False)))
    await desk.hear(ContactChanged(account_id=owner.account_id, contact=sealed, contact_for_applications=sealed))
    application = await owner.start("green_loan")
    await desk.hear(
        InvitationAccepted(
            account_id=wife.account_id,
            invitation_id=uuid4(),
            application_id=application,
            invited_by=owner.account_id,
            role=Role.JOINT_DEBTOR.value,
        )
    )
    content = example.content_with(
        joint_debtors=[example.joint_debtor(wife.account_id)],
        papers=[*example.content()["papers"], {"slot": "joint_debtor_1_my_number_card", "confirmed": ["front_only"]}],
    )
    assert (await owner.save(application, content)).status_code == 200
    await file(
        desk,
        application,
        ("my_number_card", owner.account_id),
        ("tax_assessment", owner.account_id),
        ("my_number_card", wife.account_id),
        ("application_building_register", None),
        ("application_works_contract", None),
    )
    return owner, wife, application


async def agree(application: UUID, *people: Person) -> None:
    """Everybody agrees to the content as it stands (GL-255)."""
    for person in people:
        view = await person.view(application)
        said = {
            "draft_version": view["draft_version"],
            "text_version": "2026-04",
            "personal_data": True,
            "outline": True,
        }
        await done(person, application, "agree", track=CONSENT, subject=str(person.account_id), facts=said)


async def examined(reviewer: Person, review: UUID) -> None:
    """Everybody and every file, as the screen of the review lists them."""
    seen = (await reviewer.get(f"/v1/reviews/{review}")).json()
    facts = {
        "persons": [{"person": one["key"], "hit": False} for one in seen["examined"] if one["kind"] == "person"],
        "checked_on": "2026-04-01",
        "papers": [{"document": one["document_id"], "result": "checked"} for one in seen["documents"]],
    }
    answer = await reviewer.post(f"/v1/reviews/{review}/examine", {"facts": facts})
    assert answer.status_code == 200, answer.text


async def approved(desk: Counter, application: UUID, owner: Person, *others: Person, **facts: Any) -> Person:
    """Handed in, recommended and approved; returns the officer who recommended."""
    await agree(application, owner, *others)
    submitted = await owner.submit(application)
    assert submitted.status_code == 201, submitted.text
    assert submitted.json()["state"] == "under_review"
    await desk.hear_own(application)
    (review,) = await desk.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    reviewer, approver = desk.person(Role.OFFICE_REVIEWER), desk.person(Role.OFFICE_APPROVER)
    await examined(reviewer, review.id)
    assert (await reviewer.post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    said = {"facts": {"amount_yen": 1_400_000, **facts}}
    answer = await approver.post(f"/v1/reviews/{review.id}/approve", said)
    assert answer.status_code == 200, answer.text
    return reviewer


async def insured(desk: Counter, owner: Person, application: UUID) -> None:
    """The insurer's service has opened the applicant's danshin, and accepts."""
    insurer = Insurer(desk)
    await insurer.turns()
    (one,) = [
        one for one in insurer.state.applications.values() if one.wish.name == "見本 太郎" and one.status == "open"
    ]
    insurer.declares(one)
    insurer.decides(one, "joined")
    assert (await insurer.calls(one)).status_code == 204
    await insurer.turns()
    tracks = (await owner.view(application))["tracks"]
    assert [at["state"] for at in tracks if at["track"] == "danshin"] == ["joined"]


async def papers_received(desk: Counter) -> tuple[Person, Person, UUID, Person, Person]:
    """A couple's approved loan, insured, whose works need no certificate and whose last papers the bank has: the
    couple, the application, the reviewer and the clerk.
    """
    owner, wife, application = await a_couple(desk)
    reviewer = await approved(desk, application, owner, wife)
    await insured(desk, owner, application)
    clerk = desk.person(Role.BANK, organisation_id=example.BANK)
    await done(reviewer, application, "omit", track=TECHNICAL, facts=INSPECTED)
    await done(clerk, application, "receive", facts=RECEIPT)
    return owner, wife, application, reviewer, clerk


async def paid_out(desk: Counter) -> tuple[Person, Person, UUID]:
    """A couple's loan of which the funds are paid, on the second of April 2026: the first instalment is due in May."""
    desk.clock.now = datetime(2026, 4, 2, 1, tzinfo=UTC)
    owner, wife, application, reviewer, clerk = await papers_received(desk)
    period = {"first": "2026-04-02", "last": "2026-04-16", "amount_yen": 1_400_000}
    await done(reviewer, application, "open_contract", facts=period)
    for person in (owner, wife):
        seen = {"papers": ["DRIVING_LICENCE"]}
        await done(clerk, application, "see", track=IDENTITY, subject=str(person.account_id), facts=seen)
    desk.clock.advance(seconds=1)
    async with contracts_of(desk) as contracts:
        await contracts.work()
        await contracts.sign(owner, application)
        await contracts.sign(wife, application)
    funds = {**FUNDS, **example.accounts(owner.account_id)}
    assert (await done(clerk, application, "disburse", facts=funds))["state"] == "repaying"
    return owner, wife, application
