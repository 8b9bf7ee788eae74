"""The two pages a person sees at the simulated provider."""

from collections.abc import Iterable

from madoguchi_stack.ekyc.state import NEXT, Method, Status, Verification

METHODS = {Method.PHOTO: "本人確認書類と顔の撮影", Method.MY_NUMBER_CARD: "マイナンバーカードの読み取り"}
STATUSES = {
    Status.PENDING: "手続前",
    Status.RUNNING: "確認中",
    Status.PASSED: "確認できました",
    Status.FAILED: "確認できませんでした",
}
BUTTONS = {
    Status.RUNNING: "撮影(読み取り)を終え、確認中にする",
    Status.PASSED: "本人と確認できたことにする",
    Status.FAILED: "本人と確認できなかったことにする",
}


def verification_page(verification: Verification) -> str:
    """Where a person picks the result, or reads the one that was picked."""
    buttons = "".join(
        f'<form method="post" action="/verify/{verification.id}/{status}"><button>{BUTTONS[status]}</button></form>'
        for status in NEXT[verification.status]
    )
    final = "" if buttons else "<p>手続は終わりました。この画面を閉じてください。</p>"
    return _page(
        f"<p>確認方法: {METHODS[verification.method]}</p><p>状態: <strong>{STATUSES[verification.status]}</strong></p>"
        f"{buttons}{final}"
    )


def list_page(verifications: Iterable[Verification]) -> str:
    """Every verification, newest first."""
    newest_first = sorted(verifications, key=lambda one: one.updated_at, reverse=True)
    rows = "".join(
        f'<li><a href="/verify/{one.id}">{METHODS[one.method]}</a>: {STATUSES[one.status]}</li>' for one in newest_first
    )
    return _page(f"<ul>{rows}</ul>" if rows else "<p>手続はまだありません。</p>")


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>eKYC 模擬事業者</title>'
        "<style>body{font-family:sans-serif;line-height:1.7;max-width:36rem;margin:2rem auto;padding:0 1rem}"
        "button{font-size:1rem;padding:.6rem 1rem;margin:.3rem 0;width:100%}</style></head>"
        f"<body><h1>オンライン本人確認(模擬)</h1><p>開発用の画面です。実際の本人確認は行いません。</p>{content}</body></html>"
    )
