"""The whole life of an association's information on the running stack, while its workers are killed again and again: an
external manager, papers by post, two rejections, a management company's input declined and approved, a change.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from faults.ledger import reckon, settle
from madoguchi_contracts import Role
from madoguchi_stack.case.web import until
from support.stack import Stack, StackPerson, open_stack

pytestmark = [pytest.mark.real, pytest.mark.slow]

WORKERS = ("applications-worker", "documents-worker", "notifications-worker")
SEED = 20261122
FAR_SECONDS = 120


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@asynccontextmanager
async def dying_workers(stack: Stack, draws: random.Random) -> AsyncIterator[list[str]]:
    """Inside, each worker is killed and started again, at once and then every few seconds; yields who was."""
    enough, killed = asyncio.Event(), []

    async def haunt(name: str, moments: random.Random) -> None:
        while not enough.is_set():
            await stack.kill(name)
            killed.append(name)
            await stack.start_again(name)
            await asyncio.sleep(moments.uniform(3, 12))  # a new member of a group gets nothing to do for seconds

    async with asyncio.TaskGroup() as group:
        for name in WORKERS:
            group.create_task(haunt(name, random.Random(draws.random())))
        try:
            yield killed
        finally:
            enough.set()


class Story:
    """The people of one application and what they do. Each waits for what comes to it by events."""

    def __init__(self, stack: Stack, owner: StackPerson) -> None:
        self.stack, self.owner = stack, owner
        self.reviewer, self.approver = stack.person(Role.OFFICE_REVIEWER), stack.person(Role.OFFICE_APPROVER)
        self.application_id = UUID(int=0)
        self.accepted: set[tuple[UUID, int]] = set()

    @property
    def path(self) -> str:
        return f"/v1/applications/{self.application_id}"

    async def ask(
        self,
        person: StackPerson,
        method: str,
        path: str,
        body: Any = None,
        *,
        service: str = "applications",
        **more: str,
    ) -> Any:
        """The JSON of a good answer."""
        answer = await person.ask(method, service, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def start(self) -> None:
        started = await self.ask(self.owner, "POST", "/v1/applications", {"programme": "bond"})
        self.application_id = UUID(started["application_id"])

    async def save(self, person: StackPerson, content: dict[str, Any]) -> None:
        version = (await self.ask(person, "GET", self.path))["draft_version"]
        await self.ask(person, "PUT", f"{self.path}/draft", {"content": content}, If_Match=f'"{version}"')

    async def step(self, person: StackPerson, command: str, **body: Any) -> None:
        await self.ask(person, "POST", f"{self.path}/steps/{command}", body)

    async def file(self, command: str = "submit") -> int:
        """Hand in with a one-time password; returns the number of the submission."""
        check = await self.ask(self.owner, "GET", f"{self.path}/check?command={command}")
        assert check["may_submit"], check["findings"]
        digest = check["content_sha256"]
        body = {"command": command, "content_sha256": digest, "proof": self.owner.proof(command, digest)}
        filed = await self.ask(self.owner, "POST", f"{self.path}/submit", body)
        self.accepted.add((self.application_id, filed["submission"]))
        return int(filed["submission"])

    async def review(self, submission: int) -> str:
        """The path of the review that the event of the submission opens."""
        sql = "SELECT id FROM reviews WHERE application_id = :id AND submission = :submission"

        async def opened() -> Any:
            found = await self.stack.rows("applications", sql, id=self.application_id, submission=submission)
            return found[0].id if found else None

        return f"/v1/reviews/{await eventually(opened, 'the review')}"

    async def reject(self, submission: int, reason: str) -> None:
        path = await self.review(submission)
        await self.ask(self.reviewer, "POST", f"{path}/reject", {"reason": reason, "remarks": []})

    async def approve(self, submission: int) -> None:
        path = await self.review(submission)
        await self.ask(self.reviewer, "POST", f"{path}/recommend")
        await self.ask(self.approver, "POST", f"{path}/approve")

    async def in_force(self, path: str) -> Any:
        """A field of what is in force, as the office's newest review shows it."""
        versions = (await self.ask(self.owner, "GET", f"{self.path}/versions"))["items"]
        approved = (await self.ask(self.owner, "GET", self.path))["approved_submission"]
        assert approved in {one["submission"] for one in versions}
        content = (await self.ask(self.owner, "GET", f"{self.path}/versions/{approved}"))["content"]
        for part in path.split("."):
            content = content[part]
        return content


async def eventually(look: Callable[[], Awaitable[Any]], what: str) -> Any:
    return await until(look, what, FAR_SECONDS)


async def registers_with_papers_by_post(story: Story, clerk: StackPerson, form: dict[str, Any]) -> None:
    """Two rejections and an approval. A management company's employee is the representative (外部管理者方式), eKYC has
    failed, and the identity paper goes by post.
    """
    owner, reviewer = story.owner, story.reviewer
    await story.start()
    await story.save(owner, form)
    await story.stack.hand_in(story.application_id, ("kanri_kiyaku", "sokai_gijiroku", "shogyo_toki"))
    first = await story.file()
    passport = {"kind": "passport", "arrived_on": "2026-11-20", "applied_on": "2020-02-03", "has_address": True}

    async def record() -> Any:
        body = {**passport, "pages": ["photo"]}
        answer = await reviewer.ask("POST", "documents", f"{story.path}/papers", body)
        return answer.json() if answer.status_code == 201 else None

    paper = await eventually(record, "the submission in documents")
    assert paper["result"] == "PAGES_MISSING"
    await story.reject(first, "旅券の所持人記入欄の写しが不足しています。")
    second = await story.file()
    path, body = f"{story.path}/papers/{paper['paper_id']}", {**passport, "pages": ["photo", "holder"]}
    mended = await story.ask(reviewer, "PUT", path, body, service="documents", If_Match='"1"')
    assert mended["result"] == "OK"
    await story.reject(second, "所在地の番地をご確認ください。")
    form["location"]["address"] = "東京都文京区後楽1-4-11"
    await story.save(owner, form)
    third = await story.file()
    assert not (await clerk.ask("GET", "applications", story.path)).is_success, "nothing was approved yet"
    review = await story.review(third)

    async def shown() -> bool:
        papers = (await story.ask(reviewer, "GET", review))["papers"]
        return [(one["kind"], one["result"]) for one in papers] == [("passport", "OK")]

    await eventually(shown, "the paper in the review")
    await story.approve(third)


async def is_changed_by_its_company(story: Story, clerk: StackPerson, form: dict[str, Any]) -> None:
    """The company's input, once declined and then approved by the association."""
    listed = await story.ask(clerk, "GET", "/v1/applications")
    assert [one["application_id"] for one in listed["items"]] == [str(story.application_id)]
    await story.step(clerk, "change_by_proxy")
    await story.save(clerk, {**form, "meeting_month": 6})
    await story.step(clerk, "hand_over")
    await story.step(story.owner, "decline_proxy")
    form["meeting_month"] = 7
    await story.save(clerk, form)
    await story.step(clerk, "hand_over")
    filed = await story.file("approve_proxy")
    assert await story.in_force("meeting_month") == 5
    await story.approve(filed)
    assert await story.in_force("meeting_month") == 7


async def takes_a_right_away(story: Story, clerk: StackPerson, form: dict[str, Any]) -> None:
    """The association's own change: the company may see from now on, and enter nothing."""
    await story.step(story.owner, "change")
    form["company"] = {**form["company"], "level": 2}
    await story.save(story.owner, {**form, "certificate_month": 5})
    check = await story.ask(story.owner, "GET", f"{story.path}/check")
    assert {one["rule"] for one in check["findings"]} == {"AS-83"}
    await story.save(story.owner, form)
    await story.approve(await story.file())
    assert (await clerk.ask("GET", "applications", story.path)).is_success
    refused = await clerk.ask("POST", "applications", f"{story.path}/steps/change_by_proxy", {})
    assert refused.status_code == 403, refused.text


@pytest.mark.rule(
    "AS-35",
    "AS-50",
    "AS-53",
    "AS-56",
    "AS-57",
    "AS-80",
    "AS-81",
    "AS-82",
    "AS-83",
    "DO-08",
    "DO-22",
    "DO-30",
    "DO-34",
    "ID-79",
    "ID-80",
    "NO-09",
    "NO-10",
)
async def test_from_papers_by_post_to_changes_by_a_management_company_while_workers_die(stack: Stack):
    (owner,) = await stack.people(1, ekyc="failed")
    company_id = await stack.company()
    clerk = stack.person(Role.COMPANY, organisation_id=company_id)
    stranger = stack.person(Role.COMPANY, organisation_id=await stack.company())
    story, form = Story(stack, owner), owner.form()
    form["representative"] |= {
        "type": "management_company",
        "company_name": "見本管理株式会社",
        "position": "管理者",
        "register_has_name": True,
    }
    form |= {"cannot_ekyc": True, "company": {"id": str(company_id), "level": 1}}
    async with dying_workers(stack, random.Random(SEED)) as killed:
        await registers_with_papers_by_post(story, clerk, form)
        await is_changed_by_its_company(story, clerk, form)
        await takes_a_right_away(story, clerk, form)
        assert (await stranger.ask("GET", "applications", story.path)).status_code == 404
    await settle(stack)
    result = await reckon(stack, story.accepted)
    print(f"\nkilled {len(killed)} times: {vars(result)}")  # noqa: T201 (shown with -s, and when the test fails)
    assert set(killed) == set(WORKERS)
    assert result.wrong == {}
    mails = await stack.rows(
        "notifications", "SELECT template FROM messages WHERE account_id = :id ORDER BY seq", id=owner.account_id
    )
    assert [mail.template for mail in mails] == ["NO-03", "NO-10", "NO-10", "NO-09"]
