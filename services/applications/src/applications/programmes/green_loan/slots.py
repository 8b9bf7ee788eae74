"""The places for files of a green loan (GL-359 to GL-412): which of them an application needs is told by its papers."""

from __future__ import annotations

from madoguchi_contracts import DocumentSlot

from applications.programmes.green_loan.papers.facts import JOINT_DEBTORS, MAIN_APPLICANT
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.required import all_slots

TOTAL_LIMIT_BYTES = 100_000_000
"""interpretation: the guide sets no limit; some forty papers of a few megabytes."""

MOST_COST_PAPERS = 10
"""So many files show the costs beside the works (GL-227 to GL-232); one file may show several costs."""

_OWN = f"{MAIN_APPLICANT}_"


def _slots() -> tuple[DocumentSlot, ...]:
    """A paper of a person has one slot, in which the file says whose it is; the others belong to all."""
    found = []
    for key, label in all_slots().items():
        if key.startswith(_OWN):
            name = label.partition(" ")[2]
            slot = key.removeprefix(_OWN)
            read_as = Paper.INCOME_SERVICE.value if slot == Paper.INCOME_SERVICE else None
            found.append(DocumentSlot(key=slot, label=name, required=False, per_person=True, read_as=read_as))
        elif not key.startswith(JOINT_DEBTORS):
            found.append(DocumentSlot(key=key, label=label, required=False))
    for number in range(1, MOST_COST_PAPERS + 1):
        found.append(DocumentSlot(key=f"cost_evidence_{number}", label=f"諸費用の確認書類({number})", required=False))
    return tuple(found)


SLOTS = _slots()
