"""The limit of a set: the catalogue's numbers at each step, and under competition."""

import asyncio
from uuid import UUID

import httpx
import pytest
from support.documents import LIMIT, Desk, pdf

pytestmark = pytest.mark.real
MB = 1024 * 1024


def assert_over_limit(answer: httpx.Response, slot: str) -> None:
    """A refusal that names rule, code and slot, and tells the limit."""
    assert answer.status_code == 409, answer.text
    problem = answer.json()
    assert (problem["code"], problem["rules"]) == ("upload_refused", ["DO-05"])
    assert [(one["code"], one["field"]) for one in problem["findings"]] == [("TOTAL_OVER_LIMIT", slot)]
    assert "6MB" in problem["findings"][0]["message"]


@pytest.mark.rule("DO-05")
async def test_two_files_of_together_exactly_the_limit_are_stored(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(3_000_000))
    await at.stored(application, owner, pdf(3_291_456), slot="sokai_gijiroku")
    answer = (await at.list_(application, owner)).json()
    assert (answer["total_bytes"], answer["total_limit_bytes"]) == (6_291_456, 6_291_456)
    assert (await at.events(application))[-1][1]["total_bytes"] == 6_291_456


@pytest.mark.rule("DO-05")
async def test_one_byte_more_is_refused_when_the_upload_is_begun(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    first = await at.stored(application, owner, pdf(3_000_000))
    answer = await at.start(application, owner, pdf(3_291_457), slot="sokai_gijiroku")
    assert_over_limit(answer, "sokai_gijiroku")
    listed = (await at.list_(application, owner)).json()
    assert listed["total_bytes"] == 3_000_000
    assert [one["document_id"] for one in await at.set_of(application, owner)] == [str(first)]
    assert len(at.objects(application)) == 1


@pytest.mark.rule("DO-05")
async def test_one_byte_more_is_refused_when_the_upload_is_completed_and_the_files_present_stay(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    late = await at.uploaded(application, owner, pdf(3_291_457), slot="sokai_gijiroku")
    first = await at.stored(application, owner, pdf(3_000_000))
    assert_over_limit(await at.complete(late, owner), "sokai_gijiroku")
    assert [one["document_id"] for one in await at.set_of(application, owner)] == [str(first)]
    assert [name for name, _ in await at.events(application)] == ["DocumentStored", "DocumentRefused"]
    assert at.objects(application, "quarantine") == []
    assert len(at.objects(application)) == 1


@pytest.mark.rule("DO-03", "DO-05")
async def test_a_replacement_counts_without_the_file_it_replaces(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(1 * MB), slot="other1")
    former = await at.stored(application, owner, pdf(4 * MB))
    newer = await at.stored(application, owner, pdf(5 * MB))
    listed = (await at.list_(application, owner)).json()
    assert listed["total_bytes"] == LIMIT
    assert (await at.set_of(application, owner))[0]["document_id"] == str(newer)
    assert await at.status_of(former) == "replaced"
    assert_over_limit(await at.start(application, owner, pdf(5 * MB + 1)), "kanri_kiyaku")


@pytest.mark.rule("DO-05")
async def test_a_single_file_may_take_the_whole_limit_and_no_byte_more(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    assert_over_limit(await at.start(application, owner, pdf(LIMIT + 1)), "kanri_kiyaku")
    await at.stored(application, owner, pdf(LIMIT))
    assert (await at.list_(application, owner)).json()["total_bytes"] == LIMIT


@pytest.mark.rule("DO-03", "DO-05")
async def test_a_deleted_file_makes_room(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    first = await at.stored(application, owner, pdf(LIMIT))
    assert_over_limit(await at.start(application, owner, pdf(10), slot="other1"), "other1")
    assert (await at.delete(first, owner)).status_code == 204
    await at.stored(application, owner, pdf(LIMIT), slot="other1")
    assert (await at.list_(application, owner)).json()["total_bytes"] == LIMIT


@pytest.mark.rule("DO-05")
async def test_uploads_that_are_only_begun_take_no_room(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.uploaded(application, owner, pdf(LIMIT))
    await at.stored(application, owner, pdf(LIMIT), slot="other1")


@pytest.mark.rule("DO-05")
async def test_uploads_completed_at_the_same_moment_cannot_exceed_the_limit_together(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    slots = ("kanri_kiyaku", "sokai_gijiroku", "gian_sho", "other1", "other2")
    waiting = [await at.uploaded(application, owner, pdf(2 * MB), slot=slot) for slot in slots]
    answers = await asyncio.gather(*(at.complete(document_id, owner) for document_id in waiting))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409]
    assert (await at.list_(application, owner)).json()["total_bytes"] == LIMIT
    versions = [data.get("set_version") for name, data in await at.events(application) if name == "DocumentStored"]
    assert versions == [1, 2, 3]


@pytest.mark.rule("DO-03")
async def test_uploads_completed_at_the_same_moment_for_one_slot_leave_one_file(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    waiting = [await at.uploaded(application, owner, pdf(2 * MB)) for _ in range(3)]
    answers = await asyncio.gather(*(at.complete(document_id, owner) for document_id in waiting))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await at.set_of(application, owner)) == 1
    statuses = [await at.status_of(document_id) for document_id in waiting]
    assert sorted(statuses) == ["replaced", "replaced", "stored"]
    _, last = (await at.events(application))[-1]
    assert (last["set_version"], len(last["set"]), last["total_bytes"]) == (3, 1, 2 * MB)
