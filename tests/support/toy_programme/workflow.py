"""A request with two tracks: the request itself, and the consent of each neighbour, a person with an own account.

A draft nobody submits lapses after 30 days.
"""

from collections.abc import Sequence
from datetime import timedelta

from applications import events
from applications.workflow import NOTHING, SYSTEM, Case, Deadline, Relation, Transition, Who, Workflow
from kit.errors import Finding
from madoguchi_contracts import Role

REQUEST, CONSENT = "request", "consent"
OWNER = Who(Role.APPLICANT, Relation.OWNER)
NEIGHBOUR = Who(Role.APPLICANT, Relation.SUBJECT)
REVIEWER, APPROVER = Who(Role.OFFICE_REVIEWER), Who(Role.OFFICE_APPROVER)
LAPSE = Deadline("lapse", lambda now: now + timedelta(days=30))


def form_is_right(case: Case) -> Sequence[Finding]:
    """TY-01."""
    return case.filing.form.findings if case.filing else ()


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


WORKFLOW = Workflow(
    main=REQUEST,
    editable=frozenset({"draft"}),
    transitions=(
        Transition(REQUEST, "start", (NOTHING,), "draft", (OWNER,), "入力を開始", ("TY-00",), deadline=LAPSE),
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
            otp="submit",
            event=events.submitted,
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
        ),
        Transition(CONSENT, "ask", (NOTHING, "withheld"), "asked", (OWNER,), "同意を依頼", ("TY-03",)),
        Transition(CONSENT, "agree", ("asked",), "given", (NEIGHBOUR,), "同意", ("TY-03",)),
        Transition(CONSENT, "decline", ("asked", "given"), "withheld", (NEIGHBOUR,), "同意しない", ("TY-03",)),
    ),
)
