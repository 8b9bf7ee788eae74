"""Where what is done, which institution, when somebody may apply again, and why a loan is refused."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from applications.programmes.green_loan.procedure import channel
from applications.programmes.green_loan.procedure.channel import Earlier, Outcome
from hypothesis import given
from hypothesis import strategies as st

HANDLING = {"0001", "0005"}


@pytest.mark.rule("GL-342", "GL-343", "GL-344")
def test_who_repays_already_stays_with_the_institution_if_it_handles_the_loan() -> None:
    assert channel.institution_choices(HANDLING, None) == HANDLING
    assert channel.institution_choices(HANDLING, "0005") == {"0005"}
    assert channel.institution_choices(HANDLING, "0009") == HANDLING


@pytest.mark.rule("GL-342", "GL-343", "GL-344")
@pytest.mark.parametrize(
    ("chosen", "repaying_at", "found"),
    [
        ("0001", None, []),
        ("0009", None, [("GL-344", "NOT_HANDLING")]),
        ("0005", "0005", []),
        ("0001", "0005", [("GL-342", "NOT_THE_PRESENT_ONE")]),
        ("0009", "0009", [("GL-343", "NOT_HANDLING")]),
        ("0001", "0009", []),
    ],
)
def test_the_chosen_institution_is_judged(chosen: str, repaying_at: str | None, found: list[tuple[str, str]]) -> None:
    findings = channel.institution_findings(chosen, handling=HANDLING, repaying_at=repaying_at, field="bank")
    assert [(one.rule, one.code) for one in findings] == found
    assert all(one.field == "bank" for one in findings)


@pytest.mark.rule("GL-345")
def test_originals_are_shown_where_the_account_is() -> None:
    assert channel.account_institution_findings(UUID(int=1), UUID(int=1), "account") == []
    found = channel.account_institution_findings(UUID(int=1), UUID(int=5), "account")
    assert [(one.rule, one.field) for one in found] == [("GL-345", "account")]


@pytest.mark.rule("GL-349", "GL-350", "GL-351", "GL-352", "GL-353", "GL-354")
def test_reasons_of_refusal_and_cancellation_are_data() -> None:
    assert [(one.code, one.rule) for one in channel.REFUSALS] == [
        ("FALSE_STATEMENT", "GL-349"),
        ("NOT_GENUINE", "GL-350"),
        ("CHANGE_NOT_NOTIFIED", "GL-351"),
        ("OTHER_WORKS_CONTRACT", "GL-352"),
        ("REVIEW", "GL-353"),
        ("ANTI_SOCIAL_FORCE", "GL-353"),
    ]
    assert {one.code for one in channel.CANCELLATIONS} == {
        "PROCEDURE_NOT_DONE",
        "DOUBT_ABOUT_CONTENT",
        "CONDITIONS_NOT_FULFILLED",
        "CONTRACT_TOO_LATE",
    }
    called_due = {one.code for one in (*channel.REFUSALS, *channel.CANCELLATIONS) if one.due_in_one_sum}
    assert called_due == {"OTHER_WORKS_CONTRACT", "ANTI_SOCIAL_FORCE"}


@pytest.mark.rule("GL-121", "GL-353")
def test_an_applicant_is_not_told_of_a_suspicion() -> None:
    assert not any("反社会" in one.text for one in channel.REFUSALS)
    others = {one.code for one in channel.REFUSALS if one.text == channel.reason_told("ANTI_SOCIAL_FORCE")}
    assert others > {"ANTI_SOCIAL_FORCE"}  # a text of its own would be a code, too
    assert channel.reason_told(None) in {one.text for one in channel.CANCELLATIONS}


@pytest.mark.rule("GL-355", "GL-356", "GL-625")
@pytest.mark.parametrize(
    ("applied", "last", "first"),
    [
        ("2025-01-31", "2025-07-31", "2025-08-01"),
        ("2025-08-30", "2026-02-28", "2026-03-01"),
        ("2027-08-31", "2028-02-29", "2028-03-01"),
        ("2025-04-01", "2025-10-31", "2025-11-01"),
        ("2025-08-31", "2026-02-28", "2026-03-01"),
        ("2025-02-28", "2025-08-31", "2025-09-01"),
    ],
)
def test_nobody_applies_again_before_the_end_of_the_sixth_month(applied: str, last: str, first: str) -> None:
    day = date.fromisoformat(applied)
    assert channel.ban_end(day) == date.fromisoformat(last)
    assert channel.first_new_application(day) == date.fromisoformat(first)


@pytest.mark.rule("GL-355", "GL-356")
@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_a_ban_ends_with_a_month_between_six_and_seven_months_later(applied: date) -> None:
    last, first = channel.ban_end(applied), channel.first_new_application(applied)
    assert first.day == 1
    assert (last.year * 12 + last.month) - (applied.year * 12 + applied.month) == 6
    assert timedelta(days=180) <= last - applied <= timedelta(days=214)


@pytest.mark.rule("GL-355", "GL-357")
@pytest.mark.parametrize(
    ("outcome", "within", "after"),
    [
        (Outcome.DRAFT, True, True),
        (Outcome.RUNNING, False, False),
        (Outcome.REJECTED, False, True),
        (Outcome.WITHDRAWN, False, True),
        (Outcome.CANCELLED, False, True),
        (Outcome.STOPPED, False, True),
        (Outcome.DISBURSED, True, True),
    ],
)
def test_what_became_of_an_application_decides_whether_it_bans(outcome: Outcome, within: bool, after: bool) -> None:
    applied = date(2025, 4, 1)
    assert channel.may_apply_again(applied, outcome, date(2025, 4, 2)) is within
    assert channel.may_apply_again(applied, outcome, date(2025, 10, 31)) is within
    assert channel.may_apply_again(applied, outcome, date(2025, 11, 1)) is after


@pytest.mark.rule("GL-357")
@pytest.mark.parametrize("outcome", [Outcome.DRAFT, Outcome.STOPPED])
def test_a_draft_bans_nobody_also_when_it_was_stopped(outcome: Outcome) -> None:
    assert channel.may_apply_again(None, outcome, date(2025, 4, 2))
    assert channel.reapplication_findings("taro", [Earlier("taro", None, outcome)], date(2025, 4, 2), "x") == []


@pytest.mark.rule("GL-355", "GL-358")
def test_a_ban_follows_the_person_and_nobody_else() -> None:
    earlier = [
        Earlier("hanako", date(2025, 4, 1), Outcome.WITHDRAWN),
        Earlier("taro", date(2025, 4, 1), Outcome.RUNNING),
        Earlier("hanako", None, Outcome.DRAFT),
    ]
    found = channel.reapplication_findings("hanako", earlier, date(2025, 10, 31), "applicant")
    assert [(one.rule, one.code, one.field) for one in found] == [("GL-355", "TOO_EARLY", "applicant")]
    assert "2025年11月1日以降" in found[0].message
    assert channel.reapplication_findings("hanako", earlier, date(2025, 11, 1), "applicant") == []
    assert "お手続中" in channel.reapplication_findings("taro", earlier, date(2026, 5, 1), "applicant")[0].message
    assert channel.reapplication_findings("jiro", earlier, date(2025, 4, 2), "applicant") == []
