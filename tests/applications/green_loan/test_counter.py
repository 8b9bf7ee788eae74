"""The green loan through the API, on a real database: two persons, an inspection body, a bank and the office."""

import hashlib
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from kit import disclosures
from kit.japan import JST, to_jst
from madoguchi_contracts import (
    DataRequestAnswered,
    DataUseResumed,
    EkycStatusChanged,
    Role,
)
from sqlalchemy.exc import DBAPIError
from support import green_loan as example
from support.counter import findings
from support.econtract import contracts_of
from support.loan_desk import (
    FUNDS,
    IDENTITY,
    INSPECTED,
    RECEIPT,
    TECHNICAL,
    a_couple,
    agree,
    approved,
    done,
    examined,
    file,
    insured,
    open_loan_desk,
    step,
)
from support.pdf import printed
from support.records import record_of

DANSHIN = "danshin"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as opened:
        yield opened


async def everybody_signs(desk, application, owner, wife):
    async with contracts_of(desk) as contracts:
        await contracts.work()
        assert await contracts.sign(owner, application) == "contract_open"
        assert await contracts.sign(wife, application) == "contracted"


async def read_notices(wife, application):
    # The two notices, the guidance and the originals to bring are messages of the office (GL-431, GL-432).
    (thread,) = (await wife.get(f"/v1/applications/{application}/threads")).json()["items"]
    whole = (await wife.get(f"/v1/applications/{application}/threads/{thread['thread_id']}")).json()
    texts = [one["text"] for one in whole["messages"]]
    assert [text.split("\n")[0] for text in texts] == [
        "融資承認通知書",
        "返済額のご通知",
        "今後のお手続き",
        "原本のご提示",
        "窓口での本人確認のご案内",
    ]
    assert "1,400,000円" in texts[0]
    assert "完済の確認" in texts[0]
    assert "毎月の返済額: 12,632円" in texts[1]


async def only_officers_see_what_was_examined(desk, owner, reviewer, application, debtors):
    seen = await reviewer.view(application)
    persons = {one["key"]: one["state"] for one in seen["examined"] if one["kind"] == "person"}
    assert len(persons) == debtors
    assert set(persons.values()) == {"clear"}
    assert (await owner.view(application))["examined"] == []
    timeline = (await owner.get(f"/v1/applications/{application}/timeline")).text
    assert "確認結果を記録" not in timeline
    kept = await desk.rows(
        "SELECT facts FROM application_history WHERE application_id = :id AND command = 'examine'", id=application
    )
    assert kept[0].facts.startswith("test.")  # encrypted, by the key of the tests
    papers = (await owner.get(f"/v1/applications/{application}/papers")).json()["items"]
    assert {one["state"] for one in papers if one["due"] == "application"} == {"checked"}


async def offered(desk, reviewer, application):
    # The period is a message too, and one mail tells of both: that of the contract, once the provider has it.
    period = {"first": "2026-04-02", "last": "2026-04-16", "amount_yen": 1_400_000}
    await done(reviewer, application, "open_contract", facts=period)
    (told,) = await desk.rows(
        "SELECT type, data FROM events WHERE aggregate_id = :id ORDER BY version DESC LIMIT 1", id=application
    )
    assert (told.type.split(".")[2], told.data["notify"]) == ("MessagePosted", [])


async def repay_early(owner, wife, clerk, application):
    # One part is repaid early: asked for in My Note a month before, and told by the bank.
    wish = {"channel": "MY_NOTE", "amount_yen": 400_000, "effect": "LOWER_PAYMENT", "payment_on": "2026-06-15"}
    await done(owner, application, "ask_prepayment", facts=wish)
    before = (await wife.get(f"/v1/applications/{application}/repayment?on=2026-06-15")).json()
    await done(clerk, application, "prepay", facts=wish)
    after = (await wife.get(f"/v1/applications/{application}/repayment?on=2026-06-15")).json()
    assert (len(before["past"]), before["past"][0]["due_on"]) == (2, "2026-05-15")
    assert before["balance_yen"] - after["balance_yen"] == 400_000
    assert after["coming"][0]["payment"] < before["coming"][0]["payment"]
    assert sum(one["principal"] for one in after["coming"]) == after["balance_yen"]
    # A second one is arranged and does not come: the debtors are told, and the loan is as before.
    second = {**wish, "payment_on": "2026-07-15", "noticed_on": "2026-04-02"}
    path = f"/v1/applications/{application}/repayment?on=2026-07-15"
    expected = (await wife.get(path)).json()
    await done(clerk, application, "prepay", facts=second)
    assert (await wife.get(path)).json() != expected
    key, gone = str(uuid4()), {"facts": {"payment_on": "2026-07-15"}}
    for _ in range(2):  # a repeated request does nothing twice
        step = f"/v1/applications/{application}/steps/cancel_prepayment"
        assert (await clerk.post(step, gone, key=key)).status_code == 200
    assert (await wife.get(path)).json() == expected
    listed = (await wife.get(f"/v1/applications/{application}/threads")).json()["items"]
    (thread,) = [one for one in listed if one["subject"] == "ご返済について"]
    told = (await wife.get(f"/v1/applications/{application}/threads/{thread['thread_id']}")).json()["messages"]
    funds, cancelled = (one["text"] for one in told)
    assert funds.startswith("ご融資金のお受取りについて\n")
    assert cancelled.startswith("繰上返済の取りやめのお知らせ\n2026-07-15の")
    assert (await clerk.get(f"/v1/applications/{application}/threads")).json()["items"] == []


async def end_by_insurance(desk, clerk, application, paid):
    # What is left is paid by the insurance: the bank says so, and the office ends the debt with a reason.
    path = f"/v1/applications/{application}/steps"
    alone = await clerk.post(f"{path}/close", {"facts": paid})
    assert findings(alone) == {("GL-083", "BALANCE_LEFT", "reason")}
    await done(clerk, application, "propose_closing")
    approver = desk.person(Role.OFFICE_APPROVER)
    unsaid = await approver.post(f"{path}/close_with_balance", {"facts": paid})
    assert findings(unsaid) == {("GL-104", "REQUIRED", "reason")}
    ended = await done(approver, application, "close_with_balance", facts=paid, reason="保険金の支払")
    assert ended["state"] == "closed"


async def certificate_of_the_year(desk, application, debtors, clerk, inspector):
    # 融資額残高証明書: in the new year each debtor prints it, and the office knows what to post.
    before, desk.clock.now = desk.clock(), datetime(2026, 12, 31, 14, 59, 59, tzinfo=UTC)
    path = f"/v1/applications/{application}/balance-certificates"
    await done(clerk, application, "change_sendings", facts={"sendings": 3})
    assert (await debtors[0].get(path)).json()["certificates"] == []
    desk.clock.now = datetime(2026, 12, 31, 15, tzinfo=UTC)  # midnight in Japan
    standing = (await clerk.get(f"/v1/applications/{application}/repayment?on=2026-12-31")).json()
    yearly = "/v1/programmes/green_loan/balance-certificates/2026"
    officer = desk.person(Role.OFFICE_REVIEWER)
    wrong = await officer.post(f"{yearly}/posting", {"first": "2026-12-31", "last": "2027-01-20"})
    assert findings(wrong) == {("GL-507", "PERIOD", "first")}
    for last in ("2027-01-25", "2027-01-31"):  # a later announcement takes the place of the earlier one
        told = {"first": "2027-01-15", "last": last}
        assert (await officer.post(f"{yearly}/posting", told)).json() == told
    for debtor in debtors:
        found = (await debtor.get(path)).json()
        assert (found["sendings"], [one["year"] for one in found["certificates"]]) == (3, [2026])
        assert found["certificates"][0]["posting"] == told
        assert found["certificates"][0]["owed_yen"] == standing["owed_yen"]
        paper = await debtor.get(f"{path}/2026.pdf")
        assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
        assert {"見本 太郎、見本 花子", f"金 {standing['owed_yen']:,}円", "見本 太郎 様"} <= set(printed(paper.content))
        assert (await debtor.get(f"{path}/2027.pdf")).status_code == 404
    page = (await officer.get(yearly)).json()
    mine = next(one for one in page["items"] if one["application_id"] == str(application))
    assert (mine["number"], mine["sendings"], page["posting"]) == (1, 3, told)
    assert "見本" not in (await officer.get(yearly)).text
    assert (await officer.get(f"{path}/2026.pdf")).status_code == 200
    looked = await desk.rows("SELECT action FROM access_log WHERE actor_id = :id", id=officer.account_id)
    assert [row.action for row in looked] == ["view_loan_certificate"]
    for stranger in (clerk, inspector, debtors[0]):
        assert (await stranger.get(yearly)).status_code == 403
    for other in (clerk, inspector):
        assert (await other.get(path)).status_code == 403
    assert (await inspector.get(f"/v1/applications/{application}/repayment")).status_code == 403
    desk.clock.now = before


@pytest.mark.rule("GL-505", "GL-506", "GL-507", "GL-508")
@pytest.mark.rule("GL-066", "GL-104", "GL-255", "GL-431", "GL-432", "GL-487", "GL-436")
async def test_two_persons_borrow_and_everybody_on_the_other_side_does_their_part(desk):
    owner, wife, application = await a_couple(desk)
    check = (await owner.get(f"/v1/applications/{application}/check")).json()
    assert {one["code"] for one in check["findings"]} == {"CONSENT_MISSING", "OUTLINE_MISSING"}
    reviewer = await approved(desk, application, owner, wife, conditions=[{"text": "完済の確認", "due": "contract"}])
    await insured(desk, owner, application)
    await only_officers_see_what_was_examined(desk, owner, reviewer, application, 2)
    # The approval is told to those who owe the loan, with its amount.
    timeline = (await wife.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert [one["facts"]["amount_yen"] for one in timeline if one["step"] == "融資承認"] == [1_400_000]

    await read_notices(wife, application)
    clerk = desk.person(Role.BANK, organisation_id=example.BANK)
    inspector = desk.person(Role.INSPECTION_BODY, organisation_id=example.BODY)
    await done(owner, application, "request", track=TECHNICAL)
    await done(inspector, application, "confirm_plan", track=TECHNICAL, facts={**INSPECTED, **example.PLAN})
    await done(owner, application, "start_works", track=TECHNICAL, facts={"on": "2026-04-02"})
    await done(owner, application, "complete", track=TECHNICAL, facts={"on": "2026-04-02"})
    await done(owner, application, "report", track=TECHNICAL, facts=example.REPORT)
    await done(inspector, application, "certify", track=TECHNICAL, facts={**INSPECTED, **example.ISSUED})
    await done(clerk, application, "receive", facts=RECEIPT)
    listed = await reviewer.get("/v1/programmes/green_loan/applications?state=cert_submitted")
    assert str(application) in {one["application_id"] for one in listed.json()["items"]}
    await offered(desk, reviewer, application)
    await desk.hear(EkycStatusChanged(account_id=owner.account_id, ekyc_id=uuid4(), status="passed"))
    seen = {"papers": ["DRIVING_LICENCE"]}
    await done(clerk, application, "see", track=IDENTITY, subject=str(wife.account_id), facts=seen)
    await done(clerk, application, "fulfil", facts={"conditions": [0]})
    desk.clock.advance(seconds=1)
    await everybody_signs(desk, application, owner, wife)
    assert (await owner.get(f"/v1/applications/{application}/repayment")).status_code == 404
    funds = {**FUNDS, **example.accounts(owner.account_id)}
    assert (await done(clerk, application, "disburse", facts=funds))["state"] == "repaying"
    await repay_early(owner, wife, clerk, application)
    early = await clerk.post(
        f"/v1/applications/{application}/steps/close",
        {"facts": {"reason": "FINAL_DUE_DATE", "closed_on": "2026-04-01"}},
    )
    assert findings(early) == {("GL-083", "OTHER_DAY", "closed_on")}  # the funds were not paid yet
    await certificate_of_the_year(desk, application, (owner, wife), clerk, inspector)
    before, desk.clock.now = desk.clock(), datetime(2026, 7, 1, 1, tzinfo=UTC)
    left = await clerk.post(f"/v1/applications/{application}/steps/close", {"facts": {"reason": "FINAL_DUE_DATE"}})
    assert findings(left) == {("GL-083", "BALANCE_LEFT", "reason")}
    paid = {"reason": "INSURANCE", "closed_on": "2026-06-30"}
    await end_by_insurance(desk, clerk, application, paid)
    repaid = (await owner.get(f"/v1/applications/{application}/repayment")).json()
    assert (repaid["balance_yen"], repaid["coming"], repaid["ended"]["on"]) == (0, [], "2026-06-30")
    desk.clock.now = before
    # GL-104: every change with its actor, time, states and reason.
    steps = await desk.rows(
        "SELECT track, command, source, target, actor_id, at FROM application_history "
        "WHERE application_id = :id AND track = 'loan' ORDER BY id",
        id=application,
    )
    assert all(step.source == before.target for before, step in pairwise(steps))
    assert {step.command for step in steps if step.actor_id is None} == {"begin_review", "conclude"}
    told = await desk.events(application)
    assert told.count("ApplicationApproved") == 1
    (offer,) = await desk.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ContractOffered%'", id=application
    )
    assert {UUID(one) for one in offer.data["signers"]} == {owner.account_id, wife.account_id}
    assert told[-2:] == ["ApplicationClosed", "MessagePosted"]  # which is read beside the mail of the first


async def hit(desk, owner, wife, application):
    """Handed in, and the check finds that nobody may lend to the applicant: the officer, and the path of the review."""
    await agree(application, owner, wife)
    assert (await owner.submit(application)).status_code == 201
    await desk.hear_own(application)
    (review,) = await desk.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    reviewer, path = desk.person(Role.OFFICE_REVIEWER), f"/v1/reviews/{review.id}"
    facts = {"persons": [{"person": str(owner.account_id), "hit": True}], "checked_on": "2026-04-01"}
    assert (await reviewer.post(f"{path}/examine", {"facts": facts})).status_code == 200
    desk.clock.advance(seconds=1)
    return reviewer, path


async def read_of_the_end(desk, application, reader):
    """Everything that tells somebody how an application ended: its state here and there, and the last step."""
    seen = await reader.view(application)
    tracks = {one["state"] for one in seen["tracks"] if one["track"] == "loan"}
    listed = (await reader.get("/v1/applications")).json()["items"]
    states = {seen["state"], *tracks, *(one["state"] for one in listed if one["application_id"] == str(application))}
    return states, *await end_in_the_timeline(application, reader)


async def end_in_the_timeline(application, reader):
    """The last step that an officer took, and what was said with it."""
    items = (await reader.get(f"/v1/applications/{application}/timeline")).json()["items"]
    *_, last = [one for one in items if one["by"] == "担当者"]
    return last["step"], last["facts"]


@pytest.mark.rule("GL-121", "GL-353")
async def test_a_refusal_is_told_in_words_that_are_the_same_whatever_the_check_of_persons_found(desk):
    owner, wife, application = await a_couple(desk)
    reviewer, path = await hit(desk, owner, wife, application)
    assert (await reviewer.post(f"{path}/recommend")).status_code == 200
    answer = await desk.person(Role.OFFICE_APPROVER).post(f"{path}/reject", {"facts": {"code": "ANTI_SOCIAL_FORCE"}})
    assert answer.status_code == 200, answer.text
    for reader in (owner, wife, desk.person(Role.BANK, organisation_id=example.BANK)):
        told = await read_of_the_end(desk, application, reader)
        assert told == ({"rejected"}, "不承認", {"reason": "審査の結果によるもの"})
    held = (await owner.call("GET", "/v1/disclosure", Disclosure_Grant=grant(desk, owner))).text
    assert "審査の結果によるもの" in held
    assert "ANTI_SOCIAL_FORCE" not in held
    assert await end_in_the_timeline(application, reviewer) == ("不承認", {"code": "ANTI_SOCIAL_FORCE"})


@pytest.mark.rule("GL-086", "GL-119", "GL-121")
async def test_an_application_that_is_stopped_is_a_cancelled_one_to_everybody_outside_the_office(desk):
    owner, wife, application = await a_couple(desk)
    reviewer, _ = await hit(desk, owner, wife, application)
    await done(desk.person(Role.OFFICE_APPROVER), application, "stop", reason="該当")
    neutral = {"reason": "審査の結果によるもの"}
    for reader in (owner, wife, desk.person(Role.BANK, organisation_id=example.BANK)):
        assert await read_of_the_end(desk, application, reader) == ({"cancelled"}, "受付または決定の取消し", neutral)
    held = (await owner.call("GET", "/v1/disclosure", Disclosure_Grant=grant(desk, owner))).text
    assert "手続の中止" not in held
    (event,) = await desk.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationClosed%'", id=application
    )
    assert event.data["outcome"] == "cancelled"
    assert (await reviewer.view(application))["state"] == "stopped"
    assert await end_in_the_timeline(application, reviewer) == ("手続の中止", {})


@pytest.mark.rule("GL-086", "GL-105", "GL-357")
async def test_an_approver_stops_a_draft_that_nobody_of_the_office_sees_and_it_bans_nothing(desk):
    owner, _, application = await a_couple(desk)
    reviewer, approver = desk.person(Role.OFFICE_REVIEWER), desk.person(Role.OFFICE_APPROVER)
    assert (await step(reviewer, application, "stop", reason="該当")).status_code in {403, 404}
    assert (await step(approver, application, "cancel", reason="該当")).status_code == 409
    assert set(await done(approver, application, "stop", reason="該当")) == {
        *("application_id", "programme", "reference", "state", "submission"),
        *("approved_submission", "draft_version", "started_at"),
    }
    for officer in (reviewer, approver):
        assert (await officer.get(f"/v1/applications/{application}")).status_code == 404
    assert (await owner.view(application))["state"] == "cancelled"
    assert (await owner.save(application, {})).status_code == 409
    again = await owner.start("green_loan")
    check = (await owner.get(f"/v1/applications/{again}/check")).json()
    assert "TOO_EARLY" not in {one["code"] for one in check["findings"]}


@pytest.mark.rule("GL-084", "GL-355")
async def test_who_withdraws_cannot_apply_again_at_once(desk):
    owner, wife, application = await a_couple(desk)
    await agree(application, owner, wife)
    assert (await owner.submit(application)).status_code == 201
    view = await owner.view(application)
    main = next(one for one in view["tracks"] if one["track"] == "loan")
    digest = next(one["digest"] for one in main["steps"] if one["command"] == "withdraw")
    proof = desk.gate.proof(owner.account_id, digest, "withdraw")
    assert (await done(owner, application, "withdraw", proof=proof))["state"] == "withdrawn"
    again = await owner.start("green_loan")
    await owner.save(again, example.content())
    await file(
        desk,
        again,
        ("my_number_card", owner.account_id),
        ("tax_assessment", owner.account_id),
        ("application_building_register", None),
        ("application_works_contract", None),
    )
    await agree(again, owner)
    refused = await owner.submit(again)
    assert refused.status_code == 409
    assert findings(refused) == {("GL-355", "TOO_EARLY", "applicant")}


@pytest.mark.rule("GL-483", "GL-487")
async def test_a_contract_period_that_ends_takes_the_application_back_to_the_office(desk):
    owner, wife, application = await a_couple(desk)
    await approved(desk, application, owner, wife)
    await insured(desk, owner, application)
    clerk, reviewer = desk.person(Role.BANK, organisation_id=example.BANK), desk.person(Role.OFFICE_REVIEWER)
    await done(reviewer, application, "omit", track=TECHNICAL, facts=INSPECTED)
    await done(clerk, application, "receive", facts=RECEIPT)
    first = to_jst(desk.clock()).date()
    period = {"first": first.isoformat(), "last": (first + timedelta(days=7)).isoformat(), "amount_yen": 1_400_000}
    await done(reviewer, application, "open_contract", facts=period)
    desk.clock.now = datetime.combine(first + timedelta(days=8), time(1), JST).astimezone(UTC) - timedelta(seconds=1)
    await desk.fire()
    assert (await owner.view(application))["state"] == "contract_open"
    desk.clock.advance(seconds=1)
    await desk.fire()
    assert (await owner.view(application))["state"] == "cert_submitted"


@pytest.mark.rule("GL-390", "GL-628")
async def test_after_the_submission_the_papers_are_those_of_its_day_whenever_somebody_looks(desk):
    before = desk.clock()
    owner, wife, application = await a_couple(desk)
    await agree(application, owner, wife)
    assert (await owner.submit(application)).status_code == 201
    asked = [(await owner.get(f"/v1/applications/{application}/papers")).json()["items"]]
    for day in (datetime(2026, 6, 1, 1, tzinfo=UTC), datetime(2027, 1, 4, 1, tzinfo=UTC)):
        desk.clock.now = day
        asked.append((await owner.get(f"/v1/applications/{application}/papers")).json()["items"])
    desk.clock.now = before
    assert [one["age_limit"] for one in asked[0] if one["code"] == "INCOME_PROOF"] == [
        "令和7年分(申込年の前年の1月〜12月分)"
    ]
    assert asked == [asked[0]] * 3


@pytest.mark.rule("GL-390", "GL-391")
async def test_a_proof_that_comes_later_has_its_slots_open_and_calls_the_office_when_it_is_there(desk):
    owner, wife, application = await a_couple(desk)
    ticks = [one for one in example.content()["papers"] if "tax" not in one["slot"]]
    content = example.content_with(
        joint_debtors=[example.joint_debtor(wife.account_id)],
        applicant__proof_not_yet_issued=True,
        papers=[
            *ticks,
            {"slot": "applicant_salary_withholding", "income_year": 2025},
            {"slot": "joint_debtor_1_my_number_card", "confirmed": ["front_only"]},
        ],
    )
    assert (await owner.save(application, content)).status_code == 200
    papers = [
        ("my_number_card", owner.account_id),
        ("salary_withholding", owner.account_id),
        ("my_number_card", wife.account_id),
        ("application_building_register", None),
        ("application_works_contract", None),
    ]
    await file(desk, application, *papers, version=2)
    await agree(application, owner, wife)
    submitted = await owner.submit(application)
    assert submitted.status_code == 201, submitted.text
    (event,) = await desk.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationSubmitted%'", id=application
    )
    assert {"slot": "tax_assessment", "subject": str(owner.account_id)} in event.data["awaited"]
    sql = "SELECT id, kind FROM office_tasks WHERE application_id = :id AND state = 'open'"
    assert await desk.rows(sql, id=application) == []
    proof = ("tax_assessment", owner.account_id)
    known = await file(desk, application, *papers, proof, version=3)
    (task,) = await desk.rows(sql, id=application)
    assert task.kind == "income_proof_unchecked"
    officer = desk.person(Role.OFFICE_REVIEWER)
    finished = await officer.post(f"/v1/tasks/{task.id}/finish", {"note": "別の書類を依頼した。"})
    assert finished.status_code == 200, finished.text
    desk.clock.advance(seconds=1)
    known = await file(desk, application, ("salary_certificate", wife.account_id), version=4, known=known)
    assert await desk.rows(sql, id=application) == []  # another paper calls for nothing
    desk.clock.advance(seconds=1)
    await file(desk, application, proof, version=5, known=known)
    assert [row.kind for row in await desk.rows(sql, id=application)] == ["income_proof_unchecked"]


@pytest.mark.rule("GL-261", "GL-076")
async def test_a_danshin_that_costs_more_is_reviewed_again_on_the_offices_worklist(desk):
    owner, wife, application = await a_couple(desk)
    await approved(desk, application, owner, wife)
    desk.clock.advance(seconds=1)
    clerk = desk.person(Role.BANK, organisation_id=example.BANK)
    change = {"choice": "SANDAI", "payment_after_yen": 1}  # what the bank says of the payment counts nothing
    assert (await done(clerk, application, "change_danshin", facts=change))["state"] == "re_review"
    rows = await desk.rows("SELECT round FROM reviews WHERE application_id = :id AND closed_at IS NULL", id=application)
    assert [row.round for row in rows] == [2]
    timeline = (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]
    (told,) = [one["facts"] for one in timeline if one["step"] == "団信の種類を変更"]
    assert told["rate_percent"] == "1.80"
    assert told["payment_after_yen"] > told["payment_before_yen"] > 1


@pytest.mark.rule("GL-201", "GL-366", "GL-258")
async def test_anybody_may_try_a_loan_out_and_nothing_is_kept(desk):
    async def tried(content):
        answer = await desk.client.post("/v1/programmes/green_loan/trial", json={"content": content})
        assert answer.status_code == 200, answer.text
        return answer.json()

    before = await desk.rows("SELECT count(*) FROM applications")
    found = await tried(example.content())
    assert found["findings"] == []
    assert found["content"]["figures"]["limit"]["limit_yen"] == 1_500_000
    income = next(one for one in found["papers"] if one["code"] == "INCOME_PROOF")
    assert (income["who"], income["subject"], income["slots"][0]) == ("applicant", None, ["tax_assessment"])
    assert "GL-376" in income["rules"]
    assert income["why"]
    too_much = await tried(example.content_with(loan__amount_yen=1_510_000))
    assert [(one["rule"], one["code"]) for one in too_much["findings"]] == [("GL-188", "above_limit")]
    assert await desk.rows("SELECT count(*) FROM applications") == before
    big = await desk.client.post("/v1/programmes/green_loan/trial", json={"content": {"x": "x" * 70_000}})
    assert big.status_code == 413
    assert (await desk.client.post("/v1/programmes/lost/trial", json={"content": {}})).status_code == 404


@pytest.mark.rule("GL-362", "GL-366")
async def test_the_papers_of_an_application_are_listed_with_whose_they_are(desk):
    owner, wife, application = await a_couple(desk)
    for person in (owner, wife):
        found = (await person.get(f"/v1/applications/{application}/papers")).json()["items"]
        whose = {(one["code"], one["subject"]) for one in found}
        assert {("IDENTITY", str(owner.account_id)), ("IDENTITY", str(wife.account_id))} <= whose
        assert ("BUILDING_REGISTER", None) in whose
    known = {slot["key"] for slot in (await desk.client.get("/v1/programmes")).json()["items"][1]["documents"]["slots"]}
    assert {slot for one in found for way in one["slots"] for slot in way} <= known


@pytest.mark.rule("GL-022", "GL-609", "GL-614", "GL-621")
async def test_each_person_and_the_office_see_what_was_given_to_whom_and_nobody_gets_more_than_that(desk):
    owner, wife, application = await a_couple(desk)
    await approved(desk, application, owner, wife)
    path = f"/v1/applications/{application}/provisions"
    (mine,) = (await wife.get("/v1/provisions")).json()["items"]
    assert (mine["recipient"], mine["recipient_name"], mine["case"]) == ("handling_institution", "見本銀行", "CONSENT")
    assert (mine["consent_version"], mine["recorded_by"], mine["ground"]) == ("2026-04", None, None)
    assert [one["recipient"] for one in (await owner.get("/v1/provisions")).json()["items"]] == [
        "inspection_body",
        "handling_institution",
    ]
    assert (await owner.get(path)).status_code == 403
    # The inspection body has the house, the works and whom to call; neither papers nor decision nor money.
    inspector = desk.person(Role.INSPECTION_BODY, organisation_id=example.BODY)
    view = await inspector.view(application)
    seen = view["content"]
    assert seen["works"]["lines"]
    # Nor how it stands with anybody's identity, consent or insurance.
    assert {one["track"] for one in view["tracks"]} == {"loan"}
    assert not {"loan", "joint_debtors", "figures"} & seen.keys()
    assert "annual" not in str(seen) + str(seen.get("applicant", {}).keys())
    assert (await inspector.get(f"/v1/applications/{application}/papers")).status_code == 404
    assert (await inspector.get(f"/v1/applications/{application}/repayment")).status_code == 403
    told = (await inspector.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert [one["facts"] for one in told if one["step"] == "融資承認"] == [{}]
    bank = desk.person(Role.BANK, organisation_id=example.BANK)
    counter = await bank.view(application)
    assert counter["content"]["loan"]["amount_yen"] == 1_500_000
    assert {one["track"] for one in counter["tracks"]} >= {"loan", "consent", "identity", "danshin"}
    of_bank = (await bank.get(f"/v1/applications/{application}/timeline")).json()["items"]
    of_persons = {"個人情報の取扱いに同意・商品概要説明書を確認", "団信のお申込みを準備"}
    assert {one["step"] for one in of_bank} - {one["step"] for one in told} == of_persons
    # By hand: only with a ground, about somebody of this application, and the ground is the office's.
    officer = desk.person(Role.OFFICE_REVIEWER)
    given = {
        "person": str(wife.account_id),
        "recipient": "tax_office",
        "case": "LAW",
        "data_fields": ["name"],
        "purpose": "tax",
    }
    assert findings(await officer.post(path, given)) == {("GL-614", "GROUND_MISSING", "ground")}
    ground = {"ground": "国税徴収法第141条"}
    for nobody in (uuid4(), example.BANK):
        assert (await officer.post(path, {**given, **ground, "person": str(nobody)})).status_code == 409
    assert (await officer.post(path, {**given, **ground})).status_code == 201
    by_consent = {**given, "case": "CONSENT", "restricted": True, "safety_asked": True}
    assert {code for _, code, _ in findings(await officer.post(path, by_consent))} == {
        "RECIPIENT_NOT_CONSENTED",
        "PURPOSE_NOT_CONSENTED",
    }
    listed = (await officer.get(path)).json()["items"]
    assert len(listed) == 4
    assert (listed[0]["ground"], listed[0]["recorded_by"]) == (ground["ground"], str(officer.account_id))
    newest = (await wife.get("/v1/provisions")).json()["items"][0]
    assert (newest["recipient"], newest["ground"], newest["recorded_by"]) == ("tax_office", None, None)
    (kept,) = await desk.rows("SELECT ground FROM provisions WHERE ground IS NOT NULL")
    assert "国税" not in kept.ground
    for sql in ("UPDATE provisions SET purpose = 'x'", "DELETE FROM provisions"):
        with pytest.raises(DBAPIError):
            await desk.rows(f"{sql} RETURNING id")


@pytest.mark.rule("GL-618", "GL-621")
async def test_of_whom_the_use_of_data_is_suspended_nothing_is_given_to_anybody(desk):
    owner, wife, application = await a_couple(desk)
    await agree(application, owner, wife)
    assert (await owner.submit(application)).status_code == 201
    await desk.hear_own(application)
    reviewer, approver = desk.person(Role.OFFICE_REVIEWER), desk.person(Role.OFFICE_APPROVER)
    suspended = DataRequestAnswered(account_id=wife.account_id, request_id=uuid4(), kind="suspension")
    told = record_of(suspended, sequence=5, at=desk.clock())
    for _ in range(2):  # a duplicate changes nothing
        await desk.consumer.process([told])
    enquiry = {"bureau": "KSC", "persons": [str(owner.account_id), str(wife.account_id)]}
    (review,) = await desk.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    path = f"/v1/reviews/{review.id}"
    refused = await reviewer.post(f"{path}/enquire_credit", {"facts": enquiry})
    assert findings(refused) == {("GL-618", "SUSPENDED", "person")}
    await examined(reviewer, review.id)
    assert (await reviewer.post(f"{path}/recommend")).status_code == 200
    said = {"facts": {"amount_yen": 1_400_000}}
    assert findings(await approver.post(f"{path}/approve", said)) == {("GL-618", "SUSPENDED", "person")}
    assert (await owner.view(application))["state"] == "under_review"
    # Nothing of anybody was kept of what was refused as a whole, and a disclosure suspends nothing.
    assert await desk.rows("SELECT 1 FROM provisions WHERE application_id = :id", id=application) == []
    other = DataRequestAnswered(account_id=owner.account_id, request_id=uuid4(), kind="disclosure")
    resumed = DataUseResumed(account_id=wife.account_id, request_id=suspended.request_id)
    await desk.consumer.process([record_of(resumed, sequence=6, at=desk.clock())])
    await desk.consumer.process([record_of(other, sequence=7, at=desk.clock())])
    await desk.consumer.process([record_of(suspended, sequence=4, at=desk.clock())])  # late, and older
    assert (await approver.post(f"{path}/approve", said)).status_code == 200


def grant(desk, person, purpose=disclosures.PURPOSE):
    digest = hashlib.sha256(str(person.account_id).encode()).hexdigest()
    return desk.gate.proof(person.account_id, digest, purpose)


@pytest.mark.rule("GL-618")
async def test_a_person_is_told_what_is_held_of_them_and_nothing_that_is_anothers(desk):
    owner, wife, application = await a_couple(desk)
    await approved(desk, application, owner, wife)
    note = "電話で確認しました。"
    officer = desk.person(Role.OFFICE_REVIEWER)
    await officer.post(f"/v1/applications/{application}/contact-notes", {"about": "name", "text": note})
    for wrong in (grant(desk, owner), grant(desk, wife, "submit"), "x"):
        assert (await wife.call("GET", "/v1/disclosure", Disclosure_Grant=wrong)).status_code == 403
    assert (await wife.get("/v1/disclosure")).status_code == 422
    stranger = desk.person(Role.BANK, organisation_id=example.BANK)
    assert (await stranger.call("GET", "/v1/disclosure", Disclosure_Grant=grant(desk, stranger))).status_code == 403

    async def told(person):
        answer = await person.call("GET", "/v1/disclosure", Disclosure_Grant=grant(desk, person))
        assert answer.status_code == 200, answer.text
        assert note not in answer.text  # what the office wrote for itself
        return {part["label"]: part["items"] for part in answer.json()["parts"]}

    hers, his = await told(wife), await told(owner)
    assert hers["お申込み"] == []
    (joined,) = [one for one in hers["参加しているお申込み"] if one["entered"]]
    (entry,) = joined["entered"][0]["entries"]
    assert entry["name_kanji"] == {"family": "見本", "given": "花子"}
    assert "太郎" not in str(hers)
    assert example.MAIL not in str(hers)
    assert [one["recipient"] for one in hers["第三者への提供"]] == ["handling_institution"]
    assert {one["step"] for one in hers["お手続きの記録"]} >= {"個人情報の取扱いに同意・商品概要説明書を確認"}
    (own,) = [one for one in his["お申込み"] if one["submission"]]
    assert own["draft"]["applicant"]["name_kanji"]["given"] == "太郎"
    assert len(own["submissions"]) == 1
    assert "推薦" not in {one["step"] for one in his["お手続きの記録"]}


@pytest.mark.rule("GL-061", "GL-062")
async def test_nothing_is_saved_while_the_counter_is_closed_and_what_was_saved_stays(desk):
    before, owner = desk.clock(), desk.person(Role.APPLICANT)
    application = await owner.start("green_loan")
    assert (await owner.save(application, {"menu": "STANDARD"})).status_code == 200
    desk.clock.now = datetime(2026, 4, 2, 17, tzinfo=UTC)  # 2:00 in Japan
    refused = await owner.save(application, {"menu": "S"})
    assert (refused.status_code, findings(refused)) == (409, {("GL-061", "CLOSED", "")})
    assert "4月3日6時00分" in refused.text
    assert (await owner.view(application))["content"] == {"menu": "STANDARD"}
    desk.clock.now = datetime(2026, 4, 2, 21, tzinfo=UTC)
    assert (await owner.save(application, {"menu": "S"})).status_code == 200
    desk.clock.now = before
