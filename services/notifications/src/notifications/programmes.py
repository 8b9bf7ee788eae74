"""How mails speak of each programme: one folder in `templates/` for each, and general wording for whatever has none.

`templates/<programme>/programme.json` names the service as the foot of a mail does and the subjects that differ, and
says whether the office writes of an approval itself; a template in the folder takes the place of the general one. A new
programme adds a folder, and no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from notifications.domain import SUBJECTS, Template

# Mails of accounts (NO-02 to NO-08, and those that are not in the manual) speak of no programme: an applicant of a loan
# gets them too, and one person may take part in several. There is no folder of this name: the wording is the general.
ACCOUNTS = "accounts"
FIRST = "bond"  # the programme of events from before they named theirs
_GENERAL_SERVICE = "Web申込サービス"


class _Data(BaseModel):
    """The file of a programme."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str = Field(min_length=1)
    subjects: dict[Template, str]
    approval_by_message: bool = False


@dataclass(frozen=True)
class Wording:
    """What a programme's mails are written with: `folders` in the order in which a template is looked for."""

    service: str
    subjects: dict[Template, str]
    folders: tuple[str, ...]
    approval_by_message: bool = False


@cache
def wording_of(programme: str) -> Wording:
    """The wording of a programme; the general one if it has none of its own."""
    file = files("notifications") / "templates" / programme / "programme.json"
    if not file.is_file():
        return Wording(_GENERAL_SERVICE, SUBJECTS, ("",))
    data = _Data.model_validate_json(file.read_text("utf-8"))
    return Wording(data.service, SUBJECTS | data.subjects, (f"{programme}/", ""), data.approval_by_message)


def programmes() -> list[str]:
    """The programmes that have wording of their own."""
    folders = (files("notifications") / "templates").iterdir()
    return sorted(folder.name for folder in folders if (folder / "programme.json").is_file())


def own_templates(programme: str) -> list[Template]:
    """The mails whose text or subject is the programme's own."""
    folder = files("notifications") / "templates" / programme
    subjects = wording_of(programme).subjects
    return [
        template
        for template in Template
        if (folder / f"{template.value}.jinja").is_file() or subjects[template] != SUBJECTS[template]
    ]
