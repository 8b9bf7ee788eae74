"""Login, sessions, one-time passwords, one's own account (ID-26 to ID-48)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from madoguchi_contracts import Role
from pydantic import BaseModel, Field

from identity.domain.accounts import Landing
from identity.domain.ekyc import EkycStatus
from identity.schemas.common import Body, Code, Password, SecretAnswer, Token, UserId


class LoginBody(Body):
    """ログイン (ID-26)."""

    user_id: UserId
    password: Password


class OtpNext(BaseModel):
    """The password was right; a one-time password is due (ID-40), after an enrolment if there is none (ID-47)."""

    login_token: str
    next: Literal["otp", "enrol_otp"]


class Landed(BaseModel):
    """A usable session."""

    access_token: str = Field(description="Bearer token for all services")
    expires_at: datetime = Field(description="end of the access token; ask for a new one before")
    session_expires_at: datetime = Field(description="end of the session if nothing else is done (ID-38)")
    landing: Landing


class LoggedInAnswer(Landed):
    """A complete login."""

    session_token: str = Field(description="told once; send it as `Authorization: Session <token>`")
    next: Literal["done"]


class LoginTokenBody(Body):
    """A half-finished login."""

    login_token: Token


class EnrolmentAnswer(BaseModel):
    """For the authenticator app; told once (ID-47)."""

    otpauth_uri: str
    secret_text: str
    qr_svg: str


class AuthenticatorApp(BaseModel):
    """An app that shows the codes."""

    name: str = Field(examples=["Google Authenticator"])
    platforms: list[str]
    free: bool


class OtpGuidance(BaseModel):
    """What to know before the first code (ID-44, ID-45)."""

    apps: list[AuthenticatorApp]
    notices: list[str]


class OtpLoginBody(Body):
    """ワンタイムパスワード at login (ID-35)."""

    login_token: Token
    code: Code


class OtpResetBody(Body):
    """ワンタイムパスワードトークンをリセットする (ID-46)."""

    login_token: Token
    secret_answer: SecretAnswer


class OtpVoidBody(Body):
    """A stolen phone: what somebody who is logged in gives to void its authenticator (ID-46)."""

    password: Password
    secret_answer: SecretAnswer


class ProofBody(Body):
    """ワンタイムパスワード at submission and approval of proxy input (ID-40 c, d)."""

    code: Code
    purpose: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="what the code is given for, such as submit or approve_proxy: a word of the service that asks for "
        "the proof. Only that service says who may use it for what",
        examples=["submit"],
    )
    digest: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of what is submitted or approved",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )


class ProofAnswer(BaseModel):
    """A signed statement for another service: valid for five minutes, for this content, once."""

    proof: str


class Me(BaseModel):
    """One's own account."""

    account_id: UUID
    role: Role
    name_kanji: str
    name_kana: str | None
    mail: str
    landing: Landing
    organisation_id: UUID | None = Field(description="for whom one works; null for everybody else")
    ekyc_status: EkycStatus
    otp_enrolled: bool
    last_login_at: datetime | None


class SessionItem(BaseModel):
    """A session in use. Nothing is kept of the device or the place."""

    session_id: UUID
    started_at: datetime
    last_used_at: datetime
    current: bool = Field(description="whether it is the one of this request")


class SessionList(BaseModel):
    """Where one is logged in."""

    items: list[SessionItem]
