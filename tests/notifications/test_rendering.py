"""Mails as text, HTML and bytes."""

import re
from datetime import UTC, datetime
from email.header import decode_header
from pathlib import Path
from uuid import UUID

import pytest
from notifications.domain import SUBJECTS, Template
from notifications.previews import LINKS, OF_PROGRAMMES, SAMPLE, previews
from notifications.programmes import ACCOUNTS, own_templates, programmes, wording_of
from notifications.rendering import CONTEXTS, BadAddress, Body, compose, envelope_address, render
from pydantic import ValidationError
from support.smtp_faults import Received

PREVIEWS = Path(__file__).parents[2] / "docs" / "mail-previews"
MESSAGE_ID = UUID("6f1c1f2e-0000-4000-8000-000000000001")
WRITTEN_AT = datetime(2026, 4, 1, 1, 2, 3, tzinfo=UTC)
SECRETS = {"password": "Himitsu1!", "otp": "483920", "secret_answer": "ポチ", "mail": "hanako@example.jp"}


def facts_of(template: Template) -> dict[str, object]:
    """More than the mail needs: everything it must not say is offered too."""
    return {"url": "https://madoguchi.example.jp/x", **SAMPLE, **LINKS.get(template, {}), **SECRETS}


def subject_of(template: Template) -> str:
    """As it is sent; a notice says its own."""
    return str(SAMPLE["subject"]) if template is Template.NOTICE else wording_of("bond").subjects[template]


def received(template: Template, **facts: object) -> Received:
    body = render(template, {**facts_of(template), **facts}, "bond")
    content = compose(
        body,
        message_id=MESSAGE_ID,
        sender="no-reply@mail.jhf.go.jp",
        recipient="hanako@example.jp",
        written_at=WRITTEN_AT,
    )
    return Received("", (), content, True)


def test_the_previews_in_the_docs_are_what_is_sent():
    """After a change of wording: `madoguchi mail preview docs/mail-previews`, and read them."""
    files = {str(path.relative_to(PREVIEWS)): path for path in PREVIEWS.rglob("*.*")}
    assert {name: path.read_text(encoding="utf-8") for name, path in files.items()} == previews()


@pytest.mark.rule("NO-03", "NO-05", "NO-07")
@pytest.mark.parametrize("template", Template)
def test_a_mail_offered_secrets_and_foreign_facts_says_none_of_them(template: Template):
    body = render(template, facts_of(template), "bond")
    said = body.subject + body.text + body.html
    for secret in SECRETS.values():
        assert secret not in said
    assert (str(SAMPLE["user_id"]) in said) == (template in (Template.USER_ID_ISSUED, Template.USER_ID_REMINDER))
    assert ("https://" in said) == ("url" in CONTEXTS[template].model_fields)


@pytest.mark.parametrize("template", Template)
def test_both_forms_say_the_same(template: Template):
    body = render(template, facts_of(template), "bond")
    html = re.sub(r"<style.*?</style>|<[^>]+>", "", body.html)
    squeezed = re.sub(r"\s+", "", html)
    for line in body.text.splitlines():
        wanted = re.sub(r"\s+|■|-{10,}", "", line)
        assert wanted in squeezed


@pytest.mark.parametrize("template", Template)
def test_a_mail_program_reads_the_exact_subject_and_the_text(template: Template):
    mail = received(template).message
    assert mail["Subject"] == subject_of(template)
    assert mail["From"].addresses[0].display_name == "住宅金融支援機構"
    assert mail["Date"].datetime == WRITTEN_AT
    assert mail["Date"].datetime.utcoffset().total_seconds() == 9 * 3600
    assert mail["Message-ID"] == f"<{MESSAGE_ID}@mail.jhf.go.jp>"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text.get_content().replace("\r\n", "\n") == render(template, facts_of(template), "bond").text
    assert html.get_content().replace("\r\n", "\n") == render(template, facts_of(template), "bond").html
    assert not mail.defects
    assert not text.defects


@pytest.mark.parametrize("template", Template)
def test_the_bytes_are_fit_for_old_servers_and_each_encoded_word_stands_alone(template: Template):
    content = received(template).content
    assert content.isascii()
    assert all(len(line) <= 78 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    header = content.partition(b"\r\n\r\n")[0].decode()
    words = re.findall(r"=\?[^?]+\?[bq]\?[^?]*\?=", header)
    assert words
    for word in words:
        assert len(word) <= 75  # RFC 2047
        ((raw, charset),) = decode_header(word)
        raw.decode(charset)  # no character is cut in two


def test_the_same_mail_is_the_same_bytes_each_time():
    assert received(Template.PASSWORD_LINK).content == received(Template.PASSWORD_LINK).content


def test_a_missing_fact_is_an_error_and_not_an_empty_place():
    with pytest.raises(ValidationError):
        render(Template.USER_ID_ISSUED, {"name": "青葉 花子"}, "bond")


def test_a_name_cannot_bring_lines_or_markup_into_a_mail():
    name = "花子\r\n様\n\n偽の案内 https://evil.example\u202e<b>"
    body = render(Template.PASSWORD_SET, {"name": name}, "bond")
    assert body.text.startswith("花子 様 偽の案内 https://evil.example <b> 様\n")
    assert "<b>" not in body.html
    assert "&lt;b&gt;" in body.html


def test_the_reason_keeps_its_lines_and_nothing_else():
    body = render(
        Template.CORRECTION_REQUESTED,
        {**facts_of(Template.CORRECTION_REQUESTED), "reason": "一\r\n<二>\x07"},
        "bond",
    )
    assert "  一\n  <二>\n" in body.text
    assert "一<br>&lt;二&gt;" in body.html


@pytest.mark.parametrize(
    ("mail", "envelope"),
    [
        ("hanako@example.jp", "hanako@example.jp"),
        ("Hanako+bond@EXAMPLE.jp", "Hanako+bond@EXAMPLE.jp"),
        ("a..b@docomo.ne.jp", '"a..b"@docomo.ne.jp'),
        ("a.@docomo.ne.jp", '"a."@docomo.ne.jp'),
        ('"a..b"@docomo.ne.jp', '"a..b"@docomo.ne.jp'),
        ("info@窓口.jp", "info@xn--6or331g.jp"),
    ],
)
def test_addresses_in_use_are_written_to(mail: str, envelope: str):
    assert envelope_address(mail) == envelope


@pytest.mark.parametrize(
    "mail",
    [
        "",
        "hanako",
        "hanako@",
        "@example.jp",
        "hanako@localhost",
        "a b@example.jp",
        "a@b@example.jp",
        "花子@example.jp",
        "a@example.jp\r\nRCPT TO:<b@example.jp>",
        "a>\r\nDATA@example.jp",
        "a@-example.jp",
        "a" * 65 + "@example.jp",
    ],
)
def test_what_is_no_address_is_refused(mail: str):
    with pytest.raises(BadAddress):
        envelope_address(mail)


def test_a_quoted_address_arrives_as_it_is_registered():
    content = compose(
        Body("件名", "本文\n", "<p>本文</p>\n"),
        message_id=MESSAGE_ID,
        sender="no-reply@mail.common.jhf.go.jp",
        recipient=envelope_address("a..b@docomo.ne.jp"),
        written_at=WRITTEN_AT,
    )
    assert b'To: "a..b"@docomo.ne.jp\r\n' in content
    assert f"Message-ID: <{MESSAGE_ID}@mail.common.jhf.go.jp>\r\n".encode() in content


# Programmes


@pytest.mark.rule("NO-09", "NO-10")
@pytest.mark.parametrize("template", [Template.SERVICE_STARTED, Template.CORRECTION_REQUESTED])
def test_a_programme_without_wording_of_its_own_is_written_to_in_general_words(template: Template):
    own, general = (render(template, facts_of(template), programme) for programme in ("bond", "not_here_yet"))
    assert "管理組合情報" in own.text
    for said in (general.subject, general.text, general.html):
        assert "管理組合" not in said.replace(str(SAMPLE["reason"]).splitlines()[0], "")
        assert "すまい・る債" not in said
    assert "独立行政法人 住宅金融支援機構\nWeb申込サービス\n" in general.text


@pytest.mark.rule("NO-02", "NO-03", "NO-04", "NO-05", "NO-06", "NO-07", "NO-08")
@pytest.mark.parametrize(
    "template", [one for one in Template if one not in OF_PROGRAMMES and not one.startswith("SUCCESSION")]
)
def test_a_mail_of_an_account_misleads_no_applicant_of_another_programme(template: Template):
    body = render(template, facts_of(template), ACCOUNTS)
    for said in (body.subject, body.text, body.html):
        for word in ("すまい・る債", "債券", "管理組合"):
            assert word not in said
    assert "独立行政法人 住宅金融支援機構\nWeb申込サービス\n" in body.text
    assert body.subject == wording_of("bond").subjects[template]  # as the catalogue prints it, for every programme


def test_a_programme_is_a_folder_with_its_name_subjects_and_what_it_says_otherwise():
    assert {"bond", "green_loan"} <= set(programmes())
    assert own_templates("bond") == [Template.SERVICE_STARTED, Template.CORRECTION_REQUESTED]
    assert wording_of("bond").service == "マンションすまい・る債 Web申込サービス"
    assert wording_of("not_here_yet").subjects == SUBJECTS


@pytest.mark.rule("NO-11")
def test_a_notice_is_written_in_paragraphs_and_cannot_pass_for_anything_else():
    facts = {"name": "青葉 花子", "subject": "件名\r\nBcc: x@example.jp", "paragraphs": ["<b>一</b>\n二", "三"]}
    body = render(Template.NOTICE, facts, "bond")
    assert body.subject == "件名 Bcc: x@example.jp"
    assert "\n<b>一</b>\n二\n\n三\n" in body.text
    assert "&lt;b&gt;一&lt;/b&gt;<br>二" in body.html
