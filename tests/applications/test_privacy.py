"""Personal data: purposes, consents, and what may be provided to third parties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from applications import privacy
from applications.privacy import Case, Consent, ConsentText, Provision

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
