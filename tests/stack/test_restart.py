"""The servers' data survives stops and kills; nothing else does; and they run for any user."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from madoguchi_stack.servers import Servers, free_ports
from madoguchi_stack.supervisor import StackFailed
from support.leftovers import none_left, processes_of

LAUNCHER = str(Path(__file__).parent / "launcher.py")
NOBODY = 65534


@contextlib.asynccontextmanager
async def launched(folder: Path, *before: str) -> AsyncIterator[tuple[Process, dict[str, int]]]:
    """A launcher of its own that has its servers up, and what it said."""
    process = await asyncio.create_subprocess_exec(*before, sys.executable, LAUNCHER, str(folder), stdout=PIPE)
    try:
        async with asyncio.timeout(300):
            yield process, json.loads(await process.stdout.readline())
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def stop(process: Process) -> None:
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(120):
        assert await process.wait() == 0


async def test_data_and_secrets_survive_a_stop_and_a_kill(tmp_path: Path):
    async with launched(tmp_path) as (process, said):
        assert said["starts"] == 1
        assert len(processes_of(tmp_path)) >= 3
        await stop(process)
        assert processes_of(tmp_path) == []
    secrets = (tmp_path / "secrets.json").read_text()

    async with launched(tmp_path) as (process, said):
        assert said["starts"] == 2
        process.kill()
        await process.wait()
        await none_left(tmp_path)

    async with launched(tmp_path) as (process, said):
        assert said["starts"] == 3
        await stop(process)
    assert (tmp_path / "secrets.json").read_text() == secrets


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; everybody else is ordinary already")
async def test_an_ordinary_user_can_run_the_servers_too():
    folder = Path(tempfile.mkdtemp())  # not pytest's folder, which only its owner may enter
    os.chown(folder, NOBODY, NOBODY)
    # The interpreter may lie in root's home, so this user may also read what it does not own.
    become = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
    reading = ("--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search")
    bounding = ("--bounding-set", "-all,+dac_read_search")
    try:
        async with launched(folder, "setpriv", *become, *reading, *bounding, "--") as (process, said):
            assert said["starts"] == 1
            assert (folder / "postgres").stat().st_uid == NOBODY
            process.kill()
            await process.wait()
            await none_left(folder)
    finally:
        shutil.rmtree(folder)


async def test_what_is_secret_only_its_owner_can_read(servers: Servers):
    open_to_others = {
        file.name for file in servers.folder.iterdir() if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077
    }
    assert "secrets.json" in os.listdir(servers.folder)
    assert open_to_others == set()


async def test_a_second_stack_on_the_same_data_is_refused(servers: Servers):
    with pytest.raises(StackFailed, match="another stack is running on the data"):
        async with Servers(servers.folder, ports=free_ports()):
            raise AssertionError("started")
