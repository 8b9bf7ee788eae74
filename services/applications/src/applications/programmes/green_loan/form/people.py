"""What is wrong with the people of an application, and with the house they apply for (groups 2, 5, 6, 7, 17 to 19)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from kit.errors import Finding

from applications.programme import Facts
from applications.programmes.green_loan.form.findings import missing, path_of
from applications.programmes.green_loan.form.sections import (
    Applicant,
    GreenLoanForm,
    House,
    JointDebtor,
    Occupant,
    Person,
)
from applications.programmes.green_loan.money.ratio import annual_income
from applications.programmes.green_loan.papers.facts import JOINT_DEBTORS, MAIN_APPLICANT, Income
from applications.programmes.green_loan.people import combining, occupant, owners, relay, web
from applications.programmes.green_loan.people.age import applicant_age_findings, full_years
from applications.programmes.green_loan.people.applicants import Role, joint_debtors_findings, people_findings
from applications.programmes.green_loan.people.kinship import Relation
from applications.programmes.green_loan.people.relay import SuccessorResult
from applications.programmes.green_loan.people.residence import residence_findings
from applications.programmes.green_loan.works.house import HouseUse, house_findings

_OF_EVERYBODY = ("name_kanji", "name_kana", "birth", "address", "phone", "mail", "devices", "status", "incomes")
_WEB_RULES = {"device": "devices", "photo_id": "photo_id", "mail_not_own": "mail", "elderly_special": ""}


def debtors(form: GreenLoanForm) -> tuple[JointDebtor, ...]:
    """The joint debtors, in the order of the form."""
    return form.joint_debtors or ()


def keys(form: GreenLoanForm) -> list[tuple[str, str, Person]]:
    """All applicants (GL-016): the key under which the rules of papers know them, the place in the form, the person."""
    named: list[tuple[str, str, Person]] = [(MAIN_APPLICANT, "applicant", form.applicant or Applicant())]
    for number, debtor in enumerate(debtors(form)[: len(JOINT_DEBTORS)]):
        named.append((JOINT_DEBTORS[number], f"joint_debtors.{number}", debtor))
    return named


def successor(form: GreenLoanForm) -> JointDebtor | None:
    """GL-326: who takes over in the parent-child relay repayment; None: there is none."""
    return next((one for one in debtors(form) if one.successor), None)


def combiner(form: GreenLoanForm) -> JointDebtor | None:
    """GL-314: whose income is added; None: nobody's."""
    return next((one for one in debtors(form) if one.combined_yen), None)


def roles(form: GreenLoanForm) -> dict[str, Collection[Role]]:
    """GL-014 to GL-018: what everybody is, by place in the form."""
    found: dict[str, Collection[Role]] = {"applicant": {Role.MAIN_APPLICANT}}
    for number, one in enumerate(debtors(form)):
        parts = {Role.JOINT_DEBTOR}
        parts |= {Role.INCOME_COMBINER} if one.combined_yen else set()
        parts |= {Role.SUCCESSOR} if one.successor else set()
        found[f"joint_debtors.{number}"] = parts
    return found


def people_wrong(form: GreenLoanForm, facts: Facts) -> list[Finding]:
    """Everything about the persons."""
    found = missing(form.applicant, Applicant, "applicant.", (*_OF_EVERYBODY, "married"))
    for number, one in enumerate(debtors(form)):
        found += missing(one, JointDebtor, f"joint_debtors.{number}.", ("account", *_OF_EVERYBODY, "relation"))
    found += people_findings(roles(form), "joint_debtors")
    accounts = [one.account for one in debtors(form) if one.account is not None]
    if len(set(accounts)) < len(accounts):
        message = "お一人の連帯債務者を重ねて登録することはできません。"
        found.append(Finding("GL-069", "TWICE", message, "joint_debtors"))
    return [*found, *_web(form, facts), *_conditions(form, facts.today), *_combining(form, facts.today)]


def _web(form: GreenLoanForm, facts: Facts) -> list[Finding]:
    """GL-037 to GL-049: a check of identity at a branch hinders nobody from applying (GL-047), the rest does."""
    people = [one for _, _, one in keys(form)]
    if any(one.mail is None or one.devices is None for one in people):
        return []
    asked = [web.Person(one.mail or "", frozenset(one.devices or ()), one.photo_id) for one in people]
    elderly = bool(form.loan and form.loan.elderly_special)
    use = web.web_use(asked, joint_debtors=len(debtors(form)), elderly_special=elderly)
    found = []
    if use.route is web.Route.REFUSED and use.reason in _WEB_RULES:
        message = {
            "device": "スマートフォンなど、インターネットを利用できる機器をお持ちでない方がいます。",
            "mail_not_own": "メールアドレスは、お一人ずつ別のご自身のものを入力してください。",
            "elderly_special": "高齢者向け返済特例は、書面の借入申込書を郵送してお申し込みください。",
        }[use.reason]
        field = "loan.elderly_special" if use.reason == "elderly_special" else "applicant"
        found.append(Finding(use.rule or "GL-037", use.reason.upper(), message, field))
    own = form.applicant.mail if form.applicant else None
    if own is not None and facts.registered_mail is not None and not web.same_mail(own, facts.registered_mail):
        message = "申込本人のメールアドレスは、ご登録のメールアドレスと同じものを入力してください。"
        found.append(Finding("GL-039", "NOT_REGISTERED", message, "applicant.mail"))
    return found


def _conditions(form: GreenLoanForm, today: date) -> list[Finding]:
    """GL-110 to GL-115: age and nationality; the ratio is judged with the money."""
    found: list[Finding] = []
    main = form.applicant or Applicant()
    if main.birth is not None and main.birth <= today:
        relay_used = successor(form) is not None
        found += applicant_age_findings(main.birth, today, relay=relay_used, field="applicant.birth")
    found += [
        Finding("GL-110", "IN_THE_FUTURE", "生年月日をご確認ください。", f"{place}.birth")
        for _, place, one in keys(form)
        if one.birth is not None and one.birth > today
    ]
    if main.status is not None:
        found += residence_findings("applicant", main.status, "applicant.status")
    statuses = {f"{place}.status": one.status for _, place, one in keys(form)[1:] if one.status is not None}
    return [*found, *joint_debtors_findings(statuses)]


def _combining(form: GreenLoanForm, today: date) -> list[Finding]:
    """GL-314 to GL-333: whose income is added, and who takes over."""
    found = combining.combiners_findings(sum(bool(one.combined_yen) for one in debtors(form)), "joint_debtors")
    use = form.house.use if form.house else None
    for number, one in enumerate(debtors(form)):
        field = f"joint_debtors.{number}"
        if one.birth is None or one.birth > today or one.relation is None or one.status is None:
            continue
        age, path = full_years(one.birth, today), path_of(one.kin)
        if one.combined_yen and use is not None:
            found += combining.combiner_findings(
                use=use,
                relation=one.relation,
                path=path,
                lives_with_applicant=bool(one.lives_with_applicant),
                in_occupants_household=bool(one.in_occupants_household),
                age=age,
                joint_debtor=True,
                status=one.status,
                field=field,
            )
            found += combining.combined_amount_findings(one.combined_yen, income_of(one), f"{field}.combined_yen")
        if one.successor:
            found += relay.successor_findings(
                path,
                regular_income=bool(one.regular_income),
                age=age,
                applicant_has_descendant=has_descendant(form),
                joint_debtor=True,
                status=one.status,
                field=field,
            )
    return found


def has_descendant(form: GreenLoanForm) -> bool:
    """GL-327: whether a child or grandchild of the main applicant is among the persons of the application.

    interpretation: others are not asked for; the officer who looks at a relative as successor does.
    """
    paths = [path_of(one.kin) for one in debtors(form)]
    return any(path is not None and relay.is_descendant(path) for path in paths)


def income_of(person: Person) -> int:
    """GL-278: the salary of who has nothing else, the total income amount of others, in yen a year."""
    return annual_income(
        salary_only=set(person.incomes or ()) <= {Income.SALARY},
        salary_yen=person.salary_yen or 0,
        total_income_yen=person.total_income_yen or 0,
    )


def house_wrong(form: GreenLoanForm, today: date) -> list[Finding]:
    """GL-125 to GL-150: the house, who owns it and who lives in it."""
    house = form.house or House()
    found = missing(form.house, House, "house.", ("use", "place", "has_residential_part", "owners"))
    found += house_findings(
        has_residential_part=house.has_residential_part is not False,
        works_finished_on=house.works_finished_on,
        acceptance_date=today,
        building_field="house.has_residential_part",
        works_field="house.works_finished_on",
    )
    if house.use is HouseUse.RELATIVE:
        found += _occupant_wrong(form, house)
    married = bool(form.applicant and form.applicant.married)
    if house.use is not None and house.owners:
        found += owners.owners_findings(
            [
                owners.Owner(
                    one.relation or Relation.OTHER,
                    path_of(one.kin),
                    path_of(one.kin_of_occupant) if house.use is HouseUse.RELATIVE else None,
                )
                for one in house.owners
            ],
            use=house.use,
            has_legal_spouse=married,
            occupant_has_legal_spouse=bool(house.occupant and house.occupant.married),
            field="house.owners",
        )
    return found


def _occupant_wrong(form: GreenLoanForm, house: House) -> list[Finding]:
    needed = ("name_kanji", "birth", "status", "kin", "married", "lineal_relative_exists")
    found = missing(house.occupant, Occupant, "house.occupant.", needed)
    one = house.occupant
    path = path_of(one.kin) if one else None
    if one is None or path is None or one.status is None:
        return found
    return found + occupant.occupant_findings(
        path,
        has_legal_spouse=bool(form.applicant and form.applicant.married),
        lineal_relative_exists=bool(one.lineal_relative_exists),
        status=one.status,
        path_field="house.occupant.kin",
        status_field="house.occupant.status",
    )


def for_an_officer(form: GreenLoanForm, today: date) -> list[Finding]:
    """What no rule decides: told to the applicant and to the officer who looks at it (GL-047, GL-327)."""
    found = []
    asked = [web.Person(one.mail or "", frozenset(one.devices or ()), one.photo_id) for _, _, one in keys(form)]
    for (_, place, _), person in zip(keys(form), asked, strict=True):
        if web.route_of(person).route is web.Route.IN_PERSON_CHECK_NEEDED:
            message = "契約の前に、取扱金融機関の窓口での本人確認が必要です。日程は別途ご案内します。"
            found.append(Finding("GL-047", "IN_PERSON_CHECK", message, place))
    one = successor(form)
    if one is not None and one.birth is not None and one.birth <= today:
        result = relay.successor_result(
            path_of(one.kin),
            regular_income=bool(one.regular_income),
            age=full_years(one.birth, today),
            applicant_has_descendant=has_descendant(form),
        )
        if result is SuccessorResult.OFFICER_DECISION:
            message = "お子さま・お孫さん以外の親族の方を後継者とする場合は、機構で個別に確認します。"
            found.append(Finding("GL-327", "OFFICER_DECISION", message, "joint_debtors"))
    return found
