"""The chart: what it renders is valid Kubernetes, keeps our rules for pods, and fits what the services ask for.

Rendered by Helm itself, over each installation in deploy/helm/examples.
"""

from __future__ import annotations

import copy
import json
import os
import re
import runpy
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import kit.metrics
import kubernetes_validate
import notifications.metrics
import pytest
import yaml  # type: ignore[import-untyped]
from deploy.sandbox import USER
from deploy.tools import helm, schema_of_resource
from jsonschema import Draft202012Validator
from madoguchi_stack.keyring import Secrets
from madoguchi_stack.layout import ROOT, SERVICES

CHART = ROOT / "deploy/helm/madoguchi"
EXAMPLES = ROOT / "deploy/helm/examples"
# The oldest release that the chart allows, and the newest whose schemas there are.
KUBERNETES = ("1.30", "1.37")
CUSTOM = {
    "ServiceMonitor": ("servicemonitors", "v1"),
    "PrometheusRule": ("prometheusrules", "v1"),
    "ScaledObject": ("scaledobjects", "v1alpha1"),
}
INSTALLATIONS = {"production": ("production",), "plain": ("plain",), "digests": ("production", "digests")}
PARTS = ("api", "worker")
SCHEMA = runpy.run_path(str(ROOT / "deploy/helm/schema.py"))
# Who may talk to whom, and nothing else: the table that the chart's own must agree with.
ALLOWED = {
    "identity": {"api": set(), "worker": {"kafka", "identityKeys", "ekyc"}},
    "applications": {"api": {"identityKeys"}, "worker": {"kafka", "identityKeys", "econtract", "danshin"}},
    "documents": {"api": {"identityKeys", "s3", "clamd"}, "worker": {"kafka", "identityKeys", "s3", "clamd"}},
    "notifications": {"api": {"identityKeys"}, "worker": {"kafka", "identityKeys", "smtp"}},
}
EVERYBODY = {"dns", "database", "traces"}
Resource = dict[str, Any]


def run_helm(command: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HELM_PLUGINS": "/nonexistent"}
    return subprocess.run(
        [helm(), command, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )


def files(installation: str) -> list[str]:
    return [f"--values={EXAMPLES / name}.yaml" for name in INSTALLATIONS[installation]]


@cache
def values(installation: str) -> Resource:
    """The values that an installation's files say, the chart's own beneath them."""

    def over(below: Any, above: Any) -> Any:
        if not (isinstance(below, dict) and isinstance(above, dict)):
            return above
        return below | {name: over(below.get(name, {}), value) for name, value in above.items()}

    found = yaml.safe_load((CHART / "values.yaml").read_text())
    for name in INSTALLATIONS[installation]:
        found = over(found, yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text()))
    return dict(found)


@cache
def rendered(installation: str) -> list[Resource]:
    """Everything that Helm would apply, hooks too."""
    ended = run_helm("template", "madoguchi", CHART, "--namespace=madoguchi", *files(installation))
    assert ended.returncode == 0, ended.stderr
    return [one for one in yaml.safe_load_all(ended.stdout) if one]


def of_kind(installation: str, *kinds: str) -> dict[str, Resource]:
    return {one["metadata"]["name"]: one for one in rendered(installation) if one["kind"] in kinds}


def pods(installation: str) -> dict[str, Resource]:
    """The pod template of every workload, by its name."""
    return {name: one["spec"]["template"] for name, one in of_kind(installation, "Deployment", "Job").items()}


def refused(changed: Resource, tmp_path: Path) -> str:
    """What Helm says to these values, which it must refuse."""
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(changed))
    ended = run_helm("template", "madoguchi", CHART, f"--values={file}")
    assert ended.returncode != 0
    return ended.stderr


installations = pytest.mark.parametrize("installation", INSTALLATIONS)


@installations
def test_helm_finds_nothing_to_say(installation: str):
    ended = run_helm("lint", "--strict", CHART, *files(installation))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@installations
@pytest.mark.parametrize("version", KUBERNETES)
def test_everything_is_valid_kubernetes(installation: str, version: str):
    for resource in rendered(installation):
        if resource["kind"] in CUSTOM:
            schema = schema_of_resource(*CUSTOM[resource["kind"]])
            body = {name: value for name, value in resource.items() if name != "metadata"}
            assert [error.message for error in Draft202012Validator(schema).iter_errors({**body, "metadata": {}})] == []
        else:
            kubernetes_validate.validate(resource, version, strict=True)


def test_the_schemas_would_find_a_misspelt_field():
    (deployment, *_) = of_kind("production", "Deployment").values()
    wrong = copy.deepcopy(deployment)
    wrong["spec"]["replicaz"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)
    for kind, (name, version) in CUSTOM.items():
        custom = copy.deepcopy(next(iter(of_kind("production", kind).values())))
        custom["metadata"] = {}
        custom["spec"]["misspelt"] = "30s"
        assert list(Draft202012Validator(schema_of_resource(name, version)).iter_errors(custom)) != []


# Pods


@installations
def test_every_process_and_every_migration_is_there(installation: str):
    expected = {f"madoguchi-{service}-{part}" for service in SERVICES for part in (*PARTS, "migrate")}
    assert set(pods(installation)) == expected
    for kind, parts in {
        "PodDisruptionBudget": PARTS,
        "HorizontalPodAutoscaler": ("api",),
        "ScaledObject": ("worker",),
    }.items():
        switched_on = {
            "PodDisruptionBudget": True,
            "HorizontalPodAutoscaler": values(installation)["autoscaling"]["api"]["enabled"],
            "ScaledObject": values(installation)["autoscaling"]["worker"]["enabled"],
        }[kind]
        expected = {f"madoguchi-{service}-{part}" for service in SERVICES for part in parts if switched_on}
        assert set(of_kind(installation, kind)) == expected, kind


@pytest.mark.parametrize("service", SERVICES)
def test_workers_are_scaled_by_what_waits_anywhere_on_its_way(service: str):
    triggers = of_kind("production", "ScaledObject")[f"madoguchi-{service}-worker"]["spec"]["triggers"]
    asked = {
        re.findall(r"^(\w+)\((\w+)\{", trigger["metadata"]["query"])[0]: trigger["metricType"] for trigger in triggers
    }
    assert asked == {
        ("sum", kit.metrics.consumer_lag._name): "AverageValue",
        ("max", kit.metrics.consumer_oldest_seconds._name): "Value",
        ("max", kit.metrics.outbox_oldest_seconds._name): "Value",
        **({("max", notifications.metrics.oldest_unsent_seconds._name): "Value"} if service == "notifications" else {}),
    }


@installations
def test_pods_keep_to_the_restricted_standard_and_hold_no_token(installation: str):
    for name, pod in pods(installation).items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys(), name
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        }, name
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert container["resources"]["limits"].keys() >= {"memory"}, name
        assert container["resources"]["requests"].keys() >= {"memory", "cpu"}, name
        assert [volume for volume in spec.get("volumes", ()) if set(volume) != {"name", "configMap"}] == [], name


@installations
def test_images_are_exact(installation: str):
    for name, pod in pods(installation).items():
        service = name.split("-")[1]
        image = pod["spec"]["containers"][0]["image"]
        digest = values(installation)["image"]["digests"].get(service)
        said = values(installation)["image"]
        assert image == f"{said['registry']}/{service}" + (f"@{digest}" if digest else f":{said['tag']}")
        assert "latest" not in image


@installations
def test_probes_ask_what_each_is_for_and_an_api_waits_before_it_goes(installation: str):
    for name, deployment in of_kind(installation, "Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
        assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
        assert ("lifecycle" in container) is name.endswith("-api")
        # 5 s of waiting and 25 s of finishing, or a worker's 31 s.
        assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 31
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert len(deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]) == 2


# Settings


def given(pod: Resource) -> tuple[dict[str, str], dict[str, str]]:
    """The environment of a pod's container: plain values, and the keys of secrets."""
    (container,) = pod["spec"]["containers"]
    plain = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    secret = {one["name"]: one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"] if "valueFrom" in one}
    return plain, secret


@installations
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("part", PARTS)
def test_a_service_starts_with_what_it_is_given(
    installation: str, service: str, part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    settings = import_module(f"{service}.settings").Settings
    plain, secret = given(pods(installation)[f"madoguchi-{service}-{part}"])
    assert ("FORWARDED_ALLOW_IPS" in plain) is (part == "api")
    plain.pop("FORWARDED_ALLOW_IPS", None)
    assert set(plain) & set(secret) == set()
    assert {f"MADOGUCHI_{name.upper()}" for name in settings.model_fields} >= {*plain, *secret}
    assert {name: f"MADOGUCHI_{key.upper()}" for name, key in secret.items()} == {name: name for name in secret}
    held = {f"MADOGUCHI_{name.upper()}" for name in SCHEMA["secret_names"](settings)}
    assert held & set(plain) == set()
    made = runpy.run_path(str(ROOT / "deploy/compose/prepare.py"))["environments"](Secrets())[service]
    stand_ins = {
        **made,
        "MADOGUCHI_SMTP_RELAYS": json.dumps([{"host": "smtp.example.jp", "port": 587, "starttls": True}]),
        "MADOGUCHI_KAFKA_SASL_PASSWORD": "a password",
    }
    stand_ins["MADOGUCHI_DATABASE_URL"] += "?sslmode=verify-full&sslrootcert=/etc/madoguchi/database/ca.pem"
    if "MADOGUCHI_KAFKA_CA_FILE" in plain:
        plain["MADOGUCHI_KAFKA_CA_FILE"] = str(tmp_path / "ca.pem")
        (tmp_path / "ca.pem").touch()
    for name in [name for name in os.environ if name.startswith("MADOGUCHI_")]:
        monkeypatch.delenv(name)
    for name, value in (plain | {name: stand_ins[name] for name in secret}).items():
        monkeypatch.setenv(name, value)
    assert settings().environment == values(installation)["settings"]["environment"]


@installations
def test_a_migration_is_given_the_address_of_its_database_and_nothing_else(installation: str):
    for service in SERVICES:
        assert given(pods(installation)[f"madoguchi-{service}-migrate"]) == (
            {},
            {"MADOGUCHI_DATABASE_URL": "database_url"},
        )


@installations
def test_no_secret_is_part_of_the_release(installation: str):
    assert of_kind(installation, "Secret", "ConfigMap") == {}


def test_the_schema_of_the_values_is_what_the_settings_say():
    assert SCHEMA["FILE"].read_text() == SCHEMA["written"](), "run: python deploy/helm/schema.py"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("settings", "kafka_boostrap"), "kafka:9092", "kafka_boostrap"),
        (("services", "identity", "settings", "vault_keys"), "{}", "vault_keys"),
        (("services", "notifications", "settings", "smtp_relays"), "[]", "smtp_relays"),
        (("image", "tag"), "latest", "tag"),
        (("network", "trustedProxies"), [], "trustedProxies"),
        (("services", "documents", "settings"), {}, "s3_bucket"),
        (("services", "documents", "api", "resources"), {"limits": {"memory": None}}, "memory"),
        (("network", "destinations", "database"), {"to": [], "ports": [5432]}, "database"),
        (("autoscaling", "worker"), {"enabled": True}, "prometheus"),
    ],
)
def test_values_that_would_not_work_are_refused(path: tuple[str, ...], value: Any, said: str, tmp_path: Path):
    changed = copy.deepcopy(yaml.safe_load((EXAMPLES / "plain.yaml").read_text()))
    place = changed
    for name in path[:-1]:
        place = place.setdefault(name, {})
    place[path[-1]] = value
    assert said in refused(changed, tmp_path)


# The network


def selects(selector: Resource, labels: dict[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items()


@installations
def test_every_pod_has_a_policy_and_talks_only_to_whom_it_must(installation: str):
    destinations = values(installation)["network"]["destinations"]
    for name, pod in pods(installation).items():
        labels = pod["metadata"]["labels"]
        policies = [
            one["spec"]
            for one in of_kind(installation, "NetworkPolicy").values()
            if selects(one["spec"]["podSelector"], labels)
        ]
        assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in policies)
        service, part = labels["app.kubernetes.io/name"], labels["app.kubernetes.io/component"]
        wanted = {"dns", "database"} if part == "migrate" else EVERYBODY | ALLOWED[service][part]
        reached = [
            (json.dumps(rule["to"], sort_keys=True), port["port"])
            for policy in policies
            for rule in policy.get("egress", ())
            for port in rule["ports"]
            if port["protocol"] == "TCP"
        ]
        expected = [
            (json.dumps(destinations[to]["to"], sort_keys=True), port)
            for to in wanted & destinations.keys()
            for port in destinations[to]["ports"]
        ]
        assert sorted(reached) == sorted(expected), name
        let_in = [peer for policy in policies for rule in policy.get("ingress", ()) for peer in rule["from"]]
        network = values(installation)["network"]
        visitors = {"api": [*network["monitoring"], *network["ingressController"]], "worker": network["monitoring"]}
        assert let_in == visitors.get(part, []), name


@installations
def test_nobody_may_talk_to_anybody_unless_a_policy_says_so(installation: str):
    nobody = of_kind(installation, "NetworkPolicy")["madoguchi-nobody"]["spec"]
    assert not {"ingress", "egress"} & nobody.keys()
    for name, pod in pods(installation).items():
        assert selects(nobody["podSelector"], pod["metadata"]["labels"]), name


@installations
def test_requests_go_to_apis_and_monitoring_sees_every_process(installation: str):
    services = of_kind(installation, "Service")
    for service in SERVICES:
        assert services[f"madoguchi-{service}-api"]["spec"].get("publishNotReadyAddresses") is None
        assert f"madoguchi-{service}-worker" not in services
        for part in PARTS:
            name = f"madoguchi-{service}-{part}"
            watched = services[f"{name}-metrics"]
            assert watched["spec"]["publishNotReadyAddresses"] is True
            assert watched["metadata"]["labels"]["madoguchi/job"] == f"madoguchi-{service}-{part}"
            assert selects({"matchLabels": watched["spec"]["selector"]}, pods(installation)[name]["metadata"]["labels"])
    monitors = of_kind(installation, "ServiceMonitor")
    assert len(monitors) == (8 if values(installation)["serviceMonitor"]["enabled"] else 0)


@installations
def test_the_alerts_are_those_that_were_tested(installation: str):
    said = values(installation)["serviceMonitor"].get("rules", False)
    made = {name: one["spec"] for name, one in of_kind(installation, "PrometheusRule").items()}
    tested = {
        f"madoguchi-{service}": yaml.safe_load((ROOT / f"deploy/observability/rules/{service}.yaml").read_text())
        for service in SERVICES
    }
    assert made == (tested if said else {})


def test_authorities_are_mounted_where_they_are_asked_for_and_nowhere_else():
    for name, pod in pods("production").items():
        mounted = {one["mountPath"] for one in pod["spec"]["containers"][0]["volumeMounts"]}
        of_kafka = set() if name.endswith("-migrate") else {"/etc/madoguchi/kafka"}
        assert mounted == {"/etc/madoguchi/database"} | of_kafka, name
    assert [pod for pod in pods("plain").values() if "volumes" in pod["spec"]] == []
