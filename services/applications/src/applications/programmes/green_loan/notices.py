"""What the office writes to those who owe the loan when something is decided (GL-107, GL-361, GL-431, GL-432), or when
the repayment turns out otherwise than was arranged (GL-596).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from kit.japan.yen import format_yen

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.conditions import contract, decision
from applications.programmes.green_loan.danshin.kinds import LABELS
from applications.programmes.green_loan.examination import later_proofs
from applications.programmes.green_loan.form import papers as form_papers
from applications.programmes.green_loan.guide.contract import GUIDE
from applications.programmes.green_loan.money.arrears import LATE_CHARGE_PER_MILLE
from applications.programmes.green_loan.money.changes import CHANGE_LABELS
from applications.programmes.green_loan.money.methods import METHOD_LABELS, Method
from applications.programmes.green_loan.money.rates import first_payments
from applications.programmes.green_loan.papers import completion
from applications.programmes.green_loan.papers.facts import WHO_LABELS, WorksContract
from applications.programmes.green_loan.papers.requirement import Due, originals_to_show
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.servicing import rate_of, standing, without
from applications.workflow import Case, Notice

DECISION = "decision"
"""The thread of everything about one decision."""
_SUBJECT = "融資の決定について"
REPAYMENT = "repayment"
"""The thread of everything about the repayment of one loan."""
_REPAYMENT_SUBJECT = "ご返済について"
_DUE = {"contract": "融資の契約まで", "certificate": "適合証明書等の提出まで", "funds": "資金の受取りまで"}


def of_approval(case: Case) -> Sequence[Notice]:
    """融資承認通知書, 返済額のご通知, what to do next, and the originals, in messages of their own (GL-431, GL-432)."""
    return [
        Notice(DECISION, _SUBJECT, "approval_notice", _approval(case)),
        Notice(DECISION, _SUBJECT, "repayment_notice", _repayment(case)),
        Notice(DECISION, _SUBJECT, "procedure_guidance", _guidance()),
        Notice(DECISION, _SUBJECT, "originals", _originals(case)),
        *_identity(case),
        *_later_proofs(case),
    ]


def _identity(case: Case) -> list[Notice]:
    """GL-048, GL-107, GL-488 to GL-492: who is still to be identified, where, and by which papers."""
    unknown = [WHO_LABELS[key] for one in contract.not_identified(case) if (key := reading.key_of(case, one))]
    if not unknown:
        return []
    lines = [
        "窓口での本人確認のご案内",
        f"次の方は、本人確認がお済みでありません: {'、'.join(unknown)}",
        "全員の本人確認が済むまで、融資の契約ができません。オンラインの本人確認(eKYC)ができる方は、ログインのうえお手続きください。"
        "スマートフォンやカメラ付きタブレットをお持ちでないなどの理由でできない方は、融資の契約の前に、ご本人が取扱金融機関に"
        "ご来店ください。ご来店の時期は、取扱金融機関とご相談ください。",
        *(one.text for one in GUIDE if one.rule in ("GL-489", "GL-490", "GL-492")),
    ]
    return [Notice(DECISION, _SUBJECT, "identity_check", "\n".join(lines))]


def _later_proofs(case: Case) -> list[Notice]:
    """GL-390: whose proof of income is still to come, where it is put, and that the funds wait for it."""
    whose = [WHO_LABELS[one.who] for one, _ in later_proofs(case)]
    if not whose:
        return []
    text = (
        "前年分の収入証明書のご提出\n"
        f"お申込時にまだ交付を受けられなかった前年分の収入証明書({'、'.join(whose)})は、交付を受けられる時期になりましたら、"
        "申込みの書類の画面からアップロードしてください。アップロードの欄は、すでに開いています。"
        "ご提出いただき、確認が済むまで、資金をお受け取りいただけません。"
    )
    return [Notice(DECISION, _SUBJECT, "income_proof", text)]


def of_contract(case: Case) -> Sequence[Notice]:
    """契約手続可能期間のお知らせ (GL-107, GL-483)."""
    said = case.said(steps.ContractPeriod)
    text = (
        f"契約手続可能期間は、{said.first}から{said.last}までです。申込本人と連帯債務者の全員が、"
        "この期間内に契約内容の説明動画をご覧になり、契約書の内容をご確認のうえ、電子契約のお手続きを完了してください。"
        "期間内に全員のお手続きが完了しない場合は契約ができず、資金の受取りが遅れます。"
    )
    # ContractOffered brings the mail of the period.
    period = Notice(DECISION, _SUBJECT, "contract_period", text, mailed=False)
    return [*_other_repayment(case), *_identity(case), *_later_proofs(case), period]


def _other_repayment(case: Case) -> list[Notice]:
    """GL-273, GL-431: the repayment notice again, where the contract is about another amount than was told last."""
    said = case.said(steps.ContractPeriod)
    amount, bonus = said.amount_yen or 0, contract.period_bonus_yen(case, said)
    if _told_last(case) == (amount, bonus):
        return []
    return [Notice(DECISION, _SUBJECT, "repayment_notice", _payments(case, amount, bonus, rate_of(case)))]


def _told_last(case: Case) -> tuple[int, int]:
    """The amount and its bonus part in yen of the last repayment notice: of the approval, or since then of a period for
    the contract or of a change of danshin, which was about what the papers of the completion allowed when it came.
    """
    approval = case.said_before(steps.Approval, LOAN, "approve")
    period = case.said_before(steps.ContractPeriod, LOAN, "open_contract")
    approved, opened, received, changed = (
        case.last(LOAN, command) for command in ("approve", "open_contract", "receive", "change_danshin")
    )
    told = (approval.amount_yen or 0 if approval else 0, contract.approved_bonus_yen(case))
    since = approved
    if period is not None and opened is not None and approved is not None and opened.at > approved.at:
        told, since = (period.amount_yen or 0, contract.period_bonus_yen(case, period)), opened
    if changed is None or received is None or since is None or not received.at <= changed.at > since.at:
        return told
    return decision.most_to_contract(case)


def of_danshin_change(case: Case) -> Sequence[Notice]:
    """GL-262, GL-273, GL-479: the repayment notice again, at the rate of the other kind, of what the contract can be
    about. Where the payment rises a new decision follows, which brings it; where nothing can be lent, there is none.
    """
    said, (amount, bonus) = case.said(steps.DanshinChange), decision.most_to_contract(case)
    if decision.rises(said) or said.rate_percent is None or not amount:
        return []
    return [Notice(DECISION, _SUBJECT, "repayment_notice", _payments(case, amount, bonus, said.rate_percent))]


def of_cancelled_prepayment(case: Case) -> Sequence[Notice]:
    """繰上返済の取りやめのお知らせ (GL-596): what does not come, and how the repayment goes on."""
    gone = case.said(steps.PrepaymentTakenBack)
    lines = [
        "繰上返済の取りやめのお知らせ",
        f"{gone.payment_on}の繰上返済は、行われないこととなりましたので、登録を取り消しました。",
        "ご返済は、この繰上返済のお申出がなかったものとして続きます。",
    ]
    found = standing(without(case, gone), reading.today(case))
    if found is not None and found.coming:
        coming = found.coming[0]
        lines.append(f"次回のご返済: {coming.due_on} {format_yen(coming.payment)}")
    lines.append("お心当たりのない場合は、取扱金融機関にご連絡ください。")
    return _told("prepayment_cancelled", lines)


def of_last_instalment(case: Case) -> Sequence[Notice]:
    """最終回のご返済のお知らせ (GL-083): when the last instalment is debited, and how much."""
    told = case.said(steps.LastInstalment)
    lines = [
        "最終回のご返済のお知らせ",
        f"最終回のご返済日: {told.due_on}",
        f"最終回のご返済額: {format_yen(told.payment_yen or 0)}",
        "ご返済日の前日までに、ご返済口座の残高をご確認ください。",
        "お支払いがお済みでないご返済がほかにある場合は、取扱金融機関にお問い合わせください。",
        "ご返済日またはご返済額が変わる場合は、あらためてお知らせします。",
    ]
    return _told("last_instalment", lines)


def of_closing(case: Case) -> Sequence[Notice]:
    """完済のお知らせ (GL-083). ApplicationClosed brings the mail. How the debt ended is not repeated in words."""
    closed_on = case.said(steps.Closing).closed_on or reading.today(case)
    text = (
        "完済のお知らせ\n"
        f"この融資のご返済は、{closed_on}をもってすべて終了しました。今後のお引落しはありません。\n"
        "これまでのご返済の内容は、ログインしてご確認いただけます。"
    )
    return [Notice(REPAYMENT, _REPAYMENT_SUBJECT, "closing", text, mailed=False)]


def _approval(case: Case) -> str:
    said, loan = case.said(steps.Approval), reading.content(case)["loan"]
    lines = [
        "融資承認通知書",
        "お申込みいただいた融資を、次の内容で承認しました。",
        f"融資額: {format_yen(said.amount_yen or 0)}(お申込み {format_yen(loan['amount_yen'])})",
        f"金利: 年{rate_of(case)}%(全期間固定)",
        f"返済期間: {loan['years']}年",
        f"返済方法: {METHOD_LABELS[Method(loan['method'])]}",
        f"団体信用生命保険: {LABELS[reading.danshin_choice(case)]}",
    ]
    conditions = contract.conditions_of(case, said)
    if conditions:
        lines.append("融資承認条件(満たしていただけない場合は、減額または取消しとなることがあります):")
        lines += [f"・{text}({_DUE[due]})" for text, due in conditions]
    return "\n".join(lines)


def _repayment(case: Case) -> str:
    said = case.said(steps.Approval)
    return _payments(case, said.amount_yen or 0, contract.bonus_of(case, said), rate_of(case))


def _payments(case: Case, amount: int, bonus: int, rate: Decimal) -> str:
    """返済額のご通知 of an amount and its bonus part in yen, at a rate in percent a year."""
    loan = reading.content(case)["loan"]
    paid = first_payments(amount, bonus, rate, loan["years"], Method(loan["method"]))
    lines = [
        "返済額のご通知",
        f"融資額: {format_yen(amount)}、金利: 年{rate}%",
        f"毎月の返済額: {format_yen(paid.monthly)}(初回)",
    ]
    if bonus:
        lines.append(f"ボーナス返済額: {format_yen(paid.bonus)}(初回、毎月の返済額に加算)")
    return "\n".join([*lines, "返済額をご確認ください。資金の受取日により、実際の額と異なることがあります。"])


def _guidance() -> str:
    return (
        "今後のお手続き\n工事は、融資の決定と工事計画内容の確認の後に着工してください。"
        "工事が完了したら適合証明検査機関に完了報告をし、適合証明書の交付を受けて、取扱金融機関に書類を提出してください。"
    )


def _originals(case: Case) -> str:
    """GL-361, GL-362: before the visit to the institution, which originals are needed there."""
    content, accepted = reading.content(case), reading.accepted_on(case)
    works = content.get("works", {})
    later = completion.institution_requirements(
        WorksContract(works.get("contract", WorksContract.OPEN)),
        breakdown_in_contract=bool(works.get("breakdown_in_contract")),
    )
    lines = ["原本のご提示", "取扱金融機関にお越しの際は、次の書類の原本をお持ちください。"]
    lines += [
        f"・{WHO_LABELS[one.who]}: {one.title}({one.label})"
        for one in originals_to_show(form_papers.requirements_of(content, accepted), due=Due.APPLICATION)
    ]
    lines += [f"・{one.title}(工事完了後): {one.label}" for one in originals_to_show(later, due=Due.COMPLETION)]
    lines += [f"・{one.title}(融資の契約まで): {one.label}" for one in originals_to_show(later, due=Due.CONTRACT)]
    return "\n".join(lines)


def of_funds(case: Case) -> Sequence[Notice]:
    """資金の受取り (GL-080, GL-576): what was paid, and when the repayment begins."""
    said = case.said(steps.Funds)
    lines = ["ご融資金のお受取りについて", f"資金の交付日: {said.paid_on}"]
    if said.first_due_on is not None:
        lines.append(f"初回のご返済日: {said.first_due_on}")
    lines.append("ご返済の予定は、お手続きの画面からいつでもご確認いただけます。")
    return _told("funds_paid", lines)


def of_missed(case: Case) -> Sequence[Notice]:
    """延滞 (GL-577): which instalment was not paid, and what that costs."""
    said = case.said(steps.Missed)
    lines = [
        "ご返済の確認ができていません",
        f"{said.due_on}のご返済を確認できませんでした。",
        f"元金と利息のほかに、年{LATE_CHARGE_PER_MILLE / 10}%の延滞損害金がかかります。",
        "お早めに取扱金融機関へご連絡ください。ご返済がむずかしいときは、返済方法の変更をご相談いただけます。",
    ]
    return _told("instalment_missed", lines)


def of_change(case: Case) -> Sequence[Notice]:
    """返済方法の変更の承認 (GL-589, GL-591)."""
    said = case.said(steps.TermsChange)
    what = CHANGE_LABELS[said.kind] if said.kind is not None else ""
    lines = [
        "返済方法の変更を承認しました",
        f"変更の内容: {what}",
        f"変更の日: {said.effective_on}(その日より後のご返済から変わります)",
    ]
    return _told("change_approved", lines)


def of_declined_change(_: Case) -> Sequence[Notice]:
    """返済方法の変更の見送り (GL-591); the reason is for the talk at the institution."""
    lines = [
        "返済方法の変更について",
        "お申出の変更は、承認できませんでした。ご返済方法は、これまでどおりです。",
        "ほかの方法については、取扱金融機関にご相談ください。",
    ]
    return _told("change_declined", lines)


def of_acceleration(_: Case) -> Sequence[Notice]:
    """一括繰上返済 (GL-082, GL-579): the whole balance is due; why is told in the letter of demand, not here."""
    lines = [
        "残りのご融資金の全額のご返済について",
        "ご融資の契約にもとづき、残りの元金の全額を、一括してご返済いただくことになりました。",
        "お支払いの方法は、取扱金融機関からご案内します。ご不明な点は、取扱金融機関にお問い合わせください。",
    ]
    return _told("balance_called", lines)


def _told(kind: str, lines: Sequence[str]) -> list[Notice]:
    return [Notice(REPAYMENT, _REPAYMENT_SUBJECT, kind, "\n".join(lines))]
