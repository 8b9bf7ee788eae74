"""Ways of a green loan through the running stack, by the public APIs: to the money, to a refusal, and too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio
from journeys.witness import Told, Witness, all_told, left_behind, occurs, readable
from madoguchi_contracts import Role
from madoguchi_stack.case import green_loan
from madoguchi_stack.case.loan import LOAN, Borrower, Loan, counter_is_open, decide, today
from madoguchi_stack.case.office import ORGANISATIONS
from madoguchi_stack.case.people import Account, Person
from madoguchi_stack.case.web import until
from madoguchi_stack.mailbox import read_mails
from madoguchi_stack.services import service_environment
from support.stack import Stack, StackPerson, open_stack

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    # The counter is closed from 2:00 to 6:00 in Japan, and the services run by the clock of this machine.
    pytest.mark.skipif(not counter_is_open(), reason="the counter for the loan is closed at this hour (GL-061)"),
]

CLOSED_MAIL = "【住宅金融支援機構】グリーンリフォームローン お手続き終了のお知らせ"
BORROWERS_MAILS = ["NO-03", "NO-04", "NO-05"]
# Three messages on the approval, of which one mail tells; the contract; and the message on its period.
DECISION_MAILS = ["MESSAGE-POSTED", "CONTRACT-OFFERED"]
REPAYMENT_MAILS = ["MESSAGE-POSTED"]  # the funds were paid


@dataclass(frozen=True)
class Run:
    """The case, played to its first prepayment, and everything that it left."""

    witness: Witness
    loan: Loan
    bank_id: str
    body_id: str
    mails: list[EmailMessage]
    told: list[Told]

    def mails_to(self, one: Borrower) -> list[EmailMessage]:
        return [mail for mail in self.mails if one.person.account.mail in str(mail["To"])]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack"), durable=False) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def run(stack: Stack) -> AsyncIterator[Run]:
    """Everything that `make run PROGRAMME=green_loan` shows."""
    witness = Witness(stack)
    identity = service_environment("identity", stack.servers)
    try:
        loan = await green_loan.play(witness, identity, stack.servers.folder / "accounts.json", lambda _: None)
        content = (await loan.owner.person.get("applications", loan.path))["content"]
        told = await all_told(stack)
        mails = await asyncio.to_thread(read_mails, stack.servers.ports)
        yield Run(witness, loan, content["institution"], content["inspection_body"], mails, told)
    finally:
        await witness.close()


@pytest.mark.rule("GL-066", "GL-072", "GL-080", "GL-074", "GL-078", "GL-079")
async def test_three_persons_borrow_and_everybody_sees_how_it_went(run: Run):
    for one in run.loan.everybody:
        assert (await one.person.get("applications", run.loan.path))["state"] == "repaying"
    items = (await run.loan.owner.person.get("applications", f"{run.loan.path}/timeline"))["items"]
    steps = [item["step"] for item in items]
    main = [
        "入力を開始",
        "申込みを確定",
        "審査を開始",
        "融資承認",
        "適合証明書等を受領",
        "契約手続を案内",
        "融資の契約",
        "資金の受取り",
        "繰上返済",
    ]
    assert [step for step in steps if step in main] == main
    assert {item["actor_id"] for item in items} == {None}


@pytest.mark.rule("GL-100", "GL-102", "GL-066")
async def test_all_are_identified_in_different_ways_and_the_one_who_joined_is_insured(run: Run):
    tracks = (await run.loan.owner.person.get("applications", run.loan.path))["tracks"]
    states = {(one["track"], one["subject"]): one["state"] for one in tracks}
    owner, *debtors = (one.account_id for one in run.loan.everybody)
    assert states["identity", owner] == "verified_online"
    assert [states["identity", one] for one in debtors] == ["verified_in_person"] * 2
    assert states["danshin", owner] == "in_force"
    assert [one for one in debtors if ("danshin", one) in states] == []


@pytest.mark.rule("GL-069", "GL-078", "GL-107", "NO-08")
def test_each_borrower_gets_the_mails_that_concern_them_and_no_other(run: Run):
    templates = {
        str(mail["Message-ID"]).strip("<>").partition("@")[0]: mail
        for one in run.loan.everybody
        for mail in run.mails_to(one)
    }
    queued = {one.key: one.data["template"] for one in run.told if one.name.startswith("MailQueued")}
    owner, *debtors = (
        [queued[key] for key in templates if templates[key] in run.mails_to(one)] for one in run.loan.everybody
    )
    assert owner == ["NO-02", *BORROWERS_MAILS, "NO-08", "INSURANCE-OFFERED", *DECISION_MAILS, *REPAYMENT_MAILS]
    assert debtors == [["INVITATION-LINK", *BORROWERS_MAILS, *DECISION_MAILS, *REPAYMENT_MAILS]] * 2


def test_no_mail_to_a_borrower_speaks_of_another_programme_or_of_what_was_decided(run: Run):
    mails = [mail for one in run.loan.everybody for mail in run.mails_to(one)]
    forbidden = ("管理組合", "すまい・る債", green_loan.CONDITION, "1,400,000", "1400000", "見本銀行")
    assert [word for mail in mails for word in forbidden if word in readable(mail)] == []


@pytest.mark.rule("GL-107")
def test_the_topics_tell_the_loan_without_a_word_of_what_it_says(run: Run):
    key = run.loan.application_id
    names = [one.name for one in run.told if (one.topic, one.key) == ("applications.applications.v1", key)]
    told_once = ["ApplicationStarted", "ApplicationSubmitted", "ReviewOpened", "ApplicationApproved", "ContractOffered"]
    assert [name for name in names if name in told_once] == told_once
    (offer,) = [one.data for one in run.told if one.name == "ContractOffered"]
    assert set(offer["signers"]) == {one.account_id for one in run.loan.everybody}
    papers = [one.data for one in run.told if one.name == "DocumentStored" and one.key == key]
    last = {(one["slot"], one["subject"]) for one in papers[-1]["set"]}
    assert {subject for slot, subject in last if slot == "my_number_card"} == set(offer["signers"])


@pytest.mark.rule("GL-425")
def test_the_income_evidence_is_read_once_and_told_without_a_word_of_what_it_says(run: Run):
    told = [one.data for one in run.told if one.name == "IncomeEvidenceRead" and one.key == run.loan.application_id]
    assert [(one["result"], one["subject"]) for one in told] == [("VERIFIED", run.loan.owner.account_id)]
    assert "salary_yen" not in str(told)


@pytest.mark.rule("GL-608")
async def test_nothing_confidential_is_in_any_log_event_or_metric(run: Run, stack: Stack):
    places = await left_behind(stack, run.told)
    public = {fact for facts in ORGANISATIONS.values() for fact in facts}  # their events carry it
    secrets = {
        (name, secret)
        for name, secret in run.witness.secrets
        if secret not in public and (name != "code" or secret.isdecimal())  # findings have codes too
    }
    assert {"password", "code", "proof", "token", "mail", "family", "address", "text"} <= {name for name, _ in secrets}
    found = [(place, name) for place, text in places.items() for name, secret in secrets if occurs(secret, text)]
    assert found == []


# Other ways, of people who are known everywhere without having registered


class Known(Person):
    """Somebody whose tokens and proofs the test signs."""

    def __init__(self, witness: Witness, known: StackPerson) -> None:
        super().__init__(witness, Account(known.mail, "", ""))
        self.known = known

    @property
    def headers(self) -> dict[str, str]:
        return self.known.headers

    async def proof(self, purpose: str, digest: str) -> str:
        return self.known.proof(purpose, digest)


async def ready_to_confirm(run: Run, owner: Borrower) -> Loan:
    """An application of one person to which nothing is missing but the confirmation."""
    loan = await Loan.start(owner)
    await loan.save(loan.content(run.bank_id, run.body_id))
    await loan.hand_in()
    await loan.agree()
    return loan


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def borrowers(run: Run, stack: Stack) -> list[Borrower]:
    """Two more applicants."""
    known = await stack.people(2, role=Role.APPLICANT)
    name, kana = ("青葉", "次郎"), ("アオバ", "ジロウ")
    return [Borrower(Known(run.witness, one), str(one.account_id), name, kana, "1985-03-02") for one in known]


@pytest.mark.rule("GL-074", "GL-075", "GL-353")
async def test_an_application_is_refused_by_two_officers_and_a_mail_says_only_that_it_is_over(
    run: Run, stack: Stack, borrowers: list[Borrower]
):
    owner = borrowers[0]
    loan = await ready_to_confirm(run, owner)
    await loan.confirm()
    reviewer, approver = (
        Known(run.witness, stack.person(role)) for role in (Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER)
    )
    await decide(reviewer, approver, loan, "reject", {"code": "REVIEW"})
    assert (await owner.person.get("applications", loan.path))["state"] == "rejected"
    mail = await run.witness.mail(owner.person.account.mail, CLOSED_MAIL)
    assert not any(word in readable(mail) for word in ("不承認", "否決", "お断り", loan.reference))
    path = f"{loan.path}/documents"

    async def ended() -> bool:
        answer: Any = await owner.person.get("documents", path)
        return not answer["changeable"]

    await until(ended, "the end in documents")


@pytest.mark.rule("GL-084", "GL-355")
async def test_who_withdraws_and_comes_back_at_once_is_told_to_wait(run: Run, borrowers: list[Borrower]):
    owner = borrowers[1]
    first = await ready_to_confirm(run, owner)
    await first.confirm()
    assert await first.proven_step(owner.person, "withdraw", LOAN) == "withdrawn"
    await run.witness.mail(owner.person.account.mail, CLOSED_MAIL)
    again = await ready_to_confirm(run, owner)

    async def only_that() -> Any:
        check = await owner.person.get("applications", f"{again.path}/check")
        found = [(one["rule"], one["code"]) for one in check["findings"]]
        return check if len(found) == 1 else None

    check = await until(only_that, "a check with one finding")
    assert [(one["rule"], one["code"]) for one in check["findings"]] == [("GL-355", "TOO_EARLY")]
    digest = check["content_sha256"]
    body = {"content_sha256": digest, "proof": await owner.person.proof("submit", digest)}
    answer = await run.witness.ask("POST", "applications", f"{again.path}/submit", body, headers=owner.person.headers)
    assert answer.status_code == 409
    assert today().isoformat() not in answer.text
