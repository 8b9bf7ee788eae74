"""What is told about the way from the registration to the repayment, and about who hears what and when (group 4)."""

from __future__ import annotations

from applications.programme import Help

_BEFORE = (
    (
        "GL-066",
        "お手続きは、ユーザーIDの登録、同意と商品概要説明書の確認、入力と書類のアップロード、申込確定、団信のお申込み、"
        "審査、融資の承認、適合証明の申請、着工、工事の完了と検査、適合証明書等の提出、電子契約、資金の受取り、ご返済の順に進みます。",
    ),
    (
        "GL-068",
        "はじめにメールアドレスで仮登録をしていただきます。届いたメールのリンクから本登録をすると、ユーザーIDをご利用いただけます。",
    ),
    (
        "GL-096",
        "適合証明の申請をされた場合、融資をお断りしたときや辞退されたときも、検査手数料は申請された方のご負担になります。",
    ),
    (
        "GL-099",
        "必要なお手続きが行われない場合は、お申込みの受付または融資の決定を取り消すことがあります。",
    ),
    (
        "GL-107",
        "お申込みの後は、団信Web申込サービスからのメール(お申込みから2営業日以内)、原本をご提示いただく書類のご案内、"
        "融資承認通知書と返済額のご通知、決定後のお手続きのご案内、契約手続可能期間のお知らせ、"
        "電子契約と説明動画のURL、窓口での本人確認のご案内を、順にお送りします。"
        "融資の実行後は、残高証明書の郵送時期を住・My Noteでお知らせし、証明書を毎年郵送します。",
    ),
)

GUIDE: tuple[Help, ...] = tuple(Help("before_application", rule, text) for rule, text in _BEFORE)
