"""What fits into a set of documents."""

from __future__ import annotations

import pytest
from documents.rules import attach, total_bytes
from hypothesis import given
from hypothesis import strategies as st

MB = 1024 * 1024
LIMIT = 6 * MB

slots = st.sampled_from(["a", "b", "c"])


@pytest.mark.rule("DO-05")
def test_the_limit_is_inclusive_and_the_next_byte_is_refused() -> None:
    files = {"kanri_kiyaku": 3_000_000}
    assert attach(files, "sokai_gijiroku", 3_291_456, LIMIT) == "stored"
    assert attach(files, "sokai_gijiroku", 3_291_457, LIMIT) == "refused"
    assert attach({}, "kanri_kiyaku", LIMIT, LIMIT) == "stored"
    assert attach({}, "kanri_kiyaku", LIMIT + 1, LIMIT) == "refused"


@pytest.mark.rule("DO-03", "DO-05")
def test_a_replacement_counts_without_the_file_it_replaces() -> None:
    files = {"a": 4 * MB, "b": MB}
    assert attach(files, "a", 5 * MB, LIMIT) == "stored"
    assert attach(files, "a", 5 * MB + 1, LIMIT) == "refused"
    assert attach(files, "c", MB, LIMIT) == "stored"
    assert files == {"a": 4 * MB, "b": MB}


@pytest.mark.rule("DO-05")
@given(st.lists(st.tuples(slots, st.integers(0, 100))), st.integers(0, 200))
def test_a_set_never_grows_over_its_limit_and_takes_all_that_fits(uploads: list[tuple[str, int]], limit: int) -> None:
    files: dict[str, int] = {}
    for slot, size in uploads:
        after = files | {slot: size}
        if attach(files, slot, size, limit) == "stored":
            files = after
        else:
            assert total_bytes(after) > limit
        assert total_bytes(files) <= limit
