"""Callbacks of providers: hints that are signed, taken once, and believed in nothing."""

import json
from datetime import timedelta

import httpx
from applications.providers import Listener
from madoguchi_stack.callbacks import signature
from support.counter import Counter

SECRET = "s" * 32


def signed(counter: Counter, body: dict[str, str], *, secret: str = SECRET, late: float = 0) -> dict[str, object]:
    content = json.dumps(body).encode()
    timestamp = str(int((counter.clock() - timedelta(seconds=late)).timestamp()))
    headers = {"X-Provider-Timestamp": timestamp, "X-Provider-Signature": signature(secret, timestamp, content)}
    return {"content": content, "headers": headers}


async def test_a_callback_is_heard_once_and_only_from_its_provider(counter: Counter) -> None:
    heard: list[str] = []

    async def take(_: object, provider_id: str, __: object) -> None:
        heard.append(provider_id)

    async def post(provider: str, event: str, **how: object) -> httpx.Response:
        body = {"event_id": event, "id": "thing-1", "status": "done"}
        return await counter.client.post(f"/v1/providers/{provider}/callbacks", **signed(counter, body, **how))

    counter.listeners |= {"one": Listener(SECRET, take), "two": Listener("t" * 32, take)}
    assert [(await post("one", "e-1")).status_code for _ in range(3)] == [204, 204, 204]
    assert heard == ["thing-1"]
    assert (await post("two", "e-1", secret="t" * 32)).status_code == 204  # another provider numbers for itself
    assert heard == ["thing-1", "thing-1"]
    for provider, how in [("one", {"secret": "forged"}), ("one", {"late": 301}), ("two", {}), ("three", {})]:
        refused = await post(provider, "e-2", **how)
        assert (refused.status_code, refused.json()["code"]) == (401, "callback_refused"), (provider, how)
    malformed = await counter.client.post("/v1/providers/one/callbacks", **signed(counter, {"event_id": "e-3"}))
    assert (malformed.status_code, malformed.json()["code"]) == (422, "malformed")
    assert len(heard) == 2
