"""What the payment of the funds must pass: the day, the accounts, whoever receives them, and what is outstanding."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import Finding

from applications.programmes.green_loan import examination, reading, steps
from applications.programmes.green_loan.conditions import contract
from applications.programmes.green_loan.papers.facts import WHO_LABELS
from applications.programmes.green_loan.procedure import channel, disbursement
from applications.programmes.green_loan.procedure.dates import Period
from applications.workflow import Case


def funds_may_be_paid(case: Case) -> Sequence[Finding]:
    """GL-496, GL-502, GL-503: in one of the month's two delivery periods, and nothing outstanding.

    GL-390, GL-391: a proof of income that came later is outstanding until an officer has checked its file.
    """
    said = case.said(steps.Funds)
    given = said.periods or ()
    periods = [Period(one.first, one.last) for one in given if one.first and one.last and one.first <= one.last]
    if said.paid_on is None or not given:
        return [Finding("GL-496", "REQUIRED", "資金の交付日と、その月の交付期間を入力してください。", "paid_on")]
    if len(periods) < len(given):
        return [Finding("GL-496", "PERIOD", "交付期間の開始日と終了日をご確認ください。", "periods")]
    blocking = [disbursement.BlockingItem(one.text, one.done) for one in contract.conditions(case)]
    blocking += [
        disbursement.BlockingItem(f"{WHO_LABELS[proof.who]}の{proof.title}の提出と確認", settled=False)
        for proof, _ in examination.later_proofs(case)
    ]
    return [
        *disbursement.calendar_findings(periods, "periods"),
        *disbursement.schedule_findings(said.paid_on, periods, blocking, "paid_on"),
    ]


def accounts_are_right(case: Case) -> Sequence[Finding]:
    """GL-345, GL-497 to GL-500: into whose account, or by whom received; repaid where the originals are shown."""
    said, institution = case.said(steps.Funds), UUID(str(reading.content(case)["institution"]))
    if said.account is None or said.repayment_account is None:
        message = "資金を受け取る口座と、返済の口座を入力してください。"
        return [Finding("GL-497", "REQUIRED", message, "account")]
    found = disbursement.named_findings(said.account, "GL-497", "account")
    found += disbursement.named_findings(said.repayment_account, "GL-345", "repayment_account")
    if found:
        return found
    found = channel.account_institution_findings(institution, said.repayment_account.institution, "repayment_account")
    if said.agent is not None:
        found += disbursement.agent_findings(said.agent, "agent")
        found += disbursement.receipt_findings(said.agent, "agent")
        return found
    found += disbursement.account_findings(said.account, case.account_id, institution, "account")
    if not case.reason.strip():
        found += disbursement.account_warnings(said.account, said.repayment_account, "repayment_account")
    return found
