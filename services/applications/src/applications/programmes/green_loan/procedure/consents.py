"""Which data are provided regularly to whom, and the versions of the consent that names them (GL-614 to GL-620)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from applications.privacy import ConsentText, DataField


@dataclass(frozen=True)
class Regular:
    """What is provided regularly (GL-616): to whom, what for, which data.

    `agreement` is the paper by which the recipient is restricted in purpose and method and asked for safety measures
    (GL-615).
    """

    recipient: str
    purpose: str
    data_fields: frozenset[DataField]
    agreement: str


_LOAN_DATA: Final[frozenset[DataField]] = frozenset(
    {"name", "address", "birth_date", "telephone", "annual_income", "workplace", "family", "borrowings", "other"}
)
REGULAR: Final[Mapping[str, Regular]] = {
    "loan_procedures": Regular("handling_institution", "loan_procedures", _LOAN_DATA, "業務委託契約"),
    "conformity": Regular(
        "inspection_body", "conformity", frozenset({"name", "address", "telephone"}), "適合証明業務の協定"
    ),
    "credit_enquiry": Regular(
        "credit_bureau", "credit_enquiry", frozenset({"name", "birth_date", "address", "telephone"}), "加盟規約"
    ),
    "credit_registration": Regular(
        "credit_bureau",
        "credit_registration",
        frozenset({"name", "birth_date", "address", "telephone", "borrowings"}),
        "加盟規約",
    ),
    "danshin": Regular(
        "insurer",
        "danshin",
        frozenset({"name", "birth_date", "borrowings"}),
        "団体信用生命保険契約",
    ),
    "electronic_contract": Regular(
        "e_contract_service",
        "electronic_contract",
        frozenset({"name", "address", "borrowings", "other"}),
        "業務委託契約",
    ),
}
"""interpretation (GL-616): the guide names the recipients, and neither the data nor the purposes of each."""

TEXTS: Final[Mapping[str, ConsentText]] = {
    "2026-04": ConsentText(
        "2026-04",
        purposes=frozenset(one.purpose for one in REGULAR.values()) | {"review"},
        recipients=frozenset(one.recipient for one in REGULAR.values()),
    )
}
"""Every version of 個人情報の取扱いに関する同意 that ever was (GL-620). A new one is added; none is changed."""
