"""The tables of applications. Every statement on them is SQL text beside its use (`hot.py` says why); the constraints
say once more what must never be otherwise.

Personal data is kept encrypted (`kit.vault`): the columns `draft`, `content`, `reason`, `facts`, `mail`,
`subject` of a thread, `was`, `note`, `ground`, and `evidence`.
"""

from applications.models.base import Base, application_numbers, metadata
from applications.models.cases import Application, ApplicationParty, HistoryStep, Track, Version
from applications.models.chain import HistoryHead, HistoryRoot, HistoryStart
from applications.models.danshin import DanshinApplication
from applications.models.econtract import Envelope, EnvelopeSigner
from applications.models.messages import (
    Correction,
    CorrectionItem,
    Message,
    Thread,
    ThreadOrganisation,
    ThreadPerson,
    ThreadReader,
)
from applications.models.office import (
    AccessLogEntry,
    Balance,
    BalanceImport,
    CertificatePosting,
    ContactNote,
    MaintenanceAnnouncement,
    OfficeTask,
    Review,
)
from applications.models.providers import ProviderCallback
from applications.models.provisions import Provision, Suspension
from applications.models.rates import Rate, RateImport
from applications.models.told import AccountContact, AccountEkyc, DocumentSet, IncomeEvidence, Organisation, PostedPaper

__all__ = [
    "AccessLogEntry",
    "AccountContact",
    "AccountEkyc",
    "Application",
    "ApplicationParty",
    "Balance",
    "BalanceImport",
    "Base",
    "CertificatePosting",
    "ContactNote",
    "Correction",
    "CorrectionItem",
    "DanshinApplication",
    "DocumentSet",
    "Envelope",
    "EnvelopeSigner",
    "HistoryHead",
    "HistoryRoot",
    "HistoryStart",
    "HistoryStep",
    "IncomeEvidence",
    "MaintenanceAnnouncement",
    "Message",
    "OfficeTask",
    "Organisation",
    "PostedPaper",
    "ProviderCallback",
    "Provision",
    "Rate",
    "RateImport",
    "Review",
    "Suspension",
    "Thread",
    "ThreadOrganisation",
    "ThreadPerson",
    "ThreadReader",
    "Track",
    "Version",
    "application_numbers",
    "metadata",
]
