"""Delivering callbacks: signed, repeated until the receiver says 2xx."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx

from madoguchi_stack.ekyc.state import Callback, State, next_callback

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
ATTEMPTS = 20  # about a quarter of an hour; after that only asking for the truth helps


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over `<timestamp>.<body>`; the timestamp is in seconds since 1970, as text."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def deliver_for_ever(state: State, secret: str, save: Callable[[], None], wake: asyncio.Event) -> None:
    """Send what is due, one at a time; `wake` is set when something new waits. Runs until cancelled."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while True:
            wake.clear()
            callback = next_callback(state, datetime.now(UTC))
            if callback is None:
                await _sleep_or(wake)
                continue
            if await _delivered(client, state, callback, secret):
                state.callbacks.remove(callback)
            else:
                _put_off(state, callback, datetime.now(UTC))
            save()


async def _sleep_or(wake: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(wake.wait(), 0.1)
    except TimeoutError:
        return


async def _delivered(client: httpx.AsyncClient, state: State, callback: Callback, secret: str) -> bool:
    now = datetime.now(UTC)
    body = json.dumps(
        {
            "event_id": str(callback.event_id),
            "verification_id": str(callback.verification_id),
            "status": callback.status,
            "sequence": callback.sequence,
            "sent_at": now.isoformat(),
        }
    ).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "X-Ekyc-Timestamp": timestamp,
        "X-Ekyc-Signature": signature(secret, timestamp, body),
    }
    url = state.verifications[callback.verification_id].callback_url
    try:
        answer = await client.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        print(f"callback {callback.event_id} failed: {error!r}", flush=True)
        return False
    print(f"callback {callback.event_id} sequence {callback.sequence}: {answer.status_code}", flush=True)
    return answer.is_success


def _put_off(state: State, callback: Callback, now: datetime) -> None:
    callback.attempts += 1
    if callback.attempts >= ATTEMPTS:
        print(f"callback {callback.event_id} given up after {ATTEMPTS} attempts", flush=True)
        state.callbacks.remove(callback)
        return
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (callback.attempts - 1), LONGEST_PAUSE_SECONDS)
    callback.due_at = now + timedelta(seconds=pause)
