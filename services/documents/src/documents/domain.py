"""Who may do what with documents, what states there are, and when the bytes of a file contradict its name.

The arithmetic of a set and what file names say is in `rules`. Nothing here needs a database, a store or a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from kit.errors import Finding
from madoguchi_contracts import Role

from documents.rules import display_name, extension, is_placeholder

# Life of a document


class DocumentStatus(StrEnum):
    """Where a document is in its life."""

    PENDING = "pending"  # the applicant may upload it, or has done so and it is not checked yet
    STORED = "stored"  # in the set
    REFUSED = "refused"  # a check failed
    EXPIRED = "expired"  # nobody completed it in time
    REPLACED = "replaced"  # another document took its slot
    REMOVED = "removed"  # taken out by the applicant, dropped with a draft, or not part of what was submitted
    PURGED = "purged"  # was replaced or removed; its file is deleted for good


TRANSITIONS: Mapping[DocumentStatus, frozenset[DocumentStatus]] = {
    DocumentStatus.PENDING: frozenset(
        {DocumentStatus.STORED, DocumentStatus.REFUSED, DocumentStatus.EXPIRED, DocumentStatus.REMOVED}
    ),
    DocumentStatus.STORED: frozenset({DocumentStatus.REPLACED, DocumentStatus.REMOVED}),
    # Back to stored: the submission named it, and the change that took it out came too late (DO-08).
    DocumentStatus.REPLACED: frozenset({DocumentStatus.STORED, DocumentStatus.PURGED}),
    DocumentStatus.REMOVED: frozenset({DocumentStatus.STORED, DocumentStatus.PURGED}),
    DocumentStatus.REFUSED: frozenset(),
    DocumentStatus.EXPIRED: frozenset(),
    DocumentStatus.PURGED: frozenset(),
}


class SetState(StrEnum):
    """Where the set of an application's documents is."""

    DRAFT = "draft"  # never submitted
    FROZEN = "frozen"  # part of a submission that is not rejected
    RETURNED = "returned"  # rejected: the files stay and can be replaced (DO-08, I-49)
    REOPENED = "reopened"  # approved, and somebody prepares a change: what was approved stays in force (AS-83)
    ENDED = "ended"  # the application came to an end that nothing follows
    GIVEN_UP = "given_up"  # the same, before anything was handed in


@dataclass(frozen=True)
class Slot:
    """A slot of an application: the programme's own, or one that the office asked for (`due_on`, ISO 8601).

    `per_person`: the owner, and each person who takes part, has a file of their own in it; with a `subject` (an
    account), that person alone. `replaces`: the programme's own slot whose paper is asked for anew here.
    `seen_by` and `filled_by` are the kinds of parties that are let in besides those who see or change everything.
    `withdrawn`: the office does not ask for it any more. `awaited_of`: whose paper (accounts) may still come after the
    submission, since it could not be had before. `read_as`: as what a program reads its files.
    """

    key: str
    label: str
    required: bool
    due_on: str | None = None
    per_person: bool = False
    seen_by: Collection[str] = ()
    filled_by: Collection[str] = ()
    subject: str | None = None
    withdrawn: bool = False
    replaces: str | None = None
    read_as: str | None = None
    awaited_of: Collection[str] = ()


Place = tuple[str, UUID | None]
"""Where a file is: the slot's key and whose paper it is (None in a slot that is not per person). It holds one file."""


# Who may do what


class Action(StrEnum):
    """What somebody wants to do with the documents of an application."""

    UPLOAD = "upload"
    HAND_IN = "hand_in"  # upload into an empty slot that stays open while the rest is frozen
    COMPLETE = "complete"  # of an upload once begun: allowed in every state, because its outcome may be a refusal
    DELETE = "delete"
    LIST = "list"
    DOWNLOAD = "download"
    ASK = "ask"  # the office: for one more document
    RECORD = "record"  # the office: a paper that came by post
    LIST_PAPERS = "list_papers"


class Relation(StrEnum):
    """How somebody stands to the application at the moment."""

    OWNER = "owner"
    EDITOR = "editor"  # may change it now: by a grant before any approval, or because it was reopened for them
    VIEWER = "viewer"  # takes part; what that means says the role: `sees`, `fills`
    OTHER = "other"


def relation_of(
    identities: Collection[UUID],
    *,
    owner: UUID,
    grants: Mapping[UUID, Collection[str]],
    editors: Collection[UUID] | None,
    approved: bool,
) -> Relation:
    """How somebody who is all of `identities` (an account, and the organisation it acts for) stands to an application.

    While a content is reopened only its `editors` may change it, be it not the owner (AS-57, AS-83). Once something is
    `approved`, the grant `edit` lets nobody change anything by itself: the owner's own change, also under review or
    rejected, is the owner's alone. Before that, whoever has it works on the application with the owner. It includes
    seeing: nobody changes a set that they cannot look at.
    """
    granted = {grant for identity in identities for grant in grants.get(identity, ())}
    if editors is not None and any(identity in editors for identity in identities):
        return Relation.EDITOR
    if owner in identities:
        return Relation.OWNER
    if not approved and "edit" in granted:
        return Relation.EDITOR
    return Relation.VIEWER if granted & {"view", "edit"} else Relation.OTHER


class Decision(StrEnum):
    """What becomes of a wish."""

    ALLOWED = "allowed"
    HIDDEN = "hidden"  # the actor may not even know that it exists
    FORBIDDEN = "forbidden"
    FROZEN = "frozen"  # the actor may do it, only not now


_CHANGE = frozenset({Action.UPLOAD, Action.HAND_IN, Action.COMPLETE, Action.DELETE, Action.LIST, Action.DOWNLOAD})
_WHILE_FROZEN = frozenset({Action.HAND_IN, Action.COMPLETE, Action.LIST, Action.DOWNLOAD})
_LOOK = frozenset({Action.LIST, Action.DOWNLOAD})
_LOOK_AND_COMPLETE = _LOOK | {Action.COMPLETE}
_STAFF = _LOOK | {Action.ASK, Action.RECORD, Action.LIST_PAPERS}

STAFF = frozenset({Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER})
PERSONS = frozenset({Role.APPLICANT, Role.JOINT_DEBTOR})  # who takes part in one application may own another
_OWNERS = PERSONS | {Role.ASSOCIATION}
_BODIES = frozenset({Role.INSPECTION_BODY, Role.BANK})
_PARTIES = frozenset(Role) - STAFF - {Role.OPERATOR}
_SUBMITTED = (SetState.FROZEN, SetState.RETURNED, SetState.REOPENED)

_CHANGE_IN_STATE = {
    SetState.DRAFT: _CHANGE,
    SetState.FROZEN: _WHILE_FROZEN,
    SetState.RETURNED: _CHANGE,
    SetState.REOPENED: _LOOK_AND_COMPLETE,
    SetState.ENDED: _LOOK_AND_COMPLETE,
    SetState.GIVEN_UP: _LOOK_AND_COMPLETE,
}

# Who is not here may do nothing. Staff see what was submitted, never a draft (DO-08). Others besides the owner may do
# what the application grants them, and operators run the system without looking into it. An owner for whom the content
# is not reopened waits: somebody else prepares the change. A person who takes part brings their own papers, when the
# owner may bring theirs; an inspection body or a bank what the programme expects of it, once there was a submission.
# What has ended is looked at and no more. Which files each of them reaches is said by `sees` and `fills`.
ALLOWED: Mapping[tuple[Role, Relation, SetState], frozenset[Action]] = {
    **{(role, Relation.OWNER, state): _CHANGE_IN_STATE[state] for role in _OWNERS for state in SetState},
    **{
        (role, Relation.EDITOR, state): _CHANGE if state is SetState.REOPENED else _CHANGE_IN_STATE[state]
        for role in _PARTIES
        for state in SetState
    },
    **{(Role.COMPANY, Relation.VIEWER, state): _LOOK for state in (*_SUBMITTED, SetState.ENDED)},
    **{(role, Relation.VIEWER, state): _CHANGE_IN_STATE[state] for role in PERSONS for state in SetState},
    **{
        (role, Relation.VIEWER, state): _LOOK_AND_COMPLETE
        | {Action.HAND_IN if state is SetState.FROZEN else Action.UPLOAD}
        for role in _BODIES
        for state in _SUBMITTED
    },
    **{(role, Relation.VIEWER, SetState.ENDED): _LOOK_AND_COMPLETE for role in _BODIES},
    **{(role, Relation.OTHER, state): _STAFF for role in STAFF for state in _SUBMITTED},
    **{(role, Relation.OTHER, SetState.ENDED): _LOOK | {Action.LIST_PAPERS} for role in STAFF},
}


def decide(role: Role, relation: Relation, state: SetState, action: Action) -> Decision:
    """Whether the action is allowed, and how to say no if it is not."""
    allowed = ALLOWED.get((role, relation, state), frozenset())
    if action in allowed:
        return Decision.ALLOWED
    if not allowed:
        return Decision.HIDDEN
    if any(action in ALLOWED.get((role, relation, other), frozenset()) for other in SetState):
        return Decision.FROZEN
    return Decision.FORBIDDEN


# Which files


@dataclass(frozen=True)
class Standing:
    """How somebody stands to an application, with all that decides which of its files they reach.

    `kinds`: as what they take part, themselves or by their organisation.
    """

    account_id: UUID
    role: Role
    relation: Relation
    kinds: frozenset[str] = frozenset()


def fills(who: Standing, slot: Slot, subject: UUID | None) -> bool:
    """Whether files in this place are theirs to bring, see as they are, and take away, if the state lets them.

    Owner and editors have all places, a person who takes part those of their own papers, others the slots that the
    programme expects them to fill.
    """
    if who.relation in (Relation.OWNER, Relation.EDITOR):
        return True
    own = who.role in PERSONS and slot.per_person and subject == who.account_id
    return who.relation is Relation.VIEWER and (own or not who.kinds.isdisjoint(slot.filled_by))


def sees(who: Standing, slot: Slot, subject: UUID | None) -> bool:
    """Whether they may see the file in this place, if the state lets them look at all.

    The office sees all, and so does a company that looks after the application (AS-56). A person who takes part sees
    nothing of others' papers, an inspection body or a bank nothing but what the programme shows to it.
    """
    if who.role in STAFF or (who.role is Role.COMPANY and who.relation is Relation.VIEWER):
        return True
    shown = who.relation is Relation.VIEWER and not who.kinds.isdisjoint(slot.seen_by)
    return shown or fills(who, slot, subject)


# Why an upload is refused


class Refusal(StrEnum):
    """Why a file was not taken; the code in the answer and in the event."""

    TOTAL_OVER_LIMIT = "TOTAL_OVER_LIMIT"
    SIZE_MISMATCH = "SIZE_MISMATCH"
    HASH_MISMATCH = "HASH_MISMATCH"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    MALWARE_FOUND = "MALWARE_FOUND"
    SET_FROZEN = "SET_FROZEN"


# interpretation: the catalogue has no rule of its own for a file that arrives damaged or infected. What is attached is
# the file that was chosen (DO-03), and which files are taken is DO-06.
REFUSAL_RULES: Mapping[Refusal, str] = {
    Refusal.TOTAL_OVER_LIMIT: "DO-05",
    Refusal.SIZE_MISMATCH: "DO-03",
    Refusal.HASH_MISMATCH: "DO-03",
    Refusal.TYPE_MISMATCH: "DO-06",
    Refusal.MALWARE_FOUND: "DO-06",
    Refusal.SET_FROZEN: "DO-08",
}

_AGAIN = "ファイルが正しく届きませんでした。もう一度アップロードしてください。"
_REFUSAL_MESSAGES: Mapping[Refusal, str] = {
    Refusal.TOTAL_OVER_LIMIT: (
        "添付ファイルの合計が上限({limit})を超えるため、添付できません。"
        "ファイルを小さくするか、不要な添付ファイルを削除してください。"
    ),
    Refusal.SIZE_MISMATCH: _AGAIN,
    Refusal.HASH_MISMATCH: _AGAIN,
    Refusal.TYPE_MISMATCH: (
        "ファイルの内容が、ファイル名の拡張子(種類)と一致しません。正しい形式で保存し直してから添付してください。"
    ),
    Refusal.MALWARE_FOUND: (
        "ファイルからウイルス等の不正なプログラムが検出されたため、添付できません。"
        "ウイルス対策ソフトで確認のうえ、安全なファイルを添付してください。"
    ),
    Refusal.SET_FROZEN: "お申込みの状態が変わったため、書類を追加・変更できません。",
}


def refusal_finding(refusal: Refusal, *, slot: str, limit_bytes: int) -> Finding:
    """What the applicant is told: the rule, the code, what to do, and the slot it is about."""
    limit = f"{limit_bytes / 1_048_576:g}MB"  # I-46: MB = 1,048,576 bytes
    message = _REFUSAL_MESSAGES[refusal].format(limit=limit)
    return Finding(REFUSAL_RULES[refusal], refusal.value, message, slot)


# What the bytes say

HEAD_BYTES = 1024  # how much of a file's beginning `contradicts_its_type` wants to see

_TEXT = "text"  # has no mark of its own, but does not begin like any of the others
_KIND_OF_EXTENSION = {
    "pdf": "pdf",
    "gif": "gif",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "png": "png",
    "zip": "zip",
    "csv": _TEXT,
}
_KIND_OF_CONTENT_TYPE = {
    "application/pdf": "pdf",
    "image/gif": "gif",
    "image/jpeg": "jpeg",
    "image/png": "png",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "text/csv": _TEXT,
}
_MARKS = (
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
)


def kind_of_bytes(head: bytes) -> str | None:
    """What a file is by its first `HEAD_BYTES` bytes: pdf, gif, jpeg, png, zip, or None when they do not say."""
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    # PDF readers accept some bytes before the mark, and scanners do write them.
    return "pdf" if b"%PDF-" in head[:HEAD_BYTES] else None


def contradicts_its_type(file_name: str, content_type: str, head: bytes) -> bool:
    """Whether the bytes are not what the name or the content type claims (DO-06).

    No extension is refused as such, and where neither claims a type that we know there is nothing to contradict. The
    stand-in for papers by post may be any file, whatever its name ends with (DO-13).
    """
    if is_placeholder(file_name):
        return False
    claims = {_KIND_OF_EXTENSION.get(extension(file_name)), _KIND_OF_CONTENT_TYPE.get(content_type)} - {None}
    found = kind_of_bytes(head)
    return any(found is not None if claim == _TEXT else found != claim for claim in claims)


# Names in the store


def quarantine_key(application_id: UUID, document_id: UUID) -> str:
    """Where the applicant's browser puts the file. Nothing there is trusted."""
    return f"quarantine/{application_id}/{document_id}"


def file_key(application_id: UUID, document_id: UUID, attempt: UUID) -> str:
    """Where a checked file lies. Each attempt to complete has its own, so that none can overwrite a checked one."""
    return f"files/{application_id}/{document_id}/{attempt}"


def served_content_type(content_type: str) -> str:
    """The type a browser is told on download: only those that cannot run anything, else plain bytes."""
    return content_type if content_type in _KIND_OF_CONTENT_TYPE else "application/octet-stream"


def content_disposition(file_name: str) -> str:
    """Save under the applicant's own name in NFC (RFC 6266); old programs get a name in ASCII."""
    name = display_name(file_name).replace("/", "_").replace("\\", "_")
    end = extension(name)
    fallback = f"document.{end}" if end.isascii() and end.isalnum() else "document"
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"
