"""A Kubernetes without nodes: etcd, the API server and the controllers are real; the kubelet's reports are made here.

So whatever a cluster says to what is applied (defaults, admission, validation, quotas, rights) is said here too, and
Deployments, Jobs, namespaces and what belongs to whom are looked after by their own controllers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from madoguchi_stack.deploy_tools import kubernetes_binary, schema_file
from madoguchi_stack.layout import HOST
from madoguchi_stack.readiness import NotReady
from madoguchi_stack.supervisor import Process, Supervisor, dies_with_launcher
from support.network import free_port

Resource = dict[str, Any]

CUSTOM = ("servicemonitors", "prometheusrules", "scaledobjects")
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "deployment-controller",
    "disruption-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "serviceaccount-controller",
)
ADMINISTRATOR = "administrator"
# Who rolls releases out: the usual role in the namespace, and none in the cluster.
DEPLOYER = "deployer"
APPLY = {"Content-Type": "application/apply-patch+yaml"}
MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass(frozen=True)
class Cluster:
    """A running cluster, asked as its administrator."""

    api: httpx.AsyncClient
    folder: Path

    def kubeconfig(self, user: str) -> Path:
        """How a client logs in as `user`."""
        return self.folder / f"{user}.yaml"

    async def get(self, path: str) -> Any:
        """The answer to GET. AssertionError unless it is 200."""
        answer = await self.api.get(path)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    async def create(self, path: str, resource: Resource) -> Resource:
        """Create a resource in the collection at `path`. AssertionError when it is refused."""
        answer = await self.api.post(path, json=resource, params={"fieldValidation": "Strict"})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return dict(answer.json())

    async def apply(self, resource: Resource, namespace: str) -> httpx.Response:
        """Server-side apply, as strict as it can be."""
        collection = await self.collection(resource["apiVersion"], resource["kind"], namespace)
        return await self.api.patch(
            f"{collection}/{resource['metadata']['name']}",
            content=json.dumps(resource),
            headers=APPLY,
            params={"fieldManager": "test", "fieldValidation": "Strict"},
        )

    async def collection(self, version: str, kind: str, namespace: str) -> str:
        """The path of all resources of a kind in a namespace."""
        group = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        known = (await self.get(group))["resources"]
        (plural,) = (one["name"] for one in known if one["kind"] == kind and "/" not in one["name"])
        return f"{group}/namespaces/{namespace}/{plural}"

    async def everything(self, namespace: str) -> dict[str, Resource]:
        """All resources of all kinds in a namespace, by `Kind/name`, but the events."""
        groups = (await self.get("/apis"))["groups"]
        found = {}
        for path in ("/api/v1", *(f"/apis/{one['preferredVersion']['groupVersion']}" for one in groups)):
            for kind in (await self.get(path))["resources"]:
                if not kind["namespaced"] or "list" not in kind["verbs"] or kind["kind"] == "Event":
                    continue
                items = (await self.get(f"{path}/namespaces/{namespace}/{kind['name']}"))["items"]
                found |= {f"{kind['kind']}/{one['metadata']['name']}": one for one in items}
        return found


@asynccontextmanager
async def running_cluster(folder: Path) -> AsyncIterator[Cluster]:
    """The cluster, with the custom resources that the chart may use. Nothing of it outlives the block."""
    etcd, peers, port = free_port(), free_port(), free_port()
    address = f"https://{HOST}:{port}"
    _accounts(folder, address)
    async with Supervisor(folder / "logs") as supervisor:
        store = f"http://{HOST}:{etcd}"
        await supervisor.start(
            Process(
                "etcd",
                dies_with_launcher(
                    (
                        str(kubernetes_binary("etcd")),
                        f"--data-dir={folder / 'etcd'}",
                        f"--listen-client-urls={store}",
                        f"--advertise-client-urls={store}",
                        f"--listen-peer-urls=http://{HOST}:{peers}",
                        "--unsafe-no-fsync",
                    )
                ),
                ready=partial(_is_ok, store, "/health", True),
            )
        )
        await supervisor.start(
            Process(
                "kube-apiserver",
                dies_with_launcher(
                    (
                        str(kubernetes_binary("kube-apiserver")),
                        f"--etcd-servers={store}",
                        f"--bind-address={HOST}",
                        f"--advertise-address={HOST}",
                        f"--secure-port={port}",
                        f"--cert-dir={folder / 'certificates'}",
                        "--endpoint-reconciler-type=none",
                        "--service-cluster-ip-range=10.96.0.0/16",
                        "--authorization-mode=RBAC",
                        f"--token-auth-file={folder / 'tokens.csv'}",
                        "--service-account-issuer=https://kubernetes.default.svc",
                        f"--service-account-key-file={folder / 'accounts.pem'}",
                        f"--service-account-signing-key-file={folder / 'accounts.pem'}",
                    )
                ),
                ready=partial(_is_ok, address, "/readyz", False),
            )
        )
        trusted = ssl.create_default_context(cafile=str(folder / "certificates/apiserver.crt"))
        headers = {"Authorization": f"Bearer {ADMINISTRATOR}"}
        async with httpx.AsyncClient(
            base_url=address, verify=trusted, headers=headers, timeout=30, trust_env=False
        ) as api:
            cluster = Cluster(api, folder)
            await _define_custom_resources(cluster)
            command = (
                str(kubernetes_binary("kube-controller-manager")),
                f"--kubeconfig={cluster.kubeconfig(ADMINISTRATOR)}",
                f"--controllers={','.join(CONTROLLERS)}",
                "--leader-elect=false",
                "--secure-port=0",
            )
            await supervisor.start(
                Process("kube-controller-manager", dies_with_launcher(command), ready=partial(_has_account, cluster))
            )
            kubelet = asyncio.create_task(_report_pods(cluster))
            try:
                yield cluster
            finally:
                kubelet.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await kubelet


def _accounts(folder: Path, address: str) -> None:
    """The key that signs service accounts' tokens, and who logs in how."""
    key = rsa.generate_private_key(65537, 2048)
    (folder / "accounts.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    users = {ADMINISTRATOR: "system:masters", DEPLOYER: "deployers"}
    (folder / "tokens.csv").write_text("".join(f'{one},{one},{one},"{group}"\n' for one, group in users.items()))
    for user in users:
        server = {"server": address, "certificate-authority": str(folder / "certificates/apiserver.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": server}],
            "users": [{"name": user, "user": {"token": user}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": user}}],
            "current-context": "here",
        }
        (folder / f"{user}.yaml").write_text(yaml.safe_dump(config))


async def _is_ok(address: str, path: str, plain: bool) -> None:
    try:
        async with httpx.AsyncClient(verify=plain, trust_env=False, timeout=5) as client:
            answer = await client.get(
                f"{address}{path}", headers={} if plain else {"Authorization": f"Bearer {ADMINISTRATOR}"}
            )
    except httpx.HTTPError as error:
        raise NotReady(repr(error)) from error
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"{answer.status_code} {answer.text[:500]}")


async def _has_account(cluster: Cluster) -> None:
    answer = await cluster.api.get("/api/v1/namespaces/default/serviceaccounts/default")
    if answer.status_code != httpx.codes.OK:
        raise NotReady(answer.text)


async def _define_custom_resources(cluster: Cluster) -> None:
    for name in CUSTOM:
        definition = yaml.safe_load(schema_file(name).read_text())
        # Without what only the operator itself could serve.
        definition["spec"].pop("conversion", None)
        made = await cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        path = f"/apis/{made['spec']['group']}/{made['spec']['versions'][0]['name']}/{made['spec']['names']['plural']}"
        async with asyncio.timeout(30):
            while (await cluster.api.get(path)).status_code != httpx.codes.OK:
                await asyncio.sleep(0.1)


async def _report_pods(cluster: Cluster) -> None:
    """What the kubelet would report: a Job's pod has succeeded, any other is ready. Until cancelled."""
    while True:
        for pod in (await cluster.get("/api/v1/pods"))["items"]:
            if pod["status"].get("phase") != "Pending" or "deletionTimestamp" in pod["metadata"]:
                continue
            (owner,) = pod["metadata"]["ownerReferences"]
            if owner["kind"] == "Job":
                status: Resource = {"phase": "Succeeded"}
            else:
                status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
            place = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}/status"
            answer = await cluster.api.patch(place, content=json.dumps({"status": status}), headers=MERGE)
            # It may be gone, or have been changed, since it was listed.
            assert answer.status_code in (httpx.codes.OK, httpx.codes.NOT_FOUND, httpx.codes.CONFLICT), answer.text
        await asyncio.sleep(0.2)
