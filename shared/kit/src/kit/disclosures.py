"""What a service holds of a person, told to that person (GL-618): with a grant that identity signed after the office
had answered the request.

Nothing is copied for it: each service reads what it holds at that moment, and the grant is good for five minutes.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from madoguchi_contracts import Role
from pydantic import BaseModel

from kit.errors import Forbidden
from kit.http import ActorDep, context_of
from kit.tokens import Actor, ProofRefused, TokenVerifier

PURPOSE = "personal-data:disclosure"
"""Not a word that a one-time password can be given for: nobody makes a grant for themselves."""
PERSONS = frozenset({Role.APPLICANT, Role.JOINT_DEBTOR})
"""Whose data is disclosed: those whose account is theirs alone."""


class GrantRefused(Forbidden):
    """The grant is another one's, of something else, or too old (403)."""

    code = "grant_refused"
    title = "開示の内容をもう一度、はじめの画面からお開きください。"
    default_rules = ("GL-618",)


class Part(BaseModel):
    """What is held of one kind. `label` is for people, the names in the items are for programs."""

    label: str
    items: list[dict[str, Any]]


class DisclosureBody(BaseModel):
    """What this service holds of the person."""

    service: str
    parts: list[Part]


async def check_grant(verifier: TokenVerifier, actor: Actor, grant: str) -> None:
    """Let the person pass whom identity granted it to. Raises Forbidden, GrantRefused, Unavailable."""
    if actor.role not in PERSONS:
        raise Forbidden(role=actor.role.value)
    digest = hashlib.sha256(str(actor.account_id).encode()).hexdigest()
    try:
        await verifier.verify_proof(grant, account_id=actor.account_id, purpose=PURPOSE, digest=digest)
    except ProofRefused:
        raise GrantRefused(account_id=str(actor.account_id)) from None


async def _granted(
    request: Request,
    actor: ActorDep,
    disclosure_grant: Annotated[str, Header(max_length=2000, description="as `GET …/disclosure` of identity told it")],
) -> Actor:
    await check_grant(context_of(request).verifier, actor, disclosure_grant)
    return actor


GrantedDep = Annotated[Actor, Depends(_granted)]
"""The person to whom the office has disclosed what is held of them, for the next few minutes."""
