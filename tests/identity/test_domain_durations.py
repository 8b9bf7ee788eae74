"""How long links, sessions and user IDs are in force: on the second, at both ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.domain.durations import Lifetime, ends_at, in_force
from kit.japan import JST

SECOND = timedelta(seconds=1)


def jst(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=JST)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("what", "start", "end"),
    [
        pytest.param(
            Lifetime.SECRET_QUESTION_LINK,
            jst(2026, 3, 2, 10),
            jst(2026, 3, 2, 10, 30),
            marks=pytest.mark.rule("ID-10"),
        ),
        pytest.param(Lifetime.PASSWORD_LINK, jst(2026, 3, 2, 10), jst(2026, 3, 3, 10), marks=pytest.mark.rule("ID-16")),
        pytest.param(Lifetime.RESET_LINK, jst(2026, 3, 2, 10), jst(2026, 3, 3, 10), marks=pytest.mark.rule("ID-52")),
        pytest.param(
            Lifetime.EKYC_PHOTO_LINK, jst(2026, 3, 2, 9), jst(2026, 3, 2, 9, 30), marks=pytest.mark.rule("ID-76")
        ),
        pytest.param(
            Lifetime.SESSION_IDLE, jst(2026, 3, 2, 14), jst(2026, 3, 2, 14, 30), marks=pytest.mark.rule("ID-38")
        ),
        pytest.param(Lifetime.USER_ID, jst(2021, 6, 15, 10), jst(2026, 6, 15, 10), marks=pytest.mark.rule("ID-02")),
        pytest.param(Lifetime.USER_ID, jst(2028, 2, 29), jst(2033, 3, 1), marks=pytest.mark.rule("ID-02")),
        pytest.param(
            Lifetime.USER_ID, jst(2028, 2, 29, 23, 59, 59), jst(2033, 3, 1, 23, 59, 59), marks=pytest.mark.rule("ID-02")
        ),
        pytest.param(Lifetime.USER_ID, jst(2027, 2, 28), jst(2032, 2, 28), marks=pytest.mark.rule("ID-02")),
    ],
)
def test_in_force_until_just_before_the_end(what: Lifetime, start: datetime, end: datetime) -> None:
    assert in_force(what, start, start)
    assert in_force(what, start, end - SECOND)
    assert not in_force(what, start, end)
    assert not in_force(what, start, start - SECOND)


@pytest.mark.rule("ID-02")
def test_the_five_years_are_counted_on_the_calendar_of_japan() -> None:
    """2028-02-28 16:00 UTC is 29 February in Japan, so the end is on 1 March there."""
    start = jst(2028, 2, 29, 1).astimezone(tz=None)
    assert ends_at(Lifetime.USER_ID, start) == jst(2033, 3, 1, 1)


@pytest.mark.rule("ID-76")
def test_the_my_number_card_link_has_no_limit() -> None:
    start = jst(2026, 3, 2, 9)
    assert ends_at(Lifetime.EKYC_MYNUMBER_LINK, start) is None
    assert in_force(Lifetime.EKYC_MYNUMBER_LINK, start, start + timedelta(days=3650))
    assert not in_force(Lifetime.EKYC_MYNUMBER_LINK, start, start - SECOND)


@given(
    st.sampled_from([one for one in Lifetime if one is not Lifetime.EKYC_MYNUMBER_LINK]),
    st.integers(-30 * 365 * 86_400, 170 * 365 * 86_400).map(lambda seconds: jst(2026, 1, 1) + seconds * SECOND),
    st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=6 * 366)),
)
def test_every_span_is_half_open(what: Lifetime, start: datetime, later: timedelta) -> None:
    end = ends_at(what, start)
    assert end is not None
    assert in_force(what, start, start + later) == (timedelta(0) <= later < end - start)
    assert in_force(what, start, end - timedelta(microseconds=1))
