"""Every mail with sample data, as files: what applicants will read, to be looked at before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from notifications.domain import Template
from notifications.programmes import ACCOUNTS, own_templates, programmes
from notifications.rendering import render

GENERAL = "a_programme_without_wording_of_its_own"
OF_PROGRAMMES = (
    Template.SERVICE_STARTED,
    Template.CORRECTION_REQUESTED,
    Template.DOCUMENT_REQUESTED,
    Template.CONTRACT_OFFERED,
    Template.INSURANCE_OFFERED,
    Template.APPLICATION_CLOSED,
    Template.OFFICE_NEW_CASE,
    Template.MESSAGE_POSTED,
    Template.OFFICE_NEW_MESSAGE,
    Template.CORRECTION_ASKED,
    Template.NOTICE,
)
_PORTAL = "https://madoguchi.example.jp"
_ASKED_AT = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
SAMPLE: dict[str, Any] = {
    "name": "青葉 花子",
    "user_id": "MS12345678",
    "expires_at": None,
    "reference": "B-2026-000123",
    "label": "修繕積立金の決算書",
    "due_on": (_ASKED_AT + timedelta(days=14)).date(),
    "lapses_at": _ASKED_AT + timedelta(days=90),
    "subject": "【住宅金融支援機構】年末年始の営業について",
    "paragraphs": [
        "いつもWeb申込サービスをご利用いただき、ありがとうございます。",
        "12月29日から1月3日まで、お電話でのお問い合わせの受付をお休みします。\nWeb申込サービスは、休まずご利用いただけます。",
    ],
    "reason": "管理組合名の表記が、添付された管理規約と異なっています。\n管理規約のとおりに入力してください。",
}
LINKS: dict[Template, dict[str, Any]] = {
    Template.REGISTRATION_LINK: {
        "url": f"{_PORTAL}/registration#token=sample",
        "expires_at": _ASKED_AT + timedelta(minutes=30),
    },
    Template.PASSWORD_LINK: {"url": f"{_PORTAL}/password#token=sample", "expires_at": _ASKED_AT + timedelta(hours=24)},
    Template.PASSWORD_RESET_LINK: {
        "url": f"{_PORTAL}/password#token=sample",
        "expires_at": _ASKED_AT + timedelta(hours=24),
    },
    Template.EKYC_LINK: {"url": f"{_PORTAL}/ekyc#token=sample", "expires_at": _ASKED_AT + timedelta(minutes=30)},
    Template.INVITATION: {"url": f"{_PORTAL}/invitation#token=sample", "expires_at": _ASKED_AT + timedelta(days=7)},
    Template.SUCCESSION: {"url": f"{_PORTAL}/succession#token=sample", "expires_at": _ASKED_AT + timedelta(hours=24)},
    Template.SUCCESSION_NOTICE: {"url": f"{_PORTAL}/succession/object#token=sample"},
    Template.CORRECTION_REQUESTED: {"url": f"{_PORTAL}/applications/00000000-0000-0000-0000-000000000000"},
    Template.DOCUMENT_REQUESTED: {"url": f"{_PORTAL}/applications/00000000-0000-0000-0000-000000000000"},
    Template.CONTRACT_OFFERED: {
        "url": f"{_PORTAL}/applications/00000000-0000-0000-0000-000000000000/contract",
        "video_url": "https://video.example.jp/contract",
    },
    Template.INSURANCE_OFFERED: {"url": "https://danshin.example.jp/login", "user_id": "D-12345678"},
}


def previews() -> dict[str, str]:
    """File names and contents: a text and an HTML file for each mail.

    Mails of accounts and those of a programme without wording of its own speak in general words; what a programme says
    in its own is in a folder of its name.
    """
    files = {}
    for folder, template, programme in _all():
        body = render(template, {**SAMPLE, **LINKS.get(template, {})}, programme)
        files[f"{folder}{template.value}.txt"] = f"件名：{body.subject}\n\n{body.text}"
        files[f"{folder}{template.value}.html"] = body.html
    return files


def _all() -> Iterator[tuple[str, Template, str]]:
    for template in Template:
        yield "", template, GENERAL if template in OF_PROGRAMMES else ACCOUNTS
    for programme in programmes():
        for template in own_templates(programme):
            yield f"{programme}/", template, programme


def write_previews(folder: Path) -> list[Path]:
    """Write them into `folder`; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in previews().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        paths.append(path)
    return paths
