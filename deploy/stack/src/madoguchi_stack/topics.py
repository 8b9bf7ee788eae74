"""The topics of the manifest (deploy/topics.yaml) on the local broker, which knows neither users nor access."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from madoguchi_events.manifest import Topic, read_manifest

TOPIC_ALREADY_EXISTS = 36  # error code of the Kafka protocol


def read_topics() -> list[Topic]:
    """The topics of the manifest. Raises pydantic.ValidationError when something is wrong in it."""
    return read_manifest().topics


async def create_topics(bootstrap: str, topics: list[Topic]) -> None:
    """Create those that do not exist yet. Raises RuntimeError with the broker's words if it refuses one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(
            [NewTopic(topic.name, topic.partitions, 1, topic_configs=topic.config) for topic in topics]
        )
    finally:
        await admin.close()
    refused = [f"{error[0]}: {error[1:]}" for error in answer.topic_errors if error[1] not in (0, TOPIC_ALREADY_EXISTS)]
    if refused:
        raise RuntimeError(f"the broker refused topics: {refused}")
