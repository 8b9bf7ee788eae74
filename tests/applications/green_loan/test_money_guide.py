"""What the pages tell about money: no fact of a rule is left out, and no number differs from what is calculated."""

import pytest
from applications.programmes.green_loan.guide import GUIDE, after_borrowing, money
from applications.programmes.green_loan.money import arrears, limit, methods, prepayment, ratio, term
from kit.japan.yen import format_yen

TOLD = (*money.GUIDE, *after_borrowing.GUIDE)


WORDS = [
    ("GL-186", "repayment", "500万円 2倍 総額 最も低い額"),
    ("GL-187", "repayment", "10万円以上 1万円単位"),
    ("GL-190", "repayment", "その他 同じ額まで"),
    ("GL-191", "repayment", "印紙代 物件検査手数料 お客さまの負担分 書類"),
    ("GL-192", "repayment", "消費税を含む 請負契約書"),
    ("GL-193", "repayment", "住宅でない部分"),
    ("GL-194", "repayment", "国 地方公共団体 補助金 差し引き"),
    ("GL-195", "repayment", "連帯債務者 お申込日の残高 500万円"),
    ("GL-200", "repayment", "減らす お断り"),
    ("GL-202", "works", "請負契約書に含まれていなくても 確認できる書類"),
    ("GL-203", "works", "お客さまの負担分だけ"),
    ("GL-218", "works", "満期 返戻金 特約 含めることができます"),
    ("GL-219", "works", "司法書士 土地家屋調査士 交通費 通信費"),
    ("GL-223", "works", "契約前 資金交付予定日 確定額"),
    ("GL-224", "works", "完済されるものに限ります"),
    ("GL-225", "works", "手付金 含まない 請負契約書 つなぎローンとして"),
    ("GL-227", "works", "申請書 請求書 領収書 名称は問いません"),
    ("GL-228", "works", "事業者 請負契約書 注文書と注文請書 所在地"),
    ("GL-230", "works", "保険会社 見積書"),
    ("GL-231", "works", "登録免許税 司法書士 土地家屋調査士 見積書"),
    ("GL-232", "works", "金融機関が算出 印紙代 登記 同じ書類"),
    ("GL-236", "repayment", "1年単位 10年 短い"),
    ("GL-237", "repayment", "80歳 切上げ"),
    ("GL-238", "repayment", "5割を超える 年齢が高い方"),
    ("GL-239", "repayment", "親子リレー返済 後継者"),
    ("GL-244", "repayment", "元金均等毎月払い 元利均等毎月払い"),
    ("GL-245", "repayment", "6か月ごと ボーナス払い"),
    ("GL-246", "repayment", "10分の4以内 1万円単位"),
    ("GL-249", "repayment", "お申込時の金利 全期間 固定"),
    ("GL-250", "repayment", "毎月見直し"),
    ("GL-251", "repayment", "グリーンリフォームローンS 団体信用生命保険の種類"),
    ("GL-252", "repayment", "新機構団信 デュエット ペア連生団信 新3大疾病付機構団信 加入されない場合も"),
    ("GL-254", "repayment", "受理した日時の金利"),
    ("GL-260", "repayment", "種類などを変更 金利も変わり"),
    ("GL-261", "repayment", "返済額が増える 改めて審査 受けられなくなる 減る"),
    ("GL-263", "repayment", "契約の後 保障が終わった 変わりません"),
    ("GL-264", "repayment", "÷100 100万円当たりの返済額 1円未満切捨て"),
    ("GL-265", "repayment", "金利のお知らせ"),
    ("GL-268", "repayment", "返済月数 ÷12 合計 1円未満切捨て"),
    ("GL-273", "repayment", "めやす 返済額のご通知"),
    ("GL-276", "step_2", "400万円未満 30%以下 400万円以上 35%以下"),
    ("GL-278", "step_2", "前年 給与収入金額 所得金額"),
    ("GL-280", "step_2", "令和7年 令和6年1月1日 12月31日"),
    ("GL-281", "step_2", "太陽光発電 売電収入"),
    ("GL-283", "step_2", "申込本人 収入合算者 名義人 すべて"),
    ("GL-284", "step_2", "家賃 地代"),
    ("GL-287", "step_2", "ボーナス払い 併用しないもの"),
    ("GL-288", "step_2", "民間金融機関 勤務先 親 親戚 知人 年間返済額"),
    ("GL-291", "step_2", "資金計画 12分の1 個人の借入等 (1)月払い (2)クレジットカード 個人の借入金等の合計 ⑥"),
    ("GL-302", "step_2", "資金のお受取り後も"),
    ("GL-303", "step_2", "自動車 教育 カード 住宅 賃貸住宅 その他 分割代金 お申込日に返済中"),
    ("GL-304", "step_2", "契約までに最終返済日"),
    ("GL-305", "step_2", "完済証明書 限り"),
    ("GL-306", "step_2", "残高証明書 売買契約書 媒介契約書 契約まで"),
    ("GL-307", "step_2", "不足分 預金通帳 借入承認通知書"),
    ("GL-308", "step_2", "1棟の共同住宅または寄宿舎 登記事項証明書"),
    ("GL-309", "step_2", "携帯電話端末"),
    ("GL-576", "after_borrowing", "期日 口座 残高が不足しない"),
    ("GL-577", "after_borrowing", "元金と利息 14.5% 365日 延滞損害金"),
    ("GL-579", "after_borrowing", "全額 一括"),
    ("GL-580", "after_borrowing", "6か月以上"),
    ("GL-582", "after_borrowing", "無断 お住まい 賃貸 譲渡"),
    ("GL-583", "after_borrowing", "無断 店舗 事務所"),
    ("GL-584", "after_borrowing", "敷地の形状 賃借権 損害"),
    ("GL-585", "after_borrowing", "建設や購入 重複"),
    ("GL-586", "after_borrowing", "虚偽 不正"),
    ("GL-587", "after_borrowing", "反社会的勢力"),
    ("GL-589", "after_borrowing", "承認 返済日 ボーナス返済月 取りやめ 内訳 元利均等返済と元金均等返済"),
    ("GL-590", "after_borrowing", "取扱金融機関 手数料は必要ありません"),
    ("GL-592", "after_borrowing", "お困り お早めに 取扱金融機関 支店"),
    ("GL-593", "after_borrowing", "取得価格より高く 譲渡所得 税務署 税理士"),
    ("GL-594", "after_borrowing", "債権を信託 証券 一部を調達"),
    ("GL-595", "after_borrowing", "契約の条件は変わりません 取扱金融機関と機構 お知らせはお送りしません"),
    ("GL-596", "after_borrowing", "途中 全部または一部"),
    ("GL-597", "after_borrowing", "全額 1か月前 手数料は必要ありません"),
    ("GL-598", "after_borrowing", "一部 1か月前 手数料は必要ありません"),
    ("GL-599", "after_borrowing", "100万円以上"),
    ("GL-600", "after_borrowing", "月々の返済日"),
    ("GL-601", "after_borrowing", "住・My Note 10万円以上"),
    ("GL-602", "after_borrowing", "1か月分以上の元金 6か月単位"),
    ("GL-603", "after_borrowing", "住・My Note ユーザーID パスワード"),
]


@pytest.mark.rule("GL-186", "GL-187", "GL-190", "GL-191", "GL-192", "GL-193", "GL-194", "GL-195", "GL-200")
@pytest.mark.rule("GL-202", "GL-203", "GL-218", "GL-219", "GL-223", "GL-224", "GL-225", "GL-226", "GL-227")
@pytest.mark.rule("GL-228", "GL-229", "GL-230", "GL-231", "GL-232", "GL-236", "GL-237", "GL-238", "GL-239")
@pytest.mark.rule("GL-244", "GL-245", "GL-246", "GL-249", "GL-250", "GL-251", "GL-252", "GL-254", "GL-260")
@pytest.mark.rule("GL-261", "GL-263", "GL-264", "GL-265", "GL-268", "GL-273", "GL-276", "GL-278", "GL-280")
@pytest.mark.rule("GL-281", "GL-283", "GL-284", "GL-287", "GL-288", "GL-291", "GL-302", "GL-303", "GL-304")
@pytest.mark.rule("GL-305", "GL-306", "GL-307", "GL-308", "GL-309", "GL-576", "GL-577", "GL-579", "GL-580")
@pytest.mark.rule("GL-582", "GL-583", "GL-584", "GL-585", "GL-586", "GL-587", "GL-589", "GL-590", "GL-592")
@pytest.mark.rule("GL-593", "GL-594", "GL-595", "GL-596", "GL-597", "GL-598", "GL-599", "GL-600", "GL-601")
@pytest.mark.rule("GL-602", "GL-603")
@pytest.mark.parametrize(("rule", "screen", "words"), WORDS)
def test_what_the_guide_wants_told_is_told(rule, screen, words):
    (one,) = [one for one in TOLD if one.rule == rule]
    assert one.field == screen
    for word in words.split():
        assert word in one.text, word


def test_every_text_is_a_sentence_is_shown_and_has_its_words_looked_at():
    assert set(TOLD) <= set(GUIDE)
    assert all(one.text.endswith("。") for one in TOLD)
    assert {one.rule for one in TOLD} == {rule for rule, _, _ in WORDS}
    assert len({one.rule for one in TOLD}) == len(TOLD)


@pytest.mark.rule("GL-186", "GL-187", "GL-236", "GL-237", "GL-276", "GL-577", "GL-580", "GL-599", "GL-601")
def test_the_numbers_of_the_texts_are_those_that_are_calculated_with():
    assert (format_yen(limit.CEILING_YEN), format_yen(limit.MINIMUM_YEN)) == ("5,000,000円", "100,000円")
    assert (term.LONGEST_YEARS, term.AGE_AT_THE_END) == (10, 80)
    assert (methods.BONUS_TENTHS, methods.BONUS_EVERY_MONTHS) == (4, 6)
    assert (ratio.THRESHOLD_INCOME_YEN, ratio.PERCENT_BELOW, ratio.PERCENT_FROM) == (4_000_000, 30, 35)
    assert (arrears.LATE_CHARGE_PER_MILLE, arrears.DAYS_OF_A_YEAR, arrears.UNPAID_INSTALMENTS) == (145, 365, 6)
    assert prepayment.MINIMUM_YEN == {"COUNTER": 1_000_000, "MY_NOTE": 100_000}
    assert prepayment.NOTICE_MONTHS == 1
