"""Passwords and the user ID reminder (ID-16 to ID-18, ID-49 to ID-62)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, StrictBool

from identity.schemas.common import Body, Password, SecretAnswer, Text, Token, UserId


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
    confirmed: StrictBool


class ResetRequestBody(Body):
    """パスワードをお忘れですか? (ID-50)."""

    user_id: UserId


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
