"""Where the two processes of applications are put together; the only reader of the settings."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI
from kit import simulations, telemetry
from kit.bus import Consumer
from kit.clock import system_clock
from kit.db import Database
from kit.health import Health
from kit.http import build_app
from kit.process import Loop, build_worker_app
from kit.providers import jobs
from kit.providers.configuration import callback_secret, poll_of, provider_of
from kit.sealed import seal
from kit.tokens import TokenVerifier
from kit.vault import Vault
from madoguchi_contracts import Sealed
from madoguchi_contracts.envelope import SealedContent
from starlette.applications import Starlette

from applications import api, consumers, timers
from applications.api.context import Context
from applications.areas import AREAS
from applications.desk import Desk
from applications.directories import PostalCodes, ZenginInstitutions
from applications.econtract import rows as econtract
from applications.econtract import work
from applications.econtract.client import EContractClient
from applications.econtract.commands import take_hint
from applications.errands import ERRANDS
from applications.features.green_loan.danshin import commands as danshin_commands
from applications.features.green_loan.danshin import work as danshin
from applications.features.green_loan.danshin.client import DanshinClient
from applications.features.green_loan.maintenance.queries import in_force
from applications.features.green_loan.rates.queries import rate_table
from applications.programmes import PROGRAMMES
from applications.providers import Listener
from applications.settings import Settings

TITLE = "Madoguchi applications"


def build_api() -> FastAPI:
    """The API process."""
    settings = _settings("api")
    institutions = ZenginInstitutions()
    context = Context(
        service="applications",
        database=_database(settings),
        clock=system_clock,
        verifier=TokenVerifier(settings.identity_jwks_url, settings.token_issuer, system_clock),
        health=Health(),
        desk=_desk(settings, institutions),
        institutions=institutions,
        postal_codes=PostalCodes(),
        listeners={
            danshin.NAME: Listener(callback_secret(settings, danshin.NAME), danshin_commands.take_hint),
            econtract.PROVIDER: Listener(callback_secret(settings, econtract.PROVIDER), take_hint),
        },
        contract_video_url=settings.econtract_video_url,
        income_service_url=settings.income_service_url,
    )
    return build_app(context, title=TITLE, routers=[*api.routers, simulations.build_router(AREAS)])


def build_worker() -> Starlette:
    """The worker process."""
    settings = _settings("worker")
    database = _database(settings)
    desk = _desk(settings, ZenginInstitutions())
    private_key, health = settings.seal_private_key.get_secret_value(), Health()
    return build_worker_app(
        service="applications",
        settings=settings,
        database=database,
        clock=system_clock,
        health=health,
        consumer=Consumer(
            "applications", consumers.handlers(desk, private_key, system_clock), database=database, clock=system_clock
        ),
        deadline_handlers=timers.handlers(desk),
        loops={
            danshin.NAME: _danshin(settings, database, desk, health),
            econtract.PROVIDER: _econtract(settings, database, desk, health),
        },
    )


def _danshin(settings: Settings, database: Database, desk: Desk, health: Health) -> Loop:
    poll, provider = poll_of(settings, danshin.NAME), provider_of(settings, danshin.NAME)
    return jobs.loop(
        database,
        system_clock,
        health,
        client=lambda: DanshinClient(provider),
        jobs=lambda client: danshin.jobs(database, desk, client, system_clock, poll),
    )


def _econtract(settings: Settings, database: Database, desk: Desk, health: Health) -> Loop:
    def contracts(client: EContractClient) -> jobs.Jobs:
        return work.jobs(
            database,
            desk,
            client,
            system_clock,
            poll=poll_of(settings, econtract.PROVIDER),
            portal=settings.public_base_url,
            video_url=settings.econtract_video_url,
        )

    provider = provider_of(settings, econtract.PROVIDER)
    return jobs.loop(database, system_clock, health, client=lambda: EContractClient(provider), jobs=contracts)


def _settings(process: str) -> Settings:
    settings = Settings()
    telemetry.configure("applications", process, log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    return settings


def _database(settings: Settings) -> Database:
    return Database(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)


def _desk(settings: Settings, institutions: ZenginInstitutions) -> Desk:
    def seal_to(content: SealedContent, service: str) -> Sealed:
        return Sealed(seal(content, settings.seal_public_keys[service]))

    return Desk(
        programmes=PROGRAMMES,
        vault=Vault.from_json(settings.vault_keys.get_secret_value()),
        seal=seal_to,
        institutions=institutions,
        claim_lease=timedelta(minutes=settings.claim_lease_minutes),
        messages_per_day=settings.messages_per_day,
        message_length=settings.message_length,
        dated={"green_loan": rate_table},
        maintenance={"green_loan": in_force},
        errands=ERRANDS,
    )
