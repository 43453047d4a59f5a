"""What every command shares: one line an error, exit statuses, and an orderly end."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from motelink_tools import cli, paths


def lines_of_failure(capsys, *arguments, status):
    try:
        code = cli.main(arguments)
    except SystemExit as end:  # argparse's way out
        code = end.code
    output, errors = capsys.readouterr()
    assert (code, output) == (status, "")
    return errors.splitlines()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "motelink: the following arguments are required: COMMAND"),
        (["nonsense"], "motelink: argument COMMAND: invalid choice: 'nonsense'"),
        (["manager", "--port", "abc"], "motelink manager: argument --port: invalid int"),
        (["demo", "--seconds", "soon"], "expected seconds (or DEMO_SECONDS), got 'soon'"),
        (["demo", "--seconds", "nan"], "got 'nan'"),
        (["demo", "--seconds", "inf"], "got 'inf'"),
        (["demo", "--seconds=-1"], "got '-1'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(capsys, arguments, says):
    (line,) = lines_of_failure(capsys, *arguments, status=2)
    assert says in line
    assert "--help' shows how" in line


def test_a_wrong_demo_seconds_in_the_environment_is_told(capsys, monkeypatch):
    monkeypatch.setenv("DEMO_SECONDS", "twenty")
    (line,) = lines_of_failure(capsys, "demo", status=2)
    assert "DEMO_SECONDS" in line
    assert "'twenty'" in line


def test_a_folder_that_cannot_be_is_one_line(capsys, tmp_path):
    file = tmp_path / "file"
    file.touch()
    (line,) = lines_of_failure(capsys, "board", "--dir", str(file), status=1)
    assert line == f"motelink: cannot use {file}: File exists"


def test_with_json_the_error_is_an_object_too(capsys, tmp_path):
    assert cli.main(["flash", "--json", "--port", str(tmp_path / "none")]) == 1
    output, errors = capsys.readouterr()
    error = json.loads(output)
    assert (error["ok"], error["kind"]) == (False, "no_port")
    assert errors == f"motelink: {error['error']}\n"


def test_figures_that_cannot_be_kept_are_told_before_measuring(capsys, tmp_path):
    file = tmp_path / "none" / "figures.json"
    (line,) = lines_of_failure(capsys, "bench", "--json", str(file), status=1)
    assert line == f"motelink: cannot use {file}: No such file or directory"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", [["demo"], ["bench", "--only", "manager.heap"]])
def test_a_signal_leaves_no_file(tmp_path, command, number):
    # Another process: signals belong to its main thread, and its folders to itself.
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "motelink_tools", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        process.stdout.readline()  # it has begun
        process.send_signal(number)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode not in (0, -number)
    assert list(tmp_path.iterdir()) == []


def test_figures_that_were_not_measured_leave_no_file(tmp_path, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("motelink_tools.bench.session.lab.opened", interrupt)
    old = tmp_path / "old.json"
    old.write_text("{}")
    for file in (old, tmp_path / "new.json"):
        assert cli.main(["bench", "--json", str(file)]) == 130
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text() == "{}"


@pytest.mark.parametrize(
    ("files", "paths", "told"),
    [([], [], True), (["app.py"], [], False), (["web.txt"], ["web.txt"], False)],
)
def test_a_flash_in_the_wrong_folder_is_told(capsys, tmp_path, monkeypatch, files, paths, told):
    for name in files:
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    *told_before, error = lines_of_failure(capsys, "flash", "--port", "none", *paths, status=1)
    assert error == "motelink: there is no port none"
    assert [f"{tmp_path} has no app.py, so this is motelink's own firmware"] * told == told_before


INTERRUPTED = """
import sys

class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == "motelink_tools.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from importlib.metadata import EntryPoint
script = EntryPoint("motelink", SCRIPT, "console_scripts")
sys.exit(script.load()())
"""


def test_ctrl_c_in_the_first_moment_is_no_traceback():
    project = tomllib.loads((paths.board_root() / "pyproject.toml").read_text())
    code = INTERRUPTED.replace("SCRIPT", repr(project["project"]["scripts"]["motelink"]))
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (result.returncode, result.stderr) == (130, b"")


# Written line by line, or all at once at the end.
BUFFERING = pytest.mark.parametrize("unbuffered", ["1", ""])


@BUFFERING
def test_a_reader_that_goes_is_told_from_what_was_found(unbuffered):
    """`motelink doctor --host | head -1`: 1 would mean that something is wrong."""
    tool = subprocess.Popen(
        [sys.executable, "-m", "motelink_tools", "doctor", "--host"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    tool.stdout.close()
    assert tool.stderr.read() == b""
    tool.stderr.close()
    assert tool.wait(30) == 141


@BUFFERING
def test_a_full_disk_behind_stdout_is_one_line(unbuffered):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "motelink_tools", "doctor", "--host"]
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 1
    assert done.stderr == "motelink: the disk is full: no space is left to write\n"


def test_a_fault_to_clear_has_a_name(capsys, tmp_path):
    assert cli.main(["board", "fault", "--clear", "--board", str(tmp_path)]) == 2
    assert "the name of the fault" in capsys.readouterr().err
