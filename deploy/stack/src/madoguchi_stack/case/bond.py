"""One association's case: from registration to approval, with one rejection on the way."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import segno

from madoguchi_stack.case.office import Say, officers, review_of
from madoguchi_stack.case.papers import pdf
from madoguchi_stack.case.people import Person
from madoguchi_stack.case.web import Unexpected, Web, text_of, until
from madoguchi_stack.layout import OFFICE_MAILBOX

NEW_CASE_MAIL = "【審査】新しい申請を受け付けました"
REJECTED_MAIL = "【住宅金融支援機構】管理組合情報の修正・再申請のお願い"
APPROVED_MAIL = "Web申込サービス利用開始"


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
            programme="bond",
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
        say(in_blocks(uri or ""))
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
        self.version = await self.person.save_draft(self.application_id, self.form, self.version)

    async def verify_identity(self) -> None:
        """eKYC at the simulated provider."""
        await self.person.verify_identity()
        self._say("identity verified at the simulated provider (eKYC: 合格)")

    async def hand_in(self, slot: str, file_name: str, content: bytes) -> None:
        """Put a PDF straight into the store."""
        await self.person.hand_in(self.application_id, slot, file_name, content, None)
        self._say(f"{file_name} ({len(content):,} bytes) is in the store, checked, in slot {slot}")

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


def in_blocks(content: str) -> str:
    """A QR code of half blocks, for a telephone's camera before the terminal."""
    code = StringIO()
    segno.make(content).terminal(out=code, compact=True)
    return "the same as a QR code:\n" + code.getvalue()


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
    await web.mail(OFFICE_MAILBOX, NEW_CASE_MAIL, about=association.reference)
    say(f"a review was opened and the office was told by mail, by the event alone; due on {review['due_on']}")
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
