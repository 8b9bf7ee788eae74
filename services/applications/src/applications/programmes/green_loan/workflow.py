"""The life of a green loan as a table: groups 4, 20 and 26 to 34 of its book. The codes L0 to K2 are in the README."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import Finding
from madoguchi_contracts import Party

from applications.programmes.green_loan import evidence, last_instalment, reading, tasks
from applications.programmes.green_loan.conditions import submission
from applications.programmes.green_loan.form import BANK, BODY
from applications.programmes.green_loan.procedure.acceptance import month_end_warnings
from applications.programmes.green_loan.reading import (
    CONSENT,
    DANSHIN,
    IDENTITY,
    JOINT_DEBTOR,
    LOAN,
    PAID_OUT,
    SIGNATURE,
    VERIFIED,
)
from applications.programmes.green_loan.rows import decision, persons, repayment, technical
from applications.programmes.green_loan.rows.who import DEBTORS, OPEN, OWNER, REVIEWED
from applications.workflow import VIEW, Alarm, Case, Workflow


def parties(content: Any) -> list[Party]:
    """The institution (GL-021) and the inspection body (GL-022) that the applicant chose."""
    named = ((BANK, content.get("institution")), (BODY, content.get("inspection_body")))
    return [Party(party_id=UUID(one), kind=kind, grants=(VIEW,)) for kind, one in named if one]


def warnings(case: Case) -> list[Finding]:
    """What the officer has to look at: what no rule decides."""
    return list(case.filed.form.warnings)


def to_be_shown(case: Case) -> list[Finding]:
    """GL-259, GL-100: identity checks that are still to come; GL-425: what is wrong with income evidence."""
    open_ = [one for one in reading.debtors(case) if case.state(IDENTITY, one) not in VERIFIED]
    message = "本人確認(eKYC)がお済みでない方がいます。原則として、お申込みの時までにお済ませください。"
    unverified = [Finding("GL-488", "UNVERIFIED", message)] if open_ else []
    return [*month_end_warnings(reading.today(case)), *unverified, *evidence.to_be_shown(case)]


WORKFLOW = Workflow(
    main=LOAN,
    editable={"draft": OWNER},  # GL-436: read-only afterwards
    saving=(submission.counter_is_open,),
    shown=dict.fromkeys(("draft", *OPEN, "contracted", *PAID_OUT), DEBTORS),
    under_review=frozenset(REVIEWED),
    personal=dict.fromkeys((CONSENT, IDENTITY, DANSHIN, SIGNATURE), (JOINT_DEBTOR,)),
    remembers=True,
    rules=("GL-436",),
    tasks=tasks.TASKS,
    alarms=(Alarm(last_instalment.COMMAND, last_instalment.told_at),),
    entering={
        (LOAN, "contract_open"): ("contract.begin",),
        (DANSHIN, "opening"): ("danshin.begin",),
        (DANSHIN, "not_joined"): ("danshin.give_up",),
        (DANSHIN, "in_force"): ("danshin.rest",),
    },
    leaving={(LOAN, "contract_open"): ("contract.end",)},
    transitions=(*decision.ROWS, *repayment.ROWS, *decision.ENDS, *technical.ROWS, *persons.ROWS),
)
