"""When the Web service is open, which day an act belongs to, and whom to ask at which hour (group 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from kit.japan import to_jst
from kit.japan.business_days import AGENCY_CLOSURE, is_holiday

from applications.workflow import Maintenance

OPENS_AT = time(6)
CLOSES_AT = time(2)
"""GL-061: from 6:00 to 2:00 of the next day."""


def is_open(local_time: time) -> bool:
    """GL-061, GL-062: whether the Web service is open at this time in Japan; 20 hours a day, every day.

    interpretation (GL-062): half-open. 6:00:00 is open, 2:00:00 is closed. Raises ValueError for a time with an
    offset: the hours are those of Japan.
    """
    if local_time.tzinfo is not None:
        raise ValueError("a time in Japan carries no offset")
    return local_time >= OPENS_AT or local_time < CLOSES_AT


class Act(StrEnum):
    """What people do online. The contract is concluded in a service of its own (GL-064)."""

    PORTAL = "PORTAL"
    CONTRACT = "CONTRACT"


def is_available(act: Act, moment: datetime, maintenance: Sequence[Maintenance]) -> bool:
    """GL-061, GL-064: whether an act can be done now. Raises ValueError for a naive datetime.

    `maintenance`: when the Web service is closed, as announced. The contract can be concluded at any hour; only the
    announced period limits it (`procedure.contract`).
    """
    if act is Act.CONTRACT:
        return True
    closed = any(one.begins_at <= moment < one.ends_at for one in maintenance)
    return is_open(to_jst(moment).time()) and not closed


def opens_again(moment: datetime, maintenance: Sequence[Maintenance]) -> datetime:
    """GL-061: from when on the Web service is open; the moment itself when it is. Raises ValueError for a naive one."""
    while not is_available(Act.PORTAL, moment, maintenance):
        ends = [one.ends_at for one in maintenance if one.begins_at <= moment < one.ends_at]
        here = to_jst(moment)
        moment = max(ends) if ends else datetime.combine(here.date(), OPENS_AT, here.tzinfo)
    return moment


class Window(StrEnum):
    """Whom to ask."""

    CALL_CENTRE = "CALL_CENTRE"
    RECEPTION_DESK = "RECEPTION_DESK"


@dataclass(frozen=True)
class Contact:
    """A window: its name, its number, whether the call is free, and another number if the first cannot be reached."""

    name: str
    phone: str
    is_free: bool
    rule: str
    other_phone: str | None = None


CONTACTS = {
    Window.CALL_CENTRE: Contact("お客さまコールセンター", "0120-0860-35", True, "GL-057", other_phone="048-615-0420"),
    Window.RECEPTION_DESK: Contact("Web受付担当", "03-5800-8170", False, "GL-059"),
}
ANSWERS_FROM = time(9)
ANSWERS_UNTIL = time(17)
"""GL-058, GL-059: both windows."""


def window_for(*, confirmed: bool) -> Window:
    """GL-057, GL-059, GL-065: whom the screens name.

    interpretation (GL-065): the call centre until the application is confirmed, the reception desk afterwards.
    """
    return Window.RECEPTION_DESK if confirmed else Window.CALL_CENTRE


def answers(window: Window, moment: datetime) -> bool:
    """GL-058, GL-059: whether the window answers the telephone. Raises ValueError for a naive datetime.

    The call centre does on Saturdays and Sundays too, the reception desk on weekdays only. interpretation: half-open as
    GL-062, and the reception desk rests on holidays and at the turn of the year as well, which 平日 is taken to mean.
    """
    here = to_jst(moment)
    day = here.date()
    if is_holiday(day) or (day.month, day.day) in AGENCY_CLOSURE:
        return False
    if window is Window.RECEPTION_DESK and day.weekday() >= 5:
        return False
    return ANSWERS_FROM <= here.time() < ANSWERS_UNTIL
