"""What the office has beside an application: posted papers, notes of its calls, and the trace that reading leaves."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from madoguchi_contracts import DocumentStored, PaperArrived, Role
from sqlalchemy.exc import DBAPIError
from support.counter import entry
from support.records import record_of

REVIEWER, APPROVER = Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER


def note_path(filed):
    return f"/v1/applications/{filed.application_id}/contact-notes"


NOTE = {"about": "name", "text": "お名前の「髙」の表記について、代表者とお電話で確認しました。"}


@pytest.mark.rule("AS-84", "AS-34")
async def test_a_call_is_noted_for_the_office_alone_encrypted_and_in_order(counter):
    filed = await counter.applied()
    caller, reader = counter.person(REVIEWER), counter.person(APPROVER)
    noted = await caller.post(note_path(filed), NOTE)
    assert (noted.status_code, noted.json()["officer_id"]) == (201, str(caller.account_id))
    counter.clock.advance(minutes=1)
    before = (counter.clock() - timedelta(days=1)).isoformat()
    second = {"about": "identity", "text": "本人確認をやり直すようお願いしました。", "contacted_at": before}
    assert (await caller.post(note_path(filed), second)).status_code == 201
    items = (await reader.get(note_path(filed))).json()["items"]
    assert [(one["about"], one["text"]) for one in items] == [(one["about"], one["text"]) for one in (NOTE, second)]
    seen = (await reader.get(f"/v1/reviews/{filed.review_id}")).json()
    assert seen["notes"] == items
    stored = await counter.rows("SELECT content FROM contact_notes WHERE application_id = :id", id=filed.application_id)
    assert not [row for row in stored if "お" in row.content]
    assert (await filed.owner.get(note_path(filed))).status_code == 403
    assert (await filed.owner.post(note_path(filed), NOTE)).status_code == 403
    assert "髙" not in (await filed.owner.get(f"/v1/applications/{filed.application_id}")).text
    assert "髙" not in (await filed.owner.get(f"/v1/applications/{filed.application_id}/timeline")).text


@pytest.mark.rule("AS-84")
@pytest.mark.parametrize(
    "bad", [{"text": " 　"}, {"contacted_at": "future"}, {"about": "No key"}, {"contacted_at": "2026-04-01T10:00:00"}]
)
async def test_a_note_says_something_that_has_happened(counter, bad):
    filed = await counter.applied()
    if bad.get("contacted_at") == "future":
        bad = {"contacted_at": (counter.clock() + timedelta(seconds=1)).isoformat()}
    answer = await counter.person(REVIEWER).post(note_path(filed), {**NOTE, **bad})
    assert answer.status_code == 422
    assert await counter.rows("SELECT 1 FROM contact_notes WHERE application_id = :id", id=filed.application_id) == []


async def test_a_note_is_never_changed(counter):
    filed = await counter.applied()
    await counter.person(REVIEWER).post(note_path(filed), NOTE)
    for sql in ("UPDATE contact_notes SET about = 'x'", "DELETE FROM contact_notes"):
        with pytest.raises(DBAPIError):
            await counter.rows(f"{sql} WHERE application_id = :id RETURNING id", id=filed.application_id)


async def test_every_reading_by_the_office_leaves_a_trace(counter):
    filed = await counter.applied()
    officer = counter.person(REVIEWER)
    path = f"/v1/applications/{filed.application_id}"
    for place in (path, f"{path}/versions/1", note_path(filed), f"/v1/reviews/{filed.review_id}"):
        assert (await officer.get(place)).status_code == 200
    log = await counter.rows(
        "SELECT action, actor_id, at FROM access_log WHERE application_id = :id ORDER BY id", id=filed.application_id
    )
    assert [tuple(row) for row in log] == [
        (action, officer.account_id, counter.clock())
        for action in ("view", "view_version", "view_notes", "view_review")
    ]


def arrived(application_id, paper_id, result, kind="passport"):
    return PaperArrived(
        application_id=application_id, paper_id=paper_id, kind=kind, result=result, arrived_on=date(2026, 4, 2)
    )


@pytest.mark.rule("DO-30", "DO-34")
async def test_the_review_shows_the_papers_that_came_by_post_as_they_were_judged_last(counter):
    filed = await counter.applied(cannot_ekyc=True)
    paper, other = uuid4(), uuid4()
    application = filed.application_id
    first = record_of(arrived(application, paper, "PAGES_MISSING"), sequence=3)
    corrected = record_of(arrived(application, paper, "OK"), sequence=4)
    for record in (
        corrected,
        first,
        corrected,
        record_of(arrived(application, other, "TOO_OLD", "seal_cert"), sequence=5),
    ):
        await counter.consumer.process([record])
    seen = (await counter.person(REVIEWER).get(f"/v1/reviews/{filed.review_id}")).json()
    papers = {one["paper_id"]: (one["kind"], one["result"], one["arrived_on"]) for one in seen["papers"]}
    assert papers == {
        str(paper): ("passport", "OK", "2026-04-02"),
        str(other): ("seal_cert", "TOO_OLD", "2026-04-02"),
    }


@pytest.mark.rule("DO-08")
async def test_the_review_shows_files_that_came_after_the_submission_apart_from_what_was_submitted(counter):
    filed = await counter.applied()
    officer, path = counter.person(REVIEWER), f"/v1/reviews/{filed.review_id}"
    before = (await officer.get(path)).json()
    assert before["later_documents"] == []
    kept = [
        entry(one["slot"]).model_copy(update={"document_id": UUID(one["document_id"])}) for one in before["documents"]
    ]
    asked = entry("requested_1")
    await counter.hear(
        DocumentStored(
            application_id=filed.application_id,
            document_id=asked.document_id,
            slot=asked.slot,
            sha256=asked.sha256,
            size_bytes=asked.size_bytes,
            set_version=9,
            set=(*kept, asked),
            total_bytes=3000,
        )
    )
    after = (await officer.get(path)).json()
    assert after["documents"] == before["documents"]
    assert [one["document_id"] for one in after["later_documents"]] == [str(asked.document_id)]
    await counter.approve(filed)
    assert (await officer.get(path)).json()["later_documents"] == []
