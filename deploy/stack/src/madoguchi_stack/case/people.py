"""Somebody with a user ID: registering, logging in, giving one-time passwords."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Self

from madoguchi_stack.case.web import Authenticator, Unexpected, Web, text_of, token_in, until

REGISTRATION = "【住宅金融支援機構】ユーザーID登録のお願い(「秘密の質問」の登録[お手続き(1)])"
REGISTERED = "【住宅金融支援機構】「秘密の質問」の登録手続き完了のお知らせ"
FIRST_LINK = "【住宅金融支援機構】ユーザーID登録のお願い(「パスワード」の登録[お手続き(2)])"
SET_NOTICE = "【住宅金融支援機構】「パスワード」の登録・変更手続き完了のお知らせ"
INVITATION = "【住宅金融支援機構】お申込みへのご参加のお願い"
EKYC = "【住宅金融支援機構】eKYC手続のお知らせ"


@dataclass
class Account:
    """What a person keeps in mind, and in the phone."""

    mail: str
    user_id: str
    password: str
    otp_secret: str = ""
    otp_used: int = 0


class Person:
    """Somebody at the counter."""

    def __init__(self, web: Web, account: Account) -> None:
        self.web = web
        self.account = account
        self.app = Authenticator(account.otp_secret, account.otp_used) if account.otp_secret else None
        self.landing = ""
        self._token = ""

    @classmethod
    async def register(
        cls, web: Web, *, programme: str, name: str, kana: str, mail: str, password: str, answer: str
    ) -> Self:
        """From the terms to the password (R1 to R12)."""
        terms = await web.get("identity", "/v1/terms")
        await web.post(
            "identity",
            "/v1/registrations",
            {
                "name_kanji": name,
                "name_kana": kana,
                "mail": mail,
                "terms_version": terms["version"],
                "terms_accepted": True,
                "programme": programme,
            },
        )
        token = token_in(await web.mail(mail, REGISTRATION))
        return await cls._commit(web, "/v1/registrations/commit", token, mail=mail, password=password, answer=answer)

    @classmethod
    async def join(cls, web: Web, *, mail: str, password: str, answer: str) -> Self:
        """From the mail of an invitation to the password of an account of one's own (GL-069)."""
        token = token_in(await web.mail(mail, INVITATION))
        await web.post("identity", "/v1/invitations/inspect", {"token": token})
        return await cls._commit(web, "/v1/invitations/register", token, mail=mail, password=password, answer=answer)

    @classmethod
    async def _commit(cls, web: Web, path: str, token: str, *, mail: str, password: str, answer: str) -> Self:
        questions = (await web.get("identity", "/v1/secret-questions"))["questions"]
        question = questions[0]["key"]
        body = {"token": token, "secret_question": question, "secret_answer": answer, "terms_accepted": True}
        await web.post("identity", path, body)
        return await cls.first_password(web, mail=mail, password=password)

    @classmethod
    async def first_password(cls, web: Web, *, mail: str, password: str) -> Self:
        """From the two mails after the user ID was issued to the set password; staff start here."""
        user_id = _user_id_in(text_of(await web.mail(mail, REGISTERED)))
        token = token_in(await web.mail(mail, FIRST_LINK))
        await web.post("identity", "/v1/passwords/set", {"token": token, "password": password})
        await web.mail(mail, SET_NOTICE)
        return cls(web, Account(mail, user_id, password))

    async def log_in(self) -> str | None:
        """Password, then the one-time password where it is asked for. The first time the authenticator app is set up:
        returns its otpauth address then.
        """
        uri = None
        account = self.account
        answer = await self.web.post(
            "identity", "/v1/sessions", {"user_id": account.user_id, "password": account.password}
        )
        if answer["next"] == "enrol_otp":
            enrolment = await self.web.post("identity", "/v1/otp/enrolment", {"login_token": answer["login_token"]})
            account.otp_secret = enrolment["secret_text"].replace(" ", "")
            uri = str(enrolment["otpauth_uri"])
            self.app = Authenticator(account.otp_secret)
        if answer["next"] != "done":
            body = {"login_token": answer["login_token"], "code": await self._code()}
            answer = await self.web.post("identity", "/v1/sessions/otp", body)
        self._token, self.landing = answer["access_token"], answer["landing"]
        return uri

    async def _code(self) -> str:
        if self.app is None:
            raise Unexpected("a one-time password is asked for, and no app is set up")
        code = await self.app.code()
        self.account.otp_used = self.app.used
        return code

    async def proof(self, purpose: str, digest: str) -> str:
        """Give a one-time password for one purpose and content."""
        body = {"code": await self._code(), "purpose": purpose, "digest": digest}
        answer = await self.post("identity", "/v1/otp/proofs", body)
        return str(answer["proof"])

    async def account_id(self) -> str:
        """The id that other people's data name this person by."""
        return str((await self.get("identity", "/v1/me"))["account_id"])

    async def verify_identity(self) -> None:
        """eKYC by photograph at the simulated provider, until the result has arrived."""
        await self.post("identity", "/v1/ekyc", {"method": "photo"})
        token = token_in(await self.web.mail(self.account.mail, EKYC))
        place = await self.web.post("identity", "/v1/ekyc/open", {"token": token})
        verification = place["url"].rstrip("/").rpartition("/")[2]
        for result in ("running", "passed"):
            await self.web.post("ekyc", f"/v1/verifications/{verification}/result", {"result": result})

        async def passed() -> bool:
            return bool((await self.get("identity", "/v1/ekyc"))["status"] == "passed")

        await until(passed, "the result of the identity check")

    async def hand_in(self, application_id: str, slot: str, name: str, content: bytes, subject: str | None) -> str:
        """Put a PDF straight into the store; returns the document's id. `subject`: whose it is, if a person's.

        Waits until documents has heard of the application.
        """
        path = f"/v1/applications/{application_id}/documents"

        async def known() -> bool:
            answer = await self.web.ask("GET", "documents", path, headers=self.headers)
            return answer.is_success

        await until(known, "the application in documents")
        wish = {
            "slot": slot,
            "subject": subject,
            "file_name": name,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content_type": "application/pdf",
        }
        form = await self.post("documents", path, wish)
        upload = form["upload"]
        await self.web.upload(upload["url"], upload["fields"], content, "application/pdf")
        await self.post("documents", f"/v1/documents/{form['document_id']}/complete")
        return str(form["document_id"])

    async def save_draft(self, application_id: str, content: dict[str, Any], version: int) -> int:
        """一時保存 of the draft that has this version; returns the next. Raises Unexpected."""
        answer = await self.web.ask(
            "PUT",
            "applications",
            f"/v1/applications/{application_id}/draft",
            {"content": content},
            headers={**self.headers, "If-Match": f'"{version}"'},
        )
        if not answer.is_success:
            raise Unexpected(f"saving the draft: {answer.status_code} {answer.text}")
        return int(answer.json()["version"])

    @property
    def headers(self) -> dict[str, str]:
        """What shows who is asking."""
        return {"Authorization": f"Bearer {self._token}"}

    async def get(self, service: str, path: str) -> Any:
        """As `Web.get`, logged in."""
        return await self.web.get(service, path, self.headers)

    async def post(self, service: str, path: str, body: Any = None) -> Any:
        """As `Web.post`, logged in."""
        return await self.web.post(service, path, body, self.headers)


def _user_id_in(text: str) -> str:
    found = re.search(r"ユーザーID[：:]\s*([A-Za-z0-9-]+)", text)
    if found is None:
        raise Unexpected("no user ID in the mail")
    return found[1]
