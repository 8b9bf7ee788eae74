"""Does the code of the release before work on the schema of this one? Told from the two schemas alone.

While a release is rolled out, the code before it runs on the new schema. `breaks` names what a statement of that code,
whichever it is, could trip over: it compares what PostgreSQL's catalogues say before and after a revision.

What is guaranteed when it names nothing: every SELECT, INSERT, UPDATE, DELETE and ON CONFLICT that names its columns
and was right on the old schema is accepted on the new one, with the same columns of the same or wider types. What is
not: that the rows mean the same (a revision that rewrites values), how long locks are held, what a new trigger does
(so each one has to be accepted by hand), and privileges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import asyncpg

_COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
       a.atthasdef OR a.attidentity <> '' AS filled, a.attidentity::text || a.attgenerated::text AS kind
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text AS table, conname AS name, contype::text AS type, pg_get_constraintdef(oid) AS says,
       (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a
        WHERE a.attrelid = conrelid AND a.attnum = ANY(conkey)) AS columns
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype IN ('c', 'f', 'x')
"""
# Primary keys and unique constraints are unique indexes too.
_UNIQUE = """
SELECT i.indrelid::regclass::text AS table, regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '') AS says,
       i.indnullsnotdistinct AS nulls_are_equal,
       (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
"""
_OTHERS = """
SELECT 'sequence' AS kind, c.relname::text AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
UNION ALL SELECT 'function', p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
UNION ALL SELECT 'type', t.typname || ' ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
"""
_TRIGGERS = """
SELECT tgrelid::regclass::text AS table, regexp_replace(pg_get_triggerdef(oid), '^CREATE TRIGGER ', '') AS says
FROM pg_trigger WHERE NOT tgisinternal
"""


@dataclass(frozen=True)
class Column:
    """One column. `filled`: PostgreSQL gives it a value when an INSERT does not."""

    type: str
    required: bool
    filled: bool
    kind: str


@dataclass(frozen=True)
class Limit:
    """What a row must not be: a check, a foreign key, an exclusion, or a unique index."""

    table: str
    says: str
    columns: frozenset[str]
    unique: bool = False
    nulls_are_equal: bool = False


@dataclass(frozen=True)
class Schema:
    """What statements can trip over."""

    tables: dict[str, dict[str, Column]] = field(default_factory=dict)
    limits: frozenset[Limit] = frozenset()
    others: frozenset[tuple[str, str]] = frozenset()
    triggers: frozenset[tuple[str, str]] = frozenset()


async def schema_of(connection: asyncpg.Connection) -> Schema:
    """The schema as it is, without the tables of Alembic."""
    tables: dict[str, dict[str, Column]] = {}
    for row in await connection.fetch(_COLUMNS):
        if row["table"] != "alembic_version":
            column = Column(row["type"], row["required"], row["filled"], row["kind"])
            tables.setdefault(row["table"], {})[row["column"]] = column
    limits = {
        Limit(row["table"], row["says"], frozenset(row["columns"])) for row in await connection.fetch(_CONSTRAINTS)
    } | {
        Limit(row["table"], row["says"], frozenset(row["columns"]), True, row["nulls_are_equal"])
        for row in await connection.fetch(_UNIQUE)
    }
    return Schema(
        tables,
        frozenset(one for one in limits if one.table != "alembic_version"),
        frozenset((row["kind"], row["name"]) for row in await connection.fetch(_OTHERS)),
        frozenset((row["table"], row["says"]) for row in await connection.fetch(_TRIGGERS)),
    )


def breaks(before: Schema, after: Schema) -> set[str]:
    """What the code that was right on `before` could trip over on `after`, in one line each."""
    found = {f"table {name} is gone" for name in before.tables.keys() - after.tables.keys()}
    kept = before.tables.keys() & after.tables.keys()
    for table in kept:
        found |= _columns(table, before.tables[table], after.tables[table])
    for limit in after.limits - before.limits:
        if limit.table in kept and not _old_rows_pass(limit, before.tables[limit.table], after.tables[limit.table]):
            found.add(f"{limit.table} has a new limit: {limit.says}")
    for limit in before.limits - after.limits:
        if limit.unique and limit.table in kept:  # what an ON CONFLICT of the old code infers
            found.add(f"{limit.table} lost what is unique: {limit.says}")
    found |= {f"{kind} {name} is gone" for kind, name in before.others - after.others}
    found |= {f"{table} has a new trigger: {says}" for table, says in after.triggers - before.triggers if table in kept}
    return found


def _columns(table: str, before: dict[str, Column], after: dict[str, Column]) -> set[str]:
    found = {f"{table}.{name} is gone" for name in before.keys() - after.keys()}
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        if old.type != new.type and not _wider(old.type, new.type):
            found.add(f"{table}.{name} was {old.type} and is {new.type}")
        if new.required and not old.required:
            found.add(f"{table}.{name} must have a value now")
        if old.filled and not new.filled:
            found.add(f"{table}.{name} lost its default")
        if new.kind and new.kind != old.kind:
            found.add(f"{table}.{name} is made by the database now")
    for name in after.keys() - before.keys():
        if after[name].required and not after[name].filled:
            found.add(f"{table}.{name} is new, and must have a value")
    return found


def _old_rows_pass(limit: Limit, before: dict[str, Column], after: dict[str, Column]) -> bool:
    """Whether a row that says nothing of the new columns always passes: then they are all null in it.

    Of checks only those are known to pass whose text is plain: a comparison with null is not false.
    """
    empty = {name for name in limit.columns - before.keys() if not after[name].filled and not after[name].required}
    if limit.unique:
        return bool(empty) and not limit.nulls_are_equal
    if limit.columns == empty and re.fullmatch(r"CHECK \(\(\(\w+ IS NULL\) = \(\w+ IS NULL\)\)\)", limit.says):
        return True
    if empty and re.fullmatch(r"CHECK \(\(\w+ (=|<>|<|<=|>|>=) \w+\)\)", limit.says):
        return True
    return bool(limit.columns) and limit.columns == empty and not re.search(r" IS |COALESCE", limit.says)


def _wider(old: str, new: str) -> bool:
    """Whether every value of the old type, written or read by old code, is one of the new type."""
    if (old, new) in {("smallint", "integer"), ("smallint", "bigint"), ("integer", "bigint")}:
        return True
    length = re.fullmatch(r"character varying(?:\((\d+)\))?", old)
    if length is None:
        return False
    longer = re.fullmatch(r"character varying(?:\((\d+)\))?", new)
    return new == "text" or (
        longer is not None and (longer[1] is None or (length[1] is not None and int(longer[1]) >= int(length[1])))
    )


def silent(before: Schema, after: Schema) -> set[str]:
    """What the code of this release relies on and would not miss on the schema before: it would go on without it.

    The order is migration, then code, so this is for the day on which somebody gets it wrong. A table or a column that
    is not there yet stops the new code with an error, and its transaction with it. A limit or a trigger that is not
    there yet stops nothing, unless its table has got a column too, which the statements of the new code name.
    """
    kept = {
        name
        for name in before.tables.keys() & after.tables.keys()
        if before.tables[name].keys() >= after.tables[name].keys()
    }
    found = {
        f"{one.table} has not yet the limit: {one.says}" for one in after.limits - before.limits if one.table in kept
    }
    return found | {
        f"{table} has not yet the trigger: {says}" for table, says in after.triggers - before.triggers if table in kept
    }
