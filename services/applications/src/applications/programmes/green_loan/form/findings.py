"""Small helpers of the form: what is missing, and where."""

from __future__ import annotations

from collections.abc import Iterable

from kit.errors import Finding

from applications.forms import Form
from applications.programmes.green_loan.form.sections import Kin
from applications.programmes.green_loan.people.kinship import Path


def missing(section: Form | None, model: type[Form], prefix: str, names: Iterable[str]) -> list[Finding]:
    """One finding for each of these fields of a section that is not given, with the field's own rule."""
    found = []
    for name in names:
        if section is None or getattr(section, name) in (None, ()):
            info = model.model_fields[name]
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            found.append(Finding(str(extra["x-rule"]), "REQUIRED", f"{info.title}を入力してください。", prefix + name))
    return found


def path_of(kin: Kin | None) -> Path | None:
    """GL-138: the way to a relative; a step that was not entered is none. None if nothing was entered."""
    if kin is None:
        return None
    return Path(
        start_spouse=bool(kin.start_spouse), up=kin.up or 0, down=kin.down or 0, end_spouse=bool(kin.end_spouse)
    )
