"""What the pages tell about danshin, acceptance, contract, funds and personal data: no fact of a rule is left out."""

from __future__ import annotations

import pytest
from applications.programmes.green_loan.danshin import amounts, join, waiting
from applications.programmes.green_loan.guide import GUIDE, contract, danshin, privacy

TOLD = (*contract.GUIDE, *danshin.GUIDE, *privacy.GUIDE)
BY_RULE = {one.rule: one for one in TOLD}

# rule: the screen, and the words that its text must not lack.
BEFORE = {
    "GL-255": (
        "before_application",
        "申込本人 連帯債務者 全員 本登録 ログイン 個人情報の取扱いに関する同意 商品概要説明書の確認 申込確定",
    ),
    "GL-256": ("before_application", "全員 申込確定をした日 申込受理日"),
    "GL-258": ("before_application", "申込確定のとき エラー 解消した後"),
    "GL-259": ("before_application", "月末 再入力 お早め"),
    "GL-505": ("step_2", "融資額残高証明書 税控除残高証明書の送付回数 回数を入力"),
    "GL-509": ("step_2", "契約の年を1回目 年1回 不要の場合は0"),
}
AFTER = {
    "GL-431": ("after_decision", "融資承認通知書 返済額のご通知 メッセージ 返済額などをご確認"),
    "GL-432": ("after_decision", "決定後 別のメッセージ"),
    "GL-433": ("after_decision", "疑義 再審査 減額 取り消す"),
    "GL-434": ("after_decision", "融資承認条件 減額 取り消す"),
    "GL-436": ("after_decision", "承認後 ご覧いただくだけ 取扱金融機関"),
    "GL-480": ("contract", "収入印紙が不要 印紙代がかかりません 手数料も無料"),
    "GL-481": ("contract", "オンラインで完了 署名や押印は必要ありません"),
    "GL-482": ("contract", "URLをメールで アカウント スマートフォンだけ パソコンやタブレット"),
    "GL-483": ("contract", "24時間 契約手続可能期間"),
    "GL-484": (
        "contract",
        "①電子契約サービスのURL 契約内容説明動画のURL ②契約内容説明動画を見る ③アカウント ④契約書 ⑤",
    ),
    "GL-485": ("contract", "適合証明書 提出された日以降 電子契約 金銭消費貸借契約"),
    "GL-486": ("contract", "前に 説明動画 内容をご確認"),
    "GL-487": ("contract", "申込本人と連帯債務者の全員 期間内 契約ができず 資金の受取りが遅れ"),
    "GL-488": ("contract", "お申込みの時まで eKYC 契約の前 取扱金融機関へご来店 面前 別途ご案内"),
    "GL-489": (
        "contract",
        "いずれか 運転免許証 平成24年4月1日以後 運転経歴証明書 マイナンバーカード パスポート(住所 在留カード "
        "特別永住者証明書 住民基本台帳カード(氏名、住所、生年月日 顔写真 健康保険証と 住民票(※) 印鑑登録証明書(※) "
        "キャッシュカードまたは預金通帳 有効期限内のクレジットカード 現住所 電気、ガス、水道、一般固定電話 請求書(※)",
    ),
    "GL-490": ("contract", "※ 6か月以内に作成 住民票 印鑑登録証明書 公共料金"),
    "GL-492": ("contract", "書類の提出や提示 新住所の電話番号 勤務先"),
    "GL-493": ("contract", "6か月を経過する日の属する月の末日 取り消すことがあります"),
    "GL-098": ("disbursement", "契約から2〜3週間 完了(資金交付申請)から2か月 目安 取扱金融機関により異なります"),
    "GL-496": ("disbursement", "毎月2回の交付期間内"),
    "GL-497": ("disbursement", "原則 取扱金融機関 申込本人名義の口座 振り込み"),
    "GL-498": (
        "disbursement",
        "支障がないと認めた場合に限り 工事請負業者 ご家族 資金の代理受領に関する委任状 代理人の領収書 収入印紙",
    ),
    "GL-499": ("disbursement", "トラブル ご自身の意思で確実に"),
    "GL-500": ("disbursement", "資金を受け取る口座 ご返済の口座 原則 同じ口座"),
    "GL-501": ("disbursement", "地震 噴火 津波 戦争 変乱 放射能汚染 お渡しできない"),
    "GL-502": ("disbursement", "前年分の収入証明書 ご提出いただいた後"),
    "GL-504": ("after_borrowing", "住宅借入金等特別控除 税務署 お申込みの前 費用 返済期間 居住 専有面積"),
    "GL-506": ("after_borrowing", "契約を締結した年から 控除期間中 毎年 郵送"),
    "GL-507": ("after_borrowing", "郵送する時期 資金の受取り後 住・My Note"),
    "GL-508": ("after_borrowing", "回数に変更 取扱金融機関"),
}
JOINING = {
    "GL-510": "死亡 所定の身体障害状態 住宅の持分や返済の割合にかかわらず 債務のご返済が不要 生命保険",
    "GL-511": "機構が保険契約者と保険金受取人 被保険者 死亡保険金 身体障害保険金 3大疾病保険金 介護保険金 債務に充て",
    "GL-512": "新機構団信 新3大疾病付機構団信 2つ",
    "GL-513": "任意 健康上の理由その他 融資をご利用いただけます",
    "GL-514": "新機構団信 死亡 身体障害者福祉法 1級 2級 身体障害者手帳の交付",
    "GL-515": "人工透析 極度に制限 1級 スポーツ中のけが 車椅子 交通事故 両足を切断",
    "GL-516": "保障に加えて がん 急性心筋梗塞 脳卒中 要介護2以上 所定の要介護状態",
    "GL-517": "食事 排泄 入浴 衣服の着脱 ひとりで浴槽に出入りできない 松葉杖や手すり ひとりでは歩けない 車椅子",
    "GL-518": "新機構団信 満80歳の誕生日の属する月の末日",
    "GL-519": "満75歳の誕生日の属する月の末日 翌月1日からは新機構団信 3大疾病と介護の保障はなくなり",
    "GL-520": "ご夫婦で連帯債務者 デュエット ペア連生団信 どちらかおひとり 持分 返済が不要",
    "GL-521": "戸籍上のご夫婦 内縁関係 婚約関係 同性パートナー",
    "GL-522": "新機構団信でご利用いただけます 新3大疾病付機構団信では、ご利用いただけません",
    "GL-523": "債務者 おふたりの場合 親子リレー どちらかおひとり デュエットでおふたり",
    "GL-524": "3名以上 おひとり デュエット",
    "GL-525": "加入していない方 債務は弁済されません",
    "GL-526": "2営業日以内 団信Web申込サービス メール Webで 重要事項説明 契約概要 注意喚起情報 正しく告知",
    "GL-527": "申込書兼告知書 記入日(告知日)現在 ご本人 もれなく正確に 事実と異なる 保険金が支払われず",
    "GL-528": "診断書 費用は、お客さまのご負担",
    "GL-529": "どちらかをお選び 加入した後に変更することはできません",
    "GL-530": "加入審査の結果 新3大疾病付機構団信に加入できない 新機構団信に切り替え",
    "GL-531": "告知日 満15歳以上満70歳未満 幹事生命保険会社の加入承諾",
    "GL-532": "告知日 満15歳以上満51歳未満 幹事生命保険会社の加入承諾",
    "GL-533": "デュエット おふたりとも加入条件",
    "GL-534": "過去にがんと診断された方 新3大疾病付機構団信に加入できません",
    "GL-535": "新3大疾病付機構団信 5,000万円を超える 告知事項の有無にかかわらず 健康診断結果証明書",
    "GL-536": "5,000万円を超えるかどうか 3大疾病付機構団信にすでに加入 今回同時にお申し込みの分 債務残高 通算",
    "GL-537": "加えて、診断書 費用は、お客さまのご負担",
    "GL-539": (
        "上限は1億円 ①今回お申し込みの融資の借入予定額 ②返済中の【フラット35】(買取型)や機構融資 旧住宅金融公庫 "
        "沖縄振興開発金融公庫 福祉医療機構 債務残高 ③同時にお申し込みのほかの機構融資"
    ),
    "GL-541": "満80歳 連帯債務者 満70歳未満 新たに 当初、新3大疾病付 満51歳未満 加入できないこと 金利は変わりません",
    "GL-542": "種類 新機構団信のデュエット 新3大疾病付機構団信 異なります",
    "GL-543": "満80歳 故意 ご契約時の金利から変わりません 機構が負担する保険料 変動リスク 別にお支払い",
}
COVERING = {
    "GL-544": "資金の受取日 分けて 最終回の受取日",
    "GL-545": "(1) 死亡",
    "GL-546": "(2) 支払事由に該当 保険金が支払われたとき",
    "GL-547": "(3) 満80歳の誕生日の属する月の末日 デュエット おひとりで加入を続け 満75歳 翌月1日から新機構団信",
    "GL-548": "(4) 最終返済日より前 全額の繰上返済 債務の引受け 債権債務関係が消滅",
    "GL-549": "(5) 金銭消費貸借契約の最終返済日",
    "GL-550": "(6) 期限の利益を失い 全額",
    "GL-551": "(7) 事実を告げなかった 事実と異なる 解除",
    "GL-552": "(8) 詐欺 不法取得の目的 取消し 無効",
    "GL-553": "(9) デュエット どちらかが死亡または身体障害保険金の支払事由 弁済された",
    "GL-554": "(10) 保険金を詐取する目的で事故 反社会的勢力 重大な事由 解除",
    "GL-555": "(11) (7)、(8)、(10)と同等 重大な事由 解除",
    "GL-556": "(12) 反社会的勢力の排除に関する条項 債務の全部 期限の利益を失った",
    "GL-557": "新機構団信 全額弁済 死亡 保障開始日以後の傷害または疾病 1級または2級 手帳の交付 デュエット どちらか",
    "GL-558": "デュエット おひとりの故意 もうおひとり 弁済されません",
    "GL-559": "新3大疾病付機構団信 保険期間中 悪性新生物(がん) 病理組織学的所見(生検) 診断確定 全額弁済",
    "GL-560": "上皮内がん 皮膚の悪性黒色腫以外の皮膚がん 保障開始日より前 その日を含めて90日以内 再発や転移",
    "GL-561": "90日目は12月29日 12月30日以後",
    "GL-562": "急性心筋梗塞 保障開始日以後の疾病 その日を含めて60日以上 労働の制限 軽い家事 座業 所定の手術 全額弁済",
    "GL-563": "脳卒中 保障開始日以後の疾病 その日を含めて60日以上 言語障害 運動失調 麻痺 所定の手術 全額弁済",
    "GL-564": "保障開始日以後の傷害または疾病 要介護2以上 その日を含めて180日以上 医師により診断確定 全額弁済",
    "GL-565": "死亡保険金 1年以内の自殺 戦争その他の変乱 デュエット いずれかの被保険者の故意",
    "GL-567": "身体障害保険金 故意または重大な過失 犯罪行為 薬物依存 戦争その他の変乱 デュエット いずれかの被保険者",
    "GL-568": "戦争その他の変乱 被保険者の数に応じて 全額 一部を削減した額",
    "GL-569": "事実を告げなかった 解除された場合 支払われません 解除の原因となった事実によらない 支払われます",
    "GL-570": "身体障害保険金 保障開始日より前 告知されていても、支払われません",
    "GL-571": "2つ以上の身体障害 保障開始日より前 残りの障害だけでは1級または2級に該当しない 支払われません",
    "GL-572": "詐欺 取消し 不法取得の目的 無効 保険金を詐取する目的で事故 反社会的勢力 解除",
    "GL-573": (
        "3大疾病保険金 上皮内がん 皮膚がん 保障開始日より前 90日以内 再発や転移 介護保険金 故意または重大な過失 "
        "犯罪行為 薬物依存 戦争その他の変乱 一部を削減した額"
    ),
    "GL-574": "急性心筋梗塞 脳卒中 要介護 保障開始日より前 告知されていても 支払われません",
    "GL-575": "生命保険会社が判断",
}
PERSONAL_DATA = {
    "GL-608": "氏名 住所 生年月日 性別 電話番号 資産 年収 勤務先 家族構成 健康状態 借入れ 偽りその他不正な手段によらず",
    "GL-609": "個人情報の取扱いに関する同意 利用目的 範囲内 業務に必要な限り",
    "GL-610": "漏えい 滅失 き損 安全管理",
    "GL-611": "役員と職員 派遣職員 研修 諸規定 見直し 改善",
    "GL-612": "役員と職員 委託 2以上の段階 みだりに他人に知らせず 不当な目的に利用しません 職を離れた後",
    "GL-613": "選定基準 のみ委託 委託契約に明記 監督 定期的に確認",
    "GL-614": (
        "限ります (1)法令 (2)お客さまの同意があるとき、またはお客さまに提供 (3)行政機関 独立行政法人 地方公共団体 "
        "地方独立行政法人 必要な限度 相当の理由 (4)専ら統計の作成または学術研究 (5)明らかにお客さまの利益 (6)その他"
    ),
    "GL-615": "同意」に記載の第三者 目的と方法を制限 安全管理の措置 求め",
    "GL-616": "経常的に提供 利用目的 機構ホームページで公表",
    "GL-617": "平成15年法律第57号 個人情報ファイル簿 機構ホームページ 窓口 公表",
    "GL-618": "開示、訂正、利用停止 ご本人であることを確認 特別な理由のない限り、速やかに 手数料 ホームページで公表",
    "GL-619": "https://www.jhf.go.jp/privacy/contact.html https://www.jhf.go.jp/ 店頭",
    "GL-620": "おひとりずつ 版と日時 記録",
    "GL-623": "連帯債務者 個人信用情報機関 提携先 審査に利用 登録します 同意",
    "GL-624": "法令 守り プライバシーポリシー 権利と利益の保護 積極的",
}
FACTS = {
    **BEFORE,
    **AFTER,
    **{rule: ("danshin", words) for rule, words in (JOINING | COVERING).items()},
    **{rule: ("privacy", words) for rule, words in PERSONAL_DATA.items()},
}


def lacks(rule: str) -> list[str]:
    """The words that the text of a rule lacks, or its screen if it stands elsewhere."""
    screen, words = FACTS[rule]
    told = BY_RULE[rule]
    return [word for word in words.split() if word not in told.text] + [screen] * (told.field != screen)


@pytest.mark.rule("GL-255", "GL-256", "GL-258", "GL-259", "GL-505", "GL-509")
@pytest.mark.parametrize("rule", BEFORE)
def test_before_the_application_all_is_told(rule):
    assert lacks(rule) == []


@pytest.mark.rule("GL-098", "GL-431", "GL-432", "GL-433", "GL-434", "GL-436")
@pytest.mark.rule("GL-480", "GL-481", "GL-482", "GL-483", "GL-484", "GL-485", "GL-486", "GL-487", "GL-488", "GL-489")
@pytest.mark.rule("GL-490", "GL-492", "GL-493", "GL-496", "GL-497", "GL-498", "GL-499", "GL-500", "GL-501", "GL-502")
@pytest.mark.rule("GL-504", "GL-506", "GL-507", "GL-508")
@pytest.mark.parametrize("rule", AFTER)
def test_from_the_decision_to_the_funds_all_is_told(rule):
    assert lacks(rule) == []


@pytest.mark.rule("GL-510", "GL-511", "GL-512", "GL-513", "GL-514", "GL-515", "GL-516", "GL-517", "GL-518", "GL-519")
@pytest.mark.rule("GL-520", "GL-521", "GL-522", "GL-523", "GL-524", "GL-525", "GL-526", "GL-527", "GL-528", "GL-529")
@pytest.mark.rule("GL-530", "GL-531", "GL-532", "GL-533", "GL-534", "GL-535", "GL-536", "GL-537", "GL-539")
@pytest.mark.rule("GL-541", "GL-542", "GL-543")
@pytest.mark.parametrize("rule", JOINING)
def test_who_thinks_of_joining_danshin_is_told_all(rule):
    assert lacks(rule) == []


@pytest.mark.rule("GL-544", "GL-545", "GL-546", "GL-547", "GL-548", "GL-549", "GL-550", "GL-551", "GL-552", "GL-553")
@pytest.mark.rule("GL-554", "GL-555", "GL-556", "GL-557", "GL-558", "GL-559", "GL-560", "GL-561", "GL-562", "GL-563")
@pytest.mark.rule("GL-564", "GL-565", "GL-567", "GL-568", "GL-569", "GL-570", "GL-571", "GL-572", "GL-573", "GL-574")
@pytest.mark.rule("GL-575")
@pytest.mark.parametrize("rule", COVERING)
def test_when_the_cover_starts_ends_and_pays_is_told(rule):
    assert lacks(rule) == []


@pytest.mark.rule("GL-608", "GL-609", "GL-610", "GL-611", "GL-612", "GL-613", "GL-614", "GL-615", "GL-616", "GL-617")
@pytest.mark.rule("GL-618", "GL-619", "GL-620", "GL-623", "GL-624")
@pytest.mark.parametrize("rule", PERSONAL_DATA)
def test_the_privacy_policy_is_told(rule):
    assert lacks(rule) == []


def test_every_rule_is_told_once_in_sentences_and_all_of_it_is_in_the_guide():
    assert len(BY_RULE) == len(TOLD)
    assert set(BY_RULE) == set(FACTS)
    assert set(TOLD) <= set(GUIDE)
    for one in TOLD:
        assert one.text.endswith(("。", "jhf.go.jp/")), one


def test_the_numbers_told_are_those_of_the_rules():
    for rule, product in (("GL-531", "SHIN"), ("GL-532", "SANDAI")):
        ages = join.JOIN_AGES[product]
        assert f"満{ages.start}歳以上満{ages.stop}歳未満" in BY_RULE[rule].text
    assert f"{amounts.CERTIFICATE_ABOVE_YEN // 10_000:,}万円を超える" in BY_RULE["GL-535"].text
    assert f"{amounts.INSURED_LIMIT_YEN // 100_000_000}億円まで" in BY_RULE["GL-539"].text
    assert f"{waiting.CANCER_WAITING_DAYS}日以内" in BY_RULE["GL-560"].text
    assert f"{waiting.RESTRICTION_DAYS}日以上" in BY_RULE["GL-562"].text
    assert f"{waiting.CARE_DAYS}日以上" in BY_RULE["GL-564"].text
