"""Lines of a board's console, and the source lines that its tracebacks mean."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from motelink_tools import paths
from motelink_tools.monitor import Frame, Line, Reader, Sources
from motelink_tools.monitor.view import JsonView, View

APP = """\
def outer(x):
    return [1 / y for y in x]


class App:
    def run(self):
        fail = lambda: 1 / 0
        fail()


App().run()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "lib" / "pumps").mkdir(parents=True)
    (tmp_path / "lib" / "pumps" / "__init__.py").write_text("A = 1\n")
    (tmp_path / "lib" / "pumps" / "valve.py").write_text("B = 2\n")
    return tmp_path


@pytest.fixture
def reader(project: Path) -> Reader:
    return Reader(Sources(project))


def test_log_lines_have_a_level_and_others_none(reader: Reader) -> None:
    assert reader.feed(b"12.345 W it is late\r\nhello\r\n3.2 E no\n12.3456 E no\n") == [
        Line("it is late", "warning", 12.345),
        Line("hello"),
        Line("3.2 E no"),
        Line("12.3456 E no"),
    ]


@given(st.binary(max_size=300), st.lists(st.integers(1, 40)))
def test_any_bytes_cut_anywhere_are_the_same_lines(data: bytes, cuts: list[int]) -> None:
    sources = Sources(Path("/nowhere"))
    whole = Reader(sources)
    expected = whole.feed(data) + whole.flush()
    reader, found, at = Reader(sources), [], 0
    for cut in cuts:
        found += reader.feed(data[at : at + cut])
        at += cut
    assert found + reader.feed(data[at:]) + reader.flush() == expected
    assert all(line.text.replace("\t", "").isprintable() for line in expected)


def test_an_endless_line_comes_in_pieces(reader: Reader) -> None:
    lines = reader.feed(b"x" * 10_000)
    assert [len(line.text) for line in lines + reader.flush()] == [4096, 4096, 1808]


def test_what_would_steer_the_terminal_is_shown_as_text(reader: Reader) -> None:
    (line,) = reader.feed(b"\x1b]0;gotcha\x07\n")
    assert line.text == r"\x1b]0;gotcha\x07"


@pytest.mark.parametrize(
    ("name", "line", "function", "file", "text", "same"),
    [
        ("app.py", 8, "run", "app.py", "fail()", True),
        ("app.py", 7, "<lambda>", "app.py", "fail = lambda: 1 / 0", True),
        ("app.py", 2, "<listcomp>", "app.py", "return [1 / y for y in x]", True),
        ("app.py", 11, "<module>", "app.py", "App().run()", True),
        ("/app.py", 8, None, "app.py", "fail()", True),
        ("app.py", 2, "run", "app.py", "return [1 / y for y in x]", False),
        ("app.py", 99, "run", "app.py", "", False),
        ("pumps", 1, "<module>", "lib/pumps/__init__.py", "A = 1", True),
        ("pumps.valve", 1, "<module>", "lib/pumps/valve.py", "B = 2", True),
        ("/lib/pumps/valve.py", 1, "<module>", "lib/pumps/valve.py", "B = 2", True),
    ],
)
def test_a_frame_is_found_in_the_project(
    project: Path, name: str, line: int, function: str | None, file: str, text: str, same: bool
) -> None:
    assert Sources(project).find(name, line, function) == Frame(project / file, line, text, same)


@pytest.mark.parametrize("name", ["motelink.log", "lib/motelink/log.py", "/lib/motelink/log.mpy"])
def test_a_frame_is_found_in_the_library(project: Path, name: str) -> None:
    path = paths.library() / "motelink" / "log.py"
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("def "))
    function = lines[number - 1].split("(")[0].removeprefix("def ")
    frame = Sources(project).find(name, number, function)
    assert frame == Frame(path, number, lines[number - 1], same=True)


def test_starters_are_motelink_s_own_where_the_project_has_none(project: Path) -> None:
    frame = Sources(project).find("main.py", 2, "<module>")
    assert frame is not None
    assert frame.path == paths.board_root() / "main.py"


@pytest.mark.parametrize("name", ["<stdin>", "uasyncio.core", "../../etc/passwd.py", "", "a b"])
def test_what_is_not_here_is_not_found(project: Path, name: str) -> None:
    assert Sources(project).find(name, 1, None) is None


def shown(project: Path, text: bytes, least: str = "debug") -> str:
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=False)
    view = View(console, least=least, timestamps=False)
    for line in Reader(Sources(project)).feed(text):
        view.line(line)
    return out.getvalue()


def test_a_traceback_shows_source_beneath_its_lines(project: Path, monkeypatch) -> None:
    monkeypatch.chdir(project)
    assert shown(
        project,
        b'1.000 E Traceback (most recent call last):\n1.000 E   File "app.py", line 8, in run\n'
        b'  File "app.py", line 2, in run\nZeroDivisionError: \n',
    ).splitlines() == [
        "    1.000 E Traceback (most recent call last):",
        '    1.000 E   File "app.py", line 8, in run',
        "      app.py:8  fail()",
        '  File "app.py", line 2, in run',
        "      app.py:2  (the file here is not what runs there: flash again)",
        "ZeroDivisionError: ",
    ]


def test_the_level_hides_the_log_alone(project: Path) -> None:
    log = b"1.000 D a\n1.000 I b\n1.000 W c\n1.000 E d\nplain\n"
    lines = shown(project, log, "warning").splitlines()
    assert [line.strip() for line in lines] == ["1.000 W c", "1.000 E d", "plain"]


def test_json_has_one_object_a_line(project: Path) -> None:
    said: list[str] = []
    view = JsonView(said.append, least="info", now=lambda: 1.5)
    for line in Reader(Sources(project)).feed(b'2.000 E x\n2.000 D y\nFile "app.py", line 8\n'):
        view.line(line)
    view.note("gone")
    assert [json.loads(text) for text in said] == [
        {"time": 1.5, "kind": "log", "text": "x", "level": "error", "at": 2.0},
        {
            "time": 1.5,
            "kind": "text",
            "text": 'File "app.py", line 8',
            "source": {
                "file": str(project / "app.py"),
                "line": 8,
                "text": "fail()",
                "same": True,
            },
        },
        {"time": 1.5, "kind": "note", "text": "gone"},
    ]
