"""What differs, and in which batches it fits."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi
from motelink_tools.flash.planning import Change, File, compare, in_batches
from motelink_tools.flash.remote import About, Found

BLOCK = 1024


def about(free: int) -> About:
    return About((1, 25, 0), Abi(6, 3, 0), "Fake", BLOCK, free, 40_000)


def there(file: File, size: int | None = None, digest: str | None = None) -> Found:
    return Found(len(file.data) if size is None else size, digest or file.digest)


def change(needs: int, frees: int = 0, name: str = "f") -> Change:
    return Change(File(name, b"x" * needs), None, needs, frees)


def sizes(batches: Sequence[Sequence[Change]]) -> list[list[int]]:
    return [[entry.needs for entry in batch] for batch in batches]


def test_only_what_differs_is_sent_in_the_given_order() -> None:
    same, other, new = File("a.mpy", b"1"), File("b.mpy", b"2"), File("c.txt", b"3")
    found = {"a.mpy": there(same), "b.mpy": there(other, digest="0" * 64)}
    plan = compare([same, new, other], found, {}, about(1 << 20))
    assert [entry.file.dest for entry in plan.changes] == ["c.txt", "b.mpy"]
    assert plan.unchanged == ("a.mpy",)
    assert plan.remove == ()
    assert plan.total == 2


def test_twins_are_python_only_and_not_of_boot_or_main() -> None:
    twins = {name: File(name, b"").twin for name in ("a.py", "lib/b.mpy", "c.txt", "main.py")}
    assert twins == {"a.py": "a.mpy", "lib/b.mpy": "lib/b.py", "c.txt": None, "main.py": None}
    assert File("lib/main.py", b"").twin == "lib/main.mpy"


def test_room_counts_leftovers_and_stale_twins_as_free() -> None:
    file, kept = File("a.txt", b"x" * 3 * BLOCK), File("k.py", b"")
    found = {"k.py": there(kept), "k.mpy": Found(2 * BLOCK, "0")}
    leftovers = {"a.txt.~flash": BLOCK}
    for free, fits in ((4 * BLOCK, True), (3 * BLOCK, False)):
        if fits:
            plan = compare([file, kept], found, leftovers, about(free))
            assert plan.remove == ("a.txt.~flash", "k.mpy")
            continue
        with pytest.raises(ToolError, match="too full"):
            compare([file, kept], found, leftovers, about(free))


def test_everything_that_fits_goes_in_one_batch() -> None:
    assert sizes(in_batches([change(1), change(2), change(3)], 6)) == [[1, 2, 3]]
    assert in_batches([], 0) == []


def test_what_a_batch_replaces_makes_room_for_the_next() -> None:
    assert sizes(in_batches([change(4, 4), change(4, 4), change(3, 3)], 5)) == [[4], [4], [3]]
    assert sizes(in_batches([change(2, 9), change(3), change(8)], 5)) == [[2, 3], [8]]


def test_a_file_that_never_fits_is_refused_with_figures() -> None:
    with pytest.raises(ToolError, match=r"too full: big needs 6,000 bytes .* 1,000 would be free"):
        in_batches([change(4000, 0), change(6000, 0, "big")], 5000)


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=30), st.integers(0, 300)
)
def test_no_batch_ever_needs_more_than_there_is(pairs: list[tuple[int, int]], free: int) -> None:
    changes = [change(*pair) for pair in pairs]
    try:
        batches = in_batches(changes, free)
    except ToolError:
        return
    assert [entry for batch in batches for entry in batch] == changes
    for batch in batches:
        free -= sum(entry.needs for entry in batch)
        assert free >= 0
        free += sum(entry.frees for entry in batch)
