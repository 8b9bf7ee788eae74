"""The events that a workflow's steps tell. A programme's table names one of these functions per row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from madoguchi_contracts import (
    ApplicationApproved,
    ApplicationClosed,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationSubmitted,
    AwaitedDocument,
    ChangeWithdrawn,
    Event,
    Reason,
    ReviewRecommended,
    SubmittedDocument,
)

from applications.workflow import EDIT, Case, NotAtHand, ReviewFacts, Step


def submitted(step: Step) -> Event:
    """ApplicationSubmitted, for a step that files something."""
    case, filing = step.case, step.case.filed
    return ApplicationSubmitted(
        application_id=case.application_id,
        programme=case.programme,
        account_id=case.account_id,
        reference=case.reference,
        submission=filing.submission,
        content_sha256=filing.sha256,
        documents=tuple(
            SubmittedDocument(
                document_id=document.document_id, slot=document.slot, sha256=document.sha256, subject=document.subject
            )
            for document in filing.documents
        ),
    )


def submitted_awaiting(awaited: Callable[[Case], Sequence[AwaitedDocument]]) -> Callable[[Step], Event]:
    """ApplicationSubmitted of a programme in which a paper may come later."""

    def tell(step: Step) -> Event:
        return submitted(step).model_copy(update={"awaited": tuple(awaited(step.case))})

    return tell


def recommended(step: Step) -> Event:
    """ReviewRecommended: by whom, and not what."""
    case, review = step.case, _review(step)
    return ReviewRecommended(
        application_id=case.application_id,
        review_id=review.review_id,
        submission=case.submission,
        due_on=review.due_on,
        officer_id=_officer(step),
    )


def approved(step: Step) -> Event:
    """ApplicationApproved, which says whether it is the first one of the application."""
    case = step.case
    return ApplicationApproved(
        application_id=case.application_id,
        account_id=case.account_id,
        programme=case.programme,
        submission=case.submission,
        first_approval=case.approved_submission is None,
        officer_id=_officer(step),
    )


def rejected(step: Step) -> Event:
    """ApplicationRejected, with the reason sealed to notifications for the mail."""
    case = step.case
    return ApplicationRejected(
        application_id=case.application_id,
        account_id=case.account_id,
        programme=case.programme,
        submission=case.submission,
        reason=step.seal(Reason(text=case.reason), "notifications"),
        officer_id=_officer(step),
    )


def closed(outcome: str, kind: str | None = None) -> Callable[[Step], Event]:
    """ApplicationClosed, with how it ended, to the owner and to all parties of that kind."""

    def tell(step: Step) -> Event:
        case = step.case
        return ApplicationClosed(
            application_id=case.application_id,
            account_id=case.account_id,
            programme=case.programme,
            submission=case.submission,
            outcome=outcome,
            notify=tuple(party.party_id for party in case.parties if party.kind == kind),
        )

    return tell


def reopened_for_owner(step: Step) -> Event:
    """ApplicationReopened: the owner changes what is in force."""
    return _reopened(step, (step.case.account_id,))


def reopened_for_editors(step: Step) -> Event:
    """ApplicationReopened: the parties that may edit change what is in force, and nobody else."""
    return _reopened(step, tuple(party.party_id for party in step.case.parties if EDIT in party.grants))


def reopened_for_nobody(step: Step) -> Event:
    """ApplicationReopened: what was prepared waits for the owner, and nobody changes it meanwhile."""
    return _reopened(step, ())


def _reopened(step: Step, editors: tuple[UUID, ...]) -> Event:
    case = step.case
    return ApplicationReopened(application_id=case.application_id, submission=case.submission + 1, editors=editors)


def withdrawn(step: Step) -> Event:
    """ChangeWithdrawn, for a step back to what is in force."""
    case = step.case
    if case.approved_submission is None:
        raise NotAtHand("approved submission")
    return ChangeWithdrawn(
        application_id=case.application_id,
        account_id=case.account_id,
        programme=case.programme,
        approved_submission=case.approved_submission,
    )


def _review(step: Step) -> ReviewFacts:
    if step.case.review is None:
        raise NotAtHand("review")
    return step.case.review


def _officer(step: Step) -> UUID:
    if step.actor_id is None:
        raise NotAtHand("officer")
    return step.actor_id
