"""Puts the service together. The only module that reads the settings."""

from __future__ import annotations

from functools import partial

import structlog
from fastapi import FastAPI
from kit import simulations, telemetry
from kit.bus import Consumer
from kit.clock import system_clock
from kit.db import Database
from kit.health import Health
from kit.http import build_app
from kit.process import build_worker_app
from kit.sealed import seal
from kit.tokens import TokenVerifier
from madoguchi_contracts import Sealed
from madoguchi_contracts.envelope import SealedContent
from starlette.applications import Starlette

from documents import api, consumers, reconcile
from documents.api import Context
from documents.areas import AREAS
from documents.completion import Intake
from documents.evidence import work as evidence
from documents.scanner import Clamd, NoScanner, Scanner
from documents.settings import Settings
from documents.storage import Storage

log = structlog.get_logger(__name__)


def build_api() -> FastAPI:
    """The API process."""
    settings = _settings("api")
    intake = _intake(settings)
    health = Health()
    health.check("storage", intake.storage.check)
    verifier = TokenVerifier(settings.identity_jwks_url, settings.token_issuer, system_clock)

    context = Context("documents", intake.database, system_clock, verifier, health, intake, _seal_with(settings))
    routers = [*api.routers, simulations.build_router(AREAS)]
    return build_app(context, title="Madoguchi documents", routers=routers)


def build_worker() -> Starlette:
    """The worker process: consumers, relay, and the loop that keeps rows and objects in step."""
    settings = _settings("worker")
    intake = _intake(settings)
    health = Health()
    health.check("storage", intake.storage.check)
    # Only here: without scanner the API still lists, serves and deletes, and answers 503 to completions by itself.
    health.check("scanner", intake.scanner.check)
    health.expect("reconcile", 600)
    return build_worker_app(
        service="documents",
        settings=settings,
        database=intake.database,
        clock=system_clock,
        health=health,
        consumer=Consumer("documents", consumers.handlers(system_clock), database=intake.database, clock=system_clock),
        loops={
            "reconcile": partial(
                reconcile.run,
                intake,
                beat=partial(health.beat, "reconcile"),
                sweep_anyway=settings.sweep_anyway,
                periods=settings.retention_months,
            ),
            evidence.INCOME_SERVICE: evidence.loop(
                intake, settings.income_service_certificates, _seal_with(settings), health
            ),
        },
    )


def _seal_with(settings: Settings) -> evidence.Seal:
    def seal_to(content: SealedContent, service: str) -> Sealed:
        return Sealed(seal(content, settings.seal_public_keys[service]))

    return seal_to


def _settings(process: str) -> Settings:
    settings = Settings()
    telemetry.configure("documents", process, log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    return settings


def _intake(settings: Settings) -> Intake:
    storage = Storage(
        internal_url=settings.s3_internal_url,
        public_url=settings.s3_public_url,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        object_lock=settings.s3_object_lock,
    )
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)
    return Intake(database, storage, _scanner(settings), system_clock)


def _scanner(settings: Settings) -> Scanner:
    if settings.scanner == "none" or settings.clamd_host is None:
        log.error("files_are_not_scanned_for_malware", setting="MADOGUCHI_SCANNER=none")
        return NoScanner()
    return Clamd(settings.clamd_host, settings.clamd_port)
