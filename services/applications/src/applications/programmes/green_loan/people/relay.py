"""The successor of the parent-child relay repayment (group 18)."""

from __future__ import annotations

from enum import StrEnum

from kit.errors import Finding

from applications.programmes.green_loan.people import kinship
from applications.programmes.green_loan.people.age import is_below_limit
from applications.programmes.green_loan.people.kinship import Path
from applications.programmes.green_loan.people.residence import residence_findings


class SuccessorResult(StrEnum):
    """What becomes of a proposed successor."""

    ELIGIBLE = "ELIGIBLE"
    OFFICER_DECISION = "OFFICER_DECISION"
    REFUSED = "REFUSED"


def is_descendant(path: Path) -> bool:
    """GL-325: a child or grandchild of the main applicant, or the spouse of one of them."""
    return not path.start_spouse and path.up == 0 and path.down in (1, 2)


def successor_result(
    path: Path | None, *, regular_income: bool, age: int, applicant_has_descendant: bool
) -> SuccessorResult:
    """GL-325 to GL-328: by kinship (None: no kin), regular income and age in full years on the acceptance date.

    `applicant_has_descendant`: the main applicant has a child or grandchild. interpretation (GL-327): without one,
    another relative is not taken by a rule but put before an officer.
    """
    if path is None or not regular_income or not is_below_limit(age):
        return SuccessorResult.REFUSED
    if is_descendant(path):
        return SuccessorResult.ELIGIBLE
    is_other_relative = kinship.is_relative(path) and kinship.kind_of(path) is not kinship.Kind.SPOUSE
    if is_other_relative and not applicant_has_descendant:
        return SuccessorResult.OFFICER_DECISION
    return SuccessorResult.REFUSED


def successor_findings(
    path: Path | None,
    *,
    regular_income: bool,
    age: int,
    applicant_has_descendant: bool,
    joint_debtor: bool,
    status: str,
    field: str,
) -> list[Finding]:
    """GL-325 to GL-329, GL-333: all that hinders this person from succeeding; `field` is the person's.

    A case for an officer (GL-327) is no finding: ask `successor_result`.
    """
    findings = []
    if not regular_income:
        message = "後継者は、定期的な収入のある方に限ります。"
        findings.append(Finding("GL-325", "INCOME", message, field))
    if not is_below_limit(age):
        message = "後継者は、お申込み時の年齢が満79歳未満の方に限ります。"
        findings.append(Finding("GL-328", "TOO_OLD", message, field))
    by_kinship = successor_result(path, regular_income=True, age=0, applicant_has_descendant=applicant_has_descendant)
    if by_kinship is SuccessorResult.REFUSED:
        message = (
            "後継者は、申込本人のお子さまもしくはお孫さん、またはその配偶者に限ります"
            "(お子さまもお孫さんもいない場合は、配偶者を除く親族の方についてご相談いただけます)。続柄をご確認ください。"
        )
        findings.append(Finding("GL-326", "RELATION", message, field))
    if not joint_debtor:
        message = "後継者の方には、連帯債務者になっていただきます。"
        findings.append(Finding("GL-329", "NOT_JOINT_DEBTOR", message, field))
    return [*findings, *residence_findings("successor", status, field)]
