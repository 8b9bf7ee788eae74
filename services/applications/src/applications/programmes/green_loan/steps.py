"""What is said with the steps of a green loan: by the office, the bank, the inspection body and the applicants."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from applications.forms import Form, asked
from applications.programmes.green_loan.danshin.kinds import Choice, Product
from applications.programmes.green_loan.form.sections import MOST_COSTS, MOST_LINES
from applications.programmes.green_loan.money.arrears import Ground, Resident
from applications.programmes.green_loan.money.changes import ChangeKind
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.prepayment import Channel, Effect
from applications.programmes.green_loan.money.rounding import MOST_YEN
from applications.programmes.green_loan.papers.completion import Photograph
from applications.programmes.green_loan.papers.conformity import InsulationData
from applications.programmes.green_loan.papers.declaration import Declaration
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.people import NotarialDeed, PartnershipCertificate
from applications.programmes.green_loan.papers.readings import READINGS
from applications.programmes.green_loan.papers.salary import SalaryCertificate
from applications.programmes.green_loan.papers.works import Breakdown
from applications.programmes.green_loan.procedure.counter_papers import Kind as CounterPaper
from applications.programmes.green_loan.procedure.disbursement import Account, Agent

Yen = Annotated[int, Field(ge=0, le=MOST_YEN)]


class Agreement(Form):
    """個人情報の取扱いに関する同意 and 商品概要説明書の確認 (GL-255), given to the draft as it stood (GL-620)."""

    draft_version: int | None = asked("ご確認いただいた申込内容の版", "GL-255", ge=1)
    text_version: str | None = asked("同意文書の版", "GL-620", max_length=50)
    personal_data: bool | None = asked("個人情報の取扱いに関する同意", "GL-255")
    outline: bool | None = asked("商品概要説明書の確認", "GL-255")


class Condition(Form):
    """融資承認条件 (GL-435)."""

    text: str | None = asked("条件", "GL-435", max_length=500)
    due: Literal["contract", "certificate", "funds"] | None = asked("いつまでに", "GL-435")


class Approval(Form):
    """融資承認通知書 (GL-074, GL-431)."""

    amount_yen: int | None = asked("承認額", "GL-433", ge=0, le=MOST_YEN)
    bonus_part_yen: int | None = asked("ボーナス払い分", "GL-248", ge=0, le=MOST_YEN)
    conditions: tuple[Condition, ...] | None = asked("融資承認条件", "GL-435", max_length=50)


class PersonChecked(Form):
    """Whether somebody is an anti-social force (GL-121); the account, as `persons` of the application has it."""

    person: UUID | None = asked("対象の方", "GL-121")
    hit: bool | None = asked("反社会的勢力に該当", "GL-121")


class CostVerdict(Form):
    """Whether the evidence of a cost was checked, and by which file (GL-235); costs are counted from 0."""

    number: int | None = asked("諸費用の番号", "GL-235", ge=0, le=99)
    document: UUID | None = asked("費用を確認した書類", "GL-235")
    checked: bool | None = asked("確認済み", "GL-235")


class PaperVerdict(Form):
    """What an officer made of a file (GL-366); `reason` where it counts in spite of what is wrong in what was read."""

    document: UUID | None = asked("書類", "GL-366")
    result: Literal["checked", "rejected"] | None = asked("確認結果", "GL-366")
    reason: str | None = asked("確認済みとする理由", "GL-366", max_length=500)


class PaperReading(Form):
    """What an officer read in a file, as one of the kinds of `papers.readings`."""

    document: UUID | None = asked("書類", "GL-366")
    works_breakdown: Breakdown | None = asked("工事の内訳", "GL-395")
    residence_declaration: Declaration | None = asked("親族居住に関する申出書", "GL-413")
    salary_certificate: SalaryCertificate | None = asked("給与証明書", "GL-414")
    partnership_certificate: PartnershipCertificate | None = asked("パートナーシップ証明書", "GL-410")
    notarial_deed: NotarialDeed | None = asked("公正証書", "GL-411")

    def read(self) -> list[tuple[str, Form]]:
        """The kinds that were entered, with what was read."""
        return [(kind, facts) for kind in READINGS if (facts := getattr(self, kind)) is not None]


class RunningLoan(Form):
    """A Green Reform Loan that is being repaid, as the agency's books have it: by its number, and who owes it."""

    number: str | None = asked("融資番号", "GL-199", max_length=50)
    balance_yen: Yen | None = asked("申込受理日の残高", "GL-195")
    debtors: tuple[UUID, ...] | None = asked("この融資の債務者", "GL-199", max_length=10)


class Examination(Form):
    """What an officer examined (GL-121, GL-235, GL-366); `checked_on` is the day of the check of persons.

    `no_running_loans`: the books were looked into, and have none. An empty list says nothing, as in every form.
    """

    persons: tuple[PersonChecked, ...] | None = asked("確認した方", "GL-121", max_length=4)
    checked_on: date | None = asked("確認日", "GL-121")
    costs: tuple[CostVerdict, ...] | None = asked("確認した諸費用", "GL-235", max_length=100)
    papers: tuple[PaperVerdict, ...] | None = asked("確認した書類", "GL-366", max_length=200)
    readings: tuple[PaperReading, ...] | None = asked("書類の記載", "GL-366", max_length=20)
    running_loans: tuple[RunningLoan, ...] | None = asked("返済中のグリーンリフォームローン", "GL-195", max_length=20)
    no_running_loans: bool | None = asked("返済中のグリーンリフォームローンがないことの確認", "GL-199")


class Originals(Form):
    """The papers of which the institution saw the original (GL-361): slots of `papers.requirement.slot_of`."""

    slots: tuple[str, ...] | None = asked("原本を確認した書類", "GL-361", max_length=100)


class Refusal(Form):
    """Why, by a code of `procedure.channel` (GL-349 to GL-354)."""

    code: str | None = asked("理由", "GL-353", max_length=50)


class Fulfilled(Form):
    """Which approval conditions are fulfilled by now, counted from 0: always the whole list (GL-435)."""

    conditions: tuple[int, ...] | None = asked("履行された条件", "GL-435", max_length=50)


class CreditContact(Form):
    """Who was told to or asked of a credit bureau (GL-122, GL-123).

    interpretation: the guide names no bureau; these three are those of Japan.
    """

    bureau: Literal["KSC", "CIC", "JICC"] | None = asked("個人信用情報機関", "GL-623")
    persons: tuple[UUID, ...] | None = asked("対象の方", "GL-623", max_length=4)


class DanshinWish(Form):
    """Another kind of danshin after the application (GL-260)."""

    choice: Choice | None = asked("団体信用生命保険", "GL-260")


class DanshinChange(DanshinWish):
    """The same with what follows from it (`reckoned.danshin_change`): the rate, and the payments (GL-261, GL-262)."""

    rate_percent: Decimal | None = asked("変更後の金利", "GL-260")
    payment_before_yen: int | None = asked("変更前の毎月の返済額", "GL-261")
    payment_after_yen: int | None = asked("変更後の毎月の返済額", "GL-261")
    bonus_before_yen: int | None = asked("変更前のボーナス返済額", "GL-261")
    bonus_after_yen: int | None = asked("変更後のボーナス返済額", "GL-261")


class WorksPaper(Form):
    """The copy of the works contract, or the works confirmation paper, that came apart from the papers of the
    completion (GL-397, GL-399).
    """

    received: tuple[Paper, ...] | None = asked("受領した書類", "GL-397", max_length=5)
    shown: tuple[Paper, ...] | None = asked("原本を確認した書類", "GL-397", max_length=5)


class Receipt(Form):
    """What the institution received after the completion, and of what it saw the original (GL-472 to GL-478).

    The final amounts in yen, tax included, are in the order of the application: one for each line of the works, and one
    for each cost, as far as its papers prove it.
    """

    received: tuple[Paper, ...] | None = asked("受領した書類", "GL-478", max_length=50)
    shown: tuple[Paper, ...] | None = asked("原本を確認した書類", "GL-478", max_length=50)
    lines_yen: tuple[Yen, ...] | None = asked("工事の内訳の確定した金額", "GL-479", max_length=MOST_LINES)
    costs_yen: tuple[Yen, ...] | None = asked("諸費用の確認できたお客さまの負担額", "GL-479", max_length=MOST_COSTS)
    subsidies_yen: Yen | None = asked("補助金の確定した金額", "GL-479")


class CheckedReceipt(Receipt):
    """The same with the limit that the final amounts give (`reckoned.receipt`)."""

    final_limit_yen: int | None = asked("確定した金額による融資限度額", "GL-479")


class ContractPeriod(Form):
    """契約手続可能期間 (GL-483)."""

    first: date | None = asked("開始日", "GL-483")
    last: date | None = asked("終了日", "GL-483")
    amount_yen: int | None = asked("契約額", "GL-433", ge=0, le=MOST_YEN)
    bonus_part_yen: int | None = asked("ボーナス払い分", "GL-248", ge=0, le=MOST_YEN)


class Signed(Form):
    """When somebody signed, by the provider's word (GL-487)."""

    signed_at: datetime | None = asked("電子契約の締結日時", "GL-487")


class DeliveryPeriod(Form):
    """One of the agency's two delivery periods of a month (GL-496)."""

    first: date | None = asked("交付期間の開始日", "GL-496")
    last: date | None = asked("交付期間の終了日", "GL-496")


class Funds(Form):
    """When and to whom the funds are paid (GL-496 to GL-500), and from when on they are repaid (GL-576).

    `periods`: both delivery periods of the month in which the funds are paid (GL-503). `agent`: who receives them in
    the applicant's place; `account` is the agent's then.
    """

    paid_on: date | None = asked("資金の交付日", "GL-496")
    periods: tuple[DeliveryPeriod, ...] | None = asked("交付期間", "GL-496", max_length=4)
    account: Account | None = asked("資金を受け取る口座", "GL-497")
    repayment_account: Account | None = asked("返済の口座", "GL-345")
    agent: Agent | None = asked("代理受領", "GL-498")
    first_due_on: date | None = asked("初回の返済日", "GL-576")
    repayment_day: int | None = asked("毎月の返済日", "GL-576", ge=1, le=31)
    bonus_month: int | None = asked("ボーナス返済月", "GL-245", ge=1, le=12)


class Sendings(Form):
    """Another number of balance certificates, asked for at the institution (GL-508)."""

    sendings: int | None = asked("税控除残高証明書の送付回数", "GL-508", ge=0, le=99)


class Missed(Form):
    """A debit that failed (GL-577)."""

    due_on: date | None = asked("返済日", "GL-577")


class Settled(Form):
    """When the arrears and the late charge were paid (GL-577)."""

    paid_on: date | None = asked("入金日", "GL-577")


class PrepaymentWish(Form):
    """Repaying early (GL-596 to GL-607); without an amount all that is left."""

    channel: Channel | None = asked("お申出の窓口", "GL-601")
    amount_yen: int | None = asked("一部繰上返済の金額", "GL-599", ge=1, le=MOST_YEN)
    effect: Effect | None = asked("返済額の軽減または期間の短縮", "GL-602")
    payment_on: date | None = asked("繰上返済の日", "GL-600")


class Prepayment(PrepaymentWish):
    """What was repaid early, as the bank tells it; `noticed_on` is when it was asked for at the counter (GL-604)."""

    noticed_on: date | None = asked("お申出の日", "GL-604")


class PrepaymentCancelled(Form):
    """A prepayment that was arranged and does not come, by the day for which it was arranged (GL-596)."""

    payment_on: date | None = asked("取りやめる繰上返済の日", "GL-596")


class PrepaymentTakenBack(PrepaymentCancelled):
    """The same with which prepayment it was, of all that were recorded, counted from 0 (`servicing.taken_back`)."""

    number: int | None = asked("取りやめる繰上返済の番号", "GL-596")


class TermsChange(Form):
    """Another way of repayment (GL-589), in effect from the instalment after a day (GL-591)."""

    kind: ChangeKind | None = asked("変更の内容", "GL-589")
    effective_on: date | None = asked("変更の日", "GL-591")
    repayment_day: int | None = asked("毎月の返済日", "GL-589", ge=1, le=31)
    bonus_month: int | None = asked("ボーナス返済月", "GL-589", ge=1, le=12)
    bonus_part_yen: int | None = asked("ボーナス払い分", "GL-589", ge=1, le=MOST_YEN)
    method: Method | None = asked("返済方法", "GL-589")


class LastInstalment(Form):
    """The last instalment as it was told to those who owe the loan (GL-083): day, and yen."""

    due_on: date | None = asked("最終回の返済日", "GL-083")
    payment_yen: int | None = asked("最終回の返済額", "GL-083")


class Closing(Form):
    """How the debt ended (GL-083), and on which day; today, if none is told."""

    reason: Literal["FINAL_DUE_DATE", "FULL_PREPAYMENT", "INSURANCE", "AFTER_ACCELERATION", "OTHER"] | None = asked(
        "完済の理由", "GL-083"
    )
    closed_on: date | None = asked("完済の日", "GL-083")


class Inspection(Form):
    """A report of the inspection body (GL-451, GL-457), or the paper of a business group (GL-093)."""

    body_name: str | None = asked("適合証明検査機関の名称", "GL-457", max_length=200)
    reference_number: str | None = asked("受付番号等", "GL-457", max_length=100)
    reported_on: date | None = asked("報告日", "GL-457")


class Plan(Inspection):
    """The plan that the inspection body confirmed, and the papers by which it did (GL-440 to GL-454).

    `shows_performance`: a subsidy's form in the annex's place has the performance values. `works`: the kinds of
    energy-saving works that the conformity application names. `insulation`: what the papers say of the material.
    """

    received: tuple[Paper, ...] | None = asked("受領した書類", "GL-440", max_length=50)
    shows_performance: bool | None = asked("補助事業の申請書の性能値等の記載", "GL-449")
    works: tuple[str, ...] | None = asked("改良工事の内容", "GL-454", max_length=MOST_LINES)
    insulation: InsulationData | None = asked("断熱材の性能", "GL-443")


class Report(Form):
    """What is handed to the inspection body with the report of completion (GL-460 to GL-467).

    `same_body`: conformity and completion inspection (建築確認) are done by the same body. `hidden`: the lines of the
    works, counted from 0, that cannot be seen any more.
    """

    papers: tuple[Paper, ...] | None = asked("提出する書類", "GL-461", max_length=10)
    building_confirmation: bool | None = asked("建築確認の要否", "GL-467")
    same_body: bool | None = asked("建築確認と同じ検査機関", "GL-467")
    hidden: tuple[int, ...] | None = asked("完了後に確認できない工事", "GL-463", max_length=MOST_LINES)
    photographs: tuple[Photograph, ...] | None = asked("工事箇所の写真", "GL-462", max_length=300)


class Certificate(Inspection):
    """The inspection that was passed, and what was issued (GL-469)."""

    issued: tuple[Literal["applicant", "annex_table", "institution"], ...] | None = asked(
        "交付した書類", "GL-469", max_length=3
    )
    inspection_certificate_seen: bool | None = asked("検査済証の確認", "GL-467")


class Day(Form):
    """The day on which something was done: the start of the works (GL-458), their completion (GL-090)."""

    on: date | None = asked("日付", "GL-458")


class Completion(Day):
    """The completion of the works (GL-090); `floor_area_changes`: by an extension or alteration (GL-470)."""

    floor_area_changes: bool | None = asked("増改築による床面積の変更", "GL-470")


class AccelerationGround(Form):
    """Something that was found out about a loan that is repaid (GL-582 to GL-587, GL-352)."""

    ground: Ground | None = asked("一括繰上返済の事由", "GL-579")
    found_on: date | None = asked("判明した日", "GL-579")
    resident: Resident | None = asked("実際に利用している方", "GL-588")


class Permission(Form):
    """What the agency permits, so that it is no ground for calling the balance (GL-582 to GL-584)."""

    ground: Ground | None = asked("承認の対象", "GL-582")


class Seen(Form):
    """The papers by which somebody was identified at the counter (GL-489)."""

    papers: tuple[CounterPaper, ...] | None = asked("本人確認資料", "GL-489", max_length=10)
    oldest_issued_on: date | None = asked("もっとも古い書類の作成日", "GL-490")
    address_written: bool | None = asked("住所の記載", "GL-489")
    complete: bool | None = asked("氏名・住所・生年月日・写真", "GL-489")


class Heard(Form):
    """What is kept of the danshin Web service's word: no answer of a declaration is (GL-527, GL-530)."""

    product: Product | None = asked("団信の種類", "GL-512")
    declared_on: date | None = asked("記入日", "GL-531")
