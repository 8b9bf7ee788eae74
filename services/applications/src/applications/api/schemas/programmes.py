"""Bodies about the programmes on offer."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from kit.http import FindingBody
from madoguchi_contracts import DocumentPolicy
from pydantic import BaseModel, Field

from applications.api.schemas.common import Body, finding_body
from applications.programme import Programme
from applications.queries.papers import Trial


@cache
def _schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a form: the same for everybody, and slow to make."""
    return form.model_json_schema()


class ProgrammeBody(Body):
    """A programme on offer. `form` is the JSON Schema of the draft's content, `consents` the ticks of the confirmation
    screen with their words.
    """

    name: str
    title: str
    form: dict[str, Any]
    documents: DocumentPolicy
    consents: dict[str, str]

    @classmethod
    def of(cls, programme: Programme) -> ProgrammeBody:
        """The programme as applicants see it."""
        form = _schema_of(programme.form)
        return cls(
            name=programme.name,
            title=programme.title_ja,
            form=form,
            documents=programme.documents,
            consents=dict(programme.consents),
        )


class ProgrammeList(Body):
    """All programmes."""

    items: list[ProgrammeBody]


class NeededPaperBody(Body):
    """A paper that an application needs, and why."""

    key: str = Field(examples=["applicant.income_proof.1"])
    code: str = Field(examples=["INCOME_PROOF"])
    title: str
    label: str = Field(description="what is asked for, with all accepted ways")
    who: str = Field(examples=["applicant"], description="the key of the person, or application")
    subject: UUID | None = Field(description="the account whose paper it is")
    why: str
    rules: list[str] = Field(examples=[["GL-376"]])
    due: str = Field(examples=["application"])
    hand_to: str = Field(examples=["upload"])
    original_shown: bool = Field(description="the original is to be shown later")
    age_limit: str
    slots: list[list[str]] = Field(description="each way to fulfil it: the slots of all its files together")
    state: str | None = Field(
        description="how far it is, once it was handed in: missing, uploaded, rejected, checked, …"
    )


class PaperList(Body):
    """Papers in the order of the programme's guide."""

    items: list[NeededPaperBody]


class TrialBody(Body):
    """What a draft comes to."""

    findings: list[FindingBody] = Field(description="what would block it")
    warnings: list[FindingBody] = Field(description="what is only to be said")
    content: dict[str, Any] = Field(description="the draft as it would be kept, with what follows from it")
    papers: list[NeededPaperBody]

    @classmethod
    def of(cls, trial: Trial) -> TrialBody:
        """The trial."""
        return cls(
            findings=[finding_body(one) for one in trial.findings],
            warnings=[finding_body(one) for one in trial.warnings],
            content=dict(trial.content),
            papers=[NeededPaperBody.model_validate(one) for one in trial.papers],
        )


class HelpBody(Body):
    """What a screen says beside a field."""

    field: str = Field(examples=["name_kanji"], description="path in the form, or documents, or a step of the screen")
    rule: str = Field(examples=["AS-13"])
    text: str


class HelpList(Body):
    """The texts in the order of the screen."""

    items: list[HelpBody]
