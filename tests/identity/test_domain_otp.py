"""One-time passwords: when they are asked for, and which are accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.domain.otp import accepted_step, current_step, otp_needed
from kit.japan import JST

LAST = datetime(2026, 1, 10, 9, tzinfo=JST)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of the test vectors in RFC 6238, appendix B
NOW = datetime(2026, 4, 1, 12, 0, 7, tzinfo=UTC)


@pytest.mark.rule("ID-40")
@pytest.mark.parametrize("role", ["association", "company"])
def test_the_first_login_asks_everybody(role: str) -> None:
    assert otp_needed(role, "login", None, NOW)


@pytest.mark.rule("ID-40", "ID-41")
@pytest.mark.parametrize("role", ["association", "company"])
def test_login_asks_again_from_exactly_90_days_on(role: str) -> None:
    assert not otp_needed(role, "login", LAST, datetime(2026, 4, 10, 8, 59, 59, tzinfo=JST))
    assert otp_needed(role, "login", LAST, datetime(2026, 4, 10, 9, tzinfo=JST))


@pytest.mark.rule("ID-40", "ID-41")
@pytest.mark.parametrize("role", ["office_reviewer", "office_approver", "operator", "inspection_body", "bank"])
def test_staff_are_asked_at_every_login(role: str) -> None:
    assert otp_needed(role, "login", NOW, NOW)


@pytest.mark.rule("ID-40", "ID-41")
@pytest.mark.parametrize("role", ["applicant", "joint_debtor"])
def test_borrowers_have_the_90_days_of_associations(role: str) -> None:
    assert not otp_needed(role, "login", NOW, NOW)


@pytest.mark.rule("ID-40", "ID-42")
@pytest.mark.parametrize("event", ["submit", "approve_proxy"])
@pytest.mark.parametrize("last", [None, NOW])
def test_submission_and_approval_ask_the_association_every_time_and_the_company_never(
    event: str, last: datetime | None
) -> None:
    assert otp_needed("association", event, last, NOW)
    assert not otp_needed("company", event, last, NOW)


@pytest.mark.rule("ID-42")
@pytest.mark.parametrize("role", ["association", "company"])
@pytest.mark.parametrize(
    "event",
    ["proxy_input", "save_draft", "change_password", "reset_password", "remind_user_id", "logout", "view"],
)
def test_nothing_else_asks_anybody(role: str, event: str) -> None:
    assert not otp_needed(role, event, None, NOW)


@pytest.mark.rule("ID-43")
@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238_with_six_digits(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert accepted_step(SECRET, code, now, last_accepted_step=None) == seconds // 30


def code_of(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.rule("ID-43")
def test_the_step_before_is_accepted_and_no_other() -> None:
    step = current_step(NOW)
    answers = [accepted_step(SECRET, code_of(step + shift), NOW, last_accepted_step=None) for shift in (-2, -1, 0, 1)]
    assert answers == [None, step - 1, step, None]


@pytest.mark.rule("ID-43")
def test_the_tolerance_can_be_set_to_none() -> None:
    step = current_step(NOW)
    assert accepted_step(SECRET, code_of(step - 1), NOW, last_accepted_step=None, steps_back=0) is None
    assert accepted_step(SECRET, code_of(step), NOW, last_accepted_step=None, steps_back=0) == step


@pytest.mark.rule("ID-43")
def test_a_code_is_accepted_once_and_older_ones_not_after_it() -> None:
    step = current_step(NOW)
    five_seconds_later = NOW + timedelta(seconds=5)
    assert accepted_step(SECRET, code_of(step), five_seconds_later, last_accepted_step=step) is None
    assert accepted_step(SECRET, code_of(step - 1), five_seconds_later, last_accepted_step=step) is None
    assert accepted_step(SECRET, code_of(step), NOW, last_accepted_step=step - 1) == step
    next_step = NOW + timedelta(seconds=30)
    assert accepted_step(SECRET, code_of(step + 1), next_step, last_accepted_step=step) == step + 1


@pytest.mark.rule("ID-43")
@pytest.mark.parametrize("change", [str.lstrip, lambda code: code + "\n", lambda code: " " + code, lambda code: ""])
def test_a_code_is_taken_as_typed(change: Callable[[str], str]) -> None:
    code = code_of(current_step(NOW))
    typed = change(code)
    assert (accepted_step(SECRET, typed, NOW, last_accepted_step=None) is not None) == (typed == code)


@pytest.mark.rule("ID-43")
def test_full_width_digits_are_no_code() -> None:
    code = code_of(current_step(NOW)).translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    assert accepted_step(SECRET, code, NOW, last_accepted_step=None) is None


@pytest.mark.rule("ID-43")
@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(-2, 2)), max_size=30),
)
def test_accepted_steps_only_ever_grow(tries: list[tuple[int, int]]) -> None:
    now, last, accepted = NOW, None, []
    for seconds, shift in tries:
        now += timedelta(seconds=seconds)
        step = accepted_step(SECRET, code_of(current_step(now) + shift), now, last_accepted_step=last)
        if step is not None:
            accepted.append(step)
            last = step
    assert accepted == sorted(set(accepted))
