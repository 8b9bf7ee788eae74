"""One check per protocol that does the real thing: an open port or a health page says too little.

Each raises `NotReady` with the reason while the server does not serve yet.
"""

import asyncio
import io

import asyncpg
import httpx
import urllib3
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from minio import Minio
from minio.error import MinioException

PROBE_BUCKET = "stack-probe"


class NotReady(Exception):
    """Not serving yet; the text says what was tried and what came back."""


async def postgres_answers(dsn: str) -> None:
    """A query gets its answer."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
        try:
            await connection.fetchval("select 1")
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NotReady(f"query: {error}") from error


async def store_keeps_an_object(client: Minio) -> None:
    """An object can be put and removed again. Makes `PROBE_BUCKET` for that if it is missing."""

    def put_and_remove() -> None:
        if not client.bucket_exists(bucket_name=PROBE_BUCKET):
            client.make_bucket(bucket_name=PROBE_BUCKET)
        client.put_object(bucket_name=PROBE_BUCKET, object_name="probe", data=io.BytesIO(b"1"), length=1)
        client.remove_object(bucket_name=PROBE_BUCKET, object_name="probe")

    try:
        await asyncio.to_thread(put_and_remove)
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        raise NotReady(f"put: {error}") from error


async def broker_tells_its_metadata(host: str, port: int) -> None:
    """The broker answers a metadata request."""
    bootstrap = f"{host}:{port}"
    try:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except OSError as error:
        # Looked at before the client does: it would log each refused connection as an error.
        raise NotReady(f"connection: {error}") from error
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        await admin.list_topics()
    except KafkaError as error:
        raise NotReady(f"metadata: {error!r}") from error
    finally:
        await admin.close()


async def scanner_finds(host: str, port: int, malware: bytes) -> None:
    """clamd finds something in these bytes: one without signatures would answer a ping."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            length = len(malware).to_bytes(4, "big")
            writer.write(b"zINSTREAM\0" + length + malware + bytes(4))
            await writer.drain()
            verdict = await reader.readuntil(b"\0")
        finally:
            writer.close()
    except (OSError, asyncio.IncompleteReadError) as error:
        raise NotReady(f"scan: {error!r}") from error
    if not verdict.endswith(b" FOUND\0"):
        raise NotReady(f"scan: {verdict!r}")


async def smtp_greets(host: str, port: int) -> None:
    """The SMTP server says 220 to whoever connects."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            greeting = await reader.readline()
            writer.write(b"QUIT\r\n")
            await writer.drain()
        finally:
            writer.close()
    except OSError as error:
        raise NotReady(f"greeting: {error}") from error
    if not greeting.startswith(b"220"):
        raise NotReady(f"greeting: {greeting!r}")


async def http_is_ok(url: str) -> None:
    """GET answers 200. The proxy settings of the environment are not used: the address is on this machine."""
    try:
        # Plain HTTP: to load whom TLS would trust takes longer than all the rest, and a start asks a hundred times.
        async with httpx.AsyncClient(trust_env=False, timeout=5, verify=False) as client:  # noqa: S501
            answer = await client.get(url)
    except httpx.HTTPError as error:
        raise NotReady(f"GET {url}: {error!r}") from error
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"GET {url}: {answer.status_code} {answer.text[:500]}")
