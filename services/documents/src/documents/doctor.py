"""What `madoguchi doctor` looks at in this service: the store and the scanner that are set. It does everything that we
rely on once, and says what worked. Whoever brings another store, or puts a proxy before it, learns here what would fail
later.

It works in a folder of its own in the bucket and leaves nothing there. What it calls is what `storage` calls.
"""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import typer
import urllib3
from kit.doctor.practice import Organ, Patient, Practice, Symptom, ill, well
from minio import Minio
from minio.commonconfig import REPLACE, CopySource
from minio.error import MinioException, S3Error

from documents.errors import ScannerUnavailable
from documents.scanner import EICAR, Clamd
from documents.settings import ScannerSettings, Settings, StoreSettings
from documents.storage import SignedUpload, Storage, client

FILE = b"%PDF-1.7\n" + b"x" * 91  # 100 bytes
CLOCKS_DIFFER_SECONDS = 60
HTTP_SECONDS = 10
_KEY_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden"}
_NOT_SUPPORTED = {"NotImplemented", "MethodNotAllowed", "XNotImplemented", "UnsupportedOperation"}
_OFF = {
    "ObjectLockConfigurationNotFoundError",
    "NoSuchObjectLockConfiguration",
    "InvalidBucketObjectLockConfiguration",
    "InvalidRequest",
}


class Result(StrEnum):
    """What became of one check."""

    OK = "ok"
    REFUSED = "refused"  # the store knows the call and said no
    NOT_SUPPORTED = "not supported"  # the store does not know the call
    WRONG = "wrong"  # it answered, and not as we rely on
    UNREACHABLE = "unreachable"
    OFF = "off"  # the bucket was made without it


@dataclass(frozen=True)
class Line:
    """One line of the table. What is not `needed` is told and fails nothing."""

    check: str
    result: Result
    detail: str
    needed: bool

    @property
    def fails(self) -> bool:
        """Whether the service would not work."""
        return self.needed and self.result is not Result.OK


class Wrong(Exception):
    """The store answered, and not as we rely on."""


Check = tuple[str, Callable[[], str], bool]


class StoreDoctor:
    """The checks of one store, in their order: later ones use what earlier ones left."""

    def __init__(self, settings: StoreSettings) -> None:
        """Opens no connection."""
        keys = settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
        self._settings = settings
        self._bucket = settings.s3_bucket
        self._internal = client(settings.s3_internal_url, *keys, settings.s3_region)
        self._stranger = client(settings.s3_internal_url, keys[0], secrets.token_hex(20), settings.s3_region)
        self._storage = Storage(
            internal_url=settings.s3_internal_url,
            public_url=settings.s3_public_url,
            access_key=keys[0],
            secret_key=keys[1],
            bucket=settings.s3_bucket,
            region=settings.s3_region,
            object_lock=settings.s3_object_lock,
        )
        self._http = urllib3.PoolManager(timeout=HTTP_SECONDS, retries=False)
        self._folder = f"health/doctor-{secrets.token_hex(8)}"
        self._key = f"{self._folder}/file"
        self._posted = f"{self._folder}/posted"

    def examine(self) -> Iterator[Line]:
        """Make all checks, and clean up."""
        lock = self._settings.s3_object_lock
        checks: list[Check] = [
            ("internal: bucket is there", self._bucket_is_there, True),
            ("internal: put", self._put, True),
            ("internal: stat", self._stat, True),
            ("internal: get", self._get, True),
            ("internal: list by prefix", self._list, True),
            ("internal: copy with new headers", self._copy, True),
            ("internal: a missing object is told", self._missing, True),
            ("internal: a wrong secret is refused", self._wrong_secret, True),
            ("internal: clocks agree", self._clocks, True),
            ("public: links name this address", self._links_are_public, True),
            ("public: upload by signed form", self._post, True),
            ("public: the form takes no other size", self._post_other_size, True),
            ("public: the form takes no other key", self._post_other_key, True),
            ("public: the form takes no other type", self._post_other_type, True),
            ("public: download by signed link", self._download, True),
            ("public: a changed link is refused", self._changed_link, True),
            ("public: nobody reads without a link", self._anonymous, True),
            ("versioning", self._versioning, lock),
            ("object lock: a held object stays", self._hold, lock),
            ("internal: delete, also twice", self._delete, True),
        ]
        try:
            for name, check, needed in checks:
                yield _line(name, check, needed)
        finally:
            self._clean_up()

    # Our own address

    def _bucket_is_there(self) -> str:
        if not self._internal.bucket_exists(bucket_name=self._bucket):
            raise Wrong(f"there is no bucket {self._bucket}")
        return self._bucket

    def _put(self) -> str:
        for key in (self._key, f"{self._folder}/second"):
            self._internal.put_object(
                bucket_name=self._bucket,
                object_name=key,
                data=io.BytesIO(FILE),
                length=len(FILE),
                content_type="application/pdf",
            )
        return ""

    def _stat(self) -> str:
        found = self._internal.stat_object(bucket_name=self._bucket, object_name=self._key)
        _expect(found.size, len(FILE), "size")
        return ""

    def _get(self) -> str:
        response = self._internal.get_object(bucket_name=self._bucket, object_name=self._key)
        try:
            _expect(response.read(), FILE, "content")
        finally:
            response.close()
            response.release_conn()
        return ""

    def _list(self) -> str:
        listing = self._internal.list_objects(
            bucket_name=self._bucket, prefix=f"{self._folder}/", recursive=True, start_after=self._key
        )
        _expect([found.object_name for found in listing], [f"{self._folder}/second"], "listing after the first key")
        return ""

    def _copy(self) -> str:
        copy = f"{self._folder}/copy"
        headers = {"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="a.png"'}
        self._internal.copy_object(
            bucket_name=self._bucket,
            object_name=copy,
            source=CopySource(bucket_name=self._bucket, object_name=self._key),
            metadata={**headers},
            metadata_directive=REPLACE,
        )
        found = self._internal.stat_object(bucket_name=self._bucket, object_name=copy)
        told = {name.lower(): value for name, value in dict(found.metadata or {}).items()}
        for name, value in headers.items():
            _expect(told.get(name.lower()), value, name)
        return ""

    def _missing(self) -> str:
        try:
            self._internal.stat_object(bucket_name=self._bucket, object_name=f"{self._folder}/nothing")
        except S3Error as error:
            _expect(error.code, "NoSuchKey", "code")
            return ""
        raise Wrong("it was found")

    def _wrong_secret(self) -> str:
        try:
            self._stranger.stat_object(bucket_name=self._bucket, object_name=self._key)
        except S3Error as error:
            return str(error.code)
        raise Wrong("it was let in")

    def _clocks(self) -> str:
        found = self._internal.stat_object(bucket_name=self._bucket, object_name=self._key)
        if found.last_modified is None:
            raise Wrong("no time is told")
        apart = abs((datetime.now(UTC) - found.last_modified).total_seconds())
        if apart > CLOCKS_DIFFER_SECONDS:
            raise Wrong(f"{apart:.0f} s apart: signatures will be refused")
        return ""

    # The address of browsers

    def _links_are_public(self) -> str:
        public = urlsplit(self._settings.s3_public_url)
        link = urlsplit(self._storage.sign_download(self._key, lifetime=timedelta(minutes=1)))
        form = urlsplit(self._form().url)
        for name, found in (("download", link), ("upload", form)):
            _expect((found.scheme, found.netloc), (public.scheme, public.netloc), name)
        same = public.netloc == urlsplit(self._settings.s3_internal_url).netloc
        return "the same as the internal one" if same else public.netloc

    def _form(self) -> SignedUpload:
        expires_at = datetime.now(UTC) + timedelta(minutes=1)
        return self._storage.sign_upload(
            self._posted, size_bytes=len(FILE), content_type="application/pdf", expires_at=expires_at
        )

    def _submit(self, data: bytes = FILE, **changed: str) -> int:
        form = self._form()
        fields = {**form.fields, **{name.replace("_", "-"): value for name, value in changed.items()}}
        answer = self._http.request("POST", form.url, fields={**fields, "file": ("a.pdf", data)})
        return answer.status

    def _post(self) -> str:
        status = self._submit()
        if not 200 <= status < 300:
            raise Wrong(f"status {status}")
        try:
            found = self._internal.stat_object(bucket_name=self._bucket, object_name=self._posted)
        except S3Error as error:
            raise Wrong(f"it did not arrive ({error.code}): the public address may be another store's") from error
        _expect(found.size, len(FILE), "size")
        return ""

    def _post_other_size(self) -> str:
        _refused(self._submit(FILE + b"x"))
        return _refused(self._submit(FILE[:-1]))

    def _post_other_key(self) -> str:
        return _refused(self._submit(key=f"{self._folder}/elsewhere"))

    def _post_other_type(self) -> str:
        return _refused(self._submit(Content_Type="text/html"))

    def _download(self) -> str:
        link = self._storage.sign_download(self._key, lifetime=timedelta(minutes=1))
        answer = self._http.request("GET", link)
        _expect(answer.status, 200, "status")
        _expect(answer.data, FILE, "content")
        return ""

    def _changed_link(self) -> str:
        link = self._storage.sign_download(self._key, lifetime=timedelta(minutes=1))
        return _refused(self._http.request("GET", link.replace(self._key, f"{self._folder}/second")).status)

    def _anonymous(self) -> str:
        return _refused(self._http.request("GET", f"{self._settings.s3_public_url}/{self._bucket}/{self._key}").status)

    # What some stores have

    def _versioning(self) -> str:
        status = str(self._internal.get_bucket_versioning(bucket_name=self._bucket).status or "Off")
        if status != "Enabled":
            raise _Off("deletions are for good at once")
        return "deletions remove every version"

    def _hold(self) -> str:
        self._internal.get_object_lock_config(bucket_name=self._bucket)
        self._internal.enable_object_legal_hold(bucket_name=self._bucket, object_name=self._key)
        version = self._internal.stat_object(bucket_name=self._bucket, object_name=self._key).version_id
        try:
            self._internal.remove_object(bucket_name=self._bucket, object_name=self._key, version_id=version)
        except S3Error:
            return ""
        finally:
            self._internal.disable_object_legal_hold(bucket_name=self._bucket, object_name=self._key)
        raise Wrong("a held version was deleted")

    def _delete(self) -> str:
        for _ in range(2):
            asyncio.run(self._storage.remove(self._key))
        try:
            self._internal.stat_object(bucket_name=self._bucket, object_name=self._key)
        except S3Error as error:
            _expect(error.code, "NoSuchKey", "code")
            return ""
        raise Wrong("it is still there")

    def _clean_up(self) -> None:
        try:
            _remove_all(self._internal, self._bucket, f"{self._folder}/")
        except (MinioException, urllib3.exceptions.HTTPError, OSError):
            return  # the sweep deletes what lies under health/


class _Off(Exception):
    """The bucket was made without it."""


def _remove_all(store: Minio, bucket: str, prefix: str) -> None:
    """Delete everything under the prefix, with versions where the store knows them."""
    try:
        found = [
            (one.object_name, one.version_id)
            for one in store.list_objects(bucket_name=bucket, prefix=prefix, recursive=True, include_version=True)
        ]
    except S3Error:
        found = [
            (one.object_name, None) for one in store.list_objects(bucket_name=bucket, prefix=prefix, recursive=True)
        ]
    for name, version in found:
        store.remove_object(bucket_name=bucket, object_name=str(name), version_id=version)


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise Wrong(f"{what}: {found!r}, expected {wanted!r}"[:200])


def _refused(status: int) -> str:
    if not 400 <= status < 500:
        raise Wrong(f"status {status}")
    return f"status {status}"


def _line(name: str, check: Callable[[], str], needed: bool) -> Line:
    try:
        return Line(name, Result.OK, check(), needed)
    except Wrong as error:
        return Line(name, Result.WRONG, str(error), needed)
    except _Off as error:
        return Line(name, Result.OFF, str(error), needed)
    except S3Error as error:
        if error.code in _NOT_SUPPORTED:
            return Line(name, Result.NOT_SUPPORTED, str(error.code), needed)
        result = Result.OFF if not needed and error.code in _OFF else Result.REFUSED
        return Line(name, result, str(error.code), needed)
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        return Line(name, Result.UNREACHABLE, type(error).__name__, needed)
    except Exception as error:  # noqa: BLE001 - of the SDK or of `storage`: told in the table like all others
        return Line(name, Result.WRONG, type(error).__name__, needed)


def s3() -> None:
    """Make every call that we rely on against the store of MADOGUCHI_S3_...; exit code 1 if one fails.

    Uploads and downloads go to the public address as a browser would, everything else to the internal one: run it where
    both can be reached.
    """
    settings = StoreSettings()
    typer.echo(f"internal {settings.s3_internal_url}  public {settings.s3_public_url}  bucket {settings.s3_bucket}")
    failed = 0
    for line in StoreDoctor(settings).examine():
        mark = "FAIL" if line.fails else ("" if line.result is Result.OK else "not needed")
        typer.echo(f"{line.check:<40} {line.result.value:<14} {mark:<11} {line.detail}".rstrip())
        failed += line.fails
    typer.echo(f"{failed} of what we rely on failed" if failed else "everything that we rely on works")
    if failed:
        raise typer.Exit(1)


def scanner() -> None:
    """Have the scanner of MADOGUCHI_SCANNER find the EICAR test file, and pass a clean one; exit code 1 if it fails."""
    settings = ScannerSettings()
    if settings.scanner == "none" or settings.clamd_host is None:
        typer.echo("there is no scanner: files are not scanned for malware, and production refuses to start", err=True)
        raise typer.Exit(1)
    clamd = Clamd(settings.clamd_host, settings.clamd_port)
    try:
        found, clean = asyncio.run(_scan_both(clamd))
    except ScannerUnavailable:
        typer.echo(f"no verdict from clamd at {settings.clamd_host}:{settings.clamd_port}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"EICAR test file: {found or 'NOT FOUND'}")
    typer.echo(f"clean file: {clean or 'clean'}")
    if not found or clean:
        raise typer.Exit(1)


async def _scan_both(clamd: Clamd) -> tuple[str | None, str | None]:
    async def chunks(data: bytes) -> AsyncIterator[bytes]:
        yield data

    return await clamd.scan(chunks(EICAR)), await clamd.scan(chunks(FILE))


# As parts of the whole examination


async def store(patient: Patient) -> Sequence[Symptom]:
    """The store, in one sentence."""
    settings: Settings = patient.settings
    lines = await asyncio.to_thread(lambda: list(StoreDoctor(settings).examine()))
    return [judged(settings, [line for line in lines if line.fails], len(lines))]


def judged(settings: StoreSettings, failed: Sequence[Line], checks: int) -> Symptom:
    """What the failed checks come from; `checks` is how many there were."""
    url, bucket = settings.s3_internal_url, settings.s3_bucket
    said = {line.detail for line in failed if line.result is Result.REFUSED}
    internal = [line for line in failed if line.check.startswith("internal:")]
    details = "madoguchi doctor s3"
    if not failed:
        return well(Organ.STORE, f"{url} does all {checks} things that we rely on; its free space it does not tell")
    if internal and internal[0].result is Result.UNREACHABLE:
        return ill(Organ.STORE, f"the store at {url} does not answer", f"curl -si {url}; then the store's own log")
    if internal and internal[0].result is Result.WRONG and internal[0].check == "internal: bucket is there":
        then = "make it, or compare MADOGUCHI_S3_BUCKET: docs/kubernetes.md"
        return ill(Organ.STORE, f"there is no bucket {bucket} at {url}", then)
    if "RequestTimeTooSkewed" in said:
        then = "chronyc tracking, here and on the store's machine"
        return ill(Organ.CLOCK, f"the clocks of this machine and of the store at {url} differ", then)
    if said & _KEY_REFUSED:
        then = f"compare MADOGUCHI_S3_ACCESS_KEY and …_SECRET_KEY with the store's; {details}"
        return ill(Organ.STORE, f"the store at {url} refuses our key for the bucket {bucket}", then)
    first = failed[0]
    return ill(Organ.STORE, f"the store at {url} fails “{first.check}” ({first.result}: {first.detail})", details)


async def malware(patient: Patient) -> Sequence[Symptom]:
    """The scanner, in one sentence."""
    settings: Settings = patient.settings
    if settings.scanner == "none" or settings.clamd_host is None:
        return [well(Organ.SCANNER, "there is none: files are not scanned, which production refuses")]
    where = f"{settings.clamd_host}:{settings.clamd_port}"
    try:
        found, clean = await _scan_both(Clamd(settings.clamd_host, settings.clamd_port))
    except ScannerUnavailable:
        said = f"the scanner at {where} gives no verdict: uploads wait"
        return [ill(Organ.SCANNER, said, "is clamd up and its signatures loaded? its log; madoguchi doctor scanner")]
    if not found:
        said = f"the scanner at {where} has no signatures: it lets the EICAR test file pass"
        return [ill(Organ.SCANNER, said, "freshclam, then clamdscan --reload, where clamd runs")]
    if clean:
        said = f"the scanner at {where} takes a clean file for {clean}: uploads are refused"
        return [ill(Organ.SCANNER, said, "the signatures of the day are wrong: freshclam, where clamd runs")]
    return [well(Organ.SCANNER, f"{where} finds the test file and lets a clean one pass")]


PRACTICE = Practice(
    service="documents",
    settings=Settings,
    examinations={Organ.STORE: store, Organ.SCANNER: malware},
    tables={"s3": s3, "scanner": scanner},
)
