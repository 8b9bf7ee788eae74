"""The pieces of a green loan's case: its people, its application, and what each of them does with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from kit.japan import to_jst

from madoguchi_stack.case.office import Clerk, review_of
from madoguchi_stack.case.papers import pdf
from madoguchi_stack.case.people import Person
from madoguchi_stack.case.web import Unexpected, Web, text_of, until

RATES = "/v1/programmes/green_loan/rates"
RATES_HEADER = (
    "適用開始日時,適用終了日時,通常・団信なし,通常・新機構団信,通常・デュエット,通常・3大疾病付,"
    "S・団信なし,S・新機構団信,S・デュエット,S・3大疾病付"
)
INVENTED_RATES = "1.500,1.700,1.880,1.940,1.200,1.400,1.580,1.640"
"""Invented: the guide prints none, and the agency announces its own every month (GL-250, GL-253)."""

LOAN, TECHNICAL, CONSENT, IDENTITY, DANSHIN, SIGNATURE = (
    "loan",
    "technical",
    "consent",
    "identity",
    "danshin",
    "signature",
)
AMOUNT_YEN, SALARY_YEN = 1_500_000, 5_000_000
DANSHIN_MAIL = "【住宅金融支援機構】グリーンリフォームローン 団体信用生命保険のお申込みのご案内"
HOME = {"postal_code": "1120002", "address": "東京都文京区小石川1-1-1"}


def today() -> date:
    """The day in Japan."""
    return to_jst(datetime.now(UTC)).date()


def counter_is_open() -> bool:
    """Whether a loan can be applied for at this hour (GL-061): from 6:00 to 2:00 of the next day."""
    hour = to_jst(datetime.now(UTC)).hour
    return hour >= 6 or hour < 2


async def offer_rates(approver: Person) -> None:
    """The office imports rates for a year from this month on, unless some are in force."""
    if (await approver.web.ask("GET", "applications", RATES)).status_code != 404:
        return
    first = today().replace(day=1)
    row = f"{first:%Y-%m-%d} 00:00,{first.replace(year=first.year + 1):%Y-%m-%d} 00:00,{INVENTED_RATES}"
    file = f"{RATES_HEADER}\r\n{row}\r\n".encode()
    await approver.post("applications", f"{RATES}/imports?reason={quote('a demonstration needs rates')}", file)


@dataclass
class Borrower:
    """Somebody who owes the loan, and how the form tells of them; `tie` binds a joint debtor to the applicant."""

    person: Person
    account_id: str
    name: tuple[str, str]
    kana: tuple[str, str]
    birth: str
    tie: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """A person with a salary, who can be identified online."""
        return {
            "name_kanji": {"family": self.name[0], "given": self.name[1]},
            "name_kana": {"family": self.kana[0], "given": self.kana[1]},
            "birth": self.birth,
            "address": HOME,
            "phone": "0338121234",
            "mail": self.person.account.mail,
            "devices": ["SMARTPHONE"],
            "photo_id": "MY_NUMBER_CARD",
            "status": "JAPANESE",
            "incomes": ["SALARY"],
            "salary_yen": SALARY_YEN,
            "employment_start": "2010-04-01",
        }


async def income_evidence(one: Borrower) -> bytes:
    """The file that somebody fetches with their card from the income information retrieval service (GL-425)."""
    wish = {
        "name": " ".join(one.name),
        "birth": one.birth,
        "year": today().year - 1,
        "salary_yen": SALARY_YEN,
        "total_income_yen": 3_560_000,
    }
    return (await one.person.web.ask("POST", "income_service", "/v1/evidence", wish)).content


@dataclass
class Loan:
    """An application, from its owner's side."""

    owner: Borrower
    application_id: str
    reference: str
    version: int
    debtors: list[Borrower] = field(default_factory=list)

    @classmethod
    async def start(cls, owner: Borrower) -> Loan:
        """借入申込を始める."""
        started = await owner.person.post("applications", "/v1/applications", {"programme": "green_loan"})
        return cls(owner, started["application_id"], started["reference"], started["draft_version"])

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/v1/applications/{self.application_id}"

    @property
    def everybody(self) -> list[Borrower]:
        """お申込人全員."""
        return [self.owner, *self.debtors]

    def content(self, bank_id: str, body_id: str) -> dict[str, Any]:
        """The form: insulation of the windows of the own house, and the wallpaper that it needs."""
        own = [
            {"slot": "applicant_my_number_card", "confirmed": ["front_only"]},
            {"slot": "applicant_income_service", "income_year": today().year - 1, "confirmed": ["shows_amount"]},
        ]
        of_debtors = [
            {"slot": f"joint_debtor_{number}_my_number_card", "confirmed": ["front_only"]}
            for number in range(1, len(self.debtors) + 1)
        ]
        windows = {
            "kind": "OPENINGS",
            "amount_yen": 1_200_000,
            "category": "A",
            "residential": True,
            "circled": True,
            "places": 4,
            "meets_energy_standard_at_place": True,
        }
        return {
            "menu": "STANDARD",
            "applicant": {**self.owner.entry, "married": True},
            "joint_debtors": [{**one.entry, **one.tie, "account": one.account_id} for one in self.debtors],
            "house": {
                "use": "OWN",
                "place": HOME,
                "has_residential_part": True,
                "owners": [{"relation": "APPLICANT"}],
            },
            "works": {
                "contract": "CONCLUDED",
                "breakdown_in_contract": True,
                "lines": [
                    windows,
                    {"kind": "WALLPAPER", "amount_yen": 300_000, "category": "C", "residential": True},
                ],
                "subsidies_yen": 0,
            },
            "loan": {
                "amount_yen": AMOUNT_YEN,
                "years": 10,
                "method": "level_payment",
                "bonus_part_yen": 0,
                "running_balance_yen": 0,
                "danshin": "SHIN",
                "danshin_joiners": ["applicant"],
                "certificate_sendings": 10,
            },
            "institution": bank_id,
            "inspection_body": body_id,
            "papers": [
                *own,
                *of_debtors,
                {"slot": "application_building_register", "issued_on": str(today() - timedelta(days=14))},
                {"slot": "application_works_contract", "confirmed": ["breakdown_shown", "items_circled"]},
            ],
        }

    async def find(self, clerk: Clerk) -> str:
        """The id of an organisation, as the screen finds it by its name once applications has heard of it."""
        path = f"/v1/companies?kind={clerk.kind}&query={quote(clerk.organisation_name)}"

        async def listed() -> bool:
            page = await self.owner.person.get("applications", path)
            return clerk.organisation_id in {one["id"] for one in page["items"]}

        await until(listed, f"{clerk.organisation_name} in applications")
        return clerk.organisation_id

    async def save(self, content: dict[str, Any]) -> None:
        """一時保存."""
        self.version = await self.owner.person.save_draft(self.application_id, content, self.version)

    async def hand_in(self) -> int:
        """Everybody's own papers, by themselves, and those of the house by the owner; returns how many."""
        papers: list[tuple[Borrower, str, str, str | None]] = [
            (one, "my_number_card", "マイナンバーカード.pdf", one.account_id) for one in self.everybody
        ]
        papers.append((self.owner, "application_building_register", "建物の登記事項証明書.pdf", None))
        papers.append((self.owner, "application_works_contract", "工事請負契約書.pdf", None))
        for who, slot, name, subject in papers:
            await who.person.hand_in(self.application_id, slot, name, pdf(slot, 20_000), subject)
        evidence = await income_evidence(self.owner)
        await self.owner.person.hand_in(
            self.application_id, "income_service", "収入証明書.pdf", evidence, self.owner.account_id
        )
        return len(papers) + 1

    async def agree(self) -> None:
        """Everybody agrees to the content as it stands (GL-255)."""
        for one in self.everybody:
            view = await one.person.get("applications", self.path)
            ticks = {"personal_data": True, "outline": True}
            said = {"draft_version": view["draft_version"], "text_version": "2026-04", **ticks}
            await self.step(one.person, "agree", track=CONSENT, subject=one.account_id, facts=said)

    async def ready(self) -> Any:
        """What the confirmation screen shows, once nothing is wrong any more: files are heard of by events."""
        check: Any = None

        async def look() -> bool:
            nonlocal check
            check = await self.owner.person.get("applications", f"{self.path}/check")
            return bool(check["may_submit"])

        try:
            await until(look, "an application that can be confirmed")
        except Unexpected as error:
            raise Unexpected(f"{error}: {check['findings']}") from error
        return check

    async def confirm(self) -> dict[str, Any]:
        """申込みを確定, with a one-time password; returns what was shown before."""
        check: dict[str, Any] = await self.ready()
        digest = check["content_sha256"]
        proof = await self.owner.person.proof("submit", digest)
        body = {"content_sha256": digest, "proof": proof}
        await self.owner.person.post("applications", f"{self.path}/submit", body)
        return check

    async def step(self, who: Person, command: str, **said: Any) -> str:
        """A step; returns the state of the loan after it."""
        answer = await who.post("applications", f"{self.path}/steps/{command}", said)
        return str(answer["state"])

    async def proven_step(self, who: Person, command: str, track: str) -> str:
        """A step that wants a one-time password for exactly what the screen shows."""
        tracks = (await who.get("applications", self.path))["tracks"]
        shown = next(one for one in tracks if one["track"] == track)
        digest = next(one["digest"] for one in shown["steps"] if one["command"] == command)
        said = {"track": shown["track"], "subject": shown["subject"], "proof": await who.proof(command, digest)}
        return await self.step(who, command, **said)

    async def insure(self, one: Borrower) -> None:
        """Somebody joins danshin by the mail of the simulated insurer's service, which accepts (GL-400, GL-526)."""
        web = one.person.web
        found = re.search(r"\bD-[0-9]{8}\b", text_of(await web.mail(one.person.account.mail, DANSHIN_MAIL)))
        if found is None:
            raise Unexpected("no user ID in the mail of the danshin Web service")
        await web.post("danshin", f"/v1/people/{found[0]}/declaration", {"statement_read": True})
        await web.post("danshin", f"/v1/insurer/{found[0]}/decision", {"status": "joined"})

        async def joined() -> bool:
            tracks = (await one.person.get("applications", self.path))["tracks"]
            return any(
                (at["track"], at["subject"], at["state"]) == (DANSHIN, one.account_id, "joined") for at in tracks
            )

        await until(joined, "the insurer's acceptance in applications")

    async def read_messages(self, one: Borrower) -> list[str]:
        """Open the thread of the decision, and read to its end; returns what the office's notices are (GL-431)."""
        listed = await one.person.get("applications", f"{self.path}/threads")
        (thread,) = [one for one in listed["items"] if one["topic"] == "decision"]
        path = f"{self.path}/threads/{thread['thread_id']}"
        messages = (await one.person.get("applications", path))["messages"]
        await one.person.post("applications", f"{path}/read", {"up_to": messages[-1]["number"]})
        return [message["notice"] for message in messages]

    async def sign(self, one: Borrower) -> str:
        """The video, then the contract at the provider (GL-484, GL-486); returns the state of the loan after it."""
        await self.step(one.person, "watch", track=SIGNATURE, subject=one.account_id)
        place = await one.person.get("applications", f"{self.path}/contract/place")
        pressed = await one.person.web.ask("POST", "econtract", place["url"])
        if pressed.status_code != HTTPStatus.SEE_OTHER:
            raise Unexpected(f"the provider of electronic contracts answered {pressed.status_code}")

        async def heard() -> bool:
            seen = await one.person.get("applications", f"{self.path}/contract")
            return any(who["account_id"] == one.account_id and who["signed_at"] for who in seen["signers"])

        await until(heard, "the signature in applications")
        return str((await one.person.get("applications", self.path))["state"])

    async def signed_contract(self, one: Borrower) -> bytes:
        """The contract with all signatures, as one of those who signed gets it."""
        path = f"{self.path}/contract/paper"
        answer = await one.person.web.ask("GET", "applications", path, headers=one.person.headers)
        if answer.headers.get("Content-Type") != "application/pdf":
            raise Unexpected(f"the signed contract: {answer.status_code}")
        return answer.content


async def evidence_seen(reviewer: Person, loan: Loan) -> str:
    """What the officer's screen says of the income evidence, once a program has read it. Raises Unexpected when it is
    not genuine, or other than declared.
    """
    review = await review_of(reviewer, loan.reference)

    async def look() -> Any:
        seen = await reviewer.get("applications", f"/v1/reviews/{review['review_id']}")
        return next((one for one in seen["examined"] if one["kind"] == "evidence"), None)

    found = await until(look, "what was read in the income evidence")
    if found["state"] != "verified" or found["findings"]:
        raise Unexpected(f"the income evidence is {found['state']}: {[one['code'] for one in found['findings']]}")
    return str(found["label"])


async def decide(reviewer: Person, approver: Person, loan: Loan, decision: str, facts: dict[str, Any]) -> None:
    """One officer examines everything and recommends, another decides (GL-074, GL-121, GL-366)."""
    review = await review_of(reviewer, loan.reference)
    path = f"/v1/reviews/{review['review_id']}"
    await reviewer.post("applications", f"{path}/claim")
    seen = await reviewer.get("applications", path)
    examined = {
        "persons": [{"person": one["key"], "hit": False} for one in seen["examined"] if one["kind"] == "person"],
        "checked_on": str(today()),
        "papers": [{"document": one["document_id"], "result": "checked"} for one in seen["documents"]],
    }
    await reviewer.post("applications", f"{path}/examine", {"facts": examined})
    await reviewer.post("applications", f"{path}/recommend")
    await reviewer.post("applications", f"{path}/release")
    await approver.post("applications", f"{path}/claim")
    await approver.post("applications", f"{path}/{decision}", {"facts": facts})


PLAN = {
    "received": ["conformity_application", "building_register_copy", "annex_1", "openings_data"],
    "works": ["OPENINGS"],
}
_SEEN = {"shows_date": True, "shows_object_name": True}
REPORT = {
    "papers": ["completion_report", "photographs"],
    "building_confirmation": False,
    "photographs": [{"line": 0, "phase": phase, **_SEEN} for phase in ("BEFORE", "AFTER")],
}
ISSUED = {"issued": ["applicant", "annex_table", "institution"]}


async def works(loan: Loan, inspector: Clerk) -> None:
    """From the application for the certificate to the certificate (group 27 to 29), all of it today."""
    owner, on = loan.owner.person, str(today())
    report = {"body_name": inspector.organisation_name, "reference_number": "K-1", "reported_on": on}
    await loan.step(owner, "request", track=TECHNICAL)
    await loan.step(inspector.person, "confirm_plan", track=TECHNICAL, facts={**report, **PLAN})
    await loan.step(owner, "start_works", track=TECHNICAL, facts={"on": on})
    await loan.step(owner, "complete", track=TECHNICAL, facts={"on": on})
    await loan.step(owner, "report", track=TECHNICAL, facts=REPORT)
    await loan.step(inspector.person, "certify", track=TECHNICAL, facts={**report, **ISSUED})


async def borrower(web: Web) -> Borrower:
    """The applicant, registered for the loan and logged in."""
    mail = f"taro-{uuid4().hex[:8]}@example.jp"
    name, kana = ("青葉", "太郎"), ("アオバ", "タロウ")
    person = await Person.register(
        web,
        programme="green_loan",
        name=" ".join(name),
        kana=" ".join(kana),
        mail=mail,
        password=f"smile-{uuid4().hex[:12]}",
        answer="さくら小学校",
    )
    await person.log_in()
    return Borrower(person, await person.account_id(), name, kana, "1980-05-17")


@dataclass(frozen=True)
class Relative:
    """Somebody whom the applicant invites to owe the loan too."""

    name: tuple[str, str]
    kana: tuple[str, str]
    birth: str
    mailbox: str
    tie: Mapping[str, Any]


SPOUSE = Relative(
    ("青葉", "花子"),
    ("アオバ", "ハナコ"),
    "1982-08-01",
    "hanako",
    {"relation": "LEGAL_SPOUSE", "lives_with_applicant": True},
)
FATHER = Relative(
    ("青葉", "一郎"),
    ("アオバ", "イチロウ"),
    "1955-02-10",
    "ichiro",
    {"relation": "RELATIVE", "kin": {"up": 1}, "lives_with_applicant": True},
)


async def invite(loan: Loan, relative: Relative) -> None:
    """Somebody joins as joint debtor, with an account of their own (GL-069)."""
    mail = f"{relative.mailbox}-{uuid4().hex[:8]}@example.jp"
    names = {"name_kanji": " ".join(relative.name), "name_kana": " ".join(relative.kana)}
    wish = {**names, "mail": mail, "role": "joint_debtor", "application_id": loan.application_id}
    owner = loan.owner.person
    await owner.post("identity", "/v1/invitations", wish)
    person = await Person.join(owner.web, mail=mail, password=f"smile-{uuid4().hex[:12]}", answer="ことり幼稚園")
    await person.log_in()
    joined = Borrower(person, await person.account_id(), relative.name, relative.kana, relative.birth, relative.tie)

    async def takes_part() -> bool:
        listed = await person.get("applications", "/v1/applications")
        return loan.application_id in {one["application_id"] for one in listed["items"]}

    await until(takes_part, "the joint debtor in the application")
    loan.debtors.append(joined)
