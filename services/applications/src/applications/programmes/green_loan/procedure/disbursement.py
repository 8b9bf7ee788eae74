"""The receipt of the funds: when, into which account, and by whom (GL-496 to GL-503, GL-098)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from kit.errors import Finding
from kit.japan.months import add_months

from applications.forms import Form, asked
from applications.programmes.green_loan.procedure.dates import Period

PERIODS_A_MONTH: Final = 2
"""GL-496."""
AFTER_CONTRACT: Final = (timedelta(weeks=2), timedelta(weeks=3))
MONTHS_AFTER_COMPLETION: Final = 2


@dataclass(frozen=True)
class BlockingItem:
    """Something that must be settled before funds are paid: an income proof (GL-390, GL-502), a condition."""

    text: str
    settled: bool


class Account(Form):
    """A bank account: the institution as organisation, branch code, number, and the person in whose name it is."""

    institution: UUID | None = asked("金融機関", "GL-497")
    branch: str | None = asked("支店コード", "GL-497", pattern="^[0-9]{3}$")
    number: str | None = asked("口座番号", "GL-497", pattern="^[0-9]{7}$")
    holder: UUID | None = asked("口座名義人", "GL-497")


class Agent(Form):
    """Who receives the funds in the applicant's place (GL-498), and what has been done for it."""

    name: str | None = asked("代理受領者", "GL-498", max_length=100)
    institution_agrees: bool | None = asked("取扱金融機関の承諾", "GL-498")
    power_of_attorney: bool | None = asked("資金の代理受領に関する委任状", "GL-498")
    own_will_confirmed: bool | None = asked("申込本人の意思の確認", "GL-499")
    receipt: bool | None = asked("代理人の領収書", "GL-498")


@dataclass(frozen=True)
class Estimate:
    """When the funds may be expected: by the contract from `earliest` to `latest`, by the completion about `about`."""

    earliest: date
    latest: date
    about: date


def calendar_findings(periods: Sequence[Period], field: str) -> list[Finding]:
    """GL-496: the calendar of delivery periods (交付期間) has two of them in every month that it names.

    They do not overlap. A period belongs to the month in which it begins.
    """
    found = []
    ordered = sorted(periods, key=lambda period: period.first)
    for (year, month), number in Counter((one.first.year, one.first.month) for one in ordered).items():
        if number != PERIODS_A_MONTH:
            message = f"{year}年{month}月の交付期間は2つ登録してください(現在 {number}つ)。"
            found.append(Finding("GL-496", "NUMBER_OF_PERIODS", message, field))
    for earlier, later in pairwise(ordered):
        if later.first <= earlier.last:
            message = f"交付期間が重なっています({later.first}から)。開始日と終了日をご確認ください。"
            found.append(Finding("GL-496", "PERIODS_OVERLAP", message, field))
    return found


def schedule_findings(
    planned_on: date, periods: Sequence[Period], blocking: Sequence[BlockingItem], field: str
) -> list[Finding]:
    """What stands against paying the funds on a day.

    interpretation (GL-503): the day lies in one of the agency's periods, and nothing blocking is open (GL-502).
    """
    found = []
    if not any(planned_on in period for period in periods):
        message = "資金は、機構が定める毎月2回の交付期間内にお受け取りいただきます。交付期間内の日を指定してください。"
        found.append(Finding("GL-496", "OUTSIDE_DELIVERY_PERIOD", message, field))
    found += [
        Finding("GL-502", "BLOCKED", f"次のお手続きが済むまで、資金をお渡しできません: {item.text}", field)
        for item in blocking
        if not item.settled
    ]
    return found


def named_findings(account: Account, rule: str, field: str) -> list[Finding]:
    """GL-345, GL-497: money goes to an account, and comes from one, by institution, branch and number."""
    if account.institution and account.branch and account.number:
        return []
    message = "口座の金融機関、支店コード、口座番号を入力してください。"
    return [Finding(rule, "REQUIRED", message, field)]


def account_findings(funds: Account, applicant: UUID, institution: UUID, field: str) -> list[Finding]:
    """GL-497: without an agent, the funds go to an account of the main applicant at the handling institution."""
    found = []
    if funds.institution != institution:
        message = "資金を受け取る口座は、取扱金融機関の口座を指定してください。"
        found.append(Finding("GL-497", "OTHER_INSTITUTION", message, field))
    if funds.holder != applicant:
        message = "資金を受け取る口座は、申込本人名義の口座を指定してください。"
        found.append(Finding("GL-497", "OTHER_HOLDER", message, field))
    return found


def account_warnings(funds: Account, repayment: Account, field: str) -> list[Finding]:
    """GL-500: both accounts are the same "in principle": another one wants a reason."""
    if funds == repayment:
        return []
    message = "資金を受け取る口座と返済の口座は、原則として同じ口座です。異なる場合は、理由を入力してください。"
    return [Finding("GL-500", "OTHER_ACCOUNT", message, field)]


def agent_findings(agent: Agent, field: str) -> list[Finding]:
    """GL-498, GL-499: what is missing for an agent to receive the funds.

    The agent's receipt follows when the funds are there: ask `receipt_findings` for it.
    """
    found = []
    if not agent.name:
        found.append(Finding("GL-498", "REQUIRED", "代理受領者の氏名または名称を入力してください。", field))
    if not agent.institution_agrees:
        message = "代理人による受取りは、取扱金融機関が支障がないと認めた場合に限ります。取扱金融機関にご相談ください。"
        found.append(Finding("GL-498", "INSTITUTION_DOES_NOT_AGREE", message, field))
    if not agent.power_of_attorney:
        message = "「資金の代理受領に関する委任状」をご提出ください。"
        found.append(Finding("GL-498", "POWER_OF_ATTORNEY_MISSING", message, field))
    if not agent.own_will_confirmed:
        message = "代理受領は、後日のトラブルを防ぐため、申込本人が自らの意思で確実にお手続きください。"
        found.append(Finding("GL-499", "OWN_WILL_NOT_CONFIRMED", message, field))
    return found


def receipt_findings(agent: Agent, field: str) -> list[Finding]:
    """GL-498: the agent's receipt, once the agent has received the funds."""
    if agent.receipt:
        return []
    message = "代理人の領収書をご提出ください(収入印紙が必要な場合があります)。"
    return [Finding("GL-498", "RECEIPT_MISSING", message, field)]


def estimate(contract_date: date, completion_date: date) -> Estimate:
    """GL-098: when funds arrive: 2 to 3 weeks after the contract, about 2 months after the completion.

    It depends on the institution: an estimate to show, and nothing to decide by.
    """
    earliest, latest = (contract_date + span for span in AFTER_CONTRACT)
    return Estimate(earliest, latest, add_months(completion_date, MONTHS_AFTER_COMPLETION))
