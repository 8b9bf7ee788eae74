"""A secured broker: every client gets what it needs to reach one, and checks whom it talks to."""

import ssl
from collections.abc import Callable
from typing import Any

import certifi
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from kit import replay_cli
from kit.group import _Failures, make_broker
from kit.process import relay_producer
from kit.settings import ServiceSettings
from support.kit_app import environment

LOGIN = {"kafka_sasl_username": "notifications", "kafka_sasl_password": "a-long-password"}


def relay_client(settings: ServiceSettings) -> AIOKafkaClient:
    return relay_producer("sample", settings).client


def consumer_client(settings: ServiceSettings) -> AIOKafkaClient:
    consumer: Any = make_broker("sample", settings, _Failures()).config.broker_config.builder()
    return consumer._client


def read(monkeypatch: pytest.MonkeyPatch, **changes: str) -> ServiceSettings:
    for name, value in environment("postgresql+asyncpg://db/x", **changes).items():
        monkeypatch.setenv(name, value)
    return ServiceSettings()


def told(client: AIOKafkaClient) -> tuple[Any, ...]:
    """What a client shows a broker."""
    login = (client._sasl_plain_username, client._sasl_plain_password)
    return client._security_protocol, client._sasl_mechanism if login != (None, None) else None, *login


@pytest.mark.parametrize("client_of", [relay_client, consumer_client], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("PLAINTEXT", None, None, None)),
        ({"kafka_security_protocol": "SSL"}, ("SSL", None, None, None)),
        (
            {"kafka_security_protocol": "SASL_SSL", **LOGIN},
            ("SASL_SSL", "SCRAM-SHA-512", "notifications", "a-long-password"),
        ),
        (
            {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "SCRAM-SHA-256", **LOGIN},
            ("SASL_SSL", "SCRAM-SHA-256", "notifications", "a-long-password"),
        ),
        (
            {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_sasl_mechanism": "PLAIN", **LOGIN},
            ("SASL_PLAINTEXT", "PLAIN", "notifications", "a-long-password"),
        ),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
async def test_the_settings_reach_the_relay_and_the_consumers(
    monkeypatch: pytest.MonkeyPatch,
    client_of: Callable[[ServiceSettings], AIOKafkaClient],
    changes: dict[str, str],
    expected: tuple[Any, ...],
) -> None:
    client = client_of(read(monkeypatch, **changes))
    assert told(client) == expected
    assert (client._ssl_context is not None) == expected[0].endswith("SSL")


@pytest.mark.parametrize("client_of", [relay_client, consumer_client], ids=lambda f: f.__name__)
async def test_the_brokers_certificate_is_checked_against_the_given_authorities(
    monkeypatch: pytest.MonkeyPatch, client_of: Callable[[ServiceSettings], AIOKafkaClient], tmp_path: Any
) -> None:
    one_authority = tmp_path / "ca.pem"
    first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
    one_authority.write_text(first + end)
    client = client_of(read(monkeypatch, kafka_security_protocol="SSL", kafka_ca_file=str(one_authority)))
    context = client._ssl_context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1


async def test_the_replay_command_reaches_a_secured_broker_with_the_same_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its clients are built for real; only the connecting is cut off."""
    for name, value in {"kafka_security_protocol": "SASL_SSL", **LOGIN}.items():
        monkeypatch.setenv(f"MADOGUCHI_{name.upper()}", value)
    seen: list[tuple[Any, ...]] = []

    class NotConnecting(Exception):
        pass

    async def note(self: Any) -> None:
        seen.append(told(self._client))
        raise NotConnecting

    async def one_partition(*_: Any) -> list[Any]:
        return ["t"]

    monkeypatch.setattr(AIOKafkaAdminClient, "start", note)
    with pytest.raises(NotConnecting):
        await replay_cli.partitions_of("127.0.0.1:1", {"t"})
    monkeypatch.setattr(replay_cli, "partitions_of", one_partition)
    monkeypatch.setattr(AIOKafkaConsumer, "start", note)
    with pytest.raises(NotConnecting):
        await replay_cli._all_empty("127.0.0.1:1", {"t"})
    assert seen == [("SASL_SSL", "SCRAM-SHA-512", "notifications", "a-long-password")] * 2
