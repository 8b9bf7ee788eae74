"""The provider's HTTP side."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from pydantic_settings import SettingsConfigDict

from madoguchi_stack.ekyc.pages import list_page, verification_page
from madoguchi_stack.ekyc.state import Method, NotPossible, State, Status, Verification, move, start
from madoguchi_stack.simulator import ClientOnly, Simulator, SimulatorSettings, serve, simulator_of


class Settings(SimulatorSettings):
    """Read from the environment: `EKYC_SIMULATOR_STATE` and so on."""

    model_config = SettingsConfigDict(env_prefix="EKYC_SIMULATOR_", frozen=True)


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


ProviderDep = Annotated[Simulator[State], Depends(simulator_of)]


def _verification(provider: Simulator[State], verification_id: UUID) -> Verification:
    """Raises HTTPException 404 if there is none of this id."""
    if verification_id not in provider.state.verifications:
        raise HTTPException(404, "no such verification")
    return provider.state.verifications[verification_id]


def _move(provider: Simulator[State], verification: Verification, status: Status) -> None:
    """Raises HTTPException 409 if the status cannot follow."""
    try:
        move(provider.state, verification, status, datetime.now(UTC))
    except NotPossible as error:
        raise HTTPException(409, str(error)) from None
    provider.changed()


api = APIRouter()


@api.post("/v1/verifications", status_code=201, dependencies=[ClientOnly])
async def start_verification(new: NewVerification, provider: ProviderDep) -> Started:
    """Begin, or find the one of that reference: a request that is repeated must not make a second one."""
    verification = start(provider.state, new.reference, new.method, new.callback_url, datetime.now(UTC))
    provider.changed()
    return Started(id=verification.id, url=f"{provider.settings.url}/verify/{verification.id}")


@api.get("/v1/verifications/{verification_id}", dependencies=[ClientOnly])
async def tell_truth(verification_id: UUID, provider: ProviderDep) -> Truth:
    """The present state, whatever callbacks arrived or not."""
    return Truth.model_validate(_verification(provider, verification_id), from_attributes=True)


@api.post("/v1/verifications/{verification_id}/result", status_code=204)
async def pick_result(verification_id: UUID, picked: Result, provider: ProviderDep) -> None:
    """What the page's buttons do, for programs. 409 if the result cannot follow the present status."""
    _move(provider, _verification(provider, verification_id), picked.result)


@api.get("/", response_class=HTMLResponse, include_in_schema=False)
async def show_all(provider: ProviderDep) -> str:
    """For the developer: every verification."""
    return list_page(provider.state.verifications.values())


@api.get("/verify/{verification_id}", response_class=HTMLResponse, include_in_schema=False)
async def show(verification_id: UUID, provider: ProviderDep) -> str:
    """For the person: pick the result."""
    return verification_page(_verification(provider, verification_id))


@api.post("/verify/{verification_id}/{status}", include_in_schema=False)
async def press(verification_id: UUID, status: Status, provider: ProviderDep) -> RedirectResponse:
    """A button of the page."""
    _move(provider, _verification(provider, verification_id), status)
    return RedirectResponse(f"/verify/{verification_id}", status_code=303)


def build() -> FastAPI:
    """The app, with the settings of the environment."""
    return build_with(Settings())


def build_with(settings: Settings) -> FastAPI:
    """The app."""
    return serve("Simulated eKYC provider", settings, State, api, header="X-Ekyc")
