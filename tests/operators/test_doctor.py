"""`madoguchi doctor` with one planted fault each: its first line names the cause, and the exit code says that there is
one."""

import asyncio
import base64
import json
import re
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from applications import consumers
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey
from kit.bus import Consumer
from kit.clock import system_clock
from kit.db import Database, dsn_of
from kit.doctor import cli
from kit.doctor.examination import cause, report
from kit.doctor.practice import Organ, Symptom, ill, unknown, well
from kit.migrate import upgrade
from kit.sealed import seal
from kit.vault import Vault
from madoguchi_contracts import Contact, EkycStatusChanged, OtpEnrolled, Sealed, UserIdIssued
from madoguchi_events.manifest import Topic
from madoguchi_stack.layout import HOST, ROOT, SERVICES
from madoguchi_stack.topics import read_topics
from operators.ward import Ward, broker
from support.clamd import FakeClamd
from support.clock import FakeClock
from support.counter import open_counter
from support.identity import identity_world
from support.mailroom import Person, open_mailroom
from support.network import free_port
from support.records import record_of
from support.smtp_faults import Fault, ScriptedSmtp

NOBODY = {"mail": "nobody@example.jp", "name": "名無し", "user_id": "MS10000009"}
OLD = timedelta(minutes=10)


def names(done: Result, organ: str, *words: str) -> None:
    """The first line names the organ and the cause, the exit code is 1, and something is to be typed."""
    first = done.output.splitlines()[0]
    assert done.exit_code == 1, done.output
    assert first.endswith(f"[{organ}]"), done.output
    for word in words:
        assert word in first, done.output
    assert "-> " in done.output


# Nothing wrong


@pytest.mark.parametrize("service", SERVICES)
async def test_a_healthy_service_is_found_healthy_and_no_secret_is_shown(ward: Ward, service: str) -> None:
    done = await ward.doctor(service)
    assert done.exit_code == 0, done.output
    first, *lines = done.output.splitlines()
    assert first.startswith(f"{service}: nothing is wrong in ")
    assert {line[:4].strip() for line in lines} == {"ok"}, done.output
    environment = await ward.environment(service)
    for secret in ("SEAL_PRIVATE_KEY", "VAULT_KEYS", "SIGNING_KEYS", "S3_SECRET_KEY", "DATABASE_URL"):
        value = environment.get(f"MADOGUCHI_{secret}")
        assert value is None or value not in done.output
    password = (environment["MADOGUCHI_DATABASE_URL"] or "").split(":")[2].split("@")[0]
    assert password not in done.output


async def test_findings_are_lines_of_json_for_machines(ward: Ward) -> None:
    done = await ward.doctor("applications", "--json")
    found = [json.loads(line) for line in done.output.splitlines()]
    assert {"database", "schema", "clock", "keys", "bus", "topics", "outbox"} <= {one["organ"] for one in found}
    assert not any(one["ill"] for one in found)


# Settings


async def test_a_setting_that_is_not_given_is_named(ward: Ward) -> None:
    names(await ward.doctor("documents", S3_BUCKET=None), "settings", "s3_bucket")
    names(await ward.doctor("notifications", SMTP_RELAYS="nothing"), "settings", "smtp_relays")


# Providers


@pytest.mark.parametrize(
    ("service", "provider", "path"),
    [
        ("identity", "ekyc", "/v1/verifications"),
        ("applications", "danshin", "/v1/applications"),
        ("applications", "econtract", "/v1/envelopes"),
    ],
)
async def test_a_provider_that_does_not_answer_or_refuses_our_key_is_named(ward: Ward, service, provider, path) -> None:
    away, setting = f"http://{HOST}:{free_port()}", provider.upper()
    done = await ward.doctor(service, **{f"{setting}_URL": away})
    names(done, "providers", f"'{provider}' does not answer", away)
    for status, said in [(401, "refuses our key"), (302, "HTTP 302"), (429, "HTTP 429"), (503, "HTTP 503")]:
        ward.jwks.providers_say[path] = status
        done = await ward.doctor(service)
        names(done, "providers", f"'{provider}'", said)
        assert (await ward.environment(service))[f"MADOGUCHI_{setting}_API_KEY"] not in done.output


async def test_a_question_that_was_asked_in_vain_for_a_quarter_of_an_hour_is_named(ward: Ward) -> None:
    put = """
    WITH made AS (
      INSERT INTO applications (id, programme, account_id, reference, only_one, draft, draft_version, draft_saved_at,
                                draft_saved_by, started_at)
      VALUES ($1, 'green_loan', $1, cast(cast($1 AS uuid) AS text), false, '', 1, now(), $1, now()))
    INSERT INTO danshin_applications (id, application_id, account_id, started_at, look_at, looks)
    VALUES ($1, $1, $1, now(), now(), $2)
    """
    await ward.execute("applications", put, uuid4(), 9)  # 2 + 4 + ... + 256 s: a little more than eight minutes
    assert "'danshin' answers at" in (await ward.doctor("applications")).output
    for path, status in [("/v1/applications", 400), ("/v1/envelopes", 422)]:  # they know at once that nobody has it
        ward.jwks.providers_say[path] = status
    output = (await ward.doctor("applications")).output
    assert re.search("ok +providers +the provider 'danshin' answers at .+ with HTTP 400", output), output
    assert re.search("ok +providers +the provider 'econtract' answers at .+ with HTTP 422", output), output
    stuck = uuid4()
    await ward.execute("applications", put, stuck, 12)
    # Not the first line: these rows have no draft that any key opens.
    output = (await ward.doctor("applications")).output
    (line,) = re.findall("ILL providers +(.+)", output)
    assert line == "the provider 'danshin' answers, and a question has had no usable answer 12 times"
    assert str(stuck) in output


def test_every_organ_has_its_row_in_the_runbook() -> None:
    rows = re.findall(r"^\| ([a-z, ]+) \| ", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert {organ.value for organ in Organ} <= {word for row in rows for word in row.split(", ")}


# The database


async def test_a_database_that_is_down_is_named_and_all_else_is_looked_at(ward: Ward) -> None:
    url = (await ward.url("applications")).rpartition(":")[0]
    done = await ward.doctor("applications", DATABASE_URL=f"{url}:{free_port()}/applications")
    names(done, "database", "PostgreSQL", "does not answer")
    assert "not looked at: the database does not answer" in done.output
    assert "are there, as the manifest says" in done.output


async def test_a_wrong_password_of_the_database_is_named(ward: Ward) -> None:
    head, _, tail = (await ward.url("applications")).partition("@")
    done = await ward.doctor("applications", DATABASE_URL=f"{head}x@{tail}")
    names(done, "database", "refuses the login")
    assert head.rpartition(":")[2] not in done.output


async def test_a_database_behind_the_code_is_named(ward: Ward, empty_postgres_url) -> None:
    ward.urls["applications"] = await empty_postgres_url("applications")
    await asyncio.to_thread(upgrade, "applications", ward.urls["applications"], "0001")
    done = await ward.doctor("applications")
    names(done, "schema", "behind the code", "0001")
    assert "-> madoguchi migrate applications" in done.output


async def test_a_database_ahead_of_the_code_is_named(ward: Ward) -> None:
    await ward.execute("applications", "UPDATE alembic_version SET version_num = '9999'")
    names(await ward.doctor("applications"), "schema", "ahead of the code", "9999")


async def test_a_database_that_was_never_migrated_is_named(ward: Ward, empty_postgres_url) -> None:
    ward.urls["identity"] = await empty_postgres_url("identity")
    names(await ward.doctor("identity"), "schema", "the database is empty")


async def test_exhausted_connections_are_named(ward: Ward) -> None:
    url = await ward.url("applications")
    name = url.rpartition("/")[2]
    held = await asyncpg.connect(dsn_of(url))
    try:
        await ward.administer(f'alter database "{name}" connection limit 1')
        names(await ward.doctor("applications"), "database", "no connection left")
    finally:
        await held.close()


async def test_a_pool_that_does_not_fit_is_named_before_it_runs_out(ward: Ward) -> None:
    name = (await ward.url("applications")).rpartition("/")[2]
    await ward.administer(f'alter database "{name}" connection limit 5')
    names(await ward.doctor("applications"), "connections", "connections run out", "of 5 connections of the database")


async def test_an_event_of_a_newer_release_is_named(ward: Ward) -> None:
    await ward.execute(
        "identity",
        """INSERT INTO events (event_id, topic, aggregate_id, version, type, data, bucket, recorded_at)
           VALUES ($1, 'identity.accounts.v1', $1, 1, 'madoguchi.identity.NotYetInvented.v1', '{}', 0, now())""",
        uuid4(),
    )
    names(await ward.doctor("identity"), "release", "NotYetInvented")


# Clocks


@pytest.mark.parametrize(("minutes", "way"), [(5, "300 s ahead of PostgreSQL's"), (-5, "300 s behind PostgreSQL's")])
async def test_a_clock_that_is_five_minutes_off_is_named(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, minutes: int, way: str
) -> None:
    wrong = FakeClock(system_clock() + timedelta(minutes=minutes))
    # It stands still while the doctor works: some seconds more or less must not be in the sentence.
    monkeypatch.setattr(cli, "system_clock", wrong)
    done = await ward.doctor("notifications")
    names(done, "clock", way.split(" s ")[1])
    apart = int(done.output.partition("this machine is ")[2].split()[0])
    assert 285 <= apart <= 315


async def test_identitys_clock_that_is_off_is_named(ward: Ward) -> None:
    ward.jwks.ahead = timedelta(minutes=5)
    names(await ward.doctor("applications"), "clock", "behind identity's")


async def test_a_process_of_the_service_with_a_clock_ahead_is_named(ward: Ward) -> None:
    await ward.record("identity", OtpEnrolled(account_id=uuid4()), ago=-timedelta(minutes=5))
    names(await ward.doctor("identity"), "clock", "a process of identity has a clock")


# Keys


async def test_a_sealing_key_that_does_not_match_is_named(ward: Ward) -> None:
    other = ECKey.generate_key("P-256", {"kid": "notifications-1"}).as_dict(private=True)
    done = await ward.doctor("notifications", SEAL_PRIVATE_KEY=json.dumps(other))
    names(done, "keys", "MADOGUCHI_SEAL_PRIVATE_KEY does not open")


async def test_keys_parked_for_a_lost_sealing_key_are_named_by_their_cause(ward: Ward) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "gone"}).as_dict(private=False)
    sealed = Sealed(seal(Contact(**NOBODY), stranger))
    event = UserIdIssued(account_id=uuid4(), role="association", contact=sealed, contact_for_applications=sealed)
    await parked(ward, event)
    names(await ward.doctor("applications"), "keys", "parked because MADOGUCHI_SEAL_PRIVATE_KEY does not open")


async def test_a_jwks_that_cannot_be_reached_is_named(ward: Ward) -> None:
    url = f"http://{HOST}:{free_port()}/.well-known/jwks.json"
    names(await ward.doctor("documents", IDENTITY_JWKS_URL=url), "keys", "JWKS", "cannot be reached")


async def test_a_jwks_without_any_key_is_named(ward: Ward) -> None:
    ward.jwks.keys = []
    names(await ward.doctor("documents"), "keys", "JWKS", "holds no key")


async def test_a_jwks_without_the_key_that_signs_is_named(ward: Ward) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "of-another-installation"})
    ward.jwks.keys = [stranger.as_dict(private=False)]
    names(await ward.doctor("identity"), "keys", "does not hold 'sign-1', which signs now")


async def test_a_lost_key_of_the_vault_is_named_with_what_it_closed(ward: Ward) -> None:
    ring = ward.servers.secrets.vault_keys["applications"].model_dump_json()
    account_id = uuid4()
    text = Vault.from_json(ring).encrypt(b'"a@example.jp"', f"account_contacts.mail:{account_id}")
    await ward.execute("applications", "INSERT INTO account_contacts VALUES ($1, $2, 1)", account_id, text)
    assert (await ward.doctor("applications")).exit_code == 0
    other = ward.servers.secrets.vault_keys["identity"].model_copy(update={"current": "2"})
    ring = other.model_copy(update={"keys": {"2": other.keys["1"]}}).model_dump_json()
    done = await ward.doctor("applications", VAULT_KEYS=ring)
    names(done, "keys", "the vault's key '1' does not open account_contacts.mail")


def ring_of(key_id: str, key: bytes) -> str:
    return json.dumps({"current": key_id, "keys": {key_id: base64.b64encode(key).decode()}})


async def test_the_doctor_opens_what_the_services_themselves_have_hidden(ward: Ward) -> None:
    """The contexts that the doctor knows are those by which the services encrypt: else every ring would look lost."""
    async with open_counter(await ward.url("applications")) as counter:
        await counter.applied()
    done = await ward.doctor("applications", VAULT_KEYS=ring_of("test", bytes(32)))
    assert "vault: 3 text(s) of" in done.output, done.output
    async with open_mailroom(await ward.url("notifications")) as room:
        person = Person()
        room.smtp.on("rcpt", Fault("451 later"), Fault("451 later"))
        await room.hear_and_deliver(person.gets_user_id(), person.gets_password_link(room.clock()))
    done = await ward.doctor("notifications", VAULT_KEYS=ring_of("1", b"k" * 32))
    assert "vault: 3 text(s) of" in done.output, done.output
    async with identity_world(await ward.url("identity")) as world:
        await world.logged_in()
        ring = world.settings.vault_keys.get_secret_value()
    done = await ward.doctor("identity", VAULT_KEYS=ring)
    assert "vault: 8 text(s) of" in done.output, done.output


async def test_a_certificate_that_runs_out_is_named(ward: Ward, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(certificate(timedelta(days=3)))
    url = f"{await ward.url('applications')}?sslmode=disable&sslrootcert={file}"
    names(await ward.doctor("applications", DATABASE_URL=url), "certificates", "sslrootcert is good until")


async def test_a_certificate_of_an_address_that_runs_out_is_named(ward: Ward, tmp_path: Path) -> None:
    file = tmp_path / "server.pem"
    file.write_bytes(certificate(timedelta(days=3)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    async with await asyncio.start_server(lambda _, writer: writer.close(), HOST, 0, ssl=context) as server:
        address = f"{HOST}:{server.sockets[0].getsockname()[1]}"
        done = await ward.doctor("identity", PUBLIC_BASE_URL=f"https://{address}")
    names(done, "certificates", f"the certificate of {address} is good until")


def certificate(left: timedelta) -> bytes:
    """With its key, good for so long."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=300))
        .not_valid_after(now + left)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + made.public_bytes(pem)


# The bus


async def test_a_broker_that_is_down_is_named(ward: Ward) -> None:
    done = await ward.doctor("documents", KAFKA_BOOTSTRAP=f"{HOST}:{free_port()}")
    names(done, "bus", "the broker at", "does not answer")


async def test_a_topic_that_is_missing_is_named(ward: Ward, tmp_path: Path) -> None:
    topics = [topic for topic in read_topics() if topic.name != "identity.accounts.v1"]
    async with broker(tmp_path, topics) as address:
        done = await ward.doctor("notifications", KAFKA_BOOTSTRAP=address)
    names(done, "topics", "identity.accounts.v1 is missing")
    assert "-> madoguchi topics apply" in done.output


async def test_too_few_partitions_are_named(ward: Ward, tmp_path: Path) -> None:
    async with broker(tmp_path, changed("applications.applications.v1", partitions=1)) as address:
        done = await ward.doctor("notifications", KAFKA_BOOTSTRAP=address)
    names(done, "topics", "applications.applications.v1", "has 1 partitions, and the manifest says 4")


async def test_a_retention_that_is_too_short_is_named(ward: Ward, tmp_path: Path) -> None:
    async with broker(tmp_path, changed("applications.applications.v1", retention_days=1)) as address:
        done = await ward.doctor("notifications", KAFKA_BOOTSTRAP=address)
    names(done, "topics", "applications.applications.v1: retention.ms is 86400000 and not 2592000000")


def changed(name: str, **facts: int) -> list[Topic]:
    """The topics of the manifest, one of them made otherwise."""
    return [topic.model_copy(update=facts) if topic.name == name else topic for topic in read_topics()]


async def test_a_worker_that_does_not_consume_is_named(ward: Ward, tmp_path: Path) -> None:
    async with broker(tmp_path, read_topics()) as address:
        producer = AIOKafkaProducer(bootstrap_servers=address)
        await producer.start()
        since = int((system_clock() - OLD).timestamp() * 1000)
        for number in range(3):
            await producer.send_and_wait(
                "identity.accounts.v1", b"{}", key=b"a", partition=1, timestamp_ms=since + number
            )
        await producer.stop()
        done = await ward.doctor("notifications", KAFKA_BOOTSTRAP=address)
        names(done, "consumer", "the worker does not consume: 3 event(s) wait", "identity.accounts.v1 for 60")
        # Identity does not read that topic.
        assert (await ward.doctor("identity", KAFKA_BOOTSTRAP=address)).exit_code == 0


# What waits in the database


async def parked(ward: Ward, event: object, body: bytes | None = None) -> None:
    """Have applications consume the event, which it cannot."""
    database = Database(await ward.url("applications"), pool_size=2)
    private_key = json.dumps(ward.servers.secrets.seal_keys["applications"])
    try:
        consumer = Consumer(
            "applications",
            consumers.handlers(None, private_key, system_clock),  # type: ignore[arg-type]
            database=database,
            clock=system_clock,
        )
        await consumer.process([record_of(event, body=body)])  # type: ignore[arg-type]
    finally:
        await database.close()


async def test_a_parked_key_is_named_with_what_to_type(ward: Ward) -> None:
    account_id = uuid4()
    await parked(ward, EkycStatusChanged(account_id=account_id, ekyc_id=None, status="passed"), b"not an event")
    done = await ward.doctor("applications")
    names(done, "parked", "1 key(s) parked with 1 event(s)", "Unparsable")
    assert f"-> madoguchi parked explain applications identity.accounts.v1 {account_id}" in done.output


async def test_a_stuck_relay_is_named(ward: Ward) -> None:
    await ward.record("identity", OtpEnrolled(account_id=uuid4()), ago=OLD)
    done = await ward.doctor("identity")
    names(done, "outbox", "the relay is stuck: 1 event(s) wait to be told", "0 of 64 buckets")
    assert "no worker relays" in done.output


async def test_a_deadline_that_is_late_is_named(ward: Ward) -> None:
    await ward.execute(
        "identity",
        """INSERT INTO deadlines (kind, subject_id, due_at, not_before, attempts, last_error)
           VALUES ('ekyc_link_expiry', $1, now() - interval '1 hour', now(), 3, 'KeyError')""",
        uuid4(),
    )
    names(await ward.doctor("identity"), "deadlines", "ekyc_link_expiry", "last for KeyError")


# The store and the scanner


async def test_a_wrong_key_of_the_store_is_named(ward: Ward) -> None:
    done = await ward.doctor("documents", S3_SECRET_KEY="0" * 40)
    names(done, "store", "refuses our key for the bucket madoguchi-documents")


async def test_a_bucket_that_is_missing_is_named(ward: Ward) -> None:
    secrets = ward.servers.secrets
    admin = {"S3_ACCESS_KEY": secrets.s3_admin_key, "S3_SECRET_KEY": secrets.s3_admin_secret}
    names(await ward.doctor("documents", S3_BUCKET="never-made", **admin), "store", "there is no bucket never-made")


async def test_a_store_that_is_down_is_named(ward: Ward) -> None:
    url = f"http://{HOST}:{free_port()}"
    done = await ward.doctor("documents", S3_INTERNAL_URL=url, S3_PUBLIC_URL=url)
    names(done, "store", f"the store at {url} does not answer")


async def test_a_public_address_of_the_store_that_nobody_answers_is_named(ward: Ward) -> None:
    done = await ward.doctor("documents", S3_PUBLIC_URL=f"http://{HOST}:{free_port()}")
    names(done, "store", "public: upload by signed form")


async def test_a_scanner_that_is_down_is_named(ward: Ward) -> None:
    names(await ward.doctor("documents", CLAMD_PORT=str(free_port())), "scanner", "gives no verdict")


@asynccontextmanager
async def blind_clamd():
    """Answers that everything is clean, as a daemon without signatures does."""

    class Blind(FakeClamd):
        def _reply(self, data: bytes) -> bytes:
            return b"stream: OK\0"

    async with await asyncio.start_server(Blind().serve, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.rule("DO-06")
async def test_a_scanner_without_signatures_is_named(ward: Ward) -> None:
    async with blind_clamd() as port:
        names(await ward.doctor("documents", CLAMD_PORT=str(port)), "scanner", "has no signatures")


# Mail


def relays(port: int, **more: object) -> str:
    return json.dumps([{"host": HOST, "port": port, **more}])


async def test_a_mail_server_that_is_down_is_named(ward: Ward) -> None:
    done = await ward.doctor("notifications", SMTP_RELAYS=relays(free_port()))
    names(done, "smtp", "does not answer")


async def test_a_mail_server_that_refuses_the_sender_is_named_and_gets_no_mail(ward: Ward) -> None:
    async with ScriptedSmtp() as smtp:
        smtp.on("mail", Fault("550 5.7.1 not from you"))
        done = await ward.doctor("notifications", SMTP_RELAYS=relays(smtp.port))
        names(done, "smtp", "refuses the sender no-reply@mail.jhf.go.jp (550)")
        assert (await ward.doctor("notifications", SMTP_RELAYS=relays(smtp.port))).exit_code == 0
        assert (smtp.visits["mail"], smtp.visits["rcpt"], smtp.received) == (2, 0, [])


async def test_a_mail_server_without_tls_is_named(ward: Ward) -> None:
    port = ward.servers.smtp.port
    done = await ward.doctor("notifications", SMTP_RELAYS=relays(port, starttls=True))
    names(done, "smtp", "offers no STARTTLS")


async def test_mails_that_failed_are_named_with_what_to_type(ward: Ward) -> None:
    mail = uuid4()
    await ward.execute(
        "notifications",
        """INSERT INTO messages (id, template, programme, subject, cause_event_id, cause_type, lane, state, attempts,
                                 round_attempts, round_started_at, last_code, queued_at, finished_at)
           VALUES ($1, 'NO-03', 'bond', 'a', $1, 'a', $1, 'failed', 1, 1, now(), '550', now(), now())""",
        mail,
    )
    done = await ward.doctor("notifications")
    names(done, "mails", "1 mail(s) failed in the last day, the newest with 550")
    assert f"-> madoguchi mail show {mail}" in done.output


# Which of several is the cause


async def test_of_several_faults_the_first_line_names_what_makes_the_others(ward: Ward, tmp_path: Path) -> None:
    await ward.record("identity", OtpEnrolled(account_id=uuid4()), ago=OLD)
    topics = [topic for topic in read_topics() if topic.name != "identity.accounts.v1"]
    async with broker(tmp_path, topics) as address:
        done = await ward.doctor("identity", KAFKA_BOOTSTRAP=address)
    names(done, "topics", "identity.accounts.v1 is missing")
    assert "the relay is stuck" in done.output


def test_the_cause_is_what_stands_first_in_the_order_of_causes_and_unknown_is_no_cause() -> None:
    healthy = well(Organ.SCHEMA, "fine")
    found = [ill(Organ.MAILS, "m", "a"), unknown(Organ.DATABASE, "?"), healthy, ill(Organ.SMTP, "s", "b")]
    first = cause(found)
    assert first is not None
    assert first.said == "s"
    assert cause([healthy, unknown(Organ.CLOCK, "?")]) is None
    assert report("x", found)[0] == "x: s [smtp]"
    assert [line[:4].strip() for line in report("x", found)[1:]] == ["ILL", "", "ILL", "", "?", "ok"]


async def test_a_part_that_does_not_exist_is_refused_with_those_that_do(ward: Ward) -> None:
    done = await ward.doctor("documents", "nothing")
    assert done.exit_code == 2
    assert "s3" in done.output
    assert "scanner" in done.output


def test_symptoms_say_what_to_do_next_exactly_when_something_is_wrong() -> None:
    assert ill(Organ.BUS, "a", "b") == Symptom(Organ.BUS, True, "a", "b")
    assert well(Organ.BUS, "a").then == unknown(Organ.BUS, "a").then == ""
