"""What the simulated providers share: state in one file, and callbacks, signed and repeated until somebody says 2xx.

What a network does to callbacks can be ordered: they come twice, late, or newest first.
"""

import asyncio
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from pydantic import AwareDatetime, BaseModel, Field

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
ATTEMPTS = 20  # about a quarter of an hour; after that only asking for the truth helps


class Callback(BaseModel):
    """A message about one change, still to be delivered. A duplicate has the same `event_id`."""

    event_id: UUID
    url: str
    about: UUID
    sequence: int
    body: dict[str, Any]
    due_at: AwareDatetime
    attempts: int = 0


class Control(BaseModel):
    """How badly callbacks travel."""

    duplicates: int = Field(default=0, ge=0, le=10, description="how many more times each is sent")
    delay_seconds: float = Field(default=0, ge=0, le=3600)
    shuffle: bool = Field(default=False, description="those that wait at the same time are sent newest first")


class Post(BaseModel):
    """The callbacks that wait, and how they travel: part of every provider's state."""

    callbacks: list[Callback] = Field(default_factory=list)
    control: Control = Field(default_factory=Control)

    def send(self, url: str, *, about: UUID, sequence: int, body: dict[str, Any], now: datetime) -> None:
        """Queue a message on the change number `sequence` of something; `body` is what it says beside its id."""
        due_at = now + timedelta(seconds=self.control.delay_seconds)
        message = Callback(event_id=uuid4(), url=url, about=about, sequence=sequence, body=body, due_at=due_at)
        self.callbacks += [message.model_copy() for _ in range(1 + self.control.duplicates)]

    def next(self, now: datetime) -> Callback | None:
        """The callback to send next, if one is due. When shuffled, newer ones on its subject go first, due or not."""
        due = min(self.callbacks, key=lambda callback: callback.due_at, default=None)
        if due is None or due.due_at > now:
            return None
        if not self.control.shuffle:
            return due
        # Only untried ones overtake: one that was refused waits for its time, else it would be sent without a pause.
        untried = [one for one in self.callbacks if one.about == due.about and one.attempts == 0]
        return max([due, *untried], key=lambda callback: callback.sequence)


S = TypeVar("S", bound=BaseModel)


def read_state(file: Path, model: type[S]) -> S:
    """The state in `file`; an empty one if there is no file yet."""
    return model.model_validate_json(file.read_text()) if file.exists() else model()


def write_state(file: Path, state: BaseModel) -> None:
    """Replace the file in one step, so that a kill in between leaves the old one whole."""
    beside = file.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(state.model_dump_json(indent=1))
    beside.replace(file)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over `<timestamp>.<body>`; the timestamp is in seconds since 1970, as text."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def deliver_for_ever(
    post: Post, *, secret: str, header: str, save: Callable[[], None], wake: asyncio.Event
) -> None:
    """Send what is due, one at a time; `wake` is set when something new waits. Runs until cancelled.

    `header` is the beginning of the two headers' names: `<header>-Timestamp` and `<header>-Signature`.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while True:
            wake.clear()
            callback = post.next(datetime.now(UTC))
            if callback is None:
                await _sleep_or(wake)
                continue
            if await _delivered(client, callback, secret, header):
                post.callbacks.remove(callback)
            else:
                _put_off(post, callback, datetime.now(UTC))
            save()


async def _sleep_or(wake: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(wake.wait(), 0.1)
    except TimeoutError:
        return


async def _delivered(client: httpx.AsyncClient, callback: Callback, secret: str, header: str) -> bool:
    now = datetime.now(UTC)
    said = {"event_id": str(callback.event_id), **callback.body, "sequence": callback.sequence}
    body = json.dumps({**said, "sent_at": now.isoformat()}).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        f"{header}-Timestamp": timestamp,
        f"{header}-Signature": signature(secret, timestamp, body),
    }
    try:
        answer = await client.post(callback.url, content=body, headers=headers)
    except httpx.HTTPError as error:
        print(f"callback {callback.event_id} failed: {error!r}", flush=True)
        return False
    print(f"callback {callback.event_id} sequence {callback.sequence}: {answer.status_code}", flush=True)
    return answer.is_success


def _put_off(post: Post, callback: Callback, now: datetime) -> None:
    callback.attempts += 1
    if callback.attempts >= ATTEMPTS:
        print(f"callback {callback.event_id} given up after {ATTEMPTS} attempts", flush=True)
        post.callbacks.remove(callback)
        return
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (callback.attempts - 1), LONGEST_PAUSE_SECONDS)
    callback.due_at = now + timedelta(seconds=pause)
