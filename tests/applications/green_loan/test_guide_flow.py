"""What is told about the way of an application: no fact of a rule is left out."""

import pytest
from applications.programmes.green_loan.guide import GUIDE, flow

TOLD = {one.rule: one for one in flow.GUIDE}
WORDS = {
    "GL-066": "登録 同意 商品概要説明書 入力 アップロード 申込確定 団信 審査 承認 "
    "適合証明 着工 完了 検査 提出 電子契約 資金 返済",
    "GL-068": "メールアドレス 仮登録 リンク 本登録",
    "GL-096": "適合証明の申請 お断り 辞退 検査手数料",
    "GL-099": "必要なお手続き 受付 決定 取り消す",
    "GL-107": "2営業日以内 原本 融資承認通知書 返済額のご通知 決定後 契約手続可能期間 説明動画 "
    "窓口での本人確認 住・My Note 毎年郵送",
}


@pytest.mark.rule("GL-066", "GL-068", "GL-096", "GL-099", "GL-107")
@pytest.mark.parametrize("rule", WORDS)
def test_every_fact_is_told_before_the_application(rule):
    assert TOLD[rule].field == "before_application"
    assert [word for word in WORDS[rule].split() if word not in TOLD[rule].text] == []


def test_the_pages_show_it_and_say_nothing_else_here():
    assert set(TOLD) == set(WORDS)
    assert set(flow.GUIDE) <= set(GUIDE)
