"""Who is calling: forged, old and foreign tokens, keys that change, an identity that is down, proofs that work once."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey
from kit.db import Database
from kit.errors import Unauthenticated, Unavailable
from kit.tokens import (
    ACCESS_TOKEN_LIFETIME,
    LEEWAY_SECONDS,
    Actor,
    ProofRefused,
    Signer,
    TokenVerifier,
    burn_proof,
)
from madoguchi_contracts import Role
from structlog.testing import capture_logs
from support.clock import FakeClock
from support.kit_database import kit_database
from support.network import free_port
from support.servers import FreshDatabase

ISSUER = "https://identity.test"
ACTOR = Actor(uuid4(), Role.ASSOCIATION, uuid4())
DIGEST = "ab" * 32


def new_key(kid: str, curve: str = "P-256") -> dict[str, Any]:
    return dict(ECKey.generate_key(curve, {"kid": kid}).as_dict(private=True))


OLD, NEW, STRANGE = new_key("old"), new_key("new"), new_key("old")


@dataclass
class Identity:
    """Identity's page of keys: what it shows, how, and how often it was asked."""

    keys: list[Mapping[str, Any]] = field(default_factory=lambda: [OLD])
    asked: int = 0
    body: bytes | None = None  # instead of the keys
    status: int = 200
    hangs: bool = False
    port: int = field(default_factory=free_port)
    _server: asyncio.Server | None = None

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)

    async def down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        if self.hangs:
            await asyncio.sleep(30)
        body = self.body if self.body is not None else json.dumps(Signer(self.keys, ISSUER).jwks()).encode()
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


class Stopwatch:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest_asyncio.fixture
async def identity() -> AsyncIterator[Identity]:
    identity = Identity()
    await identity.up()
    with capture_logs():
        yield identity
    await identity.down()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def verifier(identity: Identity, clock: FakeClock, stopwatch: Stopwatch) -> TokenVerifier:
    return TokenVerifier(f"http://127.0.0.1:{identity.port}/jwks.json", ISSUER, clock, monotonic=stopwatch)


def token(clock: FakeClock, key: Mapping[str, Any] = OLD, issuer: str = ISSUER) -> str:
    return Signer([key], issuer).access_token(ACTOR, clock())


def signed(claims: Mapping[str, Any], key: Mapping[str, Any] = OLD, **header: Any) -> str:
    """A token with any claims and header, rightly signed."""
    return jwt.encode({"alg": "ES256", "kid": key["kid"], **header}, dict(claims), ECKey.import_key(dict(key)))


def claims_at(clock: FakeClock, **changes: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "madoguchi",
        "sub": str(ACTOR.account_id),
        "sid": str(ACTOR.session_id),
        "role": ACTOR.role.value,
        "iat": now,
        "exp": now + 300,
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


# Tokens


async def test_a_token_of_identity_names_its_actor(verifier: TokenVerifier, clock: FakeClock) -> None:
    assert await verifier.verify(token(clock)) == ACTOR


async def test_it_names_the_organisation_that_the_actor_works_for(verifier: TokenVerifier, clock: FakeClock) -> None:
    member = Actor(uuid4(), Role.COMPANY, uuid4(), organisation_id=uuid4())
    assert await verifier.verify(Signer([OLD], ISSUER).access_token(member, clock())) == member
    with pytest.raises(Unauthenticated):
        await verifier.verify(signed(claims_at(clock, org="Midori")))


@pytest.mark.parametrize(
    ("seconds", "valid"), [(-6, False), (-5, True), (0, True), (304, True), (305, False), (3600, False)]
)
async def test_a_token_lives_for_five_minutes_with_five_seconds_of_leeway(
    verifier: TokenVerifier, clock: FakeClock, seconds: int, valid: bool
) -> None:
    made = token(clock)
    clock.advance(seconds=seconds)
    if valid:
        assert await verifier.verify(made) == ACTOR
    else:
        with pytest.raises(Unauthenticated):
            await verifier.verify(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.test"},
        {"iss": None},
        {"aud": "madoguchi-proof"},
        {"aud": ["madoguchi"]},
        {"aud": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
        {"sub": None},
        {"sub": "nobody"},
        {"sub": 1},
        {"sid": None},
        {"role": "emperor"},
        {"role": None},
        {"role": ["association"]},
    ],
)
async def test_a_token_must_say_everything_rightly(
    verifier: TokenVerifier, clock: FakeClock, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(signed(claims_at(clock, **changes)))


def _b64(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_forged_tokens_are_refused(verifier: TokenVerifier, clock: FakeClock) -> None:
    right = token(clock)
    header, body, signature = right.split(".")
    signed_part = f"{_b64({'alg': 'HS256', 'kid': 'old'})}.{body}"
    public_key = ECKey.import_key(OLD).as_pem(private=False)
    confused = f"{signed_part}.{_b64(hmac.digest(public_key, signed_part.encode(), 'sha256'))}"
    own_key = {name: value for name, value in STRANGE.items() if name != "d"}
    forged = {
        "signed with another key of the same name": token(clock, STRANGE),
        "brings its own key": signed(claims_at(clock), STRANGE, jwk=own_key),
        "no algorithm": f"{_b64({'alg': 'none', 'kid': 'old'})}.{body}.",
        "no algorithm, signed": f"{_b64({'alg': 'none', 'kid': 'old'})}.{body}.{signature}",
        "the public key as a shared secret": confused,
        "other claims": f"{header}.{_b64(claims_at(clock, role='operator'))}.{signature}",
        "a bent signature": right[:-6] + ("A" if right[-6] != "A" else "B") + right[-5:],
        "no signature": f"{header}.{body}.",
        "claims that are a list": jws.serialize_compact({"alg": "ES256", "kid": "old"}, b"[1]", ECKey.import_key(OLD)),
        "claims that are no JSON": jws.serialize_compact({"alg": "ES256", "kid": "old"}, b"x", ECKey.import_key(OLD)),
        "a part too many": right + ".x",
        "no kid": jwt.encode({"alg": "ES256"}, claims_at(clock), ECKey.import_key(STRANGE)),
    }
    for how, one in forged.items():
        with pytest.raises(Unauthenticated):
            await verifier.verify(one)
            pytest.fail(how)
    assert await verifier.verify(right) == ACTOR


@given(
    st.one_of(
        st.text(max_size=200),
        st.builds(
            lambda header, rest: f"{_b64(header)}.{rest}",
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text() | st.just("alg"),
                lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64"]), inner),
            ),
            st.sampled_from(["a.b", "..", "a", ""]),
        ),
        st.just(_b64(b"[" * 30_000) + ".a.b"),
        st.just(_b64(b'{"alg":"ES256","kid":' + b"[" * 30_000) + ".a.b"),
        st.just(_b64({"alg": "ES256", "kid": {"a": 1}}) + ".a.b"),
    )
)
def test_whatever_a_stranger_sends_as_a_token_is_refused_and_breaks_nothing(text: str) -> None:
    verifier = TokenVerifier("http://127.0.0.1:1/jwks.json", ISSUER, FakeClock())
    with capture_logs(), pytest.raises((Unauthenticated, Unavailable)):
        asyncio.run(verifier.verify(text))


async def test_a_token_that_was_verified_is_judged_by_its_times_and_its_every_letter_again(
    verifier: TokenVerifier, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, checked = token(clock), []
    real = jwt.decode
    monkeypatch.setattr("kit.tokens.jwt.decode", lambda *args, **more: checked.append(args[0]) or real(*args, **more))
    for _ in range(3):
        assert await verifier.verify(one) == ACTOR
    assert checked == [one]
    head, body, signature = one.split(".")
    forged = f"{head}.{body}.{signature[::-1]}"
    with pytest.raises(Unauthenticated):
        await verifier.verify(forged)
    with pytest.raises(ProofRefused):
        await verifier.verify_proof(one, account_id=ACTOR.account_id, purpose="submit", digest="0" * 64)
    clock.advance(seconds=ACCESS_TOKEN_LIFETIME.total_seconds() + LEEWAY_SECONDS)
    with pytest.raises(Unauthenticated):
        await verifier.verify(one)


# Keys


async def test_keys_are_fetched_once_for_many_requests_at_once(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity
) -> None:
    one = token(clock)
    assert await asyncio.gather(*(verifier.verify(one) for _ in range(50))) == [ACTOR] * 50
    assert identity.asked == 1


async def test_a_flood_of_unknown_keys_asks_identity_once_in_ten_seconds(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity, stopwatch: Stopwatch
) -> None:
    await verifier.verify(token(clock))
    identity.asked = 0
    for second in range(20):
        stopwatch.seconds += 1
        flood = [verifier.verify(token(clock, new_key(f"made-up-{second}-{n}"))) for n in range(5)]
        results = await asyncio.gather(*flood, return_exceptions=True)
        assert {type(result) for result in results} == {Unauthenticated}
        assert await verifier.verify(token(clock)) == ACTOR
    assert identity.asked == 2


async def test_keys_change_without_a_refused_request(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity, stopwatch: Stopwatch
) -> None:
    for keys in ([OLD], [OLD, NEW], [NEW, OLD], [NEW]):  # as `Signer` says
        identity.keys = list(keys)
        for _ in range(12):
            stopwatch.seconds += 60
            assert await verifier.verify(token(clock, keys[0])) == ACTOR
            await asyncio.sleep(0.01)  # lets a renewal in the background get on


async def test_a_key_that_changes_at_once_is_found_at_once(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity
) -> None:
    assert await verifier.verify(token(clock, OLD)) == ACTOR
    identity.keys = [NEW, OLD]
    assert await verifier.verify(token(clock, NEW)) == ACTOR
    assert await verifier.verify(token(clock, OLD)) == ACTOR


async def test_a_withdrawn_key_stops_working(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity, stopwatch: Stopwatch
) -> None:
    stolen = token(clock, OLD)
    assert await verifier.verify(stolen) == ACTOR
    identity.keys = [NEW]
    stopwatch.seconds += 300
    assert await verifier.verify(stolen) == ACTOR  # this request starts the renewal, and does not wait for it
    async with asyncio.timeout(30):
        with pytest.raises(Unauthenticated):
            while True:
                await asyncio.sleep(0.01)
                await verifier.verify(stolen)


async def test_known_keys_work_while_identity_is_down(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity, stopwatch: Stopwatch
) -> None:
    await verifier.verify(token(clock))
    await identity.down()
    for _ in range(10):
        stopwatch.seconds += 200
        assert await verifier.verify(token(clock)) == ACTOR
        with pytest.raises(Unauthenticated):
            await verifier.verify(token(clock, new_key("made-up")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b'{"keys": []}',
        b'{"keys": 1}',
        b'{"keys": [1]}',
        b'{"keys": [{}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}',
        b'{"keys": [{"kty": "EC", "crv": "wrong", "x": "AA", "y": "AA"}]}',
        b'{"keys": [{"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "kid": "old"}]}',
    ],
)
async def test_an_answer_that_holds_no_keys_takes_none_away(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity, body: bytes
) -> None:
    await verifier.verify(token(clock))
    identity.body = body
    with pytest.raises(Unauthenticated):
        await verifier.verify(token(clock, NEW))
    assert identity.asked == 2
    assert await verifier.verify(token(clock)) == ACTOR


async def test_while_no_key_was_ever_seen_nobody_is_refused_but_told_to_come_back(
    clock: FakeClock, stopwatch: Stopwatch
) -> None:
    identity = Identity()
    verifier = TokenVerifier(f"http://127.0.0.1:{identity.port}/jwks.json", ISSUER, clock, monotonic=stopwatch)
    with capture_logs() as logs:
        for _ in range(5):
            with pytest.raises(Unavailable) as caught:
                await verifier.verify(token(clock))
            assert caught.value.retry_after_seconds == 5
    assert len(logs) == 1, "asked again after a second only"
    await identity.up()
    stopwatch.seconds += 1
    assert await verifier.verify(token(clock)) == ACTOR
    await identity.down()


async def test_an_identity_that_hangs_delays_only_who_needs_a_new_key(
    verifier: TokenVerifier, clock: FakeClock, identity: Identity
) -> None:
    await verifier.verify(token(clock))
    identity.hangs = True
    unknown = asyncio.create_task(verifier.verify(token(clock, NEW)))
    await asyncio.sleep(0.1)
    assert await verifier.verify(token(clock)) == ACTOR
    assert not unknown.done()
    with pytest.raises(Unauthenticated):
        await asyncio.wait_for(unknown, 30)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{}],
        [{"kty": "EC"}],
        [new_key("p", "P-384")],
        [{name: value for name, value in OLD.items() if name != "kid"}],
        [{name: value for name, value in OLD.items() if name != "d"}],
        [OLD, STRANGE],
    ],
)
def test_identity_does_not_start_with_keys_it_cannot_sign_with(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        Signer(keys, ISSUER)
    assert OLD["d"] not in str(caught.value)


def test_the_published_keys_hold_nothing_private() -> None:
    published = Signer([NEW, OLD], ISSUER).jwks()["keys"]
    assert [key["kid"] for key in published] == ["new", "old"]
    assert not [key for key in published if "d" in key]
    assert all((key["use"], key["alg"]) == ("sig", "ES256") for key in published)


# Proofs


def proof(clock: FakeClock, key: Mapping[str, Any] = OLD) -> str:
    return Signer([key], ISSUER).proof(account_id=ACTOR.account_id, purpose="submit", digest=DIGEST, now=clock())


@pytest.mark.rule("ID-40", "AS-74")
async def test_a_proof_fits_its_account_purpose_and_content_and_no_other(
    verifier: TokenVerifier, clock: FakeClock
) -> None:
    right: dict[str, Any] = {"account_id": ACTOR.account_id, "purpose": "submit", "digest": DIGEST}
    one = proof(clock)
    assert isinstance(await verifier.verify_proof(one, **right), UUID)
    for wrong in ({"account_id": uuid4()}, {"purpose": "approve"}, {"digest": "cd" * 32}, {"digest": ""}):
        with pytest.raises(ProofRefused) as caught:
            await verifier.verify_proof(one, **{**right, **wrong})
        assert caught.value.rules == ("ID-40", "AS-74")


@pytest.mark.rule("ID-40")
async def test_old_forged_and_missing_proofs_are_refused(verifier: TokenVerifier, clock: FakeClock) -> None:
    right: dict[str, Any] = {"account_id": ACTOR.account_id, "purpose": "submit", "digest": DIGEST}
    one = proof(clock)
    for wrong in ("", "x", token(clock), proof(clock, STRANGE), one[:-4]):
        with pytest.raises(ProofRefused):
            await verifier.verify_proof(wrong, **right)
    clock.advance(seconds=305)
    with pytest.raises(ProofRefused):
        await verifier.verify_proof(one, **right)


async def test_a_proof_is_no_access_token(verifier: TokenVerifier, clock: FakeClock) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(proof(clock))


async def test_a_proof_cannot_be_judged_while_no_key_was_ever_seen(clock: FakeClock) -> None:
    verifier = TokenVerifier(f"http://127.0.0.1:{free_port()}/jwks.json", ISSUER, clock)
    with capture_logs(), pytest.raises(Unavailable):
        await verifier.verify_proof(proof(clock), account_id=ACTOR.account_id, purpose="submit", digest=DIGEST)


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


async def burn(database: Database, jti: UUID, *, then_fail: bool = False) -> str:
    try:
        async with database.transaction() as session:
            await burn_proof(session, jti, FakeClock().now)
            await asyncio.sleep(0.05)
            if then_fail:
                raise Unavailable
    except (ProofRefused, Unavailable) as error:
        return error.code
    return "done"


@pytest.mark.rule("ID-40")
async def test_a_proof_works_once_whoever_comes_together(database: Database) -> None:
    jti = uuid4()
    outcomes = await asyncio.gather(*(burn(database, jti) for _ in range(5)))
    assert sorted(outcomes) == ["done", *["otp_proof_refused"] * 4]
    assert await burn(database, jti) == "otp_proof_refused"
    assert await burn(database, uuid4()) == "done"


async def test_a_proof_whose_work_failed_can_be_used_again(database: Database) -> None:
    jti = uuid4()
    assert await burn(database, jti, then_fail=True) == "unavailable"
    assert await burn(database, jti) == "done"
