"""Bodies of requests and responses. They check the form (422); the rules are checked by commands (409)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from madoguchi_contracts import Role
from pydantic import BaseModel, ConfigDict, Field

from identity.domain.ekyc import EkycMethod, EkycStatus

Text = Annotated[str, Field(max_length=1000)]
Token = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="a one-time token, as it came",
        examples=["q0Vd8bJ5m1yQ2o3w4e5r6t7y8u9i0p1a2s3d4f5g6h7"],
    ),
]
Password = Annotated[
    str,
    Field(
        max_length=1000,
        description="I-07: the rules know no maximum; this only bounds the work",
        examples=["smile_2026"],
    ),
]
Code = Annotated[str, Field(max_length=1000, examples=["492039"])]
UserId = Annotated[str, Field(max_length=1000, examples=["7KQ4VXB29M"])]
SecretAnswer = Annotated[str, Field(max_length=1000, examples=["さくら小学校"])]


class Body(BaseModel):
    """A request body. Errors never quote the input."""

    model_config = ConfigDict(hide_input_in_errors=True)


# Registration


class TermsAnswer(BaseModel):
    """The terms of use in force."""

    version: str = Field(examples=["2026-04-01"])
    title: str
    text: str


class SecretQuestion(BaseModel):
    """A question to choose (ID-11)."""

    key: str = Field(examples=["first_school"])
    text: str


class SecretQuestions(BaseModel):
    """The list, in the order of the screen, with the warning of ID-12."""

    questions: list[SecretQuestion]
    notice: str


class RegistrationBody(Body):
    """新規利用登録 (ID-06, ID-07)."""

    name_kanji: Text = Field(examples=["山田 太郎"])
    name_kana: Text = Field(examples=["ヤマダ タロウ"])
    mail: Text = Field(examples=["taro@example.jp"])
    terms_version: Text = Field(examples=["2026-04-01"])
    terms_accepted: bool


class Accepted(BaseModel):
    """Taken; the same answer whoever is known."""

    status: Literal["accepted"]


class TokenBody(Body):
    """A token from a mailed link."""

    token: Token


class RegistrationAnswer(BaseModel):
    """What was entered, for ユーザーID登録個人情報の確認 (ID-14)."""

    name_kanji: str
    name_kana: str
    mail: str


class CommitBody(Body):
    """ユーザーID登録 (ID-11, ID-13)."""

    token: Token
    secret_question: Text = Field(examples=["first_school"])
    secret_answer: SecretAnswer
    terms_accepted: bool


class Committed(BaseModel):
    """The user ID was issued; it comes by mail only (ID-15)."""

    account_id: UUID


# Passwords


class PasswordLinkAnswer(BaseModel):
    """What a password link is for."""

    purpose: Literal["first", "reset"]


class SetPasswordBody(Body):
    """パスワード更新 (ID-17, ID-51)."""

    token: Token
    password: Password


class ChangePasswordBody(Body):
    """パスワード変更 (ID-49): the first 更新 comes with `confirmed` false, the second with true."""

    current_password: Password
    new_password: Password
    confirmed: bool


class ResetRequestBody(Body):
    """パスワードをお忘れですか? (ID-50)."""

    user_id: UserId


# User ID reminder


class ReminderBody(Body):
    """登録した情報の入力をお願いします (ID-60)."""

    name: Text = Field(examples=["山田 太郎"])
    mail: Text = Field(examples=["taro@example.jp"])


class ReminderQuestion(BaseModel):
    """ユーザーID再通知 (ID-61)."""

    secret_question: str
    reminder_token: str


class ReminderAnswerBody(Body):
    """再通知メールを受け取る (ID-62)."""

    reminder_token: Token
    answer: SecretAnswer


# Login


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
    landing: Literal["association_top", "association_form", "company_top", "staff_top"]


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


class OtpLoginBody(Body):
    """ワンタイムパスワード at login (ID-35)."""

    login_token: Token
    code: Code


class OtpResetBody(Body):
    """ワンタイムパスワードトークンをリセットする (ID-46)."""

    login_token: Token
    secret_answer: SecretAnswer


class ProofBody(Body):
    """ワンタイムパスワード at submission and approval of proxy input (ID-40 c, d)."""

    code: Code
    purpose: Literal["submit", "approve_proxy"]
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
    landing: Literal["association_top", "association_form", "company_top", "staff_top"]
    ekyc_status: EkycStatus
    otp_enrolled: bool
    last_login_at: datetime | None


# eKYC


class EkycBody(Body):
    """本人確認方法の選択 (ID-71, ID-74)."""

    method: EkycMethod


class EkycStarted(BaseModel):
    """お客さまの本人確認受付が完了しました; mail NO-08 follows."""

    ekyc_id: UUID
    status: EkycStatus


class EkycAnswer(BaseModel):
    """eKYCの実施状況 (ID-77) and the current run."""

    status: EkycStatus
    status_label: str = Field(examples=["方式選択済"])
    ekyc_id: UUID | None
    method: EkycMethod | None
    link_issued_at: datetime | None = Field(description="null until the provider has answered")
    link_expires_at: datetime | None = Field(description="null for the My Number card: no limit (ID-76)")


class EkycPlace(BaseModel):
    """Where the smartphone goes, as an address and as a QR code (ID-75)."""

    url: str
    qr_svg: str


class Jwks(BaseModel):
    """The public keys of access tokens and proofs (RFC 7517)."""

    keys: list[dict[str, str | list[str]]]
