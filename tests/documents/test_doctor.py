"""`madoguchi doctor`: what it says of a store that does what we rely on, and of those that do not."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
from documents.doctor import Line, Result, StoreDoctor
from documents.settings import StoreSettings
from kit.doctor.cli import commands
from madoguchi_stack import s3 as stores
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Servers, free_ports
from support.clamd import fake_clamd
from typer.testing import CliRunner

pytestmark = pytest.mark.real


def environment(s3: S3, **changed: str) -> dict[str, str]:
    values = {
        "S3_INTERNAL_URL": s3.url,
        "S3_PUBLIC_URL": s3.url,
        "S3_ACCESS_KEY": s3.access_key,
        "S3_SECRET_KEY": s3.secret_key,
        "S3_BUCKET": s3.bucket,
        **changed,
    }
    return {f"MADOGUCHI_{name}": value for name, value in values.items()}


def examined(monkeypatch: pytest.MonkeyPatch, s3: S3, **changed: str) -> dict[str, Line]:
    for name, value in environment(s3, **changed).items():
        monkeypatch.setenv(name, value)
    return {line.check: line for line in StoreDoctor(StoreSettings()).examine()}


def failed(lines: dict[str, Line]) -> set[str]:
    return {name for name, line in lines.items() if line.fails}


@contextmanager
def answers_anything() -> Iterator[str]:
    """A server that says 200 to everybody, as a proxy's landing page does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_store_that_does_what_we_rely_on_passes_and_nothing_is_left_there(s3: S3) -> None:
    done = CliRunner().invoke(commands, ["s3"], env=environment(s3))
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[-1] == "everything that we rely on works"
    assert [line.split("  ")[0] for line in lines[1:4]] == [
        "internal: bucket is there",
        "internal: put",
        "internal: stat",
    ]
    assert "public: links name this address" in done.output
    assert "the same as the internal one" in done.output
    assert s3.secret_key not in done.output
    assert list(s3.client.list_objects(bucket_name=s3.bucket, prefix="health/", recursive=True)) == []


def test_what_the_bucket_was_not_made_for_is_told_and_fails_only_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, s3: S3
) -> None:
    lines = examined(monkeypatch, s3)
    assert failed(lines) == set()
    # Off, or refused: whose credentials reach one bucket only may not be allowed to ask.
    for optional in ("versioning", "object lock: a held object stays"):
        assert lines[optional].result in (Result.OFF, Result.REFUSED)
    assert failed(examined(monkeypatch, s3, S3_OBJECT_LOCK="true")) == {
        "versioning",
        "object lock: a held object stays",
    }


def test_a_bucket_with_object_lock_passes_all_checks(monkeypatch: pytest.MonkeyPatch, s3: S3, servers: Servers) -> None:
    admin = stores.admin(servers.ports, servers.secrets)
    bucket = f"doctor-{uuid4().hex[:8]}"
    admin.make_bucket(bucket_name=bucket, object_lock=True)
    secrets = servers.secrets
    lines = examined(
        monkeypatch,
        s3,
        S3_BUCKET=bucket,
        S3_ACCESS_KEY=secrets.s3_admin_key,
        S3_SECRET_KEY=secrets.s3_admin_secret,
        S3_OBJECT_LOCK="true",
    )
    assert {line.result for line in lines.values()} == {Result.OK}, lines
    left = admin.list_objects(bucket_name=bucket, recursive=True, include_version=True)
    assert list(left) == []


def test_refused_credentials_fail_and_the_exit_code_says_so(s3: S3) -> None:
    done = CliRunner().invoke(commands, ["s3"], env=environment(s3, S3_SECRET_KEY="0" * 40))
    assert done.exit_code == 1
    put = next(line for line in done.output.splitlines() if line.startswith("internal: put"))
    assert "refused" in put
    assert "FAIL" in put
    assert "what we rely on failed" in done.output.splitlines()[-1]


def test_a_bucket_that_is_not_there_is_wrong(monkeypatch: pytest.MonkeyPatch, s3: S3, servers: Servers) -> None:
    secrets = servers.secrets
    lines = examined(
        monkeypatch,
        s3,
        S3_BUCKET="never-made",
        S3_ACCESS_KEY=secrets.s3_admin_key,
        S3_SECRET_KEY=secrets.s3_admin_secret,
    )
    assert lines["internal: bucket is there"].result is Result.WRONG
    assert "internal: stat" in failed(lines)


def test_a_public_address_that_nobody_answers_fails_alone(monkeypatch: pytest.MonkeyPatch, s3: S3) -> None:
    port = free_ports()["s3"]
    lines = examined(monkeypatch, s3, S3_PUBLIC_URL=f"http://127.0.0.1:{port}")
    assert all(name.startswith("public:") for name in failed(lines))
    assert lines["public: download by signed link"].result is Result.UNREACHABLE
    assert lines["public: links name this address"].detail == f"127.0.0.1:{port}"
    assert lines["internal: delete, also twice"].result is Result.OK


def test_a_public_address_that_is_another_server_is_found_out(monkeypatch: pytest.MonkeyPatch, s3: S3) -> None:
    with answers_anything() as url:
        lines = examined(monkeypatch, s3, S3_PUBLIC_URL=url)
    wrong = {name for name, line in lines.items() if line.result is Result.WRONG}
    assert wrong == failed(lines)
    assert {
        "public: upload by signed form",
        "public: download by signed link",
        "public: the form takes no other size",
        "public: nobody reads without a link",
    } <= wrong


def test_the_store_by_another_name_is_the_public_address(monkeypatch: pytest.MonkeyPatch, s3: S3) -> None:
    lines = examined(monkeypatch, s3, S3_PUBLIC_URL=s3.url.replace("127.0.0.1", "localhost"))
    assert failed(lines) == set()
    assert lines["public: links name this address"].detail.startswith("localhost")


# The scanner


async def scan(**changed: str) -> tuple[int, str]:
    variables = {f"MADOGUCHI_{name}": value for name, value in changed.items()}
    done = await asyncio.to_thread(CliRunner().invoke, commands, ["scanner"], env=variables)
    return done.exit_code, done.output


@pytest.mark.rule("DO-06")
async def test_the_scanner_finds_the_test_file_or_the_doctor_says_no() -> None:
    async with fake_clamd() as clamd:
        where = {"SCANNER": "clamd", "CLAMD_HOST": "127.0.0.1", "CLAMD_PORT": str(clamd.port)}
        code, said = await scan(**where)
        assert (code, said.splitlines()) == (0, ["EICAR test file: Eicar-Test-Signature", "clean file: clean"])
        clamd.behave = "error"
        code, said = await scan(**where)
        assert (code, said.splitlines()[-1]) == (1, f"no verdict from clamd at 127.0.0.1:{clamd.port}")
    assert (await scan(SCANNER="none"))[0] == 1
