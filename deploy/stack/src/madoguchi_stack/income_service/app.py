"""The service's HTTP side: a page for the person, and the same for programs."""

from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from kit.japan import to_jst
from madoguchi_contracts import IncomeEvidence
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from madoguchi_stack.income_service.pages import page
from madoguchi_stack.income_service.paper import TITLE, issue
from madoguchi_stack.signer import Signer

MOST_YEN = 10_000_000_000


class Settings(BaseSettings):
    """Read from the environment: `INCOME_SERVICE_SIMULATOR_CERTIFICATE` and `..._KEY`, in PEM."""

    model_config = SettingsConfigDict(env_prefix="INCOME_SERVICE_SIMULATOR_", frozen=True)

    certificate: str
    key: SecretStr


class Wish(BaseModel, str_strip_whitespace=True, hide_input_in_errors=True):
    """Who asks, for the simulated card, and what the simulated municipality knows of that year."""

    name: str = Field(min_length=1, max_length=100)
    birth: date
    year: int = Field(ge=1900, le=9999)
    salary_yen: int | None = Field(default=None, ge=0, le=MOST_YEN)
    pension_yen: int | None = Field(default=None, ge=0, le=MOST_YEN)
    total_income_yen: int = Field(ge=0, le=MOST_YEN)


def _signer(request: Request) -> Signer:
    found: Signer = request.app.state.signer
    return found


SignerDep = Annotated[Signer, Depends(_signer)]
api = APIRouter()


@api.get("/readyz")
async def _readyz() -> dict[str, str]:
    """Serving."""
    return {"status": "ok"}


@api.get("/certificate.pem")
async def certificate(signer: SignerDep) -> Response:
    """The certificate by which files are checked."""
    return Response(signer.certificate, media_type="application/x-pem-file")


@api.get("/", response_class=HTMLResponse, include_in_schema=False)
async def show() -> str:
    """Where step 2 of the loan leads (GL-427)."""
    return page(to_jst(datetime.now(UTC)).year - 1)


@api.post("/v1/evidence", response_class=Response)
def download(wish: Wish, signer: SignerDep) -> Response:
    """The file, issued today."""
    evidence = IncomeEvidence(**wish.model_dump(), issued_on=to_jst(datetime.now(UTC)).date())
    name = quote(f"{TITLE}_{wish.year}.pdf")
    disposition = f"attachment; filename=\"income_{wish.year}.pdf\"; filename*=UTF-8''{name}"
    return Response(issue(evidence, signer), media_type="application/pdf", headers={"Content-Disposition": disposition})


async def _filled_in(request: Request) -> Wish:
    """What the page sends: a field left empty is not there."""
    fields = dict(parse_qsl((await request.body()).decode()))
    try:
        return Wish.model_validate(fields)
    except ValidationError:
        raise HTTPException(422, "入力内容をご確認ください。") from None


@api.post("/evidence", include_in_schema=False)
def press(wish: Annotated[Wish, Depends(_filled_in)], signer: SignerDep) -> Response:
    """The page's button."""
    return download(wish, signer)


def build() -> FastAPI:
    """The app, with the settings of the environment."""
    settings = Settings()
    return build_with(Signer(certificate=settings.certificate, key=settings.key.get_secret_value()))


def build_with(signer: Signer) -> FastAPI:
    """The app."""
    app = FastAPI(title="Simulated income information retrieval service")
    app.state.signer = signer
    app.include_router(api)
    return app
