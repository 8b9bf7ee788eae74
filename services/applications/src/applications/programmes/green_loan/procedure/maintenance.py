"""Times in which a service is closed, as the office announces them: what it may announce, and what it may take back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from kit.errors import Finding
from kit.japan import to_jst

from applications.workflow import Maintenance


class Service(StrEnum):
    """What can be closed: the counter (GL-061), or the income information retrieval service (GL-428)."""

    COUNTER = "counter"
    INCOME_SERVICE = "income_service"


RULES = {Service.COUNTER: "GL-061", Service.INCOME_SERVICE: "GL-429"}
LONGEST = timedelta(days=7)
"""interpretation (GL-061): the book says nothing of how long; a longer one is taken for a mistyped date."""
FARTHEST = timedelta(days=366)
"""interpretation (GL-061): how long before it is announced; a later one is taken for a mistyped year."""
TOLD_AHEAD = timedelta(days=30)
"""interpretation (GL-061): how long before it begins everybody is told of it."""
FIELDS = ("begins_at", "ends_at")


def of_service(service: Service, maintenance: Iterable[Maintenance]) -> list[Maintenance]:
    """Those that close this service."""
    return [one for one in maintenance if one.service == service]


def announcement_findings(new: Maintenance, known: Iterable[Maintenance], now: datetime) -> list[Finding]:
    """GL-061, GL-429: why it cannot be announced. `known` are those in force; times are to the minute."""
    rule, found = RULES[Service(new.service)], _wrong(new)
    if new.begins_at < now:
        found.append(Finding(rule, "PAST", "開始日時は、現在より後の日時を入力してください。", "begins_at"))
    elif new.begins_at - now > FARTHEST:
        message = f"開始日時は、{FARTHEST.days}日後までの日時を入力してください。"
        found.append(Finding(rule, "TOO_FAR", message, "begins_at"))
    for one in of_service(Service(new.service), known):
        if new.begins_at < one.ends_at and one.begins_at < new.ends_at:
            message = f"登録済みの期間({_told(one.begins_at)}から{_told(one.ends_at)}まで)と重なっています。"
            found.append(Finding(rule, "OVERLAP", message, "begins_at"))
    return found


def shortening_findings(known: Maintenance, new: Maintenance, now: datetime) -> list[Finding]:
    """GL-061, GL-429: why one that is announced, and not over, cannot become this.

    It only becomes shorter: who relies on what was announced is never shut out by a change. What has been of it stays.
    """
    rule, found = RULES[Service(known.service)], _wrong(new)
    if not known.begins_at <= new.begins_at < new.ends_at <= known.ends_at:
        message = (
            f"期間は、登録済みの期間({_told(known.begins_at)}から{_told(known.ends_at)}まで)の中で短縮してください。"
        )
        found.append(Finding(rule, "NOT_SHORTER", message, "ends_at"))
    if known.begins_at <= now and new.begins_at != known.begins_at:
        found.append(Finding(rule, "BEGUN", "開始した後は、開始日時を変更できません。", "begins_at"))
    if new.begins_at != known.begins_at and new.begins_at < now:
        found.append(Finding(rule, "PAST", "開始日時は、現在より後の日時を入力してください。", "begins_at"))
    if new.ends_at < now:
        found.append(Finding(rule, "PAST", "終了日時は、現在より後の日時を入力してください。", "ends_at"))
    return found


def _wrong(new: Maintenance) -> list[Finding]:
    rule, found = RULES[Service(new.service)], []
    for field, moment in zip(FIELDS, (new.begins_at, new.ends_at), strict=True):
        if moment.second or moment.microsecond:
            found.append(Finding(rule, "MINUTES", "日時は、分単位で入力してください。", field))
    if new.ends_at <= new.begins_at:
        found.append(Finding(rule, "PERIOD", "終了日時は、開始日時より後の日時を入力してください。", "ends_at"))
    elif new.ends_at - new.begins_at > LONGEST:
        message = f"期間は{LONGEST.days}日以内としてください。日時をご確認ください。"
        found.append(Finding(rule, "TOO_LONG", message, "ends_at"))
    return found


def days_of(maintenance: Sequence[Maintenance]) -> set[date]:
    """GL-429: the days in Japan of which some lies in one of these."""
    days = set()
    for one in maintenance:
        day = to_jst(one.begins_at).date()
        while day <= to_jst(one.ends_at - timedelta(microseconds=1)).date():
            days.add(day)
            day += timedelta(days=1)
    return days


def _told(moment: datetime) -> str:
    return to_jst(moment).strftime("%Y-%m-%d %H:%M")
