"""Every mail with sample data, as files: what applicants will read, to be looked at before it is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notifications.domain import Template
from notifications.rendering import render

SAMPLE: dict[str, Any] = {
    "name": "青葉 花子",
    "user_id": "MS12345678",
    "url": "https://madoguchi.example.jp/password?token=0000-sample-0000",
    "expires_at": datetime(2026, 4, 2, 1, 0, tzinfo=UTC),
    "reference": "B-2026-000123",
    "reason": "管理組合名の表記が、添付された管理規約と異なっています。\n管理規約のとおりに入力してください。",
}


def previews() -> dict[str, str]:
    """File names and contents: a text and an HTML file for each mail."""
    files = {}
    for template in Template:
        body = render(template, SAMPLE)
        files[f"{template.value}.txt"] = f"件名：{body.subject}\n\n{body.text}"
        files[f"{template.value}.html"] = body.html
    return files


def write_previews(folder: Path) -> list[Path]:
    """Write them into `folder`; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in previews().items():
        path = folder / name
        path.write_text(content, encoding="utf-8")
        paths.append(path)
    return paths
