"""Addresses that fail in the ways networks do: nobody listens, connections break, somebody listens only later."""

import asyncio
import random

from madoguchi_stack.layout import is_taken


def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens.

    Below those of `free_ports`, and below those that the system gives to outgoing connections: any client may take one
    of these before whoever asked for it listens there, or answer where nobody should.
    """
    return next(port for port in iter(lambda: random.randrange(6_000, 11_000), None) if not is_taken(port))


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
