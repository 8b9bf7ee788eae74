"""Whose income may be added to the main applicant's (group 17)."""

from __future__ import annotations

from kit.errors import Finding

from applications.programmes.green_loan.people import kinship
from applications.programmes.green_loan.people.age import is_below_limit
from applications.programmes.green_loan.people.kinship import SPOUSE_EQUIVALENT, Path, Relation
from applications.programmes.green_loan.people.residence import residence_findings
from applications.programmes.green_loan.works.house import HouseUse

MAX_COMBINERS = 1
"""GL-314."""


def _relation_finding(
    use: HouseUse,
    relation: Relation,
    path: Path | None,
    *,
    lives_with_applicant: bool,
    in_occupants_household: bool,
    field: str,
) -> Finding | None:
    near = relation in SPOUSE_EQUIVALENT or (
        relation is Relation.RELATIVE and path is not None and (kinship.is_lineal(path) or path == kinship.SPOUSE)
    )
    match use:
        case HouseUse.OWN:
            rule, allowed = "GL-317", near and lives_with_applicant
        case HouseUse.SECOND:
            rule, allowed = "GL-318", near
        case HouseUse.RELATIVE:
            rule, allowed = "GL-319", in_occupants_household or (near and lives_with_applicant)
    if allowed:
        return None
    if near:
        message = "収入合算者は、申込本人と永続して同居する見込みの方に限ります。同居の予定をご確認ください。"
        return Finding(rule, "not_living_together", message, field)
    message = "収入合算者は、申込本人の直系親族または配偶者等に限ります。続柄をご確認ください。"
    if use is HouseUse.RELATIVE:
        message = (
            "収入合算者は、申込本人の直系親族もしくは配偶者等で永続して同居する見込みの方、"
            "または融資住宅に入居する方もしくはその同居世帯員に限ります。続柄をご確認ください。"
        )
    return Finding(rule, "relation", message, field)


def combiner_findings(
    *,
    use: HouseUse,
    relation: Relation,
    path: Path | None,
    lives_with_applicant: bool,
    in_occupants_household: bool,
    age: int,
    joint_debtor: bool,
    status: str,
    field: str,
) -> list[Finding]:
    """GL-315 to GL-320, GL-323: all that hinders this person's income from being combined; `field` is the person's.

    `relation` is to the main applicant, with a `path` for RELATIVE; `age` is in full years on the acceptance date;
    `in_occupants_household` is the person who will live in the house of a relative, or a member of that household;
    `status` as in `residence`. Codes: age, not_joint_debtor, relation, not_living_together, status.
    """
    findings = []
    if not is_below_limit(age):
        message = "収入合算者は、お申込み時の年齢が満79歳未満の方に限ります。"
        findings.append(Finding("GL-315", "age", message, field))
    if not joint_debtor:
        message = "収入を合算する方には、連帯債務者になっていただきます。"
        findings.append(Finding("GL-316", "not_joint_debtor", message, field))
    related = _relation_finding(
        use,
        relation,
        path,
        lives_with_applicant=lives_with_applicant,
        in_occupants_household=in_occupants_household,
        field=field,
    )
    if related:
        findings.append(related)
    findings += [
        Finding(one.rule, "status", one.message, one.field)
        for one in residence_findings("income_combiner", status, field)
    ]
    return findings


def combiners_findings(number: int, field: str) -> list[Finding]:
    """GL-314: the income of one person can be combined."""
    if number <= MAX_COMBINERS:
        return []
    return [Finding("GL-314", "TOO_MANY", "収入を合算できるのは1名です。合算する方を1名にしてください。", field)]


def combined_amount_findings(combined_yen: int, income_yen: int, field: str) -> list[Finding]:
    """GL-321, GL-324, GL-330: from 1 yen up to the whole yearly income of the combiner or successor.

    interpretation (GL-324): whole yen; an amount of 0 is no combination.
    """
    if 1 <= combined_yen <= income_yen:
        return []
    message = "合算する金額は、1円以上、収入合算者の収入の全額までの範囲で入力してください。"
    return [Finding("GL-321", "RANGE", message, field)]


def exceeds_half(combined_yen: int, income_yen: int) -> bool:
    """GL-322, GL-324: more than 50% of the combiner's yearly income is combined: the term follows the older (GL-238).

    interpretation (GL-241): half of it exactly does not exceed. Compared in whole yen, since half of an odd income is
    no whole number.
    """
    return 2 * combined_yen > income_yen
