"""What motelink.log prints, and how it copes when memory is gone."""

from collections.abc import Iterator
from typing import Any

import pytest

from motelink import log, port


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    log.set_level("info")
    log.keep(500)
    yield
    log.keep(0)


def test_prints_what_it_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    log.debug("no")
    log.warning("%s: %d", "kettle", 3)
    log.exception(ValueError("no water"), "main")
    assert capsys.readouterr().out.splitlines() == log.lines()
    assert len(log.lines()) == 3


def test_prints_lone_surrogates(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("file %s", "\udcff")
    assert capsys.readouterr().out.endswith("I file ?\n")


def test_a_traceback_that_memory_does_not_hold_goes_to_the_console(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def print_exception(exc: BaseException, *files: Any) -> None:
        if files:
            raise MemoryError
        print("in pieces:", exc)

    monkeypatch.setattr(port, "print_exception", print_exception, raising=False)
    log.exception(KeyError("x"), "main")
    assert "in pieces: 'x'" in capsys.readouterr().out
    assert log.lines()[-1].endswith("E KeyError")
