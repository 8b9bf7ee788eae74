"""Online identity verification: methods, links, statuses, the provider's bad days (ID-70 to ID-80)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from identity import verifications
from identity.clients import EkycClient
from identity.commands import ekyc
from identity.domain.ekyc import EkycStatus, may_become
from identity.domain.steps import ProviderStatus, ekyc_steps, is_progress
from identity.main import ekyc_provider
from kit.providers import jobs
from kit.providers.client import ProviderDown
from madoguchi_contracts import Role
from madoguchi_contracts.identity import EkycStarted, EkycStatusChanged
from madoguchi_contracts.sealed import Link
from prometheus_client import REGISTRY
from sqlalchemy import text
from support.ekyc import SimulatedProvider, signed_callback, turn
from support.identity import Member, World, settings_for

HANDLERS = {ekyc.LINK_EXPIRY: ekyc.expire_link}


@dataclass
class Counter:
    """A member at the counter, the provider, and the worker's loop by hand."""

    world: World
    member: Member
    provider: SimulatedProvider
    client: EkycClient

    async def choose(self, method: str = "photo") -> str:
        """受付; returns the id of the run."""
        answer = await self.world.post("/v1/ekyc", {"method": method}, status=201, headers=self.member.bearer)
        ekyc_id: str = answer["ekyc_id"]
        return ekyc_id

    async def work(self) -> int:
        """What the worker's loop does until nothing is due."""
        turns = 0
        while await turn(self.world.database, self.world.context.tools, self.client, self.world.clock):
            turns += 1
        return turns

    async def started(self, method: str = "photo") -> tuple[str, str]:
        """A run whose link was mailed: its id and the link's token."""
        ekyc_id = await self.choose(method)
        await self.work()
        return ekyc_id, self.world.token(await self.world.last(EkycStarted))

    async def open(self, token: str, *, status: int = 200) -> Any:
        """The QR code page."""
        return await self.world.post("/v1/ekyc/open", {"token": token}, status=status)

    async def unanswered_seconds(self) -> float | None:
        """What the worker would tell of the provider's silence."""
        tools, database = self.world.context.tools, self.world.database
        await jobs.measure(database, verifications.jobs(database, tools, self.client, self.world.clock))
        return REGISTRY.get_sample_value("madoguchi_provider_unanswered_seconds", {"provider": "ekyc"})

    async def stay_logged_in(self, minutes: int) -> None:
        """Let time pass with an operation in between."""
        for _ in range(0, minutes, 10):
            self.world.clock.advance(minutes=min(10, minutes))
            await self.world.post("/v1/sessions/refresh", headers=self.member.session)

    async def callback(self, ekyc_id: str, **options: Any) -> int:
        """The provider's hint; returns the status of our answer."""
        answer = await self.world.http.post("/v1/ekyc/callbacks", **self.provider.callback(ekyc_id, **options))
        return answer.status_code

    async def told(self) -> list[str]:
        """The statuses that other services heard of."""
        events = await self.world.events(self.member.account_id)
        return [event.status for event in events if isinstance(event, EkycStatusChanged)]

    async def shown(self) -> Any:
        """What the member sees."""
        return await self.world.get("/v1/ekyc", headers=self.member.session)


@pytest_asyncio.fixture
async def counter(world: World) -> AsyncIterator[Counter]:
    """Somebody logged in, and a provider that answers."""
    member = await world.logged_in()
    provider = SimulatedProvider(world.clock)
    async with EkycClient(ekyc_provider(world.settings), provider.transport()) as client:
        yield Counter(world, member, provider, client)


class Peeking(httpx.AsyncBaseTransport):
    """Looks, while the provider is asked, whether the rows of the run can be locked by somebody else."""

    def __init__(self, world: World, inner: httpx.AsyncBaseTransport) -> None:
        self._world = world
        self._inner = inner
        self.free: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with self._world.database.transaction() as session:
            for table in ("accounts", "ekyc_attempts"):
                await session.execute(text(f"SELECT 1 FROM {table} FOR UPDATE NOWAIT"))  # noqa: S608
                self.free.append(table)
        return await self._inner.handle_async_request(request)


class TestStart:
    @pytest.mark.rule("ID-77")
    async def test_before_the_first_run_the_status_is_data_registered(self, counter: Counter) -> None:
        shown = await counter.shown()
        assert (shown["status"], shown["status_label"], shown["ekyc_id"]) == ("data_registered", "情報登録済", None)
        assert await counter.told() == ["data_registered"]

    @pytest.mark.rule("ID-70", "ID-71", "ID-74", "NO-08")
    @pytest.mark.parametrize("method", ["photo", "my_number_card"])
    async def test_the_choice_of_a_method_mails_a_link(self, counter: Counter, method: str) -> None:
        ekyc_id = await counter.choose(method)
        assert (await counter.shown())["status_label"] == "方式選択済"
        assert await counter.work() == 1
        event = await counter.world.last(EkycStarted)
        assert (str(event.ekyc_id), event.method) == (ekyc_id, method)
        assert counter.world.open(event.link, Link).url.startswith("https://portal.test/ekyc#token=")
        assert await counter.told() == ["data_registered", "method_chosen"]

    @pytest.mark.rule("ID-71")
    async def test_another_method_is_malformed(self, counter: Counter) -> None:
        await counter.world.post("/v1/ekyc", {"method": "passport"}, status=422, headers=counter.member.bearer)

    @pytest.mark.rule("ID-74")
    async def test_a_repeated_request_starts_one_run(self, counter: Counter) -> None:
        headers = counter.member.bearer
        first = await counter.world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=headers)
        assert await counter.world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=headers) == first
        assert await counter.told() == ["data_registered", "method_chosen"]

    @pytest.mark.rule("ID-74")
    async def test_without_a_key_for_repeats_it_is_refused(self, counter: Counter) -> None:
        headers = {"Authorization": f"Bearer {counter.member.access_token}"}
        problem = await counter.world.post("/v1/ekyc", {"method": "photo"}, status=400, headers=headers)
        assert problem["code"] == "idempotency_key_required"

    @pytest.mark.rule("ID-70")
    async def test_companies_and_staff_have_none(self, world: World) -> None:
        for role in (Role.COMPANY, Role.OFFICE_REVIEWER):
            staff = await world.staff(role)
            await world.log_in(staff)
            await world.post("/v1/ekyc", {"method": "photo"}, status=403, headers=staff.bearer)
            await world.get("/v1/ekyc", status=403, headers=staff.bearer)
            assert "EkycStatusChanged" not in await world.names(staff.account_id)


class TestLink:
    @pytest.mark.rule("ID-75")
    async def test_it_leads_to_the_providers_address_as_a_qr_code(self, counter: Counter) -> None:
        ekyc_id, token = await counter.started()
        opened = await counter.open(token)
        assert opened["url"] == f"http://provider.test/verify/{counter.provider.of(ekyc_id).id}"
        assert opened["qr_svg"].startswith("<svg")

    @pytest.mark.rule("ID-76")
    async def test_for_photos_it_works_until_just_before_30_minutes(self, counter: Counter) -> None:
        _, token = await counter.started()
        counter.world.clock.advance(minutes=29, seconds=59)
        await counter.open(token)
        counter.world.clock.advance(seconds=1)
        problem = await counter.open(token, status=410)
        assert "本人確認方法の選択" in problem["detail"]
        assert "ID-76" in problem["rules"]

    @pytest.mark.rule("ID-76")
    async def test_its_time_starts_when_it_is_mailed_not_when_the_method_is_chosen(self, counter: Counter) -> None:
        counter.provider.down = True
        await counter.choose()
        await counter.work()
        await counter.stay_logged_in(20)
        counter.provider.down = False
        await counter.work()
        expires = (await counter.world.last(EkycStarted)).link_expires_at
        assert (expires - counter.world.clock()).total_seconds() == 30 * 60

    @pytest.mark.rule("ID-76", "ID-77")
    async def test_when_it_runs_out_unused_the_status_falls_back_and_one_starts_again(self, counter: Counter) -> None:
        await counter.started()
        counter.world.clock.advance(minutes=29, seconds=59)
        assert await counter.world.fire_deadlines(HANDLERS) == 0
        counter.world.clock.advance(seconds=1)
        assert await counter.world.fire_deadlines(HANDLERS) == 1
        assert (await counter.told())[-1] == "data_registered"
        await counter.world.log_in(counter.member)
        await counter.choose()
        assert (await counter.shown())["status"] == "method_chosen"

    @pytest.mark.rule("ID-76")
    async def test_for_the_card_there_is_no_limit_of_time(self, counter: Counter) -> None:
        _, token = await counter.started("my_number_card")
        assert (await counter.world.last(EkycStarted)).link_expires_at is None
        counter.world.clock.advance(days=400)
        assert await counter.world.fire_deadlines(HANDLERS) == 0
        await counter.open(token)

    @pytest.mark.rule("ID-74", "NO-08")
    async def test_a_newer_run_voids_the_older_link(self, counter: Counter) -> None:
        _, older = await counter.started()
        _, newer = await counter.started("my_number_card")
        await counter.open(older, status=410)
        await counter.open(newer)
        assert [type(e).__name__ for e in await counter.world.all_events()].count("EkycStarted") == 2

    @pytest.mark.rule("ID-76")
    async def test_looking_at_its_page_does_not_use_it_up_but_beginning_does(self, counter: Counter) -> None:
        ekyc_id, token = await counter.started("my_number_card")
        for _ in range(3):  # a mail scanner, the person, a reload
            await counter.open(token)
        counter.provider.finish(ekyc_id, "running")
        await counter.callback(ekyc_id)
        await counter.work()
        await counter.open(token, status=410)

    async def test_a_token_that_never_was_one_is_refused(self, counter: Counter) -> None:
        await counter.open("x" * 43, status=410)


class TestStatus:
    @pytest.mark.rule("ID-77", "ID-78")
    @pytest.mark.parametrize("result", ["passed", "failed"])
    async def test_it_follows_the_provider_in_order(self, counter: Counter, result: str) -> None:
        ekyc_id, _ = await counter.started()
        for status in ("running", result):
            counter.provider.finish(ekyc_id, status)
            assert await counter.callback(ekyc_id) == 204
            await counter.work()
        assert await counter.told() == ["data_registered", "method_chosen", "running", result]
        assert (await counter.shown())["status_label"] == {"passed": "合格", "failed": "不合格"}[result]

    @pytest.mark.rule("ID-77")
    async def test_a_result_that_is_heard_without_its_start_is_told_in_order(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.provider.finish(ekyc_id, "passed")
        await counter.callback(ekyc_id)
        await counter.work()
        assert await counter.told() == ["data_registered", "method_chosen", "running", "passed"]

    @pytest.mark.rule("ID-77", "ID-79")
    async def test_after_a_failure_one_can_start_again(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.provider.finish(ekyc_id, "failed")
        await counter.callback(ekyc_id)
        await counter.work()
        await counter.choose()
        assert (await counter.told())[-2:] == ["failed", "method_chosen"]

    @pytest.mark.rule("ID-77")
    async def test_news_of_a_replaced_run_changes_nothing(self, counter: Counter) -> None:
        old, _ = await counter.started()
        await counter.started()
        counter.provider.finish(old, "failed")
        assert await counter.callback(old) == 204
        counter.world.clock.advance(minutes=2)
        await counter.work()
        assert (await counter.shown())["status"] == "method_chosen"
        assert f"GET /v1/verifications/{counter.provider.of(old).id}" not in counter.provider.requests

    @pytest.mark.rule("ID-77")
    async def test_an_answer_about_a_run_that_was_replaced_meanwhile_changes_nothing(self, counter: Counter) -> None:
        old, _ = await counter.started()
        await counter.choose()
        told = await counter.told()
        await self._hear(counter, old, ProviderStatus.FAILED, 1)
        assert await counter.told() == told

    @pytest.mark.rule("ID-74")
    async def test_a_place_for_a_run_that_was_replaced_meanwhile_mails_no_link(self, counter: Counter) -> None:
        old = await counter.choose()
        await counter.choose()
        async with counter.world.database.transaction() as session:
            await ekyc.link_ready(
                session,
                counter.world.context.tools,
                due=jobs.Due(UUID(old), 1, counter.world.clock()),
                verification_id="v",
                url="https://provider.test/v",
                now=counter.world.clock(),
            )
        assert "EkycStarted" not in await counter.world.names(counter.member.account_id)

    @pytest.mark.rule("ID-77", "ID-76")
    async def test_a_link_that_was_used_in_time_does_not_fall_back_at_its_end(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.provider.finish(ekyc_id, "running")
        await counter.callback(ekyc_id)
        await counter.work()
        counter.world.clock.advance(minutes=30)
        assert await counter.world.fire_deadlines(HANDLERS) == 1
        assert (await counter.told())[-1] == "running"

    @pytest.mark.rule("ID-77")
    async def test_an_older_answer_that_arrives_late_changes_nothing(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.provider.finish(ekyc_id, "running")
        counter.provider.finish(ekyc_id, "passed")
        await counter.callback(ekyc_id)
        await counter.work()
        told = await counter.told()
        for status, sequence in ((ProviderStatus.RUNNING, 1), (ProviderStatus.FAILED, 9), (ProviderStatus.PENDING, 0)):
            await self._hear(counter, ekyc_id, status, sequence)
        assert await counter.told() == told

    @pytest.mark.rule("ID-76", "ID-77")
    async def test_an_older_answer_does_not_make_a_used_link_usable_again(self, counter: Counter) -> None:
        ekyc_id, token = await counter.started("my_number_card")
        counter.provider.finish(ekyc_id, "running")
        await counter.callback(ekyc_id)
        await counter.work()
        await self._hear(counter, ekyc_id, ProviderStatus.PENDING, 0)
        await counter.open(token, status=410)

    async def _hear(self, counter: Counter, ekyc_id: str, status: ProviderStatus, sequence: int) -> None:
        due = jobs.Due(UUID(ekyc_id), 1, counter.world.clock())
        async with counter.world.database.transaction() as session:
            await ekyc.apply_truth(
                session,
                counter.world.context.tools,
                due=due,
                status=status,
                sequence=sequence,
                now=counter.world.clock(),
            )

    @pytest.mark.rule("ID-76", "ID-77")
    async def test_a_start_in_the_last_minute_that_is_heard_after_the_end_still_counts(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.world.clock.advance(minutes=29)
        counter.provider.finish(ekyc_id, "running")  # and its callback is lost
        counter.world.clock.advance(minutes=1)
        await counter.world.fire_deadlines(HANDLERS)
        assert (await counter.told())[-1] == "data_registered"
        counter.world.clock.advance(minutes=2)
        await counter.work()
        assert (await counter.told())[-3:] == ["data_registered", "method_chosen", "running"]

    @pytest.mark.rule("ID-76")
    async def test_an_hour_after_its_end_an_unused_run_is_not_asked_about_any_more(self, counter: Counter) -> None:
        await counter.started()
        counter.world.clock.advance(minutes=91)
        assert await counter.work() == 1
        counter.world.clock.advance(days=1)
        assert await counter.work() == 0


class TestReconciliation:
    @pytest.mark.rule("ID-77")
    async def test_without_any_callback_the_result_is_found_by_asking(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.provider.finish(ekyc_id, "passed")
        counter.world.clock.advance(seconds=59)
        assert await counter.work() == 0
        counter.world.clock.advance(seconds=1)
        assert await counter.work() == 1
        assert (await counter.told())[-1] == "passed"

    async def test_a_finished_run_is_not_asked_about_any_more(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.provider.finish(ekyc_id, "passed")
        counter.world.clock.advance(minutes=1)
        await counter.work()
        counter.world.clock.advance(days=1)
        assert await counter.work() == 0
        await counter.callback(ekyc_id)
        assert await counter.work() == 0

    @pytest.mark.rule("ID-76")
    async def test_a_run_with_the_card_is_asked_about_rarer_and_at_least_every_hour(self, counter: Counter) -> None:
        await counter.started("my_number_card")
        counter.world.clock.advance(days=30)
        assert await counter.work() == 1
        counter.world.clock.advance(minutes=59)
        assert await counter.work() == 0
        counter.world.clock.advance(minutes=1)
        assert await counter.work() == 1

    @pytest.mark.rule("ID-74")
    async def test_a_provider_that_is_down_delays_the_mail_and_destroys_nothing(self, counter: Counter) -> None:
        counter.provider.down = True
        ekyc_id = await counter.choose()
        assert await counter.work() == 1
        assert (await counter.shown())["status"] == "method_chosen"
        assert (await counter.shown())["link_issued_at"] is None
        for _ in range(11):
            counter.world.clock.advance(minutes=5)
            assert await counter.work() == 1
        assert await counter.unanswered_seconds() == 2 + 4 + 8 + 16 + 32 + 64 + 128 + 256 + 3 * 300  # one row is enough
        counter.provider.down = False
        counter.world.clock.advance(minutes=5)
        await counter.work()
        assert await counter.unanswered_seconds() == 0
        assert str((await counter.world.last(EkycStarted)).ekyc_id) == ekyc_id

    @pytest.mark.rule("ID-74")
    async def test_a_worker_that_dies_after_asking_leads_to_one_verification_and_one_mail(
        self, counter: Counter
    ) -> None:
        ekyc_id = await counter.choose()
        async with counter.world.database.transaction() as session:
            due = await jobs.claim(session, "ekyc_attempts", counter.world.clock())
        assert due is not None
        await counter.client.create(due.id, "photo")  # and dies here
        assert await counter.work() == 0
        counter.world.clock.advance(seconds=60)
        assert await counter.work() == 1
        assert len(counter.provider.urls()) == 1
        assert str((await counter.world.last(EkycStarted)).ekyc_id) == ekyc_id

    @pytest.mark.rule("ID-74")
    async def test_two_workers_with_one_run_mail_one_link(self, counter: Counter) -> None:
        await counter.choose()
        async with counter.world.database.transaction() as session:
            due = await jobs.claim(session, "ekyc_attempts", counter.world.clock())
        assert due is not None
        for _ in range(2):
            async with counter.world.database.transaction() as session:
                await ekyc.link_ready(
                    session,
                    counter.world.context.tools,
                    due=due,
                    verification_id="v",
                    url="https://provider.test/v",
                    now=counter.world.clock(),
                )
        assert [type(e).__name__ for e in await counter.world.all_events()].count("EkycStarted") == 1

    async def test_a_callback_during_a_look_leads_to_another_look(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        counter.world.clock.advance(minutes=1)
        async with counter.world.database.transaction() as session:
            due = await jobs.claim(session, "ekyc_attempts", counter.world.clock())
        assert due is not None
        counter.provider.finish(ekyc_id, "passed")
        await counter.callback(ekyc_id)
        async with counter.world.database.transaction() as session:  # the answer that was asked for before
            await ekyc.apply_truth(
                session,
                counter.world.context.tools,
                due=due,
                status=ProviderStatus.PENDING,
                sequence=0,
                now=counter.world.clock(),
            )
        assert await counter.work() == 1
        assert (await counter.told())[-1] == "passed"

    async def test_no_row_is_locked_while_the_provider_is_asked(self, counter: Counter) -> None:
        """A provider that takes long must not make the applicant's own requests wait."""
        await counter.choose()
        peeking = Peeking(counter.world, counter.provider.transport())
        async with EkycClient(ekyc_provider(counter.world.settings), peeking) as client:
            for _ in range(2):
                assert await turn(counter.world.database, counter.world.context.tools, client, counter.world.clock)
                counter.world.clock.advance(minutes=1)
        assert peeking.free == ["accounts", "ekyc_attempts"] * 2


class TestCallbacks:
    @pytest.mark.rule("ID-77")
    async def test_what_a_callback_says_is_not_believed(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        assert await counter.callback(ekyc_id) == 204  # it says "passed"; the provider's truth is "pending"
        await counter.work()
        assert (await counter.shown())["status"] == "method_chosen"

    async def test_a_repeated_callback_asks_the_provider_once(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        for _ in range(3):
            assert await counter.callback(ekyc_id, event_id="the-same") == 204
            await counter.work()
        assert len([r for r in counter.provider.requests if r.startswith("GET")]) == 1

    async def test_a_callback_about_an_unknown_verification_is_taken_and_does_nothing(self, counter: Counter) -> None:
        body = json.dumps({"event_id": "e", "verification_id": str(uuid4())}).encode()
        now = str(int(counter.world.clock().timestamp()))
        answer = await counter.world.http.post("/v1/ekyc/callbacks", **signed_callback(body, now))
        assert answer.status_code == 204
        assert await counter.work() == 0

    async def test_another_key_or_a_changed_body_is_refused(self, counter: Counter) -> None:
        ekyc_id, _ = await counter.started()
        assert await counter.callback(ekyc_id, secret="not-the-secret") == 401
        call = counter.provider.callback(ekyc_id)
        call["content"] = call["content"].replace(b"passed", b"failed")
        assert (await counter.world.http.post("/v1/ekyc/callbacks", **call)).status_code == 401
        unsigned = await counter.world.http.post("/v1/ekyc/callbacks", content=call["content"])
        assert unsigned.status_code == 401

    @pytest.mark.parametrize(("seconds", "status"), [(300, 204), (301, 401), (-300, 204), (-301, 401)])
    async def test_a_callback_is_good_for_300_seconds(self, counter: Counter, seconds: int, status: int) -> None:
        ekyc_id, _ = await counter.started()
        call = counter.provider.callback(ekyc_id)
        counter.world.clock.advance(seconds=seconds)
        assert (await counter.world.http.post("/v1/ekyc/callbacks", **call)).status_code == status

    @pytest.mark.parametrize("timestamp", ["", "now", "１２３", "9" * 30, "-1", "1e9"])
    async def test_a_timestamp_that_is_none_is_refused(self, counter: Counter, timestamp: str) -> None:
        call = signed_callback(b"{}", timestamp)
        call["headers"]["X-Ekyc-Timestamp"] = timestamp.encode()
        assert (await counter.world.http.post("/v1/ekyc/callbacks", **call)).status_code == 401

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event_id": 1, "verification_id": "v"}', b"\xff"])
    async def test_a_signed_body_that_is_no_callback_is_malformed(self, counter: Counter, body: bytes) -> None:
        now = str(int(counter.world.clock().timestamp()))
        answer = await counter.world.http.post("/v1/ekyc/callbacks", **signed_callback(body, now))
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


class TestProviderAnswers:
    @pytest.mark.parametrize("answer", [b"", b"[]", b'{"status": "lost", "sequence": 1}', b'{"status": "passed"}'])
    async def test_an_answer_that_is_none_counts_as_down(self, counter: Counter, answer: bytes) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
        await counter.started()
        counter.world.clock.advance(minutes=1)
        async with EkycClient(ekyc_provider(counter.world.settings), transport) as client:
            assert await turn(counter.world.database, counter.world.context.tools, client, counter.world.clock)
        assert (await counter.shown())["status"] == "method_chosen"
        counter.world.clock.advance(seconds=2)
        assert await counter.work() == 1

    @pytest.mark.rule("ID-71")
    @pytest.mark.parametrize(("https_only", "status"), [(True, None), (False, "http://provider.test/v/1")])
    async def test_in_production_nobody_is_sent_to_a_place_without_https(
        self, counter: Counter, https_only: bool, status: str | None
    ) -> None:
        answer = b'{"id": "v-1", "url": "http://provider.test/v/1"}'
        transport = httpx.MockTransport(lambda _: httpx.Response(201, content=answer))
        provider = ekyc_provider(counter.world.settings)._replace(https_only=https_only)
        async with EkycClient(provider, transport) as client:
            if status is None:
                with pytest.raises(ProviderDown):
                    await client.create(uuid4(), "photo")
            else:
                assert (await client.create(uuid4(), "photo")).url == status


def test_production_takes_links_of_https_only() -> None:
    production = settings_for("postgresql+asyncpg://x@127.0.0.1/x").model_copy(update={"environment": "production"})
    assert ekyc_provider(production).https_only
    assert not ekyc_provider(settings_for("postgresql+asyncpg://x@127.0.0.1/x")).https_only


class TestSteps:
    @pytest.mark.rule("ID-77")
    @given(st.sampled_from(EkycStatus), st.sampled_from(ProviderStatus))
    def test_every_step_is_one_that_the_order_allows(self, current: EkycStatus, told: ProviderStatus) -> None:
        at = current
        for step in ekyc_steps(current, told):
            assert may_become(at, step)
            at = step
        if told is not ProviderStatus.PENDING and current not in (EkycStatus.PASSED, EkycStatus.FAILED):
            assert at.value == told.value

    @pytest.mark.rule("ID-77")
    @given(st.lists(st.tuples(st.sampled_from(ProviderStatus), st.integers(0, 5))))
    def test_whatever_arrives_in_whatever_order_the_status_never_goes_back(
        self, heard: list[tuple[ProviderStatus, int]]
    ) -> None:
        rank = {"pending": 0, "running": 1, "passed": 2, "failed": 2}
        known, known_sequence = ProviderStatus.PENDING, -1
        for told, sequence in heard:
            if is_progress(known=known, known_sequence=known_sequence, told=told, sequence=sequence):
                assert rank[told] > rank[known]
                known, known_sequence = told, sequence
