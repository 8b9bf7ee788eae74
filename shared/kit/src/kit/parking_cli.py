"""`madoguchi parked`: what an operator does about parked keys. Works on the service's database alone, from any machine
that reaches it; the service's worker does the retries."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy import text

from kit.cloudevents import NotACloudEvent, decode
from kit.db import Database

commands = typer.Typer(help="Keys whose events wait for an operator: list, explain, retry, skip.", no_args_is_help=True)

T = TypeVar("T")
Url = Annotated[str, typer.Option("--database-url", envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)]
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


def _run(url: str, work: Callable[[Any], Awaitable[T]]) -> T:
    async def main() -> T:
        database = Database(url, pool_size=1)
        try:
            async with database.transaction() as session:
                return await work(session)
        finally:
            await database.close()

    return asyncio.run(main())


def _print(row: dict[str, Any]) -> None:
    typer.echo(json.dumps(row, default=str, ensure_ascii=False))


@commands.command("list")
def list_parked(database_url: Url) -> None:
    """Every parked key, oldest first, one JSON line each."""

    async def work(session: Any) -> list[dict[str, Any]]:
        return [dict(row._mapping) for row in await session.execute(_LIST)]

    for row in _run(database_url, work):
        _print(row)


@commands.command()
def explain(database_url: Url, consumer: Consumer, topic: Topic, key: Key) -> None:
    """The events of one key in order: what each is, why it waits, what was done. Bodies are not shown."""

    async def work(session: Any) -> list[dict[str, Any]]:
        rows = await session.execute(_EXPLAIN, {"consumer": consumer, "topic": topic, "key": key})
        return [dict(row._mapping) for row in rows]

    for row in _run(database_url, work):
        try:
            row["type"] = decode([(name, bytes.fromhex(value)) for name, value in row.pop("headers")]).type
        except NotACloudEvent as error:
            row["type"] = f"no CloudEvent: {error}"
        _print({name: value for name, value in row.items() if value is not None})


@commands.command()
def retry(database_url: Url, consumer: Consumer, topic: Topic, key: Key) -> None:
    """Have the worker do the key's events again, in order, from the first that waits."""

    async def work(session: Any) -> int:
        result = await session.execute(_RETRY, {"consumer": consumer, "topic": topic, "key": key})
        return int(result.rowcount)

    if not _run(database_url, work):
        typer.echo("no such parked key", err=True)
        raise typer.Exit(1)


@commands.command()
def skip(
    database_url: Url,
    consumer: Consumer,
    topic: Topic,
    key: Key,
    reason: Annotated[str, typer.Option(help="why its effect is not wanted; kept for the audit")],
    by: Annotated[str, typer.Option(help="who decided")] = getpass.getuser(),
) -> None:
    """Give up the key's first waiting event, with a reason, and go on with the rest."""

    async def work(session: Any) -> int | None:
        where = {"consumer": consumer, "topic": topic, "key": key}
        if (await session.execute(_LOCK, where)).one_or_none() is None:
            return None
        skipped = (await session.execute(_SKIP, {**where, "reason": reason, "by": by})).scalar_one_or_none()
        await session.execute(_RETRY, where)
        return int(skipped) if skipped is not None else 0

    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    if _run(database_url, work) is None:
        typer.echo("no such parked key", err=True)
        raise typer.Exit(1)
