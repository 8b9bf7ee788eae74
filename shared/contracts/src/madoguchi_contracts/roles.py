"""Who a person is to Madoguchi. One role per account; services decide with it what the account may do."""

from enum import StrEnum


class Role(StrEnum):
    """The roles of accounts, as tokens and events name them."""

    ASSOCIATION = "association"
    COMPANY = "company"
    APPLICANT = "applicant"
    JOINT_DEBTOR = "joint_debtor"
    OFFICE_REVIEWER = "office_reviewer"
    OFFICE_APPROVER = "office_approver"
    INSPECTION_BODY = "inspection_body"
    BANK = "bank"
    OPERATOR = "operator"
