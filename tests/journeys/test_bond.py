"""One association's way through the running stack, by the public APIs alone; and what everybody else sees of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import httpx
import jsonschema
import pytest
import pytest_asyncio
from journeys.witness import PROCESSES, Told, Witness, all_told, left_behind, links_in, occurs, readable
from madoguchi_contracts import Role
from madoguchi_contracts.schema import released
from madoguchi_stack.case import bond
from madoguchi_stack.case.office import OFFICERS
from madoguchi_stack.case.people import Person
from madoguchi_stack.case.web import text_of, until
from madoguchi_stack.layout import OFFICE_MAILBOX
from madoguchi_stack.mailbox import read_mails
from madoguchi_stack.services import service_environment
from support.logs import wrong_lines
from support.stack import Stack, StackPerson, open_stack

pytestmark = [pytest.mark.real, pytest.mark.slow]

# As they stand in the catalogue.
NO_02 = "【住宅金融支援機構】ユーザーID登録のお願い(「秘密の質問」の登録[お手続き(1)])"
NO_03 = "【住宅金融支援機構】「秘密の質問」の登録手続き完了のお知らせ"
NO_04 = "【住宅金融支援機構】ユーザーID登録のお願い(「パスワード」の登録[お手続き(2)])"
NO_05 = "【住宅金融支援機構】「パスワード」の登録・変更手続き完了のお知らせ"
NO_08 = "【住宅金融支援機構】eKYC手続のお知らせ"
NO_09 = "Web申込サービス利用開始"
NO_10 = "【住宅金融支援機構】管理組合情報の修正・再申請のお願い"


@dataclass(frozen=True)
class Run:
    """The case, played to its end, and everything that it left."""

    witness: Witness
    association: bond.Association
    officers: list[dict[str, str]]
    landings: list[str]
    mails: list[EmailMessage]
    told: list[Told]
    places: dict[str, str]

    @property
    def person(self) -> Person:
        return self.association.person

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in str(mail["To"])]

    @property
    def timeline(self) -> str:
        return f"/v1/applications/{self.association.application_id}/timeline"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack"), durable=False) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def run(stack: Stack) -> AsyncIterator[Run]:
    """Registration, login, form, files, submission, rejection, correction, a second officer, approval."""
    witness = Witness(stack)
    landings: list[str] = []

    def note(what: str) -> None:
        landings.extend(re.findall(r"landed on (\w+)", what))

    identity = service_environment("identity", stack.servers)
    accounts = stack.servers.folder / "office-accounts.json"
    try:
        association = await bond.play(witness, identity, accounts, note)
        landings.append(association.person.landing)
        officers = list(json.loads(accounts.read_text()).values())
        told = await all_told(stack)
        mails = await asyncio.to_thread(read_mails, stack.servers.ports)
        places = await left_behind(stack, told)
        yield Run(witness, association, officers, landings, mails, told, places)
    finally:
        await witness.close()


# What the association sees


@pytest.mark.rule("NO-02", "NO-03", "NO-04", "NO-05", "NO-08", "NO-09", "NO-10", "NO-13", "AS-80", "AS-81")
def test_the_applicant_gets_each_mail_of_the_catalogue_in_order_and_no_other(run: Run):
    mails = run.mails_to(run.person.account.mail)
    assert [str(mail["Subject"]) for mail in mails] == [NO_02, NO_03, NO_04, NO_05, NO_08, NO_10, NO_09]
    assert {str(mail["To"]) for mail in mails} == {run.person.account.mail}


@pytest.mark.rule("NO-03", "NO-04", "NO-05", "NO-12")
def test_only_the_mail_with_the_user_id_has_it_and_none_has_a_password_a_code_or_the_secret_answer(run: Run):
    mails = run.mails_to(run.person.account.mail)
    with_user_id = [str(mail["Subject"]) for mail in mails if run.person.account.user_id in readable(mail)]
    assert with_user_id == [NO_03]
    assert links_in(mails[1]) == []
    forbidden = {"password", "code", "secret_answer", "secret_text", "otpauth_uri", "proof", "access_token"}
    secrets = {secret for name, secret in run.witness.secrets if name in forbidden}
    assert len(secrets) > 10
    assert [secret for mail in run.mails for secret in secrets if occurs(secret, readable(mail))] == []


@pytest.mark.rule("NO-10", "AS-81")
def test_the_mail_of_the_rejection_has_the_reason_and_leads_to_the_application(run: Run):
    (mail,) = [mail for mail in run.mails if mail["Subject"] == NO_10]
    assert "代表者の住所に不備があります。" in text_of(mail)
    (link,) = links_in(mail)
    assert link.endswith(f"/applications/{run.association.application_id}")


@pytest.mark.rule("ID-16")
def test_a_scanner_that_follows_every_link_before_its_reader_uses_none_up(run: Run):
    # The case went through: registration, passwords and identity check worked after the scanner had been there.
    followed = {re.sub(r"^https?://[^/]+/(\w+).*", r"\1", link) for link, _ in run.witness.scanned}
    assert followed == {"registration", "password", "ekyc", "applications"}
    assert len(run.witness.scanned) == 3 * (1 + 3 + 1 + 1)  # the officers set passwords too
    assert all(status < 500 for _, status in run.witness.scanned)


@pytest.mark.rule("ID-36")
def test_the_association_lands_on_the_form_until_it_is_approved_and_then_on_its_top_page(run: Run):
    assert run.landings == ["association_form", "association_top"]


@pytest.mark.rule("AS-80", "AS-81", "AS-82")
async def test_the_timeline_tells_the_applicant_every_step_and_no_officer(run: Run):
    items = (await run.person.get("applications", run.timeline))["items"]
    assert [(item["step"], item["by"], item["submission"]) for item in items] == [
        ("入力を開始", "申請者", None),
        ("申請", "申請者", 1),
        ("審査を受付", "システム", 1),
        ("否認", "担当者", 1),
        ("申請", "申請者", 2),
        ("審査を受付", "システム", 2),
        ("承認", "担当者", 2),
    ]
    assert {item["actor_id"] for item in items} == {None}
    assert sorted(items, key=lambda item: str(item["at"])) == items


async def test_the_timeline_tells_the_office_who_did_what(run: Run, stack: Stack):
    items = (await stack.person(Role.OFFICE_REVIEWER).ask("GET", "applications", run.timeline)).json()["items"]
    claims = [item for item in items if item["step"] == "担当者が審査を開始"]
    assert [item["submission"] for item in claims] == [1, 2, 2]
    (approval,) = [item for item in items if item["step"] == "承認"]
    (recommendation,) = [one.data for one in run.told if one.name == "ReviewRecommended"]
    assert approval["actor_id"] == claims[2]["actor_id"] != recommendation["officer_id"] == claims[1]["actor_id"]


# What the office sees


def test_the_office_hears_of_each_submission_by_its_number_alone(run: Run):
    mails = [mail for mail in run.mails_to(OFFICE_MAILBOX) if run.association.reference in text_of(mail)]
    assert len(mails) == 2
    personal = {secret for name, secret in run.witness.secrets if name not in {"text", "reason"}}
    assert [secret for mail in mails for secret in personal if occurs(secret, readable(mail))] == []


# What other teams see on the topics


def test_every_record_is_a_cloudevent_of_a_released_schema(run: Run):
    schemas = released()
    for one in run.told:
        event = one.event
        assert (event.get_specversion(), event.get_datacontenttype()) == ("1.0", "application/json")
        assert event.get_source() == f"/madoguchi/{one.topic.split('.')[0]}"
        assert event.get_type().startswith(f"madoguchi.{one.topic.split('.')[0]}.")
        assert one.key == event.get_subject() == event.get_extension("partitionkey")
        schema = schemas[str(event.get_dataschema())]
        assert schema["x-topic"] == one.topic
        jsonschema.Draft202012Validator(schema).validate(event.get_data())
        assert event.get_data()[schema["x-key"]] == one.key
    assert len({one.headers["ce_id"] for one in run.told}) == len(run.told)


def test_the_events_of_each_aggregate_come_in_order_without_a_gap(run: Run):
    sequences: dict[tuple[str, str], list[int]] = defaultdict(list)
    partitions: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in run.told:
        sequences[one.topic, one.key].append(one.sequence)
        partitions[one.topic, one.key].add(one.partition)
    assert {topic for topic, _ in sequences} == {
        "identity.accounts.v1",
        "applications.applications.v1",
        "documents.documents.v1",
        "notifications.messages.v1",
    }
    assert [numbers for numbers in sequences.values() if numbers != list(range(1, len(numbers) + 1))] == []
    assert {len(numbers) for numbers in partitions.values()} == {1}


def test_the_topics_tell_the_whole_case(run: Run):
    application = run.association.application_id
    names = [one.name for one in run.told if (one.topic, one.key) == ("applications.applications.v1", application)]
    review = ["ApplicationSubmitted", "ReviewOpened", "ReviewClaimed"]
    assert names == [
        "ApplicationStarted",
        *review,
        "ApplicationRejected",
        *review,
        "ReviewRecommended",
        "ReviewClaimed",
        "ApplicationApproved",
    ]
    documents = [one.name for one in run.told if (one.topic, one.key) == ("documents.documents.v1", application)]
    assert documents == ["DocumentStored", "DocumentStored", "DocumentsFrozen", "DocumentsFrozen"]


def test_one_trace_leads_from_the_request_to_the_mail_in_the_office(run: Run):
    lines = run.places["log applications-api.log"].splitlines()
    requests = [json.loads(line) for line in lines if '"/v1/applications/{application_id}/submit"' in line]
    traces = [line["trace_id"] for line in requests if line["event"] == "request" and line["status"] == 201]
    assert len(set(traces)) == 2
    for trace in traces:
        names = {one.name for one in run.told if one.trace_id == trace}
        assert names == {
            "ApplicationSubmitted",
            "ReviewOpened",
            "DocumentsFrozen",
            "MailQueued OFFICE-NEW-CASE",
            "MailAccepted OFFICE-NEW-CASE",
        }
        logs = [place for place, text in run.places.items() if place.startswith("log ") and trace in text]
        assert {"log applications-api.log", "log notifications-worker.log"} <= set(logs)


def test_nothing_that_runs_by_itself_failed_in_any_process(run: Run):
    logs = {place: text for place, text in run.places.items() if place.startswith("log ")}
    assert len(logs) >= 8
    assert [
        (place, line) for place, text in logs.items() for line in text.splitlines() if '"loop_failed"' in line
    ] == []


def test_every_line_of_every_process_has_the_form_that_is_promised(run: Run):
    logs = {
        place: text
        for place, text in run.places.items()
        if place.removeprefix("log ").removesuffix(".log") in PROCESSES
    }
    assert len(logs) == len(PROCESSES)
    assert all(text.count("\n") > 3 for text in logs.values())  # something was written
    assert [(place, *wrong) for place, text in logs.items() for wrong in wrong_lines(text)] == []


# What nobody may see


@pytest.mark.rule("NO-12", "ID-62")
def test_nothing_confidential_is_in_any_log_event_or_metric(run: Run):
    names = {name for name, _ in run.witness.secrets}
    assert {"password", "code", "secret_text", "secret_answer", "token", "access_token", "proof", "mail"} <= names
    people = {("name", name) for name in OFFICERS.values()} | {("mail", one["mail"]) for one in run.officers}
    found = [
        (place, name)
        for place, text in run.places.items()
        for name, secret in run.witness.secrets | people
        if occurs(secret, text)
    ]
    assert found == []


def test_the_search_for_confidential_words_finds_them_where_they_are(run: Run):
    mails = "\n".join(readable(mail) for mail in run.mails)
    found = {name for name, secret in run.witness.secrets if occurs(secret, mails)}
    assert {"mail", "name_kanji", "token", "user_id", "reason"} <= found
    code = next(secret for name, secret in run.witness.secrets if name == "code")
    assert occurs(code, f'{{"code": "{code}"}}')
    assert occurs("花子", '"\\u82b1\\u5b50"')
    assert not occurs("123456", "2026-11-22T01:18:24.123456Z 0123456 1234567 a123456-")


# Other ways through


@dataclass(frozen=True)
class Case:
    """An application of somebody who is known everywhere, from the submission on."""

    stack: Stack
    owner: StackPerson
    application_id: UUID

    @classmethod
    async def prepared(cls, stack: Stack, owner: StackPerson) -> Case:
        """A draft that may be submitted."""
        started = await owner.ask("POST", "applications", "/v1/applications", {"programme": "bond"})
        assert started.status_code == 201, started.text
        case = cls(stack, owner, UUID(started.json()["application_id"]))
        await stack.hand_in(case.application_id)
        path = f"/v1/applications/{case.application_id}/draft"
        saved = await owner.ask("PUT", "applications", path, {"content": owner.form()}, If_Match='"1"')
        assert saved.status_code == 200, saved.text
        return case

    async def submission(self) -> dict[str, Any]:
        """The body of a submission with a new proof, as soon as it may be made."""

        async def ready() -> Any:
            path = f"/v1/applications/{self.application_id}/check"
            check = (await self.owner.ask("GET", "applications", path)).json()
            return check["content_sha256"] if check["may_submit"] else None

        digest = str(await until(ready, "an application that may be submitted"))
        return {"content_sha256": digest, "proof": self.owner.proof("submit", digest)}

    async def submit(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        path = f"/v1/applications/{self.application_id}/submit"
        return await self.owner.ask("POST", "applications", path, body, key=key)

    async def decide(self, submission: int, *steps: tuple[StackPerson, str, Any]) -> None:
        """Officers take these steps in the review of a submission, once it was opened by the event."""

        async def opened() -> Any:
            sql = "SELECT id FROM reviews WHERE application_id = :id AND submission = :submission"
            where = {"id": self.application_id, "submission": submission}
            rows = await self.stack.rows("applications", sql, **where)
            return rows[0].id if rows else None

        review = await until(opened, "the review")
        for officer, step, body in steps:
            answer = await officer.ask("POST", "applications", f"/v1/reviews/{review}/{step}", body)
            assert answer.status_code == 200, answer.text

    async def mails_after(self, number: int) -> list[str]:
        """The subjects to the owner, once there are so many and nobody has anything more to send."""

        async def arrived() -> Any:
            mails = await asyncio.to_thread(read_mails, self.stack.servers.ports)
            subjects = [str(mail["Subject"]) for mail in mails if self.owner.mail in str(mail["To"])]
            return subjects if len(subjects) >= number else None

        await until(arrived, f"{number} mails")
        await all_told(self.stack)
        return list(await until(arrived, "the mails"))


@pytest.mark.rule("NO-09", "NO-10", "NO-12", "AS-80", "AS-81", "AS-82")
async def test_two_rejections_and_an_approval_are_told_by_a_mail_each(stack: Stack):
    (owner,) = await stack.people(1)
    reviewer, approver = stack.person(Role.OFFICE_REVIEWER), stack.person(Role.OFFICE_APPROVER)
    case = await Case.prepared(stack, owner)
    for submission, reason in ((1, "代表者の住所に不備があります。"), (2, "口座名義をご確認ください。")):
        assert (await case.submit(await case.submission())).status_code == 201
        await case.decide(submission, (reviewer, "claim", None), (reviewer, "reject", {"reason": reason}))
    assert (await case.submit(await case.submission())).status_code == 201
    await case.decide(3, (reviewer, "claim", None), (reviewer, "recommend", None), (approver, "approve", None))
    assert await case.mails_after(4) == [NO_03, NO_10, NO_10, NO_09]


@pytest.mark.rule("AS-73", "AS-74")
async def test_a_double_click_starts_one_application(stack: Stack):
    (owner,) = await stack.people(1)
    body = {"programme": "bond"}
    key = str(uuid4())
    clicks = [owner.ask("POST", "applications", "/v1/applications", body, key=key) for _ in range(2)]
    first, second = await asyncio.gather(*clicks)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert {answer.headers.get("Idempotent-Replay") for answer in (first, second)} == {None, "true"}
    items = (await owner.ask("GET", "applications", "/v1/applications")).json()["items"]
    assert [item["application_id"] for item in items] == [first.json()["application_id"]]


@pytest.mark.rule("AS-73", "AS-74", "AS-82")
@pytest.mark.parametrize("same_key", [True, False], ids=["one page, twice", "two pages"])
async def test_a_double_click_submits_once(stack: Stack, same_key: bool):
    (owner,) = await stack.people(1)
    case = await Case.prepared(stack, owner)
    body = await case.submission()
    keys = [str(uuid4())] * 2 if same_key else [str(uuid4()), str(uuid4())]
    first, second = sorted(
        await asyncio.gather(*(case.submit(body, key) for key in keys)), key=lambda answer: answer.status_code
    )
    assert first.status_code == 201
    if same_key:
        assert (second.status_code, second.json()) == (201, first.json())
    else:
        assert (second.status_code, second.json()["code"]) == (409, "impossible_transition")
    told = await all_told(stack)
    names = [one.name for one in told if one.key == str(case.application_id)]
    assert names.count("ApplicationSubmitted") == names.count("ReviewOpened") == names.count("DocumentsFrozen") == 1
    caused = next(
        one.headers["ce_id"].decode() for one in told if one.data.get("content_sha256") == body["content_sha256"]
    )
    queued = [one for one in told if one.data.get("cause_event_id") == caused and one.name.startswith("MailQueued")]
    assert len(queued) == 1
