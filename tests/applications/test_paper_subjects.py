"""Whose papers the files of an application are: kept as documents tells it, and covered by what a proof is bound to."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from applications.cases import documents_json, documents_of
from applications.domain import digest_of
from applications.events import submitted
from applications.workflow import Case, Document, Filing, Step, Validation
from madoguchi_contracts import ApplicationSubmitted

OWNER, DEBTOR = UUID(int=1), UUID(int=2)


def paper(number: int, subject: UUID | None = None) -> Document:
    return Document(UUID(int=100 + number), "identity", f"{number:064}", 10, True, False, subject)


@pytest.mark.rule("GL-366")
def test_whose_paper_it_is_survives_being_kept() -> None:
    kept = (paper(1), paper(2, OWNER), replace(paper(3, OWNER), replaces="identity"))
    assert documents_of(json.loads(documents_json(kept))) == kept


def test_what_was_kept_before_there_were_papers_per_person_is_nobodys() -> None:
    entry = json.loads(documents_json([paper(1)]))[0]
    del entry["subject"], entry["replaces"]
    assert documents_of([entry]) == (paper(1),)


@pytest.mark.rule("AS-73", "GL-366")
def test_a_proof_covers_whose_paper_it_is() -> None:
    digests = {digest_of("loan", {}, [paper(1, subject)]) for subject in (None, OWNER, DEBTOR)}
    assert len(digests) == 3
    swapped = [
        digest_of("loan", {}, [paper(1, one), paper(2, other)]) for one, other in ((OWNER, DEBTOR), (DEBTOR, OWNER))
    ]
    assert swapped[0] != swapped[1]


def test_the_digest_of_files_that_are_nobodys_is_what_it_was() -> None:
    assert (
        digest_of("bond", {"a": 1}, [paper(2), paper(1)])
        == "4bfa3b97fe3b428040d02b7ad87d73cf45123ae2c2ae88bcd49c596ec47d7b60"
    )


@pytest.mark.rule("GL-366")
def test_a_submission_tells_whose_papers_it_is_made_of() -> None:
    files = (paper(1, OWNER), paper(2))
    filing = Filing(form=Validation((), (), {}), documents=files, ekyc_status=None, sha256="0" * 64, submission=1)
    case = Case(
        application_id=UUID(int=9),
        programme="loan",
        account_id=OWNER,
        reference="L-2026-000001",
        submission=0,
        approved_submission=None,
        states={},
        now=datetime(2026, 4, 1, tzinfo=UTC),
        filing=filing,
    )
    told = submitted(Step(case, OWNER, lambda content, service: pytest.fail("nothing here is sealed")))
    assert isinstance(told, ApplicationSubmitted)
    assert [(one.document_id, one.subject) for one in told.documents] == [
        (files[0].document_id, OWNER),
        (files[1].document_id, None),
    ]
