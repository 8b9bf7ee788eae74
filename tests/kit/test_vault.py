"""Encryption at rest: readable under the right key and context only, and through a change of keys."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.vault import CannotDecrypt, Vault

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
PLAIN = "山田太郎 taro@example.jp".encode()


def ring(current: str, **keys: bytes) -> str:
    encoded = {key_id: base64.b64encode(key).decode() for key_id, key in keys.items()}
    return json.dumps({"current": current, "keys": encoded})


@given(plain=st.binary(max_size=1000), context=st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_what_was_encrypted_is_read_again_in_its_context(plain: bytes, context: str) -> None:
    vault = Vault({"1": FIRST}, "1")
    assert vault.decrypt(vault.encrypt(plain, context), context) == plain


def test_the_same_text_never_looks_the_same() -> None:
    vault = Vault({"1": FIRST}, "1")
    assert len({vault.encrypt(PLAIN, "mail") for _ in range(50)}) == 50


def test_another_row_or_column_cannot_use_the_text() -> None:
    vault = Vault({"1": FIRST}, "1")
    text = vault.encrypt(PLAIN, "accounts.mail:1")
    with pytest.raises(CannotDecrypt):
        vault.decrypt(text, "accounts.mail:2")


def test_another_key_of_the_same_name_cannot_open_it() -> None:
    text = Vault({"1": FIRST}, "1").encrypt(PLAIN, "mail")
    with pytest.raises(CannotDecrypt):
        Vault({"1": SECOND}, "1").decrypt(text, "mail")


def test_a_replaced_key_still_opens_old_texts_until_it_is_taken_off_the_ring() -> None:
    old = Vault({"1": FIRST}, "1").encrypt(PLAIN, "mail")
    both = Vault({"1": FIRST, "2": SECOND}, "2")
    assert both.decrypt(old, "mail") == PLAIN
    assert not both.is_current(old)
    new = both.encrypt(both.decrypt(old, "mail"), "mail")
    assert both.is_current(new)
    only_second = Vault({"2": SECOND}, "2")
    assert only_second.decrypt(new, "mail") == PLAIN
    with pytest.raises(CannotDecrypt):
        only_second.decrypt(old, "mail")


@given(st.data())
def test_a_text_with_one_bit_changed_is_refused(data: st.DataObject) -> None:
    vault = Vault({"1": FIRST}, "1")
    sealed = bytearray(base64.urlsafe_b64decode(vault.encrypt(PLAIN, "mail").partition(".")[2]))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CannotDecrypt):
        vault.decrypt(f"1.{base64.urlsafe_b64encode(sealed).decode()}", "mail")


@given(st.text(max_size=60) | st.text(max_size=60).map("1.".__add__))
def test_a_text_that_is_none_of_ours_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(CannotDecrypt) as caught:
        Vault({"1": FIRST}, "1").decrypt(text, "mail")
    assert str(caught.value) in {"KeyError", "ValueError", "InvalidTag", "Error"}
    assert caught.value.__suppress_context__


def test_the_settings_form_takes_both_alphabets_of_base64() -> None:
    key = b"\xfb\xff" * 16
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = json.dumps({"current": "1", "keys": {"1": encode(key).decode()}})
        sealed = Vault.from_json(text).encrypt(PLAIN, "mail")
        assert Vault({"1": key}, "1").decrypt(sealed, "mail") == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"current": "1"}',
        '{"current": "1", "keys": ["a"]}',
        '{"current": "1", "keys": {"1": null}}',
        '{"current": "1", "keys": {"1": "not base64 !"}}',
        ring("1", **{"1": FIRST[:16]}),
        ring("1", **{"1": FIRST + b"x"}),
        ring("2", **{"1": FIRST}),
        ring("a.b", **{"a.b": FIRST}),
    ],
)
def test_a_ring_that_cannot_be_used_is_refused_at_the_start_without_its_keys(text: str) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        Vault.from_json(text)
    assert base64.b64encode(FIRST[:12]).decode() not in str(caught.value)


@pytest.mark.parametrize("keys", [{"1": FIRST[:16]}, {"a.b": FIRST}, {}])
def test_a_ring_made_in_the_program_is_held_to_the_same(keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        Vault(keys, next(iter(keys), "1"))
