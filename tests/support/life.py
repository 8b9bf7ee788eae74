"""An application that lives by a programme's table, without a database: what `applications.moves` does, in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from applications.forms import read
from applications.privacy import Given, provision_findings
from applications.programme import Facts, Programme
from applications.workflow import (
    Caller,
    Case,
    Document,
    Effect,
    Filing,
    Other,
    Taken,
    Transition,
    check,
    choose,
    next_automatic,
)
from kit.errors import Refused
from madoguchi_contracts import Party


class Life:
    """One application of a programme. `now` is moved by the test."""

    def __init__(self, programme: Programme, owner: UUID, now: datetime) -> None:
        """Nothing was done yet."""
        self.programme, self.owner, self.now = programme, owner, now
        self.id = uuid4()
        self.states: dict[tuple[str, UUID], str] = {}
        self.taken: dict[tuple[str, UUID, str], tuple[Taken, ...]] = {}
        self.since_entered: dict[tuple[str, UUID], dict[str, UUID | None]] = {}
        self.parties: tuple[Party, ...] = ()
        self.ekyc: dict[UUID, str] = {}
        self.draft: Mapping[str, Any] = {}
        self.draft_version = 1
        self.documents: list[Document] = []
        self.came: dict[UUID, datetime] = {}
        self.submitted: Mapping[str, Any] | None = None
        self.others: tuple[Other, ...] = ()
        self.facts: Facts | None = None
        self.provided: list[Given] = []

    def case(self, **more: Any) -> Case:
        """What guards see."""
        return Case(
            application_id=self.id,
            programme=self.programme.name,
            account_id=self.owner,
            reference="X-1",
            submission=0 if self.submitted is None else 1,
            approved_submission=None,
            states=dict(self.states),
            now=self.now,
            parties=self.parties,
            draft_version=self.draft_version,
            submitted=self.submitted,
            ekyc=dict(self.ekyc),
            taken=dict(self.taken),
            others=self.others,
            documents=tuple(self.documents),
            came=dict(self.came),
            maintenance=(),
            **more,
        )

    def filing(self) -> Filing:
        """What would be handed in."""
        assert self.facts is not None
        facts = replace(self.facts, now=self.now)
        form = self.programme.validate(self.draft, facts)
        return Filing(form, tuple(self.documents), self.ekyc.get(self.owner), "0" * 64, 1)

    def do(
        self,
        command: str,
        caller: Caller,
        *,
        track: str | None = None,
        about: UUID | None = None,
        reason: str = "",
        **facts: Any,
    ) -> None:
        """Take a step and what follows from it. Raises as the service does."""
        key = (track or self.programme.workflow.main, about or self.id)
        row = choose(self.programme.workflow, self.case(), command, caller, track=key[0], subject=key[1])
        said = None
        if row.facts is not None:
            named = {"reason": reason} if "reason" in row.facts.model_fields else {}  # a fact of the same name
            said, findings = read(row.facts, facts | named)
            assert not findings, findings
        files = bool(row.effects & {Effect.FILES, Effect.READS})
        dated = self.facts.dated if self.facts is not None and row.dated else None
        filing = self.filing() if files else None
        case = self.case(about=key[1], reason=reason, facts=said, filing=filing, dated=dated)
        steps = self.since_entered.get(key, {})
        check(row, case, actor_id=caller.account_id, first_officer=steps.get(row.second_of or ""))
        if row.reckons is not None:
            case = replace(case, facts=row.reckons(case))
        self._take(row, key, case, caller.account_id)
        self.settle()

    def settle(self) -> None:
        """Take the automatic steps."""
        while (found := next_automatic(self.programme.workflow, self.case())) is not None:
            row, subject = found
            self._take(row, (row.track, subject), self.case(about=subject), None)

    def _take(self, row: Transition, key: tuple[str, UUID], case: Case, actor: UUID | None) -> None:
        given = row.provides(case) if row.provides else ()
        for one in given:
            if wrong := provision_findings(one.provision, one.consented):
                raise Refused(findings=wrong)
        self.provided += given
        steps = self.since_entered.setdefault(key, {})
        if row.target == self.states.get(key, ""):
            steps[row.command] = actor
        else:
            steps.clear()
        self.states[key] = row.target
        step = (*key, row.command)
        self.taken[step] = (*self.taken.get(step, ()), Taken(self.now, actor, case.facts))
        if Effect.FILES in row.effects:
            self.submitted = case.filed.form.content
        if Effect.INVOLVES in row.effects:
            self._join(self.programme.parties(case.filed.form.content))
        for deadline in row.deadlines:
            assert deadline.due(case) >= self.now

    def _join(self, parties: Iterable[Party]) -> None:
        self.parties = (*self.parties, *parties)

    def join(self, account: UUID, kind: str, *grants: str) -> None:
        """Somebody accepted the owner's invitation."""
        self._join([Party(party_id=account, kind=kind, grants=grants)])
        self.settle()

    def state(self, track: str | None = None, subject: UUID | None = None) -> str:
        """Where a track stands."""
        return self.states.get((track or self.programme.workflow.main, subject or self.id), "")
