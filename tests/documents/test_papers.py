"""Papers at the counter: recorded, judged, corrected, awaited."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from documents import queries
from kit.japan import to_jst
from madoguchi_contracts import Role
from madoguchi_stack.s3 import S3
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase

pytestmark = pytest.mark.real

PLACEHOLDER = "6MBを超えたため書類を郵送します。.pdf"


@pytest.fixture
def officer() -> UUID:
    return uuid4()


def today(at: Desk, days: int = 0) -> date:
    return to_jst(at.clock()).date() + timedelta(days=days)


async def record(at: Desk, application: UUID, officer: UUID, **paper: Any) -> httpx.Response:
    body = {"kind": "licence", "arrived_on": today(at).isoformat(), "sides": "both", **paper}
    headers = at.as_(officer, Role.OFFICE_REVIEWER)
    return await at.http.post(f"/v1/applications/{application}/papers", json=body, headers=headers)


async def correct(
    at: Desk, application: UUID, officer: UUID, paper_id: str, version: int, **paper: Any
) -> httpx.Response:
    body = {"kind": "licence", "arrived_on": today(at).isoformat(), "sides": "both", **paper}
    headers = {**at.as_(officer, Role.OFFICE_REVIEWER), "If-Match": f'"{version}"'}
    return await at.http.put(f"/v1/applications/{application}/papers/{paper_id}", json=body, headers=headers)


async def papers(at: Desk, application: UUID, officer: UUID) -> dict[str, Any]:
    answer = await at.http.get(f"/v1/applications/{application}/papers", headers=at.as_(officer, Role.OFFICE_REVIEWER))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def arrived(at: Desk, application: UUID) -> list[dict[str, Any]]:
    return [told for name, told in await at.events(application) if name == "PaperArrived"]


@pytest.mark.rule("DO-30", "DO-32", "DO-34")
async def test_an_identity_paper_is_recorded_with_the_result_of_the_rule_and_told(
    at: Desk, owner: UUID, officer: UUID
) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)
    issued = today(at, -10).isoformat()
    answer = await record(at, application, officer, kind="residence_cert", sides=None, issued_on=issued, original=False)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["result"], body["version"], body["issued_on"]) == ("ORIGINAL_NEEDED", 1, issued)
    assert body["recorded_by"] == str(officer)
    assert await arrived(at, application) == [
        {
            "application_id": str(application),
            "paper_id": body["paper_id"],
            "kind": "residence_cert",
            "result": "ORIGINAL_NEEDED",
            "arrived_on": today(at).isoformat(),
        }
    ]
    passport = {"kind": "passport", "sides": None, "applied_on": "2020-02-03", "pages": ["holder", "photo"]}
    assert (await record(at, application, officer, **passport)).json()["result"] == "OK"
    shown = (await papers(at, application, officer))["papers"]
    assert {one["kind"]: one["result"] for one in shown} == {"residence_cert": "ORIGINAL_NEEDED", "passport": "OK"}
    assert next(one for one in shown if one["kind"] == "passport")["pages"] == ["holder", "photo"]


@pytest.mark.rule("DO-34")
async def test_a_corrected_record_is_judged_anew_told_again_and_what_was_is_kept(
    at: Desk, owner: UUID, officer: UUID
) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)
    paper_id = (await record(at, application, officer, sides="front")).json()["paper_id"]
    corrected = await correct(at, application, officer, paper_id, 1, sides="both")
    assert (corrected.json()["result"], corrected.headers["ETag"]) == ("OK", '"2"')
    assert [one["result"] for one in await arrived(at, application)] == ["BOTH_SIDES_NEEDED", "OK"]
    assert {one["paper_id"] for one in await arrived(at, application)} == {paper_id}
    assert [one["version"] for one in (await papers(at, application, officer))["papers"]] == [2]
    rows = await at.rows("SELECT version, facts FROM posted_papers WHERE id = :id ORDER BY version", id=paper_id)
    assert [row.facts for row in rows] == [{"sides": "front"}, {"sides": "both"}]

    assert (await correct(at, application, officer, paper_id, 1)).status_code == 412
    assert (await correct(at, application, officer, str(uuid4()), 1)).status_code == 404
    other = await at.started(owner)
    await at.submitted(other, owner)
    assert (await correct(at, other, officer, paper_id, 2)).status_code == 404
    assert len(await arrived(at, application)) == 2


@pytest.mark.rule("DO-34")
async def test_a_paper_arrives_today_or_before_and_is_not_judged_without_the_date_that_decides(
    at: Desk, owner: UUID, officer: UUID
) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)

    async def finding(**paper: Any) -> tuple[str, str]:
        answer = await record(at, application, officer, **paper)
        assert (answer.status_code, answer.json()["code"]) == (409, "paper_not_recordable")
        found = answer.json()["findings"][0]
        return found["code"], found["field"]

    assert await finding(arrived_on=today(at, 1).isoformat()) == ("NOT_YET", "arrived_on")
    assert await finding(kind="driving_history") == ("DATE_NEEDED", "issued_on")
    assert await finding(kind="passport", pages=["holder", "photo"]) == ("DATE_NEEDED", "applied_on")
    assert await arrived(at, application) == []
    assert (await record(at, application, officer, arrived_on=today(at).isoformat())).status_code == 201


@pytest.mark.rule("DO-34")
@pytest.mark.parametrize("field", ["issued_on", "applied_on"])
async def test_no_paper_arrives_before_the_day_on_which_it_was_issued_or_applied_for(
    at: Desk, owner: UUID, officer: UUID, field: str
) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)
    arrived_on = today(at, -3).isoformat()
    answer = await record(at, application, officer, arrived_on=arrived_on, **{field: today(at, -2).isoformat()})
    assert answer.status_code == 409, answer.text
    finding = answer.json()["findings"][0]
    assert (finding["code"], finding["field"]) == ("AFTER_ARRIVAL", field)
    assert await arrived(at, application) == []
    made = await record(at, application, officer, arrived_on=arrived_on, **{field: arrived_on})
    assert made.status_code == 201, made.text
    wrong = {"arrived_on": arrived_on, field: today(at, -2).isoformat()}
    assert (await correct(at, application, officer, made.json()["paper_id"], 1, **wrong)).status_code == 409


@pytest.mark.rule("DO-10", "DO-13")
async def test_a_placeholder_waits_for_the_post_until_a_good_paper_for_its_slot_is_recorded(
    at: Desk, owner: UUID, officer: UUID
) -> None:
    application = await at.started(owner)
    for slot in ("kanri_kiyaku", "sokai_gijiroku"):
        await at.stored(application, owner, pdf(10), slot=slot, file_name=PLACEHOLDER)
    await at.stored(application, owner, pdf(10), slot="other1")
    await at.submitted(application, owner)
    assert (await papers(at, application, officer))["awaited"] == ["kanri_kiyaku", "sokai_gijiroku"]

    await record(at, application, officer, kind="sokai_gijiroku", sides=None)
    assert (await papers(at, application, officer))["awaited"] == ["kanri_kiyaku"]
    wrong = (await record(at, application, officer, kind="kanri_kiyaku", sides=None)).json()
    assert (await papers(at, application, officer))["awaited"] == []
    # It was for another slot: the record is corrected, and the regulations are awaited again.
    await correct(at, application, officer, wrong["paper_id"], 1, kind="gian_sho", sides=None)
    assert (await papers(at, application, officer))["awaited"] == ["kanri_kiyaku"]


@pytest.mark.rule("DO-10", "DO-11", "DO-13", "DO-14", "DO-30", "DO-31")
async def test_the_applicant_is_told_where_papers_go_and_what_to_write_on_them(at: Desk, owner: UUID) -> None:
    post = (await at.list_(await at.started(owner), owner)).json()["post"]
    assert post["name"] == "住宅金融支援機構 住宅債券事務センター"
    assert (post["postal_code"], post["address"]) == ("112-8570", "東京都文京区後楽1-4-10")
    assert (post["telephone"], post["opening_hours"][:10]) == ("03-5800-9479", "9:00〜17:00")
    assert [line[0] for line in post["document_margin"]] == ["①", "②", "③"]
    assert (post["document_margin"][0], post["identity_margin"][0]) == ("①Web利用申請", "①eKYC(Web)")
    assert f"{post['placeholder_title']}.pdf" == PLACEHOLDER
    other = await at.started(owner, programme="not_here_yet")
    assert (await at.list_(other, owner)).json()["post"] is None


@pytest.mark.rule("DO-13", "DO-26")
async def test_a_paper_that_is_too_old_is_still_awaited(at: Desk, owner: UUID, officer: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10), slot="shogyo_toki", file_name=PLACEHOLDER)
    await at.submitted(application, owner)
    old = await record(at, application, officer, kind="shogyo_toki", sides=None, issued_on=today(at, -200).isoformat())
    assert old.json()["result"] == "TOO_OLD"
    assert (await papers(at, application, officer))["awaited"] == ["shogyo_toki"]
    await record(at, application, officer, kind="shogyo_toki", sides=None, issued_on=today(at, -10).isoformat())
    assert (await papers(at, application, officer))["awaited"] == []


@pytest.mark.rule("DO-13")
async def test_the_office_lists_what_it_waits_for_longest_first_and_only_while_it_decides(
    postgres_url: FreshDatabase, s3: S3, owner: UUID, officer: UUID
) -> None:
    async with desk(await postgres_url("documents"), s3) as at:

        async def listed(cursor: str | None = None) -> dict[str, Any]:
            query = {} if cursor is None else {"cursor": cursor}
            headers = at.as_(officer, Role.OFFICE_APPROVER)
            answer = await at.http.get("/v1/papers/awaited", params=query, headers=headers)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

        waiting = []
        for number in range(3):
            application = await at.started(owner)
            await at.stored(application, owner, pdf(10), file_name=PLACEHOLDER)
            at.clock.advance(minutes=number)
            await at.submitted(application, owner)
            waiting.append(application)
        draft = await at.started(owner)
        await at.stored(draft, owner, pdf(10), file_name=PLACEHOLDER)
        items = (await listed())["items"]
        assert [(item["application_id"], item["slots"], item["programme"]) for item in items] == [
            (str(application), ["kanri_kiyaku"], "bond") for application in waiting
        ]
        await at.rejected(waiting[0], owner)
        await at.approved(waiting[1], owner)
        assert [item["application_id"] for item in (await listed())["items"]] == [str(waiting[2])]
        await record(at, waiting[2], officer, kind="kanri_kiyaku", sides=None)
        assert await listed() == {"items": [], "next_cursor": None}


@pytest.mark.rule("DO-13", "AS-83")
async def test_nothing_is_awaited_for_a_change_that_was_handed_in_and_withdrawn(
    at: Desk, owner: UUID, officer: UUID
) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10), file_name=PLACEHOLDER)
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.reopened(application, owner)
    await at.submitted(application, owner, submission=2)
    assert (await papers(at, application, officer))["awaited"] == ["kanri_kiyaku"]
    await at.withdrawn(application, owner)
    assert (await papers(at, application, officer))["awaited"] == []
    listed = await at.http.get("/v1/papers/awaited", headers=at.as_(officer, Role.OFFICE_REVIEWER))
    assert str(application) not in [item["application_id"] for item in listed.json()["items"]]
    await at.reopened(application, owner, submission=3)
    await at.submitted(application, owner, submission=3)
    assert (await papers(at, application, officer))["awaited"] == ["kanri_kiyaku"]


@pytest.mark.rule("DO-13")
async def test_the_list_of_what_is_awaited_has_pages(
    at: Desk, owner: UUID, officer: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 1)
    monkeypatch.setattr(
        queries, "_AWAITED_PAGE", queries.text(str(queries._AWAITED_PAGE).replace("LIMIT 50", "LIMIT 1"))
    )
    mine = []
    for _ in range(3):
        application = await at.started(owner)
        await at.stored(application, owner, pdf(10), file_name=PLACEHOLDER)
        await at.submitted(application, owner)
        mine.append(str(application))
    seen: list[str] = []
    cursor = None
    while True:
        query = {} if cursor is None else {"cursor": cursor}
        headers = at.as_(officer, Role.OFFICE_REVIEWER)
        page = (await at.http.get("/v1/papers/awaited", params=query, headers=headers)).json()
        seen += [item["application_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(mine) <= set(seen)


@pytest.mark.rule("DO-34")
async def test_every_look_of_the_office_at_papers_is_put_down(at: Desk, owner: UUID, officer: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10), file_name=PLACEHOLDER)
    await at.submitted(application, owner)
    await papers(at, application, officer)
    await at.http.get("/v1/papers/awaited", headers=at.as_(officer, Role.OFFICE_REVIEWER))
    rows = await at.rows(
        "SELECT action FROM access_log WHERE application_id = :id AND account_id = :who", id=application, who=officer
    )
    assert [row.action for row in rows] == ["list_papers", "list_papers"]


@pytest.mark.rule("DO-34")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}))
async def test_nobody_but_the_office_records_or_sees_papers(at: Desk, owner: UUID, role: Role) -> None:
    application = await at.started(owner)
    await at.submitted(application, owner)
    account = owner if role in (Role.ASSOCIATION, Role.APPLICANT) else uuid4()
    headers = at.as_(account, role)
    body = {"kind": "licence", "arrived_on": today(at).isoformat(), "sides": "both"}
    refused = 403 if account == owner else 404
    path = f"/v1/applications/{application}/papers"
    assert (await at.http.post(path, json=body, headers=headers)).status_code == refused
    assert (await at.http.get(path, headers=headers)).status_code == refused
    put = await at.http.put(f"{path}/{uuid4()}", json=body, headers={**headers, "If-Match": '"1"'})
    assert put.status_code == refused
    assert (await at.http.get("/v1/papers/awaited", headers=headers)).status_code == 403
    assert await arrived(at, application) == []


@pytest.mark.rule("DO-34", "DO-08")
async def test_the_office_records_nothing_for_a_draft_and_goes_on_after_a_rejection(
    at: Desk, owner: UUID, officer: UUID
) -> None:
    application = await at.started(owner)
    assert (await record(at, application, officer)).status_code == 404
    await at.submitted(application, owner)
    await at.rejected(application, owner)
    assert (await record(at, application, officer)).status_code == 201
