"""The composition root of identity: the only place that reads the settings and connects things."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from fastapi import FastAPI
from kit import simulations, telemetry
from kit.bus import Consumer
from kit.clock import Clock, system_clock
from kit.db import Database
from kit.health import Health
from kit.http import build_app
from kit.process import build_worker_app
from kit.providers import jobs
from kit.providers.client import Provider
from kit.providers.configuration import callback_secret, poll_of, provider_of
from kit.vault import Vault
from starlette.applications import Starlette

from identity import api, consumers, housekeeping, verifications
from identity.api.deps import IdentityContext
from identity.areas import AREAS
from identity.clients import EkycClient
from identity.commands import accounts, ekyc, followups, lapse, sessions
from identity.hashing import Hasher
from identity.keys import BlindIndex, Keyring
from identity.limits import Limiter
from identity.settings import Settings
from identity.signing import OwnVerifier, SigningKeys
from identity.tools import PersonalData, Tools

SERVICE = "identity"


def build_tools(settings: Settings) -> Tools:
    """What commands work with. Raises ValueError when a key cannot be read."""
    index = BlindIndex(settings.index_key())
    keys = Keyring(
        vault=Vault.from_json(settings.vault_keys.get_secret_value()),
        index=index,
        seal_public_keys=settings.seal_public_keys,
    )
    return Tools(
        keys=keys,
        signing=SigningKeys(settings.signing_jwks(), settings.token_issuer, keys),
        hasher=Hasher(settings.hash_concurrency),
        limiter=Limiter(settings.rate_limits, index),
        public_base_url=settings.public_base_url,
        otp_issuer=settings.otp_issuer,
        otp_steps_back=settings.otp_steps_back,
        success_ends_one_strike=settings.success_ends_one_strike,
        ekyc_poll=poll_of(settings, verifications.PROVIDER),
        personal_data=PersonalData(
            answer_days=settings.personal_data_answer_days,
            fee_yen=settings.disclosure_fee_yen,
            disclosure=timedelta(days=settings.disclosure_days),
        ),
    )


def build_database(settings: Settings) -> Database:
    """Identity's database."""
    return Database(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)


def compose_context(settings: Settings, database: Database, clock: Clock) -> IdentityContext:
    """What requests work with, with nothing remembered yet."""
    tools = build_tools(settings)
    return IdentityContext(
        service=SERVICE,
        database=database,
        clock=clock,
        verifier=OwnVerifier(tools.signing, database, settings.token_issuer, clock),
        health=Health(),
        tools=tools,
        ekyc_callback_secret=callback_secret(settings, verifications.PROVIDER),
    )


def compose_api(settings: Settings, clock: Clock) -> FastAPI:
    """The API with these settings."""
    context = compose_context(settings, build_database(settings), clock)
    return build_app(context, title="Madoguchi identity", routers=[*api.routers, simulations.build_router(AREAS)])


def build_api() -> FastAPI:
    """`uvicorn --factory identity.main:build_api`."""
    settings = Settings()
    telemetry.configure(SERVICE, "api", log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    return compose_api(settings, system_clock)


def build_worker() -> Starlette:
    """`uvicorn --factory identity.main:build_worker`: relay, consumer, timers, the eKYC provider, housekeeping."""
    settings = Settings()
    telemetry.configure(SERVICE, "worker", log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    database, tools, health = build_database(settings), build_tools(settings), Health()
    return build_worker_app(
        service=SERVICE,
        settings=settings,
        database=database,
        clock=system_clock,
        health=health,
        consumer=Consumer(SERVICE, consumers.handlers(), database=database, clock=system_clock),
        deadline_handlers={accounts.LAPSE: lapse.lapse, ekyc.LINK_EXPIRY: ekyc.expire_link},
        loops={
            "verifications": jobs.loop(
                database,
                system_clock,
                health,
                client=lambda: EkycClient(ekyc_provider(settings)),
                jobs=lambda client: verifications.jobs(database, tools, client, system_clock),
            ),
            **{name: partial(_often, name, *work, database, health) for name, work in _repeated(tools).items()},
        },
    )


def _repeated(tools: Tools) -> dict[str, tuple[housekeeping.Work, float]]:
    """What the worker does again and again: the work, and the pause in seconds."""
    return {
        "followups": (partial(followups.follow_up, tools), followups.EVERY_SECONDS),
        "idle_sessions": (sessions.end_idle, sessions.LOOK_FOR_IDLE_SECONDS),
        "sweep": (housekeeping.sweep, housekeeping.EVERY_SECONDS),
    }


def ekyc_provider(settings: Settings) -> Provider:
    """How to reach the provider of identity verification."""
    return provider_of(settings, verifications.PROVIDER)


async def _often(
    name: str, work: housekeeping.Work, every_seconds: float, database: Database, health: Health, stop: asyncio.Event
) -> None:
    health.expect(name, 120 + 2 * every_seconds)
    beat = partial(health.beat, name)
    await housekeeping.repeat(work, database, system_clock, every_seconds=every_seconds, stop=stop, beat=beat)
