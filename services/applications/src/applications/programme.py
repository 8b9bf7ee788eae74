"""What a programme is to the generic machinery: data and functions, and no name that anybody asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from kit.errors import Finding
from madoguchi_contracts import DocumentPolicy, Party
from pydantic import BaseModel

from applications.privacy import ConsentText, Given
from applications.workflow import Case, Guard, Validation, Workflow

_NAME = re.compile("[a-z][a-z0-9_]{0,31}")
_PREFIX = re.compile("[A-Z]{1,4}")


@dataclass(frozen=True)
class Institution:
    """A financial institution. `kind` is such as bank, shinkin, credit_cooperative."""

    code: str
    name: str
    kana: str
    kind: str


@dataclass(frozen=True)
class Branch:
    """A branch of an institution."""

    code: str
    name: str
    kana: str


@dataclass(frozen=True)
class Organisation:
    """A company, inspection body or bank that is registered with the agency and not closed (`kind`)."""

    id: UUID
    kind: str
    name: str


@dataclass(frozen=True)
class Help:
    """What a screen says beside a field, and which rule wants it said. `field` is a path in the form, or a screen."""

    field: str
    rule: str
    text: str


@dataclass(frozen=True)
class NeededPaper:
    """A paper that this very application needs, and why.

    `who` is the key of the person, or "application"; `subject` the account, where it is known. `slots` has each way to
    fulfil it: the slots of all its files together; empty where it is not handed in here. `due` and `hand_to` are codes
    of the programme; `original_shown`: the original is to be shown later. `key` tells it from all others; `state` is
    how far it has come once it was handed in, as `Programme.examined` says of this key.
    """

    key: str
    code: str
    title: str
    label: str
    who: str
    subject: UUID | None
    why: str
    rules: tuple[str, ...]
    due: str
    hand_to: str
    original_shown: bool
    age_limit: str
    slots: tuple[tuple[str, ...], ...]
    state: str | None = None


@dataclass(frozen=True)
class Examined:
    """Something that the office examines, and how far that is. `kind`, `key` and `state` are codes of the programme.

    `document_id` is the file by which it was examined, `on` the day of the check, where these are kept; `findings` is
    what is wrong with what was read in a file.
    """

    kind: str
    key: str
    label: str
    state: str
    rule: str
    on: date | None = None
    document_id: UUID | None = None
    findings: Sequence[Finding] = ()


class Institutions(Protocol):
    """Where institutions and branches are looked up."""

    def institution(self, code: str) -> Institution | None:
        """The institution with this code of four digits."""
        ...

    def branch(self, institution_code: str, code: str) -> Branch | None:
        """Its branch with this code of three digits."""
        ...


@dataclass(frozen=True)
class Facts:
    """What a form is compared with. `registered_mail` None: not known here yet. `today` is the day in Japan.

    `organisations` are those that the draft names, as far as they exist. `dated` is what the office keeps for the
    programme with dates of validity, such as rates; None if it keeps nothing.
    """

    registered_mail: str | None
    now: datetime
    today: date
    institutions: Institutions
    organisations: Mapping[UUID, Organisation]
    dated: object = None


CONTACT_NOT_YET_KNOWN = "CONTACT_NOT_YET_KNOWN"
"""The code of a finding that goes away by itself, when the account's contact has arrived."""


@dataclass(frozen=True)
class Share:
    """What parties of a kind get to see of an application, where it is not all: that part of the content in force, and
    what is said with the steps of those tracks.
    """

    extract: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    tracks: frozenset[str]


@dataclass(frozen=True)
class ElectronicContract:
    """What is signed at the provider of electronic contracts, for the period that a step announced.

    The paper has `title`, `preamble` and the lines of `terms` (label, value). `signers` are the accounts of all who
    sign, with their names; it is signed until the end of `last_day` in Japan. A signature is a step of the system,
    `command` on the personal track `track`, and says `signed` of its moment. `may_sign` is asked about one of them,
    `against` about all: what would keep the contract from being concluded if everybody had signed;
    `watched` whether they have seen the explanation. `given` is what the provider is told of a person (`which` names
    it). `rule` is cited where signatures are not gone on with, `place_rule` where nobody can sign yet.
    """

    title: str
    preamble: str
    terms: Callable[[Case], Sequence[tuple[str, str]]]
    signers: Callable[[Case], Mapping[UUID, str]]
    last_day: Callable[[Case], date | None]
    track: str
    command: str
    signed: Callable[[datetime], BaseModel]
    may_sign: Guard
    against: Guard
    watched: Callable[[Case, UUID], bool]
    given: Callable[[Case, UUID, str], Given]
    rule: str
    place_rule: str


def nothing_consented(case: Case, person: UUID) -> ConsentText | None:
    """Of a programme in which nobody consents to a text."""
    del case, person
    return None


@dataclass(frozen=True)
class Programme:
    """One programme.

    - `validate` looks at a draft, whatever is in it, and finds everything at once; `organisations` are the ids that a
      draft names, whatever is in it.
    - `warnings` are for the applicant's confirmation screen and for the office, and block nothing; `notices` are for
      that screen alone. `consents` are the ticks that it asks for, with their words.
    - `one_per_account`: an account has at most one application. `review_business_days`: the time that the office gives
      itself for a decision.
    - `parties` are those who take part by a content that comes into force; `guests` says who may join by accepting an
      invitation, and what is granted to them.
    - `papers` are those that a content needs on a day, explained; `owner` None is somebody who only tries it out.
    - `shares` says of which parties, by kind, some is kept back. `consented` is what a person has consented to.
    - `examined` is what the office examines of an application, for officers only.
    - `contract` is what is signed electronically; None where nothing is.
    - `subject` says in a word what a content is about, for lists; `help` is what the screens say beside the fields.
    """

    name: str
    title_ja: str
    reference_prefix: str
    form: type[BaseModel]
    validate: Callable[[Mapping[str, Any], Facts], Validation]
    documents: DocumentPolicy
    workflow: Workflow
    warnings: Callable[[Case], list[Finding]]
    notices: Callable[[Case], list[Finding]]
    consents: Mapping[str, str]
    one_per_account: bool
    review_business_days: int
    organisations: Callable[[Mapping[str, Any]], Collection[UUID]]
    parties: Callable[[Mapping[str, Any]], Sequence[Party]]
    guests: Mapping[str, tuple[str, ...]]
    papers: Callable[[Mapping[str, Any], UUID | None, date], Sequence[NeededPaper]]
    examined: Callable[[Case], Sequence[Examined]]
    subject: Callable[[Mapping[str, Any]], str]
    help: Sequence[Help]
    shares: Mapping[str, Share] = field(default_factory=dict)
    consented: Callable[[Case, UUID], ConsentText | None] = nothing_consented
    contract: ElectronicContract | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a name or prefix that would not fit into events and references."""
        if not _NAME.fullmatch(self.name) or not _PREFIX.fullmatch(self.reference_prefix):
            raise ValueError(f"programme {self.name!r} needs a lower-case name and a prefix of capital letters")


def registered(*folders: str) -> Mapping[str, Programme]:
    """The programmes of these packages by name; each package has its descriptor as `PROGRAMME`.

    Raises ValueError when two share a name or a prefix: people could not tell their references apart.
    """
    programmes: list[Programme] = [import_module(folder).PROGRAMME for folder in folders]
    by_name = {programme.name: programme for programme in programmes}
    if len(by_name) < len(programmes) or len({one.reference_prefix for one in programmes}) < len(programmes):
        raise ValueError("two programmes share a name or a reference prefix")
    return by_name
