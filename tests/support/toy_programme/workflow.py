"""A request with four tracks: the request itself, the consent of each neighbour, a person with an own account who
joins by an invitation, the identity of everybody, and the survey of the plot, which anybody of a surveying company
makes that the request names.

A draft nobody submits lapses. What was granted can be doubted: then it is looked at again; a survey that finds too much
does so by itself. Papers can be handed in later, by a submission of their own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from applications import events
from applications.forms import Form, asked
from applications.workflow import (
    EDIT,
    NOTHING,
    SYSTEM,
    VIEW,
    Case,
    Deadline,
    Effect,
    Relation,
    Transition,
    Who,
    Workflow,
)
from kit.errors import Finding
from madoguchi_contracts import Party, Role

from support.toy_programme import rules

REQUEST, CONSENT, SURVEY, IDENTITY = "request", "consent", "survey", "identity"
OWNER = Who(Role.APPLICANT, Relation.OWNER)
NEIGHBOUR = (Who(Role.JOINT_DEBTOR, Relation.SUBJECT), Who(Role.APPLICANT, Relation.SUBJECT))
SURVEYOR = Who(Role.COMPANY, Relation.PARTY, kind="surveyor", grant=EDIT)
REVIEWER, APPROVER = Who(Role.OFFICE_REVIEWER), Who(Role.OFFICE_APPROVER)
OFFICE = (REVIEWER, APPROVER)


def lapses_at(case: Case) -> datetime:
    """TY-04: a draft nobody submits lapses after 30 days."""
    return case.now + timedelta(days=30)


def answer_is_due_at(case: Case) -> datetime:
    """TY-05: a neighbour has a week, and three days where another one has answered already."""
    answered = any(track == CONSENT and state != "asked" for (track, _), state in case.states.items())
    return case.now + timedelta(days=3 if answered else 7)


LAPSE = Deadline("lapse", lapses_at)
REMIND = Deadline("remind", lambda case: case.now + timedelta(days=20))


def parties(content: Mapping[str, Any]) -> list[Party]:
    """TY-06: the surveyor whom the request in force names."""
    if "surveyor" not in content:
        return []
    return [Party(party_id=UUID(content["surveyor"]), kind="surveyor", grants=(VIEW, EDIT))]


GUESTS = {Role.JOINT_DEBTOR: (VIEW,)}


def form_is_right(case: Case) -> Sequence[Finding]:
    """TY-01."""
    return case.filed.form.findings


def every_neighbour_agrees(case: Case) -> Sequence[Finding]:
    """TY-03: everybody who was asked has agreed."""
    asked = [state for (track, _), state in case.states.items() if track == CONSENT]
    if all(state == "given" for state in asked):
        return ()
    return [Finding("TY-03", "CONSENT_MISSING", "隣の区画の方の同意がまだそろっていません。")]


def warnings(case: Case) -> list[Finding]:
    """There are none."""
    del case
    return []


def reason_is_given(case: Case) -> Sequence[Finding]:
    """TY-07: who doubts says why."""
    return () if case.reason.strip() else [Finding("TY-07", "REQUIRED", "理由を入力してください。", "reason")]


class SurveyReport(Form):
    """What the surveyor found."""

    square_metres: int | None = asked("測量した広さ", "TY-06")


def survey_says_how_large(case: Case) -> Sequence[Finding]:
    """TY-06: a survey has a result."""
    if case.said(SurveyReport).square_metres is not None:
        return ()
    return [Finding("TY-06", "REQUIRED", "測量した広さを入力してください。", "square_metres")]


def survey_found_too_much(case: Case) -> bool:
    """TY-09: more than a plot may have, in a survey that nobody has looked at yet."""
    report = case.said_before(SurveyReport, SURVEY, "survey")
    surveyed, confirmed = case.last(SURVEY, "survey"), case.last(REQUEST, "confirm")
    if report is None or surveyed is None or not rules.size_findings(report.square_metres):
        return False
    return confirmed is None or confirmed.at < surveyed.at


def identity_passed(case: Case) -> bool:
    """TY-10."""
    return case.ekyc.get(case.subject) == "passed"


WORKFLOW = Workflow(
    main=REQUEST,
    editable={"draft": (OWNER,), "granted": (OWNER,)},
    under_review=frozenset({"requested", "doubted"}),
    personal={CONSENT: (Role.JOINT_DEBTOR,), IDENTITY: (Role.JOINT_DEBTOR,)},
    remembers=True,
    rules=("TY-00",),
    transitions=(
        Transition(
            REQUEST, "start", (NOTHING,), "draft", (OWNER,), "入力を開始", ("TY-00",), deadlines=(LAPSE, REMIND)
        ),
        Transition(REQUEST, "remind", ("draft",), "draft", (SYSTEM,), "まもなく期限", ("TY-04",)),
        Transition(REQUEST, "lapse", ("draft",), "lapsed", (SYSTEM,), "期限切れ", ("TY-04",)),
        Transition(
            REQUEST,
            "submit",
            ("draft",),
            "requested",
            (OWNER,),
            "申込み",
            ("TY-00",),
            guards=(form_is_right,),
            otp=True,
            event=events.submitted,
            effects=frozenset({Effect.FILES}),
        ),
        Transition(
            REQUEST, "recommend", ("requested",), "requested", (REVIEWER,), "推薦", ("TY-00",), event=events.recommended
        ),
        Transition(
            REQUEST,
            "approve",
            ("requested",),
            "granted",
            (APPROVER,),
            "許可",
            ("TY-00",),
            guards=(every_neighbour_agrees,),
            second_of="recommend",
            event=events.approved,
            effects=frozenset({Effect.COMES_INTO_FORCE}),
        ),
        Transition(REQUEST, "decline", ("requested", "doubted"), "declined", OFFICE, "お断り", ("TY-00",)),
        Transition(REQUEST, "doubt", ("granted",), "doubted", OFFICE, "再検討", ("TY-07",), guards=(reason_is_given,)),
        Transition(REQUEST, "recommend", ("doubted",), "doubted", (REVIEWER,), "推薦", ("TY-07",)),
        Transition(
            REQUEST, "confirm", ("doubted",), "granted", (APPROVER,), "許可を維持", ("TY-07",), second_of="recommend"
        ),
        Transition(
            REQUEST,
            "add_papers",
            ("granted",),
            "requested",
            (OWNER,),
            "追加書類を提出",
            ("TY-08",),
            otp=True,
            event=events.submitted,
            effects=frozenset({Effect.FILES}),
        ),
        Transition(REQUEST, "withdraw", ("requested", "doubted"), "withdrawn", (OWNER,), "取下げ", ("TY-00",)),
        Transition(
            CONSENT,
            "ask",
            (NOTHING, "withheld"),
            "asked",
            (OWNER,),
            "同意を依頼",
            ("TY-03",),
            deadlines=(Deadline("assume", answer_is_due_at),),
        ),
        Transition(CONSENT, "assume", ("asked",), "given", (SYSTEM,), "同意とみなす", ("TY-05",)),
        Transition(CONSENT, "agree", ("asked",), "given", NEIGHBOUR, "同意", ("TY-03",), otp=True),
        Transition(CONSENT, "decline", ("asked", "given"), "withheld", NEIGHBOUR, "同意しない", ("TY-03",)),
        Transition(
            SURVEY,
            "survey",
            (NOTHING,),
            "surveyed",
            (SURVEYOR,),
            "測量",
            ("TY-06",),
            guards=(survey_says_how_large,),
            facts=SurveyReport,
        ),
        Transition(
            REQUEST,
            "reopen",
            ("granted",),
            "doubted",
            (SYSTEM,),
            "測量により再検討",
            ("TY-09",),
            when=survey_found_too_much,
            automatic=True,
        ),
        Transition(
            IDENTITY,
            "verify",
            (NOTHING,),
            "verified",
            (SYSTEM,),
            "本人確認済み",
            ("TY-10",),
            when=identity_passed,
            automatic=True,
        ),
    ),
)
