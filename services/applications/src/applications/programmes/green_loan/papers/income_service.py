"""Days on which the income information retrieval service (収入情報取得サービス) does not answer (GL-428, GL-429)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from kit.errors import Finding

_WEEKEND = (5, 6)


def is_third_weekend_day(day: date) -> bool:
    """Whether `day` is the third Saturday or the third Sunday of its month (GL-428).

    interpretation (GL-429): the two are counted separately, so they need not be neighbours.
    """
    return day.weekday() in _WEEKEND and (day.day - 1) // 7 == 2


def income_service_warnings(day: date, maintenance: Collection[date], field: str) -> list[Finding]:
    """GL-428, GL-429: tells that the service may be closed today; a PDF already obtained can be uploaded all the same.

    `maintenance`: days on which the agency has announced maintenance.
    """
    if not is_third_weekend_day(day) and day not in maintenance:
        return []
    message = (
        "本日は、収入情報取得サービスをご利用いただけない時間帯があります(毎月第3土曜日・第3日曜日、"
        "システムメンテナンス等)。取得済みの収入証明書(PDF)は、本日もアップロードできます。"
    )
    return [Finding("GL-428", "INCOME_SERVICE_MAY_BE_CLOSED", message, field)]
