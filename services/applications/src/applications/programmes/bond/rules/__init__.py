"""The rules of the bond programme: pure functions that return findings with their rule IDs.

texts           names in kanji and kana, mail address (AS-13 to AS-20, AS-33, AS-36)
numbers         accumulation and corporate number, postal code, phone, account number (AS-04, AS-10 to AS-24, AS-39)
account         the account for principal and interest (AS-25 to AS-30)
representative  type, company and position, birth date, term (AS-35, AS-37, AS-40)
company         permissions of the management company and where papers go (AS-50 to AS-66)
submission      required and waived fields, the eKYC gate (AS-02, AS-12, ID-77 to ID-80)

`..._reasons` answer with codes alone, `..._findings` with the rule, the code, what the applicant should do, and the
field that the caller names.
"""

from applications.programmes.bond.rules.account import (
    DEPOSIT_KINDS,
    account_kana_findings,
    account_kana_reasons,
    deposit_kind_findings,
    holder_findings,
    institution_findings,
    normalize_account_kana,
)
from applications.programmes.bond.rules.company import (
    COMPANY_BLOCK,
    LEVELS,
    REGISTERED_KIND,
    Destination,
    company_block_findings,
    company_findings,
    company_section_findings,
    mailing_consent_findings,
    mailing_findings,
    may_enter,
    may_view,
    papers_go_to,
    recommends_company_address,
)
from applications.programmes.bond.rules.numbers import (
    account_number_findings,
    association_number_findings,
    association_number_reasons,
    corporate_check_digit,
    corporate_number_findings,
    corporate_number_reasons,
    is_phone_number,
    is_postal_code,
    phone_findings,
    postal_code_findings,
)
from applications.programmes.bond.rules.representative import (
    RepresentativeType,
    birth_date_findings,
    corporate_fields_findings,
    term_findings,
)
from applications.programmes.bond.rules.submission import (
    EKYC_STATUS_LABELS,
    REQUIRED_ALWAYS,
    REQUIRED_WITHOUT_NUMBER,
    certificate_month_findings,
    ekyc_allows_submission,
    ekyc_findings,
    ekyc_notice,
    missing_errors,
    missing_findings,
    required_fields,
)
from applications.programmes.bond.rules.texts import (
    NAME_LIMIT,
    mail_findings,
    name_kana_findings,
    name_kana_reasons,
    name_kanji_findings,
    name_kanji_reasons,
    name_length_findings,
    same_mail,
)

__all__ = [
    "COMPANY_BLOCK",
    "DEPOSIT_KINDS",
    "EKYC_STATUS_LABELS",
    "LEVELS",
    "NAME_LIMIT",
    "REGISTERED_KIND",
    "REQUIRED_ALWAYS",
    "REQUIRED_WITHOUT_NUMBER",
    "Destination",
    "RepresentativeType",
    "account_kana_findings",
    "account_kana_reasons",
    "account_number_findings",
    "association_number_findings",
    "association_number_reasons",
    "birth_date_findings",
    "certificate_month_findings",
    "company_block_findings",
    "company_findings",
    "company_section_findings",
    "corporate_check_digit",
    "corporate_fields_findings",
    "corporate_number_findings",
    "corporate_number_reasons",
    "deposit_kind_findings",
    "ekyc_allows_submission",
    "ekyc_findings",
    "ekyc_notice",
    "holder_findings",
    "institution_findings",
    "is_phone_number",
    "is_postal_code",
    "mail_findings",
    "mailing_consent_findings",
    "mailing_findings",
    "may_enter",
    "may_view",
    "missing_errors",
    "missing_findings",
    "name_kana_findings",
    "name_kana_reasons",
    "name_kanji_findings",
    "name_kanji_reasons",
    "name_length_findings",
    "normalize_account_kana",
    "papers_go_to",
    "phone_findings",
    "postal_code_findings",
    "recommends_company_address",
    "required_fields",
    "same_mail",
    "term_findings",
]
