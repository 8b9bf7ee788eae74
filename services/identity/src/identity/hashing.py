"""Slow hashes of passwords and secret answers (argon2id), computed off the event loop and a few at a time.

19 MiB and two passes take about 22 ms of one core: two at a time keep a machine of two cores busy with logins and still
leave room for light requests, where ten would make everything wait.
"""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Counter

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1

hash_operations = Counter("madoguchi_identity_hash_operations", "argon2id computations", ["kind"])


class Hasher:
    """Hashes and verifies. One instance a process, because it bounds how much is done at the same time."""

    def __init__(self, concurrency: int = 2) -> None:
        self._argon2 = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
        )
        self._turns = asyncio.Semaphore(concurrency)
        # Made with the parameters in use, so that verifying against nothing costs exactly what verifying costs.
        self._nobody = self._argon2.hash("no password has this hash")

    async def hash(self, secret: str) -> str:
        """The hash, with its salt and parameters."""
        async with self._turns:
            hash_operations.labels("hash").inc()
            return await asyncio.to_thread(self._argon2.hash, secret)

    async def verify(self, stored: str | None, secret: str) -> bool:
        """Whether `secret` has this hash. With None it does the same work and says no (ID-34)."""
        async with self._turns:
            hash_operations.labels("verify").inc()
            matches = await asyncio.to_thread(self._matches, stored or self._nobody, secret)
        return matches and stored is not None

    async def any_match(self, stored: list[str], secret: str) -> bool:
        """Whether `secret` has one of these hashes (ID-25); looks at all of them."""
        return any([await self.verify(one, secret) for one in stored])

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def _matches(self, stored: str, secret: str) -> bool:
        try:
            return self._argon2.verify(stored, secret)
        except (VerificationError, InvalidHashError):
            return False
