"""What is asked for a green loan, in the sections of its screens (GL-071); money is whole yen.

Who else owes the loan has an account of their own; their entry names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from applications.forms import Form, asked, read
from applications.programmes.green_loan.danshin.join import Relationship
from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.money.borrowings import Debtor
from applications.programmes.green_loan.money.borrowings import Kind as BorrowingKind
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.rounding import MOST_YEN
from applications.programmes.green_loan.papers.completion import HouseForm
from applications.programmes.green_loan.papers.conditions import Condition
from applications.programmes.green_loan.papers.facts import Change, Income, Position, WorksContract
from applications.programmes.green_loan.people.kinship import Relation
from applications.programmes.green_loan.people.web import Device, PhotoId
from applications.programmes.green_loan.works.costs import Evidence, Payer
from applications.programmes.green_loan.works.house import HouseUse
from applications.programmes.green_loan.works.kinds import Category, Menu, Proof

MOST_LINES, MOST_COSTS, MOST_BORROWINGS, MOST_OWNERS, MOST_PAPERS = 200, 50, 50, 20, 200
"""How long lists may be: no rule of the guide, but an end to what one draft can hold."""


def _yen(label: str, rule: str) -> int | None:
    field: int | None = asked(label, rule, ge=0, le=MOST_YEN)
    return field


class Address(Form):
    """Postal code and address."""

    postal_code: str | None = asked("郵便番号", "GL-608", pattern="^[0-9]{7}$")
    address: str | None = asked("住所", "GL-608", max_length=200)


class Name(Form):
    """A name in two parts."""

    family: str | None = asked("姓", "GL-608", max_length=50)
    given: str | None = asked("名", "GL-608", max_length=50)


class Kin(Form):
    """The way from the main applicant to a relative (GL-138)."""

    start_spouse: bool | None = asked("配偶者側の親族", "GL-138")
    up: int | None = asked("さかのぼる親等", "GL-138", ge=0, le=9)
    down: int | None = asked("くだる親等", "GL-138", ge=0, le=9)
    end_spouse: bool | None = asked("親族の配偶者", "GL-138")


class Person(Form):
    """What is asked of everybody who owes the loan (GL-016)."""

    name_kanji: Name | None = asked("お名前(漢字)", "GL-608")
    name_kana: Name | None = asked("お名前(カナ)", "GL-608")
    birth: date | None = asked("生年月日", "GL-110")
    address: Address | None = asked("現住所", "GL-608")
    phone: str | None = asked("電話番号", "GL-608", pattern="^0[0-9]{9,10}$")
    mail: str | None = asked("メールアドレス", "GL-039", max_length=254)
    devices: tuple[Device, ...] | None = asked("お持ちの機器", "GL-041")
    photo_id: PhotoId | None = asked("お持ちの顔写真付き本人確認書類", "GL-042")
    status: str | None = asked("国籍または在留資格", "GL-114", max_length=50)
    incomes: tuple[Income, ...] | None = asked("収入の種類", "GL-377")
    salary_yen: int | None = _yen("給与収入(年額)", "GL-278")
    total_income_yen: int | None = _yen("所得金額(年額)", "GL-278")
    taxable_pensions: int | None = asked("公的年金の種類の数", "GL-383", ge=0, le=4)
    tax_free_pensions: int | None = asked("非課税の年金の種類の数", "GL-385", ge=0, le=4)
    certificate_reads_pension_etc: bool | None = asked("証明書の「公的年金等収入」の記載", "GL-384")
    residence_tax_from_salary: bool | None = asked("住民税の全額が給与からの特別徴収", "GL-381")
    proof_not_yet_issued: bool | None = asked("前年の証明書が未発行", "GL-391")
    employment_start: date | None = asked("現在の勤務先の就職日", "GL-405")
    changes: tuple[Change, ...] | None = asked("前年1月以降の事情", "GL-412")
    in_primary_industry: bool | None = asked("農林漁業に従事", "GL-392")


class Applicant(Person):
    """申込本人 (GL-014)."""

    married: bool | None = asked("配偶者の有無", "GL-130")
    solar_sale_yen: int | None = _yen("売電収入(年額)", "GL-281")


class JointDebtor(Person):
    """連帯債務者 (GL-015): one who joined by the applicant's invitation; `account` is theirs."""

    account: UUID | None = asked("連帯債務者のアカウント", "GL-069")
    relation: Relation | None = asked("申込本人との関係", "GL-317")
    kin: Kin | None = asked("申込本人との続柄", "GL-317")
    combined_yen: int | None = _yen("合算する金額(年額)", "GL-321")
    lives_with_applicant: bool | None = asked("申込本人と永続して同居", "GL-317")
    in_occupants_household: bool | None = asked("融資住宅に入居する方またはその同居世帯員", "GL-319")
    successor: bool | None = asked("親子リレー返済の後継者", "GL-326")
    regular_income: bool | None = asked("定期的な収入", "GL-327")


class Owner(Form):
    """An owner or co-owner of the house (GL-125)."""

    relation: Relation | None = asked("申込本人との関係", "GL-125")
    kin: Kin | None = asked("申込本人との続柄", "GL-125")
    kin_of_occupant: Kin | None = asked("入居する親族との続柄", "GL-131")


class Occupant(Form):
    """融資住宅に入居する親族 (GL-019)."""

    name_kanji: Name | None = asked("お名前(漢字)", "GL-413")
    birth: date | None = asked("生年月日", "GL-413")
    status: str | None = asked("国籍または在留資格", "GL-148", max_length=50)
    kin: Kin | None = asked("申込本人との続柄", "GL-146")
    married: bool | None = asked("配偶者の有無", "GL-131")
    lineal_relative_exists: bool | None = asked("申込本人またはその配偶者の直系親族の有無", "GL-149")


class House(Form):
    """The house that is renovated (GL-125 to GL-137)."""

    use: HouseUse | None = asked("融資住宅の使い方", "GL-137")
    place: Address | None = asked("融資住宅の所在地", "GL-466")
    has_residential_part: bool | None = asked("住宅部分の有無", "GL-135")
    works_finished_on: date | None = asked("工事の完了日", "GL-134")
    owners: tuple[Owner, ...] | None = asked("所有者・共有者", "GL-125", max_length=MOST_OWNERS)
    occupant: Occupant | None = asked("入居する親族", "GL-146")
    building_form: HouseForm | None = asked("融資住宅の建て方", "GL-466")
    building_name: str | None = asked("建物名", "GL-466", max_length=100)
    unit_number: str | None = asked("部屋番号", "GL-466", max_length=20)
    meets_energy_standard: bool | None = asked("工事後の住宅全体の省エネ基準への適合", "GL-160")
    meets_zeh: bool | None = asked("工事後の住宅全体のZEH水準への適合", "GL-177")


class Compartment(Form):
    """What a compartment meets afterwards, for menu S (GL-174, GL-175)."""

    name: str | None = asked("区画の名称", "GL-176", max_length=50)
    all_openings_zeh: bool | None = asked("区画のすべての開口部のZEH水準", "GL-175")
    worked_element_whole_zeh: bool | None = asked("工事箇所の部位全体のZEH水準", "GL-175")


class Line(Form):
    """One line of the works contract or estimate (GL-185)."""

    kind: str | None = asked("工事の種類", "GL-151", max_length=50)
    amount_yen: int | None = _yen("金額(税込)", "GL-192")
    category: Category | None = asked("区分", "GL-185")
    residential: bool | None = asked("住宅部分の工事", "GL-193")
    circled: bool | None = asked("○印", "GL-395")
    caused_by: int | None = asked("この工事を必要とした工事の行", "GL-155", ge=1, le=MOST_LINES)
    compartment: str | None = asked("区画", "GL-174", max_length=50)
    places: int | None = asked("箇所数", "GL-158", ge=0, le=1000)
    meets_energy_standard_at_place: bool | None = asked("工事箇所の省エネ基準への適合", "GL-158")
    set_quantity_met: bool | None = asked("一定量以上の断熱材", "GL-159")
    capacity_kw: Decimal | None = asked("システム容量(kW)", "GL-167", ge=0, le=1000)
    whole_output_sale: bool | None = asked("全量売電", "GL-168")
    proofs: tuple[Proof, ...] | None = asked("設備が要件を満たす根拠", "GL-169")
    linked_to_generation: bool | None = asked("発電設備との連携", "GL-180")
    bears_weight_of_equipment: bool | None = asked("設備の重量に耐えるための補強", "GL-181")


class Bridging(Form):
    """What the papers of a bridging loan show (GL-223 to GL-225)."""

    interest_fixed_before_contract: bool | None = asked("契約前の確定金額", "GL-223")
    fully_repaid_by_this_loan: bool | None = asked("今回の融資による完済", "GL-224")
    covers_only_earnest_money: bool | None = asked("手付金のみを対象", "GL-225")
    earnest_money_applied_to_works: bool | None = asked("手付金の工事費への充当", "GL-225")


class Cost(Form):
    """A cost beside the works (GL-235)."""

    code: str | None = asked("諸費用の種類", "GL-202", max_length=4)
    kind: str | None = asked("内容", "GL-207", max_length=100)
    amount_yen: int | None = _yen("金額", "GL-235")
    customer_share_yen: int | None = _yen("お客さまの負担分", "GL-203")
    payer: Payer | None = asked("支払った方", "GL-228")
    evidence: Evidence | None = asked("確認書類", "GL-227")
    bridging: Bridging | None = asked("つなぎローンの条件", "GL-222")


class Works(Form):
    """The works and what they cost (GL-151 to GL-235)."""

    contract: WorksContract | None = asked("工事請負契約の締結", "GL-393")
    breakdown_in_contract: bool | None = asked("工事請負契約書への内訳の添付", "GL-476")
    lines: tuple[Line, ...] | None = asked("工事の内訳", "GL-185", max_length=MOST_LINES)
    compartments: tuple[Compartment, ...] | None = asked("区画", "GL-174", max_length=MOST_OWNERS)
    costs: tuple[Cost, ...] | None = asked("諸費用", "GL-202", max_length=MOST_COSTS)
    subsidies_yen: int | None = _yen("補助金", "GL-194")


class HouseSale(Form):
    """The sale that is to repay a housing loan (GL-306, GL-307)."""

    loan_balance_yen: int | None = _yen("住宅ローンの残高", "GL-306")
    sale_price_yen: int | None = _yen("売却価格", "GL-306")


class Borrowing(Form):
    """Another borrowing, rent or land rent (GL-313). What its papers prove is for the office to say."""

    kind: BorrowingKind | None = asked("借入れの種類", "GL-294")
    debtor: Debtor | None = asked("借入れをしている方", "GL-293")
    monthly_yen: int | None = _yen("毎月の返済額", "GL-289")
    bonus_each_yen: int | None = _yen("ボーナス返済額(1回)", "GL-289")
    business_use: bool | None = asked("事業用", "GL-312")
    in_repayment: bool | None = asked("返済中", "GL-303")
    final_on: date | None = asked("最終返済日", "GL-304")
    declared_repaid_by_contract: bool | None = asked("契約までの完済", "GL-305")
    whole_apartment_building: bool | None = asked("一棟の賃貸住宅", "GL-308")
    continues_after_funds: bool | None = asked("資金受取後の継続", "GL-302")
    house_sale: HouseSale | None = asked("住宅の売却", "GL-306")


class InsuredElsewhere(Form):
    """What somebody who joins has insured with danshin of other loans, or applies for now besides (GL-536, GL-539)."""

    who: str | None = asked("団信に加入する方", "GL-539", max_length=50)
    insured_yen: int | None = _yen("団信に加入済みの返済中の融資の残高", "GL-539")
    simultaneous_yen: int | None = _yen("同時に申し込む、団信を利用する他の融資の額", "GL-539")
    sandai_insured_yen: int | None = _yen("残高のうち3大疾病付の団信の額", "GL-536")
    sandai_simultaneous_yen: int | None = _yen("同時に申し込む額のうち3大疾病付の団信の額", "GL-536")


class Loan(Form):
    """What is applied for (GL-187, GL-236, GL-244 to GL-252, GL-505)."""

    amount_yen: int | None = _yen("借入希望額", "GL-187")
    years: int | None = asked("返済期間(年)", "GL-236", ge=1, le=99)
    method: Method | None = asked("返済方法", "GL-244")
    bonus_part_yen: int | None = _yen("ボーナス払い分", "GL-247")
    running_balance_yen: int | None = _yen("返済中のグリーンリフォームローンの残高", "GL-195")
    danshin: Choice | None = asked("団体信用生命保険", "GL-252")
    danshin_joiners: tuple[str, ...] | None = asked("団信に加入する方", "GL-523", max_length=4)
    danshin_couple: Relationship | None = asked("デュエットに加入するお二人の関係", "GL-521")
    danshin_elsewhere: tuple[InsuredElsewhere, ...] | None = asked("ほかに利用する団信", "GL-539", max_length=8)
    elderly_special: bool | None = asked("高齢者向け返済特例", "GL-049")
    certificate_sendings: int | None = asked("税控除残高証明書の送付回数", "GL-505", ge=0, le=99)
    planned_contract_on: date | None = asked("契約の予定日", "GL-304")


class Partners(Form):
    """Two persons of the application who are same-sex partners (GL-409)."""

    first: Position | None = asked("お一人目", "GL-409")
    second: Position | None = asked("お二人目", "GL-409")


class Paper(Form):
    """What the applicant states of an uploaded paper: the slot of `papers.requirement.slot_of`, and its dates."""

    slot: str | None = asked("書類", "GL-366", max_length=100)
    issued_on: date | None = asked("発行日", "GL-374")
    applied_on: date | None = asked("申請日", "GL-370")
    income_year: int | None = asked("何年分の収入の書類か", "GL-376", ge=1900, le=2999)
    confirmed: tuple[Condition, ...] | None = asked("ご確認いただいた事項", "GL-366")


class GreenLoanForm(Form):
    """グリーンリフォームローン 借入申込."""

    menu: Menu | None = asked("融資メニュー", "GL-004")
    applicant: Applicant | None = asked("申込本人", "GL-014")
    joint_debtors: tuple[JointDebtor, ...] | None = asked("連帯債務者", "GL-015", max_length=10)
    house: House | None = asked("融資住宅", "GL-109")
    works: Works | None = asked("工事", "GL-151")
    borrowings: tuple[Borrowing, ...] | None = asked("他の借入れ", "GL-294", max_length=MOST_BORROWINGS)
    loan: Loan | None = asked("借入希望の内容", "GL-187")
    partners: tuple[Partners, ...] | None = asked("同性パートナー", "GL-409", max_length=10)
    institution: UUID | None = asked("取扱金融機関", "GL-021")
    repaying_at: UUID | None = asked("機構融資をご返済中の金融機関", "GL-342")
    inspection_body: UUID | None = asked("適合証明検査機関", "GL-022")
    papers: tuple[Paper, ...] | None = asked("アップロードした書類", "GL-366", max_length=MOST_PAPERS)


def kept_form(content: Mapping[str, Any]) -> GreenLoanForm:
    """The form, as far as it can be read, from what was kept of it."""
    form, _ = read(GreenLoanForm, content)
    return form
