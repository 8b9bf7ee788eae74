"""The scanner against a real clamd, where one is installed (Debian: clamav-daemon)."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from documents.errors import ScannerUnavailable
from documents.scanner import EICAR, Clamd

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("clamd") is None, reason="clamd is not installed"),
]


@pytest_asyncio.fixture(scope="module")
async def clamd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clamd]:
    """A daemon that knows one signature and takes streams of at most 8 MB."""
    folder = tmp_path_factory.mktemp("clamd")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    config = folder / "clamd.conf"
    config.write_text(
        f"TCPAddr 127.0.0.1\nTCPSocket {port}\nDatabaseDirectory {folder}\nForeground yes\nStreamMaxLength 8M\n"
        "MaxFileSize 8M\nMaxScanSize 32M\n"
    )
    process = await asyncio.create_subprocess_exec(
        "clamd", f"--config-file={config}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    scanner = Clamd("127.0.0.1", port)
    try:
        async with asyncio.timeout(30):
            while not await _answers(scanner):
                assert process.returncode is None, "clamd ended"
                await asyncio.sleep(0.1)
        yield scanner
    finally:
        process.terminate()
        await process.wait()


async def _answers(scanner: Clamd) -> bool:
    try:
        await scanner.check()
    except ScannerUnavailable:
        return False
    return True


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 262_144):
        yield data[start : start + 262_144]


async def test_it_passes_clean_files_up_to_the_limit_of_a_set(clamd: Clamd) -> None:
    assert await clamd.scan(chunks(b"")) is None
    assert await clamd.scan(chunks(b"%PDF-1.7\n" + bytes(6 * 1024 * 1024 - 9))) is None


async def test_it_finds_the_test_file(clamd: Clamd) -> None:
    assert "Eicar" in str(await clamd.scan(chunks(EICAR)))


async def test_a_stream_that_is_too_long_gets_no_verdict(clamd: Clamd) -> None:
    with pytest.raises(ScannerUnavailable):
        await clamd.scan(chunks(bytes(9 * 1024 * 1024)))
