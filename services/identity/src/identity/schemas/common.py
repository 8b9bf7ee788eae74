"""What bodies of requests and responses share. They check the form (422); the rules are checked by commands (409)."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

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


Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        pattern=r"\S",
        description="why it is done; kept for the audit for good, so it names nobody",
        examples=["着任 人事通知 2026-04"],
    ),
]


class Body(BaseModel):
    """A request body. Errors never quote the input."""

    model_config = ConfigDict(hide_input_in_errors=True)


class Accepted(BaseModel):
    """Taken; the same answer whoever is known."""

    status: Literal["accepted"]


class TokenBody(Body):
    """A token from a mailed link."""

    token: Token


class DeedBody(Body):
    """What is done to an account or organisation of others: why, and with a one-time password."""

    code: Code
    reason: Reason


class CommitBody(Body):
    """ユーザーID登録 (ID-11, ID-13)."""

    token: Token
    secret_question: Text = Field(examples=["first_school"])
    secret_answer: SecretAnswer
    terms_accepted: StrictBool


class Committed(BaseModel):
    """The user ID was issued; it comes by mail only (ID-15)."""

    account_id: UUID
