"""The insurer's HTTP side: for us, for the person who joins, and for the developer who plays the insurer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from pydantic_settings import SettingsConfigDict

from madoguchi_stack.danshin import state as steps
from madoguchi_stack.danshin.pages import list_page, login_page, person_page
from madoguchi_stack.danshin.state import Application, Declaration, NotPossible, Product, State, Status, Wish
from madoguchi_stack.simulator import ClientOnly, Simulator, SimulatorSettings, serve, simulator_of


class Settings(SimulatorSettings):
    """Read from the environment: `DANSHIN_SIMULATOR_STATE` and so on."""

    model_config = SettingsConfigDict(env_prefix="DANSHIN_SIMULATOR_", frozen=True)


class Opened(BaseModel):
    """How the person gets in."""

    id: UUID
    user_id: str
    login_url: str


class Truth(BaseModel):
    """What we may know: nothing that was declared."""

    id: UUID
    reference: UUID
    status: Status
    product: Product
    declared_on: date | None
    sequence: int


class Cancellation(BaseModel):
    """An application that nobody needs any more, by our reference."""

    reference: UUID


class Decision(BaseModel):
    """What the lead insurer says."""

    status: Literal[Status.CERTIFICATE_WANTED, Status.JOINED, Status.REFUSED]


ProviderDep = Annotated[Simulator[State], Depends(simulator_of)]


async def _form(request: Request) -> dict[str, str]:
    """What a page's form sends."""
    return dict(parse_qsl((await request.body()).decode()))


FormDep = Annotated[dict[str, str], Depends(_form)]


def _found(one: Application | None) -> Application:
    """Raises HTTPException 404."""
    if one is None:
        raise HTTPException(404, "no such application")
    return one


def _do(provider: Simulator[State], step: Callable[[datetime], object]) -> None:
    """Raises HTTPException 409 for a step that is not possible."""
    try:
        step(datetime.now(UTC))
    except NotPossible as error:
        raise HTTPException(409, str(error)) from None
    provider.changed()


api = APIRouter()


@api.post("/v1/applications", status_code=201, dependencies=[ClientOnly])
async def open_application(wish: Wish, provider: ProviderDep) -> Opened:
    """Open, or find the one of that reference. 409 for one that was cancelled."""
    _do(provider, lambda now: steps.open_one(provider.state, wish, now))
    one = _found(provider.state.by_reference(wish.reference))
    return Opened(id=one.id, user_id=one.user_id, login_url=f"{provider.settings.url}/login")


@api.get("/v1/applications/{application_id}", dependencies=[ClientOnly])
async def tell_truth(application_id: UUID, provider: ProviderDep) -> Truth:
    """The present state, whatever callbacks arrived or not."""
    one = _found(provider.state.applications.get(application_id))
    return Truth(reference=one.wish.reference, **one.model_dump(include=set(Truth.model_fields) - {"reference"}))


@api.post("/v1/cancellations", dependencies=[ClientOnly])
async def cancel(wanted: Cancellation, provider: ProviderDep) -> Cancellation:
    """Nobody needs it any more, whether it was opened or not; as often as it is said."""
    _do(provider, lambda now: steps.cancel(provider.state, wanted.reference, now))
    return wanted


# What the pages' buttons do, for programs


@api.post("/v1/people/{user_id}/declaration", status_code=204)
async def declare(user_id: str, told: Declaration, provider: ProviderDep) -> None:
    """申込書兼告知書. 409 without the statement read, or a second time."""
    one = _found(provider.state.by_user(user_id))
    _do(provider, lambda now: steps.declare(provider.state, one, told, now))


@api.post("/v1/people/{user_id}/{step}", status_code=204)
async def go_on(user_id: str, step: Literal["certificate", "shin", "withdrawal"], provider: ProviderDep) -> None:
    """A certificate, the other product after a refusal, or nothing at all. 409 where that is not possible."""
    one = _found(provider.state.by_user(user_id))
    does = {"certificate": steps.bring_certificate, "shin": steps.take_shin, "withdrawal": steps.withdraw}[step]
    _do(provider, lambda now: does(provider.state, one, now))


@api.post("/v1/insurer/{user_id}/decision", status_code=204)
async def decide(user_id: str, said: Decision, provider: ProviderDep) -> None:
    """The lead insurer's word. 409 before the declaration."""
    one = _found(provider.state.by_user(user_id))
    _do(provider, lambda now: steps.decide(provider.state, one, said.status, now))


# Pages


@api.get("/", response_class=HTMLResponse, include_in_schema=False)
async def show_all(provider: ProviderDep) -> str:
    """For the developer: every application, with the insurer's buttons."""
    return list_page(provider.state.applications.values())


@api.get("/login", response_class=HTMLResponse, include_in_schema=False)
async def log_in() -> str:
    """Where the mail leads."""
    return login_page()


@api.post("/login", include_in_schema=False)
async def enter(filled_in: FormDep, provider: ProviderDep) -> RedirectResponse:
    """The person's own page."""
    one = _found(provider.state.by_user(filled_in.get("user_id", "").strip()))
    return RedirectResponse(f"/people/{one.user_id}", status_code=303)


@api.get("/people/{user_id}", response_class=HTMLResponse, include_in_schema=False)
async def show(user_id: str, provider: ProviderDep) -> str:
    """What the person can do now."""
    return person_page(_found(provider.state.by_user(user_id)))


@api.post("/people/{user_id}/declaration", include_in_schema=False)
async def press_declaration(user_id: str, filled_in: FormDep, provider: ProviderDep) -> RedirectResponse:
    """The form of the page: a box that is not ticked is not sent."""
    await declare(user_id, Declaration(**{name: name in filled_in for name in Declaration.model_fields}), provider)
    return RedirectResponse(f"/people/{user_id}", status_code=303)


@api.post("/people/{user_id}/{step}", include_in_schema=False)
async def press(
    user_id: str, step: Literal["certificate", "shin", "withdrawal"], provider: ProviderDep
) -> RedirectResponse:
    """A button of the person's page."""
    await go_on(user_id, step, provider)
    return RedirectResponse(f"/people/{user_id}", status_code=303)


@api.post("/insurer/{user_id}/{status}", include_in_schema=False)
async def press_decision(
    user_id: str, status: Literal[Status.CERTIFICATE_WANTED, Status.JOINED, Status.REFUSED], provider: ProviderDep
) -> RedirectResponse:
    """A button of the insurer."""
    await decide(user_id, Decision(status=status), provider)
    return RedirectResponse("/", status_code=303)


def build() -> FastAPI:
    """The app, with the settings of the environment."""
    return build_with(Settings())


def build_with(settings: Settings) -> FastAPI:
    """The app."""
    return serve("Simulated danshin Web service", settings, State, api, header="X-Provider")
