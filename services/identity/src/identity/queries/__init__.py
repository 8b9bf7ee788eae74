"""Reads of identity, each scoped to what the token or the actor at hand may see."""

from identity.queries.accounts import (
    account_by_user_id,
    account_of,
    account_of_login,
    accounts_of_mail,
    current_ekyc,
    landing_page,
    otp_token_of,
    own_account,
    own_ekyc,
    own_sessions,
    passwords_of,
)
from identity.queries.holders import holder_of, representatives
from identity.queries.links import (
    open_invitation,
    open_invitation_with,
    open_password_link,
    open_password_link_with,
    open_registration,
    open_registration_with,
    open_succession,
    open_succession_with,
    own_invitations,
)
from identity.queries.organisations import audit_log, organisation_of, organisations, staff_of

__all__ = [
    "account_by_user_id",
    "account_of",
    "account_of_login",
    "accounts_of_mail",
    "audit_log",
    "current_ekyc",
    "holder_of",
    "landing_page",
    "open_invitation",
    "open_invitation_with",
    "open_password_link",
    "open_password_link_with",
    "open_registration",
    "open_registration_with",
    "open_succession",
    "open_succession_with",
    "organisation_of",
    "organisations",
    "otp_token_of",
    "own_account",
    "own_ekyc",
    "own_invitations",
    "own_sessions",
    "passwords_of",
    "representatives",
    "staff_of",
]
