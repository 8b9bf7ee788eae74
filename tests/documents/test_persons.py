"""Papers per person, and what parties besides the owner bring and see."""

from uuid import UUID, uuid4

import pytest
from madoguchi_contracts import AwaitedDocument, Role
from support.documents import PER_PERSON, Desk, pdf

pytestmark = [pytest.mark.real, pytest.mark.rule("GL-366", "GL-369")]
VIEW = ("view",)


async def places(at: Desk, application: UUID, account: UUID, role: Role) -> list[tuple[str, str | None, bool]]:
    """What somebody is shown: slot, whose, and whether they may put a file there."""
    answer = (await at.list_(application, account, role)).json()
    return [(slot["slot"], slot["subject"], slot["changeable"]) for slot in answer["slots"]]


async def test_each_person_has_a_file_of_their_own_in_a_slot_per_person(at: Desk, owner: UUID) -> None:
    debtor = uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (debtor, "joint_debtor", VIEW))
    theirs = await at.stored(application, debtor, pdf(10), role=Role.JOINT_DEBTOR, slot="identity", subject=str(debtor))
    works = await at.stored(application, owner, pdf(20), role=Role.APPLICANT, slot="works")
    mine = await at.stored(application, owner, pdf(30), role=Role.APPLICANT, slot="identity", subject=str(owner))
    assert await at.ids_of(application, owner, Role.APPLICANT) == [mine, theirs, works]

    name, told = (await at.events(application))[-1]
    assert (name, told["subject"], told["total_bytes"]) == ("DocumentStored", str(owner), 60)
    assert [(one["slot"], one["subject"]) for one in told["set"]] == [
        ("identity", str(owner)),
        ("identity", str(debtor)),
        ("works", None),
    ]
    # A second file of the same person takes the place of their first, and of nobody else's.
    newer = await at.stored(application, debtor, pdf(40), role=Role.JOINT_DEBTOR, slot="identity", subject=str(debtor))
    assert await at.ids_of(application, owner, Role.APPLICANT) == [mine, newer, works]
    # The owner may bring and take away anybody's.
    assert (await at.delete(newer, owner, Role.APPLICANT)).status_code == 204
    brought = await at.stored(application, owner, pdf(50), role=Role.APPLICANT, slot="income", subject=str(debtor))
    assert await at.ids_of(application, debtor, Role.JOINT_DEBTOR) == [brought]


@pytest.mark.parametrize(("owns", "joins"), [(Role.APPLICANT, Role.JOINT_DEBTOR), (Role.JOINT_DEBTOR, Role.APPLICANT)])
async def test_who_takes_part_has_their_own_papers_and_nothing_of_others(
    at: Desk, owner: UUID, owns: Role, joins: Role
) -> None:
    person, other = uuid4(), uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (person, joins.value, VIEW), (other, "joint_debtor", VIEW))
    works = await at.stored(application, owner, pdf(10), role=owns, slot="works")
    foreign = await at.stored(application, owner, pdf(10), role=owns, slot="identity", subject=str(owner))
    others = await at.stored(application, other, pdf(10), role=Role.JOINT_DEBTOR, slot="identity", subject=str(other))
    own = await at.stored(application, person, pdf(10), role=joins, slot="identity", subject=str(person))

    assert await places(at, application, person, joins) == [
        ("identity", str(person), True),
        ("income", str(person), True),
    ]
    assert await at.ids_of(application, person, joins) == [own]
    assert (await at.download(own, person, joins)).status_code == 200
    for document in (works, foreign, others):
        assert (await at.download(document, person, joins)).status_code == 404
        assert (await at.delete(document, person, joins)).status_code == 404
    for place in ({"slot": "works"}, {"slot": "income", "subject": str(owner)}, {"slot": "other"}):
        assert (await at.start(application, person, pdf(1), role=joins, **place)).status_code == 403
    begun = await at.uploaded(application, other, pdf(5), role=Role.JOINT_DEBTOR, slot="income", subject=str(other))
    assert (await at.complete(begun, person, joins)).status_code == 404
    assert (await at.delete(own, person, joins)).status_code == 204


@pytest.mark.rule("GL-390", "DO-08")
async def test_a_paper_that_could_not_be_had_before_is_handed_in_once_after_the_submission(
    at: Desk, owner: UUID
) -> None:
    debtor = uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (debtor, "joint_debtor", VIEW))
    await at.submitted(application, owner, awaited=(AwaitedDocument(slot="income", subject=debtor),))
    assert await places(at, application, debtor, Role.JOINT_DEBTOR) == [
        ("identity", str(debtor), False),
        ("income", str(debtor), True),
    ]
    for closed in ({"slot": "income", "subject": str(owner)}, {"slot": "identity", "subject": str(owner)}):
        assert (await at.start(application, owner, pdf(1), **closed)).json()["code"] == "documents_frozen"
    hers = {"role": Role.JOINT_DEBTOR, "slot": "income", "subject": str(debtor)}
    stored = await at.stored(application, debtor, pdf(5), **hers)
    assert stored in await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER)
    assert (await at.start(application, debtor, pdf(6), **hers)).json()["code"] == "documents_frozen"


async def test_own_papers_follow_the_owner_through_submission_and_correction(at: Desk, owner: UUID) -> None:
    debtor = uuid4()
    paper = {"role": Role.JOINT_DEBTOR, "slot": "identity", "subject": str(debtor)}
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (debtor, "joint_debtor", VIEW))
    first = await at.stored(application, debtor, pdf(10), **paper)
    begun = await at.uploaded(application, debtor, pdf(20), **paper)
    await at.submitted(application, owner)
    assert await at.ids_of(application, debtor, Role.JOINT_DEBTOR) == [first]
    assert (await at.start(application, debtor, pdf(1), **paper)).json()["code"] == "documents_frozen"
    assert (await at.delete(first, debtor, Role.JOINT_DEBTOR)).json()["code"] == "documents_frozen"
    refused = await at.complete(begun, debtor, Role.JOINT_DEBTOR)
    assert refused.json()["findings"][0]["code"] == "SET_FROZEN"
    assert await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER) == [first]

    await at.rejected(application, owner)
    second = await at.stored(application, debtor, pdf(30), **paper)
    assert await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER) == [first]
    await at.submitted(application, owner, submission=2)
    assert await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER) == [second]
    # What was theirs and was handed in once, they may have again; as the owner may.
    assert (await at.download(first, debtor, Role.JOINT_DEBTOR)).status_code == 200
    # Who takes part no longer has nothing any more; the papers stay what was handed in.
    await at.joined(application)
    assert (await at.list_(application, debtor, Role.JOINT_DEBTOR)).status_code == 404
    assert (await at.download(second, debtor, Role.JOINT_DEBTOR)).status_code == 404
    assert ("identity", str(debtor), False) in await places(at, application, owner, Role.APPLICANT)


async def test_an_upload_for_somebody_who_left_meanwhile_is_refused(at: Desk, owner: UUID) -> None:
    debtor = uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (debtor, "joint_debtor", VIEW))
    place = {"slot": "identity", "subject": str(debtor)}
    begun = await at.uploaded(application, debtor, pdf(10), role=Role.JOINT_DEBTOR, **place)
    await at.joined(application)
    refused = await at.complete(begun, owner, Role.APPLICANT)
    assert refused.json()["findings"][0]["code"] == "SET_FROZEN"


async def test_a_submission_that_names_another_person_than_the_set_waits_for_an_operator(at: Desk, owner: UUID) -> None:
    application = await at.started(owner, documents=PER_PERSON)
    await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="identity", subject=str(owner))
    event = await at.submission_event(application, owner)
    wrong = event.documents[0].model_copy(update={"subject": uuid4()})
    await at.hears(event.model_copy(update={"documents": (wrong,)}))
    rows = await at.rows("SELECT error FROM parked_events WHERE key = :key", key=str(application))
    assert "not of this application" in rows[0].error


@pytest.mark.parametrize("missing", ["nobody", "a stranger", "an organisation", "somebody, where it is nobody's"])
async def test_whose_paper_it_is_must_be_said_where_papers_are_somebodys(at: Desk, owner: UUID, missing: str) -> None:
    bank = uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.joined(application, (bank, "bank", VIEW))
    place = {
        "nobody": {"slot": "identity"},
        "a stranger": {"slot": "identity", "subject": str(uuid4())},
        "an organisation": {"slot": "identity", "subject": str(bank)},
        "somebody, where it is nobody's": {"slot": "works", "subject": str(owner)},
    }[missing]
    answer = await at.start(application, owner, pdf(1), role=Role.APPLICANT, **place)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_subject")


async def test_parties_see_and_bring_what_the_programme_says(at: Desk, owner: UUID) -> None:
    """The clerks of bank and inspection body stand in for their organisations here: both are parties by their id."""
    bank, body = uuid4(), uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="identity", subject=str(owner))
    income = await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="income", subject=str(owner))
    works = await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="works")
    other = await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="other")
    await at.joined(application, (bank, "bank", VIEW), (body, "inspection_body", VIEW))
    assert (await at.list_(application, bank, Role.BANK)).status_code == 404  # a draft is the owner's
    await at.submitted(application, owner)

    assert await places(at, application, bank, Role.BANK) == [
        ("income", str(owner), False),
        ("works", None, False),
    ]
    assert await at.ids_of(application, bank, Role.BANK) == [income, works]
    assert (await at.download(other, bank, Role.BANK)).status_code == 404
    assert (await at.delete(works, bank, Role.BANK)).status_code == 403
    assert (await at.start(application, bank, pdf(1), role=Role.BANK, slot="certificate")).status_code == 403

    assert await places(at, application, body, Role.INSPECTION_BODY) == [
        ("works", None, False),
        ("certificate", None, True),
    ]
    certificate = await at.stored(application, body, pdf(20), role=Role.INSPECTION_BODY, slot="certificate")
    assert await at.ids_of(application, body, Role.INSPECTION_BODY) == [works, certificate]
    assert certificate in await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER)
    # It belongs to what the office decides about: nobody replaces it or takes it away.
    again = await at.start(application, body, pdf(21), role=Role.INSPECTION_BODY, slot="certificate")
    assert again.json()["code"] == "documents_frozen"
    assert (await at.delete(certificate, body, Role.INSPECTION_BODY)).status_code == 403
    assert (await at.start(application, body, pdf(1), role=Role.INSPECTION_BODY, slot="works")).status_code == 409
    entries = await at.rows(
        "SELECT action FROM access_log WHERE application_id = :id AND account_id = :who", id=application, who=bank
    )
    assert {entry.action for entry in entries} == {"list"}


async def test_a_party_sees_its_own_file_at_once_and_others_when_they_are_in_force(at: Desk, owner: UUID) -> None:
    body = uuid4()
    application = await at.started(owner, documents=PER_PERSON)
    works = await at.stored(application, owner, pdf(10), role=Role.APPLICANT, slot="works")
    await at.submitted(application, owner)
    await at.joined(application, (body, "inspection_body", VIEW))
    await at.approved(application, owner)
    await at.reopened(application, owner)
    newer = await at.stored(application, owner, pdf(11), role=Role.APPLICANT, slot="works")
    certificate = await at.stored(application, body, pdf(20), role=Role.INSPECTION_BODY, slot="certificate")
    assert await at.ids_of(application, body, Role.INSPECTION_BODY) == [works, certificate]
    assert (await at.download(newer, body, Role.INSPECTION_BODY)).status_code == 404
    assert (await at.download(certificate, body, Role.INSPECTION_BODY)).status_code == 200
    await at.submitted(application, owner, submission=2)
    await at.approved(application, owner, submission=2)
    assert await at.ids_of(application, body, Role.INSPECTION_BODY) == [newer, certificate]
