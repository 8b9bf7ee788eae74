"""What the bond programme says of papers that come by post: identity papers in place of eKYC (DO-30 to DO-34), and
papers that did not fit into the limit (DO-10)."""

from __future__ import annotations

from datetime import date

from kit.japan.months import add_months

from documents.papers import DateNotRecorded, Paper, PostOffice

TOTAL_LIMIT_BYTES = 6 * 1024 * 1024
"""DO-05, I-46: for the simulator. At work the limit comes with the application's policy."""

REGISTER_COPY = "shogyo_toki"

# DO-14, shown with DO-10 and DO-30; what is written in the margin: DO-11, DO-31.
POST_OFFICE = PostOffice(
    name="住宅金融支援機構 住宅債券事務センター",
    postal_code="112-8570",
    address="東京都文京区後楽1-4-10",
    telephone="03-5800-9479",
    opening_hours="9:00〜17:00(土日、祝日、年末年始を除く。通話料がかかります。)",
    document_margin=("①Web利用申請", "②マンション管理組合名", "③積立組合番号(お持ちの場合)"),
    identity_margin=("①eKYC(Web)", "②マンション管理組合名", "③積立組合番号(お持ちの場合)"),
)


def issued_within_three_months(issued_on: date, counted_on: date) -> bool:
    """DO-26, I-53: calendar months from the issue, inclusive; counted to the submission, or to a paper's arrival."""
    return counted_on <= add_months(issued_on, 3)


# DO-32
_HEALTH_CARD_UNTIL = date(2025, 12, 1)
_DRIVING_HISTORY_FROM = date(2012, 4, 1)
_PASSPORT_APPLIED_UNTIL = date(2020, 2, 3)

_BOTH_SIDES = frozenset({"licence", "driving_history", "resident_card"})
_FRONT_ONLY = "my_number_card"
_ORIGINALS = frozenset({"seal_cert", "residence_cert"})
_WITH_ADDRESS = frozenset({"eligibility_cert", "health_card"})
_PASSPORT_PAGES = frozenset({"photo", "holder"})
PAPER_KINDS = _BOTH_SIDES | {_FRONT_ONLY} | _ORIGINALS | _WITH_ADDRESS | {"passport"}


def identity_paper_result(paper: Paper) -> str:
    """`OK`, or the first fault of an identity paper (DO-30 to DO-34).

    Dates come first: a paper that is too old, or whose kind is not taken any more, no better copy will cure. Raises
    DateNotRecorded where a date decides that was not recorded.
    """
    if paper.kind not in PAPER_KINDS:
        return "NOT_ON_LIST"
    fault = _date_fault(paper) or _form_fault(paper)
    if fault:
        return fault
    needed = _needed_date(paper)
    if needed:
        raise DateNotRecorded(needed)
    return "OK"


def _date_fault(paper: Paper) -> str | None:
    if paper.kind == "health_card":
        last = min(_HEALTH_CARD_UNTIL, paper.expires or _HEALTH_CARD_UNTIL)
        return "ARRIVED_TOO_LATE" if paper.arrived > last else None
    if paper.kind == "passport":
        return "APPLIED_TOO_LATE" if paper.applied and paper.applied > _PASSPORT_APPLIED_UNTIL else None
    if paper.issued is None:
        return None
    if paper.kind == "driving_history":
        return "ISSUED_TOO_EARLY" if paper.issued < _DRIVING_HISTORY_FROM else None
    if paper.kind in _ORIGINALS:
        return None if issued_within_three_months(paper.issued, paper.arrived) else "TOO_OLD"
    return None


def _form_fault(paper: Paper) -> str | None:
    if paper.kind in _BOTH_SIDES and paper.sides != "both":
        return "BOTH_SIDES_NEEDED"
    if paper.kind == _FRONT_ONLY and paper.sides == "both":  # DO-33: the back shows the number itself
        return "FRONT_ONLY"
    if paper.kind in _ORIGINALS and not paper.original:
        return "ORIGINAL_NEEDED"
    if paper.kind in _WITH_ADDRESS and not paper.has_address:
        return "ADDRESS_MISSING"
    if paper.kind == "passport" and not paper.pages >= _PASSPORT_PAGES:
        return "PAGES_MISSING"
    if paper.kind == "passport" and paper.has_address is False:
        return "ADDRESS_MISSING"
    return None


def _needed_date(paper: Paper) -> str | None:
    if paper.kind == "passport" and paper.applied is None:
        return "applied"
    if paper.kind in _ORIGINALS | {"driving_history"} and paper.issued is None:
        return "issued"
    return None


def judge(paper: Paper, slots: frozenset[str]) -> str:
    """`OK`, or what is wrong with a paper that came by post (DO-10, DO-34). `slots` are those of the application.

    A paper for a slot stands for the file that did not fit. Of those, the register copy alone has an age (DO-21,
    DO-24), counted to the day of its arrival (DO-26). Everything else is an identity paper. Raises DateNotRecorded.
    """
    if paper.kind not in slots:
        return identity_paper_result(paper)
    if paper.kind != REGISTER_COPY:
        return "OK"
    if paper.issued is None:
        raise DateNotRecorded("issued")
    return "OK" if issued_within_three_months(paper.issued, paper.arrived) else "TOO_OLD"
