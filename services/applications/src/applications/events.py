"""The events that a workflow's steps tell. A programme's table names one of these functions per row."""

from __future__ import annotations

from uuid import UUID

from madoguchi_contracts import (
    ApplicationApproved,
    ApplicationRejected,
    ApplicationSubmitted,
    Event,
    Reason,
    ReviewRecommended,
    SubmittedDocument,
)

from applications.workflow import Filing, ReviewFacts, Step


class NotAtHand(Exception):
    """A table names an event for a step that does not bring along what the event tells: a defect of the table."""


def submitted(step: Step) -> Event:
    """ApplicationSubmitted, for a step that files something."""
    case, filing = step.case, _filing(step)
    return ApplicationSubmitted(
        application_id=case.application_id,
        programme=case.programme,
        account_id=case.account_id,
        reference=case.reference,
        submission=filing.submission,
        content_sha256=filing.sha256,
        documents=tuple(
            SubmittedDocument(document_id=document.document_id, slot=document.slot, sha256=document.sha256)
            for document in filing.documents
        ),
    )


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
    """ApplicationApproved; the first one of an application causes mail NO-09 (I-45)."""
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
    """ApplicationRejected, with the reason sealed to notifications for mail NO-10."""
    case = step.case
    return ApplicationRejected(
        application_id=case.application_id,
        account_id=case.account_id,
        submission=case.submission,
        reason=step.seal(Reason(text=case.reason), "notifications"),
        officer_id=_officer(step),
    )


def _filing(step: Step) -> Filing:
    if step.case.filing is None:
        raise NotAtHand("filing")
    return step.case.filing


def _review(step: Step) -> ReviewFacts:
    if step.case.review is None:
        raise NotAtHand("review")
    return step.case.review


def _officer(step: Step) -> UUID:
    if step.actor_id is None:
        raise NotAtHand("officer")
    return step.actor_id
