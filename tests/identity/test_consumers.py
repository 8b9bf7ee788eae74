"""What identity hears: every event twice, late, malformed."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from identity import consumers
from kit.bus import Consumer
from madoguchi_contracts.applications import ApplicationApproved
from sqlalchemy import text
from support.identity import Member, World
from support.records import FakeRecord, record_of

EARLY, LATE = datetime(2026, 4, 2, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)


def approved(account_id: UUID, *, first: bool = True, programme: str = "bond") -> ApplicationApproved:
    return ApplicationApproved(
        application_id=uuid4(),
        account_id=account_id,
        programme=programme,
        submission=1,
        first_approval=first,
        officer_id=uuid4(),
    )


class Ear:
    """The consumer, and what came of it."""

    def __init__(self, world: World, member: Member) -> None:
        self.world = world
        self.member = member
        self._consumer = Consumer("identity", consumers.handlers(), database=world.database, clock=world.clock)

    async def hear(self, *records: FakeRecord) -> None:
        await self._consumer.process(list(records))

    async def approved_at(self) -> datetime | None:
        async with self.world.database.transaction() as session:
            found = await session.execute(
                text("SELECT association_approved_at FROM accounts WHERE id = :id"), {"id": self.member.account_id}
            )
            at: datetime | None = found.scalar_one()
            return at

    async def parked(self) -> list[str]:
        async with self.world.database.transaction() as session:
            return list((await session.execute(text("SELECT error_class FROM parked_keys"))).scalars())


@pytest_asyncio.fixture
async def ear(world: World) -> Ear:
    return Ear(world, await world.member())


@pytest.mark.rule("ID-36")
async def test_an_approval_is_kept_once_however_often_it_is_heard(ear: Ear) -> None:
    record = record_of(approved(ear.member.account_id), at=EARLY)
    await ear.hear(record)
    await ear.hear(record, record)
    assert await ear.approved_at() == EARLY


@pytest.mark.rule("ID-36")
async def test_the_first_approval_stays_whatever_the_order(ear: Ear) -> None:
    await ear.hear(record_of(approved(ear.member.account_id, first=False), sequence=9, at=LATE))
    assert await ear.approved_at() == LATE
    await ear.hear(record_of(approved(ear.member.account_id), at=EARLY))
    assert await ear.approved_at() == EARLY
    await ear.hear(record_of(approved(ear.member.account_id, first=False), sequence=10, at=LATE))
    assert await ear.approved_at() == EARLY


@pytest.mark.rule("ID-36")
async def test_other_programmes_and_other_accounts_change_nothing(ear: Ear) -> None:
    other = await ear.world.member()
    await ear.hear(
        record_of(approved(ear.member.account_id, programme="green_loan")), record_of(approved(other.account_id))
    )
    assert await ear.approved_at() is None
    assert await ear.parked() == []


async def test_a_malformed_approval_is_parked_and_others_flow(ear: Ear) -> None:
    await ear.hear(
        record_of(approved(uuid4()), body=b'{"application_id": "x"}'),
        record_of(approved(ear.member.account_id), at=EARLY),
    )
    assert len(await ear.parked()) == 1
    assert await ear.approved_at() == EARLY


async def test_an_approval_for_an_account_that_does_not_exist_is_parked(ear: Ear) -> None:
    await ear.hear(record_of(approved(uuid4())))
    assert await ear.parked() == ["Permanent"]


async def test_an_unknown_version_is_parked_and_an_unknown_event_passed_over(ear: Ear) -> None:
    await ear.hear(
        record_of(approved(ear.member.account_id), type_name="madoguchi.applications.ApplicationApproved.v2"),
        record_of(approved(ear.member.account_id), type_name="madoguchi.applications.SomethingElse.v1"),
    )
    assert len(await ear.parked()) == 1
    assert await ear.approved_at() is None
