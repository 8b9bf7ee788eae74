"""マンションすまい・る債: registration and change of an association's information (管理組合情報の登録・変更)."""

from __future__ import annotations

from madoguchi_contracts import DocumentPolicy, DocumentSlot

from applications.programme import Programme
from applications.programmes.bond import checklist, form, workflow
from applications.programmes.bond.form.sections import AssociationForm
from applications.programmes.bond.help import HELP

PROGRAMME = Programme(
    name="bond",
    title_ja="マンションすまい・る債 管理組合情報の登録・変更",
    reference_prefix="B",
    form=AssociationForm,
    validate=form.validate,
    documents=DocumentPolicy(
        slots=tuple(DocumentSlot(key=slot.key, label=slot.label, required=slot.required) for slot in checklist.SLOTS),
        total_limit_bytes=checklist.TOTAL_LIMIT_BYTES,
    ),
    workflow=workflow.WORKFLOW,
    warnings=workflow.warnings,
    notices=workflow.notices,
    consents={workflow.MAILING_NOTES: "資料の確認及び承認"},
    one_per_account=True,  # I-24
    review_business_days=10,  # the manual gives the office no time limit
    organisations=form.organisations,
    parties=workflow.parties,
    guests={},
    papers=lambda content, owner, today: (),  # its papers are its slots, and the check's warnings
    examined=lambda case: (),  # two officers look; nothing is ticked off one by one
    subject=lambda content: str(content.get("name_kanji", "")),
    help=HELP,
)
