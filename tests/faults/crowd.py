"""Many associations that apply, and an office that decides, through processes that die under them.

Nobody gives up: a request whose answer was lost, or that met a closed door, is made again with the same
Idempotency-Key until there is an answer.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
from madoguchi_contracts import Role
from madoguchi_stack.case.web import until
from support.stack import Stack, StackPerson

Course = Literal["submitted", "rejected", "approved"]
PATIENCE_SECONDS = 240  # for one answer: a process may be killed several times meanwhile


@dataclass
class Crowd:
    """The people, what they were told, and how often they had to ask again."""

    stack: Stack
    draws: random.Random
    accepted: set[tuple[UUID, int]] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    replayed: int = 0

    def __post_init__(self) -> None:
        self._reviewer = self.stack.person(Role.OFFICE_REVIEWER)
        self._approver = self.stack.person(Role.OFFICE_APPROVER)

    async def apply(self, people: list[StackPerson], *, seconds: float = math.inf) -> int:
        """Everybody applies: three in five are done then, one is rejected and corrects, one is approved.

        Many are under way at the same time, so that there is always something to lose. Who has not begun after
        `seconds` stays away; returns how many came.
        """
        closing, came = time.monotonic() + seconds, 0
        rooms = asyncio.Semaphore(min(max(len(people) // 5, 8), 60))
        courses: list[Course] = self.draws.choices(("submitted", "rejected", "approved"), (3, 1, 1), k=len(people))

        async def one(person: StackPerson, course: Course) -> None:
            nonlocal came
            async with rooms:
                if time.monotonic() < closing:
                    came += 1
                    await self._case(person, course)

        async with asyncio.TaskGroup() as group:
            for person, course in zip(people, courses, strict=True):
                group.create_task(one(person, course))
        return came

    async def prepare(self, person: StackPerson) -> UUID:
        """An application with form and files, ready to be submitted."""
        answer = await self.insist(person, "POST", "/v1/applications", {"programme": "bond"})
        application_id = UUID(answer["application_id"])
        await self.stack.hand_in(application_id)
        await self._save(person, application_id, person.form(), version=1)
        return application_id

    async def _case(self, person: StackPerson, course: Course) -> None:
        application_id = await self.prepare(person)
        await self.submit(person, application_id)
        if course == "rejected":
            review = await self._review(application_id, 1)
            await self.insist(self._reviewer, "POST", f"{review}/claim")
            remark = {"field": "representative.address", "text": "建物名を補ってください。"}
            reason = {"reason": "代表者の住所に不備があります。", "remarks": [remark]}
            await self.insist(self._reviewer, "POST", f"{review}/reject", reason)
            form = person.form()
            form["representative"]["address"]["address"] += " 青葉台ハイツ"
            await self._save(person, application_id, form, version=2)
            await self.submit(person, application_id)
        if course == "approved":
            review = await self._review(application_id, 1)
            for officer, step in (
                (self._reviewer, "claim"),
                (self._reviewer, "recommend"),
                (self._approver, "approve"),
            ):
                await self.insist(officer, "POST", f"{review}/{step}")

    async def _save(self, person: StackPerson, application_id: UUID, form: dict[str, Any], *, version: int) -> None:
        path = f"/v1/applications/{application_id}/draft"
        answer = await self._until_answered(person, "PUT", path, {"content": form}, If_Match=f'"{version}"')
        if answer.status_code == httpx.codes.PRECONDITION_FAILED:  # saved before, and the answer was lost
            view = await self.insist(person, "GET", f"/v1/applications/{application_id}")
            assert (view["draft_version"], view["content"]) == (version + 1, form)
        else:
            assert answer.json() == {"version": version + 1}, answer.text

    async def submit(self, person: StackPerson, application_id: UUID) -> None:
        """Submit as soon as the service finds that it may be done."""
        path = f"/v1/applications/{application_id}"

        async def ready() -> Any:
            check = await self.insist(person, "GET", f"{path}/check")
            return check if check["may_submit"] else None

        check = await until(ready, "an application that may be submitted", PATIENCE_SECONDS)
        digest = check["content_sha256"]
        body = {"content_sha256": digest, "proof": person.proof("submit", digest)}
        answer = await self.insist(person, "POST", f"{path}/submit", body)
        self.accepted.add((application_id, answer["submission"]))

    async def _review(self, application_id: UUID, submission: int) -> str:
        """The path of the review, once the worker has opened it."""

        async def look() -> Any:
            sql = "SELECT id FROM reviews WHERE application_id = :id AND submission = :submission"
            rows = await self.stack.rows("applications", sql, id=application_id, submission=submission)
            return f"/v1/reviews/{rows[0].id}" if rows else None

        return str(await until(look, "the review", PATIENCE_SECONDS))

    async def insist(
        self, person: StackPerson, method: str, path: str, body: Any = None, *, service: str = "applications"
    ) -> Any:
        """The JSON of the good answer that came in the end."""
        answer = await self._until_answered(person, method, path, body, service=service)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        self.replayed += answer.headers.get("Idempotent-Replay") == "true"
        return answer.json()

    async def _until_answered(
        self, person: StackPerson, method: str, path: str, body: Any, *, service: str = "applications", **headers: str
    ) -> httpx.Response:
        key = str(uuid4())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await person.ask(method, service, path, body, key=key, **headers)
                except httpx.TransportError:
                    self.unanswered += 1
                    await asyncio.sleep(0.3)
                    continue
                self.answers[answer.status_code] += 1
                later = answer.headers.get("Retry-After")
                if later is None:
                    return answer
                await asyncio.sleep(min(float(later), 1))
