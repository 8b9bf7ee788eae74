"""`make bench`: every benchmark, medians of at least three interleaved rounds, into docs/benchmarks.md."""

import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog
import uvloop
from bench import consumer, end_to_end, login, memory, relay, schedules, submission, sustained
from bench.harness import Table, machine, postgres
from kit.japan import JST
from madoguchi_stack.servers import Servers

BENCHES: dict[str, Callable[[Servers, int], Awaitable[Table]]] = {
    "relay-bulk": relay.bulk,
    "relay-idle": relay.idle,
    "consumer": consumer.throughput,
    "consumer-idle": consumer.idle,
    "submission": submission.http,
    "sustained": sustained.load,
    "login": login.storm,
    "tokens": login.tokens,
    "end-to-end": end_to_end.idle,
    "memory": memory.growth,
    "schedules": schedules.portfolio,
}
REPORT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` on {day}: {machine}. Figures are medians of
{rounds} rounds in which the variants take turns. Compare
within one table of one run only: the machine is small and shared, and its speed swings by half.
"""


async def main(names: list[str]) -> None:
    """Run the named benchmarks, or all and write the report."""
    rounds = 3
    tables = []
    async with postgres() as servers:
        for name in names or BENCHES:
            tables.append(await BENCHES[name](servers, rounds))
            print(tables[-1].markdown(), "\n", flush=True)
    if not names:
        head = HEAD.format(day=datetime.now(JST).date(), machine=machine(), rounds=rounds)
        REPORT.write_text("\n".join([head, *(table.markdown() + "\n" for table in tables)]))


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    uvloop.run(main(sys.argv[1:]))
