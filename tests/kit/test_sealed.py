"""Sealed fields: one service opens them, nobody else, and no error repeats what was in them."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey
from kit.errors import Permanent
from kit.sealed import CannotUnseal, seal, unseal
from kit.telemetry import explain
from pydantic import BaseModel

OURS, THEIRS = (ECKey.generate_key("P-256", {"kid": "one"}) for _ in range(2))
OUR_KEY, THEIR_KEY = (json.dumps(key.as_dict(private=True)) for key in (OURS, THEIRS))
PUBLIC = OURS.as_dict(private=False)
SECRET = "taro.yamada@example.jp"


class Contact(BaseModel):
    mail: str


class Link(BaseModel):
    url: int


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=500)


@given(TEXTS)
def test_the_recipient_reads_what_was_sealed(mail: str) -> None:
    assert unseal(seal(Contact(mail=mail), PUBLIC), OUR_KEY, Contact) == Contact(mail=mail)


def test_what_is_sealed_twice_looks_different_and_shows_nothing() -> None:
    one, other = (seal(Contact(mail=SECRET), PUBLIC) for _ in range(2))
    assert one != other
    header = json.loads(base64.urlsafe_b64decode(one.partition(".")[0] + "=="))
    assert {name: header[name] for name in ("alg", "enc", "kid")} == {
        "alg": "ECDH-ES+A256KW",
        "enc": "A256GCM",
        "kid": "one",
    }
    assert set(header) == {"alg", "enc", "kid", "epk"}


def test_a_service_of_another_key_cannot_open_it() -> None:
    with pytest.raises(CannotUnseal):
        unseal(seal(Contact(mail=SECRET), PUBLIC), THEIR_KEY, Contact)


def test_a_replaced_key_opens_what_was_sealed_to_it_and_not_what_comes_after() -> None:
    before, after = seal(Contact(mail="a"), PUBLIC), seal(Contact(mail="b"), THEIRS.as_dict(private=False))
    assert unseal(before, OUR_KEY, Contact).mail == "a"
    assert unseal(after, THEIR_KEY, Contact).mail == "b"
    with pytest.raises(CannotUnseal):
        unseal(after, OUR_KEY, Contact)


def test_a_set_of_keys_opens_what_was_sealed_to_any_of_them() -> None:
    former, present = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("2025", "2026"))
    ring = json.dumps({"keys": [key.as_dict(private=True) for key in (present, former)]})
    for key in (former, present):
        token = seal(Contact(mail=SECRET), key.as_dict(private=False))
        assert unseal(token, ring, Contact).mail == SECRET
    with pytest.raises(CannotUnseal):
        unseal(seal(Contact(mail=SECRET), PUBLIC), ring, Contact)


@pytest.mark.parametrize("part", range(5))
def test_a_token_changed_on_its_way_is_refused(part: int) -> None:
    parts = seal(Contact(mail=SECRET), PUBLIC).split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    with pytest.raises(CannotUnseal):
        unseal(".".join(parts), OUR_KEY, Contact)


def _json(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(st.text(max_size=100) | st.builds(lambda h: _json(h) + ".a.b.c.d", st.dictionaries(st.text(), st.integers())))
@example(_json([1]) + ".a.b.c.d")
@example(_json({"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "epk": 1}) + ".a.b.c.d")
@example(_json({"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "epk": {"kty": "EC", "crv": "x"}}) + ".a.b.c.d")
@example(_json({"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "epk": {"kty": "EC", "crv": "P-256"}}) + ".a.b.c.d")
@example(_json({"alg": ["ECDH-ES+A256KW"], "enc": {}}) + ".a.b.c.d")
@example(_json({"alg": "dir", "enc": "A256GCM"}) + ".a.b.c.d")
@example(base64.urlsafe_b64encode(b"[" * 50_000).decode() + ".a.b.c.d")
def test_whatever_stands_in_a_sealed_field_it_opens_or_is_refused_for_good(token: str) -> None:
    with pytest.raises(CannotUnseal):
        unseal(token, OUR_KEY, Contact)


@pytest.mark.parametrize("content", ["", "{}", '{"url": "not a number"}', "{", "[" * 5000])
def test_content_of_another_shape_is_refused(content: str) -> None:
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
    token = jwe.encrypt_compact(header, content.encode(), OURS, algorithms=["ECDH-ES+A256KW", "A256GCM"])
    with pytest.raises(CannotUnseal):
        unseal(token, OUR_KEY, Link)


def test_a_field_blown_up_by_compression_is_not_opened() -> None:
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "zip": "DEF"}
    algorithms = ["ECDH-ES+A256KW", "A256GCM", "DEF"]
    token = jwe.encrypt_compact(header, b"0" * 1_000_000, OURS, algorithms=algorithms)
    with pytest.raises(CannotUnseal):
        unseal(token, OUR_KEY, Contact)


def test_an_error_says_what_could_not_be_read_and_never_what_was_in_it() -> None:
    with pytest.raises(CannotUnseal) as caught:
        unseal(seal(Contact(mail=SECRET), PUBLIC), OUR_KEY, Link)
    assert isinstance(caught.value, Permanent), "the consumer parks the event"
    assert str(caught.value) == "Link: ValidationError"
    assert SECRET not in json.dumps(explain(caught.value))
