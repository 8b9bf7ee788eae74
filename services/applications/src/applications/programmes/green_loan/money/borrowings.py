"""Which other borrowings count in the total repayment ratio, and with how much (GL-283 to GL-313)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID


class Kind(StrEnum):
    """What a borrowing is for (GL-294 to GL-302, GL-309)."""

    RENOVATION_INCIDENTALS = "renovation_incidentals"
    CAR = "car"
    EDUCATION = "education"
    CARD = "card"
    HOUSING = "housing"
    RENTAL_HOUSING = "rental_housing"
    OTHER = "other"
    GOODS_INSTALMENT = "goods_instalment"
    MOBILE_HANDSET_INSTALMENT = "mobile_handset_instalment"
    RENT = "rent"
    LAND_RENT = "land_rent"


KIND_LABELS = {
    Kind.RENOVATION_INCIDENTALS: "リフォームに必要な諸費用の借入金",
    Kind.CAR: "自動車ローン",
    Kind.EDUCATION: "教育ローン",
    Kind.CARD: "カードローン",
    Kind.HOUSING: "住宅ローン",
    Kind.RENTAL_HOUSING: "賃貸住宅に係るローン",
    Kind.OTHER: "その他ローン",
    Kind.GOODS_INSTALMENT: "商品の分割払い",
    Kind.MOBILE_HANDSET_INSTALMENT: "携帯電話端末の割賦",
    Kind.RENT: "家賃",
    Kind.LAND_RENT: "地代",
}

RENTS = frozenset({Kind.RENT, Kind.LAND_RENT})  # GL-284
BUSINESS_EXEMPT = frozenset({Kind.CAR, Kind.CARD, Kind.OTHER, Kind.GOODS_INSTALMENT})
"""interpretation (GL-312): of these, what is for business does not count; of education and housing it does."""
COUNT_WHILE_REPAID = frozenset(Kind) - RENTS - {Kind.RENOVATION_INCIDENTALS}
"""GL-303: they count if they are being repaid on the acceptance date."""

Debtor = Literal["applicant", "combiner", "joint_debtor"]


class Standing(StrEnum):
    """How a borrowing enters the ratio. PROVISIONAL: left out at the review, the proof outstanding (GL-310)."""

    COUNTED = "counted"
    PROVISIONAL = "provisional"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class HouseSale:
    """The sale that is to repay a housing loan (GL-306, GL-307), and which of its papers were checked."""

    loan_balance_yen: int
    sale_price_yen: int
    balance_paper_checked: bool
    sale_paper_checked: bool
    shortfall_source_checked: bool

    @property
    def proven(self) -> bool:
        """Balance and price are confirmed, and where the price does not reach, the source of the rest."""
        covered = self.sale_price_yen >= self.loan_balance_yen or self.shortfall_source_checked
        return covered and self.balance_paper_checked and self.sale_paper_checked


@dataclass(frozen=True)
class Borrowing:
    """One borrowing, rent or land rent (interpretation, GL-313). Yen; a bonus repayment comes twice a year."""

    kind: Kind
    debtor: Debtor
    monthly_yen: int
    bonus_each_yen: int = 0
    business_use: bool = False
    in_repayment: bool = True
    final_on: date | None = None
    declared_repaid_by_contract: bool = False
    completion_checked: bool = False
    whole_apartment_building: bool = False
    continues_after_funds: bool = True
    house_sale: HouseSale | None = None
    evidence_ids: tuple[UUID, ...] = ()


def annual_yen(kind: Kind, monthly_yen: int, bonus_each_yen: int) -> int:
    """What a borrowing costs a year in the ratio: monthly x 12 + bonus x 2 (GL-289), of rents monthly x 12 (GL-290).

    Nothing for the instalments of a mobile-phone handset (GL-309).
    """
    if kind is Kind.MOBILE_HANDSET_INSTALMENT:
        return 0
    return monthly_yen * 12 + (0 if kind in RENTS else bonus_each_yen * 2)


def standing(borrowing: Borrowing, contract_on: date | None) -> Standing:
    """Whether a borrowing counts (GL-294 to GL-309); `contract_on` is the planned day while there is no contract.

    What may be left out is left out: that is never to the applicant's disadvantage.
    """
    if _never_counts(borrowing):
        return Standing.EXCLUDED
    if borrowing.kind in RENTS:
        return Standing.COUNTED if borrowing.continues_after_funds else Standing.EXCLUDED  # GL-302
    if borrowing.kind in COUNT_WHILE_REPAID and not borrowing.in_repayment:
        return Standing.EXCLUDED
    if _ends_by_contract(borrowing, contract_on):
        return Standing.EXCLUDED
    if borrowing.kind is Kind.RENTAL_HOUSING and borrowing.whole_apartment_building:  # GL-308
        return Standing.EXCLUDED
    return _repaid_early(borrowing)


def _never_counts(borrowing: Borrowing) -> bool:
    """GL-293, GL-309, and business use (GL-295, GL-297, GL-300, GL-301)."""
    if borrowing.debtor == "joint_debtor" or borrowing.kind is Kind.MOBILE_HANDSET_INSTALMENT:
        return True
    return borrowing.business_use and borrowing.kind in BUSINESS_EXEMPT


def _ends_by_contract(borrowing: Borrowing, contract_on: date | None) -> bool:
    """GL-304. interpretation (GL-311): by the contract includes the day of the contract."""
    return borrowing.final_on is not None and contract_on is not None and borrowing.final_on <= contract_on


def ends_in_time_only(borrowing: Borrowing, contract_on: date | None) -> bool:
    """Whether it is left out for no other reason than that it ends by the contract (GL-304)."""
    return standing(borrowing, contract_on) is Standing.EXCLUDED and standing(borrowing, None) is not Standing.EXCLUDED


def _repaid_early(borrowing: Borrowing) -> Standing:
    """What will be repaid in full before the contract counts until that is proven (GL-305 to GL-307).

    interpretation (GL-310): at the review it is left out provisionally, and its proof becomes a condition.
    """
    result = Standing.COUNTED
    if borrowing.declared_repaid_by_contract:
        result = Standing.EXCLUDED if borrowing.completion_checked else Standing.PROVISIONAL
    if borrowing.kind is Kind.HOUSING and borrowing.house_sale is not None and result is not Standing.EXCLUDED:
        result = Standing.EXCLUDED if borrowing.house_sale.proven else Standing.PROVISIONAL
    return result


@dataclass(frozen=True)
class OtherBorrowings:
    """What the other borrowings cost a year in yen, and those whose proof blocks the contract (GL-310)."""

    annual_yen: int
    proof_outstanding: Sequence[Borrowing]


def at_review(borrowings: Iterable[Borrowing], planned_contract_on: date | None) -> OtherBorrowings:
    """The other borrowings as the review counts them: what is only promised to end is left out, and remembered."""
    judged = [(one, standing(one, planned_contract_on)) for one in borrowings]
    counted = (one for one, how in judged if how is Standing.COUNTED)
    return OtherBorrowings(
        annual_yen=sum(annual_yen(one.kind, one.monthly_yen, one.bonus_each_yen) for one in counted),
        proof_outstanding=[one for one, how in judged if how is Standing.PROVISIONAL],
    )
