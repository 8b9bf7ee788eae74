"""The composition root of the notifications service: `build_api` and `build_worker`."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import FastAPI
from kit import simulations, telemetry
from kit.bus import Consumer
from kit.clock import system_clock
from kit.db import Database
from kit.health import Health
from kit.http import build_app
from kit.process import build_worker_app
from kit.tokens import TokenVerifier
from kit.vault import Vault
from starlette.applications import Starlette

from notifications import api, consumers
from notifications.areas import AREAS
from notifications.channels import Relays
from notifications.courier import Courier, Pacer
from notifications.settings import Settings

SERVICE = "notifications"


def _start(process: str) -> tuple[Settings, Database]:
    settings = Settings()
    telemetry.configure(SERVICE, process, log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    return settings, Database(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)


def build_api() -> FastAPI:
    """The HTTP API."""
    settings, database = _start("api")
    context = api.Context(
        service=SERVICE,
        database=database,
        clock=system_clock,
        verifier=TokenVerifier(settings.identity_jwks_url, settings.token_issuer, system_clock),
        health=Health(),
        vault=Vault.from_json(settings.vault_keys.get_secret_value()),
    )
    return build_app(context, title="Madoguchi notifications", routers=[api.router, simulations.build_router(AREAS)])


def build_worker() -> Starlette:
    """Consumers, relay of events, and the courier."""
    settings, database = _start("worker")
    vault = Vault.from_json(settings.vault_keys.get_secret_value())
    health = Health()
    relays = Relays(settings.smtp_relays)
    health.check("smtp", relays.answers)
    desk = consumers.Desk(vault, settings.seal_private_key.get_secret_value(), settings.public_base_url, system_clock)
    courier = Courier(
        database=database,
        clock=system_clock,
        vault=vault,
        relays=relays,
        pacer=Pacer(settings.mail_per_domain_per_second),
        sender=settings.mail_from,
        office_mailbox=settings.office_mailbox,
        resent=settings.mail_resend_unknown,
        parallel=settings.courier_parallel,
    )

    async def send(stop: asyncio.Event) -> None:
        health.expect("courier", 120)
        await courier.run(stop, partial(health.beat, "courier"))

    app = build_worker_app(
        service=SERVICE,
        settings=settings,
        database=database,
        clock=system_clock,
        health=health,
        consumer=Consumer(SERVICE, consumers.handlers(desk), database=database, clock=system_clock),
        loops={"courier": send},
    )
    _also_ring(database, courier)
    return app


def _also_ring(database: Database, courier: Courier) -> None:
    """A commit that queued a mail wakes the courier as well as the relay of events."""
    ring_relay = database.after_events

    def ring() -> None:
        ring_relay()
        courier.ring()

    database.after_events = ring
