"""市民農園の区画: a programme that exists in tests only, built by the book of docs/how-to-add-a-programme.md."""

from applications.programme import Help, Programme
from madoguchi_contracts import DocumentPolicy

from support.toy_programme import checklist, form, workflow

PROGRAMME = Programme(
    name="garden_plot",
    title_ja="市民農園の区画の利用",
    reference_prefix="T",
    form=form.PlotForm,
    validate=form.validate,
    documents=DocumentPolicy(slots=checklist.SLOTS, total_limit_bytes=checklist.TOTAL_LIMIT_BYTES),
    workflow=workflow.WORKFLOW,
    warnings=workflow.warnings,
    notices=lambda case: [],
    consents={},
    one_per_account=False,
    review_business_days=3,
    organisations=lambda draft: [],
    parties=workflow.parties,
    guests=workflow.GUESTS,
    papers=lambda content, owner, today: (),
    subject=lambda content: f"{content.get('square_metres', '?')} m²",
    examined=lambda case: (),
    help=(Help("square_metres", "TY-01", "1〜30平方メートルで入力してください。"),),
)
