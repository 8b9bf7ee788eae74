"""From the draft to the contract (groups 4, 20, 26 and 30), and the ways out of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from kit.japan import JST

from applications import events
from applications.programmes.green_loan import examination, insurance, notices, reading, reckoned, sharing, steps
from applications.programmes.green_loan.conditions import contract, decision, submission, works
from applications.programmes.green_loan.reading import JOINT_DEBTOR, LOAN
from applications.programmes.green_loan.rows.who import (
    APPROVER,
    AT_BANK,
    DOUBTFUL,
    OPEN,
    OWED,
    OWNER,
    REVIEWED,
    REVIEWER,
    here,
    row,
)
from applications.workflow import NOTHING, SYSTEM, Case, Deadline, Effect

FILES = frozenset({Effect.FILES, Effect.INVOLVES})
IN_FORCE = frozenset({Effect.COMES_INTO_FORCE})

SUBMISSION = (
    submission.counter_is_open,
    submission.form_is_right,
    submission.debtors_are_those_of_the_form,
    submission.papers_are_there,
    submission.everybody_agrees,
    submission.may_apply_again,
)


LATE_WORD = timedelta(hours=1)
"""A signature in the last minute of a period may be heard of after its end."""


def period_closes(case: Case) -> datetime:
    """GL-487: when a contract period is left: after its last day, and what may still be heard of it."""
    last = case.said(steps.ContractPeriod).last or reading.today(case)
    return datetime.combine(last + timedelta(days=1), time(), JST) + LATE_WORD


def is_concluded(case: Case) -> bool:
    """GL-079, GL-260, GL-495: nothing stands against the contract, and its rate is of the danshin that was joined."""
    return contract.contract_is_concluded(case) and not insurance.danshin_is_settled(case)


ROWS = (
    row(
        LOAN,
        "start",
        [NOTHING],
        "draft",
        OWNER,
        "入力を開始",
        *("GL-061", "GL-070"),
        guards=(submission.counter_is_open,),
    ),
    row(
        LOAN,
        "submit",
        ["draft"],
        "accepted",
        OWNER,
        "申込みを確定",
        *("GL-072", "GL-255"),
        guards=SUBMISSION,
        otp=True,
        event=events.submitted_awaiting(submission.papers_that_come_later),
        effects=FILES,
    ),
    row(LOAN, "begin_review", ["accepted"], "under_review", [SYSTEM], "審査を開始", "GL-073", automatic=True),
    *here(
        "enquire_credit",
        REVIEWED,
        [REVIEWER],
        "個人信用情報を照会",
        *("GL-122", "GL-623"),
        guards=(decision.bureau_is_named,),
        public=False,
        facts=steps.CreditContact,
        provides=sharing.by_enquiry,
    ),
    *here(
        "register_credit",
        OWED,
        [REVIEWER],
        "融資内容を個人信用情報機関に登録",
        *("GL-123", "GL-623"),
        guards=(decision.bureau_is_named,),
        public=False,
        facts=steps.CreditContact,
        provides=sharing.by_registration,
    ),
    # GL-121: what is found about persons is for officers alone, so no row of the timeline tells of it.
    *here(
        "examine",
        (*REVIEWED, *DOUBTFUL, "contracted", *OWED),
        [REVIEWER],
        "確認結果を記録",
        *("GL-121", "GL-235", "GL-366"),
        guards=(examination.examination_fits,),
        facts=steps.Examination,
        public=False,
    ),
    *here(
        "show_originals",
        (*REVIEWED, *DOUBTFUL, "contracted"),
        [AT_BANK],
        "書類の原本を確認",
        *("GL-361", "GL-362"),
        guards=(examination.originals_are_asked_for,),
        facts=steps.Originals,
    ),
    *here("recommend", REVIEWED, [REVIEWER], "推薦", "GL-074", public=False, event=events.recommended),
    row(
        LOAN,
        "approve",
        REVIEWED,
        "approved",
        [APPROVER],
        "融資承認",
        *("GL-074", "GL-433"),
        guards=(decision.approval_fits, examination.recommendation_has_seen_it, examination.examined_enough),
        second_of="recommend",
        event=events.approved,
        effects=IN_FORCE,
        facts=steps.Approval,
        notices=notices.of_approval,
        provides=sharing.by_approval,
    ),
    row(
        LOAN,
        "reject",
        ["under_review"],
        "rejected",
        [APPROVER],
        "不承認",
        *("GL-075", "GL-353"),
        guards=(decision.refusal_has_a_ground,),
        second_of="recommend",
        event=events.closed("refused", JOINT_DEBTOR),
        facts=steps.Refusal,
        tells=decision.reason_told,
    ),
    row(
        LOAN,
        "doubt",
        DOUBTFUL,
        "re_review",
        [REVIEWER],
        "再審査",
        *("GL-076", "GL-433"),
        guards=(decision.reason_is_given,),
    ),
    *here(
        "change_danshin",
        ("approved", "cert_submitted"),
        [REVIEWER, AT_BANK],
        "団信の種類を変更",
        *("GL-260", "GL-261"),
        guards=(reckoned.change_is_possible, insurance.kind_may_change),
        facts=steps.DanshinWish,
        keeps=steps.DanshinChange,
        reckons=reckoned.danshin_change,
        notices=notices.of_danshin_change,
        dated=True,
    ),
    row(
        LOAN,
        "review_again",
        ["approved", "cert_submitted"],
        "re_review",
        [SYSTEM],
        "返済額の増加により再審査",
        *("GL-261", "GL-262"),
        when=decision.payment_rises,
        automatic=True,
    ),
    *here(
        "fulfil",
        (*DOUBTFUL, "contracted"),  # the funds wait for a condition, too
        [REVIEWER, AT_BANK],
        "融資承認条件を確認",
        "GL-435",
        guards=(contract.fulfilled_are_conditions,),
        facts=steps.Fulfilled,
    ),
    row(
        LOAN,
        "receive",
        ["approved"],
        "cert_submitted",
        [AT_BANK],
        "適合証明書等を受領",
        *("GL-077", "GL-478"),
        guards=(works.certificate_papers_are_there, reckoned.final_amounts_are_there),
        facts=steps.Receipt,
        keeps=steps.CheckedReceipt,
        reckons=reckoned.receipt,
    ),
    # GL-397: as early as possible, and by the contract: before the papers of the completion, or after them.
    *here(
        "receive_works_paper",
        DOUBTFUL,
        [AT_BANK],
        "工事請負契約書等を受領",
        *("GL-397", "GL-399"),
        guards=(works.works_paper_comes,),
        facts=steps.WorksPaper,
    ),
    row(
        LOAN,
        "open_contract",
        ["cert_submitted"],
        "contract_open",
        [REVIEWER],
        "契約手続を案内",
        *("GL-078", "GL-483"),
        guards=(contract.period_is_right, insurance.danshin_is_settled),
        deadlines=(Deadline("close_contract", period_closes),),
        facts=steps.ContractPeriod,
        notices=notices.of_contract,
    ),
    row(LOAN, "close_contract", ["contract_open"], "cert_submitted", [SYSTEM], "契約手続可能期間が終了", "GL-487"),
    row(
        LOAN,
        "conclude",
        ["contract_open"],
        "contracted",
        [SYSTEM],
        "融資の契約",
        *("GL-079", "GL-260", "GL-495"),
        when=is_concluded,
        automatic=True,
    ),
)

ENDS = (
    row(
        LOAN,
        "withdraw",
        OPEN,
        "withdrawn",
        OWNER,
        "辞退",
        "GL-084",
        otp=True,
        event=events.closed("withdrawn", JOINT_DEBTOR),
    ),
    *here("propose_cancellation", OPEN, [REVIEWER], "取消しを提案", "GL-085", public=False),
    row(
        LOAN,
        "cancel",
        OPEN,
        "cancelled",
        [APPROVER],
        "受付または決定の取消し",
        *("GL-085", "GL-354"),
        guards=(decision.cancellation_has_a_ground,),
        second_of="propose_cancellation",
        event=events.closed("cancelled", JOINT_DEBTOR),
        facts=steps.Refusal,
        tells=decision.reason_told,
    ),
    # GL-086: at once, so one officer suffices. There is one cause for it alone, which is for officers (GL-121): to all
    # others it is told as a cancellation, in the timeline, as a state, in lists and by the event.
    row(
        LOAN,
        "stop",
        ["draft", *OPEN, "contracted"],
        "stopped",
        [APPROVER],
        "手続の中止",
        *("GL-086", "GL-119"),
        guards=(decision.reason_is_given,),
        event=events.closed("cancelled", JOINT_DEBTOR),
        told_as="cancel",
    ),
)
