"""A right application for a green loan, and what belongs to it."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from applications.programme import Branch, Facts, Institution, Organisation
from applications.programmes.green_loan.money.rates import KEYS, Period, RateTable
from applications.workflow import Document
from kit.japan import to_jst

NOW = datetime(2026, 4, 1, 1, tzinfo=UTC)  # 10:00 in Japan
BANK, BODY = UUID(int=101), UUID(int=102)
MAIL = "taro@example.jp"
RATES = RateTable(
    [
        Period(
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
            valid_until=datetime(2027, 1, 1, tzinfo=UTC),
            rates={key: Decimal("1.50") + Decimal("0.10") * number for number, key in enumerate(KEYS)},
        )
    ]
)


class NoInstitutions:
    """A directory with nothing in it: the programme looks organisations up, not codes."""

    def institution(self, code: str) -> Institution | None:
        """None."""
        del code
        return None

    def branch(self, institution_code: str, code: str) -> Branch | None:
        """None."""
        del institution_code, code
        return None


def facts(now: datetime = NOW, rates: RateTable | None = RATES) -> Facts:
    """What the form is compared with."""
    return Facts(
        registered_mail=MAIL,
        now=now,
        today=to_jst(now).date(),
        institutions=NoInstitutions(),
        organisations={
            BANK: Organisation(BANK, "bank", "見本銀行"),
            BODY: Organisation(BODY, "inspection_body", "見本検査機構"),
        },
        dated=rates,
    )


def person(family: str, given: str, kana: tuple[str, str], birth: str, mail: str) -> dict[str, Any]:
    """Somebody with a salary, who can be identified online."""
    return {
        "name_kanji": {"family": family, "given": given},
        "name_kana": {"family": kana[0], "given": kana[1]},
        "birth": birth,
        "address": {"postal_code": "1128570", "address": "東京都文京区後楽1-4-10"},
        "phone": "0358008170",
        "mail": mail,
        "devices": ["SMARTPHONE"],
        "photo_id": "MY_NUMBER_CARD",
        "status": "JAPANESE",
        "incomes": ["SALARY"],
        "salary_yen": 5_000_000,
        "employment_start": "2010-04-01",
    }


def content() -> dict[str, Any]:
    """A complete and right application of one person for the own house."""
    return {
        "menu": "STANDARD",
        "applicant": {**person("見本", "太郎", ("ミホン", "タロウ"), "1980-05-17", MAIL), "married": True},
        "house": {
            "use": "OWN",
            "place": {"postal_code": "1128570", "address": "東京都文京区後楽1-4-10"},
            "has_residential_part": True,
            "owners": [{"relation": "APPLICANT"}],
        },
        "works": {
            "contract": "CONCLUDED",
            "breakdown_in_contract": True,
            "lines": [
                {
                    "kind": "OPENINGS",
                    "amount_yen": 1_200_000,
                    "category": "A",
                    "residential": True,
                    "circled": True,
                    "places": 4,
                    "meets_energy_standard_at_place": True,
                },
                {"kind": "WALLPAPER", "amount_yen": 300_000, "category": "C", "residential": True},
            ],
            "subsidies_yen": 0,
        },
        "loan": {
            "amount_yen": 1_500_000,
            "years": 10,
            "method": "level_payment",
            "bonus_part_yen": 0,
            "running_balance_yen": 0,
            "danshin": "SHIN",
            "danshin_joiners": ["applicant"],
            "certificate_sendings": 10,
        },
        "institution": str(BANK),
        "inspection_body": str(BODY),
        "papers": [
            {"slot": "applicant_my_number_card", "confirmed": ["front_only"]},
            {"slot": "application_building_register", "issued_on": "2026-03-20"},
            {"slot": "applicant_tax_assessment", "income_year": 2025, "confirmed": ["shows_amount"]},
            {"slot": "application_works_contract", "confirmed": ["breakdown_shown", "items_circled"]},
        ],
    }


PLAN = {
    "received": ["conformity_application", "building_register_copy", "annex_1", "openings_data"],
    "works": ["OPENINGS"],
}
"""By what the inspection body confirms the works of the example, with `confirm_plan`."""
REPORT: dict[str, Any] = {
    "papers": ["completion_report", "photographs"],
    "building_confirmation": False,
    "photographs": [
        {"line": 0, "phase": phase, "shows_date": True, "shows_object_name": True} for phase in ("BEFORE", "AFTER")
    ],
}
"""What the applicant reports with `report`."""
ISSUED = {"issued": ["applicant", "annex_table", "institution"]}
"""What the inspection body issues with `certify`."""


def accounts(owner: UUID) -> dict[str, Any]:
    """Where the funds go, and where they are repaid from: an account of the applicant at the bank."""
    account = {"institution": str(BANK), "branch": "123", "number": "7654321", "holder": str(owner)}
    return {"account": account, "repayment_account": account}


DELIVERY = {"periods": [{"first": "2026-04-01", "last": "2026-04-10"}, {"first": "2026-04-15", "last": "2026-04-20"}]}
"""The delivery periods of April 2026."""


def content_with(**changes: Any) -> dict[str, Any]:
    """The same with other values at dotted paths (`__` for the dot); None takes the field away."""
    changed = deepcopy(content())
    for path, value in changes.items():
        *sections, last = path.split("__")
        place: Any = changed
        for section in sections:
            place = place[int(section)] if section.isdigit() else place.setdefault(section, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return changed


def joint_debtor(account: UUID, **changes: Any) -> dict[str, Any]:
    """The applicant's wife, who owes the loan too."""
    wife = person("見本", "花子", ("ミホン", "ハナコ"), "1982-08-01", "hanako@example.jp")
    return {**wife, "account": str(account), "relation": "LEGAL_SPOUSE", "lives_with_applicant": True, **changes}


def documents(owner: UUID) -> list[Document]:
    """The files of the right application."""
    own = [document(slot, owner) for slot in ("my_number_card", "tax_assessment")]
    return [*own, *(document(slot) for slot in ("application_building_register", "application_works_contract"))]


def examination(documents: Sequence[Document], *debtors: UUID, **changes: Any) -> dict[str, Any]:
    """What an officer says who has examined everybody and every file, and found nothing."""
    return {
        "persons": [{"person": str(one), "hit": False} for one in debtors],
        "checked_on": "2026-04-01",
        "papers": [{"document": str(one.document_id), "result": "checked"} for one in documents],
        **changes,
    }


def document(slot: str, subject: UUID | None = None) -> Document:
    """A file."""
    return Document(uuid4(), slot, "0" * 64, 1000, True, False, subject)
