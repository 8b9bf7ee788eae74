"""The electronic contract at its provider: one envelope for a period, whatever breaks between the two."""

import hashlib
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from kit.sealed import unseal
from madoguchi_contracts import ContractLinks, DataRequestAnswered, EkycStatusChanged, Role
from madoguchi_stack.econtract import state as provider
from sqlalchemy import text
from support import green_loan as example
from support.counter import NOTIFICATIONS_KEY, findings
from support.econtract import VIDEO, contracts_of
from support.loan_desk import (
    done,
    open_loan_desk,
    papers_received,
)
from support.pdf import printed
from support.records import record_of

LAST = datetime(2026, 4, 16, 15, tzinfo=UTC)
"""Midnight in Japan after the last day of the period."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(postgres_url):
    async with open_loan_desk(await postgres_url("applications")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def contracts(desk):
    desk.clock.now = datetime(2026, 4, 2, 1, tzinfo=UTC)
    async with contracts_of(desk) as opened:
        yield opened
    async with desk.database.transaction() as session:  # what one test left open is nothing for the next one's provider
        await session.execute(text("UPDATE envelopes SET look_at = NULL"))


async def identified(desk, *people):
    for person in people:
        await desk.hear(EkycStatusChanged(account_id=person.account_id, ekyc_id=uuid4(), status="passed"))


async def announced(desk, *, last="2026-04-16", wife_is_unknown=False):
    """A couple whose contract period was announced a moment ago, and who were identified."""
    owner, wife, application, reviewer, _ = await papers_received(desk)
    await identified(desk, owner, *(() if wife_is_unknown else (wife,)))
    await offer(reviewer, application, "2026-04-02", last)
    return owner, wife, application, reviewer


async def offer(reviewer, application, first, last):
    period = {"first": first, "last": last, "amount_yen": 1_400_000}
    await done(reviewer, application, "open_contract", facts=period)


async def watch(person, application):
    await done(person, application, "watch", track="signature", subject=str(person.account_id))


async def contract(person, application):
    answer = await person.get(f"/v1/applications/{application}/contract")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def tasks_of(desk, application):
    sql = "SELECT kind FROM office_tasks WHERE application_id = :id AND state = 'open'"
    return [row.kind for row in await desk.rows(sql, id=application)]


@pytest.mark.rule("GL-079", "GL-480", "GL-481", "GL-482", "GL-484", "GL-486", "GL-487", "GL-621")
async def test_all_sign_one_paper_and_have_it_with_all_signatures(desk, contracts):
    owner, wife, application, reviewer = await announced(desk)
    where = f"/v1/applications/{application}/contract"
    assert (await contract(wife, application))["state"] == "being_prepared"
    assert contracts.asked == []  # not in the officer's request
    assert await contracts.work() == 1
    (told,) = await desk.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%ContractOffered%'", id=application
    )
    key = json.dumps(NOTIFICATIONS_KEY.as_dict(private=True))
    links = unseal(told.data["links"], key, ContractLinks)
    assert links == ContractLinks(url=f"http://portal.test/applications/{application}/contract", video_url=VIDEO)
    paper = (await owner.get(f"{where}/paper")).content
    assert {"見本 太郎", "見本 花子", "1,400,000円"} <= set(printed(paper))
    assert hashlib.sha256(paper).hexdigest() == (await contract(owner, application))["sha256"]
    assert b64encode(paper).decode() == contracts.envelope().document
    sent = contracts.envelope().model_dump_json()
    for secret in (owner, wife):
        assert str(secret.account_id) not in sent
    assert str(application) not in sent
    given = await desk.rows("SELECT person, which FROM provisions WHERE application_id = :id", id=application)
    assert {(one.person, one.which) for one in given} >= {(p.account_id, "econtract") for p in (owner, wife)}

    refused = await contracts.place(owner, application)
    assert refused.status_code == 409
    assert findings(refused) == {("GL-486", "video_not_watched", ""), ("GL-486", "content_not_confirmed", "")}
    clerk = desk.person(Role.BANK, organisation_id=example.BANK)
    stranger = desk.person(Role.APPLICANT)
    for person, expected in [(clerk, 403), (stranger, 404), (reviewer, 403)]:
        assert (await contracts.place(person, application)).status_code == expected
    assert (await stranger.get(f"{where}/paper")).status_code == 404
    assert (await clerk.get(where)).status_code == 403

    assert await contracts.sign(owner, application) == "contract_open"
    assert [one["signed_at"] is not None for one in (await contract(wife, application))["signers"]].count(True) == 1
    assert await contracts.sign(wife, application) == "contracted"
    for person in (owner, wife, reviewer):
        signed = await person.get(f"{where}/paper")
        assert signed.content.startswith(paper)
        assert len(signed.content) > len(paper)
        seen = await contract(person, application)
        assert (seen["state"], seen["signed_sha256"]) == ("completed", hashlib.sha256(signed.content).hexdigest())
    steps = await desk.rows(
        "SELECT actor_id FROM application_history WHERE application_id = :id AND command = 'sign'", id=application
    )
    assert [one.actor_id for one in steps] == [None, None]
    assert await contracts.work() == 0
    assert (await desk.rows("SELECT look_at FROM envelopes WHERE application_id = :id", id=application))[
        0
    ].look_at is None


@pytest.mark.rule("GL-101", "GL-495")
async def test_who_is_not_identified_is_told_so_before_the_place_to_sign_and_all_who_sign_see_it(desk, contracts):
    owner, wife, application, reviewer = await announced(desk, wife_is_unknown=True)
    await contracts.work()
    await watch(wife, application)
    assert findings(await contracts.place(wife, application)) == {("GL-101", "identity_not_verified", "")}
    for person in (owner, wife, reviewer):
        assert [one["code"] for one in (await contract(person, application))["against"]] == ["identity_not_verified"]
    await identified(desk, wife)
    assert (await contract(wife, application))["against"] == []
    assert (await contracts.place(wife, application)).status_code == 200


@pytest.mark.rule("GL-482", "GL-487")
async def test_a_provider_that_is_down_and_a_worker_that_dies_delay_one_envelope(desk, contracts):
    owner, wife, application, _ = await announced(desk)
    await watch(owner, application)
    contracts.down = True
    assert await contracts.work() == 1
    assert findings(await contracts.place(owner, application)) == {("GL-482", "BEING_PREPARED", "")}
    for _ in range(3):
        desk.clock.advance(minutes=5)
        assert await contracts.work() == 1
    contracts.down = False
    lost = contracts.client.open

    async def answered_and_died(order):
        await lost(order)
        raise RuntimeError  # the worker dies before it kept the answer

    contracts.client.open = answered_and_died
    desk.clock.advance(minutes=5)
    assert await contracts.work() == 1
    contracts.client.open = lost
    desk.clock.advance(minutes=5)
    assert await contracts.work() == 1
    assert len(contracts.state.envelopes) == 1
    assert (await desk.events(application)).count("ContractOffered") == 1
    # No callback comes: asking again is enough.
    await contracts.press(owner, application)
    desk.clock.advance(minutes=10)
    await contracts.work()
    signers = {one["account_id"]: one for one in (await contract(wife, application))["signers"]}
    assert signers[str(owner.account_id)]["signed_at"] is not None
    assert signers[str(wife.account_id)]["signed_at"] is None


@pytest.mark.rule("GL-618", "GL-621")
async def test_who_suspended_the_use_while_the_provider_was_down_is_not_told_of_when_it_is_back(desk, contracts):
    _, wife, application, _ = await announced(desk)
    contracts.down = True
    await contracts.work()
    asked = len(contracts.asked)
    suspended = DataRequestAnswered(account_id=wife.account_id, request_id=uuid4(), kind="suspension")
    await desk.consumer.process([record_of(suspended, sequence=5, at=desk.clock())])
    contracts.down = False
    for _ in range(2):
        desk.clock.advance(days=2)
        await contracts.work()
    assert len(contracts.asked) == asked
    assert await tasks_of(desk, application) == ["contract_out_of_step"]
    (found,) = await desk.rows("SELECT trouble, provider_id FROM envelopes WHERE application_id = :id", id=application)
    assert (found.trouble, found.provider_id) == ("must_not_be_told", None)


@pytest.mark.rule("GL-487")
async def test_callbacks_are_hints_forged_ones_are_refused_and_an_older_truth_changes_nothing(desk, contracts):
    owner, _, application, _ = await announced(desk)
    await contracts.work()
    await watch(owner, application)
    before = contracts.envelope().model_copy(deep=True)
    assert await contracts.call_back(secret="forged") == 401
    assert await contracts.work() == 0
    assert [await contracts.call_back(event="evt-1") for _ in range(2)] == [204, 204]
    assert await contracts.work() == 1  # nothing new there
    await contracts.press(owner, application)
    assert await contracts.call_back(event="evt-1") == 204  # came again, late
    assert await contracts.work() == 0
    assert await contracts.call_back() == 204
    assert await contracts.work() == 1
    after, contracts.state.envelopes[before.id] = contracts.envelope(), before  # an answer from before
    assert await contracts.call_back() == 204
    assert await contracts.work() == 1
    contracts.state.envelopes[before.id] = after
    assert len([one for one in (await contract(owner, application))["signers"] if one["signed_at"]]) == 1
    steps = await desk.rows(
        "SELECT id FROM application_history WHERE application_id = :id AND command = 'sign'", id=application
    )
    assert len(steps) == 1


@pytest.mark.rule("GL-483", "GL-487")
async def test_a_period_that_ends_voids_the_envelope_and_another_one_is_signed_anew(desk, contracts):
    owner, wife, application, reviewer = await announced(desk)
    await contracts.work()
    await contracts.sign(owner, application)
    await watch(wife, application)
    old = (await contracts.place(wife, application)).json()["url"]
    desk.clock.now = LAST + timedelta(hours=1)
    contracts.down = True  # the provider is down when the period ends
    await desk.fire()
    assert (await owner.view(application))["state"] == "cert_submitted"
    await contracts.work()
    assert contracts.envelope().status == provider.Status.OPEN
    contracts.down = False
    await offer(reviewer, application, "2026-04-17", "2026-04-30")
    desk.clock.advance(minutes=1)
    await contracts.work()
    first, second = contracts.state.envelopes.values()
    assert (first.status, second.status) == (provider.Status.VOID, provider.Status.OPEN)
    with pytest.raises(provider.NotPossible):
        provider.sign(contracts.state, UUID(old.rpartition("/")[2]), desk.clock())
    assert await tasks_of(desk, application) == []
    assert await contracts.sign(wife, application) == "contract_open"
    assert await contracts.sign(owner, application) == "contracted"
    assert (await desk.events(application)).count("ContractOffered") == 2


@pytest.mark.rule("GL-487")
async def test_what_all_signed_in_time_and_nobody_heard_of_is_shown_to_the_office(desk, contracts):
    owner, wife, application, _ = await announced(desk)
    await contracts.work()
    for person in (owner, wife):
        await watch(person, application)
        await contracts.press(person, application)
    contracts.down = True
    await contracts.work()
    desk.clock.now = LAST + timedelta(hours=1)
    await desk.fire()
    contracts.down = False
    await contracts.work()
    assert (await owner.view(application))["state"] == "cert_submitted"
    assert await tasks_of(desk, application) == ["contract_out_of_step"]


@pytest.mark.rule("GL-487", "GL-484")
@pytest.mark.parametrize("tampered", ["sent", "signed", "void"])
async def test_a_paper_that_is_not_ours_is_refused_and_shown_to_the_office(desk, contracts, tampered):
    owner, wife, application, reviewer = await announced(desk)
    await contracts.work()
    assert await contracts.sign(owner, application) == "contract_open"
    await watch(wife, application)
    if tampered == "void":
        provider.void(contracts.state, contracts.envelope().reference, desk.clock())
    else:
        await contracts.press(wife, application)
        other = b64encode(b"%PDF another contract").decode()
        setattr(contracts.envelope(), "document" if tampered == "sent" else "signed_document", other)
    await contracts.call_back()
    await contracts.work()
    assert (await contract(owner, application))["state"] == "in_trouble"
    assert (await owner.view(application))["state"] == "contract_open"
    assert await tasks_of(desk, application) == ["contract_out_of_step"]
    assert findings(await contracts.place(wife, application)) == {("GL-487", "BEING_EXAMINED", "")}
    assert (await reviewer.get(f"/v1/applications/{application}/contract/paper")).content.endswith(b"%%EOF\n")
    assert await contracts.work() == 0
