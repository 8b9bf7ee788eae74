"""Personal data: consents, provision to third parties, and requests of the person concerned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from applications.programmes.green_loan.procedure import privacy
from applications.programmes.green_loan.procedure.privacy import Case, Consent, ConsentText, Provision, Request
from hypothesis import given
from hypothesis import strategies as st
from kit.errors import Refused

FIRST = ConsentText("2024-10", frozenset({"review"}), frozenset({"credit_bureau"}))
TEXT = ConsentText(
    "2025-04",
    frozenset({"review", "collection", "insurance"}),
    frozenset({"handling_institution", "credit_bureau", "insurer", "e_contract_service"}),
)
TEXTS = {text.version: text for text in (FIRST, TEXT)}
NOON = datetime(2025, 6, 20, 3, 0, tzinfo=UTC)
PROVISION = Provision(
    recipient="insurer",
    case=Case.CONSENT,
    data_fields=frozenset({"name", "birth_date", "health"}),
    purpose="insurance",
    provided_on=date(2025, 7, 1),
    ground="",
    restricted=True,
    safety_asked=True,
)
RECEIVED = Request("disclosure", customer="taro", requester="taro", received_on=date(2025, 7, 1))
DAY = date(2025, 7, 3)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.rule("GL-620")
def test_a_consent_counts_for_its_person_and_its_version():
    consents = [Consent("taro", "2025-04", NOON), Consent("hanako", "2024-10", NOON)]
    assert privacy.consented_at(consents, "taro", "2025-04") == NOON
    assert privacy.consented_at(consents, "hanako", "2025-04") is None
    assert privacy.consented_at(consents, "jiro", "2025-04") is None
    again = Consent("taro", "2025-04", NOON.replace(hour=5))
    assert privacy.consented_at([again, *consents], "taro", "2025-04") == NOON


@pytest.mark.rule("GL-609", "GL-620")
def test_data_is_used_for_purposes_that_the_person_consented_to():
    consents = [Consent("hanako", "2024-10", NOON), Consent("taro", "2025-04", NOON)]
    assert privacy.purpose_findings("review", "hanako", consents, TEXTS) == []
    assert privacy.purpose_findings("collection", "taro", consents, TEXTS) == []
    assert codes(privacy.purpose_findings("collection", "hanako", consents, TEXTS)) == ["PURPOSE_NOT_CONSENTED"]
    assert codes(privacy.purpose_findings("marketing", "taro", consents, TEXTS)) == ["PURPOSE_NOT_CONSENTED"]
    assert codes(privacy.purpose_findings("review", "jiro", consents, TEXTS)) == ["PURPOSE_NOT_CONSENTED"]


@pytest.mark.rule("GL-614")
def test_there_are_six_cases_of_provision():
    assert [case.value for case in Case] == [
        "LAW",
        "CONSENT",
        "PUBLIC_BODY",
        "STATISTICS",
        "CUSTOMER_BENEFIT",
        "SPECIAL_REASON",
    ]


@pytest.mark.rule("GL-614", "GL-621")
@pytest.mark.parametrize("case", [Case.LAW, Case.PUBLIC_BODY, Case.CUSTOMER_BENEFIT, Case.SPECIAL_REASON])
def test_a_provision_without_consent_has_a_ground(case):
    bare = replace(PROVISION, case=case, recipient="tax_office", purpose="tax")
    assert codes(privacy.provision_findings(bare, None)) == ["GROUND_MISSING"]
    assert codes(privacy.provision_findings(replace(bare, ground="　"), None)) == ["GROUND_MISSING"]
    assert privacy.provision_findings(replace(bare, ground="国税徴収法第141条"), None) == []


@pytest.mark.rule("GL-614")
def test_statistics_are_no_marketing_and_need_no_names():
    export = replace(PROVISION, case=Case.STATISTICS, recipient="institute", purpose="marketing")
    assert codes(privacy.provision_findings(export, TEXT)) == ["NOT_FOR_STATISTICS"]
    assert codes(privacy.provision_findings(replace(export, purpose="statistics"), TEXT)) == ["IDENTIFYING_DATA"]
    figures = replace(export, purpose="statistics", data_fields=frozenset({"annual_income", "borrowings"}))
    assert privacy.provision_findings(figures, None) == []
    assert privacy.provision_findings(replace(export, purpose="academic_research"), None) == []


@pytest.mark.rule("GL-614", "GL-615", "GL-623")
def test_by_consent_data_goes_to_those_whom_the_consent_names_under_restrictions():
    assert privacy.provision_findings(PROVISION, TEXT) == []
    bureau = replace(PROVISION, recipient="credit_bureau", purpose="review")
    assert privacy.provision_findings(bureau, TEXT) == []
    assert codes(privacy.provision_findings(PROVISION, FIRST)) == ["RECIPIENT_NOT_CONSENTED", "PURPOSE_NOT_CONSENTED"]
    assert codes(privacy.provision_findings(PROVISION, None)) == ["RECIPIENT_NOT_CONSENTED", "PURPOSE_NOT_CONSENTED"]
    assert codes(privacy.provision_findings(replace(PROVISION, restricted=False), TEXT)) == ["NOT_RESTRICTED"]
    assert codes(privacy.provision_findings(replace(PROVISION, safety_asked=False), TEXT)) == ["SAFETY_NOT_ASKED"]


@pytest.mark.rule("GL-614")
def test_customers_may_be_given_their_own_data():
    assert privacy.provision_findings(replace(PROVISION, recipient=privacy.CUSTOMER), None) == []


@pytest.mark.rule("GL-621", "GL-608")
def test_an_entry_of_the_log_names_recipient_purpose_and_data():
    for lack in ({"recipient": ""}, {"purpose": ""}, {"data_fields": frozenset()}):
        assert "INCOMPLETE" in codes(privacy.provision_findings(replace(PROVISION, **lack), TEXT))
    assert set(get_args(privacy.DataField)) >= {
        "name",
        "address",
        "birth_date",
        "sex",
        "telephone",
        "assets",
        "annual_income",
        "workplace",
        "family",
        "health",
        "borrowings",
    }


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
@given(st.lists(st.sampled_from(["identify", "answer", "refuse"]), max_size=6), st.booleans())
def test_whatever_is_tried_only_the_identified_customer_is_answered_and_an_end_is_an_end(steps, own):
    request = replace(RECEIVED, requester="taro" if own else "jiro")
    for step in steps:
        before = request
        try:
            request = privacy.after_step(request, step, DAY, "理由")
        except Refused:
            assert request is before
        assert before.state not in ("answered", "refused") or request is before
    if request.state == "answered":
        assert own
        assert request.identified_on == DAY
    assert (request.closed_on is not None) == (request.state in ("answered", "refused"))
