"""Malware scanning: a verdict for a stream of bytes, or an error; no verdict never counts as clean."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Protocol

import structlog

from documents.errors import ScannerUnavailable

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5
SEND_SECONDS = 30
VERDICT_SECONDS = 60

# The test file that every scanner knows (eicar.org), in two parts so that no scanner takes this module for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Scanner(Protocol):
    """What looks for malware."""

    name: str

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        """Read all chunks; the name of the malware found, or None. Raises ScannerUnavailable without a verdict."""

    async def check(self) -> None:
        """Raise if the scanner cannot find malware right now."""


class NoScanner:
    """For local work without a scanner: finds nothing, and the documents say that they were not scanned."""

    name = "none"

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        """Read all chunks."""
        async for _ in chunks:
            pass
        return None

    async def check(self) -> None:
        """There is nothing that could be down."""


class Clamd:
    """The daemon of ClamAV over TCP, by its INSTREAM command.

    Its StreamMaxLength, MaxFileSize and MaxScanSize must be above the largest file that a programme permits: a longer
    stream gets no verdict, and so the document is never stored.
    """

    name = "clamd"

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        """Stream the chunks to the daemon. Raises ScannerUnavailable, and whatever reading the chunks raises."""
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(self._host, self._port)
            writer.write(b"zINSTREAM\0")
            async for chunk in chunks:
                if chunk:  # an empty chunk would be the end of the stream
                    await self._send(writer, struct.pack("!L", len(chunk)) + chunk)
            await self._send(writer, struct.pack("!L", 0))
            async with asyncio.timeout(VERDICT_SECONDS):
                reply = (await reader.readuntil(b"\0")).rstrip(b"\0").decode(errors="replace")
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            log.warning("scanner_failed", error=type(error).__name__)
            raise ScannerUnavailable(retry_after_seconds=30) from error
        finally:
            if writer is not None:
                writer.close()
        return _verdict(reply)

    async def check(self) -> None:
        """Let it find the test file: a daemon with an empty signature base would answer a ping."""

        async def test_file() -> AsyncIterator[bytes]:
            yield EICAR

        if await self.scan(test_file()) is None:
            raise ScannerUnavailable

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        async with asyncio.timeout(SEND_SECONDS):
            await writer.drain()


def _verdict(reply: str) -> str | None:
    """`stream: OK`, `stream: <name> FOUND`, or an error, such as a stream longer than the daemon accepts."""
    if reply == "stream: OK":
        return None
    if reply.startswith("stream: ") and reply.endswith(" FOUND"):
        return reply.removeprefix("stream: ").removesuffix(" FOUND")
    log.warning("scanner_failed", reply=reply[:200])
    raise ScannerUnavailable(retry_after_seconds=30)
