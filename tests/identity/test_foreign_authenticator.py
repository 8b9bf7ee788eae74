"""A program that we did not write, and that knows only RFC 6238, logs in: oathtool of Debian."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from support.identity import Member, World

OATHTOOL = shutil.which("oathtool")
pytestmark = pytest.mark.skipif(OATHTOOL is None, reason="needs oathtool (Debian package oathtool)")


def shown(secret: str, at: datetime) -> str:
    """What the foreign authenticator shows at this moment."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = [str(OATHTOOL), "--totp", "--base32", f"--now={moment}", "-"]
    done = subprocess.run(command, input=secret, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.rule("ID-43", "ID-44", "ID-47")
async def test_it_enrols_by_the_key_of_the_address_and_logs_in_and_proves(world: World) -> None:
    member = await world.member()
    token = (await world.give_password(member))["login_token"]
    enrolment = await world.post("/v1/otp/enrolment", {"login_token": token})
    address = parse_qs(urlsplit(enrolment["otpauth_uri"]).query)
    assert address["secret"] == [enrolment["secret_text"]]
    # What the address does not say is 6 digits, 30 seconds and SHA-1, as every authenticator takes for granted.
    assert address.get("digits", ["6"]) == ["6"]
    assert address.get("period", ["30"]) == ["30"]
    assert address.get("algorithm", ["SHA1"]) == ["SHA1"]
    body = {"login_token": token, "code": shown(enrolment["secret_text"], world.clock())}
    answer = await world.post("/v1/sessions/otp", body)
    assert answer["next"] == "done"
    member = Member(member.account_id, member.user_id, member.mail, access_token=answer["access_token"])
    world.clock.advance(seconds=30)
    proof = {"code": shown(enrolment["secret_text"], world.clock()), "purpose": "submit", "digest": "0" * 64}
    await world.post("/v1/otp/proofs", proof, status=201, headers=member.bearer)


@pytest.mark.rule("ID-43")
async def test_a_code_of_the_step_before_is_accepted_and_one_of_two_steps_before_is_not(world: World) -> None:
    member = await world.logged_in()
    proof = {"purpose": "submit", "digest": "0" * 64}
    world.clock.advance(seconds=120)
    codes = {back: shown(member.secret, world.clock() - timedelta(seconds=30 * back)) for back in (1, 2)}
    await world.post("/v1/otp/proofs", {**proof, "code": codes[2]}, status=409, headers=member.bearer)
    await world.post("/v1/otp/proofs", {**proof, "code": codes[1]}, status=201, headers=member.bearer)
