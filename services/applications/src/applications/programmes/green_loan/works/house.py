"""The house that is renovated (GL-109, GL-133 to GL-137)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from kit.errors import Finding


class HouseUse(StrEnum):
    """What the house is to the applicant (GL-109, GL-137; interpretation: one field, with these three codes)."""

    OWN = "OWN"
    SECOND = "SECOND"
    RELATIVE = "RELATIVE"


def house_findings(
    *,
    has_residential_part: bool,
    works_finished_on: date | None,
    acceptance_date: date,
    building_field: str,
    works_field: str,
) -> list[Finding]:
    """GL-134 to GL-136: what the building and the state of its works hinder. Floor area plays no part (GL-133).

    interpretation (GL-136): works are already finished if they were on the acceptance date; that they had not begun
    before decision and plan confirmation is asked again at their start (GL-458).
    """
    findings = []
    if not has_residential_part:
        message = "住宅部分がない建物は、融資の対象になりません。"
        findings.append(Finding("GL-135", "NO_RESIDENTIAL_PART", message, building_field))
    if works_finished_on is not None and works_finished_on <= acceptance_date:
        message = "既に工事を終えている住宅は、融資の対象になりません。着工前の工事についてお申し込みください。"
        findings.append(Finding("GL-134", "WORKS_FINISHED", message, works_field))
    return findings
