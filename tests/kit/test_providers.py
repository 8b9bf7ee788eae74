"""What all providers have in common: who is believed, how long is waited, and what production refuses."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import unquote

import httpx
import pytest
from fastapi.exceptions import RequestValidationError
from kit.providers.callbacks import CallbackRefused, Hint, check_callback, read_hint
from kit.providers.client import MOST_BYTES, Client, Provider, ProviderDown, segment
from kit.providers.configuration import refuse_unsafe
from kit.providers.pauses import after_silence, next_look, unanswered_for
from pydantic import BaseModel, SecretStr

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BODY = b'{"event_id": "e-1", "id": "x-1"}'
SECRET = "s" * 32


def sign(timestamp: str, body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def at(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_what_the_provider_signed_within_five_minutes_is_taken(late):
    check_callback(SECRET, timestamp=at(late), signature=sign(at(late)), body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        (at(301), sign(at(301))),
        (at(-301), sign(at(-301))),
        (at(0), sign(at(0), secret="another")),
        (at(0), sign(at(0), body=b"{}")),
        (at(0), sign(at(1))),
        (at(0), ""),
        (at(0), "ä"),
        ("", sign("")),
        ("1e9", sign("1e9")),
    ],
)
def test_anything_else_is_not(timestamp, signature):
    with pytest.raises(CallbackRefused):
        check_callback(SECRET, timestamp=timestamp, signature=signature, body=BODY, now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event_id": "a b", "id": "x"}', b'{"event_id": 1, "id": "x"}'])
def test_a_body_that_is_no_hint_is_malformed_and_not_repeated(body):
    with pytest.raises(RequestValidationError) as refused:
        read_hint(Hint, body)
    assert "input" not in refused.value.errors()[0]
    assert read_hint(Hint, BODY) == Hint(event_id="e-1", id="x-1")


def test_silence_makes_the_pauses_longer_up_to_five_minutes():
    assert [after_silence(looks).total_seconds() for looks in (1, 2, 8, 9, 1000)] == [2, 4, 256, 300, 300]


def test_a_silence_is_as_long_as_the_pauses_between_its_questions():
    assert [unanswered_for(looks).total_seconds() for looks in (0, 1, 2, 3, 9, 11)] == [0, 0, 2, 6, 510, 1110]


def test_what_is_open_for_long_is_asked_about_rarely_and_every_hour_at_least():
    poll = timedelta(minutes=1)
    ages = [timedelta(), timedelta(minutes=10), timedelta(hours=5), timedelta(days=300)]
    found = [next_look(NOW - age, NOW, poll) - NOW for age in ages]
    assert found == [poll, poll, timedelta(minutes=30), timedelta(hours=1)]


class Answer(BaseModel):
    x: int


def client(handle, *, https_only: bool = True) -> Client:
    provider = Provider("toy", "http://provider.test", "the-key", "http://us.test", 5, https_only)
    return Client(provider, httpx.MockTransport(handle))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (httpx.Response(503), 503),
        (httpx.Response(401), 401),
        (httpx.Response(302, headers={"Location": "http://elsewhere.test"}), 302),
        (httpx.Response(200, content=b""), None),
        (httpx.Response(200, json={"x": "personal"}), None),
        (httpx.ConnectError("http://provider.test/secret-id"), None),
    ],
)
async def test_an_answer_that_is_none_counts_as_down_and_shows_nothing_of_it(answer, status):
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer the-key"
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with client(handle) as asking:
        with pytest.raises(ProviderDown) as down:
            await asking.ask(Answer, "GET", "/v1/things/secret-id")
    assert down.value.status == status
    assert "secret-id" not in str(down.value)
    assert "personal" not in str(down.value)


async def test_a_file_without_end_is_not_taken():
    async def endless():
        while True:
            yield bytes(MOST_BYTES // 4)

    async with client(lambda _: httpx.Response(200, content=endless())) as asking:
        with pytest.raises(ProviderDown):
            await asking.file("/v1/things/1/file")
    async with client(lambda _: httpx.Response(200, content=b"file")) as asking:
        assert await asking.file("/v1/things/1/file") == b"file"


async def test_in_production_nobody_is_sent_to_a_place_without_https():
    for https_only, url in [(True, "https://place.test"), (False, "http://place.test")]:
        async with client(lambda _: httpx.Response(200), https_only=https_only) as asking:
            assert asking.link(url) == url
    async with client(lambda _: httpx.Response(200)) as asking:
        with pytest.raises(ProviderDown):
            asking.link("http://place.test")


GOOD = {
    "environment": "production",
    "toy_url": "https://provider.test",
    "toy_callback_url": "https://us.test",
    "toy_api_key": SecretStr("k" * 32),
    "toy_callback_secret": SecretStr("s" * 32),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"toy_url": "http://provider.test"},
        {"toy_callback_url": "http://us.test"},
        {"toy_api_key": SecretStr("k" * 31)},
        {"toy_callback_secret": SecretStr("s" * 31)},
    ],
)
def test_production_refuses_what_can_be_read_or_guessed(wrong):
    refuse_unsafe(SimpleNamespace(**GOOD), "toy")
    refuse_unsafe(SimpleNamespace(**{**GOOD, **wrong, "environment": "local"}), "toy")
    with pytest.raises(ValueError, match=next(iter(wrong))):
        refuse_unsafe(SimpleNamespace(**{**GOOD, **wrong}), "toy")


@pytest.mark.parametrize("provider_id", ["x-1", "a/../b", "x?all=1", "x#y", "../v2", "%2e%2e", "a b"])
async def test_an_id_of_a_provider_stays_one_segment_of_the_path_whatever_is_in_it(provider_id):
    seen = []

    async def handle(request):
        seen.append(request.url)
        return httpx.Response(200, json={"x": 1})

    async with client(handle) as opened:
        await opened.ask(Answer, "GET", f"/v1/things/{segment(provider_id)}")
    path = seen[0].raw_path.decode()
    assert path.startswith("/v1/things/")
    assert unquote(path.removeprefix("/v1/things/")) == provider_id
    assert set("/?#").isdisjoint(path.removeprefix("/v1/things/"))


@pytest.mark.parametrize("provider_id", [".", ".."])
def test_an_id_that_leads_up_the_path_is_none(provider_id):
    with pytest.raises(ProviderDown):
        segment(provider_id)
