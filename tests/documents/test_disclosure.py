"""What this service tells a person that it holds of them."""

import hashlib
from uuid import UUID, uuid4

import pytest
from kit.disclosures import PURPOSE
from madoguchi_contracts import Role
from support.documents import PER_PERSON, Desk, pdf


async def told(at: Desk, account: UUID, role: Role, granted_to: UUID | None = None):
    digest = hashlib.sha256(str(granted_to or account).encode()).hexdigest()
    grant = at.gate.proof(granted_to or account, digest, PURPOSE)
    return await at.http.get("/v1/disclosure", headers={**at.as_(account, role), "Disclosure-Grant": grant})


@pytest.mark.rule("GL-618")
async def test_a_person_is_told_of_their_own_papers_and_of_nobody_elses(at: Desk, owner: UUID) -> None:
    debtor = uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (debtor, "joint_debtor", ("view",)))
    hers = await at.stored(application, debtor, pdf(10), role=Role.JOINT_DEBTOR, slot="identity", subject=str(debtor))
    works = await at.stored(application, owner, pdf(20), role=Role.APPLICANT, slot="works")
    answer = await told(at, debtor, Role.JOINT_DEBTOR)
    (files, posted) = answer.json()["parts"]
    assert [one["document_id"] for one in files["items"]] == [str(hers)]
    assert posted["items"] == []
    his = (await told(at, owner, Role.APPLICANT)).json()["parts"][0]
    assert [one["document_id"] for one in his["items"]] == [str(works)]
    assert (await told(at, debtor, Role.JOINT_DEBTOR, granted_to=owner)).status_code == 403
    assert (await told(at, owner, Role.OFFICE_REVIEWER)).status_code == 403
