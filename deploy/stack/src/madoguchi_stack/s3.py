"""The store's bucket and who may reach it, the same for every kind of store."""

import asyncio
from dataclasses import dataclass

import urllib3
from minio import Minio

from madoguchi_stack.keyring import Secrets
from madoguchi_stack.layout import HOST, Ports

BUCKET = "madoguchi-documents"


@dataclass(frozen=True)
class S3:
    """The store as the documents service sees it: these credentials reach one bucket only."""

    url: str
    access_key: str
    secret_key: str
    bucket: str

    @property
    def client(self) -> Minio:
        """A client of the store with these credentials."""
        return client(self.url, self.access_key, self.secret_key)


def client(url: str, access_key: str, secret_key: str) -> Minio:
    """A client that gives up soon: on one machine a store that does not answer in ten seconds is not there."""
    # The SDK's own pool retries for minutes, which hides from the readiness check why it fails.
    pool = urllib3.PoolManager(timeout=10, retries=False)
    return Minio(
        endpoint=url.removeprefix("http://"),
        access_key=access_key,
        secret_key=secret_key,
        region="us-east-1",
        secure=False,
        http_client=pool,
    )


def address(ports: Ports) -> str:
    """The store's URL."""
    return f"http://{HOST}:{ports['s3']}"


def admin(ports: Ports, secrets: Secrets) -> Minio:
    """A client that may do everything."""
    return client(address(ports), secrets.s3_admin_key, secrets.s3_admin_secret)


async def make_bucket(store: Minio) -> None:
    """Make `BUCKET` if it is missing."""
    if not await asyncio.to_thread(store.bucket_exists, bucket_name=BUCKET):
        await asyncio.to_thread(store.make_bucket, bucket_name=BUCKET)
