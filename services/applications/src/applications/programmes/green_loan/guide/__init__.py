"""What the pages of the green loan tell, each text with the rule that wants it told."""

from __future__ import annotations

from applications.programme import Help
from applications.programmes.green_loan.guide import (
    after_borrowing,
    completion,
    contract,
    danshin,
    documents,
    flow,
    money,
    people,
    privacy,
    product,
    web,
    works,
)

GUIDE: tuple[Help, ...] = (
    *product.GUIDE,
    *flow.GUIDE,
    *web.GUIDE,
    *people.GUIDE,
    *works.GUIDE,
    *contract.GUIDE,
    *danshin.GUIDE,
    *privacy.GUIDE,
    *documents.GUIDE,
    *completion.GUIDE,
    *money.GUIDE,
    *after_borrowing.GUIDE,
)
