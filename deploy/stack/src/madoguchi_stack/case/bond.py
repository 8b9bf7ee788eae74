"""One association's case: from registration to approval, with one rejection on the way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from madoguchi_stack.case.people import Account, Person
from madoguchi_stack.case.web import Unexpected, Web, text_of, token_in, until

EKYC_MAIL = "【住宅金融支援機構】eKYC手続のお知らせ"
REJECTED_MAIL = "【住宅金融支援機構】管理組合情報の修正・再申請のお願い"
APPROVED_MAIL = "Web申込サービス利用開始"
MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")

Say = Callable[[str], None]
OFFICERS = {"office_reviewer": "審査 太郎", "office_approver": "承認 花子"}


async def officers(web: Web, environment: dict[str, str], book: Path, say: Say) -> dict[str, Person]:
    """A reviewer and an approver of the office, logged in. Their accounts are kept in `book` for the next time."""
    known = _read(book)
    people: dict[str, Person] = {}
    for role, name in OFFICERS.items():
        if role in known:
            person = Person(web, Account(**known[role]))
        else:
            mail = f"{role.replace('_', '-')}-{uuid4().hex[:6]}@office.example.jp"
            options = ("--role", role, "--name", name, "--mail", mail)
            why = ("--by", "the demonstration", "--reason", "somebody has to review the case")
            await _command(environment, "identity", "add-staff", *options, *why)
            person = await Person.first_password(web, mail=mail, password=f"smile-{uuid4().hex[:12]}")
        await person.log_in()
        people[role] = person
        say(f"office: {role} logged in")
        known[role] = asdict(person.account)
        _keep(book, known)
    return people


def _read(book: Path) -> Any:
    return json.loads(book.read_text()) if book.exists() else {}


def _keep(book: Path, accounts: Any) -> None:
    descriptor = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(accounts, file, indent=1)


async def _command(environment: dict[str, str], *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        MADOGUCHI,
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise Unexpected(f"{' '.join(arguments)}: {output.decode()}")


class Association:
    """The association's side of the case."""

    def __init__(self, web: Web, person: Person, say: Say) -> None:
        self.web = web
        self.person = person
        self.application_id = ""
        self.reference = ""
        self.version = 0
        self._say = say

    @classmethod
    async def arrive(cls, web: Web, say: Say) -> Association:
        """Registration and first login (R1 to R16)."""
        mail = f"rijicho-{uuid4().hex[:8]}@example.jp"
        person = await Person.register(
            web,
            name="青葉 花子",
            kana="アオバ ハナコ",
            mail=mail,
            password=f"smile-{uuid4().hex[:12]}",
            answer="さくら小学校",
        )
        say(f"registered: user ID {person.account.user_id}, after the mails NO-02 to NO-05 to {mail}")
        uri = await person.log_in()
        say(f"logged in with a one-time password; landed on {person.landing}")
        say(f"authenticator app set up with {uri}")
        return cls(web, person, say)

    async def fill_in(self) -> None:
        """The form, saved as a draft, with data looked up as the screen does it."""
        places = await self.person.get("applications", "/v1/postal-codes/1120004")
        banks = await self.person.get("applications", "/v1/banks?query=みずほ")
        bank = banks["items"][0]
        branches = await self.person.get("applications", f"/v1/banks/{bank['code']}/branches?query=東京営業部")
        branch = branches["items"][0]
        place = places["items"][0]
        started = await self.person.post("applications", "/v1/applications", {"programme": "bond"})
        self.application_id, self.reference = started["application_id"], started["reference"]
        self.version = started["draft_version"]
        address = place["prefecture"] + place["city"] + place["neighborhood"]
        self.form: dict[str, Any] = {
            "has_number": False,
            "name_kanji": "青葉台ハイツ管理組合",
            "name_kana": "アオバダイハイツカンリクミアイ",
            "incorporated": True,
            "corporate_number": "7000012050002",
            "location": {"postal_code": "1120004", "address": f"{address}1-4-10"},
            "account": {
                "institution_code": bank["code"],
                "branch_code": branch["code"],
                "deposit_kind": "普通",
                "number": "0123456",
                "holder_kana": "アオバダイハイツカンリクミアイ",
                "holder_kanji": "青葉台ハイツ管理組合",
            },
            "certificate_month": 4,
            "meeting_month": 5,
            "representative": {
                "type": "individual",
                "name_kanji": {"family": "青葉", "given": "花子"},
                "name_kana": {"family": "アオバ", "given": "ハナコ"},
                "mail": self.person.account.mail,
                "birth_date": "1970-05-06",
                "address": {"postal_code": "1120004", "address": f"{address}1-4-10-101"},
                "phone": "0358009479",
                "term": {"start": "2026-04", "end": "2028-03"},
            },
            "company": {"none": True},
            "mailing": "representative",
        }
        await self.save()
        self._say(f"draft of {self.reference} saved: {bank['name']} {branch['name']}, {address}")

    async def save(self) -> None:
        """一時保存."""
        answer = await self.web.ask(
            "PUT",
            "applications",
            f"/v1/applications/{self.application_id}/draft",
            {"content": self.form},
            headers={**self.person.headers, "If-Match": f'"{self.version}"'},
        )
        if not answer.is_success:
            raise Unexpected(f"saving the draft: {answer.status_code} {answer.text}")
        self.version = answer.json()["version"]

    async def verify_identity(self) -> None:
        """eKYC by photograph at the simulated provider, until the result has arrived."""
        await self.person.post("identity", "/v1/ekyc", {"method": "photo"})
        token = token_in(await self.web.mail(self.person.account.mail, EKYC_MAIL))
        place = await self.web.post("identity", "/v1/ekyc/open", {"token": token})
        verification = place["url"].rstrip("/").rpartition("/")[2]
        for result in ("running", "passed"):
            await self.web.post("ekyc", f"/v1/verifications/{verification}/result", {"result": result})

        async def passed() -> bool:
            return bool((await self.person.get("identity", "/v1/ekyc"))["status"] == "passed")

        await until(passed, "the result of the identity check")
        self._say("identity verified at the simulated provider (eKYC: 合格)")

    async def hand_in(self, slot: str, file_name: str, content: bytes) -> str:
        """Put a PDF straight into the store; returns the document's id."""
        path = f"/v1/applications/{self.application_id}/documents"

        async def known() -> bool:
            answer = await self.web.ask("GET", "documents", path, headers=self.person.headers)
            return answer.is_success

        await until(known, "the application in documents")
        form = await self.person.post(
            "documents",
            path,
            {
                "slot": slot,
                "file_name": file_name,
                "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "content_type": "application/pdf",
            },
        )
        upload = form["upload"]
        await self.web.upload(upload["url"], upload["fields"], content, "application/pdf")
        await self.person.post("documents", f"/v1/documents/{form['document_id']}/complete")
        self._say(f"{file_name} ({len(content):,} bytes) is in the store, checked, in slot {slot}")
        return str(form["document_id"])

    async def apply(self) -> None:
        """Confirm and submit with a one-time password."""
        path = f"/v1/applications/{self.application_id}"

        async def ready() -> Any:
            check = await self.person.get("applications", f"{path}/check")
            return check if check["may_submit"] else None

        check = await until(ready, "a submittable application")
        proof = await self.person.proof("submit", check["content_sha256"])
        body = {"content_sha256": check["content_sha256"], "proof": proof}
        answer = await self.person.post("applications", f"{path}/submit", body)
        self._say(f"{self.reference} submitted, submission {answer['submission']}, with a one-time password")


async def review_of(officer: Person, reference: str) -> dict[str, Any]:
    """The open review of a reference, once it is there: it is opened by the event alone."""

    async def look() -> Any:
        page = await officer.get("applications", "/v1/reviews")
        while True:
            for item in page["items"]:
                if item["reference"] == reference:
                    return item
            if page["next_cursor"] is None:
                return None
            page = await officer.get("applications", f"/v1/reviews?cursor={page['next_cursor']}")

    found: dict[str, Any] = await until(look, f"the review of {reference}")
    return found


async def play(web: Web, environment: dict[str, str], book: Path, say: Say) -> Association:
    """The whole case; `environment` is the identity service's, `book` keeps the office's accounts."""
    office = await officers(web, environment, book, say)
    reviewer, approver = office["office_reviewer"], office["office_approver"]
    association = await Association.arrive(web, say)
    mail = association.person.account.mail
    await association.fill_in()
    await association.verify_identity()
    await association.hand_in("kanri_kiyaku", "管理規約.pdf", pdf("Bylaws", 60_000))
    await association.hand_in("sokai_gijiroku", "総会議事録.pdf", pdf("Minutes", 20_000))
    await association.apply()

    review = await review_of(reviewer, association.reference)
    say(f"a review was opened by the event alone, due on {review['due_on']}")
    path = f"/v1/reviews/{review['review_id']}"
    await reviewer.post("applications", f"{path}/claim")
    await reviewer.get("applications", path)
    remark = {"field": "representative.address", "text": "住所に建物名を補ってください。"}
    await reviewer.post(
        "applications", f"{path}/reject", {"reason": "代表者の住所に不備があります。", "remarks": [remark]}
    )
    notice = await web.mail(mail, REJECTED_MAIL)
    if "代表者の住所に不備があります。" not in text_of(notice):
        raise Unexpected("the mail does not carry the reason")
    say("rejected with a reason; mail NO-10 arrived")

    view = await association.person.get("applications", f"/v1/applications/{association.application_id}")
    say(f"correction asked for: {view['correction']['remarks'][0]['text']}")
    association.form["representative"]["address"]["address"] += " 青葉台ハイツ"
    await association.save()
    say("corrected; waiting for the next one-time password")
    await association.apply()

    review = await review_of(reviewer, association.reference)
    path = f"/v1/reviews/{review['review_id']}"
    await reviewer.post("applications", f"{path}/claim")
    await reviewer.post("applications", f"{path}/recommend")
    await reviewer.post("applications", f"{path}/release")
    await approver.post("applications", f"{path}/claim")
    await approver.post("applications", f"{path}/approve")
    await web.mail(mail, APPROVED_MAIL)
    say("recommended by one officer, approved by another; mail NO-09 arrived")

    async def on_top() -> bool:
        await association.person.log_in()
        return association.person.landing == "association_top"

    await until(on_top, "the landing on the association's top page")
    say("the association's next login reaches 管理組合トップページ")
    return association


def pdf(title: str, size: int) -> bytes:
    """A PDF of one empty page, padded to about `size` bytes."""
    head = "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n% {title}\n"
    body = (head + page).encode()
    filler = b"% " + b"." * max(size - len(body) - 200, 0) + b"\n"
    offsets = [body.index(b"%d 0 obj" % n) for n in (1, 2, 3)]
    start = len(body) + len(filler)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + filler + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
