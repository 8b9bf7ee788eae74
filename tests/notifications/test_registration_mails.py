"""The mails of the catalogue, from event to mailbox, as a mail program reads them."""

import pytest
from support.mailroom import PORTAL, SENDER, Mailroom, Person, body_of

NO_02 = "【住宅金融支援機構】ユーザーID登録のお願い(「秘密の質問」の登録[お手続き(1)])"
NO_03 = "【住宅金融支援機構】「秘密の質問」の登録手続き完了のお知らせ"
NO_04 = "【住宅金融支援機構】ユーザーID登録のお願い(「パスワード」の登録[お手続き(2)])"
NO_05 = "【住宅金融支援機構】「パスワード」の登録・変更手続き完了のお知らせ"
NO_06 = "【住宅金融支援機構】パスワード登録のお願い"
NO_07 = "ユーザーID再通知のお知らせ"
NO_08 = "【住宅金融支援機構】eKYC手続のお知らせ"
NO_09 = "Web申込サービス利用開始"
NO_10 = "【住宅金融支援機構】管理組合情報の修正・再申請のお願い"


@pytest.mark.rule("NO-02", "NO-03", "NO-04", "NO-05", "NO-13", "ID-09", "ID-15", "ID-16", "ID-18")
async def test_one_registration_run_to_the_end_yields_exactly_four_mails_in_order(room: Mailroom):
    hanako = Person()
    await room.hear(
        hanako.asks_to_register(room.clock()),
        hanako.gets_user_id(),
        hanako.gets_password_link(room.clock()),
        hanako.sets_password(),
    )
    await room.deliver()
    assert room.subjects() == [NO_02, NO_03, NO_04, NO_05]
    assert [mail["To"] for mail in room.smtp.accepted] == [hanako.mail] * 4
    assert [one.recipients for one in room.smtp.received] == [(hanako.mail,)] * 4
    assert {one.sender for one in room.smtp.received} == {SENDER}
    assert {state for _, state in await room.states()} == {"accepted"}
    first, second, third, fourth = (body_of(mail) for mail in room.smtp.accepted)
    assert f"\n{PORTAL}/registration?token=link-1\n" in first
    assert "有効期限：2026年4月1日 10時30分" in first
    assert "ユーザーID：MS10000001" in second
    assert "http" not in second
    assert f"\n{PORTAL}/password?token=link-2\n" in third
    assert "有効期限：2026年4月2日 10時00分" in third
    assert "http" not in fourth
    assert all("青葉 花子 様" in text for text in (first, second, third, fourth))
