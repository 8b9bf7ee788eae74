"""Terms, secret questions and registration (ID-05 to ID-16)."""

from __future__ import annotations

from pydantic import BaseModel, Field, StrictBool

from identity.schemas.common import Body, Text


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
    terms_accepted: StrictBool
    programme: Text = Field(
        default="bond",
        description="decides as what one registers: representative of an association, or applicant of a loan",
        examples=["bond"],
    )


class RegistrationAnswer(BaseModel):
    """What was entered, for ユーザーID登録個人情報の確認 (ID-14)."""

    name_kanji: str
    name_kana: str
    mail: str
