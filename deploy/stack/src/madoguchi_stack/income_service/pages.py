"""The page of the simulated income information retrieval service."""

from __future__ import annotations


def page(last_year: int) -> str:
    """The form; `last_year` is the year that is usually asked for."""
    fields = (
        ("name", "お名前(漢字)", 'type="text" required maxlength="100"'),
        ("birth", "生年月日", 'type="date" required'),
        ("year", "対象年(西暦)", f'type="number" required min="1900" max="9999" value="{last_year}"'),
        ("salary_yen", "支払給与の総額(円。ない場合は空欄)", 'type="number" min="0"'),
        ("pension_yen", "公的年金収入(円。ない場合は空欄)", 'type="number" min="0"'),
        ("total_income_yen", "所得金額(円)", 'type="number" required min="0"'),
    )
    inputs = "".join(f'<p><label>{label}<br><input name="{name}" {rest}></label></p>' for name, label, rest in fields)
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>収入情報取得サービス(模擬)</title>"
        "<style>body{font-family:sans-serif;line-height:1.7;max-width:40rem;margin:2rem auto;padding:0 1rem}"
        "button,input{font-size:1rem;padding:.5rem}</style></head><body><h1>収入情報取得サービス(模擬)</h1>"
        "<p>開発用の画面です。実際のサービスではマイナンバーカードで本人を確認し、市区町村の情報を取得します。"
        "ここでは、その内容を入力してください。何も保存されません。</p>"
        f'<form method="post" action="/evidence">{inputs}<button>収入証明書(PDF)をダウンロード</button></form>'
        "</body></html>"
    )
