"""Whether every partition that a consumer was given gets on, and how far behind it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from kit.metrics import consumer_lag, consumer_oldest_seconds, consumer_partitions

# One partition's records wait while others' are taken. The client empties what it has fetched of one partition (1 MB)
# before it turns to the next, so a worker that catches up on many leaves each alone for minutes, and is healthy.
PASSED_OVER_SECONDS = 600


@dataclass
class _Partition:
    position: int | None  # None: it is ours, and not known right now, as in a rebalance
    waits: int  # records behind the position, as last known
    moved: float  # when its position was last seen to move, or nothing waited
    since: float  # no record that waits in it was put there before, as far as this process knows


class Progress:
    """Whether the consumer gets on, and how far it is behind.

    A rebalance counts as progress: partitions without a position yet are not held against the process. They do not
    count as read either, so a group that is not let in shows as one that reads nothing.

    The age of what waits counts from when the partition was given to this process, until its first batch is done: how
    long it had waited before is not known until then. It goes on while the process keeps the partition.
    """

    def __init__(self, topics: Iterable[str], now: Callable[[], float] = time.time) -> None:
        """`now` is in seconds since 1970, as records' timestamps are in milliseconds."""
        self._topics = tuple(topics)
        self._now = now
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._hand: Sequence[Any] = ()
        self._hand_seen: Sequence[Any] = ()
        self._tell(now())

    def end(self) -> None:
        """Nothing is read any more. What waits is another worker's to tell, or nobody's, which is told as such."""
        self._partitions, self._hand = {}, ()
        self._tell(self._now())

    @contextmanager
    def in_hand(self, records: Sequence[Any]) -> Iterator[None]:
        """While these records of the broker are worked on."""
        self._hand = records
        try:
            yield
            for record in records:  # what waits behind them came later
                partition = self._partitions.get(TopicPartition(record.topic, record.partition))
                if partition is not None:
                    partition.since = record.timestamp / 1000
        finally:
            self._hand = ()

    def excuse(self) -> None:
        """Nobody gets on right now, for a reason that a restart would not mend: a database that is down."""
        for partition in self._partitions.values():
            partition.moved = self._now()

    async def seen(self, consumer: Any) -> bool:
        """Look once; False when records wait and nothing was taken or finished since the last look, or when those of
        one partition have waited for ten minutes while others were taken."""
        now = self._now()
        given = consumer.assignment() if consumer else ()
        found = {partition: await _where(consumer, partition) for partition in given}
        moved = self._hand is not self._hand_seen
        former, self._partitions, self._hand_seen = self._partitions, {}, self._hand
        for partition, where in found.items():
            known = former.get(partition, _Partition(None, 0, now, now))
            if where is None:
                self._partitions[partition] = replace(known, position=None, moved=now)
                continue
            position, waits = where[0], max(where[1] - where[0], 0)
            went = position != known.position
            moved = moved or went
            self._partitions[partition] = _Partition(
                position, waits, now if went or not waits else known.moved, known.since if waits else now
            )
        self._tell(now)
        behind = [one for one in self._partitions.values() if one.position is not None and one.waits]
        passed_over = any(now - one.moved > PASSED_OVER_SECONDS for one in behind)
        return (moved or not (behind or self._hand)) and not passed_over

    def _tell(self, now: float) -> None:
        """The gauges; also of a topic whose partitions went to another worker."""
        for topic in self._topics:
            ours = [one for partition, one in self._partitions.items() if partition.topic == topic]
            consumer_partitions.labels(topic).set(sum(one.position is not None for one in ours))
            consumer_lag.labels(topic).set(sum(one.waits for one in ours))
            put = [one.since for one in ours if one.waits]
            put += [record.timestamp / 1000 for record in self._hand if record.topic == topic]
            consumer_oldest_seconds.labels(topic).set(max(now - min(put, default=now), 0))


async def _where(consumer: Any, partition: TopicPartition) -> tuple[int, int] | None:
    """The position in a partition and the end of it; None while one of them is not known.

    Raises KafkaError for a refusal, which the client tells once, to whoever asks first.
    """
    try:
        position: int = await asyncio.wait_for(consumer.position(partition), 0.2)
        end: int | None = consumer.highwater(partition)
    except (IllegalStateError, TimeoutError, AssertionError):
        return None  # not assigned any more, or not positioned yet: a rebalance is going on
    return None if end is None else (position, end)
