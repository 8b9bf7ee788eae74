"""Which event leads to which mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifications.domain import HAPPENINGS, SUBJECTS, Fact, Template, applicant_mails, template_for
from notifications.programmes import wording_of


def mails(happenings: str) -> str:
    return " ".join(applicant_mails(happenings.split()))


@pytest.mark.rule("NO-02", "NO-03", "NO-04", "NO-05")
def test_one_registration_sends_exactly_four_mails_in_this_order() -> None:
    assert mails("register click_link_1 commit_identity click_link_2 set_password") == "NO-02 NO-03 NO-04 NO-05"


@pytest.mark.rule("NO-02")
def test_registering_again_sends_a_new_link() -> None:
    assert mails("register register") == "NO-02 NO-02"


@pytest.mark.rule("NO-05", "NO-06")
def test_a_reset_sends_a_link_and_then_the_same_confirmation_as_a_change() -> None:
    assert mails("reset_request_known click_link_2 set_password") == "NO-06 NO-05"
    assert mails("change_password") == "NO-05"


@pytest.mark.rule("NO-06", "NO-07")
def test_an_unknown_user_id_and_a_wrong_answer_send_nothing() -> None:
    assert mails("reset_request_unknown remind_wrong_answer") == ""
    assert mails("remind_right") == "NO-07"


@pytest.mark.rule("NO-08")
def test_each_start_of_ekyc_sends_a_link_and_its_result_sends_nothing() -> None:
    assert mails("ekyc_accept ekyc_expire ekyc_accept ekyc_fail") == "NO-08 NO-08"


@pytest.mark.rule("NO-09", "NO-10")
def test_two_rejections_and_one_approval() -> None:
    assert mails("reject reapply reject reapply approve") == "NO-10 NO-10 NO-09"


@pytest.mark.rule("NO-09", "NO-10")
def test_only_the_first_approval_is_told_and_every_rejection() -> None:
    assert mails("approve change_apply change_approve") == "NO-09"
    assert mails("approve change_apply reject change_apply approve") == "NO-09 NO-10"


@given(st.lists(st.sampled_from(sorted(HAPPENINGS))))
def test_what_always_holds_for_a_sequence(happenings: list[str]) -> None:
    sent = applicant_mails(happenings)
    assert sent.count(Template.SERVICE_STARTED) <= 1
    assert sent.count(Template.CORRECTION_REQUESTED) == happenings.count("reject")
    assert sent.count(Template.USER_ID_ISSUED) == sent.count(Template.PASSWORD_LINK)
    assert Template.OFFICE_NEW_CASE not in sent


@pytest.mark.rule("NO-04", "NO-06")
def test_a_password_link_is_told_by_its_purpose() -> None:
    assert template_for(Fact("PasswordLinkIssued", purpose="first")) == "NO-04"
    assert template_for(Fact("PasswordLinkIssued", purpose="reset")) == "NO-06"


@pytest.mark.rule("NO-09")
def test_an_approval_is_told_by_whether_it_is_the_first() -> None:
    assert template_for(Fact("ApplicationApproved", first_approval=True)) == "NO-09"
    assert template_for(Fact("ApplicationApproved")) is None


def test_events_outside_the_table_send_nothing_and_a_submission_tells_the_office() -> None:
    assert template_for(Fact("OtpEnrolled")) is None
    assert template_for(Fact("AccountLocked")) is None
    assert template_for(Fact("ApplicationSubmitted")) is Template.OFFICE_NEW_CASE


def test_a_message_is_told_by_whom_it_is_told_to() -> None:
    assert template_for(Fact("MessagePosted", purpose="reader")) is Template.MESSAGE_POSTED
    assert template_for(Fact("MessagePosted", purpose="office")) is Template.OFFICE_NEW_MESSAGE


@pytest.mark.rule("NO-02", "NO-03", "NO-04", "NO-05", "NO-06", "NO-07", "NO-08", "NO-09", "NO-10")
def test_subjects_are_exactly_those_of_the_manual() -> None:
    subjects = wording_of("bond").subjects
    assert {one.value: text for one, text in subjects.items() if one.startswith("NO-") and one != "NO-11"} == {
        "NO-02": "【住宅金融支援機構】ユーザーID登録のお願い(「秘密の質問」の登録[お手続き(1)])",
        "NO-03": "【住宅金融支援機構】「秘密の質問」の登録手続き完了のお知らせ",
        "NO-04": "【住宅金融支援機構】ユーザーID登録のお願い(「パスワード」の登録[お手続き(2)])",
        "NO-05": "【住宅金融支援機構】「パスワード」の登録・変更手続き完了のお知らせ",
        "NO-06": "【住宅金融支援機構】パスワード登録のお願い",
        "NO-07": "ユーザーID再通知のお知らせ",
        "NO-08": "【住宅金融支援機構】eKYC手続のお知らせ",
        "NO-09": "Web申込サービス利用開始",
        "NO-10": "【住宅金融支援機構】管理組合情報の修正・再申請のお願い",
    }
    assert set(SUBJECTS) == set(Template)
