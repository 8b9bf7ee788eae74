"""Requests of the person concerned about their personal data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.domain import personal_data as privacy
from identity.domain.personal_data import Identified, Request
from kit.errors import Refused

RECEIVED = Request("disclosure", customer="taro", requester="taro", received_on=date(2025, 7, 1))
DAY = date(2025, 7, 3)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.rule("GL-618", "GL-622")
@pytest.mark.parametrize("kind", ["disclosure", "correction", "suspension"])
def test_the_customer_is_answered_once_identified(kind):
    identified = privacy.after_step(replace(RECEIVED, kind=kind), "identify", DAY)
    assert (identified.state, identified.identified_on, identified.closed_on) == ("identified", DAY, None)
    answered = privacy.after_step(identified, "answer", date(2025, 7, 8))
    assert (answered.state, answered.closed_on, answered.kind) == ("answered", date(2025, 7, 8), kind)


@pytest.mark.rule("GL-618")
def test_a_son_is_not_the_customer_and_is_not_answered():
    by_son = replace(RECEIVED, requester="jiro")
    assert codes(privacy.step_findings(by_son, "identify", DAY)) == ["NOT_THE_CUSTOMER"]
    assert codes(privacy.step_findings(by_son, "answer", DAY)) == ["WRONG_STATE"]
    with pytest.raises(Refused):
        privacy.after_step(by_son, "identify", DAY)
    refused = privacy.after_step(by_son, "refuse", DAY, "ご本人からの請求ではないため")
    assert (refused.state, refused.closed_on, refused.reason) == ("refused", DAY, "ご本人からの請求ではないため")


@pytest.mark.rule("GL-622")
def test_a_refusal_has_a_reason_and_days_do_not_run_backwards():
    assert codes(privacy.step_findings(RECEIVED, "refuse", DAY, " ")) == ["REASON_MISSING"]
    assert codes(privacy.step_findings(RECEIVED, "identify", date(2025, 6, 30))) == ["DATE_BACKWARDS"]
    identified = privacy.after_step(RECEIVED, "identify", DAY)
    assert codes(privacy.step_findings(identified, "answer", RECEIVED.received_on)) == ["DATE_BACKWARDS"]


@pytest.mark.rule("GL-622")
@given(st.lists(st.sampled_from(["identify", "answer", "refuse", "withdraw", "lift"]), max_size=6), st.booleans())
def test_whatever_is_tried_only_the_identified_customer_is_answered_and_an_end_is_an_end(steps, own):
    request = replace(RECEIVED, requester="taro" if own else "jiro")
    for step in steps:
        before = request
        try:
            request = privacy.after_step(request, step, DAY, "理由")
        except Refused:
            assert request is before
        assert before.state not in ("answered", "refused", "withdrawn") or request is before
    if request.state == "answered":
        assert own
        assert request.identified_on == DAY
    assert (request.closed_on is not None) == (request.state not in privacy.OPEN)


@pytest.mark.rule("GL-618", "GL-622")
@pytest.mark.parametrize(
    ("passed", "seen", "how"),
    [(False, False, None), (True, False, Identified.EKYC), (False, True, "counter"), (True, True, "counter")],
)
def test_a_login_alone_confirms_nobody(passed, seen, how):
    assert privacy.identified_by(ekyc_passed=passed, seen_at_counter=seen) == how


@pytest.mark.rule("GL-618")
def test_promptly_is_a_number_of_days_from_the_receipt_on():
    assert privacy.due_on(date(2025, 7, 1), 30) == date(2025, 7, 31)


@pytest.mark.rule("GL-622")
def test_a_suspension_alone_is_lifted_and_once():
    def answered(kind):
        return privacy.after_step(privacy.after_step(replace(RECEIVED, kind=kind), "identify", DAY), "answer", DAY)

    lifted = privacy.after_step(answered("suspension"), "lift", DAY)
    assert lifted.state == "lifted"
    assert codes(privacy.step_findings(lifted, "lift", DAY)) == ["WRONG_STATE"]
    assert codes(privacy.step_findings(answered("correction"), "lift", DAY)) == ["NOT_A_SUSPENSION"]
