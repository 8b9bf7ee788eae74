"""Bodies about the programmes on offer."""

from __future__ import annotations

from functools import cache
from typing import Any

from madoguchi_contracts import DocumentPolicy
from pydantic import BaseModel, Field

from applications.api.schemas.common import Body
from applications.programme import Programme


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


class HelpBody(Body):
    """What a screen says beside a field."""

    field: str = Field(examples=["name_kanji"], description="path in the form, or documents, or a step of the screen")
    rule: str = Field(examples=["AS-13"])
    text: str


class HelpList(Body):
    """The texts in the order of the screen."""

    items: list[HelpBody]
