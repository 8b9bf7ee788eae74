"""What the pages tell about papers, inspection, start and completion: the facts of each rule are in its text."""

from __future__ import annotations

import pytest
from applications.programmes.green_loan.guide import completion, documents

TEXTS = {one.rule: one for one in (*documents.GUIDE, *completion.GUIDE)}


WORDS = [
    pytest.param("GL-359", "documents", ("各1通", "画像ファイル", "アップロード"), marks=pytest.mark.rule("GL-359")),
    pytest.param(
        "GL-360",
        "documents",
        ("収入", "工事費", "他の借入金", "手持金", "預金通帳", "ご来店", "勤務先にお電話"),
        marks=pytest.mark.rule("GL-360"),
    ),
    pytest.param(
        "GL-361",
        "documents",
        ("原本", "後日", "取扱金融機関の窓口", "ご来店の前に機構から"),
        marks=pytest.mark.rule("GL-361"),
    ),
    pytest.param("GL-362", "documents", ("★", "原本の提示"), marks=pytest.mark.rule("GL-362")),
    pytest.param("GL-363", "documents", ("書式", "機構ホームページ"), marks=pytest.mark.rule("GL-363")),
    pytest.param(
        "GL-364",
        "documents",
        ("融資住宅", "工事費の支払い", "領収書", "返済が完了するまで"),
        marks=pytest.mark.rule("GL-364"),
    ),
    pytest.param("GL-365", "documents", ("よく確認", "ご自身で署名・押印"), marks=pytest.mark.rule("GL-365")),
    pytest.param("GL-371", "documents", ("表面だけ", "裏面は必要ありません", "削除"), marks=pytest.mark.rule("GL-371")),
    pytest.param(
        "GL-372",
        "documents",
        ("保険者番号", "記号・番号", "二次元コード", "黒く塗りつぶして"),
        marks=pytest.mark.rule("GL-372"),
    ),
    pytest.param("GL-373", "documents", ("収入情報取得サービス", "本人確認書類"), marks=pytest.mark.rule("GL-373")),
    pytest.param(
        "GL-374", "documents", ("法務局", "全部事項証明書", "登記情報サービス"), marks=pytest.mark.rule("GL-374")
    ),
    pytest.param(
        "GL-378",
        "documents",
        ("市区町村", "勤務先", "5月〜6月頃", "再発行されません"),
        marks=pytest.mark.rule("GL-378"),
    ),
    pytest.param("GL-379", "documents", ("税務署", "電子納税証明書"), marks=pytest.mark.rule("GL-379")),
    pytest.param(
        "GL-382",
        "documents",
        ("「公的年金収入」", "公的年金等の源泉徴収票", "確定申告書(写)"),
        marks=pytest.mark.rule("GL-382"),
    ),
    pytest.param("GL-383", "documents", ("複数の種類", "それぞれの年金"), marks=pytest.mark.rule("GL-383")),
    pytest.param("GL-384", "documents", ("「公的年金等収入」", "あわせて"), marks=pytest.mark.rule("GL-384")),
    pytest.param("GL-385", "documents", ("遺族年金", "障害者年金", "コールセンター"), marks=pytest.mark.rule("GL-385")),
    pytest.param(
        "GL-387",
        "documents",
        ("支払給与の総額", "所得金額", "納税額", "名称が異なる"),
        marks=pytest.mark.rule("GL-387"),
    ),
    pytest.param("GL-388", "documents", ("1月〜5月頃", "前年分の源泉徴収票"), marks=pytest.mark.rule("GL-388")),
    pytest.param("GL-389", "documents", ("給与収入のみ以外", "確定申告書"), marks=pytest.mark.rule("GL-389")),
    pytest.param(
        "GL-390", "documents", ("前年分の収入証明書", "資金のお受取はその後"), marks=pytest.mark.rule("GL-390")
    ),
    pytest.param("GL-392", "documents", ("農林漁業", "取扱いが異なる"), marks=pytest.mark.rule("GL-392")),
    pytest.param(
        "GL-396", "documents", ("融資承認後", "変更後", "写し", "○印", "取扱金融機関"), marks=pytest.mark.rule("GL-396")
    ),
    pytest.param(
        "GL-397", "documents", ("融資の契約まで", "原本を提示", "なるべくお早め"), marks=pytest.mark.rule("GL-397")
    ),
    pytest.param("GL-398", "documents", ("植樹・造園工事", "区分"), marks=pytest.mark.rule("GL-398")),
    pytest.param(
        "GL-399",
        "documents",
        ("住宅改良工事確認書", "住宅改良工事適合証明書とともに", "工事請負業者の確認"),
        marks=pytest.mark.rule("GL-399"),
    ),
    pytest.param(
        "GL-400",
        "documents",
        ("団信Web申込サービス", "2営業日以内", "ユーザーID", "ログインページ"),
        marks=pytest.mark.rule("GL-400"),
    ),
    pytest.param(
        "GL-401",
        "documents",
        ("新3大疾病付", "5,000万円を超える", "健康診断結果証明書", "機構ホームページ"),
        marks=pytest.mark.rule("GL-401"),
    ),
    pytest.param(
        "GL-412",
        "documents",
        ("前年1月以降", "事業を始めた", "年金の受給", "産休・育休", "海外勤務", "コールセンター"),
        marks=pytest.mark.rule("GL-412"),
    ),
    pytest.param(
        "GL-415", "documents", ("産休", "育休", "介護休業", "復職前", "同意"), marks=pytest.mark.rule("GL-415")
    ),
    pytest.param("GL-416", "documents", ("通勤手当", "課税されない", "2年分"), marks=pytest.mark.rule("GL-416")),
    pytest.param(
        "GL-417", "documents", ("支給日を基準", "事業所の責任者", "発行元に"), marks=pytest.mark.rule("GL-417")
    ),
    pytest.param(
        "GL-418",
        "documents",
        ("工事請負契約書", "工事発注書", "購入契約書", "見積書", "いずれか"),
        marks=pytest.mark.rule("GL-418"),
    ),
    pytest.param("GL-419", "documents", ("「一式」", "内訳", "内訳書を添付"), marks=pytest.mark.rule("GL-419")),
    pytest.param("GL-421", "documents", ("項目と金額", "○印", "まとめて囲んで"), marks=pytest.mark.rule("GL-421")),
    pytest.param(
        "GL-422",
        "documents",
        ("運搬費", "発生材処分費", "整理清掃費", "諸経費"),
        marks=pytest.mark.rule("GL-422"),
    ),
    pytest.param("GL-425", "step_2", ("マイナンバーカード", "PDF", "アップロード"), marks=pytest.mark.rule("GL-425")),
    pytest.param(
        "GL-426", "step_2", ("役所", "無料", "いつでも", "プリンター", "約10分"), marks=pytest.mark.rule("GL-426")
    ),
    pytest.param(
        "GL-427",
        "step_2",
        ("ステップ2", "関係者の登録", "機構ホームページ", "二次元コード"),
        marks=pytest.mark.rule("GL-427"),
    ),
    pytest.param(
        "GL-428",
        "step_2",
        ("第3土曜日", "第3日曜日", "システムメンテナンス", "通信料"),
        marks=pytest.mark.rule("GL-428"),
    ),
    pytest.param("GL-437", "works_start", ("着工前", "適合証明を申請", "ヒアリング"), marks=pytest.mark.rule("GL-437")),
    pytest.param("GL-438", "works_start", ("手数料", "ご負担", "により異なります"), marks=pytest.mark.rule("GL-438")),
    pytest.param("GL-439", "works_start", ("設計図書どおり", "進捗", "建築士"), marks=pytest.mark.rule("GL-439")),
    pytest.param(
        "GL-449",
        "works_start",
        (
            "子育てグリーン住宅支援事業",
            "子育てエコホーム支援事業",
            "住宅エコリフォーム推進事業",
            "住宅・建築物省エネ改修推進事業",
            "性能値",
        ),
        marks=pytest.mark.rule("GL-449"),
    ),
    pytest.param("GL-450", "works_start", ("設計図書の提出",), marks=pytest.mark.rule("GL-450")),
    pytest.param("GL-451", "works_start", ("工事計画の内容", "報告"), marks=pytest.mark.rule("GL-451")),
    pytest.param(
        "GL-452",
        "works_start",
        ("技術基準", "瑕疵", "性能を保証するものではありません"),
        marks=pytest.mark.rule("GL-452"),
    ),
    pytest.param("GL-453", "works_start", ("引受承諾書", "費用の概算", "必ず"), marks=pytest.mark.rule("GL-453")),
    pytest.param("GL-454", "works_start", ("「改良工事の内容」", "一致"), marks=pytest.mark.rule("GL-454")),
    pytest.param(
        "GL-455", "works_start", ("手数料", "機構ホームページ", "コールセンター"), marks=pytest.mark.rule("GL-455")
    ),
    pytest.param(
        "GL-456",
        "works_start",
        ("会員企業", "工事内容確認住宅", "一定の要件", "省略"),
        marks=pytest.mark.rule("GL-456"),
    ),
    pytest.param("GL-458", "works_start", ("融資の決定", "確認の後に着工"), marks=pytest.mark.rule("GL-458")),
    pytest.param("GL-460", "completion", ("報告", "目視できる範囲", "工事完了検査"), marks=pytest.mark.rule("GL-460")),
    pytest.param(
        "GL-461", "completion", ("住宅改良工事完了報告書", "1部", "機構ホームページ"), marks=pytest.mark.rule("GL-461")
    ),
    pytest.param(
        "GL-462", "completion", ("工事前", "工事中", "工事後", "1部", "工事請負業者"), marks=pytest.mark.rule("GL-462")
    ),
    pytest.param("GL-463", "completion", ("断熱材", "確認できない場合"), marks=pytest.mark.rule("GL-463")),
    pytest.param("GL-464", "completion", ("全ての省エネルギー工事",), marks=pytest.mark.rule("GL-464")),
    pytest.param("GL-465", "completion", ("「撮影日」", "「物件名」", "黒板"), marks=pytest.mark.rule("GL-465")),
    pytest.param(
        "GL-466",
        "completion",
        ("地名地番または住居表示", "マンション名と住戸番号", "連続建て", "重ね建て", "共同建て"),
        marks=pytest.mark.rule("GL-466"),
    ),
    pytest.param(
        "GL-467",
        "completion",
        ("建築確認", "検査済証(写)", "同じ機関", "検査の合格まで"),
        marks=pytest.mark.rule("GL-467"),
    ),
    pytest.param("GL-468", "completion", ("変更後の書類", "設計図書"), marks=pytest.mark.rule("GL-468")),
    pytest.param(
        "GL-469",
        "completion",
        ("申請者用", "付表", "金融機関提出用", "必ず受け取って"),
        marks=pytest.mark.rule("GL-469"),
    ),
    pytest.param(
        "GL-470", "completion", ("床面積", "1か月以内", "法務局", "表題登記"), marks=pytest.mark.rule("GL-470")
    ),
    pytest.param("GL-472", "completion", ("金融機関提出用", "取扱金融機関に提出"), marks=pytest.mark.rule("GL-472")),
    pytest.param("GL-473", "completion", ("工事請負契約書の写し", "原本を提示"), marks=pytest.mark.rule("GL-473")),
    pytest.param(
        "GL-474",
        "completion",
        ("住宅改良工事確認書", "署名・押印", "工事請負業者の確認"),
        marks=pytest.mark.rule("GL-474"),
    ),
    pytest.param("GL-475", "completion", ("工事代金請求書の写し", "原本を提示"), marks=pytest.mark.rule("GL-475")),
    pytest.param(
        "GL-476",
        "completion",
        ("工事発注書", "購入契約書", "見積書", "原本を提示", "内訳書"),
        marks=pytest.mark.rule("GL-476"),
    ),
    pytest.param("GL-477", "completion", ("各1部", "このほかに"), marks=pytest.mark.rule("GL-477")),
]


@pytest.mark.parametrize(("rule", "field", "words"), WORDS)
def test_the_facts_of_a_rule_are_told_where_they_are_needed(rule: str, field: str, words: tuple[str, ...]) -> None:
    told = TEXTS[rule]
    assert told.field == field
    assert [word for word in words if word not in told.text] == []


def test_every_text_is_a_sentence_and_has_its_facts_checked() -> None:
    assert len(TEXTS) == len(documents.GUIDE) + len(completion.GUIDE)
    assert set(TEXTS) == {one.values[0] for one in WORDS}
    assert all(one.text.endswith("。") for one in TEXTS.values())
