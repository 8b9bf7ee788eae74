"""The servers, whichever kind, do what the services need of them."""

import asyncio
import io
import smtplib
from email.message import EmailMessage

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from madoguchi_stack.mailbox import read_mails
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Servers, Smtp
from madoguchi_stack.topics import read_topics
from minio.error import S3Error

pytestmark = pytest.mark.real


def libpq(url: str) -> str:
    return url.replace("+asyncpg", "")


async def test_a_service_reaches_its_own_database_and_no_other(servers: Servers):
    own = await asyncpg.connect(libpq(servers.database_url("identity")))
    assert await own.fetchval("select current_user") == "identity"
    await own.close()

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(libpq(servers.database_url("identity", "documents")))


async def test_what_is_produced_to_each_topic_is_consumed_with_key_and_headers(servers: Servers):
    async with AIOKafkaProducer(
        bootstrap_servers=servers.kafka_bootstrap, enable_idempotence=servers.kafka_idempotence
    ) as producer:
        for topic in read_topics():
            assert len(await producer.partitions_for(topic.name)) == topic.partitions
            sent = await producer.send_and_wait(topic.name, b"{}", key=b"servers-test", headers=[("ce_id", b"1")])
            async with AIOKafkaConsumer(
                topic.name, bootstrap_servers=servers.kafka_bootstrap, auto_offset_reset="earliest"
            ) as consumer:
                received = await asyncio.wait_for(_with_key(consumer, b"servers-test"), 60)
            assert (received.partition, received.offset) == (sent.partition, sent.offset)
            assert received.headers == (("ce_id", b"1"),)


async def _with_key(consumer: AIOKafkaConsumer, key: bytes):
    async for message in consumer:
        if message.key == key:
            return message
    raise AssertionError("the consumer ended")


async def test_the_documents_credentials_reach_their_bucket_and_nothing_else(s3: S3):
    def use() -> None:
        store = s3.client
        store.put_object(bucket_name=s3.bucket, object_name="stack/1", data=io.BytesIO("窓口".encode()), length=6)
        assert store.get_object(bucket_name=s3.bucket, object_name="stack/1").read().decode() == "窓口"
        with pytest.raises(S3Error, match="AccessDenied"):
            store.make_bucket(bucket_name="another-bucket")
        with pytest.raises(S3Error, match="AccessDenied"):
            list(store.list_objects(bucket_name="stack-probe"))
        store.remove_object(bucket_name=s3.bucket, object_name="stack/1")

    await asyncio.to_thread(use)


async def test_a_mail_handed_in_is_found_in_the_mailbox(servers: Servers, smtp: Smtp):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "madoguchi@example.jp", "hanako@example.jp", "受付のお知らせ"
    mail.set_content("受け付けました。")

    def hand_in() -> list[EmailMessage]:
        with smtplib.SMTP(smtp.host, smtp.port) as connection:
            connection.send_message(mail)
        return read_mails(servers.ports)

    found = [one for one in await asyncio.to_thread(hand_in) if one["To"] == "hanako@example.jp"]
    assert [one["Subject"] for one in found] == ["受付のお知らせ"]
    assert found[0].get_content().strip() == "受け付けました。"
