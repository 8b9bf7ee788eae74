"""`make run` as a newcomer meets it: the case on the screen, ctrl-C, and a second run on the data of the first."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from support.leftovers import none_left

RUN = str(Path(__file__).parent / "run.py")
PATIENCE_SECONDS = 600  # the machine may be slow; nothing waits for longer than this


@asynccontextmanager
async def running(folder: Path, *case: str) -> AsyncIterator[str]:
    """What it has on the screen once everything is up; on the way out ctrl-C, after which nothing may be left."""
    process = await asyncio.create_subprocess_exec(sys.executable, RUN, str(folder), *case, stdout=PIPE, stderr=STDOUT)
    screen = ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "clamd " not in screen:  # the last line of the addresses
                line = (await process.stdout.readline()).decode()
                assert line, screen
                screen += line
        yield screen
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest = (await process.stdout.read()).decode()
            assert (await process.wait(), rest) == (0, "stopped\n")
        await none_left(folder)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def address(screen: str, name: str) -> str:
    (found,) = re.findall(rf"^{name} +(\S+)$", screen, re.MULTILINE)
    return str(found)


@pytest.mark.slow
async def test_a_newcomer_sees_the_case_its_events_and_where_everything_is_and_a_second_run_goes_on(tmp_path: Path):
    async with running(tmp_path, "bond") as screen:
        assert re.search(r"^ready after \d+ s$", screen, re.MULTILINE)
        steps = (
            *(
                "registered: user ID",
                "otpauth://totp/",
                "\u2580",
                "draft of",
                "合格",
                "in slot kanri_kiyaku",
                "submission 1",
            ),
            *("by the event alone", "mail NO-10", "submission 2", "mail NO-09", "管理組合トップページ"),
        )
        places = [screen.find(step) for step in steps]
        assert -1 not in places
        assert places == sorted(places)
        assert re.search(r"^ +\d+\.\d\ds  applications +ApplicationApproved +\d+ ms$", screen, re.MULTILINE)
        assert re.search(r"^ +\d+\.\d\ds  notifications +MailAccepted NO-09 +\d+ ms$", screen, re.MULTILINE)
        for who in ("The association", "office_reviewer", "office_approver"):
            assert re.search(
                rf"^{who}: user ID \w+, password \S+,\nkey for an authenticator app \w+\.$", screen, re.MULTILINE
            )
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            for name in ("identity", "applications", "documents", "notifications"):
                assert (await http.get(address(screen, name))).json()["openapi"]

    async with running(tmp_path) as again:
        assert "registered" not in again
        # The broker from the wheel forgot everything, and was told it again.
        await told(address(again, "Kafka"), "applications.applications.v1", b"ApplicationApproved")


async def told(bootstrap: str, topic: str, event: bytes) -> None:
    """Wait until an event of this name is in the topic."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while event not in dict((await consumer.getone()).headers)["ce_type"]:
                pass
    finally:
        await consumer.stop()
