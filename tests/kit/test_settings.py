"""Settings: nothing secret has a default, nothing convenient runs in production, and no refusal repeats a value."""

import json
import os
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from kit.settings import ServiceSettings
from pydantic import SecretStr, ValidationError
from support.kit_app import environment

URL = "postgresql+asyncpg://identity:a-long-password@db:5432/identity"
KEY = ECKey.generate_key("P-256", {"kid": "notifications"})
PUBLIC = json.dumps({"notifications": KEY.as_dict(private=False)})


def settings(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> ServiceSettings:
    """Read from an environment with these changes; None takes a variable away."""
    variables = environment(URL, kafka_idempotence="true")
    for name, value in changes.items():
        variables.pop(f"MADOGUCHI_{name.upper()}", None)
        if value is not None:
            variables[f"MADOGUCHI_{name.upper()}"] = value
    for name in [name for name in os.environ if name.startswith("MADOGUCHI_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return ServiceSettings()


def refusal(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(monkeypatch, **changes)
    return str(caught.value)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch, seal_public_keys=PUBLIC, database_pool_size="3")
    assert read.database_url.get_secret_value() == URL
    assert read.database_pool_size == 3
    assert read.seal_public_keys["notifications"]["kid"] == "notifications"


@pytest.mark.parametrize(
    "name",
    [
        "environment",
        "database_url",
        "kafka_bootstrap",
        "identity_jwks_url",
        "token_issuer",
        "seal_private_key",
        "seal_public_keys",
    ],
)
def test_what_an_installation_must_decide_has_no_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    said = refusal(monkeypatch, **{name: None})
    assert f"{name}\n  Field required" in said
    assert "a-long-password" not in said


def test_every_secret_is_required_and_hides_in_representations(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [name for name, field in ServiceSettings.model_fields.items() if field.annotation is SecretStr]
    assert secrets == ["database_url", "seal_private_key"]
    assert all(ServiceSettings.model_fields[name].is_required() for name in secrets)
    read = settings(monkeypatch)
    assert "a-long-password" not in f"{read!r} {read} {read.model_dump_json()}"


def test_settings_do_not_change_while_a_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch)
    with pytest.raises(ValidationError):
        setattr(read, "log_level", "DEBUG")  # noqa: B010 - type checkers know it, callers may not


def test_no_file_beside_the_process_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MADOGUCHI_ENVIRONMENT=production\n")
    monkeypatch.chdir(tmp_path)
    assert settings(monkeypatch).environment == "local"


PRODUCTION = {
    "environment": "production",
    "kafka_security_protocol": "SSL",
    "database_url": f"{URL}?sslmode=verify-full",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kafka_idempotence", "false"),
        ("log_level", "DEBUG"),
        ("kafka_security_protocol", "PLAINTEXT"),
        ("identity_jwks_url", "http://identity:8000/.well-known/jwks.json"),
        ("identity_jwks_url", "http://127.0.0.1.example.jp/jwks.json"),
        ("identity_jwks_url", "http://127.0.0.1@example.jp/jwks.json"),
        ("identity_jwks_url", "example.jp/jwks.json"),
        ("database_url", "postgresql+asyncpg://u:a-long-password@db.example.jp/x"),
        ("database_url", "postgresql+asyncpg://u:a-long-password@db.example.jp/x?sslmode=require"),
    ],
)
def test_what_is_convenient_locally_is_refused_in_production(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    settings(monkeypatch, **{name: value})
    said = refusal(monkeypatch, **{**PRODUCTION, name: value})
    assert name in said
    assert settings(monkeypatch, **PRODUCTION).environment == "production"


LOGIN = {"kafka_sasl_username": "notifications", "kafka_sasl_password": "a-long-password"}


@pytest.mark.parametrize("url", ["u@db.example.jp/x?sslmode=verify-full", "u@localhost/x", "u@[::1]:5432/x"])
def test_production_takes_a_database_whose_name_was_checked_or_that_is_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    read = settings(monkeypatch, **PRODUCTION | {"database_url": f"postgresql+asyncpg://{url}"})
    assert read.environment == "production"


def test_production_refuses_a_login_at_the_broker_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    in_clear = {"kafka_security_protocol": "SASL_PLAINTEXT", **LOGIN}
    settings(monkeypatch, **in_clear)
    said = refusal(monkeypatch, **PRODUCTION | in_clear)
    assert "kafka_security_protocol" in said
    assert "a-long-password" not in said
    read = settings(monkeypatch, **PRODUCTION | in_clear | {"kafka_security_protocol": "SASL_SSL"})
    assert "a-long-password" not in repr(read)


@pytest.mark.parametrize(
    "url",
    [
        "https://identity.example.jp/jwks.json",
        "http://localhost:8000/jwks.json",
        "http://127.0.0.1:8000/jwks.json",
        "http://[::1]:8000/jwks.json",
    ],
)
def test_production_takes_the_keys_of_identity_over_tls_or_from_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert settings(monkeypatch, **PRODUCTION, identity_jwks_url=url).identity_jwks_url == url


@pytest.mark.parametrize(
    "changes",
    [
        {"kafka_security_protocol": "SASL_SSL"},
        {"kafka_security_protocol": "SASL_SSL", **LOGIN, "kafka_sasl_password": ""},
        {"kafka_security_protocol": "SASL_SSL", **LOGIN, "kafka_sasl_username": None},
        {"kafka_security_protocol": "SSL", **LOGIN},
        {"kafka_security_protocol": "SSL", "kafka_ca_file": "/nowhere/ca.pem"},
        {"kafka_ca_file": __file__},
        {"kafka_sasl_mechanism": "GSSAPI"},
    ],
    ids=str,
)
def test_settings_of_the_broker_that_do_not_fit_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None]
) -> None:
    said = refusal(monkeypatch, **changes)
    assert "kafka_" in said
    assert "a-long-password" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seal_private_key", "a-long-password"),
        ("seal_private_key", "{}"),
        ("seal_private_key", '["a-long-password"]'),
        ("seal_private_key", json.dumps(KEY.as_dict(private=False))),
        ("seal_private_key", json.dumps({"keys": []})),
        ("seal_private_key", json.dumps({"keys": [KEY.as_dict(private=True)] * 2})),
        ("seal_private_key", json.dumps({"keys": [KEY.as_dict(private=True), {"kty": "a-long-password"}]})),
        ("seal_public_keys", "a-long-password"),
        ("seal_public_keys", '{"notifications": {"kty": "a-long-password"}}'),
        ("seal_public_keys", json.dumps({"notifications": KEY.as_dict(private=True)})),
        ("database_pool_size", "0"),
        ("environment", "a-long-password"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_the_start_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    said = refusal(monkeypatch, **{name: value})
    assert name in said
    assert "a-long-password" not in said
    assert str(KEY.as_dict(private=True)["d"]) not in said
