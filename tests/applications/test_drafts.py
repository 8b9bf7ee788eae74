"""一時保存: kept as it is, encrypted, and never lost to another device."""

import asyncio
import json
from uuid import uuid4

import pytest
from kit.vault import CannotDecrypt
from madoguchi_contracts import Role
from support.counter import content_with, findings, good_content


async def read(owner, application):
    return await owner.get(f"/v1/applications/{application}")


@pytest.mark.rule("AS-70")
async def test_a_draft_may_be_wrong_and_is_kept_exactly_as_it_was_given(counter):
    owner = await counter.association()
    application = await owner.start()
    content = content_with({"location.postal_code": "112-8570", "name_kanji": "  ", "whatever": [1, None, {"x": 0.5}]})
    assert (await owner.save(application, content)).status_code == 200
    kept = await read(owner, application)
    assert kept.json()["content"] == content
    assert ("AS-24", "FORMAT", "location.postal_code") in findings(await owner.check(application))


@pytest.mark.rule("AS-70")
async def test_the_version_grows_with_each_save_and_is_the_etag(counter):
    owner = await counter.association()
    application = await owner.start()
    first = await read(owner, application)
    assert (first.headers["ETag"], first.json()["draft_version"]) == ('"1"', 1)
    saved = await owner.save(application, good_content(), version=1)
    assert (saved.status_code, saved.json(), saved.headers["ETag"]) == (200, {"version": 2}, '"2"')
    (row,) = await counter.rows(
        "SELECT draft_saved_by, draft_saved_at FROM applications WHERE id = :id", id=application
    )
    assert (row.draft_saved_by, row.draft_saved_at) == (owner.account_id, counter.clock())


@pytest.mark.rule("AS-70")
async def test_saving_over_a_version_that_is_not_the_current_one_changes_nothing_and_names_the_current_one(counter):
    owner = await counter.association()
    application = await owner.start()
    await owner.save(application, {"name_kanji": "一"}, version=1)
    late = await owner.save(application, {"name_kanji": "二"}, version=1)
    assert (late.status_code, late.json()["code"], late.json()["current_version"]) == (412, "draft_changed", 2)
    assert (await read(owner, application)).json()["content"] == {"name_kanji": "一"}


async def test_saving_without_a_version_is_refused(counter):
    owner = await counter.association()
    application = await owner.start()
    answer = await owner.call("PUT", f"/v1/applications/{application}/draft", {"content": {}})
    assert answer.status_code == 428


@pytest.mark.rule("AS-70")
async def test_of_two_devices_that_save_at_once_one_is_told(counter):
    owner = await counter.association()
    application = await owner.start()
    answers = await asyncio.gather(*(owner.save(application, {"name_kanji": one}, version=1) for one in "甲乙丙丁"))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    winner = next("甲乙丙丁"[n] for n, answer in enumerate(answers) if answer.status_code == 200)
    kept = (await read(owner, application)).json()
    assert (kept["content"], kept["draft_version"]) == ({"name_kanji": winner}, 2)


@pytest.mark.parametrize(
    "body",
    [
        '{"content": {"name": "\\ud800"}}',
        '{"content": {"\\ud800": 1}}',
        '{"content": {"number": NaN}}',
        '{"content": {"number": 1e999}}',
        '{"content": ' + '{"a":' * 20 + "1" + "}" * 20 + "}",
        '{"content": {"a": ' + "[" * 400 + "]" * 400 + "}}",
        '{"content": []}',
        '{"content": null}',
        '{"content": "x"}',
        "{}",
        "nonsense",
    ],
)
async def test_what_is_no_keepable_content_is_refused_as_malformed(counter, body):
    owner = await counter.association()
    application = await owner.start()
    headers = {**counter.gate.headers(Role.ASSOCIATION, owner.account_id), "If-Match": '"1"'}
    path = f"/v1/applications/{application}/draft"
    answer = await counter.client.put(
        path, content=body.encode(), headers={**headers, "Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert (await read(owner, application)).json()["draft_version"] == 1


async def test_a_body_over_a_megabyte_is_refused(counter):
    owner = await counter.association()
    application = await owner.start()
    answer = await owner.save(application, {"name": "あ" * 400_000}, version=1)
    assert answer.status_code == 413


async def test_an_account_has_one_application_of_the_programme(counter):
    owner = await counter.association()
    await owner.start()
    again = await owner.post("/v1/applications", {"programme": "bond"})
    assert (again.status_code, again.json()["code"]) == (409, "application_exists")
    assert len((await owner.get("/v1/applications")).json()["items"]) == 1


async def test_starting_twice_at_once_starts_one(counter):
    owner = await counter.association()
    answers = await asyncio.gather(*(owner.post("/v1/applications", {"programme": "bond"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    rows = await counter.rows("SELECT id FROM applications WHERE account_id = :id", id=owner.account_id)
    assert len(rows) == 1
    assert await counter.events(rows[0].id) == ["ApplicationStarted"]


async def test_a_repeated_start_with_the_same_key_gets_the_same_answer(counter):
    owner = await counter.association()
    key = str(uuid4())
    first, second = [await owner.post("/v1/applications", {"programme": "bond"}, key=key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replay"] == "true"


async def test_an_unknown_programme_is_not_found(counter):
    owner = await counter.association()
    assert (await owner.post("/v1/applications", {"programme": "unknown"})).status_code == 404
    assert (await counter.person(Role.APPLICANT).post("/v1/applications", {"programme": "bond"})).status_code == 403


async def test_the_start_tells_the_documents_policy(counter):
    owner = await counter.association()
    application = await owner.start()
    (row,) = await counter.rows("SELECT data FROM events WHERE aggregate_id = :id", id=application)
    slots = row.data["documents"]["slots"]
    assert [slot["key"] for slot in slots if slot["required"]] == ["kanri_kiyaku", "sokai_gijiroku"]
    assert (len(slots), row.data["documents"]["total_limit_bytes"]) == (9, 6_291_456)
    assert row.data["reference"].startswith("B-2026-")


async def test_a_draft_is_encrypted_and_does_not_open_in_another_row(counter):
    owner, other = await counter.association(), await counter.association()
    application, others = await owner.start(), await other.start()
    await owner.save(application, {"name_kanji": "秘密"})
    (row,) = await counter.rows("SELECT draft FROM applications WHERE id = :id", id=application)
    assert "秘密" not in row.draft
    assert json.loads(counter.desk.vault.decrypt(row.draft, f"applications.draft:{application}")) == {
        "name_kanji": "秘密"
    }
    with pytest.raises(CannotDecrypt):
        counter.desk.vault.decrypt(row.draft, f"applications.draft:{others}")


@pytest.mark.rule("AS-70", "DO-07")
async def test_only_setting_the_draft_aside_tells_that_its_files_do_not_wait(counter):
    owner = await counter.association()
    application = await owner.start()
    await owner.save(application, good_content())
    assert await counter.events(application) == ["ApplicationStarted"]
    path = f"/v1/applications/{application}/draft/set-aside"
    body = {"content": {"has_number": True}}
    stale = await owner.call("POST", path, body, If_Match='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "draft_changed")
    answers = [await owner.call("POST", path, body, key="once", If_Match='"2"') for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"version": 3})] * 2
    assert await counter.events(application) == ["ApplicationStarted", "DraftSetAside"]
    assert (await owner.view(application))["content"] == {"has_number": True}
    assert (await owner.call("POST", path, body)).status_code == 428


@pytest.mark.rule("AS-70", "AS-82")
async def test_what_the_office_has_cannot_be_set_aside(counter):
    filed = await counter.applied()
    path = f"/v1/applications/{filed.application_id}/draft/set-aside"
    answer = await filed.owner.call("POST", path, {"content": {}}, If_Match='"2"')
    assert (answer.status_code, answer.json()["code"]) == (409, "not_editable")
    assert "DraftSetAside" not in await counter.events(filed.application_id)


@pytest.mark.rule("AS-72", "AS-71")
async def test_going_back_from_the_confirmation_finds_everything_as_it_was_left(counter):
    owner = await counter.association()
    application = await owner.start()
    written = {"name_kanji": " 書きかけ ", "account": {"holder_kana": "ﾊﾝｶｸ"}, "unknown": {"kept": [1, None]}}
    await owner.save(application, written)
    before = await owner.view(application)
    assert not (await owner.check(application))["may_submit"]
    after = await owner.view(application)
    assert (after["content"], after["draft_version"], after["saved_at"]) == (
        written,
        before["draft_version"],
        before["saved_at"],
    )
