"""Online identity verification: methods, statuses and their order (ID-71 to ID-77).

    data_registered ──> method_chosen ──> running ──> passed
          ^                 │  ^             │    └──> failed
          └──link expired───┘  └───a redo from anywhere but data_registered

Whether a status lets an application be sent is a rule of the application, not of identity (ID-78, ID-79).
"""

from __future__ import annotations

from enum import StrEnum


class EkycMethod(StrEnum):
    """How identity is verified (ID-71)."""

    PHOTO = "photo"
    MY_NUMBER_CARD = "my_number_card"


class EkycStatus(StrEnum):
    """How far verification has come (ID-77)."""

    DATA_REGISTERED = "data_registered"
    METHOD_CHOSEN = "method_chosen"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


METHOD_LABELS = {
    EkycMethod.PHOTO: "写真付き書類+容貌画像を利用",
    EkycMethod.MY_NUMBER_CARD: "マイナンバーカードを利用",
}
STATUS_LABELS = {
    EkycStatus.DATA_REGISTERED: "情報登録済",
    EkycStatus.METHOD_CHOSEN: "方式選択済",
    EkycStatus.RUNNING: "本人確認中",
    EkycStatus.PASSED: "合格",
    EkycStatus.FAILED: "不合格",
}

# ID-77, I-22: the order of the statuses, with the redo, and with the photo link that expired unused (ID-76,
# I-23).
NEXT_STATUSES: dict[EkycStatus, frozenset[EkycStatus]] = {
    EkycStatus.DATA_REGISTERED: frozenset({EkycStatus.METHOD_CHOSEN}),
    EkycStatus.METHOD_CHOSEN: frozenset({EkycStatus.METHOD_CHOSEN, EkycStatus.RUNNING, EkycStatus.DATA_REGISTERED}),
    EkycStatus.RUNNING: frozenset({EkycStatus.METHOD_CHOSEN, EkycStatus.PASSED, EkycStatus.FAILED}),
    EkycStatus.PASSED: frozenset({EkycStatus.METHOD_CHOSEN}),
    EkycStatus.FAILED: frozenset({EkycStatus.METHOD_CHOSEN}),
}


def may_become(current: EkycStatus, new: EkycStatus) -> bool:
    """Whether verification may go from `current` to `new` (ID-77, I-22)."""
    return new in NEXT_STATUSES[current]
