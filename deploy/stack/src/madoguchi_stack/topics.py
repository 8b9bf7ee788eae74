"""The topics of Madoguchi: one manifest (deploy/topics.yaml) for every broker."""

from pathlib import Path

import yaml  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import BaseModel, TypeAdapter

from madoguchi_stack.layout import TOPICS_FILE

TOPIC_ALREADY_EXISTS = 36  # error code of the Kafka protocol


class Topic(BaseModel, frozen=True):
    """One topic; `retention_days` 0 means kept for ever."""

    name: str
    partitions: int
    retention_days: int

    @property
    def retention_ms(self) -> int:
        """Retention as Kafka wants it: milliseconds, -1 for ever."""
        return self.retention_days * 86_400_000 or -1


def read_topics(file: Path = TOPICS_FILE) -> list[Topic]:
    """The topics of the manifest. Raises pydantic.ValidationError when it does not have the shape of `Topic`."""
    return TypeAdapter(list[Topic]).validate_python(yaml.safe_load(file.read_text())["topics"])


async def create_topics(bootstrap: str, topics: list[Topic]) -> None:
    """Create those that do not exist yet. Raises RuntimeError with the broker's words if it refuses one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(
            [
                NewTopic(topic.name, topic.partitions, 1, topic_configs={"retention.ms": str(topic.retention_ms)})
                for topic in topics
            ]
        )
    finally:
        await admin.close()
    refused = [f"{error[0]}: {error[1:]}" for error in answer.topic_errors if error[1] not in (0, TOPIC_ALREADY_EXISTS)]
    if refused:
        raise RuntimeError(f"the broker refused topics: {refused}")
