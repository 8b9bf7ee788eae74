"""The pages of the simulated danshin Web service."""

from collections.abc import Iterable
from html import escape

from madoguchi_stack.danshin.state import Application, Product, Status

PRODUCTS = {Product.SHIN: "新機構団信", Product.SANDAI: "新3大疾病付機構団信"}
STATUSES = {
    Status.OPEN: "お申込み前",
    Status.APPLIED: "審査中",
    Status.CERTIFICATE_WANTED: "診断書等のご提出待ち",
    Status.JOINED: "加入承諾",
    Status.REFUSED: "加入いただけません",
    Status.WITHDRAWN: "取りやめ",
}
DECISIONS = {
    Status.CERTIFICATE_WANTED: "診断書を求める",
    Status.JOINED: "承諾する",
    Status.REFUSED: "謝絶する",
}


def login_page() -> str:
    """Where the mail leads."""
    return _page(
        '<form method="post" action="/login"><label>ユーザーID <input name="user_id" required></label>'
        "<button>ログイン</button></form>"
    )


def person_page(one: Application) -> str:
    """What the person can do now."""
    place = f"/people/{one.user_id}"
    parts = [f"<p>{PRODUCTS[one.product]}: <strong>{STATUSES[one.status]}</strong></p>"]
    if one.status is Status.OPEN:
        parts.append(
            f'<form method="post" action="{place}/declaration">'
            f"{_tick('statement_read', '重要事項説明(契約概要、注意喚起情報、正しく告知いただくために)を読みました')}"
            f"{_tick('ever_cancer', 'これまでに、がんと診断されたことがあります')}"
            f"{_tick('under_treatment', '最近3か月以内に、医師の治療・投薬を受けました')}"
            "<button>申込書兼告知書を提出</button></form>"
        )
    if one.status is Status.CERTIFICATE_WANTED:
        parts.append(_button(f"{place}/certificate", "診断書・健康診断結果証明書をアップロード"))
    if one.status is Status.REFUSED and one.product is Product.SANDAI:
        parts.append(_button(f"{place}/shin", "新機構団信に切り替えて加入"))
    if one.status is not Status.WITHDRAWN:
        parts.append(_button(f"{place}/withdrawal", "加入をとりやめる"))
    return _page("".join(parts))


def list_page(applications: Iterable[Application]) -> str:
    """Every application, newest first, with the insurer's buttons."""
    rows = []
    for one in sorted(applications, key=lambda one: one.updated_at, reverse=True):
        buttons = ""
        if one.status in (Status.APPLIED, Status.CERTIFICATE_WANTED):
            buttons = "".join(_button(f"/insurer/{one.user_id}/{to}", DECISIONS[to]) for to in DECISIONS)
        named = f'<a href="/people/{one.user_id}">{one.user_id}</a> {escape(one.wish.name)}'
        rows.append(f"<li>{named}: {PRODUCTS[one.product]}、{STATUSES[one.status]}{buttons}</li>")
    return _page(f"<h2>幹事生命保険会社</h2><ul>{''.join(rows)}</ul>" if rows else "<p>お申込みはまだありません。</p>")


def _tick(name: str, label: str) -> str:
    return f'<p><label><input type="checkbox" name="{name}" value="true"> {label}</label></p>'


def _button(action: str, label: str) -> str:
    return f'<form method="post" action="{action}"><button>{label}</button></form>'


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>団信Web申込サービス(模擬)</title>'
        "<style>body{font-family:sans-serif;line-height:1.7;max-width:40rem;margin:2rem auto;padding:0 1rem}"
        "button{font-size:1rem;padding:.5rem 1rem;margin:.3rem 0}</style></head><body>"
        f"<h1>団信Web申込サービス(模擬)</h1><p>開発用の画面です。実際の保険の申込みは行いません。</p>{content}</body></html>"
    )
