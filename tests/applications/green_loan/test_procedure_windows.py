"""Hours of service, the day of an act, and who answers the telephone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from applications.areas import AREAS
from applications.programmes.green_loan import reading
from applications.programmes.green_loan.procedure import windows
from applications.programmes.green_loan.procedure.windows import Act, Window
from applications.workflow import Maintenance
from hypothesis import given
from hypothesis import strategies as st
from kit.areas import by_name
from kit.japan import JST


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.mark.rule("GL-061", "GL-062")
@pytest.mark.parametrize(
    ("local_time", "is_open"),
    [
        ("01:59:59", True),
        ("02:00:00", False),
        ("05:59:59", False),
        ("06:00:00", True),
        ("00:00:00", True),
        ("23:59:59", True),
        ("12:00:00", True),
    ],
)
def test_the_service_is_open_from_six_to_two(local_time: str, is_open: bool) -> None:
    assert windows.is_open(time.fromisoformat(local_time)) is is_open


@pytest.mark.rule("GL-061")
def test_the_service_is_open_for_twenty_hours_a_day() -> None:
    assert sum(windows.is_open(time(minute // 60, minute % 60)) for minute in range(24 * 60)) == 20 * 60


@pytest.mark.rule("GL-062")
def test_the_hours_are_those_of_japan() -> None:
    assert windows.is_available(Act.PORTAL, datetime(2025, 5, 1, 16, 59, 59, tzinfo=UTC), [])
    assert not windows.is_available(Act.PORTAL, datetime(2025, 5, 1, 17, tzinfo=UTC), [])
    with pytest.raises(ValueError, match="offset"):
        windows.is_open(time(6, tzinfo=UTC))


@pytest.mark.rule("GL-063")
def test_an_act_at_night_belongs_to_the_day_on_the_calendar() -> None:
    assert reading.day_of(at("2025-05-01T01:30")) == date(2025, 5, 1)
    assert reading.day_of(datetime(2025, 4, 30, 16, 30, tzinfo=UTC)) == date(2025, 5, 1)
    assert reading.day_of(at("2025-04-30T23:59:59")) == date(2025, 4, 30)
    with pytest.raises(ValueError, match="naive"):
        reading.day_of(datetime(2025, 5, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.rule("GL-063")
@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_day_of_an_act_never_depends_on_the_hours_of_service(moment: datetime) -> None:
    assert reading.day_of(moment) == (moment + timedelta(hours=9)).replace(tzinfo=None).date()


@pytest.mark.rule("GL-064")
@pytest.mark.parametrize("hour", range(24))
def test_the_contract_is_concluded_at_any_hour(hour: int) -> None:
    moment = at(f"2025-05-01T{hour:02}:30")
    assert windows.is_available(Act.CONTRACT, moment, [])
    assert windows.is_available(Act.PORTAL, moment, []) is (hour not in {2, 3, 4, 5})


@pytest.mark.rule("GL-061", "GL-064")
def test_an_announced_maintenance_closes_the_portal_and_not_the_contract() -> None:
    closed = [Maintenance("counter", at("2025-05-01T10:00"), at("2025-05-01T12:00"), "点検")]
    hours = ("2025-05-01T09:59:59", "2025-05-01T10:00", "2025-05-01T11:59:59", "2025-05-01T12:00")
    assert [windows.is_available(Act.PORTAL, at(hour), closed) for hour in hours] == [True, False, False, True]
    assert all(windows.is_available(Act.CONTRACT, at(hour), closed) for hour in hours)


@pytest.mark.rule("GL-058", "GL-059")
@pytest.mark.parametrize(
    ("moment", "call_centre", "desk"),
    [
        ("2025-05-01T10:00", True, True),
        ("2025-05-11T10:00", True, False),  # Sunday
        ("2025-05-04T10:00", False, False),  # a holiday on a Sunday
        ("2025-05-10T10:00", True, False),  # Saturday
        ("2025-05-03T10:00", False, False),  # a holiday on a Saturday
        ("2025-05-05T10:00", False, False),  # a holiday on a Monday
        ("2025-12-29T10:00", False, False),
        ("2026-01-03T10:00", False, False),
        ("2025-12-26T10:00", True, True),
        ("2025-05-01T08:59:59", False, False),
        ("2025-05-01T09:00", True, True),
        ("2025-05-01T16:59:59", True, True),
        ("2025-05-01T17:00", False, False),
    ],
)
def test_the_windows_answer_at_their_hours(moment: str, call_centre: bool, desk: bool) -> None:
    answered = [windows.answers(window, at(moment)) for window in Window]
    assert answered == [call_centre, desk]


@pytest.mark.rule("GL-065", "GL-057", "GL-059")
def test_the_confirmation_changes_whom_to_ask() -> None:
    before, after = (windows.CONTACTS[windows.window_for(confirmed=one)] for one in (False, True))
    assert (before.phone, before.is_free, before.other_phone) == ("0120-0860-35", True, "048-615-0420")
    assert (after.phone, after.is_free, after.other_phone) == ("03-5800-8170", False, None)
    saturday = {"moment": "2025-05-10T10:00:00"}
    told = [by_name(AREAS)["green_loan/contact"].answer({**saturday, "confirmed": one}) for one in (False, True)]
    assert [(one["phone"], one["answers"]) for one in told] == [(before.phone, True), (after.phone, False)]


@pytest.mark.rule("GL-061", "GL-062")
@pytest.mark.parametrize(
    ("moment", "closed", "opens"),
    [
        ("2025-05-01T01:59:59", [], "2025-05-01T01:59:59"),
        ("2025-05-01T02:00", [], "2025-05-01T06:00"),
        ("2025-05-01T05:59:59", [], "2025-05-01T06:00"),
        ("2025-05-01T12:00", [("2025-05-01T12:00", "2025-05-01T15:00")], "2025-05-01T15:00"),
        ("2025-05-01T03:00", [("2025-05-01T05:00", "2025-05-01T09:00")], "2025-05-01T09:00"),
        ("2025-05-01T23:00", [("2025-05-01T22:00", "2025-05-02T03:00")], "2025-05-02T06:00"),
    ],
)
def test_who_comes_while_it_is_closed_is_told_when_it_opens(
    moment: str, closed: list[tuple[str, str]], opens: str
) -> None:
    maintenance = [Maintenance("counter", at(start), at(end), "点検") for start, end in closed]
    assert windows.opens_again(at(moment), maintenance) == at(opens)
