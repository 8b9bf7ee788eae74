"""The provider's HTTP side."""

import asyncio
import contextlib
import hmac
import signal
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from madoguchi_stack.ekyc.callbacks import deliver_for_ever
from madoguchi_stack.ekyc.pages import list_page, verification_page
from madoguchi_stack.ekyc.state import (
    Control,
    Method,
    NotPossible,
    State,
    Status,
    Verification,
    move,
    read_state,
    start,
    write_state,
)


class Settings(BaseSettings):
    """Read from the environment: `EKYC_SIMULATOR_STATE` and so on."""

    model_config = SettingsConfigDict(env_prefix="EKYC_SIMULATOR_", frozen=True)

    state: Path
    url: str
    api_key: SecretStr
    callback_secret: SecretStr


class NewVerification(BaseModel):
    """What a client asks for."""

    reference: str
    method: Method
    callback_url: str


class Started(BaseModel):
    """Where to send the person."""

    id: UUID
    url: str


class Truth(BaseModel):
    """What the provider knows now."""

    id: UUID
    reference: str
    method: Method
    status: Status
    sequence: int
    updated_at: datetime


class Result(BaseModel):
    """What the person picked."""

    result: Literal[Status.RUNNING, Status.PASSED, Status.FAILED]


@dataclass
class Provider:
    """The running simulator: what it knows, and the bell of its deliverer."""

    settings: Settings
    state: State
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def save(self) -> None:
        """Keep the state."""
        write_state(self.settings.state, self.state)

    def changed(self) -> None:
        """Keep the state, and look for callbacks to send."""
        self.save()
        self.wake.set()

    def verification(self, verification_id: UUID) -> Verification:
        """Raises HTTPException 404 if there is none of this id."""
        if verification_id not in self.state.verifications:
            raise HTTPException(404, "no such verification")
        return self.state.verifications[verification_id]

    def move(self, verification: Verification, status: Status) -> None:
        """Raises HTTPException 409 if the status cannot follow."""
        try:
            move(self.state, verification, status, datetime.now(UTC))
        except NotPossible as error:
            raise HTTPException(409, str(error)) from None
        self.changed()


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


ProviderDep = Annotated[Provider, Depends(_provider)]


def _client(provider: ProviderDep, authorization: Annotated[str, Header()] = "") -> None:
    expected = f"Bearer {provider.settings.api_key.get_secret_value()}"
    if not hmac.compare_digest(authorization.encode(), expected.encode()):
        raise HTTPException(401, "the API key is wrong", {"WWW-Authenticate": "Bearer"})


api = APIRouter()
ClientOnly = Depends(_client)


@api.post("/v1/verifications", status_code=201, dependencies=[ClientOnly])
async def start_verification(new: NewVerification, provider: ProviderDep) -> Started:
    """Begin, or find the one of that reference: a request that is repeated must not make a second one."""
    verification = start(provider.state, new.reference, new.method, new.callback_url, datetime.now(UTC))
    provider.changed()
    return Started(id=verification.id, url=f"{provider.settings.url}/verify/{verification.id}")


@api.get("/v1/verifications/{verification_id}", dependencies=[ClientOnly])
async def tell_truth(verification_id: UUID, provider: ProviderDep) -> Truth:
    """The present state, whatever callbacks arrived or not."""
    return Truth.model_validate(provider.verification(verification_id), from_attributes=True)


@api.post("/v1/verifications/{verification_id}/result", status_code=204)
async def pick_result(verification_id: UUID, picked: Result, provider: ProviderDep) -> None:
    """What the page's buttons do, for programs. 409 if the result cannot follow the present status."""
    provider.move(provider.verification(verification_id), picked.result)


@api.post("/control", status_code=204)
async def control(wanted: Control, provider: ProviderDep) -> None:
    """Order how callbacks travel from now on."""
    provider.state.control = wanted
    provider.changed()


@api.get("/readyz")
async def readyz() -> dict[str, str]:
    """Serving."""
    return {"status": "ok"}


@api.get("/", response_class=HTMLResponse, include_in_schema=False)
async def show_all(provider: ProviderDep) -> str:
    """For the developer: every verification."""
    return list_page(provider.state.verifications.values())


@api.get("/verify/{verification_id}", response_class=HTMLResponse, include_in_schema=False)
async def show(verification_id: UUID, provider: ProviderDep) -> str:
    """For the person: pick the result."""
    return verification_page(provider.verification(verification_id))


@api.post("/verify/{verification_id}/{status}", include_in_schema=False)
async def press(verification_id: UUID, status: Status, provider: ProviderDep) -> RedirectResponse:
    """A button of the page."""
    provider.move(provider.verification(verification_id), status)
    return RedirectResponse(f"/verify/{verification_id}", status_code=303)


def _end_if_failed(delivery: asyncio.Task[None]) -> None:
    """End the process when delivery broke: a provider that goes on without callbacks looks healthy and is not."""
    if not delivery.cancelled() and (error := delivery.exception()):
        traceback.print_exception(error)
        signal.raise_signal(signal.SIGTERM)


def build() -> FastAPI:
    """The app, with the settings of the environment."""
    return build_with(Settings())


def build_with(settings: Settings) -> FastAPI:
    """The app. The state is read here, so that an unreadable file stops the start and not the first request."""
    provider = Provider(settings, read_state(settings.state))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        secret = settings.callback_secret.get_secret_value()
        delivery = asyncio.create_task(deliver_for_ever(provider.state, secret, provider.save, provider.wake))
        delivery.add_done_callback(_end_if_failed)
        yield
        delivery.cancel()

    app = FastAPI(title="Simulated eKYC provider", lifespan=lifespan)
    app.state.provider = provider
    app.include_router(api)
    return app
