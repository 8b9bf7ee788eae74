"""Personal data: purposes, consents, and what may be provided to third parties."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from applications import privacy
from applications.privacy import ConsentText, LegalCase, Provision

FIRST = ConsentText("2024-10", frozenset({"review"}), frozenset({"credit_bureau"}))
TEXT = ConsentText(
    "2025-04",
    frozenset({"review", "collection", "insurance"}),
    frozenset({"handling_institution", "credit_bureau", "insurer", "e_contract_service"}),
)
PROVISION = Provision(
    recipient="insurer",
    case=LegalCase.CONSENT,
    data_fields=frozenset({"name", "birth_date", "health"}),
    purpose="insurance",
    ground="",
    restricted=True,
    safety_asked=True,
)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.rule("GL-614")
def test_there_are_six_cases_of_provision():
    assert [case.value for case in LegalCase] == [
        "LAW",
        "CONSENT",
        "PUBLIC_BODY",
        "STATISTICS",
        "CUSTOMER_BENEFIT",
        "SPECIAL_REASON",
    ]


@pytest.mark.rule("GL-614", "GL-621")
@pytest.mark.parametrize(
    "case", [LegalCase.LAW, LegalCase.PUBLIC_BODY, LegalCase.CUSTOMER_BENEFIT, LegalCase.SPECIAL_REASON]
)
def test_a_provision_without_consent_has_a_ground(case):
    bare = replace(PROVISION, case=case, recipient="tax_office", purpose="tax")
    assert codes(privacy.provision_findings(bare, None)) == ["GROUND_MISSING"]
    assert codes(privacy.provision_findings(replace(bare, ground="　"), None)) == ["GROUND_MISSING"]
    assert privacy.provision_findings(replace(bare, ground="国税徴収法第141条"), None) == []


@pytest.mark.rule("GL-614")
def test_statistics_are_no_marketing_and_need_no_names():
    export = replace(PROVISION, case=LegalCase.STATISTICS, recipient="institute", purpose="marketing")
    assert codes(privacy.provision_findings(export, TEXT)) == ["NOT_FOR_STATISTICS"]
    assert codes(privacy.provision_findings(replace(export, purpose="statistics"), TEXT)) == ["IDENTIFYING_DATA"]
    figures = replace(export, purpose="statistics", data_fields=frozenset({"annual_income", "borrowings"}))
    assert privacy.provision_findings(figures, None) == []
    assert privacy.provision_findings(replace(export, purpose="academic_research"), None) == []


@pytest.mark.rule("GL-609", "GL-614", "GL-615", "GL-623")
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
