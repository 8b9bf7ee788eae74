"""What is computed with a step, and typed by nobody: the rate of another danshin, the limit by the final amounts."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.conditions import decision
from applications.programmes.green_loan.form import works as form_works
from applications.programmes.green_loan.form.sections import Works
from applications.programmes.green_loan.money import rates
from applications.programmes.green_loan.money.limit import Limit
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.rates import RateChange, RateTable, RateUnknown
from applications.programmes.green_loan.reading import LOAN, content
from applications.programmes.green_loan.works.kinds import Menu
from applications.workflow import Case, NotAtHand


def change_is_possible(case: Case) -> Sequence[Finding]:
    """GL-260: another kind of danshin, with a rate in the table of the acceptance (GL-254, GL-262)."""
    said = case.said(steps.DanshinWish)
    if said.choice is None or said.choice == reading.danshin_choice(case):
        message = "変更後の団体信用生命保険を、現在とは別の種類から選択してください。"
        return [Finding("GL-260", "REQUIRED", message, "choice")]
    if _rate_change(case) is None:
        message = "お申込みの受理日の金利が登録されていません。金利を登録してから、もう一度お手続きください。"
        return [Finding("GL-254", "RATE_UNKNOWN", message, "choice")]
    return ()


def danshin_change(case: Case) -> steps.DanshinChange:
    """GL-260 to GL-262: the wish with its rate, and the payments before and after. Raises NotAtHand without rates."""
    found = _rate_change(case)
    if found is None:
        raise NotAtHand("rates")
    return steps.DanshinChange(
        choice=case.said(steps.DanshinWish).choice,
        rate_percent=found.after,
        payment_before_yen=found.was.monthly,
        payment_after_yen=found.becomes.monthly,
        bonus_before_yen=found.was.bonus,
        bonus_after_yen=found.becomes.bonus,
    )


def _rate_change(case: Case) -> RateChange | None:
    """By the table of the acceptance, for what the contract can be about; None where the table does not know it."""
    said, entered = case.said(steps.DanshinWish), content(case)
    submitted, approved = case.last(LOAN, "submit"), case.last(LOAN, "approve")
    if not isinstance(case.dated, RateTable) or submitted is None or approved is None or said.choice is None:
        return None
    menu, (amount, bonus) = Menu(entered["menu"]), decision.most_to_contract(case)
    try:
        return rates.rate_change(
            case.dated,
            submitted.at,
            (menu, reading.danshin_choice(case)),
            (menu, said.choice),
            amount_yen=amount,
            bonus_part_yen=bonus,
            years=entered["loan"]["years"],
            method=Method(entered["loan"]["method"]),
        )
    except RateUnknown:
        return None


def final_amounts_are_there(case: Case) -> Sequence[Finding]:
    """GL-479: an amount for each line and each cost of the application, and of the subsidies."""
    said = case.said(steps.Receipt)
    works = content(case).get("works", {})
    found = []
    if len(said.lines_yen or ()) != len(works.get("lines", ())):
        message = "工事の内訳の行ごとに、確定した金額を入力してください。"
        found.append(Finding("GL-479", "REQUIRED", message, "lines_yen"))
    if len(said.costs_yen or ()) != len(works.get("costs", ())):
        message = "諸費用ごとに、書類で確認できたお客さまの負担額を入力してください(確認できない場合は0)。"
        found.append(Finding("GL-479", "REQUIRED", message, "costs_yen"))
    if said.subsidies_yen is None:
        message = "補助金の確定した金額を入力してください(ない場合は0)。"
        found.append(Finding("GL-479", "REQUIRED", message, "subsidies_yen"))
    return found


def receipt(case: Case) -> steps.CheckedReceipt:
    """GL-479: the receipt with the limit of its amounts, 0 where these works cannot be financed."""
    said = case.said(steps.Receipt)
    limit = final_limit(case)
    return steps.CheckedReceipt(**dict(said), final_limit_yen=limit.limit_yen if limit and limit.fundable else 0)


def final_limit(case: Case) -> Limit | None:
    """GL-196, GL-479: the limit of the application with the final amounts in the places of those that were entered."""
    said = case.said(steps.Receipt)
    form = reading.form_of(case)
    works = form.works or Works()
    lines = [
        line.model_copy(update={"amount_yen": yen})
        for line, yen in zip(works.lines or (), said.lines_yen or (), strict=True)
    ]
    costs = [
        cost.model_copy(update={"amount_yen": yen, "customer_share_yen": yen})
        for cost, yen in zip(works.costs or (), said.costs_yen or (), strict=True)
    ]
    final = {"lines": tuple(lines), "costs": tuple(costs), "subsidies_yen": said.subsidies_yen}
    sums = form_works.sums(form.model_copy(update={"works": works.model_copy(update=final)}))
    return sums.limit if sums else None
