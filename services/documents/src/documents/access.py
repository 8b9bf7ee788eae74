"""The one place where the table of rights is enforced, and where it is put down who was shown what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.errors import Forbidden, NotFound
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from documents.domain import Action, Decision, Relation, SetState, Standing, decide, fills, relation_of, sees
from documents.errors import ApplicationOver, ChangeUnderWay, SetFrozen
from documents.models import AccessLogEntry, Document, DocumentSet


def standing_of(documents: DocumentSet, actor: Actor) -> Standing:
    """How the actor stands to the application now."""
    identities = {actor.account_id} | ({actor.organisation_id} if actor.organisation_id else set())
    parties = {UUID(party): facts for party, facts in documents.parties.items()}
    relation = relation_of(
        identities,
        owner=documents.account_id,
        grants={party: facts["grants"] for party, facts in parties.items()},
        editors=None if documents.editors is None else [UUID(editor) for editor in documents.editors],
        approved=documents.approved_submission is not None,
    )
    kinds = frozenset(facts["kind"] for party, facts in parties.items() if party in identities and facts["grants"])
    return Standing(actor.account_id, actor.role, relation, kinds)


def relation_to(documents: DocumentSet, actor: Actor) -> Relation:
    """The same in a word."""
    return standing_of(documents, actor).relation


def may(documents: DocumentSet, actor: Actor, action: Action) -> bool:
    """Whether the actor may do this with the set now."""
    return decide(actor.role, relation_to(documents, actor), documents.state, action) is Decision.ALLOWED


def authorise(documents: DocumentSet | None, actor: Actor, action: Action) -> DocumentSet:
    """The set, if the actor may do this with it now. Raises NotFound, Forbidden, SetFrozen and its kin."""
    if documents is None:
        raise NotFound
    application_id = str(documents.application_id)
    match decide(actor.role, relation_to(documents, actor), documents.state, action):
        case Decision.HIDDEN:
            raise NotFound(application_id=application_id)
        case Decision.FORBIDDEN:
            raise Forbidden(application_id=application_id)
        case Decision.FROZEN if documents.outcome is not None:
            raise ApplicationOver(application_id=application_id)
        case Decision.FROZEN if documents.state is SetState.REOPENED:
            raise ChangeUnderWay(application_id=application_id)
        case Decision.FROZEN:
            raise SetFrozen(application_id=application_id)
        case Decision.ALLOWED:
            return documents


async def authorised(
    session: AsyncSession, actor: Actor, document_id: UUID, action: Action
) -> tuple[DocumentSet, Document]:
    """A document with its set, if the actor may do this with it now. Raises what `authorise` raises.

    A file that the actor does not reach is not there for them.
    """
    document = await session.get(Document, document_id)
    if document is None:
        raise NotFound
    documents = authorise(await session.get(DocumentSet, document.application_id), actor, action)
    reaches = sees if action is Action.DOWNLOAD else fills
    if not reaches(standing_of(documents, actor), documents.slot_of[document.slot], document.subject):
        raise NotFound(document_id=str(document_id))
    return documents, document


def log_access(
    session: AsyncSession,
    *,
    actor: Actor,
    action: Action,
    application_id: UUID,
    document_id: UUID | None = None,
    now: datetime,
) -> None:
    """Put down that the actor was shown the file names of an application, or given a file."""
    session.add(
        AccessLogEntry(
            at=now,
            account_id=actor.account_id,
            role=actor.role.value,
            session_id=actor.session_id,
            action=action.value,
            application_id=application_id,
            document_id=document_id,
        )
    )
