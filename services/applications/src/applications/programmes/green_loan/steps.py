"""What is said with the steps of a green loan: by the office, the bank, the inspection body and the applicants."""

from __future__ import annotations

from datetime import date
from typing import Literal

from applications.forms import Form, asked
from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.procedure.counter_papers import Kind as CounterPaper

MOST_YEN = 10_000_000_000


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


class Refusal(Form):
    """Why, by a code of `procedure.channel` (GL-349 to GL-354)."""

    code: str | None = asked("理由", "GL-353", max_length=50)


class Fulfilled(Form):
    """Which approval conditions are fulfilled by now, counted from 0: always the whole list (GL-435)."""

    conditions: tuple[int, ...] | None = asked("履行された条件", "GL-435", max_length=50)


class DanshinChange(Form):
    """Another kind of danshin after the application (GL-260), with the monthly payments that the rates give."""

    choice: Choice | None = asked("団体信用生命保険", "GL-260")
    payment_before_yen: int | None = asked("変更前の毎月の返済額", "GL-261", ge=0, le=MOST_YEN)
    payment_after_yen: int | None = asked("変更後の毎月の返済額", "GL-261", ge=0, le=MOST_YEN)


class Receipt(Form):
    """What the institution received after the completion, and of what it saw the original (GL-472 to GL-478)."""

    received: tuple[Paper, ...] | None = asked("受領した書類", "GL-478", max_length=50)
    shown: tuple[Paper, ...] | None = asked("原本を確認した書類", "GL-478", max_length=50)
    works_contract_copy: bool | None = asked("工事請負契約書の写しの受領", "GL-397")
    final_limit_yen: int | None = asked("確定した金額による融資限度額", "GL-479", ge=0, le=MOST_YEN)


class ContractPeriod(Form):
    """契約手続可能期間 (GL-483)."""

    first: date | None = asked("開始日", "GL-483")
    last: date | None = asked("終了日", "GL-483")
    amount_yen: int | None = asked("契約額", "GL-433", ge=0, le=MOST_YEN)


class Funds(Form):
    """When the funds are paid, and the delivery period that the day lies in (GL-496, GL-503)."""

    paid_on: date | None = asked("資金の交付日", "GL-496")
    period_first: date | None = asked("交付期間の開始日", "GL-496")
    period_last: date | None = asked("交付期間の終了日", "GL-496")
    income_proof_checked: bool | None = asked("前年の収入証明書の確認", "GL-502")


class Closing(Form):
    """How the debt ended (GL-083)."""

    reason: Literal["FINAL_DUE_DATE", "FULL_PREPAYMENT", "INSURANCE", "AFTER_ACCELERATION", "OTHER"] | None = asked(
        "完済の理由", "GL-083"
    )


class Inspection(Form):
    """A report of the inspection body (GL-451, GL-457), or the paper of a business group (GL-093)."""

    body_name: str | None = asked("適合証明検査機関の名称", "GL-457", max_length=200)
    reference_number: str | None = asked("受付番号等", "GL-457", max_length=100)
    reported_on: date | None = asked("報告日", "GL-457")


class Day(Form):
    """The day on which something was done: the start of the works (GL-458), their completion (GL-090)."""

    on: date | None = asked("日付", "GL-458")


class Seen(Form):
    """The papers by which somebody was identified at the counter (GL-489)."""

    papers: tuple[CounterPaper, ...] | None = asked("本人確認資料", "GL-489", max_length=10)
    oldest_issued_on: date | None = asked("もっとも古い書類の作成日", "GL-490")
    address_written: bool | None = asked("住所の記載", "GL-489")
    complete: bool | None = asked("氏名・住所・生年月日・写真", "GL-489")


class Declared(Form):
    """申込書兼告知書 of one person (GL-527)."""

    declared_on: date | None = asked("記入日", "GL-531")
    statement_read: bool | None = asked("重要事項説明の確認", "GL-526")
    ever_cancer: bool | None = asked("がんの診断", "GL-534")
