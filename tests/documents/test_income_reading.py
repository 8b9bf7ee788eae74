"""What a PDF in the place of income evidence is: the service's own, changed, somebody else's, or not signed."""

from __future__ import annotations

import asyncio
import sys

import pytest
from documents.evidence import work
from documents.evidence.reading import look
from documents.evidence.results import Result
from madoguchi_contracts import IncomeEvidence
from support import income

KNOWN = income.SERVICE.certificate
BOTH = KNOWN + income.SOMEBODY.certificate


@pytest.mark.rule("GL-425")
@pytest.mark.parametrize("known", [KNOWN, BOTH], ids=["its certificate", "its certificate and the next one"])
def test_a_file_as_the_service_issued_it_is_verified_and_says_what_it_says(known):
    result, attachment = look(income.genuine(), known.encode())
    assert result is Result.VERIFIED
    assert IncomeEvidence.model_validate_json(attachment) == income.EVIDENCE


@pytest.mark.rule("GL-425")
@pytest.mark.parametrize(
    ("content", "result"),
    [
        (income.with_changed_byte(), Result.CHANGED),
        (income.with_comment(), Result.CHANGED),
        (income.with_other_attachment(), Result.CHANGED),
        (income.wrapped(), Result.CHANGED),
        (income.genuine() + b"% something behind it\n", Result.CHANGED),
        (income.genuine(income.SOMEBODY), Result.UNKNOWN_SIGNER),
        (income.unsigned(), Result.NOT_SIGNED),
        (income.genuine()[:-200], Result.UNREADABLE),
        (income.genuine()[: len(income.genuine()) // 2], Result.UNREADABLE),
        (b"%PDF-1.7\n/ByteRange [0 1 2 3]\n", Result.UNREADABLE),
        (b"", Result.UNREADABLE),
    ],
    ids=[
        "a byte changed",
        "updated after signing",
        "attachment swapped",
        "range shortened",
        "bytes appended",
        "another key",
        "without its signature",
        "end cut off",
        "half of it",
        "no PDF",
        "nothing",
    ],
)
def test_every_other_file_says_nothing_of_an_income(content, result):
    assert look(content, KNOWN.encode()) == (result, None)


@pytest.mark.rule("GL-425")
@pytest.mark.parametrize("days", [-2, 1], ids=["over before", "valid from tomorrow"])
def test_a_file_signed_out_of_the_time_of_its_certificate_is_of_an_unknown_signer_and_not_changed(days):
    other = income.of_another_time(days)
    assert look(income.genuine(other), other.certificate.encode()) == (Result.UNKNOWN_SIGNER, None)
    assert look(income.with_changed_byte(other), other.certificate.encode()) == (Result.CHANGED, None)


def test_without_a_certificate_nobody_is_known():
    assert look(income.genuine(), b"") == (Result.UNKNOWN_SIGNER, None)


async def test_the_process_of_its_own_gives_the_same_answer():
    assert await work.examine(income.genuine(), KNOWN) == (Result.VERIFIED, income.EVIDENCE)
    assert await work.examine(income.with_comment(), KNOWN) == (Result.CHANGED, None)


async def test_a_file_that_would_fill_the_memory_ends_in_its_own_process():
    assert await work.examine(income.bomb(), KNOWN) == (Result.UNREADABLE, None)


async def test_a_form_of_the_service_that_we_do_not_know_is_unreadable():
    content = await asyncio.to_thread(income.stating, total_income_yen=-1)
    assert await work.examine(content, KNOWN) == (Result.UNREADABLE, None)


async def test_a_process_that_does_not_answer_in_time_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work, "SECONDS", 0.01)
    with pytest.raises(work.NotRead, match="too long"):
        await work.examine(income.genuine(), KNOWN)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit(3)", "ended with 3"),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9"),
        ("pass", "another form"),
        ("print('[]')", "another form"),
        ("print('[' * 60000)", "another form"),
        ("""print('{"result": "NOT_SIGNED"}')""", "another form"),
        ("""print('{"result": "FINE", "attachment": null}')""", "another form"),
        ("""print('{"result": "VERIFIED", "attachment": "x"}')""", "another form"),
        ("""print('{"result": "VERIFIED", "attachment": null}')""", "contradicts"),
        ("""print('{"result": "CHANGED", "attachment": "e30="}')""", "contradicts"),
        ("""print('{"result": "NOT_SIGNED", "attachment": null}' + ' ' * 65536)""", "too much"),
    ],
)
async def test_a_process_that_breaks_or_says_anything_else_has_not_read_the_file(
    monkeypatch: pytest.MonkeyPatch, program: str, said: str
):
    monkeypatch.setattr(work, "READER", (sys.executable, "-I", "-S", "-c", program))
    with pytest.raises(work.NotRead, match=said):
        await work.examine(b"", KNOWN)
