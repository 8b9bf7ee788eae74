"""What the processes of each service find in their environment."""

import importlib

import pytest
from madoguchi_stack import clamd
from madoguchi_stack.layout import SERVICES
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from madoguchi_stack.up import addresses


@pytest.mark.parametrize("service", SERVICES)
def test_the_environment_satisfies_the_settings_of_the_service(service, servers: Servers, monkeypatch):
    for name, value in service_environment(service, servers).items():
        monkeypatch.setenv(name, value)
    settings = importlib.import_module(f"{service}.settings").Settings()
    assert settings.environment == "local"
    assert settings.kafka_bootstrap == servers.kafka_bootstrap
    assert "d" not in settings.seal_public_keys[service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_no_secret_of_another(service, servers: Servers):
    secrets = servers.secrets
    others = [name for name in SERVICES if name != service]
    foreign = [secrets.postgres_admin_password, secrets.s3_admin_secret]
    foreign += [secrets.postgres_passwords[name] for name in others]
    foreign += [secrets.seal_keys[name]["d"] for name in others]
    foreign += [key for name in others for key in secrets.vault_keys[name].keys.values()]
    if service != "identity":
        foreign += [secrets.signing_keys[0]["d"], secrets.blind_index_key]
        foreign += [secrets.ekyc_api_key, secrets.ekyc_callback_secret]
    if service != "applications":
        foreign += [secrets.danshin_api_key, secrets.danshin_callback_secret]
        foreign += [secrets.econtract_api_key, secrets.econtract_callback_secret]
    if service != "documents":
        foreign += [secrets.s3_secret_key]
    environment = "\n".join(service_environment(service, servers).values())
    assert [secret for secret in foreign if secret in environment] == []


def test_the_documents_service_scans_where_the_machine_can_and_else_says_none(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    if clamd.binary() is not None:
        given = service_environment("documents", servers)
        assert (given["MADOGUCHI_SCANNER"], given["MADOGUCHI_CLAMD_PORT"]) == ("clamd", str(servers.ports["clamd"]))
    monkeypatch.setattr(clamd, "binary", lambda: None)
    without = service_environment("documents", servers)
    assert without["MADOGUCHI_SCANNER"] == "none"
    assert "MADOGUCHI_CLAMD_HOST" not in without
    assert "clamav-daemon" in addresses(servers)
