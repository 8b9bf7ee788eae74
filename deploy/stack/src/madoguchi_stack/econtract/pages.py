"""The pages that people see at the simulated provider."""

from collections.abc import Iterable
from html import escape

from madoguchi_stack.econtract.state import Envelope, Signer, Status

STATUSES = {Status.OPEN: "手続中", Status.COMPLETED: "締結済み", Status.VOID: "無効"}


def signing_page(envelope: Envelope, signer: Signer) -> str:
    """Where one person reads the paper and signs."""
    if signer.signed_at is not None:
        todo = "<p>お手続きは完了しました。この画面を閉じてください。</p>"
    elif envelope.status is not Status.OPEN:
        todo = "<p>お手続きいただけません。</p>"
    else:
        todo = (
            f'<form method="post" action="/sign/{signer.id}"><label>アカウント <input name="account"></label>'
            '<label>パスワード <input name="password" type="password"></label><button>契約を締結する</button></form>'
        )
    return _page(
        f"<p>{escape(envelope.title)}: <strong>{STATUSES[envelope.status]}</strong></p><p>{escape(signer.name)} 様</p>"
        f'<p><a href="/sign/{signer.id}/document">契約書の内容を確認する(PDF)</a></p>{todo}'
    )


def list_page(envelopes: Iterable[Envelope]) -> str:
    """Every envelope, for the developer."""
    rows = "".join(
        f"<li>{escape(one.title)}: {STATUSES[one.status]} "
        + " ".join(f'<a href="/sign/{signer.id}">{escape(signer.name)}</a>' for signer in one.signers)
        + "</li>"
        for one in envelopes
    )
    return _page(f"<ul>{rows}</ul>" if rows else "<p>契約はまだありません。</p>")


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>電子契約 模擬事業者</title>'
        "<style>body{font-family:sans-serif;line-height:1.7;max-width:36rem;margin:2rem auto;padding:0 1rem}"
        "button,input{font-size:1rem;padding:.6rem 1rem;margin:.3rem 0;width:100%}</style></head>"
        f"<body><h1>電子契約サービス(模擬)</h1><p>開発用の画面です。契約の効力はありません。</p>{content}</body></html>"
    )
