"""Form No. 13: the declaration on the residence of a relative (親族居住に関する申出書; GL-413)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kit.errors import Finding

from applications.programmes.green_loan.people.age import full_years

RULE = "GL-413"
TAISHO = date(1912, 7, 30)
"""The form offers the eras from Taisho on."""

_POSTAL_CODE = re.compile("[0-9]{7}")
_PHONE = re.compile("0[0-9]{9,10}")


class Relation(StrEnum):
    """What the occupying relative is to the main applicant."""

    FATHER = "FATHER"
    MOTHER = "MOTHER"
    GRANDFATHER = "GRANDFATHER"
    GRANDMOTHER = "GRANDMOTHER"
    CHILD = "CHILD"
    GRANDCHILD = "GRANDCHILD"
    OTHER = "OTHER"


RELATION_LABELS = {
    Relation.FATHER: "父",
    Relation.MOTHER: "母",
    Relation.GRANDFATHER: "祖父",
    Relation.GRANDMOTHER: "祖母",
    Relation.CHILD: "子",
    Relation.GRANDCHILD: "孫",
    Relation.OTHER: "その他",
}


@dataclass(frozen=True)
class Declaration:
    """The fields of form No. 13; empty text and None mean not filled in.

    `applicant_name` is written by the applicant's own hand on paper. `persons_moving_in` counts all who move in.
    `postal_code` is 7 digits, `phone` 10 or 11 digits, without hyphens. `institution` is the one of a JHF loan in
    repayment, `other_relation` the words for Relation.OTHER. `institution_use` belongs to the institution alone.
    """

    entered_on: date | None = None
    applicant_name: str = ""
    family_name: str = ""
    given_name: str = ""
    family_name_kana: str = ""
    given_name_kana: str = ""
    japanese: bool | None = None
    persons_moving_in: int | None = None
    age: int | None = None
    birth_date: date | None = None
    postal_code: str = ""
    address: str = ""
    address_kana: str = ""
    phone: str = ""
    jhf_loan_in_repayment: bool | None = None
    institution: str = ""
    relation: Relation | None = None
    other_relation: str = ""
    institution_use: str = ""


_REQUIRED = {
    "entered_on": "記入日",
    "applicant_name": "申込本人の氏名",
    "family_name": "入居する方の姓",
    "given_name": "入居する方の名",
    "family_name_kana": "入居する方の姓のフリガナ",
    "given_name_kana": "入居する方の名のフリガナ",
    "japanese": "国籍",
    "persons_moving_in": "入居予定の人数",
    "age": "年齢",
    "birth_date": "生年月日",
    "postal_code": "郵便番号",
    "address": "現住所",
    "address_kana": "現住所のフリガナ",
    "phone": "電話番号",
    "jhf_loan_in_repayment": "現在返済中の機構(旧公庫)融資の有無",
    "relation": "申込本人との関係",
}


def declaration_findings(declaration: Declaration, prefix: str) -> list[Finding]:
    """GL-413: what is missing in the form or contradicts itself. `prefix` stands before the names of the fields."""
    found = [
        Finding(RULE, "REQUIRED", f"{label}を入力してください。", prefix + name)
        for name, label in _REQUIRED.items()
        if getattr(declaration, name) in (None, "")
    ]
    return [*found, *_birth_findings(declaration, prefix), *_detail_findings(declaration, prefix)]


def _birth_findings(declaration: Declaration, prefix: str) -> list[Finding]:
    birth, entered, age = declaration.birth_date, declaration.entered_on, declaration.age
    if birth is None or entered is None:
        return []
    if not TAISHO <= birth <= entered:
        message = "生年月日は、大正以後で記入日までの日付を入力してください。"
        return [Finding(RULE, "OUT_OF_RANGE", message, prefix + "birth_date")]
    if age is None or age == full_years(birth, entered):
        return []
    message = f"年齢が生年月日と合いません(記入日現在{full_years(birth, entered)}歳)。どちらかをご確認ください。"
    return [Finding(RULE, "AGE_DIFFERS", message, prefix + "age")]


def _detail_findings(declaration: Declaration, prefix: str) -> list[Finding]:
    found = []
    if declaration.persons_moving_in is not None and declaration.persons_moving_in < 1:
        message = "入居予定の人数は1人以上を入力してください。"
        found.append(Finding(RULE, "OUT_OF_RANGE", message, prefix + "persons_moving_in"))
    if declaration.postal_code and not _POSTAL_CODE.fullmatch(declaration.postal_code):
        message = "郵便番号は7桁の半角数字(ハイフンなし)で入力してください。"
        found.append(Finding(RULE, "FORMAT", message, prefix + "postal_code"))
    if declaration.phone and not _PHONE.fullmatch(declaration.phone):
        message = "電話番号は0から始まる10桁または11桁の半角数字(ハイフンなし)で入力してください。"
        found.append(Finding(RULE, "FORMAT", message, prefix + "phone"))
    if declaration.jhf_loan_in_repayment and not declaration.institution:
        message = "返済中の取扱金融機関を入力してください。"
        found.append(Finding(RULE, "REQUIRED", message, prefix + "institution"))
    if declaration.jhf_loan_in_repayment is False and declaration.institution:
        message = "返済中の機構(旧公庫)融資が無い場合は、取扱金融機関を空欄にしてください。"
        found.append(Finding(RULE, "NOT_ALLOWED", message, prefix + "institution"))
    if declaration.relation is Relation.OTHER and not declaration.other_relation:
        message = "申込本人との関係を具体的に入力してください。"
        found.append(Finding(RULE, "REQUIRED", message, prefix + "other_relation"))
    if declaration.relation not in {None, Relation.OTHER} and declaration.other_relation:
        message = "「その他」を選択しない場合は、関係の記入欄を空欄にしてください。"
        found.append(Finding(RULE, "NOT_ALLOWED", message, prefix + "other_relation"))
    if declaration.institution_use:
        message = "金融機関使用欄には何も入力しないでください。"
        found.append(Finding(RULE, "NOT_ALLOWED", message, prefix + "institution_use"))
    return found
