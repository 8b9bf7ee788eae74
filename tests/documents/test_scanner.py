"""The protocol of clamd, against a server that speaks it and against ones that do not."""

from collections.abc import AsyncIterator

import pytest
from documents import scanner
from documents.errors import ObjectMissing, ScannerUnavailable
from documents.scanner import EICAR, Clamd, NoScanner
from support.clamd import FakeClamd, fake_clamd


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def scan(fake: FakeClamd, *parts: bytes) -> str | None:
    return await Clamd("127.0.0.1", fake.port).scan(chunks(*parts))


async def test_clean_bytes_are_clean() -> None:
    async with fake_clamd() as fake:
        assert await scan(fake, b"a" * 300_000, b"b") is None
        assert await scan(fake) is None
        assert fake.scanned == 2


async def test_malware_is_named_also_across_chunks_and_after_an_empty_one() -> None:
    async with fake_clamd() as fake:
        assert await scan(fake, EICAR[:20], b"", EICAR[20:]) == "Eicar-Test-Signature"


@pytest.mark.parametrize("behave", ["error", "too_long", "close", "garbage"])
async def test_anything_but_a_verdict_is_an_error_and_never_clean(behave: str) -> None:
    async with fake_clamd() as fake:
        fake.behave = behave
        with pytest.raises(ScannerUnavailable):
            await scan(fake, b"a" * 1_000_000)


async def test_a_scanner_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "VERDICT_SECONDS", 0.1)
    async with fake_clamd() as fake:
        fake.behave = "silent"
        with pytest.raises(ScannerUnavailable):
            await scan(fake, b"a")


async def test_a_scanner_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ScannerUnavailable):
        await Clamd("127.0.0.1", 1).scan(chunks(b"a"))


async def test_trouble_with_the_file_is_not_taken_for_trouble_with_the_scanner() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise ObjectMissing

    async with fake_clamd() as fake:
        with pytest.raises(ObjectMissing):
            await Clamd("127.0.0.1", fake.port).scan(broken())


async def test_the_check_wants_malware_to_be_found() -> None:
    async with fake_clamd() as fake:
        await Clamd("127.0.0.1", fake.port).check()
        fake._reply = lambda _: b"stream: OK\0"  # type: ignore[method-assign]
        with pytest.raises(ScannerUnavailable):
            await Clamd("127.0.0.1", fake.port).check()


async def test_no_scanner_reads_everything_and_says_what_it_is() -> None:
    read = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        for part in (b"aa", EICAR):
            read += len(part)
            yield part

    assert await NoScanner().scan(counted()) is None
    await NoScanner().check()
    assert read == 2 + len(EICAR)
    assert NoScanner.name == "none"
