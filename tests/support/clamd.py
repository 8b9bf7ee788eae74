"""A small TCP server that speaks the part of clamd's protocol that the documents service uses."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from documents.scanner import EICAR


@dataclass
class FakeClamd:
    """Finds EICAR; a test may set another way to `behave`."""

    port: int = 0
    behave: str = "scan"  # scan, error, too_long, close, garbage, silent
    scanned: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which is one command."""
        try:
            if await reader.readuntil(b"\0") != b"zINSTREAM\0":
                writer.write(b"UNKNOWN COMMAND\0")
            elif self.behave == "too_long":
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
            elif self.behave != "close":
                data = b""
                while length := struct.unpack("!L", await reader.readexactly(4))[0]:
                    data += await reader.readexactly(length)
                self.scanned += 1
                if self.behave == "silent":
                    await asyncio.sleep(60)
                writer.write(self._reply(data))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client has gone, which is what some tests make it do
        finally:
            writer.close()

    def _reply(self, data: bytes) -> bytes:
        if self.behave == "error":
            return b"stream: Can't allocate memory ERROR\0"
        if self.behave == "garbage":
            return b"stream: OK, more or less\0"
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0"


@asynccontextmanager
async def fake_clamd() -> AsyncIterator[FakeClamd]:
    """A running one on a free port."""
    fake = FakeClamd()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    async with server:
        yield fake
