"""The relative who lives in the financed house (GL-146 to GL-150, IV-4)."""

from __future__ import annotations

from kit.errors import Finding

from applications.programmes.green_loan.people import kinship
from applications.programmes.green_loan.people.kinship import Path
from applications.programmes.green_loan.people.residence import residence_findings

OCCUPANT_DEGREES = 3
"""GL-147: how far the second rule reaches, by blood and by marriage."""


def occupant_rule(path: Path, *, has_legal_spouse: bool, lineal_relative_exists: bool) -> str | None:
    """The rule that lets this relative be the one who lives there: "GL-146", "GL-147", or None.

    interpretation (GL-150): seen from the applicant and from the legal spouse; one hit is enough.
    interpretation (GL-149): `lineal_relative_exists` is the applicant's word that a lineal relative of one of the two
    is alive on the acceptance date; then the second rule opens to nobody.
    """
    sides = kinship.seen_from_both(path, has_legal_spouse=has_legal_spouse)
    # The spouse is kin of nobody here: seen from the spouse itself the path is SELF, which has no degree either.
    if any(kinship.is_lineal(side) for side in sides):
        return "GL-146"
    if not lineal_relative_exists and any(kinship.is_within(side, OCCUPANT_DEGREES) for side in sides):
        return "GL-147"
    return None


def occupant_findings(
    path: Path,
    *,
    has_legal_spouse: bool,
    lineal_relative_exists: bool,
    status: str,
    path_field: str,
    status_field: str,
) -> list[Finding]:
    """GL-146 to GL-150: all that hinders this person from being the relative for whom the house is renovated."""
    findings = residence_findings("occupying_relative", status, status_field)
    if occupant_rule(path, has_legal_spouse=has_legal_spouse, lineal_relative_exists=lineal_relative_exists):
        return findings
    if occupant_rule(path, has_legal_spouse=has_legal_spouse, lineal_relative_exists=False):
        message = (
            "申込本人またはその配偶者に直系親族がいらっしゃる場合、入居できるのは直系親族の方です。"
            "入居する方をご確認ください。"
        )
        return [Finding("GL-149", "LINEAL_EXISTS", message, path_field), *findings]
    message = (
        "融資住宅に入居できるのは、申込本人またはその配偶者の直系親族"
        "(いない場合は3親等以内の血族・姻族)です。続柄をご確認ください。"
    )
    return [Finding("GL-147", "NOT_NEAR_ENOUGH", message, path_field), *findings]
