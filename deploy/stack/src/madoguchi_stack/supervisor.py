"""Starts programs in phases, knows when each one really serves, and leaves nothing behind.

Children write their output straight into files, and the launcher repeats those files with a prefix: so a child never
blocks on a full pipe or dies of a closed one, whatever happens to the launcher.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

from madoguchi_stack.layout import is_taken
from madoguchi_stack.readiness import NotReady

Result = TypeVar("Result")
LAST_LINES = 20
CHECK_SECONDS = 10.0  # one readiness check; the first put into a new bucket may take some seconds


@dataclass(frozen=True)
class Process:
    """One program. `ready` does the real thing (a query, a put, ...) and raises `NotReady` until that works."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], Awaitable[None]]
    ports: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15.0
    ready_seconds: float = 120.0


@dataclass
class Child:
    """A started program, its log file, and how much of that the launcher has repeated."""

    name: str
    process: asyncio.subprocess.Process
    log: Path
    repeated_bytes: int = 0
    is_ended: bool = False  # on purpose, by `Supervisor.end`


class StackFailed(Exception):
    """The stack cannot start or go on; the text names the process, the reason and its last lines."""


class Supervisor:
    """`async with Supervisor(logs) as supervisor`: what it started is stopped on the way out, last phase first."""

    def __init__(self, logs: Path, *, echo: bool = False) -> None:
        """Logs go to `<logs>/<name>.log` (those of the run before to `.log.1`); `echo` also prints them, prefixed."""
        self._logs = logs
        self._echo = echo
        self._phases: list[list[tuple[Process, Child]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def __aenter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._failure: asyncio.Future[StackFailed] = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        for phase in reversed(self._phases):
            await asyncio.gather(*(_stop(process, child) for process, child in phase))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def start(self, *processes: Process) -> None:
        """One phase: start these together and wait until all are ready. Raises StackFailed."""
        refuse_taken_ports((process.name, port) for process in processes for port in process.ports)
        phase: list[tuple[Process, Child]] = []
        self._phases.append(phase)
        for process in processes:
            child = await self._spawn(process.name, process.command, process.environment, process.folder)
            phase.append((process, child))
            self._tasks.append(asyncio.create_task(self._report_exit(child)))
        await self.unless_failed(together(_until_ready(process, child) for process, child in phase))

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a started process and all that it started: STOP freezes them, CONT lets them go on.

        Raises KeyError for an unknown name.
        """
        for pid in _family(self._find(name)[2].process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def end(self, name: str, number: signal.Signals | None = None) -> None:
        """End a started process on purpose, which is no failure: in its own way, or by the signal `number`."""
        _, process, child = self._find(name)
        child.is_ended = True
        await _stop(process if number is None else replace(process, stop_signal=number), child)

    async def start_again(self, name: str) -> None:
        """Start a process again that was ended, and wait until it is ready; its log goes on. Raises StackFailed."""
        phase, process, child = self._find(name)
        again = await self._spawn(process.name, process.command, process.environment, process.folder, goes_on=True)
        phase[phase.index((process, child))] = (process, again)
        self._tasks.append(asyncio.create_task(self._report_exit(again)))
        await self.unless_failed(_until_ready(process, again))

    def _find(self, name: str) -> tuple[list[tuple[Process, Child]], Process, Child]:
        for phase in self._phases:
            for process, child in phase:
                if process.name == name:
                    return phase, process, child
        raise KeyError(name)

    async def run(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        """Run a program that ends by itself, for example a migration. Raises StackFailed unless it exits with 0."""
        child = await self._spawn(name, command, environment, None)
        try:
            code = await self.unless_failed(child.process.wait())
        finally:
            _kill_group(child)
        if code:
            raise _failed(child, f"ended with exit code {code}")

    async def unless_failed(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`, or StackFailed at once when a started process ends before it is done."""
        task = asyncio.ensure_future(work)
        try:
            either: set[asyncio.Future[Any]] = {task, self._failure}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._failure.done():
                raise self._failure.result()
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until_failed(self) -> NoReturn:
        """Wait while everything runs. Raises StackFailed when a process ends that nobody stopped."""
        raise await self._failure

    async def _spawn(
        self,
        name: str,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        folder: Path | None,
        *,
        goes_on: bool = False,
    ) -> Child:
        log = self._logs / f"{name}.log"
        if log.exists() and not goes_on:
            log.replace(log.with_suffix(".log.1"))
        written = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **environment},
                cwd=folder,
                start_new_session=True,  # a ctrl-C reaches only the launcher, which stops the children in order
            )
        child = Child(name, process, log, repeated_bytes=written)
        if self._echo:
            self._tasks.append(asyncio.create_task(_repeat(child)))
        return child

    async def _report_exit(self, child: Child) -> None:
        code = await child.process.wait()
        if not self._stopping and not child.is_ended and not self._failure.done():
            self._failure.set_result(_failed(child, f"ended with exit code {code}"))


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all at the same time; the first StackFailed cancels the rest and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except* StackFailed as failures:
        raise failures.exceptions[0] from None


def dies_with_launcher(command: Iterable[str], death_signal: str = "KILL") -> tuple[str, ...]:
    """The command, made to get `death_signal` when the launcher dies, even by SIGKILL (prctl PR_SET_PDEATHSIG).

    `setpriv` does it and not a function between fork and exec: that one may deadlock when the launcher has threads.
    """
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise StackFailed("setpriv is missing (Debian package util-linux); the stack runs on Linux only")
    return (setpriv, "--pdeathsig", death_signal, "--", *command)


def refuse_taken_ports(ports: Iterable[tuple[str, int]]) -> None:
    """Raises StackFailed if somebody listens on one of these: else a readiness check would pass against a stranger."""
    taken = [f"{port} ({name})" for name, port in ports if is_taken(port)]
    if taken:
        raise StackFailed(
            f"port already taken: {', '.join(taken)}. Is another stack running? MADOGUCHI_PORT_BASE moves all ports."
        )


async def _until_ready(process: Process, child: Child) -> None:
    """Repeat the readiness check until it passes. Raises StackFailed after `ready_seconds`."""
    last = "no answer"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(process.ready_seconds):
            while True:
                try:
                    async with asyncio.timeout(CHECK_SECONDS):
                        return await process.ready()
                except NotReady as reason:
                    last = str(reason)
                except TimeoutError:
                    last = f"no answer in {CHECK_SECONDS:g} s"
                await asyncio.sleep(0.1)
    raise _failed(child, f"was not ready after {process.ready_seconds:g} s ({last})")


async def _stop(process: Process, child: Child) -> None:
    """Ask it to stop, wait its grace time, then kill it and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        child.process.send_signal(process.stop_signal)
    try:
        async with asyncio.timeout(process.grace_seconds):
            await child.process.wait()
    except TimeoutError:
        print(f"{process.name} did not stop within {process.grace_seconds:g} s: killed", flush=True)
    _kill_group(child)
    await child.process.wait()


def _kill_group(child: Child) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)


def _family(pid: int) -> list[int]:
    """A process and its descendants, from /proc: servers start some in process groups of their own."""
    family = [pid]
    for member in family:
        with contextlib.suppress(OSError):
            family += map(int, Path(f"/proc/{member}/task/{member}/children").read_text().split())
    return family


async def _repeat(child: Child) -> None:
    """Print what the child writes, each line with its name, until cancelled; then print the rest."""
    try:
        while True:
            await asyncio.sleep(0.2)
            _print_new_lines(child)
    finally:
        _print_new_lines(child)


def _print_new_lines(child: Child) -> None:
    with child.log.open("rb") as log:
        log.seek(child.repeated_bytes)
        lines, newline, _ = log.read().rpartition(b"\n")
    child.repeated_bytes += len(lines) + len(newline)
    if newline:
        text = lines.decode(errors="replace")
        print("\n".join(f"{child.name:>20} | {line}" for line in text.split("\n")), flush=True)


def _failed(child: Child, reason: str) -> StackFailed:
    last_lines = child.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    return StackFailed("\n".join([f"{child.name} {reason}. Its last lines ({child.log}):", *last_lines]))
