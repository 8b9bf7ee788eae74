"""The chart in a cluster: applied as it is written, and rolled out, changed and removed by Helm.

The namespaces are as a careful cluster has them: the restricted Pod Security Standard is enforced, there are quotas and
limits, and who rolls out has rights in the namespace only.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from deploy.cluster import DEPLOYER, MERGE, Cluster, running_cluster
from deploy.test_helm import CHART, INSTALLATIONS, PARTS, Resource, files, pods, rendered
from deploy.tools import REQUIRED, helm
from madoguchi_stack.layout import SERVICES

pytestmark = pytest.mark.slow
installations = pytest.mark.parametrize("installation", INSTALLATIONS)
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


@pytest_asyncio.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """One for all tests here; the namespaces are theirs."""
    if not REQUIRED:
        pytest.skip("needs an API server built from source, minutes of work: `make deploy-check` does it")
    async with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        await cluster.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", OPERATORS)
        yield cluster


# Operators let those who administer a namespace use their kinds: each brings a role like this one.
OPERATORS = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "operators", "labels": {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}},
    "rules": [
        {"apiGroups": ["monitoring.coreos.com", "keda.sh"], "resources": ["*"], "verbs": ["*"]},
    ],
}


async def namespace(cluster: Cluster, name: str) -> str:
    """A namespace of its own, and what a cluster's owner puts into it."""
    metadata = {"name": name, "labels": RESTRICTED}
    await cluster.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    within = f"/api/v1/namespaces/{name}"
    # All pods of an installation at their most, while a migration runs.
    hard = {"pods": "60", "requests.cpu": "12", "requests.memory": "12Gi", "limits.memory": "24Gi"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": {"hard": hard}}
    await cluster.create(f"{within}/resourcequotas", quota)
    limit = {"type": "Container", "max": {"memory": "1Gi"}, "maxLimitRequestRatio": {"memory": "4"}}
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"}, "spec": {"limits": [limit]}}
    await cluster.create(f"{within}/limitranges", limits)
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "deployer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": DEPLOYER}],
    }
    await cluster.create(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}/rolebindings", binding)
    async with asyncio.timeout(60):
        # Until the quota counts, it refuses everything.
        while "hard" not in (await cluster.get(f"{within}/resourcequotas/quota"))["status"]:
            await asyncio.sleep(0.1)
        while "ServiceAccount/default" not in await cluster.everything(name):
            await asyncio.sleep(0.1)
    return name


async def applied(cluster: Cluster, installation: str, name: str) -> dict[str, Resource]:
    """Everything of an installation, put into a namespace; what the server made of it, by `Kind/name`."""
    made = {}
    for resource in rendered(installation):
        answer = await cluster.apply({**resource, "metadata": {**resource["metadata"], "namespace": name}}, name)
        assert answer.is_success, answer.text
        assert "Warning" not in answer.headers, answer.headers["Warning"]
        made[f"{resource['kind']}/{resource['metadata']['name']}"] = answer.json()
    return made


def lost(wanted: Any, made: Any, where: str = "") -> list[str]:
    """What was asked for and is not there, or is another: lists in order, objects with more in them than was said."""
    if isinstance(wanted, dict) and isinstance(made, dict):
        return [one for key in wanted for one in lost(wanted[key], made.get(key), f"{where}.{key}")]
    if isinstance(wanted, list) and isinstance(made, list) and len(wanted) == len(made):
        pairs = zip(wanted, made, strict=True)
        return [one for number, (a, b) in enumerate(pairs) for one in lost(a, b, f"{where}[{number}]")]
    if wanted == "" and made is None:
        return []  # the API leaves empty texts out, and a variable without a value is an empty one
    return [] if wanted == made else [f"{where}: {wanted!r} became {made!r}"]


@installations
async def test_everything_is_taken_as_it_is_written_and_once(cluster: Cluster, installation: str):
    name = await namespace(cluster, f"applied-{installation}")
    made = await applied(cluster, installation, name)
    for resource in rendered(installation):
        wanted = {**resource, "metadata": {**resource["metadata"], "namespace": name}}
        assert lost(wanted, made[f"{resource['kind']}/{resource['metadata']['name']}"]) == []
    await until_available(cluster, name)
    again = await applied(cluster, installation, name)
    for key, resource in again.items():
        assert resource["metadata"].get("generation") == made[key]["metadata"].get("generation"), key
        fields = [
            [one for one in each["metadata"]["managedFields"] if one["manager"] == "test"]
            for each in (resource, made[key])
        ]
        assert fields[0] == fields[1], key  # the time of the last change is among them
    await cluster.api.delete(f"/api/v1/namespaces/{name}")
    async with asyncio.timeout(60):
        while (await cluster.api.get(f"/api/v1/namespaces/{name}")).status_code != httpx.codes.NOT_FOUND:
            await asyncio.sleep(0.2)


async def until_available(cluster: Cluster, name: str) -> None:
    """Every process has its pods, which the namespace let in, and may lose one of them at a time."""
    expected = {f"madoguchi-{service}-{part}" for service in SERVICES for part in PARTS}
    async with asyncio.timeout(120):
        while True:
            deployments = (await cluster.get(f"/apis/apps/v1/namespaces/{name}/deployments"))["items"]
            budgets = (await cluster.get(f"/apis/policy/v1/namespaces/{name}/poddisruptionbudgets"))["items"]
            jobs = (await cluster.get(f"/apis/batch/v1/namespaces/{name}/jobs"))["items"]
            available = {
                one["metadata"]["name"]
                for one in deployments
                if one["status"].get("availableReplicas") == one["spec"]["replicas"]
            }
            if (
                available == expected
                and all(one["status"].get("disruptionsAllowed") == 1 for one in budgets)
                and all(one["status"].get("succeeded") == 1 for one in jobs)
            ):
                return
            await asyncio.sleep(0.3)


async def helm_does(cluster: Cluster, namespace: str, *command: object) -> None:
    """Helm, logged in as who rolls out. AssertionError with what it said when it fails."""
    process = await asyncio.create_subprocess_exec(
        str(helm()),
        *map(str, command),
        *(f"--namespace={namespace}", "--timeout=90s", "--wait"),
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig(DEPLOYER)), "HELM_PLUGINS": "/nonexistent"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def deployments(cluster: Cluster, name: str) -> dict[str, Resource]:
    found = (await cluster.get(f"/apis/apps/v1/namespaces/{name}/deployments"))["items"]
    return {one["metadata"]["name"]: one for one in found}


def images(found: dict[str, Resource]) -> set[str]:
    return {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in found.values()}


async def test_a_release_is_installed_changed_and_removed_with_rights_in_its_namespace_only(cluster: Cluster):
    name = await namespace(cluster, "released")
    before = set(await cluster.everything(name))
    rolls_out = ("upgrade", "--install", "madoguchi", CHART)
    await helm_does(cluster, name, *rolls_out, *files("production"))
    await until_available(cluster, name)
    first = await deployments(cluster, name)
    # What the autoscaler does is not undone by the next release.
    scale = f"/apis/apps/v1/namespaces/{name}/deployments/madoguchi-identity-api/scale"
    answer = await cluster.api.patch(scale, content=json.dumps({"spec": {"replicas": 4}}), headers=MERGE)
    assert answer.status_code == httpx.codes.OK, answer.text
    await until_available(cluster, name)
    scaled = await deployments(cluster, name)

    await helm_does(cluster, name, *rolls_out, *files("production"))
    same = await deployments(cluster, name)
    assert {key: one["spec"] for key, one in same.items()} == {key: one["spec"] for key, one in scaled.items()}
    assert {key: one["metadata"]["generation"] for key, one in same.items()} == {
        key: one["metadata"]["generation"] for key, one in scaled.items()
    }

    await helm_does(cluster, name, *rolls_out, *files("digests"))
    await until_available(cluster, name)
    changed = await deployments(cluster, name)
    assert images(changed) & images(first) == set()
    assert all("@sha256:" in image for image in images(changed))
    assert changed["madoguchi-identity-api"]["spec"]["replicas"] == 4

    await helm_does(cluster, name, "rollback", "madoguchi", "1")
    assert images(await deployments(cluster, name)) == images(first)

    await helm_does(cluster, name, "uninstall", "madoguchi")
    async with asyncio.timeout(60):
        while left := set(await cluster.everything(name)) - before:
            # Pods go after what they belong to; nothing else may be late.
            assert {one.partition("/")[0] for one in left} <= {"Pod", "ReplicaSet", "PodMetrics"}, left
            await asyncio.sleep(0.2)


async def test_a_namespace_refuses_what_our_pods_must_not_be(cluster: Cluster):
    name = await namespace(cluster, "strict")
    template = copy.deepcopy(pods("plain")["madoguchi-identity-worker"])
    template["spec"]["serviceAccountName"] = "default"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": template["spec"]}
    path = f"/api/v1/namespaces/{name}/pods?dryRun=All"
    assert (await cluster.api.post(path, json=pod)).status_code == httpx.codes.CREATED
    for change in (
        {"securityContext": {**pod["spec"]["securityContext"], "runAsUser": 0}},
        {"securityContext": {"runAsNonRoot": True}},
        {"hostNetwork": True},
    ):
        refused = await cluster.api.post(path, json={**pod, "spec": {**pod["spec"], **change}})
        assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
        assert 'violates PodSecurity "restricted' in refused.json()["message"]
    pod["spec"]["containers"][0]["resources"]["limits"]["memory"] = "2Gi"
    refused = await cluster.api.post(path, json=pod)
    assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
    assert "maximum memory usage per Container is 1Gi" in refused.json()["message"]


async def test_the_accounts_of_our_processes_may_do_nothing(cluster: Cluster):
    name = await namespace(cluster, "accounts")
    await applied(cluster, "production", name)
    accounts = (await cluster.get(f"/api/v1/namespaces/{name}/serviceaccounts"))["items"]
    assert len(accounts) == 1 + 2 * len(SERVICES)
    for account in accounts:
        who = f"system:serviceaccount:{name}:{account['metadata']['name']}"
        answer = await cluster.api.post(
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            json={
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectRulesReview",
                "spec": {"namespace": name},
            },
            headers=[
                ("Impersonate-User", who),
                *(("Impersonate-Group", f"system:{group}") for group in ("serviceaccounts", "authenticated")),
            ],
        )
        assert answer.status_code == httpx.codes.CREATED, answer.text
        rules = answer.json()["status"]["resourceRules"]
        # Asking what one may do, which everybody may.
        assert {resource for rule in rules for resource in rule["resources"]} == {
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "selfsubjectreviews",
        }
