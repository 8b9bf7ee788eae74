"""What the bond programme asks, in the sections of 管理組合情報登録・変更 (AS-01).

The files are not part of the form: they belong to the application and are checked beside it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from applications.forms import Form, asked
from applications.programmes.bond import rules
from applications.programmes.bond.rules.company import LEVELS

YearMonth = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class Mailing(StrEnum):
    """送付先指定の種類 (AS-60)."""

    COMPANY = "company"  # 送付先を管理会社に指定する
    REPRESENTATIVE = "representative"  # 送付先を管理会社に指定しない


class PersonName(Form):
    """A name in two parts (AS-33)."""

    family: str | None = asked("姓", "AS-33")
    given: str | None = asked("名", "AS-33")


class Address(Form):
    """Postal code and address (AS-24, AS-38)."""

    postal_code: str | None = asked("郵便番号", "AS-24")
    address: str | None = asked("住所", "AS-24")


class Account(Form):
    """元利金振込口座情報 (AS-25)."""

    institution_code: str | None = asked("金融機関", "AS-25")
    branch_code: str | None = asked("支店", "AS-25")
    deposit_kind: str | None = asked("預金の種類", "AS-30")
    number: str | None = asked("口座番号", "AS-30")
    holder_kana: str | None = asked("口座名義(カナ)", "AS-29")
    holder_kanji: str | None = asked("口座名義(漢字)", "AS-27")


class Term(Form):
    """任期 (AS-40)."""

    start: YearMonth | None = asked("任期の開始年月", "AS-40")
    end: YearMonth | None = asked("任期の終了年月", "AS-40")


class Representative(Form):
    """代表者情報 (AS-33 to AS-40)."""

    type: rules.RepresentativeType | None = asked("代表者の種別", "AS-35")
    name_kanji: PersonName | None = asked("お名前(漢字)", "AS-33")
    name_kana: PersonName | None = asked("お名前(カナ)", "AS-33")
    company_name: str | None = asked("会社名", "AS-35")
    position: str | None = asked("役職名", "AS-35")
    register_has_name: bool | None = asked("商業登記簿謄本への代表者名の記載", "DO-22")
    mail: str | None = asked("メールアドレス", "AS-36")
    birth_date: date | None = asked("生年月日", "AS-37")
    address: Address | None = asked("住所", "AS-38")
    phone: str | None = asked("電話番号", "AS-39")
    term: Term | None = asked("任期", "AS-40")


class Company(Form):
    """管理会社の権限設定 (AS-50 to AS-54). `id` is the company as the search lists it."""

    id: UUID | None = asked("委託している管理会社名", "AS-50")
    level: int | None = asked("権限", "AS-53", ge=min(LEVELS), le=max(LEVELS))
    none: bool | None = asked("管理会社に委託していない", "AS-54")


class MailingCompany(Form):
    """書類の送付先とする管理会社の住所等 (AS-66)."""

    company_name: str | None = asked("委託している管理会社名", "AS-66")
    postal_code: str | None = asked("郵便番号", "AS-66")
    prefecture: str | None = asked("都道府県", "AS-66")
    city: str | None = asked("市・区・郡", "AS-66")
    street: str | None = asked("区町村名・番地", "AS-66")
    department: str | None = asked("担当部署名(支店名を含む)", "AS-66")
    contact_name: str | None = asked("担当者名", "AS-66")
    phone: str | None = asked("電話番号", "AS-66")


class AssociationForm(Form):
    """管理組合情報登録・変更. The fields of the section 管理組合情報 stand at the top."""

    has_number: bool | None = asked("積立組合番号の有無", "AS-10")
    number: str | None = asked("積立組合番号", "AS-11")
    name_kanji: str | None = asked("管理組合名称(漢字)", "AS-13")
    name_kana: str | None = asked("管理組合名称(カナ)", "AS-20")
    incorporated: bool | None = asked("法人登記の有無", "AS-21")
    corporate_number: str | None = asked("法人番号", "AS-22")
    location: Address | None = asked("所在地", "AS-24")
    account: Account | None = asked("元利金振込口座情報", "AS-25")
    certificate_month: int | None = asked("残高証明発行月", "AS-31", ge=1, le=12)
    meeting_month: int | None = asked("定期総会開催月", "AS-41", ge=1, le=12)
    representative: Representative | None = asked("代表者情報", "AS-33")
    cannot_ekyc: bool | None = asked("eKYCの認証ができない", "ID-80")
    company: Company | None = asked("管理会社の権限設定", "AS-53")
    mailing: Mailing | None = asked("送付先指定の種類", "AS-60")
    mailing_company: MailingCompany | None = asked("書類の送付先とする管理会社の住所等", "AS-66")
