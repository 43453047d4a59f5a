"""Finding MicroPython: in the cache, by a stand-in for apt, installed, or not at all."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from motelink_tools import cli, micropython
from motelink_tools.errors import ToolError

# Like apt-get where it matters: names its mirrors, refuses a broken one, writes packages.
APT = """\
#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
*indextargets*) printf '%s' '{mirrors}' ;;
*print-uris*) printf "%s" "{uris}" ;;
*update*) if grep -q broken ../sources.list; then
    echo 'E: The repository does not have a Release file.' >&2; exit 100; fi ;;
*download*) for p in micropython libc6; do : > $p.deb; done ;;
esac
"""
# "Unpacks" a loader that runs the binary, and a binary that answers like MicroPython.
DPKG = """\
#!/bin/sh
mkdir -p "$3/usr/lib/i386-linux-gnu" "$3/usr/bin"
printf '#!/bin/sh\\nshift 2\\nexec "$@"\\n' > "$3/usr/lib/i386-linux-gnu/ld-linux.so.2"
printf '#!/bin/sh\\necho 1 25 0 32\\n' > "$3/usr/bin/micropython"
chmod +x "$3/usr/lib/i386-linux-gnu/ld-linux.so.2" "$3/usr/bin/micropython"
"""


@pytest.fixture
def bin_folder(tmp_path, monkeypatch):
    """The only PATH besides the plain system tools; the cache is the test's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "mkdir", "chmod", "grep"):
        found = next(p for p in ("/bin", "/usr/bin") if Path(p, tool).exists())
        (folder / tool).symlink_to(Path(found, tool))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("MOTELINK_CACHE", str(tmp_path / "cache"))
    return folder


def script(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def apt(bin_folder, tmp_path):
    """Install the stand-ins; returns the lines that apt-get was called with."""

    def install(mirrors="http://mirror.test/debian", uris=""):
        log = tmp_path / "apt.log"
        script(bin_folder / "apt-get", APT.format(log=log, mirrors=mirrors, uris=uris))
        script(bin_folder / "dpkg-deb", DPKG)
        return lambda: log.read_text().splitlines()

    return install


def test_it_is_fetched_once_and_found_in_the_cache_after(apt, tmp_path):
    calls = apt()
    said = []
    found = micropython.find(say=said.append)
    assert (found.version, found.bits, found.suite) == ((1, 25, 0), 32, "trixie")
    assert found.path.is_relative_to(tmp_path / "cache")
    assert len(said) == 1
    assert "fetching" in said[0]
    before = len(calls())
    assert micropython.find(say=said.append) == found
    assert len(calls()) == before
    assert len(said) == 1


def test_nothing_but_the_interpreter_stays_in_the_cache(apt, tmp_path):
    apt()
    micropython.find(say=print)
    assert {path.name for path in (tmp_path / "cache" / "micropython").iterdir()} == {
        "trixie",
        "lock",
    }
    assert not (tmp_path / "cache" / "micropython" / "trixie" / "apt").exists()


def test_a_mirror_that_does_not_have_it_is_passed_over(apt):
    calls = apt(
        "http://security.test/debian\nhttp://broken.test/debian\nhttp://good.test/debian\n"
    )
    assert micropython.find(say=print).bits == 32
    assert sum("update" in call for call in calls()) == 2


def test_the_reason_is_the_first_thing_that_apt_says_and_nothing_is_left(apt, tmp_path):
    apt("http://broken.test/debian")
    with pytest.raises(ToolError, match=r"does not have a Release file.*install 'micropython'"):
        micropython.find(say=print)
    assert [path.name for path in (tmp_path / "cache" / "micropython").iterdir()] == ["lock"]


def test_a_machine_that_was_never_updated_has_a_mirror_all_the_same(apt):
    apt("", "'http://mirror.test/debian/dists/stable/InRelease' mirror.test_InRelease 0")
    assert micropython.find(say=print).bits == 32


def test_a_machine_without_package_sources_is_told_so(apt):
    apt("")
    with pytest.raises(ToolError, match="no package source"):
        micropython.find(say=print)


def test_without_apt_an_installed_one_serves_and_says_what_it_cannot(bin_folder):
    script(bin_folder / "micropython", "#!/bin/sh\necho 1 26 1 64\n")
    said = []
    found = micropython.find(say=said.append)
    assert (found.version, found.bits, found.suite) == ((1, 26, 1), 64, "installed")
    assert "not a board's" in said[0]
    assert micropython.find(bits=64, say=said.append) == found
    assert len(said) == 1


def test_a_cache_that_cannot_be_written_is_told(apt, tmp_path):
    apt()
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(ToolError, match=r"cannot be kept in .*MOTELINK_CACHE"):
        micropython.find(say=print)


def test_with_nothing_at_all_the_error_says_what_to_do(bin_folder):
    with pytest.raises(ToolError, match=r"apt-get is missing.*install 'micropython'"):
        micropython.find(say=print)


def test_fetch_false_never_asks_apt(apt, tmp_path):
    apt()
    with pytest.raises(ToolError, match="nothing cached"):
        micropython.find(fetch=False, say=print)
    assert not (tmp_path / "apt.log").exists()


def test_processes_that_start_together_fetch_it_once(apt):
    calls = apt()
    code = "from motelink_tools import micropython; print(micropython.find().release)"
    several = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(4)
    ]
    assert [each.communicate()[0] for each in several] == [b"1.25.0\n"] * 4
    assert sum("download" in call for call in calls()) == 1


def test_a_command_carries_the_heap_before_the_program(apt):
    apt()
    found = micropython.find(say=print)
    assert found.command("a.py", heap="64k")[-3:] == ["-X", "heapsize=64k", "a.py"]
    assert found.command("a.py")[-2:] == [str(found.path), "a.py"]


def test_the_copy_for_valgrind_lacks_the_instructions_it_refuses(apt):
    apt()
    found = micropython.find(say=print)
    library = Path(found.argv[2], "libc.so.6")
    library.write_bytes(b"a\x2e\x8d\xb4\x26b\x2e\x8d\x74\x26c")
    copy = found.for_valgrind()
    assert Path(copy.argv[2], "libc.so.6").read_bytes() == b"a\x90\x8d\xb4\x26b\x90\x8d\x74\x26c"
    assert copy.path != found.path
    assert os.access(copy.path, os.X_OK)
    assert found.for_valgrind() == copy


def test_the_command_prints_json(apt, capsys):
    apt()
    assert cli.main(["micropython", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == "1.25.0"
    assert report["command"][-1] == report["path"]
