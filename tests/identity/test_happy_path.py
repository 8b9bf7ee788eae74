"""From the terms to a passed identity verification, with the mails' links as notifications would get them."""

import hashlib

import pytest
from identity.clients import EkycClient
from identity.main import ekyc_provider
from madoguchi_contracts.identity import EkycStarted
from support.ekyc import SimulatedProvider, turn
from support.identity import World, identity_world
from support.servers import FreshDatabase


@pytest.mark.rule("ID-04", "ID-09", "ID-15", "ID-16", "ID-18", "ID-35", "ID-40", "ID-47", "ID-74", "ID-77")
async def test_somebody_registers_logs_in_proves_a_submission_and_passes_identity_verification(
    postgres_url: FreshDatabase,
) -> None:
    async with identity_world(await postgres_url("identity")) as world:
        await _story(world)


async def _story(world: World) -> None:
    member = await world.member()
    assert await world.names(member.account_id) == [
        "RegistrationRequested",
        "UserIdIssued",
        "EkycStatusChanged",
        "PasswordLinkIssued",
        "PasswordSet",
    ]
    answer = await world.log_in(member)
    assert answer["next"] == "done"
    assert answer["landing"] == "association_form"
    world.clock.advance(seconds=30)
    digest = hashlib.sha256(b"content").hexdigest()
    body = {"code": world.code(member), "purpose": "submit", "digest": digest}
    proof = (await world.post("/v1/otp/proofs", body, status=201, headers=member.bearer))["proof"]
    verifier = world.context.verifier
    await verifier.verify_proof(proof, account_id=member.account_id, purpose="submit", digest=digest)

    started = await world.post("/v1/ekyc", {"method": "photo"}, status=201, headers=member.bearer)
    assert started["status"] == "method_chosen"
    provider = SimulatedProvider(world.clock)
    async with EkycClient(ekyc_provider(world.settings), provider.transport()) as client:
        assert await turn(world.database, world.context.tools, client, world.clock)
        opened = await world.post("/v1/ekyc/open", {"token": world.token(await world.last(EkycStarted))})
        assert opened["url"] in provider.urls()
        assert opened["qr_svg"].startswith("<svg")
        provider.finish(started["ekyc_id"], "passed")
        world.clock.advance(seconds=60)
        assert await turn(world.database, world.context.tools, client, world.clock)
    shown = await world.get("/v1/ekyc", headers=member.bearer)
    assert (shown["status"], shown["status_label"]) == ("passed", "合格")
    statuses = [e.status for e in await world.events(member.account_id) if type(e).__name__ == "EkycStatusChanged"]
    assert statuses == ["data_registered", "method_chosen", "running", "passed"]
