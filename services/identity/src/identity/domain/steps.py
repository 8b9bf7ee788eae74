"""How things that take several steps go on: half-finished logins and reminders, verification at the eKYC provider."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from identity.domain.ekyc import EkycStatus

# interpretation: the manual names no time; long enough to install an authenticator app (ID-47).
LOGIN_STEP = timedelta(minutes=10)
REMINDER_STEP = timedelta(minutes=10)

# A provider that reports a start in the last minute of a link may be heard after its end (ID-76).
LATE_RESULT = timedelta(hours=1)

_FINAL = frozenset({EkycStatus.PASSED, EkycStatus.FAILED})


class ProviderStatus(StrEnum):
    """How far a verification has come, in the provider's words."""

    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


_AS_OURS = {
    ProviderStatus.RUNNING: EkycStatus.RUNNING,
    ProviderStatus.PASSED: EkycStatus.PASSED,
    ProviderStatus.FAILED: EkycStatus.FAILED,
}
_RANK = {
    ProviderStatus.PENDING: 0,
    ProviderStatus.RUNNING: 1,
    ProviderStatus.PASSED: 2,
    ProviderStatus.FAILED: 2,
}


def is_progress(*, known: ProviderStatus, known_sequence: int, told: ProviderStatus, sequence: int) -> bool:
    """Whether the provider's word is newer than what is known (ID-77: the order of statuses is kept).

    Its answers can overtake each other. A number that was heard already says nothing new, and a result is final.
    """
    return sequence > known_sequence and _RANK[told] > _RANK[known]


def ekyc_steps(current: EkycStatus, told: ProviderStatus) -> list[EkycStatus]:
    """The statuses from `current` (exclusive) to what the provider told, one by one in the order of ID-77.

    A look at the provider may skip a status; who follows ours sees all of them. A start that is heard after the link's
    end begins at 方式選択済 again, because the fallback to 情報登録済 (ID-76, I-23) came before the news.
    """
    wanted = _AS_OURS.get(told)
    if wanted is None or current in _FINAL or current is wanted:
        return []
    way = [EkycStatus.DATA_REGISTERED, EkycStatus.METHOD_CHOSEN, EkycStatus.RUNNING]
    middle = way[way.index(current) + 1 :]
    return middle if wanted is EkycStatus.RUNNING else [*middle, wanted]
