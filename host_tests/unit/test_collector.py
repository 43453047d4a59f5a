"""The collector of shared bodies, run as pytest would run it on modules made for the purpose."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from motelink_tools import paths

CACHE = paths.cache_folder().parent  # asked before pytester changes $HOME
UPY = Path(__file__).parents[1] / "upy"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on one body module; extra arguments go to pytest."""
    monkeypatch.setenv("PYTHONPATH", str(UPY))
    monkeypatch.setenv("MOTELINK_CACHE", str(CACHE))

    def run(body: str, *args: str) -> pytest.RunResult:
        folder = pytester.mkdir("upy")
        (folder / "test_body.py").write_text(textwrap.dedent(body))
        return pytester.runpytest_subprocess(
            "-p", "collector", "-rA", "--import-mode=importlib", *args, timeout=60
        )

    return run


def test_a_body_is_one_item_a_runtime(run: Run) -> None:
    result = run("def test_x(): pass\ndef test_y(): pass", "--collect-only", "-q")
    ids = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert ids[:2] == ["test_x[cpython]", "test_x[micropython-1.25]"]
    assert "test_y[micropython-1.25]" in ids


def test_each_item_has_its_own_result(run: Run) -> None:
    body = """
        import sys
        def test_passes(): pass
        def test_fails_on_a_board():
            print("seen by both")
            assert sys.implementation.name == "cpython"
        def test_passes_after_it(): pass
    """
    result = run(body, "-k", "cpython or 1.25")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*test_fails_on_a_board?micropython-1.25?*",
            '  File "*test_body.py", line 6, in test_fails_on_a_board',
            '*    assert sys.implementation.name == "cpython"',
            "AssertionError:*",
            "*MicroPython output*",
            "seen by both",
        ]
    )


def test_a_hang_fails_the_tests_without_a_result(run: Run) -> None:
    body = """
        import sys
        DEADLINE = 2
        def test_before(): pass
        def test_hangs():
            while sys.implementation.name == "micropython": pass
        def test_after(): pass
    """
    result = run(body, "-k", "cpython or 1.25")
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(
        [
            "MicroPython was stopped after 2 s in the middle of this test",
            "MicroPython was stopped after 2 s in the middle of test_hangs",
        ]
    )


def test_a_crash_fails_the_tests_without_a_result(run: Run) -> None:
    body = """
        def test_before(): pass
        def test_crashes():
            import uctypes
            uctypes.bytearray_at(0, 1)[0]
        def test_after(): pass
    """
    result = run(body, "-k", "1.25")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["MicroPython ended with status -11 in the middle of this test"])


def test_a_module_that_cannot_be_imported_says_why(run: Run) -> None:
    body = """
        import sys
        if sys.implementation.name == "micropython": import nowhere
        def test_x(): pass
    """
    result = run(body, "-k", "cpython or 1.25")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["ImportError: no module named 'nowhere'"])


def test_only_what_is_selected_runs(run: Run) -> None:
    body = """
        ran = []
        def test_x(): ran.append("x")
        def test_y(): assert ran == []
    """
    result = run(body, "-k", "test_y")
    assert result.ret == 0
    assert result.parseoutcomes()["deselected"] >= 2


def test_the_heap_is_a_boards_unless_the_module_says_otherwise(run: Run) -> None:
    body = """
        import gc, sys
        HEAP = "48k"
        def test_heap():
            size = gc.mem_alloc() + gc.mem_free()
            assert 40_000 < size < 49_152, size
    """
    run(body, "-k", "1.25").assert_outcomes(passed=1)


def test_a_test_that_leaves_the_heap_locked_or_full_harms_no_other(run: Run) -> None:
    body = """
        def test_locks():
            import micropython
            micropython.heap_lock()
        def test_fills():
            kept = []
            while True: kept.append(bytearray(100))
        def test_after(): assert len(bytearray(1000)) == 1000
    """
    result = run(body, "-k", "1.25")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["MemoryError: *"])
