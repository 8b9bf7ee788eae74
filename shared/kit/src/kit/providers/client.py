"""Asking a provider. What it answers is looked at before it is believed, and no error shows an address with an id."""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)
MOST_BYTES = 20_000_000  # of a file; a provider that sends without end must not fill the worker's memory


class ProviderDown(Exception):
    """The provider did not answer, or not as agreed; the same question may work later. `status` is HTTP's, if any."""

    def __init__(self, what: str, *, status: int | None = None) -> None:
        """`what` is shown in logs and to operators: no ids, no addresses."""
        super().__init__(what)
        self.status = status


class Provider(NamedTuple):
    """How to reach a provider, and where it reaches us."""

    name: str  # in metrics, logs, and the address of its callbacks
    url: str
    api_key: str
    callback_url: str
    timeout_seconds: float
    https_only: bool  # links that people are sent to


class Client:
    """Asks one provider. Use it as an async context manager: it keeps connections open."""

    def __init__(self, provider: Provider, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` replaces the network."""
        self.provider = provider
        self._http = httpx.AsyncClient(
            base_url=provider.url,
            headers={"Authorization": f"Bearer {provider.api_key}"},
            timeout=provider.timeout_seconds,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, model: type[T], method: str, path: str, body: Any = None) -> T:
        """The answer to a question, as this model. Raises ProviderDown."""
        try:
            answer = await self._http.request(method, path, json=body)
            answer.raise_for_status()
            return model.model_validate_json(answer.content)
        except httpx.HTTPStatusError as error:
            raise _refused(error) from None
        except (httpx.HTTPError, ValidationError) as error:
            # The text of these errors may hold an address with an id in it: the class is enough.
            raise ProviderDown(type(error).__name__) from None

    async def file(self, path: str) -> bytes:
        """A file, of at most 20 MB. Raises ProviderDown."""
        found = bytearray()
        try:
            async with self._http.stream("GET", path) as answer:
                answer.raise_for_status()
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > MOST_BYTES:
                        raise ProviderDown("its file is too large")
        except httpx.HTTPStatusError as error:
            raise _refused(error) from None
        except httpx.HTTPError as error:
            raise ProviderDown(type(error).__name__) from None
        return bytes(found)

    def link(self, url: str) -> str:
        """A link that people may be sent to. Raises ProviderDown for one without https, in production."""
        if self.provider.https_only and not url.startswith("https://"):
            raise ProviderDown("its link is not https")
        return url


def segment(provider_id: str) -> str:
    """A provider's id as one segment of a path: whatever is in it, it asks about nothing else. Raises ProviderDown for
    one that would lead elsewhere all the same.
    """
    if provider_id in {".", ".."}:
        raise ProviderDown("its id is none")
    return quote(provider_id, safe="")


def _refused(error: httpx.HTTPStatusError) -> ProviderDown:
    status = error.response.status_code
    return ProviderDown(f"HTTP {status}", status=status)
