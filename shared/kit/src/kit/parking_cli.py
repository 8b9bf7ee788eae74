"""`madoguchi parked`: what an operator does about parked keys. Works on the service's database alone, from any machine
that reaches it; the service's worker does the retries."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy import text

from kit.cloudevents import NotACloudEvent, decode
from kit.operators import By, DatabaseUrl, Reason, run, show

commands = typer.Typer(help="Keys whose events wait for an operator: list, explain, retry, skip.", no_args_is_help=True)

Consumer = Annotated[str, typer.Argument(help="the consuming service, such as notifications")]
Topic = Annotated[str, typer.Argument(help="the topic, such as applications.applications.v1")]
Key = Annotated[str, typer.Argument(help="the key: an aggregate id")]

_LIST = text("""
SELECT k.consumer, k.topic, k.key, k.error_class, k.parked_at, k.retry_requested_at IS NOT NULL AS retrying,
       (SELECT count(*) FROM parked_events e
        WHERE (e.consumer, e.topic, e.key) = (k.consumer, k.topic, k.key) AND e.resolution IS NULL) AS waiting
FROM parked_keys k ORDER BY k.parked_at
""")
_EXPLAIN = text("""
SELECT id, event_id, headers, partition, "offset", parked_at, error, octet_length(body) AS bytes, resolution,
       resolution_reason, resolved_by, resolved_at
FROM parked_events WHERE consumer = :consumer AND topic = :topic AND key = :key ORDER BY id
""")
_RETRY = text("""
UPDATE parked_keys SET retry_requested_at = now() WHERE consumer = :consumer AND topic = :topic AND key = :key
""")
_LOCK = text("SELECT 1 FROM parked_keys WHERE consumer = :consumer AND topic = :topic AND key = :key FOR UPDATE")
_SKIP = text("""
WITH skipped AS (
  UPDATE parked_events
  SET resolution = 'skipped', resolution_reason = :reason, resolved_by = :by, resolved_at = now()
  WHERE id = (SELECT min(id) FROM parked_events
              WHERE consumer = :consumer AND topic = :topic AND key = :key AND resolution IS NULL)
  RETURNING id, event_id),
seen AS (
  INSERT INTO inbox (consumer, event_id) SELECT :consumer, event_id FROM skipped WHERE event_id IS NOT NULL
  ON CONFLICT DO NOTHING)
SELECT id FROM skipped
""")


@commands.command("list")
def list_parked(database_url: DatabaseUrl) -> None:
    """Every parked key, oldest first, one JSON line each."""

    async def work(session: Any) -> list[dict[str, Any]]:
        return [dict(row._mapping) for row in await session.execute(_LIST)]

    for row in run(database_url, work):
        show(row)


@commands.command()
def explain(database_url: DatabaseUrl, consumer: Consumer, topic: Topic, key: Key) -> None:
    """The events of one key in order: what each is, why it waits, what was done. Bodies are not shown."""

    async def work(session: Any) -> list[dict[str, Any]]:
        rows = await session.execute(_EXPLAIN, {"consumer": consumer, "topic": topic, "key": key})
        return [dict(row._mapping) for row in rows]

    for row in run(database_url, work):
        try:
            row["type"] = decode([(name, bytes.fromhex(value)) for name, value in row.pop("headers")]).type
        except NotACloudEvent as error:
            row["type"] = f"no CloudEvent: {error}"
        show(row)


@commands.command()
def retry(database_url: DatabaseUrl, consumer: Consumer, topic: Topic, key: Key) -> None:
    """Have the worker do the key's events again, in order, from the first that waits."""

    async def work(session: Any) -> int:
        result = await session.execute(_RETRY, {"consumer": consumer, "topic": topic, "key": key})
        return int(result.rowcount)

    if not run(database_url, work):
        typer.echo("no such parked key", err=True)
        raise typer.Exit(1)


@commands.command()
def skip(
    database_url: DatabaseUrl,
    consumer: Consumer,
    topic: Topic,
    key: Key,
    reason: Reason,
    by: By,
) -> None:
    """Give up the key's first waiting event, with a reason, and go on with the rest."""

    async def work(session: Any) -> int | None:
        where = {"consumer": consumer, "topic": topic, "key": key}
        if (await session.execute(_LOCK, where)).one_or_none() is None:
            return None
        skipped = (await session.execute(_SKIP, {**where, "reason": reason, "by": by})).scalar_one_or_none()
        await session.execute(_RETRY, where)
        return int(skipped) if skipped is not None else 0

    if run(database_url, work) is None:
        typer.echo("no such parked key", err=True)
        raise typer.Exit(1)
