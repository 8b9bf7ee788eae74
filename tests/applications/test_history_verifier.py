"""Whoever changes the history is found out: which application, which step. Chains in memory; see test_chain for those
that the database makes.
"""

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from applications import history_verifier
from applications.history_verifier import (
    COLUMNS,
    STEP_COLUMNS,
    Problem,
    digest_of,
    main,
    read_dump,
    read_roots,
    report,
    root_of,
    step_text,
    verify,
)
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
A, B = "a0000000-0000-4000-8000-000000000000", "b0000000-0000-4000-8000-000000000000"


@dataclass
class Record:
    """A database in memory, written as the service writes it: tables of text, and the roots that were published."""

    tables: dict[str, list[dict[str, str | None]]]
    published: list[dict[str, object]]
    now: datetime = NOON

    def step(self, application: str, *, submission: str | None = None, reason: str | None = None, loose: bool = False):
        """One more step; with `submission` one that files, with `loose` one from before there were chains."""
        history = self.tables["application_history"]
        mine = [one for one in history if one["application_id"] == application]
        start = next((one for one in self.tables["history_starts"] if one["application_id"] == application), None)
        before = mine[-1] if mine else None
        row = dict.fromkeys(STEP_COLUMNS)
        row |= {
            "id": str(len(history) + 1),
            "application_id": application,
            "track": "main",
            "subject": application,
            "source": before["target"] if before else "",
            "target": f"state_{len(mine) + 1}",
            "command": "go_on",
            "actor_id": application,
            "role": "association",
            "submission": submission or "0",
            "content_sha256": digest_of(application, submission) if submission else None,
            "reason": reason,
            "at": self.now.isoformat(),
            "digest": None,
        }
        if not loose:
            chained = before is not None and before["position"] is not None
            place, digest = (before["position"], before["digest"]) if chained else ("0", "")
            if not chained and start:
                place, digest = start["steps"], start["digest"]
            row["position"] = str(int(place) + 1)
            row["digest"] = digest_of(digest, step_text(row))
        history.append(row)
        if submission:
            version = {"submission": submission, "submitted_by": application, "submitted_at": row["at"]}
            content = {"application_id": application, "content_sha256": row["content_sha256"]}
            self.tables["application_versions"].append({**content, **version})
        track = next((one for one in self.tables["tracks"] if one["application_id"] == application), None)
        if track is None:
            track = {"application_id": application, "track": "main", "subject": application}
            self.tables["tracks"].append(track)
        track |= {"state": row["target"], "entered_step": row["id"]}
        self.now += timedelta(minutes=1)

    def begin_chains(self):
        """What the migration does with the steps that it finds."""
        for application in sorted({one["application_id"] for one in self.tables["application_history"]}):
            mine = [one for one in self.tables["application_history"] if one["application_id"] == application]
            digest = digest_of("\n".join(step_text(one) for one in mine))
            start = {"application_id": application, "steps": str(len(mine)), "digest": digest}
            self.tables["history_starts"].append({**start, "at": self.now.isoformat()})

    def root(self):
        """What happens every midnight."""
        self.now += timedelta(hours=12)
        roots, known = self.tables["history_roots"], self.tables["history_heads"]
        number, at = str(len(roots) + 1), self.now.isoformat()
        ends = {one["application_id"]: (one["steps"], one["digest"]) for one in self.tables["history_starts"]}
        for one in self.tables["application_history"]:
            if one["position"]:
                ends[one["application_id"]] = (one["position"], one["digest"])
        seen = {one["application_id"]: one["position"] for one in known}
        heads = [
            {"application_id": application, "number": number, "position": position, "digest": digest}
            for application, (position, digest) in ends.items()
            if seen.get(application) != position
        ]
        root = root_of(int(number), at, roots[-1]["root"] if roots else None, heads)
        known.extend(heads)
        roots.append({"number": number, "at": at, "heads": str(len(heads)), "root": root})
        self.published.append({"number": int(number), "root": root})
        self.now += timedelta(hours=12)

    @property
    def problems(self):
        return verify(self.tables, self.published)

    def row(self, application, position):
        """A step of the chain."""
        rows = self.tables["application_history"]
        return next(one for one in rows if (one["application_id"], one["position"]) == (application, str(position)))

    def chain_again(self, application):
        """What a clever forger does: number and digest the chain of an application anew, from its first step."""
        mine = [one for one in self.tables["application_history"] if one["application_id"] == application]
        digest = ""
        for position, one in enumerate(sorted(mine, key=lambda one: int(one["id"])), 1):
            one["position"] = str(position)
            one["digest"] = digest = digest_of(digest, step_text(one))
        if mine:
            track = next(one for one in self.tables["tracks"] if one["application_id"] == application)
            track |= {"state": mine[-1]["target"], "entered_step": mine[-1]["id"]}


def record(*applications: str, steps: int = 5, roots_after: tuple[int, ...] = (3, 5)) -> Record:
    """Applications that take their steps in turns; the third step of each files; a root after some of the turns."""
    made = Record({name: [] for name in COLUMNS}, [])
    for turn in range(1, steps + 1):
        for application in applications:
            made.step(application, submission="1" if turn == 3 else None, reason="k1.c2VhbGVk" if turn == 4 else None)
        if turn in roots_after:
            made.root()
    return made


def steps_named(problems: list[Problem], application: str) -> set[int | None]:
    """Which steps of the application the verifier names; nothing is said of another application."""
    assert {one.application for one in problems} <= {application, None}
    return {one.step for one in problems if one.application}


def test_a_history_as_it_was_written_fits():
    assert record(A, B).problems == []


def test_an_empty_history_fits():
    assert record().problems == []


def test_quiet_days_have_roots_too():
    made = record(A)
    made.root()
    made.root()
    assert made.problems == []
    assert [one["heads"] for one in made.tables["history_roots"]] == ["1", "1", "0", "0"]


CHANGES = {
    name: "changed" for name in STEP_COLUMNS if name not in {"id", "application_id", "position", "at", "subject"}
}
CHANGES |= {"subject": B, "actor_id": None, "at": "2026-04-01 03:01:30+00", "submission": "7"}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("position", [1, 3, 5])
def test_a_changed_value_names_the_step(column, position):
    made = record(A, B)
    row = made.row(A, position)
    row[column] = CHANGES[column] if row[column] != CHANGES[column] else "again"
    problems = made.problems
    assert position in steps_named([one for one in problems if "was changed" in one.what], A)


@given(application=st.sampled_from([A, B]), position=st.integers(1, 6), steps=st.integers(6, 9))
def test_a_deleted_step_is_named(application, position, steps):
    made = record(A, B, steps=steps, roots_after=(4, 6))
    made.tables["application_history"].remove(made.row(application, position))
    assert position in steps_named(made.problems, application)


@given(first=st.integers(1, 6), second=st.integers(1, 6))
def test_two_steps_in_each_other_s_place_are_named(first, second):
    made = record(A, B, steps=6, roots_after=(3, 6))
    one, other = made.row(A, first), made.row(A, second)
    kept = {"id", "position", "digest"}
    swapped = {name: (one[name], other[name]) for name in one if name not in kept}
    for name, (mine, theirs) in swapped.items():
        one[name], other[name] = theirs, mine
    named = steps_named(made.problems, A)
    assert {first, second} <= named if first != second else not named


@given(st.integers(1, 5))
def test_two_steps_with_exchanged_numbers_are_named(position):
    made = record(A, steps=6, roots_after=(3, 6))
    one, other = made.row(A, position), made.row(A, position + 1)
    one["position"], other["position"] = other["position"], one["position"]
    assert {position, position + 1} <= steps_named(made.problems, A)


@given(st.integers(1, 5))
def test_a_step_put_in_between_is_named(position):
    made = record(A, B)
    false = {**made.row(A, position), "reason": "k1.ZmFsc2U"}
    for one in made.tables["application_history"]:
        if one["application_id"] == A and int(one["position"]) > position:
            one["position"] = str(int(one["position"]) + 1)
    made.tables["application_history"].append(
        {**false, "id": "99", "position": str(position + 1), "digest": digest_of(false["digest"], step_text(false))}
    )
    assert position + 1 in steps_named(made.problems, A)


@given(cut=st.integers(1, 5), clever=st.booleans())
def test_a_tail_that_was_cut_off_is_named_by_the_root_that_saw_it(cut, clever):
    made = record(A, B)
    for position in range(6 - cut, 6):
        made.tables["application_history"].remove(made.row(A, position))
    if clever:
        made.chain_again(A)
    problems = made.problems
    assert 5 in steps_named(problems, A)
    assert any("root" in one.what for one in problems)


def test_a_tail_that_no_root_has_seen_yet_is_missed_by_its_track():
    made = record(A, roots_after=(3,))
    made.tables["application_history"].remove(made.row(A, 5))
    assert ["stands at 'state_5'" in one.what for one in made.problems] == [True]


@given(position=st.integers(1, 5))
def test_a_chain_that_was_made_again_is_not_the_one_that_the_roots_saw(position):
    made = record(A, B)
    made.row(A, position)["reason"] = "k1.ZmFsc2U"
    made.chain_again(A)
    assert steps_named(made.problems, A) == ({3, 5} if position <= 3 else {5})


def test_who_also_changes_the_heads_and_the_roots_differs_from_what_was_published():
    made = record(A, B)
    made.row(A, 4)["reason"] = "k1.ZmFsc2U"
    made.chain_again(A)
    roots, heads = made.tables["history_roots"], made.tables["history_heads"]
    next(one for one in heads if one["application_id"] == A and one["number"] == "2")["digest"] = made.row(A, 5)[
        "digest"
    ]
    second = [one for one in heads if one["number"] == "2"]
    assert [str(one) for one in made.problems] == [
        "root 2: it does not follow from root 1 and the heads that are kept with it"
    ]
    roots[1]["root"] = root_of(2, roots[1]["at"], roots[0]["root"], second)
    assert [str(one) for one in made.problems] == ["root 2 is not the one that was published"]
    assert verify(made.tables, []) == []  # nobody can tell without what was published


def test_an_old_dump_lacks_what_was_published_since():
    old = record(A, B, steps=3)
    now = record(A, B)
    assert old.problems == []
    problems = verify(old.tables, now.published)
    assert [str(one) for one in problems] == [
        "root 2 was published and is not in the database, which is older, or was cut"
    ]


def test_published_roots_may_be_older_than_the_database():
    made = record(A, B)
    assert verify(made.tables, made.published[:1]) == []


def test_a_step_that_is_written_later_with_an_older_date_is_named():
    made = record(A, B)
    made.now = NOON + timedelta(minutes=30)
    made.step(A)
    made.now += timedelta(days=3)
    made.root()
    assert steps_named(made.problems, A) == {6}


def test_a_history_that_is_written_later_as_a_whole_is_named():
    made = record(A)
    made.now = NOON
    made.step(B)
    made.now += timedelta(days=3)
    made.root()
    assert steps_named(made.problems, B) == {1}


def test_a_step_that_took_a_while_to_be_committed_is_no_problem():
    made = record(A)
    made.now = datetime.fromisoformat(made.tables["history_roots"][-1]["at"]) - timedelta(minutes=5)
    made.step(A)
    made.now += timedelta(days=1)
    made.root()
    assert made.problems == []


def test_a_submission_that_is_kept_with_another_digest_is_named():
    made = record(A, B)
    made.tables["application_versions"][0]["content_sha256"] = digest_of("other")
    assert [str(one) for one in made.problems] == [
        f"application {A}, step 3: the submission 1 is not the one that is kept"
    ]


def test_a_submission_that_is_gone_is_named():
    made = record(A, B)
    del made.tables["application_versions"][0]
    assert [str(one) for one in made.problems] == [
        f"application {A}, step 3: the submission 1 that it tells of is not kept"
    ]


def test_a_submission_without_a_step_is_named():
    made = record(A)
    made.tables["application_versions"].append({**made.tables["application_versions"][0], "submission": "2"})
    assert [str(one) for one in made.problems] == [f"application {A}: submission 2 has no step in the history"]


@pytest.mark.parametrize("gone", ["history_roots", "history_heads"])
def test_roots_and_heads_that_were_deleted_are_missed(gone):
    made = record(A, B)
    made.tables[gone] = [one for one in made.tables[gone] if one["number"] != "1"]
    assert any(one.what.startswith("root 1") for one in made.problems)


def test_a_root_that_was_published_twice_is_told():
    made = record(A)
    made.published.append({"number": 1, "root": "0" * 64})
    assert [str(one) for one in made.problems] == ["root 1 was published 2 times, each time another one"]


# Applications that are older than the chains.


def begun_before() -> Record:
    made = Record({name: [] for name in COLUMNS}, [])
    for _ in range(3):
        made.step(A, loose=True)
    made.begin_chains()
    made.root()
    made.step(A)
    made.step(B)
    made.root()
    return made


def test_chains_that_began_later_fit_and_say_since_when():
    made = begun_before()
    assert made.problems == []
    assert made.row(A, 4)
    lines, fits = report(made.tables, made.published)
    assert fits
    assert any(f"3 steps are proved since {made.tables['history_starts'][0]['at']}, not before" in one for one in lines)


@pytest.mark.parametrize("harm", ["change", "delete", "add"])
def test_what_was_found_when_the_chain_began_stays_as_it_was_found(harm):
    made = begun_before()
    rows = made.tables["application_history"]
    if harm == "change":
        rows[1]["reason"] = "k1.ZmFsc2U"
    elif harm == "delete":
        rows.remove(rows[1])
    else:
        rows.append({**rows[1], "id": "77"})
    assert steps_named(made.problems, A) == {None}
    assert "are not those that were found" in made.problems[0].what


def test_a_step_outside_the_chain_of_a_new_application_is_told():
    made = record(A)
    made.row(A, 2)["position"] = None
    assert any("outside the chain" in one.what for one in made.problems)
    assert 2 in steps_named(made.problems, A)


def test_a_beginning_that_was_written_later_is_not_what_the_roots_saw():
    made = begun_before()
    made.tables["application_history"][0]["reason"] = "k1.ZmFsc2U"
    loose = made.tables["application_history"][:3]
    made.tables["history_starts"][0]["digest"] = digest_of("\n".join(step_text(one) for one in loose))
    assert 3 in steps_named(made.problems, A)


# Whatever is changed, wherever it is: it is told.


@given(st.data())
def test_no_value_of_the_chained_history_can_be_changed_unnoticed(data):
    made = begun_before()
    for _ in range(2):
        made.step(A, submission="1" if _ else None)
    made.root()
    assert made.problems == []
    harmed = deepcopy(made)
    table = data.draw(st.sampled_from(["application_history", "history_starts", "history_heads", "history_roots"]))
    row = data.draw(st.sampled_from(harmed.tables[table]))
    names = [
        one for one in COLUMNS[table] if (table, one) not in {("history_roots", "heads"), ("history_starts", "at")}
    ]
    name = data.draw(st.sampled_from(names))
    old = row[name]
    if name == "application_id":
        new = data.draw(st.uuids().map(str))
    elif name == "at":
        new = (NOON + data.draw(st.timedeltas(timedelta(days=-400), timedelta(days=400)))).isoformat()
    elif name in {"id", "position", "steps", "number", "submission"}:
        new = str(data.draw(st.integers(1, 50)))
    else:
        new = data.draw(st.text(st.characters(exclude_categories=["Cs"])))
    row[name] = new
    if new != old:
        assert harmed.problems


@given(st.lists(st.none() | st.text()), st.lists(st.none() | st.text()))
def test_two_lists_of_values_never_have_one_text(one, other):
    assert (history_verifier.text_of(*one) == history_verifier.text_of(*other)) == (one == other)


# What a stranger does: a dump, a file of roots, and this one file.


def dump_of(made: Record) -> str:
    """As pg_dump writes it."""

    def field(value):
        if value is None:
            return "\\N"
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")

    lines = ["-- PostgreSQL database dump", "", "CREATE TABLE public.tracks (", "    id uuid", ");", ""]
    for table, rows in made.tables.items():
        lines.append(f"COPY public.{table} ({', '.join(COLUMNS[table])}) FROM stdin;")
        lines += ["\t".join(field(row[name]) for name in COLUMNS[table]) for row in rows]
        lines += ["\\.", ""]
    return "\n".join(lines)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_dump_is_read_as_it_was_written(reason):
    made = record(A)
    made.step(A, reason=reason)
    assert read_dump(dump_of(made).split("\n")) == made.tables


@pytest.mark.parametrize(
    "form",
    [
        lambda one: one,
        lambda one: {"specversion": "1.0", "type": history_verifier.EVENT, "data": {**one, "heads": 1}},
    ],
)
def test_roots_are_read_from_events_and_from_their_data(form):
    made = record(A)
    lines = [json.dumps({"snapshot": {}}), json.dumps({"type": "madoguchi.other.v1", "data": {}}), ""]
    assert read_roots([*lines, *(json.dumps(form(one)) for one in made.published)]) == made.published


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"number": "x", "root": ""}'])
def test_a_file_without_roots_is_refused(line):
    with pytest.raises(history_verifier.Unreadable, match="line 1"):
        read_roots([line])


@pytest.mark.parametrize("harmed", [False, True])
def test_the_file_alone_checks_a_dump_with_nothing_of_ours(tmp_path: Path, harmed):
    made = record(A, B)
    if harmed:
        made.row(B, 2)["actor_id"] = str(UUID(int=1))
    dump, roots, verifier = tmp_path / "dump.sql", tmp_path / "roots.jsonl", tmp_path / "verifier.py"
    dump.write_text(dump_of(made))
    roots.write_text("\n".join(json.dumps(one) for one in made.published))
    verifier.write_text(Path(history_verifier.__file__).read_text())
    command = [sys.executable, "-I", "-S", str(verifier), "--dump", str(dump), "--roots", str(roots)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == int(harmed), done.stderr
    said = done.stdout.splitlines()
    assert "10 steps of 2 applications in chains, 2 roots" in said
    assert (f"application {B}, step 2: it was changed, or does not follow from the one before it" in said) == harmed
    assert said[-1] == ("1 things do not fit" if harmed else "everything fits")


@pytest.mark.parametrize(
    "text", ["", "COPY public.tracks (id) FROM stdin;\n1\n\\.\n", "COPY public.tracks (id) FROM stdin;\n"]
)
def test_what_is_no_dump_cannot_be_looked_at(tmp_path: Path, text, capsys):
    dump = tmp_path / "dump.sql"
    dump.write_text(text)
    assert main(["--dump", str(dump)]) == 2
    assert "could not look" in capsys.readouterr().err


def test_without_published_roots_it_says_what_it_does_not_prove(tmp_path: Path, capsys):
    dump = tmp_path / "dump.sql"
    dump.write_text(dump_of(record(A, roots_after=(3,))))
    assert main(["--dump", str(dump)]) == 0
    said = capsys.readouterr().out
    assert "this proves only that the database agrees with itself" in said
    assert "2 steps came after the last root" in said
