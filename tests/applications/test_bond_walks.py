"""Random walks of an association, its company and the office through the service, and what holds throughout."""

import asyncio
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from madoguchi_contracts import Role
from support.counter import content_with

pytestmark = pytest.mark.rule("AS-53", "AS-56", "AS-57", "AS-80", "AS-82", "AS-83")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(counter):
    """The service, its loop, and the people."""
    company = await counter.company()
    officers = [(role, UUID(int=n)) for role in (Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER) for n in (1, 2)]
    return counter, asyncio.get_running_loop(), company, [counter.person(*one) for one in officers]


class Walk:
    """One application from its first submission on, with what the walk knows to be in force."""

    def __init__(self, counter, company, officers):
        self.counter, self.company, self.officers = counter, company, officers
        self.clerk = counter.clerk(company)
        self.submitted: dict[int, int] = {}  # submission: month of the meeting, by which contents are told apart
        self.in_force: int | None = None
        self.level: int | None = None
        self.levels: dict[int, int] = {}
        self.writes = 0

    async def begin(self, level):
        filed = await self.counter.applied(**self.content(level))
        self.owner, self.application = filed.owner, filed.application_id
        self.submitted[1], self.levels[1] = self.writes, level

    def content(self, level):
        self.writes = self.writes % 12 + 1
        return {"company.id": str(self.company), "company.level": level, "meeting_month": self.writes}

    async def save(self, person, level):
        seen = (await person.get(f"/v1/applications/{self.application}")).json()
        return await person.save(self.application, content_with(self.content(level)), seen.get("draft_version", 1))

    async def file(self, command):
        view = await self.owner.view(self.application)
        digest = "0" * 64
        check = await self.owner.get(f"/v1/applications/{self.application}/check?command={command}")
        if check.status_code == 200:
            digest = check.json()["content_sha256"]
        proof = self.counter.gate.proof(self.owner.account_id, digest, command)
        body = {"command": command, "content_sha256": digest, "proof": proof}
        answer = await self.owner.post(f"/v1/applications/{self.application}/submit", body)
        if answer.status_code == 201:
            number = answer.json()["submission"]
            self.submitted[number] = view["content"]["meeting_month"]
            self.levels[number] = view["content"]["company"]["level"]
        return answer

    async def decide(self, officer, command):
        await self.counter.hear_own(self.application)
        rows = await self.counter.rows(
            "SELECT id, submission FROM reviews WHERE application_id = :id ORDER BY opened_at DESC, round DESC LIMIT 1",
            id=self.application,
        )
        body = {"reason": "理由"} if command == "reject" else None
        answer = await officer.post(f"/v1/reviews/{rows[0].id}/{command}", body)
        if command == "approve" and answer.status_code == 200:
            number = answer.json()["submission"]
            self.in_force, self.level = self.submitted[number], self.levels[number]
        return answer

    def deeds(self):
        """Everything that anybody might try."""
        steps = ("change", "change_by_proxy", "hand_over", "decline_proxy", "withdraw")
        for person in (self.owner, self.clerk):
            for level in (1, 2, 3):
                yield lambda person=person, level=level: self.save(person, level)
            for command in steps:
                yield lambda person=person, command=command: person.step(self.application, command)
        for command in ("submit", "approve_proxy"):
            yield lambda command=command: self.file(command)
        for officer in self.officers:
            for command in ("recommend", "approve", "reject"):
                yield lambda officer=officer, command=command: self.decide(officer, command)

    async def holds(self):
        """What must be true after every step."""
        view = await self.owner.view(self.application)
        company = await self.clerk.get(f"/v1/applications/{self.application}")
        if self.in_force is None:
            assert view["approved_submission"] is None
            assert company.status_code == 404
        else:
            number = view["approved_submission"]
            kept = (await self.owner.get(f"/v1/applications/{self.application}/versions/{number}")).json()
            assert kept["content"]["meeting_month"] == self.in_force
            assert company.status_code == (200 if self.level in {1, 2} else 404)
        if company.status_code == 200 and view["state"] not in {"proxy_draft", "proxy_waiting"}:
            assert company.json()["content"]["meeting_month"] == self.in_force
        if view["state"] == "approved":
            assert view["content"]["meeting_month"] == self.in_force
        await self.counter.hear_own(self.application)
        reviews = await self.counter.rows("SELECT * FROM reviews WHERE application_id = :id", id=self.application)
        assert (view["state"] == "applied") == any(one.closed_at is None for one in reviews)
        for one in reviews:
            assert one.outcome != "approve" or one.recommended_by != one.closed_by


@settings(max_examples=6, phases=(Phase.explicit, Phase.generate))  # a walk is slow: it is told as it was found
@given(level=st.sampled_from([1, 2, 3]), choices=st.lists(st.integers(0, 10**6), min_size=12, max_size=20))
def test_whatever_people_try_what_was_approved_stays_and_nobody_sees_more_than_was_approved(stage, level, choices):
    counter, loop, company, officers = stage

    async def walk():
        one = Walk(counter, company, officers)
        await one.begin(level)
        await one.decide(officers[0], "recommend")
        await one.decide(officers[3], "approve")
        for number in choices:
            deeds = list(one.deeds())
            answer = await deeds[number % len(deeds)]()
            assert answer.status_code in {200, 201, 403, 404, 409}, answer.text
            await one.holds()

    loop.run_until_complete(walk())
