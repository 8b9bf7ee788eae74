"""The HTTP side that the simulated providers share: who may ask, how callbacks travel, and the process."""

import asyncio
import contextlib
import hmac
import signal
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from madoguchi_stack.callbacks import Control, Post, deliver_for_ever, read_state, write_state


class SimulatorSettings(BaseSettings):
    """Subclass it with the provider's `env_prefix`, such as `EKYC_SIMULATOR_`."""

    state: Path
    url: str
    api_key: SecretStr
    callback_secret: SecretStr


P = TypeVar("P", bound=Post)


@dataclass
class Simulator(Generic[P]):
    """A running simulator: what it knows, and the bell of its deliverer."""

    settings: SimulatorSettings
    state: P
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def save(self) -> None:
        """Keep the state."""
        write_state(self.settings.state, self.state)

    def changed(self) -> None:
        """Keep the state, and look for callbacks to send."""
        self.save()
        self.wake.set()


def simulator_of(request: Request) -> Simulator[Post]:
    """The simulator behind a request; a provider narrows its type."""
    found: Simulator[Post] = request.app.state.provider
    return found


_SimulatorDep = Annotated[Simulator[Post], Depends(simulator_of)]


def _client(simulator: _SimulatorDep, authorization: Annotated[str, Header()] = "") -> None:
    expected = f"Bearer {simulator.settings.api_key.get_secret_value()}"
    if not hmac.compare_digest(authorization.encode(), expected.encode()):
        raise HTTPException(401, "the API key is wrong", {"WWW-Authenticate": "Bearer"})


ClientOnly = Depends(_client)
_shared = APIRouter()


@_shared.post("/control", status_code=204)
async def _control(wanted: Control, simulator: _SimulatorDep) -> None:
    """Order how callbacks travel from now on."""
    simulator.state.control = wanted
    simulator.changed()


@_shared.get("/readyz")
async def _readyz() -> dict[str, str]:
    """Serving."""
    return {"status": "ok"}


def _end_if_failed(delivery: asyncio.Task[None]) -> None:
    """End the process when delivery broke: a provider that goes on without callbacks looks healthy and is not."""
    if not delivery.cancelled() and (error := delivery.exception()):
        traceback.print_exception(error)
        signal.raise_signal(signal.SIGTERM)


def serve(title: str, settings: SimulatorSettings, state: type[P], api: APIRouter, *, header: str) -> FastAPI:
    """The app. The state is read here, so that an unreadable file stops the start and not the first request."""
    provider = Simulator(settings, read_state(settings.state, state))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        secret = settings.callback_secret.get_secret_value()
        deliver = partial(deliver_for_ever, secret=secret, header=header, save=provider.save, wake=provider.wake)
        delivery = asyncio.create_task(deliver(provider.state))
        delivery.add_done_callback(_end_if_failed)
        yield
        delivery.cancel()

    app = FastAPI(title=title, lifespan=lifespan)
    app.state.provider = provider
    app.include_router(api)
    app.include_router(_shared)
    return app
