"""`madoguchi why` for a loan: the contract, danshin, and persons whose data must not be used."""

from datetime import datetime
from uuid import uuid4

import pytest
import pytest_asyncio
from applications import why
from kit.japan import JST
from kit.why.witness import Answer, Question
from kit.why.words import Report, as_lines
from madoguchi_contracts import DataRequestAnswered, DataUseResumed, Role
from support import green_loan as example
from support.danshin import Insurer
from support.econtract import contracts_of
from support.loan_desk import (
    IDENTITY,
    a_couple,
    approved,
    done,
    open_loan_desk,
    papers_received,
)
from support.records import record_of

PERSONAL = ("見本", "太郎", "花子", example.MAIL, "0358008170", "後楽")
PROVIDER = "the provider of electronic contracts"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as opened:
        yield opened


async def told(desk, owner, application):
    """What this service says, and that none of it is personal."""
    answer = Answer()
    question = Question(application, owner.account_id, (), desk.clock())
    async with desk.database.transaction() as session:
        await why.tell(session, question, answer)
    lines = "\n".join(as_lines(Report(application, owner.account_id, None, {"applications": answer}, {}, [])))
    assert not [one for one in PERSONAL if one in lines]
    return answer


def waits(answer, beginning):
    return [one for one in answer.waits if one["on"].startswith(beginning)]


@pytest.mark.rule("GL-102", "GL-400", "GL-527", "GL-528")
async def test_of_danshin_it_says_whether_the_service_the_person_or_the_insurer_is_waited_for(desk):
    owner, wife, application = await a_couple(desk)
    await approved(desk, application, owner, wife)
    insurer = Insurer(desk)
    asked = await told(desk, owner, application)
    (opening,) = waits(asked, "the danshin Web service: to open the application")
    assert opening["tries"] == 0
    assert [one["danshin"] for one in asked.states if "danshin" in one] == ["not opened yet"]
    await insurer.turns()
    (one,) = insurer.state.applications.values()

    async def at_the_service():
        answer = await told(desk, owner, application)
        found = [*waits(answer, "the person who joins"), *waits(answer, "the insurer"), *waits(answer, "the danshin")]
        assert {each["about"] for each in found} <= {owner.account_id}
        return [each["on"] for each in found]

    assert await at_the_service() == ["the person who joins: to declare at the danshin Web service"]
    insurer.declares(one)
    await insurer.calls(one)
    await insurer.turns()
    assert await at_the_service() == ["the insurer: to decide"]
    insurer.decides(one, "certificate_wanted")
    await insurer.calls(one)
    await insurer.turns()
    assert await at_the_service() == ["the person who joins: to bring a certificate to the danshin Web service"]
    insurer.decides(one, "joined")
    await insurer.calls(one)
    await insurer.turns()
    assert await at_the_service() == []


@pytest.mark.rule("GL-483", "GL-486", "GL-487")
async def test_of_the_contract_it_says_who_has_not_signed_and_until_when(desk):
    owner, wife, application, reviewer, clerk = await papers_received(desk)
    assert waits(await told(desk, owner, application), PROVIDER) == []
    period = {"first": "2026-04-02", "last": "2026-04-16", "amount_yen": 1_400_000}
    await done(reviewer, application, "open_contract", facts=period)
    for person in (owner, wife):
        seen = {"papers": ["DRIVING_LICENCE"]}
        await done(clerk, application, "see", track=IDENTITY, subject=str(person.account_id), facts=seen)
    desk.clock.advance(seconds=1)
    (opening,) = waits(await told(desk, owner, application), PROVIDER)
    assert opening["on"] == f"{PROVIDER}: it is to open the contract"
    async with contracts_of(desk) as contracts:
        await contracts.work()
        answer = await told(desk, owner, application)
        (signing,) = waits(answer, "signatures")
        assert str(owner.account_id) in signing["on"]
        assert str(wife.account_id) in signing["on"]
        (due,) = [one for one in answer.due if one["what"] == "all signatures"]
        assert due["due_at"] == datetime(2026, 4, 17, tzinfo=JST)  # until the end of the last day
        await contracts.sign(owner, application)
        (signing,) = waits(await told(desk, owner, application), "signatures")
        assert signing["on"] == f"signatures at {PROVIDER}: {wife.account_id}"
        await contracts.sign(wife, application)
        after = await told(desk, owner, application)
        assert (waits(after, "signatures"), [one for one in after.due if one["what"] == "all signatures"]) == ([], [])


@pytest.mark.rule("GL-618")
async def test_it_says_of_whom_nothing_may_be_used_until_that_is_lifted(desk):
    owner, wife, application = await a_couple(desk)
    stranger = desk.person(Role.APPLICANT)
    requests = {person.account_id: uuid4() for person in (wife, stranger)}
    for number, (account, request) in enumerate(requests.items()):
        event = DataRequestAnswered(account_id=account, request_id=request, kind="suspension")
        await desk.consumer.process([record_of(event, sequence=5 + number, at=desk.clock())])
    (waiting,) = waits(await told(desk, owner, application), "the office: the use of this person's data")
    assert (waiting["about"], waiting["request_id"]) == (wife.account_id, requests[wife.account_id])
    assert (waiting["since"], waiting["rules"]) == (desk.clock(), ["GL-618"])
    resumed = DataUseResumed(account_id=wife.account_id, request_id=requests[wife.account_id])
    await desk.consumer.process([record_of(resumed, sequence=9, at=desk.clock())])
    assert waits(await told(desk, owner, application), "the office: the use of this person's data") == []


@pytest.mark.rule("GL-618")
async def test_whose_part_has_ended_is_not_spoken_of(desk):
    owner, wife, application = await a_couple(desk)
    event = DataRequestAnswered(account_id=wife.account_id, request_id=uuid4(), kind="suspension")
    await desk.consumer.process([record_of(event, sequence=5, at=desk.clock())])
    left = await owner.call("DELETE", f"/v1/applications/{application}/parties/{wife.account_id}")
    assert left.status_code == 200, left.text
    assert waits(await told(desk, owner, application), "the office: the use of this person's data") == []
