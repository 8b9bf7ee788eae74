"""The mails of the catalogue, from event to mailbox, as a mail program reads them."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest
from notifications.domain import Template
from notifications.notices import notice
from notifications.programmes import wording_of
from support.mailroom import OFFICE, PORTAL, SENDER, Mailroom, Person, body_of
from support.smtp_faults import Fault

NO_02 = "【住宅金融支援機構】ユーザーID登録のお願い(「秘密の質問」の登録[お手続き(1)])"
NO_03 = "【住宅金融支援機構】「秘密の質問」の登録手続き完了のお知らせ"
NO_04 = "【住宅金融支援機構】ユーザーID登録のお願い(「パスワード」の登録[お手続き(2)])"
NO_05 = "【住宅金融支援機構】「パスワード」の登録・変更手続き完了のお知らせ"
NO_06 = "【住宅金融支援機構】パスワード登録のお願い"
NO_07 = "ユーザーID再通知のお知らせ"
NO_08 = "【住宅金融支援機構】eKYC手続のお知らせ"
NO_09 = "Web申込サービス利用開始"
NOTICE = "年末年始の営業について"
NO_10 = "【住宅金融支援機構】管理組合情報の修正・再申請のお願い"


async def registered(room: Mailroom, person: Person) -> None:
    """Known to the service; the mailbox is empty again."""
    await room.hear_and_deliver(person.gets_user_id())
    room.smtp.received.clear()


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
    assert f"\n{PORTAL}/registration#token=link-1\n" in first
    assert "有効期限：2026年4月1日 10時30分" in first
    assert "ユーザーID：MS10000001" in second
    assert "http" not in second
    assert f"\n{PORTAL}/password#token=link-2\n" in third
    assert "有効期限：2026年4月2日 10時00分" in third
    assert "http" not in fourth
    assert all("青葉 花子 様" in text for text in (first, second, third, fourth))


@pytest.mark.rule("NO-03", "NO-04")
async def test_the_password_link_does_not_overtake_the_user_id_when_that_has_to_wait(room: Mailroom):
    hanako, taro = Person(), Person(mail="taro@example.jp")
    room.smtp.on("rcpt", Fault("451 4.7.1 greylisted"))
    await room.hear(hanako.gets_user_id(), hanako.gets_password_link(room.clock()), taro.gets_user_id())
    await room.deliver()
    assert [(mail["To"], mail["Subject"]) for mail in room.smtp.accepted] == [(taro.mail, NO_03)]
    room.clock.advance(seconds=30)
    await room.deliver()
    assert [mail["Subject"] for mail in room.smtp.accepted if mail["To"] == hanako.mail] == [NO_03, NO_04]


@pytest.mark.rule("NO-09", "NO-10", "AS-80", "AS-81")
async def test_two_rejections_and_an_approval_send_two_corrections_and_one_welcome(room: Mailroom):
    hanako, application = Person(), uuid4()
    await registered(room, hanako)
    await room.hear_and_deliver(
        hanako.is_rejected(application, "口座名義をご確認ください。"),
        hanako.is_rejected(application, "所在地をご確認ください。\n番地が抜けています。"),
        hanako.is_approved(application),
        hanako.is_approved(application, first=False),
    )
    assert room.subjects() == [NO_10, NO_10, NO_09]
    first, second, welcome = (body_of(mail) for mail in room.smtp.accepted)
    assert "  口座名義をご確認ください。\n" in first
    assert "  所在地をご確認ください。\n  番地が抜けています。\n" in second
    assert f"\n{PORTAL}/applications/{application}\n" in first
    assert "ログイン画面が表示されます" in first
    assert "http" not in welcome


@pytest.mark.rule("GL-078", "GL-107", "GL-431", "GL-432", "GL-484")
async def test_everybody_who_signs_is_told_of_the_contract_and_of_the_approval_by_message_alone(room: Mailroom):
    taro, hanako, application = Person(name="見本 太郎", mail="taro@example.jp"), Person(), uuid4()
    await registered(room, taro)
    await registered(room, hanako)
    await room.hear_and_deliver(taro.is_approved(application, programme="green_loan"))
    assert room.subjects() == []
    assert [row.account_id for row in await room.rows("SELECT account_id FROM participants")] == [taro.account_id]
    await room.hear_and_deliver(taro.is_offered_a_contract(application, hanako, programme="green_loan"))
    assert room.subjects() == ["【住宅金融支援機構】グリーンリフォームローン ご契約手続のお知らせ"] * 2
    told = {str(mail["To"]): body_of(mail) for mail in room.smtp.accepted}
    assert set(told) == {taro.mail, hanako.mail}
    assert "花子 様" in told[hanako.mail]
    for text in told.values():
        assert f"\n{PORTAL}/applications/{application}/contract\n" in text
        assert "\nhttps://video.example.jp/contract\n" in text
        assert "独立行政法人 住宅金融支援機構\nグリーンリフォームローン Web申込サービス\n" in text
        assert not any(word in text for word in ("管理組合", "すまい・る債"))


@pytest.mark.rule("GL-400", "GL-526", "GL-513")
async def test_who_joins_the_insurance_gets_user_id_and_login_page_once_and_nobody_else(room: Mailroom):
    taro, hanako, application = Person(name="見本 太郎", mail="taro@example.jp"), Person(), uuid4()
    await registered(room, taro)
    await registered(room, hanako)
    record = room.record(hanako.is_offered_an_insurance(application, programme="green_loan"))
    await room.consumer.process([record, record])
    await room.deliver()
    (mail,) = room.smtp.accepted
    assert str(mail["To"]) == hanako.mail
    assert str(mail["Subject"]) == "【住宅金融支援機構】グリーンリフォームローン 団体信用生命保険のお申込みのご案内"
    text = body_of(mail)
    assert "D-4711" in text
    assert "https://danshin.example.jp/login" in text
    assert "加入は任意です" in text
    assert "D-4711" not in str(await room.rows("SELECT * FROM messages"))


@pytest.mark.rule("GL-353", "GL-119")
async def test_how_an_application_ended_is_not_in_the_mail(room: Mailroom):
    taro = Person()
    await registered(room, taro)
    for outcome in ("refused", "withdrawn", "cancelled", "stopped", "done"):
        await room.hear_and_deliver(taro.is_done(uuid4(), outcome, "green_loan"))
    assert room.subjects() == ["【住宅金融支援機構】グリーンリフォームローン お手続き終了のお知らせ"] * 5
    assert len({body_of(mail) for mail in room.smtp.accepted}) == 1


@pytest.mark.rule("GL-016", "GL-083")
async def test_the_end_is_told_to_everybody_who_owes_the_loan_each_once(room: Mailroom):
    taro, hanako = Person(name="見本 太郎", mail="taro@example.jp"), Person()
    await registered(room, taro)
    await registered(room, hanako)
    record = room.record(taro.is_done(uuid4(), "done", "green_loan", others=(hanako, taro)))
    await room.consumer.process([record, record])
    await room.deliver()
    assert sorted(mail["To"] for mail in room.smtp.accepted) == sorted([taro.mail, hanako.mail])


@pytest.mark.rule("GL-052", "NO-12", "NO-13")
async def test_a_message_is_told_to_each_reader_and_to_the_office_without_what_it_says(room: Mailroom):
    taro, hanako, application = Person(name="見本 太郎", mail="taro@example.jp"), Person(), uuid4()
    await registered(room, taro)
    await registered(room, hanako)
    event = taro.is_written_to(application, hanako, to_office=True)
    record = room.record(event)
    await room.consumer.process([record, record])
    await room.deliver()
    await room.consumer.process([record])
    await room.deliver()
    told = {mail["To"]: (mail["Subject"], body_of(mail)) for mail in room.smtp.accepted}
    assert (len(room.smtp.accepted), set(told)) == (3, {taro.mail, hanako.mail, OFFICE})
    for person in (taro, hanako):
        subject, text = told[person.mail]
        assert subject == "【住宅金融支援機構】新しいメッセージのお知らせ"
        assert "花子 様" in text if person is hanako else "太郎 様" in text
        assert "ログイン" in text
        assert not any(word in text for word in ("http", event.reference, str(event.thread_id), str(application)))
    subject, text = told[OFFICE]
    assert (subject, event.reference in text) == ("【審査】新しいメッセージが届きました", True)
    assert not any(word in text for word in ("花子", "太郎", "http", str(event.thread_id), str(application)))


@pytest.mark.rule("GL-052")
async def test_a_message_that_the_office_alone_is_told_of_or_nobody_sends_no_other_mail(room: Mailroom):
    await registered(room, Person())
    quiet = Person().is_written_to(uuid4()).model_copy(update={"notify": ()})
    await room.hear_and_deliver(quiet, quiet.model_copy(update={"to_office": True}))
    assert [mail["To"] for mail in room.smtp.accepted] == [OFFICE]


@pytest.mark.rule("GL-052")
async def test_a_message_waits_for_no_other_lane_and_for_a_contact_that_comes_later(room: Mailroom):
    taro = Person(name="見本 太郎", mail="taro@example.jp")
    await room.hear_and_deliver(taro.is_written_to(uuid4()), taro.is_asked_to_mend(uuid4()))
    assert await room.states() == [("MESSAGE-POSTED", "waiting_contact"), ("CORRECTION-ASKED", "waiting_contact")]
    await room.hear_and_deliver(taro.gets_user_id())
    assert {state for _, state in await room.states()} == {"accepted"}
    lanes = await room.rows("SELECT DISTINCT lane FROM messages")
    assert len(lanes) == 2  # that of links, and that of messages


@pytest.mark.rule("GL-052")
async def test_what_is_to_be_mended_is_not_in_the_mail(room: Mailroom):
    hanako, application = Person(), uuid4()
    await registered(room, hanako)
    await room.hear_and_deliver(hanako.is_asked_to_mend(application))
    (mail,) = room.smtp.accepted
    assert (mail["To"], mail["Subject"]) == (hanako.mail, "【住宅金融支援機構】ご確認・修正のお願い")
    assert not any(word in body_of(mail) for word in ("5月31日", "2026", "http", str(application)))


@pytest.mark.rule("NO-02", "ID-10")
async def test_asking_again_after_31_minutes_sends_a_new_mail_with_the_new_link(room: Mailroom):
    hanako = Person()
    await room.hear_and_deliver(hanako.asks_to_register(room.clock(), "old"))
    room.clock.advance(minutes=31)
    await room.hear_and_deliver(hanako.asks_to_register(room.clock(), "new"))
    assert room.subjects() == [NO_02, NO_02]
    texts = [body_of(mail) for mail in room.smtp.accepted]
    assert ["token=old" in text for text in texts] == [True, False]
    assert ["token=new" in text for text in texts] == [False, True]


@pytest.mark.rule("NO-08", "ID-74", "ID-76")
async def test_ekyc_started_twice_sends_two_mails_and_only_the_photo_method_names_a_limit(room: Mailroom):
    hanako = Person()
    await registered(room, hanako)
    await room.hear_and_deliver(
        hanako.starts_ekyc(room.clock() + timedelta(minutes=30), "photo"), hanako.starts_ekyc(None, "card")
    )
    assert room.subjects() == [NO_08, NO_08]
    photo, card = (body_of(mail) for mail in room.smtp.accepted)
    assert f"\n{PORTAL}/ekyc#token=photo\n" in photo
    assert f"\n{PORTAL}/ekyc#token=card\n" in card
    assert "有効期限：2026年4月1日 10時30分" in photo
    assert "有効期限" not in card


@pytest.mark.rule("NO-05", "NO-06", "NO-07", "ID-51", "ID-62")
async def test_reset_change_and_reminder_each_send_their_mail(room: Mailroom):
    hanako = Person()
    await registered(room, hanako)
    await room.hear_and_deliver(
        hanako.sets_password("changed"),
        hanako.gets_password_link(room.clock(), "reset"),
        hanako.sets_password("reset"),
        hanako.is_reminded(),
    )
    assert room.subjects() == [NO_05, NO_06, NO_05, NO_07]
    assert "ユーザーID：MS10000001" in body_of(room.smtp.accepted[3])
    assert f"\n{PORTAL}/password#token=link-2\n" in body_of(room.smtp.accepted[1])


@pytest.mark.rule("NO-13")
async def test_a_company_user_is_written_to_at_their_own_address(room: Mailroom):
    association, company = Person(), Person(mail="kanri@company.example.jp", name="管理 太郎", user_id="MC20000001")
    await registered(room, association)
    await registered(room, company)
    await room.hear_and_deliver(company.gets_password_link(room.clock(), "reset"), company.sets_password("reset"))
    assert [one.recipients for one in room.smtp.received] == [(company.mail,)] * 2


@pytest.mark.rule("NO-12", "NO-13")
async def test_the_office_is_told_of_a_submission_by_its_number_alone(room: Mailroom):
    hanako = Person()
    await registered(room, hanako)
    await room.hear_and_deliver(hanako.submits(uuid4(), "B-2026-000777"))
    (notice,) = room.smtp.received
    assert notice.recipients == (OFFICE,)
    text, html = body_of(notice.message), body_of(notice.message, "html")
    assert "受付番号：B-2026-000777" in text
    for personal in (hanako.name, hanako.mail, hanako.user_id, str(hanako.account_id), "http"):
        assert personal not in text + html + str(notice.message["Subject"])


async def test_who_is_invited_or_to_take_over_gets_the_mail_and_the_holder_of_the_account_does_not(room: Mailroom):
    hanako, other = Person(), Person(mail="jiro@example.jp")
    await registered(room, hanako)
    now = room.clock()
    await room.hear_and_deliver(hanako.invites(now, other.mail), hanako.is_succeeded(now, other.mail))
    invited, next_one = room.smtp.received
    for mail, page in ((invited, "invitation"), (next_one, "succession")):
        assert mail.recipients == (other.mail,)
        assert f"/{page}#token=link-" in body_of(mail.message)
        assert "2026年4月8日" in body_of(mail.message)


@pytest.mark.rule("ID-12", "NO-13")
async def test_the_holder_is_told_of_a_change_at_the_address_from_before(room: Mailroom):
    hanako, account = Person(), uuid4()
    former = Person(account_id=account, name="山田 太郎", mail="taro@example.jp")
    await registered(room, Person(account_id=account, name=hanako.name, mail=hanako.mail))  # the next one, meanwhile
    await room.hear_and_deliver(former.is_told_of_succession(), former.is_told_of_succession("completed"))
    begun, done = room.smtp.received
    assert {mail.recipients for mail in (begun, done)} == {("taro@example.jp",)}
    for mail, subject in ((begun, "受付"), (done, "完了")):
        assert str(mail.message["Subject"]) == f"【住宅金融支援機構】代表者変更手続の{subject}のお知らせ"
        assert "山田 太郎 様" in body_of(mail.message)
        assert hanako.name not in body_of(mail.message)
    assert "/succession/object#token=link-7" in body_of(begun.message)
    assert "http" not in body_of(done.message)


@pytest.mark.rule("ID-12")
async def test_a_former_holder_who_cannot_be_reached_does_not_hold_up_the_next_ones_mails(room: Mailroom):
    former = Person(mail="taro@example.jp")
    await registered(room, Person(account_id=former.account_id))
    room.smtp.on("rcpt", Fault("451 4.3.0 later"))
    await room.hear_and_deliver(former.is_told_of_succession(), former.sets_password())
    assert [mail.recipients for mail in room.smtp.received] == [("hanako@example.jp",)]


@pytest.mark.rule("GL-360")
async def test_who_is_asked_for_a_paper_is_told_which_and_by_when_and_where_to_log_in(room: Mailroom):
    hanako, application = Person(), uuid4()
    await registered(room, hanako)
    event = hanako.is_asked_for_a_paper(application, "通帳の写し\n(全ページ)")
    await room.hear_and_deliver(event, event.model_copy(update={"programme": "not_here_yet"}))
    assert [mail.recipients for mail in room.smtp.received] == [(hanako.mail,)] * 2
    for mail in room.smtp.accepted:
        text = body_of(mail)
        assert "ご提出いただきたい書類：通帳の写し (全ページ)" in text
        assert "提出期限：2026年4月15日" in text
        assert f"\n{PORTAL}/applications/{application}\n" in text
    assert "すまい・る債" not in body_of(room.smtp.accepted[1])


async def test_a_request_from_before_it_named_whom_to_write_to_is_not_mailed(room: Mailroom):
    hanako = Person()
    await registered(room, hanako)
    old = {"account_id": None, "programme": None, "label": None}
    await room.hear_and_deliver(hanako.is_asked_for_a_paper(uuid4()).model_copy(update=old))
    assert room.smtp.received == []


@pytest.mark.rule("ID-02")
async def test_the_holder_is_told_until_when_to_log_in(room: Mailroom):
    hanako = Person()
    await registered(room, hanako)
    await room.hear_and_deliver(hanako.will_lapse(datetime(2031, 3, 31, 15, 0, tzinfo=UTC)))
    (mail,) = room.smtp.received
    assert mail.recipients == (hanako.mail,)
    assert "ユーザーIDが失効する日時：2031年4月1日 0時00分" in body_of(mail.message)


def subject_of(template: Template) -> str:
    """As it is sent for the bond programme; a notice says its own."""
    return f"【住宅金融支援機構】{NOTICE}" if template is Template.NOTICE else wording_of("bond").subjects[template]


async def every_mail(room: Mailroom, hanako: Person) -> dict[Template, EmailMessage]:
    """One of each, as received."""
    application = uuid4()
    await room.hear_and_deliver(
        hanako.asks_to_register(room.clock()),
        hanako.gets_user_id(),
        hanako.gets_password_link(room.clock()),
        hanako.sets_password(),
        hanako.gets_password_link(room.clock(), "reset", "link-4"),
        hanako.is_reminded(),
        hanako.starts_ekyc(None),
        hanako.submits(application),
        hanako.is_rejected(application),
        hanako.is_approved(application),
        hanako.is_asked_for_a_paper(application),
        hanako.is_offered_a_contract(application),
        hanako.is_offered_an_insurance(application),
        hanako.is_done(application),
        hanako.is_written_to(application),
        hanako.is_written_to(application, to_office=True).model_copy(update={"notify": ()}),
        hanako.is_asked_to_mend(application),
        hanako.invites(room.clock(), hanako.mail),
        hanako.is_succeeded(room.clock(), hanako.mail),
        hanako.is_told_of_succession(),
        hanako.is_told_of_succession("completed"),
        hanako.will_lapse(room.clock()),
        hanako.is_answered_about_data(),
    )
    await room.sends_notice(notice("bond", NOTICE, "お休みします。"), hanako.account_id)
    await room.deliver()
    by_subject = {subject_of(template): template for template in Template}
    mails = {by_subject[str(mail["Subject"])]: mail for mail in room.smtp.accepted}
    assert set(mails) == set(Template)
    return mails


@pytest.mark.rule("NO-01", "NO-03", "NO-07", "NO-13")
async def test_no_mail_says_more_than_it_may(room: Mailroom):
    hanako = Person()
    mails = await every_mail(room, hanako)
    with_user_id = {Template.USER_ID_ISSUED, Template.USER_ID_REMINDER}
    with_link = {
        Template.REGISTRATION_LINK,
        Template.PASSWORD_LINK,
        Template.PASSWORD_RESET_LINK,
        Template.EKYC_LINK,
        Template.CORRECTION_REQUESTED,
        Template.DOCUMENT_REQUESTED,
        Template.CONTRACT_OFFERED,
        Template.INSURANCE_OFFERED,
        Template.INVITATION,
        Template.SUCCESSION,
        Template.SUCCESSION_NOTICE,
    }
    for template, mail in mails.items():
        headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
        for form in ("plain", "html"):
            body = body_of(mail, form)
            assert (hanako.user_id in body) == (template in with_user_id), (template, form)
            assert ("http" in body) == (template in with_link), (template, form)
        assert hanako.user_id not in headers
        assert hanako.name not in headers  # every server on the way logs headers
        assert mail["From"].addresses[0].domain in ("mail.jhf.go.jp", "mail.common.jhf.go.jp")
        assert len(mail["To"].addresses) == 1
        assert mail["Cc"] is None
        assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.rule("GL-618")
async def test_an_answer_and_a_refusal_about_personal_data_are_told_by_the_same_words(room: Mailroom):
    hanako = Person()
    await registered(room, hanako)
    await room.hear_and_deliver(hanako.is_answered_about_data(), hanako.is_answered_about_data(refused=True))
    assert room.subjects() == ["【住宅金融支援機構】ご請求への回答のお知らせ"] * 2
    first, second = (body_of(mail) for mail in room.smtp.accepted)
    assert first == second


@pytest.mark.rule("NO-12")
async def test_each_mail_is_recorded_with_cause_recipient_subject_and_time_and_its_secrets_are_gone(room: Mailroom):
    hanako = Person()
    await every_mail(room, hanako)
    rows = await room.rows()
    assert len(rows) == len(Template)
    for row in rows:
        recipient = room.courier.vault.decrypt(row.recipient, f"recipient:{row.id}").decode()
        assert recipient == (OFFICE if row.account_id is None else hanako.mail)
        assert row.subject == subject_of(Template(row.template))
        assert row.cause_type.startswith("madoguchi.")
        assert (row.queued_at, row.finished_at) == (room.clock(), room.clock())
        assert row.content is None
    stored = str(rows) + str(await room.rows("SELECT * FROM contacts"))
    for personal in (hanako.mail, hanako.name, hanako.user_id, "token="):
        assert personal not in stored


@pytest.mark.rule("NO-12")
async def test_the_events_tell_the_fate_of_each_mail_without_personal_data(room: Mailroom):
    hanako = Person()
    await every_mail(room, hanako)
    told = await room.told()
    assert [name for name, _ in told] == ["MailQueued", "MailAccepted"] * len(Template)
    by_mail: dict[str, list[str]] = {}
    for name, data in told:
        by_mail.setdefault(data["message_id"], []).append(name)
    assert list(by_mail.values()) == [["MailQueued", "MailAccepted"]] * len(Template)
    for personal in (hanako.mail, hanako.name, hanako.user_id, "token="):
        assert personal not in str(told)
