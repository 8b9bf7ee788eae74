"""Requests of the person concerned about their personal data (GL-618, GL-622)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from kit.errors import Finding, Refused

RequestKind = Literal["disclosure", "correction", "suspension"]
"""GL-618: 開示, 訂正, 利用停止."""
RequestState = Literal["received", "identified", "answered", "refused"]
RequestStep = Literal["identify", "answer", "refuse"]

STEPS: Final[Mapping[tuple[RequestState, RequestStep], RequestState]] = {
    ("received", "identify"): "identified",
    ("received", "refuse"): "refused",
    ("identified", "answer"): "answered",
    ("identified", "refuse"): "refused",
}
"""interpretation (GL-622): how a request moves. Only the customer, once identified, is answered."""


@dataclass(frozen=True)
class Request:
    """interpretation (GL-622): a request about the data of `customer`, made by `requester` (keys of people).

    `reason` is why it was refused.
    """

    kind: RequestKind
    customer: str
    requester: str
    received_on: date
    state: RequestState = "received"
    identified_on: date | None = None
    closed_on: date | None = None
    reason: str = ""


def step_findings(request: Request, step: RequestStep, on: date, reason: str = "") -> Sequence[Finding]:
    """GL-618, GL-622: what stands against a step of a request.

    Only the customer is identified as the requester: nobody else may ask, a son or a daughter neither. A refusal needs
    a reason. Days do not run backwards.
    """
    found = []
    if (request.state, step) not in STEPS:
        message = "この請求は、いまの状態ではその手続きができません。請求の状態をご確認ください。"
        found.append(Finding("GL-622", "WRONG_STATE", message, "state"))
    if step == "identify" and request.requester != request.customer:
        message = "請求できるのは、お客さまご本人です。ご本人からのご請求をお願いします。"
        found.append(Finding("GL-618", "NOT_THE_CUSTOMER", message, "requester"))
    if step == "refuse" and not reason.strip():
        message = "対応できない理由を入力してください。"
        found.append(Finding("GL-622", "REASON_MISSING", message, "reason"))
    if on < (request.identified_on or request.received_on):
        message = "日付が、前の手続きの日より前になっています。日付をご確認ください。"
        found.append(Finding("GL-622", "DATE_BACKWARDS", message, "on"))
    return found


def after_step(request: Request, step: RequestStep, on: date, reason: str = "") -> Request:
    """GL-622: the request after a step, with its date. Raises Refused with the findings of `step_findings`."""
    found = step_findings(request, step, on, reason)
    if found:
        raise Refused(findings=found)
    state = STEPS[request.state, step]
    if step == "identify":
        return replace(request, state=state, identified_on=on)
    return replace(request, state=state, closed_on=on, reason=reason if step == "refuse" else "")
