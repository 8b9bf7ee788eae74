"""The processes as they are put together: settings that are refused, health that names what is missing."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from documents import main
from documents.settings import Settings
from fastapi import FastAPI
from joserfc.jwk import ECKey
from madoguchi_stack.s3 import S3
from pydantic import ValidationError
from support.clamd import fake_clamd
from support.servers import FreshDatabase

KEY = ECKey.generate_key("P-256", {"kid": "documents"}).as_dict(private=True)


def environment(s3: S3, database_url: str, **changes: str) -> dict[str, str]:
    return {
        "MADOGUCHI_ENVIRONMENT": "local",
        "MADOGUCHI_DATABASE_URL": database_url,
        "MADOGUCHI_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "MADOGUCHI_IDENTITY_JWKS_URL": "http://127.0.0.1:1/jwks",
        "MADOGUCHI_TOKEN_ISSUER": "https://identity.test",
        "MADOGUCHI_SEAL_PRIVATE_KEY": json.dumps(KEY),
        "MADOGUCHI_SEAL_PUBLIC_KEYS": "{}",
        "MADOGUCHI_S3_INTERNAL_URL": s3.url,
        "MADOGUCHI_S3_PUBLIC_URL": s3.url,
        "MADOGUCHI_S3_ACCESS_KEY": s3.access_key,
        "MADOGUCHI_S3_SECRET_KEY": s3.secret_key,
        "MADOGUCHI_S3_BUCKET": s3.bucket,
        "MADOGUCHI_INCOME_SERVICE_CERTIFICATES": "",
        "MADOGUCHI_SCANNER": "none",
        **{f"MADOGUCHI_{name.upper()}": value for name, value in changes.items()},
    }


SOMEWHERE = S3("http://127.0.0.1:1", "key", "secret", "bucket")


def settings(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_settings_are_read_from_the_environment_and_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch, environment(SOMEWHERE, "postgresql+asyncpg://u:hidden@h/d", s3_secret_key="hidden"))
    assert read.s3_secret_key.get_secret_value() == "hidden"
    assert "hidden" not in repr(read)


def test_a_suspicious_sweep_waits_for_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    values = environment(SOMEWHERE, "postgresql+asyncpg://h/d?sslmode=verify-full")
    assert settings(monkeypatch, values).sweep_anyway is False
    assert settings(monkeypatch, {**values, "MADOGUCHI_SWEEP_ANYWAY": "true"}).sweep_anyway is True


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "production", "kafka_security_protocol": "SSL"},
        {"scanner": "clamd"},
        {"scanner": ""},
        {"scanner": "later"},
        {"s3_public_url": "https://example.jp/files"},
        {"s3_public_url": "example.jp"},
        {"s3_internal_url": "http://minio:9000/"},
        {"s3_bucket": "ab"},
        {"clamd_port": "0"},
    ],
    ids=str,
)
def test_a_process_refuses_to_start_on_settings_that_cannot_be_meant(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        settings(monkeypatch, environment(SOMEWHERE, "postgresql+asyncpg://h/d?sslmode=verify-full", **changes))


def test_a_scanner_must_be_named_even_if_it_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    values = environment(SOMEWHERE, "postgresql+asyncpg://h/d?sslmode=verify-full")
    del values["MADOGUCHI_SCANNER"]
    with pytest.raises(ValidationError, match="scanner"):
        settings(monkeypatch, values)


def test_production_starts_with_a_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    production = {"environment": "production", "kafka_security_protocol": "SSL"}
    values = environment(
        SOMEWHERE, "postgresql+asyncpg://h/d?sslmode=verify-full", **production, scanner="clamd", clamd_host="clamd"
    )
    assert settings(monkeypatch, values).clamd_port == 3310


async def get(app: Any, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        return await client.get(path)


def built(monkeypatch: pytest.MonkeyPatch, part: str, values: Mapping[str, str]) -> Any:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    # Logging and traces are set up once per process, and this is not ours.
    monkeypatch.setattr(main.telemetry, "configure", lambda *_, **__: None)
    return getattr(main, f"build_{part}")()


@pytest.mark.real
async def test_the_api_is_ready_with_its_database_and_its_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], postgres_url: FreshDatabase, s3: S3
) -> None:
    app: FastAPI = built(monkeypatch, "api", environment(s3, await postgres_url("documents")))
    assert "files_are_not_scanned_for_malware" in capsys.readouterr().out
    answer = await get(app, "/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    simulation = await get(app, "/openapi.json")
    assert "/v1/documents/{document_id}/complete" in simulation.json()["paths"]


async def test_the_api_that_misses_its_store_says_so_and_is_alive(
    monkeypatch: pytest.MonkeyPatch, postgres_url: FreshDatabase
) -> None:
    app = built(monkeypatch, "api", environment(SOMEWHERE, await postgres_url("documents")))
    answer = await get(app, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"storage": "StorageUnavailable"}
    assert (await get(app, "/livez")).status_code == 200


@pytest.mark.real
async def test_the_worker_that_misses_its_scanner_says_so(
    monkeypatch: pytest.MonkeyPatch, postgres_url: FreshDatabase, s3: S3
) -> None:
    url = await postgres_url("documents")
    async with fake_clamd() as clamd:
        values = environment(s3, url, scanner="clamd", clamd_host="127.0.0.1", clamd_port=str(clamd.port))
        answer = await get(built(monkeypatch, "worker", values), "/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        clamd.behave = "error"
        answer = await get(built(monkeypatch, "worker", values), "/readyz")
        assert (answer.status_code, answer.json()["reasons"]) == (503, {"scanner": "ScannerUnavailable"})
