"""Requests of a person about the personal data that is held of them (開示・訂正・利用停止; GL-618, GL-622).

    received ──identify──> identified ──answer──> answered ──lift──> lifted   (of a suspension)
        │  └───────────refuse──┘   └──refuse──> refused
        └──withdraw── (from both) ──> withdrawn

Answering, refusing and lifting take two officers: one proposes, another decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Literal

from kit.errors import Finding, Refused

RequestKind = Literal["disclosure", "correction", "suspension"]
"""GL-618: 開示, 訂正, 利用停止."""
RequestState = Literal["received", "identified", "answered", "refused", "withdrawn", "lifted"]
RequestStep = Literal["identify", "answer", "refuse", "withdraw", "lift"]
OPEN: Final = frozenset({"received", "identified"})
DECIDED: Final = frozenset({"answered", "refused", "lifted"})
"""The states that a second officer decided: in these alone the person reads the words of the office."""
PROPOSED: Final = frozenset({"answer", "refuse", "lift"})
"""The steps that take two officers."""


class Identified(StrEnum):
    """GL-622: how it was confirmed that the requester is the customer, beside the login."""

    EKYC = "ekyc"
    COUNTER = "counter"


STEPS: Final[Mapping[tuple[RequestState, RequestStep], RequestState]] = {
    ("received", "identify"): "identified",
    ("received", "refuse"): "refused",
    ("identified", "answer"): "answered",
    ("identified", "refuse"): "refused",
    ("received", "withdraw"): "withdrawn",
    ("identified", "withdraw"): "withdrawn",
    ("answered", "lift"): "lifted",
}
"""interpretation (GL-622): how a request moves. Only the customer, once identified, is answered."""


def due_on(received_on: date, days: int) -> date:
    """interpretation (GL-618): "promptly" is within so many days of the receipt, that day not included."""
    return received_on + timedelta(days=days)


def asking_findings(kind: RequestKind, details: str, states: Collection[str]) -> Sequence[Finding]:
    """interpretation (GL-618, GL-622): what stands against asking. `states`: of the person's requests of the same kind.

    One of a kind is open at a time. Of suspensions one is in force at a time: with two, lifting one would let data go
    that the other one still holds back. A correction says of what.
    """
    found = []
    if OPEN & set(states):
        message = "同じ種類のご請求を受付済みです。結果のお知らせをお待ちください。"
        found.append(Finding("GL-622", "ALREADY_OPEN", message, "kind"))
    if kind == "suspension" and "answered" in states:
        message = "個人情報の利用は、すでに停止しています。あらためてご請求いただく必要はありません。"
        found.append(Finding("GL-618", "ALREADY_SUSPENDED", message, "kind"))
    if kind == "correction" and not details.strip():
        message = "訂正する内容を入力してください。"
        found.append(Finding("GL-618", "DETAILS_MISSING", message, "details"))
    return found


def identified_by(*, ekyc_passed: bool, seen_at_counter: bool) -> Identified | None:
    """GL-618, GL-622: what confirms the requester; None: nothing does yet."""
    if seen_at_counter:
        return Identified.COUNTER
    return Identified.EKYC if ekyc_passed else None


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
    if step == "lift" and request.kind != "suspension":
        message = "解除できるのは、利用停止だけです。"
        found.append(Finding("GL-622", "NOT_A_SUSPENSION", message, "kind"))
    if step == "refuse" and not reason.strip():
        message = "対応できない理由を入力してください。"
        found.append(Finding("GL-622", "REASON_MISSING", message, "reason"))
    if on < (request.closed_on or request.identified_on or request.received_on):
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
