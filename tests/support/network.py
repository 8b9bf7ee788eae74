"""Addresses that fail in the ways networks do: nobody listens, connections break, somebody listens only later."""

import asyncio
import socket
from contextlib import closing


def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Doorway:
    """A TCP proxy on a port of its own that can be opened and shut while a test runs.

    Shut, it refuses connections as a stopped server does, and breaks those that went through it.
    """

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` are where the real server listens."""
        self._target = (host, port)
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let connections through from now on."""
        self._server = await asyncio.start_server(self._pass_through, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Refuse connections from now on, and break the present ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._streams):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _pass_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        self._streams.add(sink)
        try:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass  # shut, or one side went away: the other side is told by the close below
        finally:
            self._streams.discard(sink)
            sink.close()
