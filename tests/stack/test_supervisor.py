"""The supervisor: phases, readiness, refusals, failures, and that nothing is left behind."""

import asyncio
import random
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from madoguchi_stack import readiness
from madoguchi_stack.layout import free_ports
from madoguchi_stack.readiness import NotReady
from madoguchi_stack.supervisor import Process, StackFailed, Supervisor, dies_with_launcher

SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("asked to stop", flush=True), sys.exit(0)))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            print("a last word", flush=True); import os; os._exit(7)
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def web_server(name: str, port: int, **more) -> Process:
    return Process(
        name,
        dies_with_launcher((sys.executable, "-c", SERVER, str(port))),
        ready=lambda: readiness.http_is_ok(f"http://127.0.0.1:{port}/"),
        ports=(port,),
        **more,
    )


async def never_ready() -> None:
    raise NotReady("it said no")


def program(name: str, code: str, ready=never_ready, **more) -> Process:
    return Process(name, dies_with_launcher((sys.executable, "-c", code)), ready=ready, **more)


def serves(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def no_longer_serves(port: int) -> None:
    """A program that is not our child can only be looked at until it is gone."""
    async with asyncio.timeout(5):
        while serves(port):
            await asyncio.sleep(0.02)


@pytest.fixture
def ports():
    return free_ports()


async def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path, ports):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", ports["smtp"]))
        stranger.listen()
        async with Supervisor(tmp_path) as supervisor:
            with pytest.raises(StackFailed, match=f"already taken: {ports['smtp']} \\(second\\)"):
                await supervisor.start(web_server("first", ports["imap"]), web_server("second", ports["smtp"]))
    assert not (tmp_path / "first.log").exists()


async def test_a_process_that_ends_stops_the_stack_with_its_name_and_last_lines(tmp_path: Path, ports):
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(web_server("steady", ports["imap"]))
        await supervisor.start(web_server("frail", ports["smtp"]))
        with pytest.raises(NotReady):
            await readiness.http_is_ok(f"http://127.0.0.1:{ports['smtp']}/die")
        with pytest.raises(StackFailed) as failure:
            await supervisor.until_failed()
    assert "frail ended with exit code 7" in str(failure.value)
    assert str(failure.value).endswith("listening\na last word")
    assert not serves(ports["imap"])


async def test_a_failing_process_also_ends_the_phase_that_is_just_starting(tmp_path: Path):
    async with Supervisor(tmp_path) as supervisor:
        started = time.monotonic()
        with pytest.raises(StackFailed, match="broken ended with exit code 3"):
            await supervisor.start(
                program("slow", "import time; time.sleep(60)"),
                program("broken", "print('no configuration'); raise SystemExit(3)"),
            )
    assert time.monotonic() - started < 20


async def test_a_process_that_never_gets_ready_fails_with_the_reason_of_its_check(tmp_path: Path):
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(StackFailed, match=r"silent was not ready after 0.5 s \(it said no\)"):
            await supervisor.start(program("silent", "import time; time.sleep(60)", ready_seconds=0.5))


async def test_the_last_phase_is_stopped_first(tmp_path: Path, ports):
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(web_server("first", ports["imap"]))
        await supervisor.start(web_server("second", ports["smtp"]))
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    assert "asked to stop" in first.read_text()
    assert "asked to stop" in second.read_text()
    assert second.stat().st_mtime_ns < first.stat().st_mtime_ns


async def test_a_process_that_does_not_stop_is_killed_with_its_children_after_its_grace_time(tmp_path: Path, ports):
    deaf = "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    code = deaf + f"subprocess.run([sys.executable, '-c', {SERVER!r}, '{ports['smtp']}'])"
    process = Process(
        "deaf",
        dies_with_launcher((sys.executable, "-c", code)),
        ready=lambda: readiness.http_is_ok(f"http://127.0.0.1:{ports['smtp']}/"),
        grace_seconds=0.5,
    )
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(process)
        stopping = time.monotonic()
    assert 0.4 < time.monotonic() - stopping < 5
    await no_longer_serves(ports["smtp"])


async def test_a_process_can_be_ended_on_purpose_and_started_again(tmp_path: Path, ports):
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(web_server("frail", ports["smtp"]), web_server("steady", ports["imap"]))
        await supervisor.end("frail", signal.SIGKILL)
        assert not serves(ports["smtp"])
        await supervisor.start_again("frail")
        await readiness.http_is_ok(f"http://127.0.0.1:{ports['smtp']}/")
        await supervisor.end("frail")
        await supervisor.start_again("frail")
        with pytest.raises(NotReady):
            await readiness.http_is_ok(f"http://127.0.0.1:{ports['smtp']}/die")
        with pytest.raises(StackFailed, match="frail ended with exit code 7"):
            await supervisor.until_failed()
        with pytest.raises(KeyError):
            await supervisor.end("unknown")
    words = "listening listening asked to stop listening a last word"
    assert " ".join((tmp_path / "frail.log").read_text().split()) == words


async def test_a_process_can_be_frozen_with_its_children_and_goes_on(tmp_path: Path, ports):
    address = f"http://127.0.0.1:{ports['smtp']}/"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SERVER!r}, '{ports['smtp']}'])"
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(program("sleeper", child, ready=lambda: readiness.http_is_ok(address)))
        supervisor.send("sleeper", signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(readiness.http_is_ok(address), 0.5)
        supervisor.send("sleeper", signal.SIGCONT)
        await readiness.http_is_ok(address)


async def test_a_task_that_fails_fails_the_start(tmp_path: Path):
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.run("good", (sys.executable, "-c", "print('done')"), {})
        with pytest.raises(StackFailed, match=r"(?s)migration ended with exit code 4.*no such table"):
            await supervisor.run("migration", (sys.executable, "-c", "print('no such table'); exit(4)"), {})
    assert (tmp_path / "good.log").read_text() == "done\n"


async def test_what_a_process_prints_is_repeated_with_its_name(tmp_path: Path, ports, capsys):
    async with Supervisor(tmp_path, echo=True) as supervisor:
        await supervisor.start(web_server("talker", ports["imap"]))
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [
        "talker | listening",
        "talker | asked to stop",
    ]


async def test_the_log_of_the_run_before_is_kept_once(tmp_path: Path):
    for word in ("one", "two", "three"):
        async with Supervisor(tmp_path) as supervisor:
            await supervisor.run("task", (sys.executable, "-c", f"print('{word}')"), {})
    assert (tmp_path / "task.log").read_text() == "three\n"
    assert (tmp_path / "task.log.1").read_text() == "two\n"


async def test_a_child_dies_with_a_killed_launcher(tmp_path: Path, ports):
    launcher = f"""
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_supervisor import web_server
from madoguchi_stack.supervisor import Supervisor
async def main():
    async with Supervisor(Path({str(tmp_path)!r})) as supervisor:
        await supervisor.start(web_server("child", {ports["imap"]}))
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", launcher)
    assert await process.wait() == -signal.SIGKILL
    assert "listening" in (tmp_path / "child.log").read_text()
    await no_longer_serves(ports["imap"])


def test_ports_are_free_and_below_those_of_outgoing_connections():
    ports = free_ports()
    assert len({ports[name] for name in ("postgres", "kafka", "s3", "smtp")}) == 4
    assert max(ports.with_grpc("s3")) < 32768


def test_a_block_of_ports_is_given_away_once(monkeypatch: pytest.MonkeyPatch):
    draw, given = random.randrange, free_ports().base
    again = [given]
    monkeypatch.setattr(random, "randrange", lambda *blocks: again.pop() if again else draw(*blocks))
    assert free_ports().base != given
    assert again == []
