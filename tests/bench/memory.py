"""Resident memory of a relay and of a consumer over 100,000 events: what they keep must not grow with what they did."""

import resource
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from bench.harness import Table
from kit.eventlog import bucket_of
from madoguchi_stack.case.web import until
from madoguchi_stack.layout import SERVICES
from madoguchi_stack.servers import Servers
from sqlalchemy import text
from support.stack import Stack, open_stack

BATCH = 5_000  # the broker from the wheel keeps 5 MB of a partition; nothing may fall out before it is read
WARM, EVENTS = 10_000, 110_000
KEYS = 1_000
PARTS = ("api", "worker")
_FILL = text("""
WITH e AS (
  INSERT INTO events (event_id, topic, aggregate_id, version, type, data, bucket, recorded_at)
  SELECT gen_random_uuid(), 'identity.accounts.v1', k.id, :version + n, 'madoguchi.identity.EkycStatusChanged.v1',
         json_build_object('account_id', k.id, 'ekyc_id', gen_random_uuid(), 'status', 'running'), k.bucket, now()
  FROM generate_series(1, :each) n, unnest(cast(:ids AS uuid[]), cast(:buckets AS int[])) AS k(id, bucket)
  ORDER BY n
  RETURNING id, bucket)
INSERT INTO outbox (id, bucket) SELECT id, bucket FROM e
""")


def resident(stack: Stack) -> dict[str, int]:
    """Resident megabytes of every service process, found by the port in its command line."""
    ports = {f"{service}-{part}": stack.servers.ports[f"{service}_{part}"] for service in SERVICES for part in PARTS}
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_text().split("\0")
            for name, port in ports.items():
                if "uvicorn" in words and str(port) in words:
                    pages = int((folder / "statm").read_text().split()[1])
                    found[name] = pages * resource.getpagesize() // 2**20
    return dict(sorted(found.items()))


async def growth(_: Servers, _rounds: int) -> Table:
    """Megabytes of the two workers after 10,000 and after 110,000 events; once, since memory has no moods."""
    table = Table(f"Memory over {EVENTS - WARM:,} events, relay (identity) to consumer (applications)", "MB")
    at: dict[int, dict[str, int]] = {}
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_stack(Path(folder)) as stack:
            ids = [uuid4() for _ in range(KEYS)]
            for done in range(0, EVENTS, BATCH):
                await _tell(stack, ids, done)
                at[done + BATCH] = resident(stack)
    for name in ("identity-worker", "applications-worker"):
        for events in (WARM, EVENTS):
            table.figures[f"{name}, after {events:,}"] = [at[events][name]]
        grown = at[EVENTS][name] - at[WARM][name]
        table.target(f"{name}: MB more over {EVENTS - WARM:,} events, target <= 5", grown, grown <= 5)
    return table


async def _tell(stack: Stack, ids: list[UUID], done: int) -> None:
    values = {"version": done // KEYS, "each": BATCH // KEYS, "ids": ids, "buckets": [bucket_of(one) for one in ids]}
    async with stack.databases["identity"].transaction() as session:
        await session.execute(_FILL, values)

    async def taken() -> bool:
        (row,) = await stack.rows("applications", "SELECT count(*) AS number FROM inbox")
        return bool(row.number >= done + BATCH)

    await until(taken, "the events to be taken", seconds=300)
