"""One-time passwords: when one is asked for (ID-40 to ID-42), and which code is accepted (ID-43).

`pyotp.TOTP.verify` only says yes or no. To refuse a code that was used before, the caller must know the time
step it belonged to, so the steps are compared here.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

import pyotp

LOGIN_PERIOD = timedelta(days=90)
STEP = timedelta(seconds=30)
DIGITS = 6

_CODE = re.compile(r"[0-9]{6}")
# interpretation: the 90 days of ID-40 b are those of associations and management companies; borrowers log in like them.
# Everybody else sees the data of others, and gives a code each time.
_WITH_PERIOD = frozenset({"association", "company", "applicant", "joint_debtor"})
_ASSOCIATION_ONLY = frozenset({"submit", "approve_proxy"})


def otp_needed(role: str, event: str, last_otp_login: datetime | None, now: datetime) -> bool:
    """Whether `role` must give a one-time password for `event` at `now`.

    ID-40 lists all cases. At login associations, companies and borrowers give one the first time and again 90 x 24
    hours after the last login *with* one (ID-41, I-15), from exactly 90 days on; logins without one and codes given
    elsewhere do not restart that time. Staff give one at every login. A submission and the approval of proxy input ask
    the association only (ID-42).
    """
    if event == "login":
        if role not in _WITH_PERIOD:
            return True
        return last_otp_login is None or now - last_otp_login >= LOGIN_PERIOD
    return role == "association" and event in _ASSOCIATION_ONLY


def current_step(now: datetime) -> int:
    """The number of the 30-second step that `now` falls in, as RFC 6238 counts them."""
    return int(now.timestamp()) // int(STEP.total_seconds())


def accepted_step(
    secret: str, code: str, now: datetime, *, last_accepted_step: int | None, steps_back: int = 1
) -> int | None:
    """The time step whose code was typed, or None if the code is not acceptable (ID-43, I-16).

    `secret` is base32. Accepted are the current step and `steps_back` (0 or 1) before it, for clock skew and
    typing time, but never a step at or before the last accepted one: a code seen over the user's shoulder is
    worth nothing. The caller stores the answer under the row lock of the token. The code is taken as typed:
    spaces and full-width digits are wrong codes, as for passwords.
    """
    if not _CODE.fullmatch(code):
        return None
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=int(STEP.total_seconds()))
    newest = current_step(now)
    for step in range(newest, newest - steps_back - 1, -1):
        used = last_accepted_step is not None and step <= last_accepted_step
        if hmac.compare_digest(totp.generate_otp(step), code) and not used:
            return step
    return None
