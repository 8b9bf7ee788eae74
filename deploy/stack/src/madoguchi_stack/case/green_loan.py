"""One family's green loan, from trying it out to the first prepayment, with everybody on the other side."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

from kit.japan.months import add_months

from madoguchi_stack.case.loan import (
    AMOUNT_YEN,
    FATHER,
    IDENTITY,
    SPOUSE,
    Borrower,
    Loan,
    borrower,
    decide,
    evidence_seen,
    invite,
    offer_rates,
    today,
    works,
)
from madoguchi_stack.case.office import Clerk, Say, clerks, officers
from madoguchi_stack.case.people import Person
from madoguchi_stack.case.web import Unexpected, Web

APPROVED_YEN, PREPAID_YEN, REPAYMENT_DAY = 1_400_000, 400_000, 15
CONDITION = "借り入れ中の自動車ローンを完済すること"
CERTIFICATE_PAPERS = ["conformity_certificate", "works_contract_copy", "invoice_copy", "contract_breakdown"]
MESSAGE_MAIL = "【住宅金融支援機構】新しいメッセージのお知らせ"
CONTRACT_MAIL = "【住宅金融支援機構】グリーンリフォームローン ご契約手続のお知らせ"


async def play(web: Web, environment: dict[str, str], book: Path, say: Say) -> Loan:
    """The whole case; `environment` is the identity service's, `book` keeps the office's accounts for the next time.

    Those of bank and inspection body are kept beside it.
    """
    office, others, owner = await asyncio.gather(
        officers(web, environment, book, say),
        clerks(web, environment, book.with_name("organisation-accounts.json"), say),
        _arrive(web, say),
    )
    reviewer, approver = office["office_reviewer"], office["office_approver"]
    bank, inspector = others["bank"], others["inspection_body"]
    await offer_rates(approver)
    loan = await _apply(owner, bank, inspector, say)
    await loan.insure(owner)
    say("the applicant declared at the simulated danshin Web service, where its mail led; the insurer accepted")

    say(f"income evidence from the simulated service: genuine, and as declared ({await evidence_seen(reviewer, loan)})")

    condition = {"text": CONDITION, "due": "contract"}
    await decide(reviewer, approver, loan, "approve", {"amount_yen": APPROVED_YEN, "conditions": [condition]})
    say(f"under review by itself; recommended by one officer, {APPROVED_YEN:,} yen approved by another on a condition")
    for one in loan.everybody:
        await web.mail(one.person.account.mail, MESSAGE_MAIL)
        notices = await loan.read_messages(one)
    say(f"mails that say nothing led all to the office's messages: {', '.join(notices)}")

    await works(loan, inspector)
    say(f"works: plan confirmed, started, completed, reported, certified by {inspector.organisation_name}")
    await _contract(loan, reviewer, bank, say)
    await _repay(loan, bank, say)
    return loan


async def _arrive(web: Web, say: Say) -> Borrower:
    owner = await borrower(web)
    say(f"registered for the loan and logged in: user ID {owner.person.account.user_id}")
    await owner.person.verify_identity()
    say("the applicant's identity is verified at the simulated provider (eKYC: 合格)")
    return owner


async def _apply(owner: Borrower, bank: Clerk, inspector: Clerk, say: Say) -> Loan:
    loan = await Loan.start(owner)
    for relative in (SPOUSE, FATHER):
        await invite(loan, relative)
    say(f"{loan.reference} started; spouse and father came by mailed invitations, with accounts of their own")
    content = loan.content(await loan.find(bank), await loan.find(inspector))
    tried = await owner.person.web.post("applications", "/v1/programmes/green_loan/trial", {"content": content})
    figures = tried["content"]["figures"]
    say(
        f"tried out without a login: at most {figures['limit']['limit_yen']:,} yen, "
        f"{figures['monthly_yen']:,} yen a month, {len(tried['papers'])} papers, "
        f"ratio {figures['ratio_percent']}% of at most {figures['ratio_most_percent']}%"
    )
    await loan.save(content)
    count = await loan.hand_in()
    say(f"form saved; {count} papers are in the store and checked, each person's own by themselves")
    await loan.agree()
    shown = (await loan.confirm())["content"]["figures"]
    say(
        f"all agreed; {AMOUNT_YEN:,} yen at {shown['rate_percent']}% confirmed with a one-time password: "
        f"{shown['monthly_yen']:,} yen a month"
    )
    return loan


async def _contract(loan: Loan, reviewer: Person, bank: Clerk, say: Say) -> None:
    receipt = {"received": CERTIFICATE_PAPERS, "shown": CERTIFICATE_PAPERS[1:]}
    await loan.step(bank.person, "receive", facts={**receipt, "lines_yen": [1_200_000, 300_000], "subsidies_yen": 0})
    seen = {"papers": ["DRIVING_LICENCE"]}
    for one in loan.debtors:
        await loan.step(bank.person, "see", track=IDENTITY, subject=one.account_id, facts=seen)
    await loan.step(bank.person, "fulfil", facts={"conditions": [0]})
    say(f"{bank.organisation_name} received the papers, saw both debtors' licences, and the condition is fulfilled")

    first, last = today(), today() + timedelta(days=14)
    period = {"first": str(first), "last": str(last), "amount_yen": APPROVED_YEN}
    await loan.step(reviewer, "open_contract", facts=period)
    for one in loan.everybody:
        await one.person.web.mail(one.person.account.mail, CONTRACT_MAIL)
    say(f"contract period {first} to {last} announced to all by mail, with what to do")
    for one in loan.debtors:
        await loan.sign(one)
    state = await loan.sign(loan.owner)
    if state != "contracted":
        raise Unexpected(f"all have signed, and the loan is {state}")
    contract = await loan.signed_contract(loan.debtors[0])
    say(f"all signed at the provider; the contract is concluded by that, and here with them ({len(contract)} bytes)")


def _delivery_periods(paid_on: date) -> list[dict[str, str]]:
    """The agency's two delivery periods of the month: its two halves."""
    middle = paid_on.replace(day=15)
    last = add_months(paid_on.replace(day=1), 1) - timedelta(days=1)
    halves = ((paid_on.replace(day=1), middle), (middle + timedelta(days=1), last))
    return [{"first": str(first), "last": str(last)} for first, last in halves]


async def _repay(loan: Loan, bank: Clerk, say: Say) -> None:
    paid_on = today()
    first_due_on, after_it = (add_months(paid_on.replace(day=REPAYMENT_DAY), months) for months in (1, 2))
    account = {
        "institution": bank.organisation_id,
        "branch": "123",
        "number": "7654321",
        "holder": loan.owner.account_id,
    }
    delivery = {"periods": _delivery_periods(paid_on), "account": account, "repayment_account": account}
    repayment = {"first_due_on": str(first_due_on), "repayment_day": REPAYMENT_DAY}
    await loan.step(bank.person, "disburse", facts={"paid_on": str(paid_on), **delivery, **repayment})
    say(f"{APPROVED_YEN:,} yen paid out; repaid from {first_due_on} on")

    wish = {"channel": "MY_NOTE", "amount_yen": PREPAID_YEN, "effect": "LOWER_PAYMENT", "payment_on": str(after_it)}
    path = f"{loan.path}/repayment?on={after_it}"
    before = await loan.owner.person.get("applications", path)
    await loan.step(loan.owner.person, "ask_prepayment", facts=wish)
    await loan.step(bank.person, "prepay", facts=wish)
    after = await loan.owner.person.get("applications", path)
    if before["balance_yen"] - after["balance_yen"] != PREPAID_YEN:
        raise Unexpected(f"the balance went from {before['balance_yen']} to {after['balance_yen']}")
    say(
        f"{PREPAID_YEN:,} yen asked for and prepaid on {after_it}: {before['coming'][0]['payment']:,} yen a month "
        f"become {after['coming'][0]['payment']:,}"
    )
