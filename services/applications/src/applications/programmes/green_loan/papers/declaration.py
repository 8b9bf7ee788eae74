"""Form No. 13: the declaration on the residence of a relative (親族居住に関する申出書; GL-413)."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from kit.errors import Finding

from applications.forms import Form, asked
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


class Declaration(Form):
    """The fields of form No. 13, as an officer reads them.

    `applicant_name` is written by the applicant's own hand on paper. `persons_moving_in` counts all who move in.
    `postal_code` is 7 digits, `phone` 10 or 11 digits, without hyphens. `institution` is the one of a JHF loan in
    repayment, `other_relation` the words for Relation.OTHER. `institution_use` belongs to the institution alone.
    """

    entered_on: date | None = asked("記入日", RULE)
    applicant_name: str | None = asked("申込本人の氏名", RULE, max_length=100)
    family_name: str | None = asked("入居する方の姓", RULE, max_length=100)
    given_name: str | None = asked("入居する方の名", RULE, max_length=100)
    family_name_kana: str | None = asked("入居する方の姓のフリガナ", RULE, max_length=100)
    given_name_kana: str | None = asked("入居する方の名のフリガナ", RULE, max_length=100)
    japanese: bool | None = asked("国籍", RULE)
    persons_moving_in: int | None = asked("入居予定の人数", RULE, ge=0, le=99)
    age: int | None = asked("年齢", RULE, ge=0, le=150)
    birth_date: date | None = asked("生年月日", RULE)
    postal_code: str | None = asked("郵便番号", RULE, max_length=10)
    address: str | None = asked("現住所", RULE, max_length=200)
    address_kana: str | None = asked("現住所のフリガナ", RULE, max_length=400)
    phone: str | None = asked("電話番号", RULE, max_length=20)
    jhf_loan_in_repayment: bool | None = asked("現在返済中の機構(旧公庫)融資の有無", RULE)
    institution: str | None = asked("返済中の取扱金融機関", RULE, max_length=100)
    relation: Relation | None = asked("申込本人との関係", RULE)
    other_relation: str | None = asked("その他の関係", RULE, max_length=100)
    institution_use: str | None = asked("金融機関使用欄", RULE, max_length=200)


_OPTIONAL = frozenset({"institution", "other_relation", "institution_use"})


def declaration_findings(declaration: Declaration, prefix: str) -> list[Finding]:
    """GL-413: what is missing in the form or contradicts itself. `prefix` stands before the names of the fields."""
    found = [
        Finding(RULE, "REQUIRED", f"{field.title}を入力してください。", prefix + name)
        for name, field in Declaration.model_fields.items()
        if name not in _OPTIONAL and getattr(declaration, name) in (None, "")
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
