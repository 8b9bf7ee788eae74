"""Settings and keys: what is read, what is refused, what a refusal tells."""

import base64
import json
from typing import Any
from uuid import uuid4

import pytest
from identity.keys import BlindIndex, new_token, token_hash
from identity.limits import LIMITS, Limit
from identity.main import build_tools
from identity.settings import Settings
from kit.vault import CannotDecrypt
from pydantic import SecretStr, ValidationError
from support.identity import SIGNING_KEY, settings_for

PRODUCTION = {
    "environment": "production",
    "kafka_security_protocol": "SSL",
    "ekyc_api_key": SecretStr("k" * 32),
    "ekyc_callback_secret": SecretStr("c" * 32),
}
URL = "postgresql+asyncpg://nobody@127.0.0.1:1/none"


def settings(**changes: Any) -> Settings:
    return settings_for(URL, **changes)


class TestSettings:
    @pytest.mark.parametrize("form", [json.dumps([SIGNING_KEY]), json.dumps({"keys": [SIGNING_KEY]})])
    def test_signing_keys_are_a_list_or_a_jwk_set(self, form: str) -> None:
        assert settings(signing_keys=SecretStr(form)).signing_jwks() == [SIGNING_KEY]

    @pytest.mark.parametrize("form", ["", "[]", "{}", "secret", '{"keys": []}', '[{"kty": "EC"}]', "[1]"])
    def test_anything_else_stops_the_start_without_quoting_it(self, form: str) -> None:
        with pytest.raises(ValueError, match="MADOGUCHI_SIGNING_KEYS") as refused:
            settings(signing_keys=SecretStr(form)).signing_jwks()
        assert "secret" not in str(refused.value)

    @pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
    def test_the_index_key_is_read_in_both_alphabets(self, encode: Any) -> None:
        key = b"\xfb\xff\xfe" * 10 + b"xx"
        assert settings(blind_index_key=SecretStr(encode(key).decode())).index_key() == key

    @pytest.mark.parametrize("form", ["", "c2hvcnQ=", "not base64", base64.b64encode(b"x" * 31).decode()])
    def test_a_short_index_key_stops_the_start(self, form: str) -> None:
        with pytest.raises(ValueError, match="MADOGUCHI_BLIND_INDEX_KEY"):
            settings(blind_index_key=SecretStr(form)).index_key()

    def test_limits_that_are_not_given_keep_their_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert settings().rate_limits == LIMITS
        given = settings(rate_limits='{"otp_code": {"times": 9, "seconds": 60}}').rate_limits
        assert given == {**LIMITS, "otp_code": Limit(times=9, seconds=60)}

    def test_they_are_read_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MADOGUCHI_RATE_LIMITS", '{"otp_code": {"times": 9, "seconds": 60}}')
        assert settings().rate_limits["otp_code"] == Limit(times=9, seconds=60)

    @pytest.mark.parametrize(
        "form", ['{"typo": {"times": 1, "seconds": 1}}', '{"otp_code": {"times": 0, "seconds": 1}}']
    )
    def test_a_limit_that_does_not_exist_or_forbids_everything_is_refused(self, form: str) -> None:
        with pytest.raises(ValidationError):
            settings(rate_limits=form)

    @pytest.mark.parametrize("name", ["public_base_url", "ekyc_url", "ekyc_callback_url"])
    def test_production_refuses_addresses_in_clear(self, name: str) -> None:
        addresses = dict.fromkeys(("public_base_url", "ekyc_url", "ekyc_callback_url"), "https://example.jp")
        production = {**PRODUCTION, **addresses}
        assert settings(**production)
        with pytest.raises(ValidationError, match="https"):
            settings(**{**production, name: "http://example.jp"})

    @pytest.mark.parametrize("name", ["ekyc_api_key", "ekyc_callback_secret"])
    def test_production_refuses_what_the_provider_shares_with_us_if_it_can_be_guessed(self, name: str) -> None:
        addresses = dict.fromkeys(("public_base_url", "ekyc_url", "ekyc_callback_url"), "https://example.jp")
        with pytest.raises(ValidationError, match="32 characters") as refused:
            settings(**{**PRODUCTION, **addresses, name: SecretStr("s" * 31)})
        assert "sss" not in str(refused.value)

    def test_secrets_do_not_show_in_a_representation(self) -> None:
        shown = repr(settings())
        for secret in ("the-key", "callback-secret", SIGNING_KEY["d"], base64.b64encode(b"i" * 32).decode()):
            assert secret not in shown

    def test_a_link_has_one_slash(self) -> None:
        assert (
            build_tools(settings(public_base_url="https://p.test/")).link("ekyc", "t") == "https://p.test/ekyc#token=t"
        )


class TestKeys:
    def test_tokens_are_256_bits_and_stored_as_sha256(self) -> None:
        tokens = {new_token() for _ in range(1000)}
        assert len(tokens) == 1000
        assert all(len(base64.urlsafe_b64decode(token + "=")) == 32 for token in tokens)
        assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    def test_what_is_hidden_for_one_row_and_column_is_not_shown_for_another(self) -> None:
        keys, one, other = build_tools(settings()).keys, uuid4(), uuid4()
        hidden = keys.hide(one, "mail", "taro@example.jp")
        assert keys.show(one, "mail", hidden) == "taro@example.jp"
        for account_id, field in ((other, "mail"), (one, "name_kanji")):
            with pytest.raises(CannotDecrypt):
                keys.show(account_id, field, hidden)  # type: ignore[arg-type]

    def test_the_index_depends_on_key_kind_and_value(self) -> None:
        index = BlindIndex(b"a" * 32)
        values = {
            index.of("mail", "x"),
            index.of("user_id", "x"),
            index.of("mail", "y"),
            BlindIndex(b"b" * 32).of("mail", "x"),
        }
        assert len(values) == 4
        assert index.of("mail", "x") == BlindIndex(b"a" * 32).of("mail", "x")
