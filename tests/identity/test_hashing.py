"""Slow hashes beside everything else: never on the event loop, and few at a time."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from identity.hashing import Hasher


@pytest.mark.parametrize("concurrency", [1, 2, 3])
async def test_hashes_are_computed_off_the_loop_and_so_many_at_a_time(
    monkeypatch: pytest.MonkeyPatch, concurrency: int
) -> None:
    loop, running, most, threads = threading.get_ident(), 0, 0, set[int]()
    guard = threading.Lock()

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def compute(*arguments: object) -> object:
            nonlocal running, most
            with guard:
                running += 1
                most = max(most, running)
            threads.add(threading.get_ident())
            time.sleep(0.01)
            try:
                return real(*arguments)
            finally:
                with guard:
                    running -= 1

        return compute

    hasher = Hasher(concurrency)
    stored = await hasher.hash("smile_2026")
    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, watched(getattr(PasswordHasher, name)))
    ticks = 0

    async def light_request() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    light = asyncio.create_task(light_request())
    await asyncio.gather(
        *(hasher.verify(stored, "smile_2026") for _ in range(6)), *(hasher.hash("smile_2026") for _ in range(2))
    )
    light.cancel()
    assert most == concurrency
    assert loop not in threads
    assert ticks > 8  # the loop went round while the hashes were computed
