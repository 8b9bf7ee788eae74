"""Management companies: found, given rights by an approval, entering data by proxy (AS-50 to AS-57)."""

import asyncio
from itertools import product
from uuid import uuid4

import pytest
from applications.organisations import search_key
from applications.programmes.bond import rules
from applications.programmes.bond.workflow import parties
from madoguchi_contracts import EkycStatusChanged, OrganisationChanged, OrganisationClosed, Role
from support.counter import content_with, findings, good_content, organisation
from support.records import record_of

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


async def told(counter, application, name):
    rows = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE :type ORDER BY version",
        id=application,
        type=f"%.{name}.%",
    )
    return [row.data for row in rows]


async def changed(counter, owner, application, **changes):
    """A change of the owner, approved."""
    assert (await owner.step(application, "change")).status_code == 200
    await owner.save(application, content_with(changes))
    assert (await owner.submit(application)).status_code == 201
    assert (await counter.approve(await counter.reviewed(owner, application))).status_code == 200


# AS-50: the search


@pytest.mark.rule("AS-50")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｶﾌﾞｼｷ", "カブシキ"),
        ("かぶしき", "カブシキ"),
        ("ＡＢＣ管理", "abc管理"),
        ("見本　管理 株式会社", "見本管理株式会社"),
    ],
)
def test_names_are_compared_in_one_width_case_and_kind_of_kana(one, other):
    assert search_key(one) == search_key(other)


async def names(person, query):
    return [one["name"] for one in (await person.get(f"/v1/companies?query={query}")).json()["items"]]


@pytest.mark.rule("AS-50", "AS-51")
async def test_registered_companies_are_found_by_name_and_kana_and_nothing_else_is(counter):
    person = await counter.association()
    await counter.company("青空管理株式会社", "アオゾラカンリ")
    await counter.company("青空銀行", "アオゾラギンコウ", kind="bank")
    for query in ("青空", "空管理", "あおぞら", "アオゾラ", "ｱｵｿﾞﾗ", "青 空"):
        assert await names(person, query) == ["青空管理株式会社"], query
    for query in ("青空銀行", "%", "_", "!", "登録のない会社"):
        assert await names(person, query) == [], query
    percent = await counter.company("100%管理", "ヒャクパーセントカンリ")
    assert await names(person, "100%25") == ["100%管理"]
    (found,) = (await person.get("/v1/companies?query=100")).json()["items"]
    assert (found["id"], found["postal_code"]) == (str(percent), "1128570")


@pytest.mark.rule("GL-021", "GL-022")
async def test_banks_and_inspection_bodies_are_found_by_who_asks_for_them(counter):
    person = await counter.association()
    for kind, name in (("bank", "緑野銀行"), ("inspection_body", "緑野検査機構"), ("company", "緑野管理")):
        await counter.company(name, "ミドリノ", kind=kind)
        found = await person.get(f"/v1/companies?kind={kind}&query=緑野")
        assert [one["name"] for one in found.json()["items"]] == [name]
    assert (await person.get("/v1/companies?kind=office&query=緑野")).status_code == 422


@pytest.mark.rule("AS-50")
async def test_the_list_of_companies_is_paged_by_kana(counter, monkeypatch):
    monkeypatch.setattr("applications.organisations.PAGE", 2)
    person = await counter.association()
    for kana in ("ウ", "ア", "イ", "ア", "エ"):
        await counter.company(f"頁組合{kana}", f"ページクミアイ{kana}")
    found, cursor = [], ""
    while cursor is not None:
        page = (await person.get(f"/v1/companies?query=頁組合{cursor and f'&cursor={cursor}'}")).json()
        assert len(page["items"]) <= 2
        found += [one["name_kana"][-1] for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["ア", "ア", "イ", "ウ", "エ"]
    for bad in ("x", "あ"):
        answer = await person.get(f"/v1/companies?query=頁&cursor={bad}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


@pytest.mark.rule("AS-50")
async def test_the_newest_of_what_identity_told_is_kept_and_a_closed_company_is_not_listed(counter):
    person, company = await counter.association(), uuid4()
    first = organisation(company, "旧名管理", "キュウメイカンリ")
    second = OrganisationChanged(**{**first.model_dump(), "name": "新名管理", "name_kana": "シンメイカンリ"})
    for record in (record_of(second, sequence=2), record_of(first, sequence=1)):  # the earlier one arrives late
        await counter.consumer.process([record])
    assert await names(person, "名管理") == ["新名管理"]
    closed = record_of(OrganisationClosed(organisation_id=company), sequence=3)
    for record in (closed, closed, record_of(second, sequence=2)):
        await counter.consumer.process([record])
    assert await names(person, "名管理") == []


# AS-50, AS-54: the form


@pytest.mark.rule("AS-50", "AS-51", "AS-54")
async def test_the_form_takes_registered_companies_only(counter):
    owner = await counter.association()
    application = await owner.start()
    company, bank, gone = await counter.company(), await counter.company(kind="bank"), await counter.company()
    await counter.hear(OrganisationClosed(organisation_id=gone))

    async def found(**section):
        await owner.save(application, {**good_content(), "company": section})
        check = await owner.check(application)
        return {one for one in findings(check) if one[2].startswith("company")}, check["content"].get("company")

    assert await found(id=str(company), level=2) == (
        set(),
        {"id": str(company), "level": 2, "name": "見本管理株式会社"},
    )
    for unknown in (bank, gone, uuid4()):
        came, _ = await found(id=str(unknown), level=2)
        assert came == {("AS-50", "UNKNOWN", "company.id")}
    assert (await found(id="no uuid", level=2))[0] == {("AS-50", "FORMAT", "company.id")}
    assert (await found(id=str(company)))[0] == {("AS-54", "REQUIRED", "company.level")}
    assert (await found(level=1))[0] == {("AS-54", "REQUIRED", "company.id")}
    assert (await found(none=True))[0] == set()


def test_what_is_said_of_an_unknown_company_tells_what_to_do():
    (found,) = rules.company_findings(None, "company.id")
    assert "登録をご依頼" in found.message
    assert rules.company_findings("company", "company.id") == []


# AS-53, AS-56: the levels


@pytest.mark.rule("AS-53", "AS-56")
@pytest.mark.parametrize(("level", "grants"), [(1, ("view", "edit")), (2, ("view",)), (3, None), (None, None)])
def test_each_level_grants_what_it_says(level, grants):
    company = uuid4()
    named = parties({"company": {"id": str(company), "level": level}} if level else {"company": {"none": True}})
    assert [(one.party_id, one.grants) for one in named] == ([(company, grants)] if grants else [])


VIEWS = {"list", "view", "timeline"}
ENTERS = {"change_by_proxy", "save", "set_aside", "check", "hand_over", "withdraw"}
NEVER = {"approve_proxy", "decline_proxy", "change", "submit", "versions", "reviews", "notes"}


async def tried(clerk, application, deed):
    """The status of the company's attempt; of a list, whether the association is in it."""
    path = f"/v1/applications/{application}"
    if deed == "list":
        items = (await clerk.get("/v1/applications")).json()["items"]
        return 200 if str(application) in {one["application_id"] for one in items} else 404
    if deed in {"save", "set_aside"}:
        verb, place = ("PUT", "draft") if deed == "save" else ("POST", "draft/set-aside")
        version = (await clerk.get(path)).json().get("draft_version", 1)
        answer = await clerk.call(verb, f"{path}/{place}", {"content": good_content()}, If_Match=f'"{version}"')
    elif deed in {"view", "timeline", "check", "versions"}:
        query = "?command=hand_over" if deed == "check" else ""
        answer = await clerk.get(path + ("" if deed == "view" else f"/{deed}{query}"))
    elif deed == "reviews":
        answer = await clerk.get("/v1/reviews")
    elif deed == "notes":
        answer = await clerk.get(f"{path}/contact-notes")
    elif deed in {"submit", "approve_proxy"}:
        proof = clerk.counter.gate.proof(clerk.account_id, "0" * 64, deed)
        answer = await clerk.post(f"{path}/submit", {"command": deed, "content_sha256": "0" * 64, "proof": proof})
    else:
        answer = await clerk.step(application, deed)
    return answer.status_code


@pytest.mark.rule("AS-53", "AS-56", "AS-57")
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("deed", sorted(VIEWS | ENTERS | NEVER))
async def test_every_level_and_every_deed_of_the_company(counter, level, deed):
    made = await counter.managed(level)
    clerk, application = made.clerk, made.application_id
    if deed in ENTERS - {"change_by_proxy"} and level == 1:
        assert (await clerk.step(application, "change_by_proxy")).status_code == 200
    status = await tried(clerk, application, deed)
    if (deed in VIEWS and level in {1, 2}) or (deed in ENTERS and level == 1):
        assert status == 200
    else:
        assert status in {403, 404}
    stranger = counter.clerk(await counter.company())
    assert await tried(stranger, application, deed) in {403, 404}


@pytest.mark.rule("AS-56")
async def test_a_level_takes_effect_by_the_approval_and_a_change_of_it_likewise(counter):
    company = await counter.company()
    clerk = counter.clerk(company)
    filed = await counter.applied(**{"company.id": str(company), "company.level": 1})
    owner, application = filed.owner, filed.application_id
    assert await tried(clerk, application, "view") == 404
    await counter.approve(filed)
    assert await tried(clerk, application, "view") == 200
    assert await told(counter, application, "ApplicationPartiesChanged") == [
        {
            "application_id": str(application),
            "parties": [{"party_id": str(company), "kind": "management_company", "grants": ["view", "edit"]}],
        }
    ]
    # A change that takes rights away: nothing of it counts before the office says so.
    await owner.step(application, "change")
    await owner.save(application, content_with({"company.id": str(company), "company.level": 3}))
    await owner.submit(application)
    assert await tried(clerk, application, "list") == 200
    await counter.approve(await counter.reviewed(owner, application))
    for deed in sorted(VIEWS):
        assert await tried(clerk, application, deed) == 404
    assert (await told(counter, application, "ApplicationPartiesChanged"))[-1]["parties"] == []
    rows = await counter.rows(
        "SELECT grants, until IS NULL AS current FROM application_parties WHERE application_id = :id", id=application
    )
    assert [tuple(row) for row in rows] == [(["view", "edit"], False)]


@pytest.mark.rule("AS-56")
async def test_another_company_replaces_the_former_one_and_the_same_rights_tell_nothing(counter):
    made = await counter.managed(2)
    second = await counter.company("次の管理", "ツギノカンリ")
    same = {"company.id": str(made.clerk.organisation_id), "company.level": 2, "meeting_month": 9}
    await changed(counter, made.owner, made.application_id, **same)
    assert len(await told(counter, made.application_id, "ApplicationPartiesChanged")) == 1
    await changed(counter, made.owner, made.application_id, **{"company.id": str(second), "company.level": 2})
    assert await tried(made.clerk, made.application_id, "view") == 404
    assert await tried(counter.clerk(second), made.application_id, "view") == 200
    assert len(await told(counter, made.application_id, "ApplicationPartiesChanged")) == 2


@pytest.mark.rule("AS-56")
async def test_the_company_lists_its_associations_by_name_and_sees_what_is_in_force(counter):
    company, made = await counter.company(), []
    for level in (1, 2, 3):
        made.append(await counter.managed(level, company))
        counter.clock.advance(minutes=1)
    clerk = made[0].clerk
    items = (await clerk.get("/v1/applications")).json()["items"]
    assert [one["application_id"] for one in items] == [str(one.application_id) for one in made[:2]]
    assert {(one["subject"], one["own"], one["state"]) for one in items} == {
        ("青葉台ハイツ管理組合", False, "approved")
    }
    # The owner's unfinished change is nobody else's business.
    owner, application = made[1].owner, made[1].application_id
    await owner.step(application, "change")
    secret = {"company.id": str(company), "company.level": 2, "meeting_month": 11, "name_kanji": "改名した管理組合"}
    await owner.save(application, content_with(secret))
    seen = await clerk.view(application)
    assert (seen["content"]["meeting_month"], seen["may_edit"], seen["actions"]) == (5, False, [])
    items = (await clerk.get("/v1/applications")).json()["items"]
    assert items[1]["subject"] == "青葉台ハイツ管理組合"
    own = (await owner.get("/v1/applications")).json()["items"]
    assert [(one["subject"], one["own"]) for one in own] == [("改名した管理組合", True)]


@pytest.mark.rule("AS-56")
async def test_the_list_of_associations_is_paged(counter, monkeypatch):
    monkeypatch.setattr("applications.queries.lists.PAGE", 1)
    company, made = await counter.company(), []
    for _ in range(3):
        made.append(await counter.managed(2, company))
        counter.clock.advance(minutes=1)
    found, cursor = [], ""
    while cursor is not None:
        page = (await made[0].clerk.get(f"/v1/applications{cursor and f'?cursor={cursor}'}")).json()
        found += [one["application_id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == [str(one.application_id) for one in made]
    assert (await made[0].clerk.get("/v1/applications?cursor=x")).json()["code"] == "bad_cursor"


# A company that is closed


@pytest.mark.rule("AS-56")
async def test_the_rights_of_a_closed_company_end_everywhere(counter, monkeypatch):
    monkeypatch.setattr("applications.commands.organisations.AT_ONCE", 2)
    company = await counter.company()
    made = [await counter.managed(1, company) for _ in range(3)]
    await made[0].clerk.step(made[0].application_id, "change_by_proxy")
    await counter.hear(OrganisationClosed(organisation_id=company))
    await counter.fire()
    counter.clock.advance(seconds=1)
    await counter.fire()
    for one in made:
        assert await tried(one.clerk, one.application_id, "view") == 404
        assert (await told(counter, one.application_id, "ApplicationPartiesChanged"))[-1]["parties"] == []
    # What it had begun is the association's to end.
    answer = await made[0].owner.step(made[0].application_id, "withdraw")
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")


@pytest.mark.rule("AS-56")
async def test_a_company_that_was_closed_before_the_approval_gets_no_rights(counter):
    company = await counter.company()
    filed = await counter.applied(**{"company.id": str(company), "company.level": 1})
    await counter.hear(OrganisationClosed(organisation_id=company))
    await counter.fire()
    assert (await counter.approve(filed)).status_code == 200
    assert await tried(counter.clerk(company), filed.application_id, "view") == 404
    assert await told(counter, filed.application_id, "ApplicationPartiesChanged") == []


async def test_a_closing_of_what_was_never_registered_waits_for_somebody(counter):
    unknown = uuid4()
    await counter.hear(OrganisationClosed(organisation_id=unknown))
    parked = await counter.rows("SELECT * FROM parked_keys")
    assert str(unknown) in str(parked)


# AS-57: proxy input


@pytest.mark.rule("AS-57", "ID-40")
async def test_what_the_company_enters_becomes_an_application_by_the_associations_password_alone(counter):
    made = await counter.managed(1)
    clerk, owner, application = made.clerk, made.owner, made.application_id
    company = str(clerk.organisation_id)
    assert (await clerk.step(application, "change_by_proxy")).json()["state"] == "proxy_draft"
    assert (await told(counter, application, "ApplicationReopened"))[-1]["editors"] == [company]
    entered = content_with({"company.id": company, "company.level": 1, "meeting_month": 8})
    assert (await clerk.save(application, entered)).status_code == 200
    assert (await owner.save(application, entered)).json()["code"] == "not_editable"
    assert (await clerk.step(application, "hand_over")).json()["state"] == "proxy_waiting"
    # The files too are nobody's to change while they wait.
    assert (await told(counter, application, "ApplicationReopened"))[-1]["editors"] == []
    assert (await clerk.save(application, entered)).json()["code"] == "not_editable"
    assert (await clerk.view(application))["content"]["meeting_month"] == 8

    seen = await owner.view(application)
    assert (seen["content"]["meeting_month"], seen["actions"]) == (8, ["approve_proxy", "decline_proxy", "withdraw"])
    (track,) = seen["tracks"]
    approve = next(one for one in track["steps"] if one["command"] == "approve_proxy")
    assert (approve["otp"], approve["files"]) == ("approve_proxy", True)
    check = await owner.check(application, "approve_proxy")
    assert check["may_submit"]
    body = {"command": "approve_proxy", "content_sha256": check["content_sha256"]}
    wrong = counter.gate.proof(owner.account_id, check["content_sha256"], "submit")
    companys = counter.gate.proof(clerk.account_id, check["content_sha256"], "approve_proxy")
    for proof in (wrong, companys):
        answer = await owner.post(f"/v1/applications/{application}/submit", {**body, "proof": proof})
        assert (answer.status_code, answer.json()["code"]) == (409, "otp_proof_refused")
    assert (await owner.view(application))["state"] == "proxy_waiting"

    answer = await owner.submit(application, command="approve_proxy")
    assert (answer.status_code, answer.json()["state"], answer.json()["submission"]) == (201, "applied", 2)
    (version,) = await counter.rows(
        "SELECT submitted_by FROM application_versions WHERE application_id = :id AND submission = 2", id=application
    )
    assert version.submitted_by == owner.account_id
    assert (await counter.approve(await counter.reviewed(owner, application))).status_code == 200
    assert (await clerk.view(application))["content"]["meeting_month"] == 8


@pytest.mark.rule("AS-57")
async def test_what_is_declined_goes_back_to_the_company_without_a_password(counter):
    made = await counter.managed(1)
    clerk, owner, application = made.clerk, made.owner, made.application_id
    company = str(clerk.organisation_id)
    await clerk.step(application, "change_by_proxy")
    await clerk.save(application, content_with({"company.id": company, "company.level": 1, "meeting_month": 8}))
    await clerk.step(application, "hand_over")
    answer = await owner.step(application, "decline_proxy", reason="総会開催月は9月です。")
    assert (answer.status_code, answer.json()["state"], answer.json()["submission"]) == (200, "proxy_draft", 1)
    seen = await clerk.view(application)
    assert (seen["correction"]["reason"], seen["content"]["meeting_month"]) == ("総会開催月は9月です。", 8)
    assert (await told(counter, application, "ApplicationReopened"))[-1] == {
        "application_id": str(application),
        "submission": 2,
        "editors": [company],
    }
    await clerk.save(application, content_with({"company.id": company, "company.level": 1, "meeting_month": 9}))
    assert (await clerk.step(application, "hand_over")).status_code == 200
    assert (await owner.submit(application, command="approve_proxy")).status_code == 201
    steps = [one["step"] for one in (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]]
    assert [one for one in steps if one != "審査を受付"][-5:] == [
        "管理会社が代行入力を開始",
        "管理組合に承認を依頼",
        "代行入力を承認しない",
        "管理組合に承認を依頼",
        "代行入力を承認して申請",
    ]


@pytest.mark.rule("AS-57", "AS-73", "AS-83")
async def test_the_companys_input_passes_the_same_checks(counter):
    made = await counter.managed(1)
    clerk, owner, application = made.clerk, made.owner, made.application_id
    await clerk.step(application, "change_by_proxy")
    faulty = {"certificate_month": 6, "representative.phone": "03-5800-9479", "company.level": 1}
    named = {"company.id": str(clerk.organisation_id)}
    await clerk.save(application, content_with({**faulty, **named}))
    expected = {("AS-83", "NOT_ALLOWED", "certificate_month"), ("AS-39", "FORMAT", "representative.phone")}
    # Before the association is asked,
    companys = await clerk.check(application, "hand_over")
    assert findings(companys) == expected
    assert (companys["ekyc_status"], companys["notices"]) == (None, [])  # the representative's own affair
    answer = await clerk.step(application, "hand_over")
    assert (answer.status_code, findings(answer)) == (409, expected)
    # and again when it approves: what it must answer for itself is asked of it alone.
    to_company = {"mailing": "company", "mailing_company": BLOCK, "company.level": 1}
    await clerk.save(application, content_with({**to_company, **named}))
    assert (await clerk.step(application, "hand_over")).status_code == 200
    await counter.hear(EkycStatusChanged(account_id=owner.account_id, ekyc_id=uuid4(), status="failed"))
    answer = await owner.submit(application, command="approve_proxy")
    assert (answer.status_code, findings(answer)) == (
        409,
        {("AS-62", "REQUIRED", "consents.mailing_notes"), ("ID-79", "EKYC_NOT_DONE", "cannot_ekyc")},
    )
    assert (await owner.view(application))["state"] == "proxy_waiting"


@pytest.mark.rule("AS-57")
async def test_what_changes_between_the_look_and_the_password_is_not_approved(counter):
    made = await counter.managed(1)
    clerk, owner, application = made.clerk, made.owner, made.application_id
    await clerk.step(application, "change_by_proxy")
    await clerk.step(application, "hand_over")
    digest = (await owner.check(application, "approve_proxy"))["content_sha256"]
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku", version=7)
    proof = counter.gate.proof(owner.account_id, digest, "approve_proxy")
    body = {"command": "approve_proxy", "content_sha256": digest, "proof": proof}
    answer = await owner.post(f"/v1/applications/{application}/submit", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "content_changed")


@pytest.mark.rule("AS-57", "AS-83")
@pytest.mark.parametrize("who", ["owner", "clerk"])
async def test_a_proxy_draft_can_be_given_up_by_either(counter, who):
    made = await counter.managed(1)
    application = made.application_id
    await made.clerk.step(application, "change_by_proxy")
    await made.clerk.save(application, {"name_kanji": "書きかけ"})
    answer = await getattr(made, who).step(application, "withdraw")
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    assert (await made.owner.view(application))["content"]["name_kanji"] == good_content()["name_kanji"]


@pytest.mark.rule("AS-57", "AS-83")
async def test_there_is_one_change_at_a_time(counter):
    made = await counter.managed(1)
    for first, second in (("owner", "clerk"), ("clerk", "owner")):
        commands = {"owner": "change", "clerk": "change_by_proxy"}
        assert (await getattr(made, first).step(made.application_id, commands[first])).status_code == 200
        answer = await getattr(made, second).step(made.application_id, commands[second])
        assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")
        await made.owner.step(made.application_id, "withdraw")


@pytest.mark.rule("AS-56")
@pytest.mark.parametrize(("level", "role"), list(product((1, 2, 3), (Role.BANK, Role.INSPECTION_BODY))))
async def test_the_level_is_the_management_companys_whoever_else_works_there(counter, level, role):
    made = await counter.managed(level)
    other = counter.person(role, organisation_id=made.clerk.organisation_id)
    assert (await other.step(made.application_id, "change_by_proxy")).status_code in {403, 404}


@pytest.mark.rule("AS-56")
async def test_of_a_closing_and_an_approval_at_once_neither_fails_and_no_rights_remain(counter):
    for _ in range(5):
        company = await counter.company()
        already = await counter.managed(1, company)
        filed = await counter.applied(**{"company.id": str(company), "company.level": 1})
        reviewer, approver = counter.person(Role.OFFICE_REVIEWER), counter.person(Role.OFFICE_APPROVER)
        await reviewer.post(f"/v1/reviews/{filed.review_id}/recommend")
        approved, _ = await asyncio.gather(
            approver.post(f"/v1/reviews/{filed.review_id}/approve"),
            counter.hear(OrganisationClosed(organisation_id=company)),
        )
        assert approved.status_code == 200
        await asyncio.gather(counter.fire(), already.owner.step(already.application_id, "change"))
        for application in (already.application_id, filed.application_id):
            assert await tried(already.clerk, application, "view") == 404
    assert await counter.rows("SELECT 1 FROM parked_keys k JOIN organisations o ON k::text LIKE '%'||o.id||'%'") == []
