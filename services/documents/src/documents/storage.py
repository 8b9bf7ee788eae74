"""The object store, by plain S3 calls only, so that any store serves.

Two addresses: signed links name the public one, because a signature covers the host that the browser asks; our own
calls go to the internal one. The SDK blocks, so each call runs in a thread, a few at a time.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import structlog
import urllib3
from anyio import CapacityLimiter, to_thread
from minio import Minio
from minio.commonconfig import REPLACE, CopySource
from minio.datatypes import PostPolicy
from minio.error import MinioException, S3Error

from documents.errors import ObjectMissing, StorageUnavailable

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 2
READ_SECONDS = 10
CALLS_AT_A_TIME = 8
CHUNK_BYTES = 262_144
PAGE_OBJECTS = 1000

Result = TypeVar("Result")


@dataclass(frozen=True)
class SignedUpload:
    """Where a browser posts one file, as multipart/form-data: these fields, then the file in the field `file`."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class StoredObject:
    """What a listing says of an object."""

    key: str
    changed_at: datetime


class Storage:
    """One bucket."""

    def __init__(
        self,
        *,
        internal_url: str,
        public_url: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        region: str,
        object_lock: bool,
    ) -> None:
        """Opens no connection. `object_lock`: the bucket keeps versions and can hold objects."""
        self.object_lock = object_lock
        self._client = client(internal_url, access_key, secret_key, region)
        self._signer = client(public_url, access_key, secret_key, region)
        self._public_url = public_url
        self._bucket = bucket
        self._limiter = CapacityLimiter(CALLS_AT_A_TIME)
        self._check_limiter = CapacityLimiter(1)

    # Signing asks nobody: it is arithmetic with the secret key.

    def sign_upload(self, key: str, *, size_bytes: int, content_type: str, expires_at: datetime) -> SignedUpload:
        """Permit exactly this key, size and content type, until `expires_at`; the store refuses anything else."""
        policy = PostPolicy(self._bucket, expires_at)
        policy.add_equals_condition("key", key)
        policy.add_equals_condition("Content-Type", content_type)
        # An upper limit of 0 means no limit to MinIO; a file of one byte in place of an empty one is refused later.
        policy.add_content_length_range_condition(size_bytes, max(size_bytes, 1))
        signed = self._signer.presigned_post_policy(policy)
        return SignedUpload(f"{self._public_url}/{self._bucket}", {"key": key, "Content-Type": content_type, **signed})

    def sign_download(self, key: str, *, lifetime: timedelta) -> str:
        """A link to the object that works for `lifetime` from now."""
        url: str = self._signer.presigned_get_object(bucket_name=self._bucket, object_name=key, expires=lifetime)
        return url

    # Objects. Each call raises StorageUnavailable when the store does not answer as it should.

    async def size(self, key: str) -> int:
        """The object's size in bytes. Raises ObjectMissing."""
        found = await self._call(self._client.stat_object, object_name=key)
        return int(found.size)

    async def copy(self, source: str, target: str, *, content_type: str, disposition: str) -> None:
        """Copy within the store, and set how browsers are told to treat the copy. Raises ObjectMissing."""
        await self._call(
            self._client.copy_object,
            object_name=target,
            source=CopySource(bucket_name=self._bucket, object_name=source),
            metadata={"Content-Type": content_type, "Content-Disposition": disposition},
            metadata_directive=REPLACE,
        )

    async def read(self, key: str) -> AsyncGenerator[bytes, None]:
        """The object's bytes in chunks. Raises ObjectMissing."""
        response = await self._call(self._client.get_object, object_name=key)
        try:
            while chunk := await self._in_thread(partial(response.read, CHUNK_BYTES), self._limiter):
                yield chunk
        finally:
            response.close()
            response.release_conn()

    async def remove(self, key: str) -> None:
        """Delete the object; it is no error if there is none.

        With versions, every one of them: else the file would lie on behind a marker. The last one goes last, so that
        the object is still listed, and found by the sweep, when this is cut off.
        """
        if not self.object_lock:
            await self._call(self._client.remove_object, object_name=key)
            return
        for version in reversed(await self._in_thread(partial(self._versions, key), self._limiter)):
            await self._call(self._client.remove_object, object_name=key, version_id=version)

    def _versions(self, key: str) -> list[str | None]:
        """The versions of an object, newest first, delete markers among them."""
        listing = self._client.list_objects(bucket_name=self._bucket, prefix=key, recursive=True, include_version=True)
        return [found.version_id for found in listing if found.object_name == key]

    async def hold(self, key: str) -> None:
        """Have the store refuse to delete the object. Raises ObjectMissing."""
        await self._call(self._client.enable_object_legal_hold, object_name=key)

    async def lift(self, key: str) -> None:
        """Have the store delete the object again when it is told to. Raises ObjectMissing."""
        await self._call(self._client.disable_object_legal_hold, object_name=key)

    async def pages(self, prefix: str) -> AsyncIterator[list[StoredObject]]:
        """All objects whose keys begin with `prefix`, in the order of their keys, a thousand at a time."""
        listing = self._client.list_objects(bucket_name=self._bucket, prefix=prefix, recursive=True)

        def next_page() -> list[StoredObject]:
            return [StoredObject(o.object_name, o.last_modified) for o in islice(listing, PAGE_OBJECTS)]

        while page := await self._in_thread(next_page, self._limiter):
            yield page

    async def ensure_bucket(self) -> None:
        """Make the bucket if it is missing and our credentials allow it; elsewhere the operator has made it."""
        if not await self._call(self._client.bucket_exists):
            await self._call(self._client.make_bucket, object_lock=self.object_lock)
            log.info("bucket_made", bucket=self._bucket)

    async def check(self) -> None:
        """Put, read and delete a few bytes: the store's own health page answers before it can keep anything.

        Each look has a key of its own, because processes look at the same moment; the sweep deletes what a crash left.
        """
        probe = secrets.token_bytes(16)
        key = f"health/{probe.hex()}"

        def round_trip() -> None:
            self._client.put_object(
                bucket_name=self._bucket, object_name=key, data=io.BytesIO(probe), length=len(probe)
            )
            response = self._client.get_object(bucket_name=self._bucket, object_name=key)
            try:
                if response.read() != probe:
                    raise StorageUnavailable
            finally:
                response.close()
                response.release_conn()
            self._client.remove_object(bucket_name=self._bucket, object_name=key)

        # One at a time and not waited for: a store that hangs must not make every look at /readyz hang a thread more.
        await self._in_thread(round_trip, self._check_limiter, abandon_on_cancel=True)

    async def _call(self, method: Callable[..., Any], **arguments: Any) -> Any:
        return await self._in_thread(partial(method, bucket_name=self._bucket, **arguments), self._limiter)

    async def _in_thread(
        self, function: Callable[[], Result], limiter: CapacityLimiter, *, abandon_on_cancel: bool = False
    ) -> Result:
        try:
            return await to_thread.run_sync(function, limiter=limiter, abandon_on_cancel=abandon_on_cancel)
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            code = error.code if isinstance(error, S3Error) else None
            if code == "NoSuchKey":
                raise ObjectMissing from None
            log.warning("storage_failed", error=type(error).__name__, s3_code=code)
            raise StorageUnavailable(retry_after_seconds=5) from error


def client(url: str, access_key: str, secret_key: str, region: str) -> Minio:
    """A client of the store at this address that gives up soon. Opens no connection."""
    scheme, _, host = url.partition("://")
    return Minio(
        endpoint=host,
        access_key=access_key,
        secret_key=secret_key,
        secure=scheme == "https",
        region=region,  # else the SDK asks the store for it, also while signing
        # The SDK's own pool waits and retries for minutes; whoever asked is told at once and asks again.
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            maxsize=CALLS_AT_A_TIME + 1,
            retries=False,
        ),
    )
