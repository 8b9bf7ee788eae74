"""The scanner against a real clamd, where the machine has one (Debian: clamav-daemon)."""

import io
import socket
import zipfile
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from documents.errors import ScannerUnavailable
from documents.scanner import EICAR, Clamd
from madoguchi_stack import clamd as daemon
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Servers
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase

pytestmark = [pytest.mark.real, pytest.mark.skipif(daemon.binary() is None, reason=daemon.MISSING)]


@pytest.fixture(scope="module")
def clamd(servers: Servers) -> Clamd:
    """The running daemon, which knows one signature and takes streams of at most 8 MB."""
    assert servers.clamd is not None
    return Clamd(*servers.clamd)


@pytest_asyncio.fixture(scope="module")
async def at(postgres_url: FreshDatabase, s3: S3, clamd: Clamd) -> AsyncIterator[Desk]:
    async with desk(await postgres_url("documents"), s3, scanner=clamd) as made:
        yield made


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("管理規約.txt", data)
    return file.getvalue()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 262_144):
        yield data[start : start + 262_144]


async def test_it_passes_clean_files_up_to_the_limit_of_a_set(clamd: Clamd) -> None:
    assert await clamd.scan(chunks(b"")) is None
    assert await clamd.scan(chunks(b"%PDF-1.7\n" + bytes(6 * 1024 * 1024 - 9))) is None


async def test_it_finds_the_test_file_also_inside_an_archive(clamd: Clamd) -> None:
    await clamd.check()
    assert "Eicar" in str(await clamd.scan(chunks(EICAR)))
    assert "Eicar" in str(await clamd.scan(chunks(zipped(EICAR))))


async def test_a_stream_that_is_too_long_gets_no_verdict(clamd: Clamd) -> None:
    with pytest.raises(ScannerUnavailable):
        await clamd.scan(chunks(bytes(9 * 1024 * 1024)))


async def test_a_scanner_that_has_gone_gives_no_verdict() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ScannerUnavailable):
        await Clamd("127.0.0.1", port).scan(chunks(EICAR))


@pytest.mark.rule("DO-06")
async def test_an_infected_file_is_refused_deleted_and_told_and_a_clean_one_is_stored(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    for data, name, content_type in [
        (EICAR, "eicar.com", "application/octet-stream"),
        (zipped(EICAR), "管理規約.zip", "application/zip"),
    ]:
        infected = await at.uploaded(application, owner, data, file_name=name, content_type=content_type)
        refused = await at.complete(infected, owner)
        assert (refused.status_code, refused.json()["findings"][0]["code"]) == (409, "MALWARE_FOUND")
        assert at.objects(application) == []
        told_name, told = (await at.events(application))[-1]
        assert (told_name, told["code"]) == ("DocumentRefused", "MALWARE_FOUND")
    clean = await at.stored(application, owner, pdf(1000))
    rows = await at.rows("SELECT scanned_by FROM documents WHERE id = :id", id=clean)
    assert rows[0].scanned_by == "clamd"
    assert (await at.set_of(application, owner))[0]["scanned"] is True
