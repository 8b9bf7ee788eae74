"""What the office has to look at in a green loan, where the book asks for a task and not for a step by itself."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from kit.japan import JST
from kit.japan.months import last_day

from applications.programmes.green_loan import insurance, reading, servicing, steps
from applications.programmes.green_loan.conditions import contract, repayment
from applications.programmes.green_loan.examination import anti_social_checks, later_proofs, proofs_came
from applications.programmes.green_loan.form.papers import SPECIAL_CASE_MONTHS
from applications.programmes.green_loan.money import arrears
from applications.programmes.green_loan.papers.completion import area_change_registration_due
from applications.programmes.green_loan.papers.requirement import State
from applications.programmes.green_loan.procedure.contract import contract_deadline
from applications.programmes.green_loan.reading import DANSHIN, IDENTITY, LOAN, TECHNICAL
from applications.workflow import Case, Ground, TaskKind

AWAITING_CONTRACT = frozenset({"approved", "re_review", "cert_submitted", "contract_open"})
OWED = frozenset({"repaying", "overdue"})
REVIEWED = frozenset({"under_review", "re_review"})
_NEUTRAL = "その他の事由(確認結果をご覧ください)"
"""GL-121: tasks are kept and listed in the clear, so neither their words nor their rule tell what a check found of
somebody; the application does, and its look leaves a row in the log of access.
"""
BEFORE_FUNDS = AWAITING_CONTRACT | {"under_review", "contracted"}


def contract_overdue(case: Case) -> Ground | None:
    """GL-493, GL-494: decided, and no contract by the end of the last day. Nothing is cancelled by itself."""
    if case.state(LOAN) not in AWAITING_CONTRACT:
        return None
    last = contract_deadline(reading.accepted_on(case))
    reason = f"{last}までに融資の契約が締結されていません。融資の決定を取り消すかどうかを判断してください。"
    return Ground(_end_of(last), "GL-493", reason)


def contract_held_up(case: Case) -> Ground | None:
    """GL-101, GL-435, GL-487, GL-495: all have signed, and something stands against the contract all the same; when the
    period ends, all sign again. What it is, is among what the office sees of the contract.
    """
    signed, period, against = contract.held_up_since(case), contract.period_of(case), contract.stands_against(case)
    if signed is None or period is None or not against:
        return None
    reason = f"全員の電子契約が終わりましたが、契約を締結できません。{period.last}までに解消してください: "
    return Ground(signed, against[0].rule, reason + "".join(one.message for one in against), period.last)


def identity_open(case: Case) -> Ground | None:
    """GL-048, GL-101, GL-488: the papers of the completion are there, the contract is ahead, and somebody is still to
    be identified: at the counter, on a day that they are to be told of.
    """
    received = case.last(LOAN, "receive")
    ahead = case.state(LOAN) in ("cert_submitted", "contract_open")
    if not ahead or received is None or case.subject not in contract.not_identified(case):
        return None
    period = contract.period_of(case) if case.state(LOAN) == "contract_open" else None
    reason = "本人確認がお済みでない方です。契約の前に、eKYCまたは取扱金融機関の窓口での本人確認をご案内ください。"
    return Ground(received.at, "GL-488", reason, period.last if period else None)


def conditions_overdue(case: Case) -> Ground | None:
    """GL-434, GL-435: an approval condition is open although the event has come until which it was to be fulfilled.

    Whatever event they name, all must be fulfilled before the contract: from the contract period on all are looked at.
    """
    came = {"contract_open": {"certificate", "contract", "funds"}, "cert_submitted": {"certificate"}}
    late = [one for one in contract.conditions(case) if not one.done and one.due in came.get(case.state(LOAN), ())]
    received, opened = case.last(LOAN, "receive"), case.last(LOAN, "open_contract")
    if not late or received is None:
        return None
    period = contract.period_of(case) if case.state(LOAN) == "contract_open" else None
    early = any(one.due == "certificate" for one in late)
    at = received.at if early or opened is None else opened.at
    reason = f"融資承認条件のうち{len(late)}件が未了です。履行を促し、減額または取消しの要否を判断してください。"
    return Ground(at, "GL-434", reason, period.last if period else None)


def acceleration(case: Case) -> Ground | None:
    """GL-579 to GL-588: a ground for calling the whole balance; the agency decides (GL-581).

    interpretation (GL-582 to GL-584): a permission is of what was reported until then; what is reported later was not
    looked at, and calls again.
    """
    if case.state(LOAN) not in OWED:
        return None
    key = case.application_id
    came: dict[arrears.Ground, datetime] = {}
    for step in case.taken.get((LOAN, key, "report_ground"), ()):
        if isinstance(step.facts, steps.AccelerationGround) and step.facts.ground is not None:
            came[arrears.Ground(step.facts.ground)] = step.at
    permitted = {
        arrears.Ground(step.facts.ground)
        for step in case.taken.get((LOAN, key, "permit"), ())
        if isinstance(step.facts, steps.Permission)
        and step.facts.ground is not None
        and step.at >= came.get(arrears.Ground(step.facts.ground), step.at)
    }
    hit, unpaid = _hit_at(case), _unpaid(case)
    if hit is not None:
        came[arrears.Ground.ANTI_SOCIAL_FORCE] = hit  # GL-120
    if unpaid:
        came[arrears.Ground.ARREARS] = unpaid[arrears.UNPAID_INSTALMENTS - 1]
    standing = arrears.grounds(
        consecutive_unpaid_instalments=len(unpaid),
        found=came.keys(),
        permitted=permitted,
    )
    if not standing:
        return None
    newest = max(standing, key=lambda one: came[one])
    words = "、".join(
        _NEUTRAL if one is arrears.Ground.ANTI_SOCIAL_FORCE else arrears.GROUND_LABELS[one] for one in standing
    )
    reason = f"一括繰上返済の事由があります({words})。一括繰上返済を請求するかどうかを判断してください。"
    rule = "GL-579" if newest is arrears.Ground.ANTI_SOCIAL_FORCE else arrears.GROUND_RULES[newest]
    return Ground(came[newest], rule, reason)


def _unpaid(case: Case) -> list[datetime]:
    """When each unpaid instalment became known as missed, first to last; none unless so many in a row are (GL-581)."""
    found = servicing.standing(case, reading.today(case))
    if found is None or not found.acceleration_ground:
        return []
    told = case.taken.get((LOAN, case.application_id, "miss"), ())
    return sorted(
        max(step.at for step in told if isinstance(step.facts, steps.Missed) and step.facts.due_on == one.due_on)
        for one in found.late
    )


def person_check(case: Case) -> Ground | None:
    """GL-118, GL-119: somebody who applies was found to be what nobody may lend to. The name of the kind tells nothing.

    Once the loan is repaid it is a ground for calling the balance (GL-120).
    """
    if case.state(LOAN) not in BEFORE_FUNDS:
        return None
    found = _hit_at(case)
    if found is None:
        return None
    if case.state(LOAN) in REVIEWED:
        return Ground(found, "GL-118", "確認の結果、該当する方がいます。融資はお断りしてください。")
    return Ground(found, "GL-119", "確認の結果、該当する方がいます。ただちに手続を中止してください。")


def _hit_at(case: Case) -> datetime | None:
    """When the last of those checks was recorded that found somebody."""
    hits = {one.person for one in anti_social_checks(case) if one.is_hit}
    return max(
        (
            step.at
            for step in case.taken.get((LOAN, case.application_id, "examine"), ())
            if isinstance(step.facts, steps.Examination)
            and any(one.hit and str(one.person) in hits for one in step.facts.persons or ())
        ),
        default=None,
    )


def income_proof_missing(case: Case) -> Ground | None:
    """GL-390, GL-391: the proof that could not be issued at the application has not come, or was not good, and the
    months of the special case are over. Those who apply were told at the approval; the slot is open.
    """
    if case.state(LOAN) not in BEFORE_FUNDS or not _proofs(case, State.MISSING, State.REJECTED):
        return None
    accepted = reading.accepted_on(case)
    over = date(accepted.year, max(SPECIAL_CASE_MONTHS), 1)
    reason = (
        "お申込時に未発行だった前年の収入証明書が提出されていません。提出を求めてください。"
        "提出と確認が済むまで、資金を交付できません。"
    )
    return Ground(_end_of(last_day(over.year, over.month)), "GL-390", reason)


def income_proof_unchecked(case: Case) -> Ground | None:
    """GL-390, GL-391: it has come, and an officer is to check it before the funds are paid. A new file calls anew."""
    submitted = case.last(LOAN, "submit")
    if case.state(LOAN) not in BEFORE_FUNDS or submitted is None or not _proofs(case, State.UPLOADED):
        return None
    reason = (
        "お申込時に未発行だった前年の収入証明書が提出されました。確認してください。"
        "確認が済むまで、資金を交付できません。"
    )
    return Ground(max((submitted.at, *proofs_came(case))), "GL-391", reason)


def _proofs(case: Case, *states: State) -> bool:
    return any(state in states for _, state in later_proofs(case))


def change_asked(case: Case) -> Ground | None:
    """GL-591: another way of repayment was asked for, and the office has neither approved nor declined since."""
    asked = repayment.change_to_answer(case)
    if case.state(LOAN) not in OWED or asked is None:
        return None
    return Ground(asked.at, "GL-591", "返済方法の変更のお申出があります。承認するか、見送るかを判断してください。")


def prepayment_asked(case: Case) -> Ground | None:
    """GL-596, GL-601: somebody wishes to repay early on a day that is not over, and nothing is arranged for it."""
    if case.state(LOAN) not in OWED:
        return None
    arranged = {one.facts.payment_on for one in servicing.prepayments(case)}
    waiting = [
        (step.facts.payment_on, step.at)
        for step in case.taken.get((LOAN, case.application_id, "ask_prepayment"), ())
        if isinstance(step.facts, steps.PrepaymentWish)
        and step.facts.payment_on is not None
        and step.facts.payment_on >= reading.today(case)
        and step.facts.payment_on not in arranged
    ]
    if not waiting:
        return None
    day, _ = min(waiting)
    reason = f"{day}の繰上返済のお申出があります。取扱金融機関と手続きを進めてください。"
    return Ground(max(at for _, at in waiting), "GL-601", reason, day)


def area_registration(case: Case) -> Ground | None:
    """GL-470, GL-471: where the floor area changed, its registration is applied for within a month."""
    completed = case.last(TECHNICAL, "complete")
    said = case.said_before(steps.Completion, TECHNICAL, "complete")
    if completed is None or said is None or not said.floor_area_changes or said.on is None:
        return None
    due = area_change_registration_due(said.on)
    reason = f"増改築により床面積が変わりました。表題登記の変更が{due}までに申請されたことを確認してください。"
    return Ground(completed.at, "GL-470", reason, due)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), JST)


TASKS = (
    TaskKind("contract_overdue", contract_overdue),
    TaskKind("contract_held_up", contract_held_up),
    TaskKind("identity_open", identity_open, track=IDENTITY),
    TaskKind("conditions_overdue", conditions_overdue),
    TaskKind("acceleration", acceleration),
    TaskKind("change_asked", change_asked),
    TaskKind("prepayment_asked", prepayment_asked),
    TaskKind("area_registration", area_registration),
    TaskKind("income_proof_missing", income_proof_missing),
    TaskKind("income_proof_unchecked", income_proof_unchecked),
    TaskKind("person_check", person_check),
    TaskKind("danshin_mail_overdue", insurance.mail_overdue, track=DANSHIN),
    TaskKind("danshin_differs", insurance.kind_differs),
)
