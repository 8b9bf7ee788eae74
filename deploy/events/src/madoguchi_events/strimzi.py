"""The manifest for Kubernetes with Strimzi: a KafkaTopic for each topic, a KafkaUser for each service and team."""

from itertools import groupby
from typing import Any

import yaml  # type: ignore[import-untyped]

from madoguchi_events.access import Rule, rules
from madoguchi_events.manifest import Manifest, Topic

API = "kafka.strimzi.io/v1"

Resource = dict[str, Any]


def strimzi(manifest: Manifest) -> str:
    """All resources as one YAML text. Passwords are made by Strimzi's user operator, into a Secret for each user."""
    text: str = yaml.safe_dump_all(resources(manifest), sort_keys=False, explicit_start=True)
    return f"# Written by `madoguchi topics strimzi` from deploy/topics.yaml; change that instead.\n{text}"


def resources(manifest: Manifest) -> list[Resource]:
    """The resources, topics first."""
    topics = [_topic(topic, manifest.cluster) for topic in manifest.topics]
    by_user = groupby(rules(manifest), key=lambda rule: rule.user)
    return [*topics, *(_user(user, list(its), manifest.cluster) for user, its in by_user)]


def _topic(topic: Topic, cluster: str) -> Resource:
    # Without `replicas`: how many copies there are is the cluster's matter, default.replication.factor.
    config = {"cleanup.policy": topic.config["cleanup.policy"], "retention.ms": int(topic.config["retention.ms"])}
    return _resource("KafkaTopic", topic.name, cluster, {"partitions": topic.partitions, "config": config})


def _user(user: str, its: list[Rule], cluster: str) -> Resource:
    acls = [
        {
            "resource": {"type": kind, "name": name, "patternType": "prefix" if prefix else "literal"},
            "operations": [rule.operation for rule in same],
        }
        for (kind, name, prefix), same in groupby(its, key=lambda rule: (rule.resource, rule.name, rule.prefix))
    ]
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}}
    return _resource("KafkaUser", user, cluster, spec)


def _resource(kind: str, name: str, cluster: str, spec: Resource) -> Resource:
    metadata = {"name": name, "labels": {"strimzi.io/cluster": cluster}}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}
