"""Terms, secret questions and registration (ID-05 to ID-16)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from kit.http import NowDep, SessionDep

from identity import queries
from identity.api.deps import ACCEPTED, ContextDep, NetworkDep, TokenAttempt, open_to
from identity.commands import registration
from identity.permissions import Action, Relation
from identity.schemas import common
from identity.schemas import registration as schemas
from identity.terms import current_terms, secret_questions

router = APIRouter(prefix="/v1", tags=["registration"])

# ID-12
NEXT_REPRESENTATIVE = "秘密の質問は、代表者変更手続の際に、次の代表者の方に確認させていただきます。"


@router.get(
    "/terms",
    dependencies=[open_to(Relation.STRANGER, Action.READ_PUBLIC)],
    response_model=schemas.TermsAnswer,
    summary="Terms of use",
)
async def terms() -> Any:
    """The terms in force; a registration names their version."""
    return current_terms()._asdict()


@router.get(
    "/secret-questions",
    dependencies=[open_to(Relation.STRANGER, Action.READ_PUBLIC)],
    response_model=schemas.SecretQuestions,
    summary="Secret questions to choose from",
)
async def questions() -> Any:
    """The list of ID-11 and the warning of ID-12."""
    listed = [{"key": key, "text": text} for key, text in secret_questions().items()]
    return {"questions": listed, "notice": NEXT_REPRESENTATIVE}


@router.post(
    "/registrations",
    dependencies=[open_to(Relation.STRANGER, Action.REGISTER)],
    status_code=202,
    response_model=common.Accepted,
    summary="Ask to be registered",
)
async def request_registration(
    body: schemas.RegistrationBody, session: SessionDep, context: ContextDep, network: NetworkDep, now: NowDep
) -> Any:
    """送信する on 新規利用登録: mail NO-02 follows (ID-09)."""
    await registration.request_registration(session, context.tools, **body.model_dump(), network=network, now=now)
    return ACCEPTED


@router.post(
    "/registrations/inspect",
    response_model=schemas.RegistrationAnswer,
    dependencies=[TokenAttempt, open_to(Relation.MAILED_LINK, Action.REGISTER)],
    summary="What was entered",
)
async def inspect(body: common.TokenBody, session: SessionDep, context: ContextDep, now: NowDep) -> Any:
    """For the screen ユーザーID登録. Looking does not use the link up (I-05)."""
    row = await queries.open_registration(session, body.token, now)
    return asdict(queries.holder_of(context.tools.keys, row))


@router.post(
    "/registrations/commit",
    status_code=201,
    response_model=common.Committed,
    dependencies=[TokenAttempt, open_to(Relation.MAILED_LINK, Action.REGISTER)],
    summary="Get the user ID",
)
async def commit(body: common.CommitBody, context: ContextDep, now: NowDep) -> Any:
    """入力内容を確定する: the user ID is issued, mails NO-03 and NO-04 follow (ID-15, ID-16)."""
    account_id = await registration.commit_registration(context.database, context.tools, **body.model_dump(), now=now)
    return {"account_id": account_id}
