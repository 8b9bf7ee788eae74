"""The life of a green loan as a table: groups 4, 20 and 26 to 34 of its book. The codes L0 to K2 are in the README."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from kit.errors import Finding
from kit.japan import JST
from madoguchi_contracts import Party, Role

from applications import events
from applications.programmes.green_loan import (
    certificates,
    examination,
    insurance,
    notices,
    reckoned,
    servicing_guards,
    sharing,
    steps,
    tasks,
)
from applications.programmes.green_loan import conditions as must
from applications.programmes.green_loan.conditions import (
    CONSENT,
    DANSHIN,
    IDENTITY,
    JOINT_DEBTOR,
    LOAN,
    SIGNATURE,
    TECHNICAL,
)
from applications.programmes.green_loan.form import BANK, BODY
from applications.programmes.green_loan.procedure.acceptance import month_end_warnings
from applications.workflow import (
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

OWNER = (Who(Role.APPLICANT, Relation.OWNER), Who(Role.JOINT_DEBTOR, Relation.OWNER))
EACH = (Who(Role.APPLICANT, Relation.SUBJECT), Who(Role.JOINT_DEBTOR, Relation.SUBJECT))
DEBTORS = (
    *OWNER,
    Who(Role.APPLICANT, Relation.PARTY, kind=JOINT_DEBTOR),
    Who(Role.JOINT_DEBTOR, Relation.PARTY, kind=JOINT_DEBTOR),
)
REVIEWER, APPROVER = Who(Role.OFFICE_REVIEWER), Who(Role.OFFICE_APPROVER)
AT_BANK = Who(Role.BANK, Relation.PARTY, kind=BANK)
AT_BODY = Who(Role.INSPECTION_BODY, Relation.PARTY, kind=BODY)
INSPECTORS = (AT_BODY, REVIEWER)
"""interpretation (GL-457): the office records the report of a body that has no access here."""

OPEN = ("accepted", "under_review", "approved", "re_review", "cert_submitted", "contract_open")
REVIEWED = ("under_review", "re_review")
DOUBTFUL = ("approved", "cert_submitted", "contract_open")
OWED = ("repaying", "overdue")

FILES = frozenset({Effect.FILES, Effect.INVOLVES})
IN_FORCE = frozenset({Effect.COMES_INTO_FORCE})

SUBMISSION = (
    must.counter_is_open,
    must.form_is_right,
    must.debtors_are_those_of_the_form,
    must.papers_are_there,
    must.everybody_agrees,
    must.may_apply_again,
)


def parties(content: Any) -> list[Party]:
    """The institution (GL-021) and the inspection body (GL-022) that the applicant chose."""
    named = ((BANK, content.get("institution")), (BODY, content.get("inspection_body")))
    return [Party(party_id=UUID(one), kind=kind, grants=(VIEW,)) for kind, one in named if one]


def warnings(case: Case) -> list[Finding]:
    """What the officer has to look at: what no rule decides."""
    return list(case.filed.form.warnings)


def to_be_shown(case: Case) -> list[Finding]:
    """GL-259, and GL-100: identity checks that are still to come."""
    open_ = [one for one in must.debtors(case) if case.state(IDENTITY, one) not in must.VERIFIED]
    message = "本人確認(eKYC)がお済みでない方がいます。原則として、お申込みの時までにお済ませください。"
    unverified = [Finding("GL-488", "UNVERIFIED", message)] if open_ else []
    return [*month_end_warnings(must.today(case)), *unverified]


LATE_WORD = timedelta(hours=1)
"""A signature in the last minute of a period may be heard of after its end."""


def period_closes(case: Case) -> datetime:
    """GL-487: when a contract period is left: after its last day, and what may still be heard of it."""
    last = case.said(steps.ContractPeriod).last or must.today(case)
    return datetime.combine(last + timedelta(days=1), time(), JST) + LATE_WORD


def is_concluded(case: Case) -> bool:
    """GL-079, GL-260, GL-495: nothing stands against the contract, and its rate is of the danshin that was joined."""
    return must.contract_is_concluded(case) and not insurance.danshin_is_settled(case)


def _row(
    track: str,
    command: str,
    sources: Sequence[str],
    target: str,
    who: Sequence[Who],
    label: str,
    *rules: str,
    **more: Any,
) -> Transition:
    return Transition(track, command, tuple(sources), target, tuple(who), label, rules, **more)


def _here(
    command: str, states: Sequence[str], who: Sequence[Who], label: str, *rules: str, **more: Any
) -> list[Transition]:
    """A step that is remembered in each of these states, and leaves none."""
    return [_row(LOAN, command, (state,), state, who, label, *rules, **more) for state in states]


_LOAN = (
    _row(LOAN, "start", [NOTHING], "draft", OWNER, "入力を開始", *("GL-061", "GL-070"), guards=(must.counter_is_open,)),
    _row(
        LOAN,
        "submit",
        ["draft"],
        "accepted",
        OWNER,
        "申込みを確定",
        *("GL-072", "GL-255"),
        guards=SUBMISSION,
        otp=True,
        event=events.submitted,
        effects=FILES,
    ),
    _row(LOAN, "begin_review", ["accepted"], "under_review", [SYSTEM], "審査を開始", "GL-073", automatic=True),
    *_here(
        "enquire_credit",
        REVIEWED,
        [REVIEWER],
        "個人信用情報を照会",
        *("GL-122", "GL-623"),
        guards=(must.bureau_is_named,),
        public=False,
        facts=steps.CreditContact,
        provides=sharing.by_enquiry,
    ),
    *_here(
        "register_credit",
        OWED,
        [REVIEWER],
        "融資内容を個人信用情報機関に登録",
        *("GL-123", "GL-623"),
        guards=(must.bureau_is_named,),
        public=False,
        facts=steps.CreditContact,
        provides=sharing.by_registration,
    ),
    # GL-121: what is found about persons is for officers alone, so no row of the timeline tells of it.
    *_here(
        "examine",
        (*REVIEWED, *DOUBTFUL, "contracted", *OWED),
        [REVIEWER],
        "確認結果を記録",
        *("GL-121", "GL-235", "GL-366"),
        guards=(examination.examination_fits,),
        facts=steps.Examination,
        public=False,
    ),
    *_here(
        "show_originals",
        (*REVIEWED, *DOUBTFUL, "contracted"),
        [AT_BANK],
        "書類の原本を確認",
        *("GL-361", "GL-362"),
        guards=(examination.originals_are_asked_for,),
        facts=steps.Originals,
    ),
    *_here("recommend", REVIEWED, [REVIEWER], "推薦", "GL-074", public=False, event=events.recommended),
    _row(
        LOAN,
        "approve",
        REVIEWED,
        "approved",
        [APPROVER],
        "融資承認",
        *("GL-074", "GL-433"),
        guards=(must.approval_fits, examination.recommendation_has_seen_it, examination.examined_enough),
        second_of="recommend",
        event=events.approved,
        effects=IN_FORCE,
        facts=steps.Approval,
        notices=notices.of_approval,
        provides=sharing.by_approval,
    ),
    _row(
        LOAN,
        "reject",
        ["under_review"],
        "rejected",
        [APPROVER],
        "不承認",
        *("GL-075", "GL-353"),
        guards=(must.refusal_has_a_ground,),
        second_of="recommend",
        event=events.closed("refused", JOINT_DEBTOR),
        facts=steps.Refusal,
    ),
    _row(
        LOAN,
        "doubt",
        DOUBTFUL,
        "re_review",
        [REVIEWER],
        "再審査",
        *("GL-076", "GL-433"),
        guards=(must.reason_is_given,),
    ),
    *_here(
        "change_danshin",
        ("approved", "cert_submitted"),
        [REVIEWER, AT_BANK],
        "団信の種類を変更",
        *("GL-260", "GL-261"),
        guards=(reckoned.change_is_possible, insurance.kind_may_change),
        facts=steps.DanshinWish,
        keeps=steps.DanshinChange,
        reckons=reckoned.danshin_change,
        dated=True,
    ),
    _row(
        LOAN,
        "review_again",
        ["approved", "cert_submitted"],
        "re_review",
        [SYSTEM],
        "返済額の増加により再審査",
        *("GL-261", "GL-262"),
        when=must.payment_rises,
        automatic=True,
    ),
    *_here(
        "fulfil",
        DOUBTFUL,
        [REVIEWER, AT_BANK],
        "融資承認条件を確認",
        "GL-435",
        guards=(must.fulfilled_are_conditions,),
        facts=steps.Fulfilled,
    ),
    _row(
        LOAN,
        "receive",
        ["approved"],
        "cert_submitted",
        [AT_BANK],
        "適合証明書等を受領",
        *("GL-077", "GL-478"),
        guards=(must.certificate_papers_are_there, reckoned.final_amounts_are_there),
        facts=steps.Receipt,
        keeps=steps.CheckedReceipt,
        reckons=reckoned.receipt,
    ),
    _row(
        LOAN,
        "open_contract",
        ["cert_submitted"],
        "contract_open",
        [REVIEWER],
        "契約手続を案内",
        *("GL-078", "GL-483"),
        guards=(must.period_is_right, insurance.danshin_is_settled),
        deadlines=(Deadline("close_contract", period_closes),),
        facts=steps.ContractPeriod,
        notices=notices.of_contract,
    ),
    _row(LOAN, "close_contract", ["contract_open"], "cert_submitted", [SYSTEM], "契約手続可能期間が終了", "GL-487"),
    _row(
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
    _row(
        LOAN,
        "disburse",
        ["contracted"],
        "repaying",
        [AT_BANK, APPROVER],
        "資金の受取り",
        *("GL-080", "GL-503"),
        guards=(must.funds_may_be_paid, servicing_guards.repayment_begins),
        facts=steps.Funds,
    ),
    _row(
        LOAN,
        "miss",
        OWED,
        "overdue",
        [AT_BANK],
        "延滞",
        *("GL-081", "GL-577"),
        guards=(servicing_guards.debit_is_an_instalment,),
        facts=steps.Missed,
    ),
    _row(
        LOAN,
        "settle",
        ["overdue"],
        "repaying",
        [AT_BANK],
        "延滞の解消",
        *("GL-081", "GL-577"),
        guards=(servicing_guards.arrears_have_a_day,),
        facts=steps.Settled,
    ),
    *_here(
        "change_sendings",
        (*OPEN, "contracted", *OWED),
        [AT_BANK],
        "残高証明書の送付回数を変更",
        "GL-508",
        guards=(certificates.sendings_may_change,),
        facts=steps.Sendings,
    ),
    *_here(
        "ask_prepayment",
        OWED,
        OWNER,
        "繰上返済のお申出",
        *("GL-596", "GL-601"),
        guards=(servicing_guards.prepayment_may_be_asked_for,),
        facts=steps.PrepaymentWish,
    ),
    *_here(
        "prepay",
        OWED,
        [AT_BANK],
        "繰上返済",
        *("GL-596", "GL-599"),
        guards=(servicing_guards.prepayment_fits,),
        facts=steps.Prepayment,
    ),
    *_here(
        "ask_change",
        OWED,
        [*OWNER, AT_BANK],
        "返済方法の変更のお申出",
        *("GL-589", "GL-591"),
        guards=(servicing_guards.change_fits,),
        facts=steps.TermsChange,
    ),
    *_here(
        "change_terms",
        OWED,
        [APPROVER],
        "返済方法の変更を承認",
        *("GL-589", "GL-591"),
        guards=(servicing_guards.change_fits,),
        facts=steps.TermsChange,
    ),
    *_here("decline_change", OWED, [APPROVER], "返済方法の変更を見送り", "GL-591", guards=(must.reason_is_given,)),
    # GL-579: what is found out calls for a task of the office, and for nothing by itself.
    *_here(
        "report_ground",
        OWED,
        [REVIEWER, AT_BANK],
        "一括繰上返済の事由を記録",
        *("GL-579", "GL-581"),
        guards=(must.ground_is_named,),
        facts=steps.AccelerationGround,
        public=False,
    ),
    *_here(
        "permit",
        OWED,
        [APPROVER],
        "用途等の変更を承認",
        *("GL-582", "GL-583", "GL-584"),
        guards=(must.may_be_permitted,),
        facts=steps.Permission,
    ),
    *_here("propose_acceleration", OWED, [REVIEWER], "一括繰上返済を提案", "GL-579", public=False),
    _row(
        LOAN,
        "accelerate",
        OWED,
        "accelerated",
        [APPROVER],
        "一括繰上返済",
        *("GL-082", "GL-579"),
        guards=(must.reason_is_given,),
        second_of="propose_acceleration",
    ),
    _row(
        LOAN,
        "close",
        [*OWED, "accelerated"],
        "closed",
        [AT_BANK, REVIEWER],
        "完済",
        "GL-083",
        guards=(servicing_guards.closing_is_true,),
        event=events.closed("done", JOINT_DEBTOR),
        facts=steps.Closing,
    ),
    *_here(
        "propose_closing",
        (*OWED, "accelerated"),
        [AT_BANK, REVIEWER],
        "残高がある融資の完済を提案",
        "GL-083",
        public=False,
    ),
    _row(
        LOAN,
        "close_with_balance",
        [*OWED, "accelerated"],
        "closed",
        [APPROVER],
        "完済",
        "GL-083",
        guards=(servicing_guards.closing_with_a_balance_is_true, must.reason_is_given),
        second_of="propose_closing",
        event=events.closed("done", JOINT_DEBTOR),
        facts=steps.Closing,
    ),
    _row(
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
    *_here("propose_cancellation", OPEN, [REVIEWER], "取消しを提案", "GL-085", public=False),
    _row(
        LOAN,
        "cancel",
        OPEN,
        "cancelled",
        [APPROVER],
        "決定の取消し",
        *("GL-085", "GL-354"),
        guards=(must.cancellation_has_a_ground,),
        second_of="propose_cancellation",
        event=events.closed("cancelled", JOINT_DEBTOR),
        facts=steps.Refusal,
    ),
    # GL-086: at once, so one officer suffices; what is told to the applicant says no more than any other end.
    _row(
        LOAN,
        "stop",
        ["draft", *OPEN, "contracted"],
        "stopped",
        [APPROVER],
        "手続の中止",
        *("GL-086", "GL-119"),
        guards=(must.reason_is_given,),
        event=events.closed("stopped", JOINT_DEBTOR),
    ),
)

_TECHNICAL = (
    _row(TECHNICAL, "request", [NOTHING], "requested", OWNER, "適合証明を申請", "GL-087"),
    _row(
        TECHNICAL,
        "confirm_plan",
        ["requested"],
        "plan_confirmed",
        INSPECTORS,
        "工事計画の内容を確認",
        *("GL-088", "GL-451"),
        guards=(must.inspection_is_recorded,),
        facts=steps.Inspection,
    ),
    _row(
        TECHNICAL,
        "start_works",
        ["plan_confirmed"],
        "started",
        OWNER,
        "着工",
        *("GL-089", "GL-458"),
        guards=(must.works_start_in_time,),
        facts=steps.Day,
    ),
    _row(
        TECHNICAL,
        "complete",
        ["started"],
        "completed",
        OWNER,
        "工事完了",
        "GL-090",
        guards=(must.completion_has_a_day,),
        facts=steps.Completion,
    ),
    _row(TECHNICAL, "report", ["completed"], "reported", OWNER, "工事完了を報告", *("GL-091", "GL-460")),
    _row(
        TECHNICAL,
        "certify",
        ["reported"],
        "certified",
        INSPECTORS,
        "適合証明書の交付",
        *("GL-092", "GL-469"),
        guards=(must.inspection_is_recorded,),
        facts=steps.Inspection,
    ),
    # GL-093: a business group's paper takes the place of the inspection, wherever the works stand.
    _row(
        TECHNICAL,
        "omit",
        [NOTHING, "requested", "plan_confirmed", "started", "completed", "reported"],
        "omitted",
        [REVIEWER],
        "工事内容確認住宅(検査を省略)",
        *("GL-093", "GL-094"),
        guards=(must.inspection_is_recorded,),
        facts=steps.Inspection,
    ),
)

_PERSONS = (
    _row(
        CONSENT,
        "agree",
        [NOTHING, "agreed"],
        "agreed",
        EACH,
        "個人情報の取扱いに同意・商品概要説明書を確認",
        *("GL-255", "GL-620"),
        guards=(must.counter_is_open, must.agreement_is_whole),
        when=lambda case: case.state(LOAN) == "draft",
        facts=steps.Agreement,
    ),
    _row(
        IDENTITY,
        "pass_ekyc",
        [NOTHING],
        "verified_online",
        [SYSTEM],
        "本人確認済み(eKYC)",
        *("GL-100", "GL-488"),
        when=must.ekyc_passed,
        automatic=True,
    ),
    _row(
        IDENTITY,
        "see",
        [NOTHING],
        "verified_in_person",
        [AT_BANK],
        "窓口で本人確認",
        *("GL-100", "GL-489"),
        guards=(must.papers_suffice,),
        facts=steps.Seen,
    ),
    _row(
        DANSHIN,
        "begin",
        [NOTHING],
        "opening",
        [SYSTEM],
        "団信のお申込みを準備",
        *("GL-102", "GL-400"),
        when=insurance.joins,
        automatic=True,
    ),
    _row(
        DANSHIN,
        "begin_again",
        [NOTHING, "not_joined", "refused"],
        "opening",
        [REVIEWER],
        "団信のお申込みをあらためて準備",
        *("GL-260", "GL-523", "GL-530"),
        when=insurance.may_begin_again,
    ),
    _row(
        DANSHIN,
        "invite",
        ["opening"],
        "invited",
        [SYSTEM],
        "団信のお申込みを案内",
        *("GL-102", "GL-400"),
    ),
    _row(
        DANSHIN,
        "apply",
        ["invited", "certificate_wanted"],
        "applied",
        [SYSTEM],
        "団信の申込書兼告知書を受付",
        *("GL-102", "GL-527"),
        facts=steps.Heard,
    ),
    _row(
        DANSHIN,
        "want_certificate",
        ["applied"],
        "certificate_wanted",
        [SYSTEM],
        "団信の診断書等をお願い",
        *("GL-528", "GL-535"),
    ),
    _row(
        DANSHIN,
        "accept",
        ["applied", "certificate_wanted"],
        "joined",
        [SYSTEM],
        "保険会社が承諾",
        *("GL-102", "GL-531", "GL-532"),
        facts=steps.Heard,
    ),
    _row(DANSHIN, "refuse", ["applied", "certificate_wanted"], "refused", [SYSTEM], "保険会社が謝絶", "GL-102"),
    _row(
        DANSHIN,
        "switch",
        ["refused"],
        "switched",
        [SYSTEM],
        "新機構団信へ変更",
        *("GL-102", "GL-530"),
        facts=steps.Heard,
    ),
    _row(
        DANSHIN,
        "decline",
        ["invited", "applied", "certificate_wanted", "joined", "refused", "switched"],
        "not_joined",
        [SYSTEM],
        "団信に加入しない",
        *("GL-102", "GL-513"),
    ),
    _row(
        DANSHIN,
        "give_up",
        ["opening", "invited", "applied", "certificate_wanted", "joined", "refused", "switched"],
        "not_joined",
        [SYSTEM],
        "団信のお申込みを取りやめ",
        *("GL-102", "GL-260", "GL-513", "GL-544"),
        when=insurance.is_given_up,
        automatic=True,
    ),
    _row(
        DANSHIN,
        "come_into_force",
        ["joined", "switched"],
        "in_force",
        [SYSTEM],
        "保障を開始",
        *("GL-102", "GL-544"),
        when=insurance.cover_is_on,
        automatic=True,
    ),
    _row(
        DANSHIN,
        "end",
        ["in_force"],
        "ended",
        [SYSTEM],
        "保障を終了",
        *("GL-102", "GL-548", "GL-549", "GL-550"),
        when=insurance.cover_is_over,
        automatic=True,
    ),
    _row(
        SIGNATURE,
        "watch",
        [NOTHING, "watched", "signed"],
        "watched",
        EACH,
        "契約内容の説明動画を視聴し、契約書の内容を確認",
        *("GL-484", "GL-486"),
        when=must.contract_is_open,
    ),
    # The provider of the electronic contract tells of it (applications.econtract).
    _row(
        SIGNATURE,
        "sign",
        ["watched"],
        "signed",
        [SYSTEM],
        "電子契約",
        *("GL-487", "GL-484"),
        when=must.signature_may_be_heard,
        facts=steps.Signed,
    ),
)

WORKFLOW = Workflow(
    main=LOAN,
    editable={"draft": OWNER},  # GL-436: read-only afterwards
    saving=(must.counter_is_open,),
    shown=dict.fromkeys(("draft", *OPEN, "contracted", *OWED, "accelerated", "closed"), DEBTORS),
    under_review=frozenset(REVIEWED),
    personal=dict.fromkeys((CONSENT, IDENTITY, DANSHIN, SIGNATURE), (JOINT_DEBTOR,)),
    remembers=True,
    rules=("GL-436",),
    tasks=tasks.TASKS,
    entering={
        (LOAN, "contract_open"): ("contract.begin",),
        (DANSHIN, "opening"): ("danshin.begin",),
        (DANSHIN, "not_joined"): ("danshin.give_up",),
        (DANSHIN, "in_force"): ("danshin.rest",),
    },
    leaving={(LOAN, "contract_open"): ("contract.end",)},
    transitions=(*_LOAN, *_TECHNICAL, *_PERSONS),
)
