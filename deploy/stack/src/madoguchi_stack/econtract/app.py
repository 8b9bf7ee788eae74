"""The provider's HTTP side."""

from base64 import b64decode
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import AwareDatetime, BaseModel
from pydantic_settings import SettingsConfigDict

from madoguchi_stack.econtract.pages import list_page, signing_page
from madoguchi_stack.econtract.state import (
    Envelope,
    NotPossible,
    Order,
    Signer,
    State,
    Status,
    of_signer,
    open_envelope,
    sha256,
    sign,
    void,
)
from madoguchi_stack.simulator import ClientOnly, Simulator, SimulatorSettings, serve, simulator_of


class Settings(SimulatorSettings):
    """Read from the environment: `ECONTRACT_SIMULATOR_STATE` and so on."""

    model_config = SettingsConfigDict(env_prefix="ECONTRACT_SIMULATOR_", frozen=True)


class Place(BaseModel):
    """Where one person signs."""

    reference: UUID
    url: str


class Opened(BaseModel):
    """The envelope, and where to send each person."""

    id: UUID
    signers: list[Place]


class Signature(BaseModel):
    """Whether and when one person signed."""

    reference: UUID
    signed_at: AwareDatetime | None


class Truth(BaseModel):
    """How an envelope stands."""

    status: Status
    sequence: int
    sha256: str | None
    signed_sha256: str | None
    signers: list[Signature]


ProviderDep = Annotated[Simulator[State], Depends(simulator_of)]


def _envelope(provider: Simulator[State], envelope_id: UUID) -> Envelope:
    if envelope_id not in provider.state.envelopes:
        raise HTTPException(404, "no such envelope")
    return provider.state.envelopes[envelope_id]


def _page_of(provider: Simulator[State], signer_id: UUID) -> tuple[Envelope, Signer]:
    try:
        return of_signer(provider.state, signer_id)
    except KeyError:
        raise HTTPException(404, "no such page") from None


def _truth(envelope: Envelope) -> Truth:
    return Truth(
        status=envelope.status,
        sequence=envelope.sequence,
        sha256=sha256(envelope.document),
        signed_sha256=sha256(envelope.signed_document) if envelope.signed_document else None,
        signers=[Signature(reference=one.reference, signed_at=one.signed_at) for one in envelope.signers],
    )


api = APIRouter()


@api.post("/v1/envelopes", status_code=201, dependencies=[ClientOnly])
async def open_(order: Order, provider: ProviderDep) -> Opened:
    """Open an envelope, or find the one of that reference. 409 if it was voided, or the document's digest is wrong."""
    try:
        envelope = open_envelope(provider.state, order)
    except NotPossible as error:
        raise HTTPException(409, str(error)) from None
    provider.changed()
    places = [Place(reference=one.reference, url=f"{provider.settings.url}/sign/{one.id}") for one in envelope.signers]
    return Opened(id=envelope.id, signers=places)


@api.get("/v1/envelopes/{envelope_id}", dependencies=[ClientOnly])
async def tell_truth(envelope_id: UUID, provider: ProviderDep) -> Truth:
    """The present state, whatever callbacks arrived or not."""
    return _truth(_envelope(provider, envelope_id))


@api.get("/v1/envelopes/{envelope_id}/document", dependencies=[ClientOnly], response_class=Response)
async def signed_document(envelope_id: UUID, provider: ProviderDep) -> Response:
    """The paper with all signatures; 404 before everybody has signed."""
    envelope = _envelope(provider, envelope_id)
    if envelope.signed_document is None:
        raise HTTPException(404, "not everybody has signed")
    return Response(b64decode(envelope.signed_document), media_type="application/pdf")


@api.post("/v1/references/{reference}/void", dependencies=[ClientOnly])
async def void_(reference: UUID, provider: ProviderDep) -> Truth:
    """Let nobody sign the envelope of this reference any more, also if it comes only now."""
    envelope = void(provider.state, reference, datetime.now(UTC))
    provider.changed()
    if envelope is None:
        return Truth(status=Status.UNKNOWN, sequence=0, sha256=None, signed_sha256=None, signers=[])
    return _truth(envelope)


@api.get("/", response_class=HTMLResponse, include_in_schema=False)
async def show_all(provider: ProviderDep) -> str:
    """For the developer: every envelope."""
    return list_page(provider.state.envelopes.values())


@api.get("/video", response_class=HTMLResponse, include_in_schema=False)
async def video() -> str:
    """Stands for the video that explains the contract."""
    return "<!doctype html><title>契約内容の説明動画(模擬)</title><p>契約内容の説明動画です(模擬)。</p>"


@api.get("/sign/{signer_id}", response_class=HTMLResponse, include_in_schema=False)
async def show(signer_id: UUID, provider: ProviderDep) -> str:
    """For one person: read and sign."""
    return signing_page(*_page_of(provider, signer_id))


@api.get("/sign/{signer_id}/document", response_class=Response, include_in_schema=False)
async def read(signer_id: UUID, provider: ProviderDep) -> Response:
    """The paper that is signed."""
    return Response(b64decode(_page_of(provider, signer_id)[0].document), media_type="application/pdf")


@api.post("/sign/{signer_id}", include_in_schema=False)
async def press(signer_id: UUID, provider: ProviderDep) -> RedirectResponse:
    """The button of the page. 409 if it cannot be signed; any account and password will do."""
    _page_of(provider, signer_id)
    try:
        sign(provider.state, signer_id, datetime.now(UTC))
    except NotPossible as error:
        raise HTTPException(409, str(error)) from None
    provider.changed()
    return RedirectResponse(f"/sign/{signer_id}", status_code=303)


def build() -> FastAPI:
    """The app, with the settings of the environment."""
    return build_with(Settings())


def build_with(settings: Settings) -> FastAPI:
    """The app."""
    return serve("Simulated provider of electronic contracts", settings, State, api, header="X-Provider")
