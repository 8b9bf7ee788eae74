"""A program of its own that runs the servers, for tests that kill it: `python launcher.py FOLDER`."""

import json
import sys
from pathlib import Path

import asyncpg
from madoguchi_stack.cli import until_stopped
from madoguchi_stack.servers import Servers, free_ports


async def main(folder: Path) -> None:
    async with Servers(folder, ports=free_ports()) as servers:
        connection = await asyncpg.connect(servers.database_url("identity").replace("+asyncpg", ""))
        await connection.execute("create table if not exists starts (at timestamptz default now())")
        await connection.execute("insert into starts default values")
        starts = await connection.fetchval("select count(*) from starts")
        await connection.close()
        print(json.dumps({"starts": starts, "postgres": servers.ports["postgres"]}), flush=True)  # noqa: T201 (the test reads it)
        await servers.supervisor.until_failed()


until_stopped(main(Path(sys.argv[1])))
