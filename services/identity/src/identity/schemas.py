"""Bodies of requests and responses. They check the form (422); the rules are checked by commands (409)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from madoguchi_contracts import Role
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from identity.domain.accounts import Landing
from identity.domain.ekyc import EkycMethod, EkycStatus
from identity.domain.people import InvitationState, OrganisationKind

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
    programme: Text = Field(
        default="bond",
        description="decides as what one registers: representative of an association, or applicant of a loan",
        examples=["bond"],
    )


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


# Invitations and the change of the representative


class InvitationBody(Body):
    """Somebody who is to take part in one's own application."""

    name_kanji: Text = Field(examples=["山田 花子"])
    name_kana: Text = Field(examples=["ヤマダ ハナコ"])
    mail: Text = Field(examples=["hanako@example.jp"])
    application_id: UUID
    role: Text = Field(description="as what: joint_debtor", examples=["joint_debtor"])


class InvitationId(BaseModel):
    """The invitation was made; its link comes by mail only."""

    invitation_id: UUID


class InvitationItem(BaseModel):
    """An invitation, as the one who made it sees it."""

    invitation_id: UUID
    application_id: UUID
    role: str
    name_kanji: str
    mail: str
    state: InvitationState
    invited_at: datetime
    expires_at: datetime


class InvitationList(BaseModel):
    """Whom one invited."""

    items: list[InvitationItem]


class InvitedAnswer(BaseModel):
    """What the one who invited entered, for the one who was invited."""

    name_kanji: str
    name_kana: str
    mail: str
    role: str
    expires_at: datetime


class AcceptedInvitation(BaseModel):
    """Which application one takes part in from now on."""

    application_id: UUID


class SuccessionBody(Body):
    """The next representative (代表者変更)."""

    name_kanji: Text = Field(examples=["佐藤 次郎"])
    name_kana: Text = Field(examples=["サトウ ジロウ"])
    mail: Text = Field(examples=["jiro@example.jp"])


class OwnSuccessionBody(SuccessionBody):
    """The next representative, named by the present one with a one-time password."""

    code: Code


class SuccessionId(BaseModel):
    """The change was begun; the next representative gets a link by mail."""

    succession_id: UUID


class SuccessorAnswer(BaseModel):
    """For the next representative: what was entered of them, and the question to answer (ID-12)."""

    name_kanji: str
    name_kana: str
    mail: str
    former_question: str = Field(examples=["初めて通った学校の名前は?"])
    expires_at: datetime


class TakeOverBody(CommitBody):
    """The former representative's answer, and what a new user enters (ID-11, ID-13)."""

    former_answer: SecretAnswer


class RepresentativeItem(BaseModel):
    """Somebody who holds or held an association's account."""

    name_kanji: str
    name_kana: str
    mail: str
    held_from: datetime
    held_until: datetime | None = Field(description="null for the present one")


class Representatives(BaseModel):
    """The history of the holders of an account."""

    items: list[RepresentativeItem]


# Organisations and staff


class OrganisationBody(Body):
    """What is written down of an organisation."""

    name: Text = Field(examples=["みどり管理株式会社"])
    name_kana: Text = Field(examples=["ミドリカンリカブシキガイシャ"])
    postal_code: Text = Field(examples=["1128570"])
    address: Text = Field(examples=["東京都文京区後楽1-4-10"])
    phone: Text = Field(examples=["0358009479"])


class NewOrganisationBody(OrganisationBody):
    """An organisation that the agency works with."""

    kind: OrganisationKind


class OrganisationId(BaseModel):
    """The organisation is registered."""

    organisation_id: UUID


class OrganisationAnswer(BaseModel):
    """A registered organisation."""

    model_config = ConfigDict(from_attributes=True)

    organisation_id: UUID = Field(validation_alias=AliasChoices("organisation_id", "id"))
    kind: OrganisationKind
    name: str
    name_kana: str
    postal_code: str
    address: str
    phone: str
    registered_at: datetime
    closed_at: datetime | None


class OrganisationPage(BaseModel):
    """Some of them."""

    items: list[OrganisationAnswer]
    next_cursor: UUID | None = Field(description="pass it as `cursor` for the next page; null at the end")


class StaffBody(Body):
    """Somebody of the office or of an organisation."""

    role: Role
    name: Text = Field(examples=["窓口 花子"])
    mail: Text = Field(examples=["hanako@office.example.jp"])
    organisation_id: UUID | None = Field(default=None, description="for company, inspection_body and bank")


class StaffItem(BaseModel):
    """An account of an organisation's people."""

    account_id: UUID
    name: str
    opened_at: datetime
    last_login_at: datetime | None
    closed_at: datetime | None


class StaffList(BaseModel):
    """The accounts of an organisation's people."""

    items: list[StaffItem]


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


class EkycMethodItem(BaseModel):
    """A way to verify one's identity (ID-71): what one needs at hand, and which documents are taken (ID-72)."""

    method: EkycMethod
    label: str = Field(examples=["マイナンバーカードを利用"])
    documents: list[str]
    needs: list[str]
    app: str | None = Field(description="the app to install, if one is needed (ID-73)")
    steps: list[str]


class EkycMethods(BaseModel):
    """本人確認方法の選択 (ID-71)."""

    methods: list[EkycMethodItem]


class EkycPlace(BaseModel):
    """Where the smartphone goes, as an address and as a QR code (ID-75)."""

    url: str
    qr_svg: str


class Jwks(BaseModel):
    """The public keys of access tokens and proofs (RFC 7517)."""

    keys: list[dict[str, str | list[str]]]
