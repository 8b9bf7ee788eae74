"""登録内容変更手続: a change of what was approved, which stays in force until the change is approved (AS-83)."""

import asyncio
from itertools import pairwise

import pytest
from applications.programmes.bond.rules import certificate_month_findings
from kit.errors import Finding
from madoguchi_contracts import Role
from support.counter import content_with, findings

pytestmark = pytest.mark.rule("AS-83")


async def changing(counter, **changes):
    """An approved application whose owner has begun a change and saved it."""
    filed = await counter.approved()
    owner, application = filed.owner, filed.application_id
    began = await owner.step(application, "change")
    assert (began.status_code, began.json()["state"]) == (200, "changing")
    assert (await owner.save(application, content_with(changes))).status_code == 200
    return owner, application


async def in_force(counter, application):
    """The content that the service calls approved."""
    (row,) = await counter.rows("SELECT approved_submission FROM applications WHERE id = :id", id=application)
    versions = await counter.rows(
        "SELECT content FROM application_versions WHERE application_id = :id AND submission = :submission",
        id=application,
        submission=row.approved_submission,
    )
    context = f"application_versions.content:{application}:{row.approved_submission}"
    return counter.desk.unlock(versions[0].content, context)


async def told(counter, application, name):
    rows = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE :type ORDER BY version",
        id=application,
        type=f"%.{name}.%",
    )
    return [row.data for row in rows]


@pytest.mark.rule("AS-52")
async def test_what_was_approved_stays_in_force_until_the_change_is_approved(counter):
    owner, application = await changing(counter, meeting_month=9)
    assert (await in_force(counter, application))["meeting_month"] == 5
    assert (await owner.submit(application)).status_code == 201
    assert (await in_force(counter, application))["meeting_month"] == 5
    filed = await counter.reviewed(owner, application)
    seen = (await counter.person(Role.OFFICE_REVIEWER).get(f"/v1/reviews/{filed.review_id}")).json()
    assert (seen["content"]["meeting_month"], seen["in_force"]["meeting_month"]) == (9, 5)
    await counter.reject(filed)
    assert (await in_force(counter, application))["meeting_month"] == 5
    assert (await owner.submit(application)).status_code == 201
    assert (await counter.approve(await counter.reviewed(owner, application))).status_code == 200
    assert (await in_force(counter, application))["meeting_month"] == 9


@pytest.mark.rule("NO-09", "AS-80")
async def test_only_the_first_approval_is_a_first_one(counter):
    owner, application = await changing(counter, meeting_month=9)
    await owner.submit(application)
    await counter.approve(await counter.reviewed(owner, application))
    approvals = await told(counter, application, "ApplicationApproved")
    assert [(one["first_approval"], one["submission"]) for one in approvals] == [(True, 1), (False, 2)]


async def test_a_change_tells_who_may_change_the_content(counter):
    owner, application = await changing(counter)
    assert await told(counter, application, "ApplicationReopened") == [
        {"application_id": str(application), "submission": 2, "editors": [str(owner.account_id)]}
    ]


@pytest.mark.parametrize(
    ("approved", "month", "found"),
    [
        (4, 4, False),
        (None, None, False),
        (4, 5, True),
        (4, None, True),
        (None, 4, True),
    ],
)
def test_the_month_of_the_balance_certificate_is_kept(approved, month, found):
    came = certificate_month_findings(approved, month, "certificate_month")
    assert [(one.rule, one.code, one.field) for one in came] == [("AS-83", "NOT_ALLOWED", "certificate_month")] * found
    assert all(isinstance(one, Finding) and "残高証明発行月" in one.message for one in came)


async def test_another_month_of_the_balance_certificate_is_refused_and_nothing_is_handed_in(counter):
    owner, application = await changing(counter, certificate_month=6)
    expected = {("AS-83", "NOT_ALLOWED", "certificate_month")}
    assert findings(await owner.check(application)) == expected
    answer = await owner.submit(application)
    assert (answer.status_code, findings(answer)) == (409, expected)
    assert (await owner.view(application))["submission"] == 1
    # The first application is free to name any month, and so is its correction.
    filed = await counter.applied()
    await counter.reject(filed)
    await filed.owner.save(filed.application_id, content_with({"certificate_month": 6}))
    assert (await filed.owner.submit(filed.application_id)).status_code == 201


@pytest.mark.parametrize("when", ["changing", "applied", "rejected"])
async def test_a_change_can_be_withdrawn_at_any_time_before_it_is_approved(counter, when):
    owner, application = await changing(counter, meeting_month=9)
    filed = None
    if when != "changing":
        await owner.submit(application)
        filed = await counter.reviewed(owner, application)
    if when == "rejected":
        await counter.reject(filed)
    before = await owner.view(application)
    assert "withdraw" in before["actions"]
    answer = await owner.step(application, "withdraw")
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    after = await owner.view(application)
    assert after["content"] == await in_force(counter, application)
    assert after["content"]["meeting_month"] == 5
    assert after["draft_version"] == before["draft_version"] + 1 == answer.json()["draft_version"]
    (event,) = await told(counter, application, "ChangeWithdrawn")
    assert event["approved_submission"] == 1
    assert (
        await counter.rows("SELECT 1 FROM reviews WHERE application_id = :id AND closed_at IS NULL", id=application)
        == []
    )
    # And another change can be begun, with the next number.
    assert (await owner.step(application, "change")).status_code == 200
    assert (await told(counter, application, "ApplicationReopened"))[-1]["submission"] == before["submission"] + 1


@pytest.mark.parametrize("when", ["draft", "applied", "rejected"])
async def test_a_first_application_has_nothing_to_go_back_to(counter, when):
    filed = await counter.applied() if when != "draft" else None
    owner = filed.owner if filed else await counter.association()
    application = filed.application_id if filed else await owner.start()
    if when == "rejected":
        await counter.reject(filed)
    assert "withdraw" not in (await owner.view(application))["actions"]
    answer = await owner.step(application, "withdraw")
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")


async def test_of_a_withdrawal_and_an_approval_at_once_one_happens(counter):
    owner, application = await changing(counter, meeting_month=9)
    await owner.submit(application)
    filed = await counter.reviewed(owner, application)
    await counter.person(Role.OFFICE_REVIEWER).post(f"/v1/reviews/{filed.review_id}/recommend")
    approve, withdraw = await asyncio.gather(
        counter.person(Role.OFFICE_APPROVER).post(f"/v1/reviews/{filed.review_id}/approve"),
        owner.step(application, "withdraw"),
    )
    assert sorted((approve.status_code, withdraw.status_code)) == [200, 409]
    month = 9 if approve.status_code == 200 else 5
    assert (await in_force(counter, application))["meeting_month"] == month
    assert (await owner.view(application))["content"]["meeting_month"] == month


async def test_nothing_is_edited_before_the_change_is_begun(counter):
    filed = await counter.approved()
    saved = await filed.owner.save(filed.application_id, content_with({"meeting_month": 9}))
    assert (saved.status_code, saved.json()["code"]) == (409, "not_editable")


@pytest.mark.rule("AS-82")
async def test_earlier_versions_are_kept_for_the_owner_and_the_office(counter):
    owner, application = await changing(counter, meeting_month=9)
    await owner.submit(application)
    await counter.approve(await counter.reviewed(owner, application))
    path = f"/v1/applications/{application}/versions"
    officer = counter.person(Role.OFFICE_REVIEWER)
    for reader in (owner, officer):
        items = (await reader.get(path)).json()["items"]
        assert [(one["submission"], one["in_force"]) for one in items] == [(1, False), (2, True)]
        assert all(one["submitted_at"] <= other["submitted_at"] for one, other in pairwise(items))
        for submission, month in ((1, 5), (2, 9)):
            seen = (await reader.get(f"{path}/{submission}")).json()
            assert (seen["content"]["meeting_month"], seen["in_force"]) == (month, submission == 2)
            assert [one["slot"] for one in seen["documents"]] == ["kanri_kiyaku", "sokai_gijiroku"]
        for nothing in (3, 99):
            assert (await reader.get(f"{path}/{nothing}")).status_code == 404
    log = await counter.rows("SELECT action, actor_id FROM access_log WHERE application_id = :id", id=application)
    assert [tuple(row) for row in log] == [("view_version", officer.account_id)] * 2
    stranger = await counter.association()
    for place in (path, f"{path}/1"):
        assert (await stranger.get(place)).status_code == 404
        assert (await counter.clerk(await counter.company()).get(place)).status_code == 403


BLOCK = {
    "company_name": "見本管理株式会社",
    "postal_code": "1128570",
    "prefecture": "東京都",
    "city": "文京区",
    "street": "後楽1-4-10",
    "department": "本店管理部",
    "contact_name": "見本　太郎",
    "phone": "0358009479",
}


@pytest.mark.rule("AS-63", "AS-62", "AS-66")
async def test_changing_where_the_companys_papers_go_takes_the_whole_block_and_the_tick_again(counter):
    owner = await counter.association()
    started = await owner.start()
    await counter.upload(started, "kanri_kiyaku", "sokai_gijiroku")
    await owner.save(started, content_with({"mailing": "company", "mailing_company": BLOCK}))
    assert (await owner.submit(started, consents=["mailing_notes"])).status_code == 201
    assert (await counter.approve(await counter.reviewed(owner, started))).status_code == 200
    await owner.step(started, "change")
    new_phone = {"phone": "0312345678"}
    await owner.save(started, content_with({"mailing": "company", "mailing_company": new_phone}))
    missing = {("AS-66", "REQUIRED", f"mailing_company.{part}") for part in BLOCK if part != "phone"}
    answer = await owner.submit(started, consents=["mailing_notes"])
    assert (answer.status_code, findings(answer)) == (409, missing)
    await owner.save(started, content_with({"mailing": "company", "mailing_company": BLOCK | new_phone}))
    answer = await owner.submit(started)  # the tick of the first time does not count
    assert (answer.status_code, findings(answer)) == (409, {("AS-62", "REQUIRED", "consents.mailing_notes")})
    assert (await owner.submit(started, consents=["mailing_notes"])).status_code == 201


@pytest.mark.rule("AS-61", "AS-64")
async def test_a_change_can_send_the_papers_back_to_the_representative(counter):
    made = await counter.managed(1, mailing="representative")
    await made.owner.step(made.application_id, "change")
    check = await made.owner.check(made.application_id)
    assert check["content"]["mailing"] == "representative"
    assert "mailing_company" not in check["content"]
    assert [(one["rule"], one["code"]) for one in check["warnings"]] == [("AS-65", "RECOMMENDED")]
