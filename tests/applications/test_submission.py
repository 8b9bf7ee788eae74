"""登録する: the gates, the proof, and that one application comes of one submission whatever happens."""

import asyncio
from uuid import uuid4

import pytest
from kit.sealed import seal
from madoguchi_contracts import Contact, ContactChanged, EkycStatusChanged, Role, Sealed
from sqlalchemy.exc import DBAPIError
from support.counter import MAIL, OUR_KEY, content_with, findings, good_content

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
TO_COMPANY = {"mailing": "company", "mailing_company": BLOCK}


async def ready(counter, *, ekyc="passed", slots=("kanri_kiyaku", "sokai_gijiroku"), **changes):
    """A complete draft, its owner, and its files."""
    owner = await counter.association(ekyc=ekyc)
    application = await owner.start()
    if slots:
        await counter.upload(application, *slots)
    saved = await owner.save(application, content_with({k.replace("__", "."): v for k, v in changes.items()}))
    assert saved.status_code == 200
    return owner, application


async def nothing_happened(counter, application):
    """The application is a draft, and nothing of a submission was kept or told."""
    assert await counter.events(application) == ["ApplicationStarted"]
    assert await counter.rows("SELECT 1 FROM application_versions WHERE application_id = :id", id=application) == []
    (row,) = await counter.rows("SELECT submission FROM applications WHERE id = :id", id=application)
    (track,) = await counter.rows("SELECT state FROM tracks WHERE application_id = :id", id=application)
    return (row.submission, track.state) == (0, "draft")


@pytest.mark.rule("AS-73", "AS-74", "AS-82")
async def test_a_submission_keeps_the_version_and_tells_what_was_handed_in(counter):
    owner, application = await ready(counter)
    check = await owner.check(application)
    answer = await owner.submit(application)
    assert (answer.status_code, answer.json()["state"], answer.json()["submission"]) == (201, "applied", 1)
    (version,) = await counter.rows("SELECT * FROM application_versions WHERE application_id = :id", id=application)
    content = counter.desk.unlock(version.content, f"application_versions.content:{application}:1")
    assert content == check["content"]
    assert version.content_sha256 == check["content_sha256"]
    assert (version.ekyc_status, version.consents, version.submitted_by) == ("passed", [], owner.account_id)
    (event,) = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationSubmitted%'", id=application
    )
    assert event.data["content_sha256"] == check["content_sha256"]
    assert [one["slot"] for one in event.data["documents"]] == ["kanri_kiyaku", "sokai_gijiroku"]
    assert [one["document_id"] for one in event.data["documents"]] == [one["document_id"] for one in version.documents]


@pytest.mark.rule("AS-82")
async def test_what_was_submitted_can_neither_be_edited_nor_checked_nor_submitted_again(counter):
    owner, application = await ready(counter)
    digest = (await owner.check(application))["content_sha256"]
    assert (await owner.submit(application)).status_code == 201
    saved = await owner.save(application, good_content())
    assert (saved.status_code, saved.json()["code"], saved.json()["rules"]) == (409, "not_editable", ["AS-82"])
    checked = await owner.get(f"/v1/applications/{application}/check")
    assert (checked.status_code, checked.json()["code"]) == (409, "impossible_transition")
    body = {"content_sha256": digest, "proof": counter.gate.proof(owner.account_id, digest)}
    again = await owner.post(f"/v1/applications/{application}/submit", body)
    assert (again.status_code, again.json()["code"]) == (409, "impossible_transition")
    assert "AS-82" in again.json()["rules"]
    assert await counter.events(application) == ["ApplicationStarted", "ApplicationSubmitted"]


GATE = [
    (None, False, False),
    ("data_registered", False, False),
    ("failed", False, False),
    ("method_chosen", False, True),
    ("running", False, True),
    ("passed", False, True),
    ("failed", True, True),
    ("passed", True, True),
    (None, True, True),
]


@pytest.mark.rule("ID-77", "ID-78", "ID-79", "ID-80", "AS-73", "AS-75")
@pytest.mark.parametrize(("ekyc", "ticked", "passes"), GATE)
async def test_the_ekyc_gate(counter, ekyc, ticked, passes):
    owner, application = await ready(counter, ekyc=ekyc, cannot_ekyc=ticked)
    check = await owner.check(application)
    assert check["ekyc_status"] == ekyc
    (notice,) = check["notices"]
    assert (notice["rule"], notice["code"]) == ("AS-75", "APPLY" if passes else "REDO")
    assert ("申請できます" in notice["message"] or "このまま申請" in notice["message"]) == passes
    assert ("本人確認を行って" in notice["message"] or "やり直して" in notice["message"]) == (not passes)
    answer = await owner.submit(application)
    if passes:
        assert answer.status_code == 201
    else:
        assert answer.status_code == 409
        assert findings(answer) == findings(check) == {("ID-79", "EKYC_NOT_DONE", "cannot_ekyc")}
        assert await nothing_happened(counter, application)


@pytest.mark.rule("DO-22", "DO-25", "AS-75", "ID-79")
@pytest.mark.parametrize("kind", ["management_company", "corporate_owner"])
async def test_whoever_the_register_copy_names_needs_the_tick_and_posts_no_paper(counter, kind):
    who = {
        "representative__type": kind,
        "representative__register_has_name": True,
        "representative__company_name": "見本株式会社",
        "representative__position": "部長",
    }
    owner, application = await ready(counter, ekyc="failed", cannot_ekyc=False, **who)
    check = await owner.check(application)
    assert findings(check) == {("DO-22", "EKYC_NOT_NEEDED", "cannot_ekyc")}
    owner, application = await ready(counter, ekyc="failed", cannot_ekyc=True, **who)
    check = await owner.check(application)
    (notice,) = check["notices"]
    assert (check["may_submit"], notice["code"]) == (True, "APPLY")
    assert "郵送は必要ありません" in notice["message"]


@pytest.mark.rule("DO-02", "DO-05", "DO-13")
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], {("DO-02", "REQUIRED_SLOT_EMPTY", f"documents.{s}") for s in ("kanri_kiyaku", "sokai_gijiroku")}),
        (["other1"], {("DO-02", "REQUIRED_SLOT_EMPTY", f"documents.{s}") for s in ("kanri_kiyaku", "sokai_gijiroku")}),
        (["kanri_kiyaku"], {("DO-02", "REQUIRED_SLOT_EMPTY", "documents.sokai_gijiroku")}),
    ],
)
async def test_required_papers_block(counter, files, expected):
    owner, application = await ready(counter, slots=files)
    answer = await owner.submit(application)
    assert answer.status_code == 409
    assert findings(answer) == expected
    assert await nothing_happened(counter, application)


@pytest.mark.rule("DO-05")
@pytest.mark.parametrize(("each", "status"), [(3_145_728, 201), (3_145_729, 409)])
async def test_the_total_limit_is_inclusive(counter, each, status):
    owner, application = await ready(counter, slots=())
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku", size_bytes=each)
    answer = await owner.submit(application)
    assert answer.status_code == status
    if status == 409:
        assert findings(answer) == {("DO-05", "TOTAL_OVER_LIMIT", "documents")}


@pytest.mark.rule("DO-06", "DO-13")
async def test_odd_files_warn_and_do_not_block(counter):
    owner, application = await ready(counter, slots=())
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku", standard_type=False, placeholder=True)
    check = await owner.check(application)
    assert check["may_submit"]
    assert {(one["rule"], one["code"], one["field"]) for one in check["warnings"]} == {
        (rule, code, f"documents.{slot}")
        for rule, code in (("DO-06", "NONSTANDARD_TYPE"), ("DO-13", "PAPER_FOLLOWS"))
        for slot in ("kanri_kiyaku", "sokai_gijiroku")
    }


@pytest.mark.rule("DO-20", "DO-21", "DO-22", "DO-23", "DO-24", "DO-25")
@pytest.mark.parametrize(
    ("kind", "named", "expected"),
    [
        ("individual", False, set()),
        ("management_company", False, {"shogyo_toki", "shain_sho"}),
        ("management_company", True, {"shogyo_toki"}),
        ("other_external", False, {"shain_sho"}),
        ("corporate_owner", False, {"shogyo_toki"}),
    ],
)
async def test_papers_that_an_external_manager_usually_hands_in_are_only_missed(counter, kind, named, expected):
    company = {"representative__company_name": "見本株式会社", "representative__position": "部長"}
    owner, application = await ready(
        counter, representative__type=kind, representative__register_has_name=named, **company
    )
    check = await owner.check(application)
    assert check["may_submit"]
    assert {one["field"] for one in check["warnings"]} == {f"documents.{slot}" for slot in expected}


@pytest.mark.rule("AS-62")
async def test_papers_to_the_company_need_the_tick_on_the_confirmation_screen(counter):
    owner, application = await ready(counter, **TO_COMPANY)
    check = await owner.check(application)
    assert check["may_submit"]
    assert [(one["rule"], one["field"]) for one in check["confirmations"]] == [("AS-62", "consents.mailing_notes")]
    refused = await owner.submit(application)
    assert (refused.status_code, findings(refused)) == (409, {("AS-62", "REQUIRED", "consents.mailing_notes")})
    assert await nothing_happened(counter, application)
    assert (await owner.submit(application, consents=["mailing_notes"])).status_code == 201
    (version,) = await counter.rows(
        "SELECT consents FROM application_versions WHERE application_id = :id", id=application
    )
    assert version.consents == ["mailing_notes"]


# The proof


@pytest.mark.rule("ID-40", "AS-74")
@pytest.mark.parametrize(
    "fault", ["nonsense", "other account", "other purpose", "other content", "expired", "other key", "access token"]
)
async def test_only_a_right_proof_makes_the_application(counter, fault):
    owner, application = await ready(counter)
    gate = counter.gate
    digest = (await owner.check(application))["content_sha256"]
    proofs = {
        "nonsense": "eyJ.x.y",
        "other account": gate.proof(uuid4(), digest),
        "other purpose": gate.proof(owner.account_id, digest, "approve_proxy"),
        "other content": gate.proof(owner.account_id, "0" * 64),
        "expired": gate.proof(owner.account_id, digest),
        "other key": type(gate)(counter.clock).proof(owner.account_id, digest),
        "access token": gate.headers(Role.ASSOCIATION, owner.account_id)["Authorization"].removeprefix("Bearer "),
    }
    if fault == "expired":
        counter.clock.advance(minutes=6)
    answer = await owner.submit(application, proof=proofs[fault])
    assert (answer.status_code, answer.json()["code"]) == (409, "otp_proof_refused")
    assert await nothing_happened(counter, application)
    assert (await owner.submit(application)).status_code == 201


@pytest.mark.rule("AS-74", "AS-82")
async def test_a_proof_works_once(counter):
    filed = await counter.applied()
    owner, application = filed.owner, filed.application_id
    (version,) = await counter.rows(
        "SELECT content_sha256, proof_jti FROM application_versions WHERE application_id = :id", id=application
    )
    assert await counter.rows("SELECT 1 FROM used_proofs WHERE jti = :jti", jti=version.proof_jti)
    # The content does not change between the submissions, so only the first use stands against the second one.
    proof = counter.gate.proof(owner.account_id, version.content_sha256)
    await counter.reject(filed)
    assert (await owner.submit(application, proof=proof)).status_code == 201
    await counter.reject(await counter.reviewed(owner, application))
    again = await owner.submit(application, proof=proof)
    assert (again.status_code, again.json()["code"]) == (409, "otp_proof_refused")
    kept = await counter.rows("SELECT 1 FROM application_versions WHERE application_id = :id", id=application)
    assert len(kept) == 2


@pytest.mark.rule("AS-74")
async def test_content_that_changed_after_the_confirmation_is_not_submitted(counter):
    owner, application = await ready(counter)
    digest = (await owner.check(application))["content_sha256"]
    await owner.save(application, content_with({"meeting_month": 6}))
    body = {"content_sha256": digest, "proof": counter.gate.proof(owner.account_id, digest)}
    answer = await owner.post(f"/v1/applications/{application}/submit", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "content_changed")
    assert await nothing_happened(counter, application)


@pytest.mark.rule("AS-74")
async def test_a_file_that_was_replaced_after_the_confirmation_voids_the_proof_too(counter):
    owner, application = await ready(counter)
    digest = (await owner.check(application))["content_sha256"]
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku", version=2)
    body = {"content_sha256": digest, "proof": counter.gate.proof(owner.account_id, digest)}
    answer = await owner.post(f"/v1/applications/{application}/submit", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "content_changed")


# Doubled and unlucky submissions


@pytest.mark.rule("AS-74", "AS-85")
async def test_a_double_click_with_one_key_is_one_application_and_one_answer(counter):
    owner, application = await ready(counter)
    digest = (await owner.check(application))["content_sha256"]
    body = {"content_sha256": digest, "proof": counter.gate.proof(owner.account_id, digest)}
    path, key = f"/v1/applications/{application}/submit", str(uuid4())
    first, second = await asyncio.gather(*(owner.post(path, body, key=key) for _ in range(2)))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert await counter.events(application) == ["ApplicationStarted", "ApplicationSubmitted"]


@pytest.mark.rule("AS-74", "AS-85")
async def test_submitting_from_many_windows_at_once_makes_one_application(counter):
    owner, application = await ready(counter)
    digest = (await owner.check(application))["content_sha256"]
    bodies = [{"content_sha256": digest, "proof": counter.gate.proof(owner.account_id, digest)} for _ in range(5)]
    path = f"/v1/applications/{application}/submit"
    answers = await asyncio.gather(*(owner.post(path, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await counter.events(application) == ["ApplicationStarted", "ApplicationSubmitted"]
    used = await counter.rows(
        "SELECT v.proof_jti FROM application_versions v JOIN used_proofs p ON p.jti = v.proof_jti "
        "WHERE application_id = :id",
        id=application,
    )
    assert len(used) == 1


@pytest.mark.rule("AS-82")
async def test_saving_while_submitting_never_changes_what_the_office_has(counter):
    owner, application = await ready(counter)
    digest = (await owner.check(application))["content_sha256"]
    body = {"content_sha256": digest, "proof": counter.gate.proof(owner.account_id, digest)}
    saved, submitted = await asyncio.gather(
        owner.save(application, content_with({"meeting_month": 9}), version=2),
        owner.post(f"/v1/applications/{application}/submit", body),
    )
    # Whoever was second is refused: the save because it is under review, or the submission because the content changed.
    assert {(200, 409), (409, 201)} >= {(saved.status_code, submitted.status_code)}
    code = (submitted if saved.status_code == 200 else saved).json()["code"]
    assert code in {"content_changed", "not_editable"}


async def test_a_submission_needs_an_idempotency_key(counter):
    owner, application = await ready(counter)
    headers = counter.gate.headers(Role.ASSOCIATION, owner.account_id)
    del headers["Idempotency-Key"]
    body = {"content_sha256": "0" * 64, "proof": "x"}
    answer = await counter.client.post(f"/v1/applications/{application}/submit", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.rule("AS-36")
async def test_a_submission_waits_for_the_registered_mail_address(counter):
    owner = counter.person(Role.ASSOCIATION)
    await counter.hear(EkycStatusChanged(account_id=owner.account_id, ekyc_id=uuid4(), status="passed"))
    application = await owner.start()
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku")
    await owner.save(application, good_content())
    early = await owner.submit(application)
    assert (early.status_code, early.json()["code"]) == (409, "contact_not_yet_known")
    assert early.headers["Retry-After"] == "5"
    assert findings(early) == {("AS-36", "CONTACT_NOT_YET_KNOWN", "representative.mail")}
    sealed = Sealed(seal(Contact(mail=MAIL, name="見本", user_id="U"), OUR_KEY.as_dict(private=False)))
    await counter.hear(ContactChanged(account_id=owner.account_id, contact=sealed, contact_for_applications=sealed))
    assert (await owner.submit(application)).status_code == 201


@pytest.mark.rule("AS-85")
async def test_an_error_in_the_middle_leaves_nothing(counter, monkeypatch):
    owner, application = await ready(counter)
    monkeypatch.setattr("applications.commands.applications.documents_json", lambda documents: "no json")
    answer = await owner.submit(application)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert await nothing_happened(counter, application)
    monkeypatch.undo()
    assert (await owner.submit(application)).status_code == 201


@pytest.mark.rule("AS-82")
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM application_versions WHERE application_id = :id RETURNING 1",
        "UPDATE application_versions SET content = '' WHERE application_id = :id RETURNING 1",
        "DELETE FROM application_history WHERE application_id = :id RETURNING 1",
        "UPDATE application_history SET actor_id = NULL, role = NULL WHERE application_id = :id RETURNING 1",
    ],
)
async def test_versions_and_history_cannot_be_changed(counter, sql):
    filed = await counter.applied()
    with pytest.raises(DBAPIError, match="append-only"):
        await counter.rows(sql, id=filed.application_id)
