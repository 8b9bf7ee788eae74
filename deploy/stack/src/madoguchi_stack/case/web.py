"""The outside of Madoguchi as a person meets it: HTTP APIs, mails, an authenticator app."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pyotp

from madoguchi_stack.layout import HOST, SERVICES, Ports
from madoguchi_stack.mailbox import read_mails

T = TypeVar("T")
PATIENCE_SECONDS = 120  # for one thing: the machine may have more to do


class Unexpected(Exception):
    """An answer that the case cannot go on with; the text says which."""


class Web:
    """The services' APIs by name, as one client sees them."""

    def __init__(self, ports: Ports) -> None:
        """`ports` are the stack's."""
        self.ports = ports
        self._client = httpx.AsyncClient(timeout=30)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def url(self, service: str, path: str) -> str:
        """The address of a path of the API of a service, or of a simulator."""
        port = self.ports[f"{service}_api" if service in SERVICES else service]
        return f"http://{HOST}:{port}{path}"

    async def ask(
        self,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Any answer, good or bad. POSTs carry a new Idempotency-Key unless `headers` has one; bytes go as a CSV."""
        key = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        address = path if path.startswith("http") else self.url(service, path)
        if isinstance(body, bytes):
            file = {**key, "Content-Type": "text/csv", **(headers or {})}
            return await self._client.request(method, address, content=body, headers=file)
        return await self._client.request(method, address, json=body, headers={**key, **(headers or {})})

    async def get(self, service: str, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of a good answer. Raises Unexpected."""
        return _good(await self.ask("GET", service, path, headers=headers))

    async def post(self, service: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of a good answer, or None where it has none. Raises Unexpected."""
        return _good(await self.ask("POST", service, path, body, headers=headers))

    async def upload(self, url: str, fields: Mapping[str, str], content: bytes, content_type: str) -> None:
        """Put a file straight into the store, as a browser's form does. Raises Unexpected."""
        files = {"file": ("file", content, content_type)}
        _good(await self._client.post(url, data=dict(fields), files=files))

    async def mail(self, to: str, subject: str, after: int = 0, about: str = "") -> EmailMessage:
        """The mail with this subject to this address, at the earliest the one with number `after` (from 0) of them that
        have `about` in their text.

        Waits for it. Raises Unexpected.
        """

        async def look() -> EmailMessage | None:
            mails = await asyncio.to_thread(read_mails, self.ports)
            fitting = [one for one in mails if to in str(one["To"]) and str(one["Subject"]) == subject]
            fitting = [one for one in fitting if about in text_of(one)]
            return fitting[after] if len(fitting) > after else None

        return await until(look, f"the mail {subject!r}")


def _good(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Unexpected(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:600]}")
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.json() if is_json and answer.content else None


async def until(look: Callable[[], Awaitable[T | None]], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Look again and again until there is something. Raises Unexpected with `what` after `seconds`.

    Rarer and rarer, twice a second in the end: many who look all the time would be the load that they wait for.
    """
    end, pause = time.monotonic() + seconds, 0.05
    while time.monotonic() < end:
        found = await look()
        if found is not None and found is not False:
            return found
        await asyncio.sleep(pause)
        pause = min(pause * 1.25, 0.5)
    raise Unexpected(f"{what} did not come within {seconds} seconds")


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    return part.get_content() if part is not None else ""


def token_in(mail: EmailMessage) -> str:
    """The token of the link in a mail. Raises Unexpected."""
    found = re.search(r"#token=([A-Za-z0-9_-]+)", text_of(mail))
    if found is None:
        raise Unexpected(f"no link in the mail {mail['Subject']!r}")
    return found[1]


class Authenticator:
    """An authenticator app. It never offers a code twice, and waits for the next one where it has to."""

    def __init__(self, secret: str, used: int = 0) -> None:
        """`secret` is the base32 key of the enrolment; `used` the last time step whose code was used."""
        self.secret = secret
        self._totp = pyotp.TOTP(secret)
        self.used = used

    async def code(self) -> str:
        """A code that is still good: of the step before if that was not used, since it is accepted for clock skew."""
        step = max(self.used + 1, int(time.time()) // 30 - 1)
        await asyncio.sleep(max(0.0, step * 30 - time.time()))
        self.used = step
        return self._totp.at(step * 30)
