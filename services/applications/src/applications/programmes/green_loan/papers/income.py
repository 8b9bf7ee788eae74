"""Proof of income and tax (GL-376 to GL-392, GL-403).

A person's incomes decide which papers prove them: salary alone, or anything else with or without salary, and a
pension beside. Around January to May, when the proof of the year before is not there yet, another paper stands in for
it, and no money is paid out until the proof has come.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import product

from kit.errors import Finding
from kit.japan.era import format_era

from applications.programmes.green_loan.papers.facts import Income, Person, Position
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, Requirement

Ways = tuple[tuple[Paper, ...], ...]

# GL-377, and GL-387 for certificates of a municipality with another title.
_SALARY_WAYS: Ways = (
    (Paper.TAX_ASSESSMENT,),
    (Paper.TAX_PAYMENT_NOTICE,),
    (Paper.INCOME_SERVICE,),
    (Paper.SPECIAL_COLLECTION_NOTICE,),
    (Paper.OTHER_MUNICIPAL,),
)
# GL-379
_TAX_OFFICE_WAY = (Paper.TAX_CERTIFICATE_INCOME, Paper.TAX_CERTIFICATE_TAX, Paper.TAX_RETURN)
# GL-380
_INCOME_SHOWN = (Paper.TAX_ASSESSMENT, Paper.TAX_PAYMENT_NOTICE, Paper.INCOME_SERVICE, Paper.OTHER_MUNICIPAL)
_TAX_SHOWN = (Paper.RESIDENCE_TAX_CERTIFICATE, Paper.OTHER_MUNICIPAL_TAX)


def income_year(acceptance_date: date) -> tuple[date, date]:
    """First and last day of the year whose income counts: the year before the application year (GL-280, GL-628)."""
    year = acceptance_date.year - 1
    return date(year, 1, 1), date(year, 12, 31)


def income_year_findings(acceptance_date: date, stated_year: int | None, field: str) -> list[Finding]:
    """GL-376, GL-391: proof, and what stands in for it, is of the year before the application year and no other."""
    first, _ = income_year(acceptance_date)
    if stated_year == first.year:
        return []
    year = _era_year(first)
    if stated_year is None:
        return [
            Finding("GL-376", "YEAR_MISSING", f"何年分の収入の書類かを入力してください({year}分が必要です)。", field)
        ]
    message = f"申込年の前年({year}1月から12月まで)の収入がわかる書類をアップロードしてください。"
    return [Finding("GL-376", "WRONG_YEAR", message, field)]


def salary_only(person: Person) -> bool:
    """Whether the person has salary and nothing else.

    interpretation (GL-386): somebody with a pension is "not salary only".
    """
    return person.incomes == {Income.SALARY}


def proof_ways(person: Person) -> Ways:
    """The ways to prove income and tax, each with all its papers (GL-377, GL-379 to GL-381, GL-387)."""
    if salary_only(person):
        return _SALARY_WAYS
    if person.residence_tax_from_salary:
        return (_TAX_OFFICE_WAY, *((paper,) for paper in _INCOME_SHOWN))
    return (_TAX_OFFICE_WAY, *product(_INCOME_SHOWN, _TAX_SHOWN))


def special_case_applies(person: Person, acceptance_date: date, months: Collection[int]) -> bool:
    """Whether the paper of GL-388 or GL-389 may stand in for the proof.

    interpretation (GL-391): the month of acceptance is one of `months` (around January to May), and the person
    declares that the proof is not issued yet.
    """
    return person.proof_not_yet_issued and acceptance_date.month in months


def special_case_findings(person: Person, acceptance_date: date, months: Collection[int], field: str) -> list[Finding]:
    """GL-391: the declaration helps in the months of the special case only."""
    if not person.proof_not_yet_issued or special_case_applies(person, acceptance_date, months):
        return []
    message = (
        "前年分の収入証明書の代わりに源泉徴収票または確定申告書を使用できるのは、1月〜5月頃のお申込みに限ります。"
        "前年分の収入証明書をアップロードしてください。"
    )
    return [Finding("GL-391", "NOT_IN_SEASON", message, field)]


def stand_in_papers(person: Person) -> tuple[Paper, ...]:
    """What stands in for the proof in the special case: the year's withholding slip or tax return (GL-388, GL-389).

    interpretation: salary and pension together need both slips; whoever has another income hands in the tax return;
    a tax-free pension has no withholding slip, so another paper states it.
    """
    if not person.incomes or Income.OTHER in person.incomes:
        return (Paper.TAX_RETURN,)
    tax_free_only = person.tax_free_pensions > 0 and person.taxable_pensions == 0
    papers = []
    if Income.SALARY in person.incomes:
        papers.append(Paper.SALARY_WITHHOLDING)
    if Income.PENSION in person.incomes:
        papers.append(Paper.PENSION_STATEMENT if tax_free_only else Paper.PENSION_WITHHOLDING)
    return tuple(papers)


def pension_requirements(person: Person) -> list[Requirement]:
    """GL-382 to GL-386: for each kind of pension a paper that shows kind and amount; the originals are shown later.

    interpretation: the assessment certificate, the retrieved evidence or the tax papers show one taxable pension;
    each further one (GL-383), and each that is free of tax (GL-385), needs a paper of its own.
    """
    if Income.PENSION not in person.incomes:
        return []
    taxable = person.taxable_pensions
    if taxable + person.tax_free_pensions == 0:
        taxable = 1  # a pension whose kinds are not entered yet
    found = []
    for number in range(1, taxable + person.tax_free_pensions + 1):
        ways: list[tuple[Paper, ...]] = [(Paper.PENSION_STATEMENT,)]
        if number <= taxable:
            ways.insert(0, (Paper.PENSION_WITHHOLDING,))
        if number == 1 and taxable:
            if not person.certificate_reads_pension_etc:  # GL-384
                ways += [(Paper.TAX_ASSESSMENT,), (Paper.INCOME_SERVICE,)]
            ways.append((Paper.TAX_CERTIFICATE_INCOME, Paper.TAX_RETURN))
        found.append(
            Requirement(
                code=Code.PENSION_PROOF,
                who=person.key,
                accepted=tuple(ways),
                due=Due.APPLICATION,
                why=_pension_reason(person, number, taxable),
                rules=("GL-382", "GL-383", "GL-384", "GL-385", "GL-386"),
                original_shown=True,
                conditional=True,
                number=number,
            )
        )
    return found


def _pension_reason(person: Person, number: int, taxable: int) -> str:
    why = "公的年金の種類と受給額を確認するために必要です。"
    if taxable + person.tax_free_pensions > 1:
        why += f"複数の種類の年金を受給している場合は、それぞれについて必要です({number}種類目)。"
    if number == 1 and taxable and person.certificate_reads_pension_etc:
        why += "証明書に「公的年金等収入」と記載されている場合は、その証明書のほかに必要です。"
    if number > taxable:
        why += (
            "非課税の年金は住民税課税証明書で確認できないことがあります。機構お客さまコールセンターにお問合せください。"
        )
    return why


def income_requirements(
    persons: Sequence[Person], acceptance_date: date, special_case_months: Collection[int]
) -> list[Requirement]:
    """The proof of income and tax of everybody whose income is asked (GL-376, GL-403), with the pension papers.

    In the special case another paper may stand in, and the proof itself is needed before the money is paid out
    (GL-390, GL-391).
    """
    found = []
    for person in persons:
        if not person.income_asked:
            continue
        main = person.position is Position.MAIN_APPLICANT
        code = Code.INCOME_PROOF if main else Code.CODEBTOR_INCOME_PROOF
        rules = ("GL-376",) if main else ("GL-403", "GL-376")
        ways, special = proof_ways(person), special_case_applies(person, acceptance_date, special_case_months)
        found.append(
            Requirement(
                code=code,
                who=person.key,
                accepted=(stand_in_papers(person), *ways) if special else ways,
                due=Due.APPLICATION,
                why=_income_reason(person, acceptance_date, special),
                rules=(*rules, *_way_rules(person, special)),
                original_shown=True,
                age_limit=f"{_era_year(income_year(acceptance_date)[0])}分(申込年の前年の1月〜12月分)",
                conditional=not main,
            )
        )
        found += pension_requirements(person)
        if special:
            found.append(
                Requirement(
                    code=Code.INCOME_PROOF_LATER,
                    who=person.key,
                    accepted=ways,
                    due=Due.FUNDS,
                    why="前年分の収入証明書は、交付を受けられる時期になりましたらご提出ください。"
                    "資金のお受取は、その提出後になります。",
                    rules=("GL-390", "GL-391"),
                    original_shown=True,
                    conditional=True,
                )
            )
    return found


def _income_reason(person: Person, acceptance_date: date, special: bool) -> str:
    year = _era_year(income_year(acceptance_date)[0])
    kind = "給与収入のみの方" if salary_only(person) else "給与収入のみ以外の方"
    why = f"申込年の前年({year})の収入と納税を確認するために必要です({kind})。"
    if person.position is not Position.MAIN_APPLICANT:
        why = f"収入を合算する場合、または親子リレー返済を利用する場合は、連帯債務者の分も必要です。{why}"
    if special:
        why += "前年分の収入証明書の交付をまだ受けられないため、代わりの書類で確認します。"
    return why


def _way_rules(person: Person, special: bool) -> tuple[str, ...]:
    if special:
        return ("GL-388" if Paper.TAX_RETURN not in stand_in_papers(person) else "GL-389",)
    if salary_only(person):
        return ("GL-377", "GL-387")
    return ("GL-379", "GL-380", "GL-381", "GL-386", "GL-387")


def _era_year(day: date) -> str:
    return format_era(day).partition("年")[0] + "年"


def funds_blocked_by(requirements: Sequence[Requirement], checked: Collection[tuple[Code, str]]) -> list[Requirement]:
    """GL-390, GL-391: the proofs that keep the money back until an officer has checked them.

    `checked` names those that are, as (code, whose).
    """
    return [one for one in requirements if one.due is Due.FUNDS and (one.code, one.who) not in checked]
