"""Programs that still work on a folder of a test."""

import asyncio
import contextlib
from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """The command lines of all running programs that name the folder: the servers working on it."""
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                lines.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(folder) in line]


async def none_left(folder: Path) -> None:
    """Wait until there is none. Raises TimeoutError."""
    async with asyncio.timeout(120):
        while processes_of(folder):
            await asyncio.sleep(0.05)
