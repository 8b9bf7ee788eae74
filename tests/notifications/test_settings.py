"""Settings that would be dangerous are refused at the start, without showing secrets."""

import base64
import json
from typing import Any

import pytest
from kit.vault import Vault
from notifications.delivery import RESENT_WHEN_UNKNOWN
from notifications.domain import Template
from notifications.settings import Settings
from pydantic import ValidationError
from pydantic_settings import SettingsError
from support.mailroom import SEAL_KEY

RING = json.dumps({"current": "1", "keys": {"1": base64.b64encode(b"k" * 32).decode()}})
GOOD = {
    "ENVIRONMENT": "local",
    "DATABASE_URL": "postgresql+asyncpg://x/y?sslmode=verify-full",
    "KAFKA_BOOTSTRAP": "kafka.test:9092",
    "IDENTITY_JWKS_URL": "https://identity.test/.well-known/jwks.json",
    "TOKEN_ISSUER": "https://identity.test",
    "SEAL_PRIVATE_KEY": json.dumps(SEAL_KEY),
    "SEAL_PUBLIC_KEYS": "{}",
    "VAULT_KEYS": RING,
    "PUBLIC_BASE_URL": "https://madoguchi.example.jp",
    "SMTP_RELAYS": '[{"host": "smtp.test", "port": 25}]',
    "OFFICE_MAILBOX": "office@madoguchi.example.jp",
}


def settings(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> Settings:
    for name, value in {**GOOD, **changed}.items():
        monkeypatch.setenv(f"MADOGUCHI_{name}", value)
    return Settings()


@pytest.mark.rule("NO-01")
def test_mails_come_from_the_first_domain_unless_set_otherwise(monkeypatch: pytest.MonkeyPatch):
    assert settings(monkeypatch).mail_from == "no-reply@mail.jhf.go.jp"
    assert settings(monkeypatch, MAIL_FROM="a@mail.common.jhf.go.jp").mail_from == "a@mail.common.jhf.go.jp"


@pytest.mark.rule("NO-01")
@pytest.mark.parametrize("sender", ["a@example.jp", "a@evil-mail.jhf.go.jp", "a@jhf.go.jp", "mail.jhf.go.jp"])
def test_mails_come_from_no_other_domain(monkeypatch: pytest.MonkeyPatch, sender: str):
    with pytest.raises(ValidationError):
        settings(monkeypatch, MAIL_FROM=sender)


def test_relays_are_a_list_in_the_order_of_preference(monkeypatch: pytest.MonkeyPatch):
    relays = [
        {"host": "one.test", "port": 587, "starttls": True, "username": "u", "password": "p"},
        {"host": "127.0.0.1", "port": 25},
    ]
    production = {"ENVIRONMENT": "production", "KAFKA_SECURITY_PROTOCOL": "SSL"}
    found = settings(monkeypatch, **production, SMTP_RELAYS=json.dumps(relays)).smtp_relays
    assert [relay.name for relay in found] == ["one.test:587", "127.0.0.1:25"]
    assert "'p'" not in repr(found)


@pytest.mark.parametrize(
    "relay",
    [
        {"host": "one.test", "port": 25, "username": "u", "password": "himitsu"},
        {"host": "one.test", "port": 25, "starttls": True, "password": "himitsu"},
        {"host": "one.test", "port": 25, "starttls": True, "passwort": "himitsu"},
        {"host": "", "port": 25},
    ],
    ids=["password in clear", "half a login", "unknown field", "no host"],
)
def test_a_relay_that_is_unsafe_or_half_configured_is_refused_silently_about_its_password(
    monkeypatch: pytest.MonkeyPatch, relay: dict[str, Any]
):
    with pytest.raises(ValidationError) as refused:
        settings(monkeypatch, SMTP_RELAYS=json.dumps([relay]))
    assert "himitsu" not in str(refused.value)


def test_production_sends_no_mail_in_clear_over_a_network(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValidationError, match="starttls"):
        settings(monkeypatch, ENVIRONMENT="production", KAFKA_SECURITY_PROTOCOL="SSL")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_RELAYS", "[]"),
        ("SMTP_RELAYS", "one.test:25"),
        ("OFFICE_MAILBOX", "office"),
        ("PUBLIC_BASE_URL", "https://madoguchi.example.jp/"),
        ("MAIL_RESEND_UNKNOWN", '["NO-99"]'),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    with pytest.raises((ValidationError, SettingsError)):
        settings(monkeypatch, **{name: value})


def test_an_installation_may_choose_what_is_sent_again_when_nobody_knows(monkeypatch: pytest.MonkeyPatch):
    assert settings(monkeypatch).mail_resend_unknown == RESENT_WHEN_UNKNOWN
    chosen = settings(monkeypatch, MAIL_RESEND_UNKNOWN='["NO-02"]').mail_resend_unknown
    assert chosen == {Template.REGISTRATION_LINK}


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_ring_is_read_in_both_alphabets_of_base64(encode: Any):
    keys = {"1": b"\xfb\xff" * 16, "2": b"b" * 32}
    ring = json.dumps({"current": "2", "keys": {name: encode(key).decode() for name, key in keys.items()}})
    old = Vault(keys, "1").encrypt(b"secret", "row")
    assert Vault.from_json(ring).decrypt(old, "row") == b"secret"
    assert Vault.from_json(ring).current == "2"


@pytest.mark.parametrize(
    "ring",
    [
        "",
        "[]",
        '{"keys": {}}',
        '{"current": "1", "keys": {}}',
        '{"current": "1", "keys": {"1": "c2hvcnQ="}}',
        '{"current": "1", "keys": {"1": 7}}',
        '{"current": "1", "keys": {"1": "%%%"}}',
        json.dumps({"current": "1.0", "keys": {"1.0": base64.b64encode(b"k" * 32).decode()}}),
    ],
)
def test_a_broken_key_ring_is_refused_without_showing_it(ring: str):
    with pytest.raises(ValueError, match="key") as refused:
        Vault.from_json(ring)
    assert "c2hvcnQ=" not in str(refused.value)
