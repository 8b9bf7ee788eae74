"""Topics and access on Apache Kafka that asks everybody who they are: applied, checked, and then tried by everybody."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
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
from kit import group
from kit.bus import Consumer as Listening
from kit.bus import Record
from kit.group import consume
from kit.health import Health
from kit.metrics import consumer_failures
from kit.process import supervise
from kit.settings import ServiceSettings
from madoguchi_events.manifest import MANIFEST, read_manifest
from madoguchi_events.topics_cli import commands
from madoguchi_stack import real
from madoguchi_stack.layout import HOST, free_ports
from madoguchi_stack.readiness import NotReady
from madoguchi_stack.supervisor import Supervisor
from prometheus_client import REGISTRY
from pydantic import SecretStr
from typer.testing import CliRunner

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("MADOGUCHI_TEST_SERVERS") != "real", reason="only Apache Kafka knows access: make test-real"
    ),
]

PATIENCE_SECONDS = 120  # the machine may be slow; nothing waits for longer than this
PEOPLE = ("admin", *read_manifest().services, *read_manifest().teams, "stranger")
TOPICS = [topic.name for topic in read_manifest().topics]


def login(user: str) -> dict[str, Any]:
    """How a user of the test's broker logs in."""
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": f"{user}-secret",
        "log_level": 0,
    }


@pytest_asyncio.fixture(scope="module")
async def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A broker of this module's own that lets only known users in, and allows them nothing yet."""
    folder, ports = tmp_path_factory.mktemp("guarded"), free_ports()
    address = f"{HOST}:{ports['kafka']}"
    users = " ".join(f'user_{user}="{user}-secret"' for user in PEOPLE)
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    guarded = {
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLERS:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.clients.plain.sasl.jaas.config": (f'{module} username="admin" password="admin-secret" {users};'),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # The one node talks to itself as controller without a login, on the loopback address.
        "super.users": "User:admin;User:ANONYMOUS",
    }

    async def ready() -> None:
        def look() -> None:
            try:
                AdminClient({"bootstrap.servers": address, **login("admin")}).list_topics(timeout=3)
            except KafkaException as error:
                raise NotReady(str(error)) from error

        await asyncio.to_thread(look)

    await asyncio.to_thread(real.obtain)
    async with Supervisor(folder / "logs") as supervisor:
        await real.format_kafka(folder, ports, supervisor, guarded)
        await supervisor.start(replace(real.kafka(folder, ports), ready=ready))
        yield address


@pytest.fixture
def admin(bootstrap: str) -> AdminClient:
    """The operator."""
    return AdminClient({"bootstrap.servers": bootstrap, **login("admin")})


class Topics:
    """`madoguchi topics` as the operator."""

    def __init__(self, bootstrap: str, config: Path) -> None:
        self._bootstrap, self._config = bootstrap, config
        config.write_text("# admin\n" + "".join(f"{name}={value}\n" for name, value in login("admin").items()))

    def __call__(self, command: str, *options: str) -> tuple[int, list[str]]:
        arguments = [command, "--bootstrap", self._bootstrap, "--command-config", str(self._config), *options]
        result = CliRunner().invoke(commands, arguments)
        return result.exit_code, result.output.splitlines()


@pytest.fixture
def topics(bootstrap: str, tmp_path: Path) -> Topics:
    """The command."""
    return Topics(bootstrap, tmp_path / "admin.properties")


GOOD = (0, ["the broker is as the manifest says"])


def test_a_new_broker_is_told_all_that_is_missing_and_gets_it_once(topics):
    code, missing = topics("check")
    assert code == 1
    assert [line for line in missing if line.endswith("v1: missing")] == [f"{topic}: missing" for topic in TOPICS]
    assert "statistics may Read topic documents.documents.v1: not yet" in missing
    assert topics("check") == (1, missing)  # it changed nothing

    code, done = topics("apply")
    assert (code, done) == (0, [*(f"done: {line}" for line in missing), *GOOD[1]])
    assert topics("check") == GOOD
    assert topics("apply") == GOOD


@pytest.fixture
def applied(topics) -> Topics:
    """After `apply`."""
    assert topics("apply", "--revoke")[0] == 0
    return topics


def until_config(admin: AdminClient, topic: str, name: str, value: str) -> None:
    """Wait for it: the broker says yes before the one that is asked next has heard of it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while config_of(admin, topic)[name] != value:
        assert time.monotonic() < end, f"{name} of {topic} did not become {value}"
        time.sleep(0.1)


def config_of(admin: AdminClient, topic: str) -> dict[str, str]:
    (answer,) = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]).values()
    return {name: entry.value for name, entry in answer.result(20).items()}


def test_a_topic_has_the_partitions_and_the_retention_of_the_manifest(applied, admin):
    for topic in read_manifest().topics:
        assert len(admin.list_topics(topic.name, timeout=20).topics[topic.name].partitions) == topic.partitions
        assert config_of(admin, topic.name).items() >= topic.config.items()


def test_a_setting_changed_by_hand_is_told_and_set_again_and_others_stay(applied, admin):
    (topic, *_) = TOPICS
    by_hand = {"retention.ms": "1000", "max.message.bytes": "2000000"}
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in by_hand.items()]
    changed = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    for future in admin.incremental_alter_configs([changed]).values():
        future.result(20)
    until_config(admin, topic, "retention.ms", "1000")
    assert applied("check") == (1, [f"{topic}: retention.ms is 1000 and not 2592000000"])
    assert applied("apply")[0] == 0
    until_config(admin, topic, "retention.ms", "2592000000")
    assert config_of(admin, topic)["max.message.bytes"] == "2000000"


def test_who_may_not_ask_or_change_is_told_in_the_brokers_words(applied, bootstrap, tmp_path):
    as_somebody_else = tmp_path / "statistics.properties"
    as_somebody_else.write_text("".join(f"{name}={value}\n" for name, value in login("statistics").items()))
    for command in ("check", "apply"):
        arguments = [command, "--bootstrap", bootstrap, "--command-config", str(as_somebody_else)]
        result = CliRunner().invoke(commands, arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("broker: ")
        assert "uthoriz" in result.stderr


def test_what_is_allowed_too_much_is_told_and_taken_away_on_request_only(applied, admin):
    def allowed(user: str, pattern: ResourcePatternType, name: str) -> AclBinding:
        what = (AclOperation.READ, AclPermissionType.ALLOW)
        return AclBinding(ResourceType.TOPIC, name, pattern, f"User:{user}", "*", *what)

    planted = [
        allowed("statistics", ResourcePatternType.LITERAL, "identity.accounts.v1"),
        allowed("stranger", ResourcePatternType.PREFIXED, "ident"),
        allowed("stranger", ResourcePatternType.LITERAL, "*"),
        allowed("stranger", ResourcePatternType.LITERAL, "somebody.elses.v1"),  # none of our business
    ]
    for future in admin.create_acls(planted).values():
        future.result(20)
    told = [
        "statistics may Read topic identity.accounts.v1: not in the manifest",
        "stranger may Read topic *: not in the manifest",
        "stranger may Read topic ident*: not in the manifest",
    ]
    assert applied("check") == (1, told)
    assert applied("apply") == (1, told)
    assert applied("apply", "--revoke") == (0, [*(f"done: {line}" for line in told), *GOOD[1]])
    assert applied("check") == GOOD


def test_partitions_are_never_changed_and_unknown_topics_of_ours_are_told(applied, admin, tmp_path):
    (future,) = admin.create_topics([NewTopic("identity.forgotten.v1", 1, 1)]).values()
    future.result(20)
    wish = tmp_path / "topics.yaml"
    wish.write_text(MANIFEST.read_text().replace("accounts.v1, partitions: 4", "accounts.v1, partitions: 6"))
    left = [
        "identity.accounts.v1: has 4 partitions, and the manifest says 6",
        "identity.forgotten.v1: a topic that is not in the manifest",
    ]
    try:
        assert applied("apply", "--manifest", str(wish)) == (1, left)
        assert len(admin.list_topics(timeout=20).topics["identity.accounts.v1"].partitions) == 4
    finally:
        for deleted in admin.delete_topics(["identity.forgotten.v1"]).values():
            deleted.result(20)


# Everybody tries everything


def may_write(bootstrap: str, user: str, topic: str) -> bool:
    errors: list[Any] = []
    producer = Producer({"bootstrap.servers": bootstrap, **login(user), "message.timeout.ms": 20000})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(25) == 0
    (error,) = errors
    assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    return error is None


def may_read(bootstrap: str, user: str, topic: str, group: str) -> bool:
    """Whether somebody may see a topic, fetch a record of it and commit in a group of that name."""
    refused = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)
    answers: list[KafkaError | None] = []
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            **login(user),
            "group.id": group,
            "on_commit": lambda error, _: answers.append(error),
        }
    )
    try:
        # Asked first: the client never tells of a topic that it must not see, it waits for it.
        seen = consumer.list_topics(topic, timeout=20).topics[topic].error
        if seen is not None:
            assert seen.code() in refused
            return False
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(2)])
        message = consumer.poll(20)
        assert message is not None
        if message.error() is not None:
            assert message.error().code() in refused
            return False
        return may_commit(consumer, message, answers)
    finally:
        consumer.close()


def may_commit(consumer: Consumer, message: Message, answers: list[KafkaError | None]) -> bool:
    """Whether the consumer's group is one that its user may use; `answers` are what the broker says of commits.

    The client's own waiting for an answer has no end when it comes while the group's coordinator is looked for.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        answers.clear()
        consumer.commit(message)
        for _ in range(20):
            consumer.poll(0.1)
            if answers:
                break
        if not answers or (answers[0] is not None and answers[0].code() == KafkaError._WAIT_COORD):
            consumer.poll(0.2)
            continue
        if answers[0] is None:
            return True
        if answers[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return False
        raise KafkaException(answers[0])
    raise AssertionError("no coordinator")


async def test_everybody_can_do_exactly_what_the_manifest_allows(applied, bootstrap):
    manifest = read_manifest()
    for topic in TOPICS:
        producer = Producer({"bootstrap.servers": bootstrap, **login("admin")})
        for partition in range(2):
            producer.produce(topic, b"{}", partition=partition)
        producer.flush(20)
    users = [user for user in PEOPLE if user != "admin"]
    tries = list(product(users, TOPICS))
    limit = asyncio.Semaphore(8)

    async def tried(function: Any, *arguments: str) -> bool:
        async with limit:
            answer: bool = await asyncio.to_thread(function, bootstrap, *arguments)
            return answer

    def group_of(user: str) -> str:
        return user if user in manifest.services else f"{user}.{uuid4().hex[:6]}"

    wrote = await asyncio.gather(*(tried(may_write, user, topic) for user, topic in tries))
    read = await asyncio.gather(*(tried(may_read, user, topic, group_of(user)) for user, topic in tries))
    owner = {topic.name: topic.owner for topic in manifest.topics}
    reads = {**manifest.services, **manifest.teams}
    assert dict(zip(tries, wrote, strict=True)) == {(user, topic): owner[topic] == user for user, topic in tries}
    assert dict(zip(tries, read, strict=True)) == {
        (user, topic): owner[topic] == user or topic in reads.get(user, []) for user, topic in tries
    }


@pytest.mark.parametrize("group", ["notifications", "statistics", "statistics-2.x", "bond-ledger.x"])
def test_a_team_cannot_join_the_groups_of_others(applied, bootstrap, group):
    assert may_read(bootstrap, "statistics", "documents.documents.v1", f"statistics.{uuid4().hex[:6]}")
    assert not may_read(bootstrap, "statistics", "documents.documents.v1", group)


# A service that is not let in


RIGHT = login("documents")["sasl.password"]


class Listener:
    """The consumer of documents, supervised as in its worker."""

    def __init__(
        self, bootstrap: str, *, password: str = login("documents")["sasl.password"], group: str = "documents"
    ):
        self.consumer = Listening(group, {}, database=None, clock=None)  # type: ignore[arg-type]
        self.consumer.topics = ["applications.applications.v1"]
        self.consumer.process = self._take  # type: ignore[method-assign]
        self.taken: set[bytes | None] = set()
        self.settings = ServiceSettings.model_construct(
            kafka_bootstrap=bootstrap,
            kafka_session_timeout_ms=6_000,
            kafka_fetch_max_wait_ms=50,
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_sasl_mechanism="PLAIN",
            kafka_sasl_username="documents",
            kafka_sasl_password=SecretStr(password),
        )
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`, whatever fails."""
        await supervise("consumer", lambda stop: consume(self.consumer, self.settings, Health(), stop), self.stop)

    async def _take(self, records: Sequence[Record]) -> None:
        self.taken.update(record.value for record in records)

    def partitions(self, topic: str = "applications.applications.v1") -> float | None:
        """How many it reads, as an alert sees it."""
        return REGISTRY.get_sample_value("madoguchi_consumer_partitions", {"topic": topic})


def refusals() -> float:
    """Of all kinds."""
    samples = [sample for family in consumer_failures.collect() for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("wrong", [{"password": "another"}, {"group": "notifications"}], ids=str)
async def test_a_service_with_a_wrong_password_or_group_reads_nothing_and_is_counted(applied, bootstrap, wrong):
    before, listener = refusals(), Listener(bootstrap, **wrong)
    running = asyncio.create_task(listener.run())
    try:
        await until(lambda: refusals() >= before + 3)
        assert listener.partitions() == 0
    finally:
        listener.stop.set()
        await running


async def test_a_service_whose_rule_is_taken_away_while_it_reads_is_counted_and_goes_on_when_it_is_back(
    applied, admin, bootstrap
):
    listener = Listener(bootstrap)
    running = asyncio.create_task(listener.run())
    try:
        await until(lambda: listener.partitions() == 4)
        before = refusals()
        of_the_group = AclBindingFilter(
            ResourceType.GROUP,
            None,
            ResourcePatternType.ANY,
            "User:documents",
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        for future in admin.delete_acls([of_the_group]).values():
            assert future.result(20)
        await until(lambda: refusals() >= before + 3)
        assert listener.partitions() == 0
        producer = Producer({"bootstrap.servers": bootstrap, **login("admin")})
        meanwhile = uuid4().bytes
        producer.produce(*listener.consumer.topics, meanwhile)
        producer.flush(20)
        assert (await asyncio.to_thread(applied, "apply"))[0] == 0
        await until(lambda: meanwhile in listener.taken)
    finally:
        listener.stop.set()
        await running


async def test_a_topic_without_a_rule_holds_up_no_other_and_is_read_when_it_has_one(
    applied, admin, bootstrap, monkeypatch
):
    monkeypatch.setattr(group, "RULE_SECONDS", 1)
    producer = Producer({"bootstrap.servers": bootstrap, **login("admin")})
    open_, closed = topics = ["applications.applications.v1", "identity.accounts.v1"]
    listener = Listener(bootstrap)
    listener.consumer.topics = topics
    on_it = (ResourceType.TOPIC, closed, ResourcePatternType.LITERAL, "User:documents")

    def take_away() -> None:
        reading = AclBindingFilter(*on_it, None, AclOperation.READ, AclPermissionType.ANY)
        for future in admin.delete_acls([reading]).values():
            assert future.result(20)

    async def arrives(topic: str) -> None:
        value = uuid4().bytes
        producer.produce(topic, value)
        producer.flush(20)
        await until(lambda: value in listener.taken)

    async def allowed_again() -> None:
        assert (await asyncio.to_thread(applied, "apply", "--revoke"))[0] == 0
        await arrives(closed)
        await until(lambda: [listener.partitions(topic) for topic in topics] == [4, 4])

    async def goes_on_with_the_other() -> None:
        before = refusals()
        await until(lambda: refusals() >= before + 2)
        await arrives(open_)
        assert [listener.partitions(topic) for topic in topics] == [4, 0]

    take_away()
    running = asyncio.create_task(listener.run())
    try:
        await goes_on_with_the_other()
        await allowed_again()
        # Who may see a topic and not read it is refused records only, not the topic.
        seen = AclBinding(*on_it, "*", AclOperation.DESCRIBE, AclPermissionType.ALLOW)
        for future in admin.create_acls([seen]).values():
            future.result(20)
        take_away()
        await goes_on_with_the_other()
        await allowed_again()
    finally:
        listener.stop.set()
        await running


def test_a_broker_without_an_authorizer_is_told_of_unless_that_is_wanted(kafka_bootstrap):
    alone = ["check", "--bootstrap", kafka_bootstrap]
    checked = CliRunner().invoke(commands, alone)
    assert checked.exit_code == 1
    assert checked.output.splitlines()[-1] == "everybody may do everything: the broker has no authorizer"
    assert CliRunner().invoke(commands, [*alone, "--no-access"]).output == f"{GOOD[1][0]}\n"
