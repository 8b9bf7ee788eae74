"""All that is wrong with a draft of the bond programme, and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.errors import Finding

from applications.forms import Form, overlaps, read, without_blanks
from applications.programme import CONTACT_NOT_YET_KNOWN, Facts
from applications.programmes.bond import rules
from applications.programmes.bond.form.sections import (
    Account,
    Address,
    AssociationForm,
    Company,
    Mailing,
    MailingCompany,
    PersonName,
    Representative,
)
from applications.workflow import Validation


def organisations(draft: Mapping[str, Any]) -> list[UUID]:
    """The management company that a draft names, if it names one."""
    company = draft.get("company")
    try:
        return [UUID(company["id"])] if isinstance(company, Mapping) and isinstance(company.get("id"), str) else []
    except ValueError:
        return []


def validate(draft: Mapping[str, Any], facts: Facts) -> Validation:
    """Everything that is wrong with a draft (AS-71), what is only to be said, and the content as it will be kept."""
    form, findings = read(AssociationForm, draft)
    wrong_kind = {finding.field for finding in findings}
    for found in (
        _missing(form),
        _association(form),
        _location(form.location, "location"),
        _account(form, facts),
        _representative(form.representative or Representative(), facts),
        _company(form, facts),
        _mailing(form),
    ):
        # A value of the wrong kind was taken out; that it is missing now is not another fault.
        findings += [one for one in found if not overlaps(wrong_kind, one.field)]
    return Validation(tuple(findings), tuple(_hints(form)), _content(form, facts))


def _missing(form: AssociationForm) -> list[Finding]:
    """AS-02, AS-12. Until 有 or 無 is chosen, the four fields that depend on it are not asked for."""
    labels = rules.required_fields(form.has_number is not False)
    missing = [key for key in labels if _value(form, key) is None]
    return rules.missing_findings(form.has_number is not False, missing)


def _value(form: Form, path: str) -> Any:
    value: Any = form
    for part in path.split("."):
        value = getattr(value, part) if value is not None else None
    return value


def _association(form: AssociationForm) -> list[Finding]:
    found: list[Finding] = []
    if form.has_number is not None:
        found += rules.association_number_findings(form.has_number, form.number, "number")
    if form.name_kanji is not None:
        found += rules.name_kanji_findings(form.name_kanji, "name_kanji", "管理組合名称(漢字)")
        found += rules.name_length_findings(form.name_kanji, "name_kanji")
    if form.name_kana is not None:
        found += rules.name_kana_findings(form.name_kana, "name_kana", "管理組合名称(カナ)")
    return [*found, *rules.corporate_number_findings(form.corporate_number, "corporate_number")]


def _location(address: Address | None, field: str, rule: str = "AS-24") -> list[Finding]:
    """A section that was begun is filled in whole."""
    if address is None:
        return []
    found = _parts_missing(address, field, rule)
    if address.postal_code is not None:
        found += rules.postal_code_findings(address.postal_code, f"{field}.postal_code")
    return found


def _parts_missing(section: Form, field: str, rule: str) -> list[Finding]:
    return [
        Finding(rule, "REQUIRED", f"{info.title}を入力してください。", f"{field}.{name}")
        for name, info in type(section).model_fields.items()
        if getattr(section, name) is None
    ]


def _account(form: AssociationForm, facts: Facts) -> list[Finding]:
    account = form.account
    if account is None:
        return []
    found = _parts_missing(account, "account", "AS-25")
    if account.institution_code is not None:
        institution = facts.institutions.institution(account.institution_code)
        if institution is None:
            message = "金融機関を一覧から選択してください。証券会社・保険会社の口座は指定できません。"
            found.append(Finding("AS-26", "UNKNOWN", message, "account.institution_code"))
        else:
            found += rules.institution_findings(institution.kind, "account.institution_code")
            found += _branch(account, facts)
    if account.deposit_kind is not None:
        found += rules.deposit_kind_findings(account.deposit_kind, "account.deposit_kind")
    if account.number is not None:
        found += rules.account_number_findings(account.number, "account.number")
    if account.holder_kana is not None:
        found += rules.account_kana_findings(account.holder_kana, "account.holder_kana")
    if account.holder_kanji is not None and form.name_kanji is not None:
        found += rules.holder_findings(account.holder_kanji, form.name_kanji, "account.holder_kanji")
    return found


def _branch(account: Account, facts: Facts) -> list[Finding]:
    if account.branch_code is None or account.institution_code is None:
        return []
    if facts.institutions.branch(account.institution_code, account.branch_code) is not None:
        return []
    return [Finding("AS-25", "UNKNOWN", "支店を一覧から選択してください。", "account.branch_code")]


def _representative(person: Representative, facts: Facts) -> list[Finding]:
    found: list[Finding] = []
    if person.type is not None:
        found += rules.corporate_fields_findings(
            person.type,
            person.company_name or "",
            person.position or "",
            "representative.company_name",
            "representative.position",
        )
    found += _person_name(person)
    if person.mail is not None:
        found += _mail(person.mail, facts)
    if person.birth_date is not None:
        found += rules.birth_date_findings(person.birth_date, facts.today, "representative.birth_date")
    found += _location(person.address, "representative.address", "AS-38")
    if person.phone is not None:
        found += rules.phone_findings(person.phone, "representative.phone")
    if person.term is not None:
        found += _parts_missing(person.term, "representative.term", "AS-40")
        if person.term.start and person.term.end:
            start, end = _year_month(person.term.start), _year_month(person.term.end)
            found += rules.term_findings(start, end, "representative.term")
    return found


def _person_name(person: Representative) -> list[Finding]:
    """AS-33: both parts, in kanji and in kana."""
    found: list[Finding] = []
    for key, judge in (("name_kanji", rules.name_kanji_findings), ("name_kana", rules.name_kana_findings)):
        name: PersonName | None = getattr(person, key)
        if name is None:
            continue
        field = f"representative.{key}"
        found += _parts_missing(name, field, "AS-33")
        for part, label in (("family", "姓"), ("given", "名")):
            value: str | None = getattr(name, part)
            if value is not None:
                found += judge(value, f"{field}.{part}", label)
    return found


def _mail(mail: str, facts: Facts) -> list[Finding]:
    """AS-36, once the registered address is known."""
    field = "representative.mail"
    if facts.registered_mail is not None:
        return rules.mail_findings(mail, facts.registered_mail, field)
    message = "ご登録のメールアドレスを確認しています。しばらくしてからもう一度お試しください。"
    return [Finding("AS-36", CONTACT_NOT_YET_KNOWN, message, field)]


def _year_month(text: str) -> tuple[int, int]:
    year, _, month = text.partition("-")
    return int(year), int(month)


def _company(form: AssociationForm, facts: Facts) -> list[Finding]:
    company = form.company or Company()
    named = None if company.id is None else facts.organisations.get(company.id)
    found = rules.company_section_findings(
        company_given=company.id is not None,
        level=company.level,
        no_company_ticked=bool(company.none),
        company_field="company.id",
        level_field="company.level",
    )
    if company.id is not None and not company.none:
        found += rules.company_findings(None if named is None else named.kind, "company.id")
    return found


def _mailing(form: AssociationForm) -> list[Finding]:
    to_company = form.mailing is Mailing.COMPANY
    no_company = form.company is not None and bool(form.company.none)
    found = rules.mailing_findings(to_company=to_company, no_company_ticked=no_company, field="mailing")
    if to_company:
        block = (form.mailing_company or MailingCompany()).model_dump(exclude_none=True)
        found += rules.company_block_findings(block, "mailing_company.")
    return found


def _hints(form: AssociationForm) -> list[Finding]:
    """AS-65."""
    level = form.company.level if form.company is not None else None
    if form.mailing is None or not rules.recommends_company_address(level, form.mailing is Mailing.COMPANY):
        return []
    message = "管理会社に代行入力を許可する場合は、送付先を管理会社に指定することをおすすめします。"
    return [Finding("AS-65", "RECOMMENDED", message, "mailing")]


def _content(form: AssociationForm, facts: Facts) -> dict[str, Any]:
    """What will be kept and is shown on the confirmation screen: normalised kana (AS-29), the institution's record
    (I-33), the name of the management company, and no company block where papers go to the representative (AS-66).
    """
    content: dict[str, Any] = without_blanks(form.model_dump(mode="json", exclude_none=True))
    if form.mailing is not Mailing.COMPANY:
        content.pop("mailing_company", None)
    account = content.get("account")
    if account:
        if "holder_kana" in account:
            account["holder_kana"] = rules.normalize_account_kana(account["holder_kana"])
        institution = facts.institutions.institution(account.get("institution_code", ""))
        if institution is not None:
            account |= {"institution_name": institution.name, "institution_kind": institution.kind}
            branch = facts.institutions.branch(institution.code, account.get("branch_code", ""))
            if branch is not None:
                account["branch_name"] = branch.name
    named = facts.organisations.get(form.company.id) if form.company is not None and form.company.id else None
    if named is not None:
        content["company"]["name"] = named.name
    return content
