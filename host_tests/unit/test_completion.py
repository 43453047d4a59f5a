"""``motelink completion``: bash itself completes what is typed; the others know the words."""

import subprocess
from pathlib import Path

import pytest

from motelink_tools import cli

ASK = """\
eval "$(cat)"
spec=$(complete -p motelink) || exit 3
function=${spec#*-F }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
${function%% *}
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(capsys: pytest.CaptureFixture[str], shell: str) -> str:
    assert cli.main(["completion", shell]) == 0
    return capsys.readouterr().out


def test_bash_completes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = script(capsys, "bash")
    (tmp_path / "hub.toml").touch()

    def completed(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", ASK, "bash", "motelink", *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            cwd=tmp_path,
        )
        return done.stdout.split()

    assert completed("fl") == ["flash"]
    assert {"hub", "losant", "doctor", "size"} <= set(completed(""))
    assert completed("doctor", "--ho") == ["--host"]
    assert completed("losant", "comm") == ["command"]
    assert completed("board", "--chip", "") == ["esp32", "rp2"]
    assert completed("hub", "--config", "hu") == ["hub.toml"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    text = script(capsys, shell)
    assert text.startswith("#compdef motelink" if shell == "zsh" else "#")
    for word in ("flash", "doctor", "losant", "dry-run", "since"):
        assert word in text
