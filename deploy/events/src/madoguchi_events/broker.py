"""A plain broker beside the manifest: what differs, and what of it can be put right.

Nothing is ever deleted but rules of access, and those only on request. The number of partitions is never changed: it
would move keys to other partitions and so break the order of aggregates that are under way.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from madoguchi_events.access import Rule, rules
from madoguchi_events.manifest import Manifest, Topic

SECONDS = 30

Kind = Literal["create", "configure", "allow", "revoke", "by hand"]


@dataclass(frozen=True)
class Difference:
    """One thing in which the broker is not as the manifest says, in words, and how it is put right."""

    kind: Kind
    what: str
    topic: Topic | None = None
    acl: AclBinding | None = None


def differences(admin: AdminClient, manifest: Manifest, *, access: bool = True) -> list[Difference]:
    """All of them; `access=False` leaves access out. Raises KafkaException when the broker does not answer."""
    found = _of_topics(admin, manifest)
    return [*found, *_of_access(admin, manifest)] if access else found


def put_right(admin: AdminClient, found: Iterable[Difference], *, revoke: bool = False) -> list[Difference]:
    """Do what can be done, and give what is left: what needs a person, and without `revoke` what is allowed too much.

    Raises KafkaException with the broker's reason for what it refuses.
    """
    left = []
    for one in found:
        if one.kind == "create" and one.topic:
            _done(admin.create_topics([_new(one.topic)], operation_timeout=SECONDS))
        elif one.kind == "configure" and one.topic:
            _done(admin.incremental_alter_configs([_configured(one.topic)]))
        elif one.kind == "allow" and one.acl:
            _done(admin.create_acls([one.acl]))
        elif one.kind == "revoke" and one.acl and revoke:
            _done(admin.delete_acls([_exactly(one.acl)]))
        else:
            left.append(one)
    return left


# Topics


def _of_topics(admin: AdminClient, manifest: Manifest) -> list[Difference]:
    there = admin.list_topics(timeout=SECONDS).topics
    found = []
    for topic in manifest.topics:
        if topic.name not in there:
            found.append(Difference("create", f"{topic.name}: missing", topic))
            continue
        partitions = len(there[topic.name].partitions)
        if partitions != topic.partitions:
            what = f"{topic.name}: has {partitions} partitions, and the manifest says {topic.partitions}"
            found.append(Difference("by hand", what))
        for name, (value, wanted) in _other_settings(admin, topic).items():
            found.append(Difference("configure", f"{topic.name}: {name} is {value} and not {wanted}", topic))
    ours = {topic.name for topic in manifest.topics}
    owners = {topic.owner for topic in manifest.topics}
    for name in sorted(there.keys() - ours):
        if name.partition(".")[0] in owners:  # topics of other systems on a shared broker are not our business
            found.append(Difference("by hand", f"{name}: a topic that is not in the manifest"))
    return found


def _other_settings(admin: AdminClient, topic: Topic) -> dict[str, tuple[str | None, str]]:
    (answer,) = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic.name)]).values()
    entries = answer.result(SECONDS)
    has = {name: entries[name].value for name in topic.config}
    return {name: (has[name], wanted) for name, wanted in topic.config.items() if has[name] != wanted}


def _new(topic: Topic) -> NewTopic:
    # As many copies as the broker's default says: how many there are is the cluster's matter.
    return NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=-1, config=topic.config)


def _configured(topic: Topic) -> ConfigResource:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in topic.config.items()
    ]
    return ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=entries)


# Access


def _of_access(admin: AdminClient, manifest: Manifest) -> list[Difference]:
    # Asked for, because the client shows such a broker as one that has no rules yet.
    if not _broker_setting(admin, "authorizer.class.name"):
        return [Difference("by hand", "everybody may do everything: the broker has no authorizer")]
    there = set(admin.describe_acls(_ANY).result(SECONDS))
    wanted = {_acl(rule): rule for rule in rules(manifest)}
    missing = [Difference("allow", f"{wanted[acl]}: not yet", acl=acl) for acl in wanted.keys() - there]
    users = {f"User:{user}" for user in (*manifest.services, *manifest.teams)}
    topics = {topic.name for topic in manifest.topics}
    too_much = [
        Difference("revoke", f"{_in_words(acl)}: not in the manifest", acl=acl)
        for acl in there - wanted.keys()
        if acl.principal in users or _concerns(acl, topics)
    ]
    return sorted([*missing, *too_much], key=lambda one: one.what)


def _broker_setting(admin: AdminClient, name: str) -> str | None:
    """What one of the brokers has as its setting; they share those that we look at."""
    number = next(iter(admin.list_topics(timeout=SECONDS).brokers))
    (answer,) = admin.describe_configs([ConfigResource(ConfigResource.Type.BROKER, str(number))]).values()
    value: str | None = answer.result(SECONDS)[name].value
    return value


def _concerns(acl: AclBinding, topics: set[str]) -> bool:
    """Whether a rule of somebody else's lets them at one of our topics."""
    if acl.restype != ResourceType.TOPIC or acl.permission_type != AclPermissionType.ALLOW:
        return False
    if acl.resource_pattern_type == ResourcePatternType.PREFIXED:
        return any(topic.startswith(acl.name) for topic in topics)
    return acl.name == "*" or acl.name in topics


_ANY = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)
_OPERATIONS = {"Describe": AclOperation.DESCRIBE, "Read": AclOperation.READ, "Write": AclOperation.WRITE}


def _acl(rule: Rule) -> AclBinding:
    return AclBinding(
        ResourceType.TOPIC if rule.resource == "topic" else ResourceType.GROUP,
        rule.name,
        ResourcePatternType.PREFIXED if rule.prefix else ResourcePatternType.LITERAL,
        f"User:{rule.user}",
        "*",
        _OPERATIONS[rule.operation],
        AclPermissionType.ALLOW,
    )


def _exactly(acl: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        acl.restype,
        acl.name,
        acl.resource_pattern_type,
        acl.principal,
        acl.host,
        acl.operation,
        acl.permission_type,
    )


def _in_words(acl: AclBinding) -> str:
    user = acl.principal.removeprefix("User:")
    verb = "may" if acl.permission_type == AclPermissionType.ALLOW else "may not"
    end = "*" if acl.resource_pattern_type == ResourcePatternType.PREFIXED else ""
    where = f" from {acl.host}" if acl.host != "*" else ""
    return f"{user} {verb} {acl.operation.name.capitalize()} {acl.restype.name.lower()} {acl.name}{end}{where}"


def _done(futures: Mapping[Any, Future[Any]]) -> None:
    for future in futures.values():
        future.result(SECONDS)
