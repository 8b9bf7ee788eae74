"""グリーンリフォームローン: the reform loan for energy-saving works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madoguchi_contracts import DocumentPolicy

from applications.programme import Programme
from applications.programmes.green_loan import examination, form, workflow
from applications.programmes.green_loan.agreement import CONTRACT
from applications.programmes.green_loan.form.sections import GreenLoanForm
from applications.programmes.green_loan.guide import GUIDE
from applications.programmes.green_loan.reading import JOINT_DEBTOR
from applications.programmes.green_loan.sharing import SHARES, consented
from applications.programmes.green_loan.slots import SLOTS, TOTAL_LIMIT_BYTES
from applications.workflow import VIEW


def _subject(content: Mapping[str, Any]) -> str:
    place = (content.get("house") or {}).get("place") or {}
    return str(place.get("address", ""))


PROGRAMME = Programme(
    name="green_loan",
    title_ja="グリーンリフォームローン 借入申込",
    reference_prefix="G",
    form=GreenLoanForm,
    validate=form.validate,
    documents=DocumentPolicy(slots=SLOTS, total_limit_bytes=TOTAL_LIMIT_BYTES),
    workflow=workflow.WORKFLOW,
    warnings=workflow.warnings,
    notices=workflow.to_be_shown,
    consents={},  # GL-255: each person gives them on a track of their own
    one_per_account=False,
    review_business_days=15,  # the guide gives the agency no time limit
    organisations=form.organisations,
    parties=workflow.parties,
    guests={JOINT_DEBTOR: (VIEW,)},
    papers=form.papers.needed,
    examined=examination.examined,
    subject=_subject,
    help=GUIDE,
    shares=SHARES,
    consented=consented,
    contract=CONTRACT,
)
