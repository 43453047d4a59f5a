"""Building a MicroPython with the library frozen in, with stand-ins for apt, gcc and make."""

import stat
from pathlib import Path

import pytest

from motelink_tools import frozen
from motelink_tools.errors import ToolError

APT = """\
#!/bin/sh
echo apt-get "$@" >> "{log}"
case "$*" in
*indextargets*) echo http://mirror.test/debian ;;
*' source '*) mkdir -p micropython-1.25.0/ports/unix micropython-1.25.0/mpy-cross ;;
*download*) : > libmbedtls-dev.deb ;;
esac
"""
DPKG = """\
#!/bin/sh
mkdir -p "$3/usr/lib/i386-linux-gnu"
: > "$3/usr/lib/i386-linux-gnu/libmbedtls.a"
: > "$3/usr/lib/i386-linux-gnu/libmbedtls.so"
"""
# "Builds" a binary that answers like MicroPython.
MAKE = """\
#!/bin/sh
echo make "$@" >> "{log}"
for word in "$@"; do case "$word" in BUILD=*)
    folder="${{word#BUILD=}}"
    mkdir -p "$folder"
    printf '#!/bin/sh\\necho 1 25 0 32\\n' > "$folder/micropython"
    chmod +x "$folder/micropython" ;;
esac; done
{end}
"""
GCC = "#!/bin/sh\nexit {status}\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Its tools are stand-ins; returns what they were called with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "mkdir", "chmod"):
        (folder / tool).symlink_to(next(p for p in (Path("/bin", tool), Path("/usr/bin", tool))))
    log = tmp_path / "log"
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("MOTELINK_CACHE", str(tmp_path / "cache"))

    def install(compiles=True, make_ends="exit 0"):
        tools = {
            "apt-get": APT.format(log=log),
            "dpkg-deb": DPKG,
            "dpkg-source": "#!/bin/sh\n",
            "gcc": GCC.format(status=0 if compiles else 1),
            "make": MAKE.format(log=log, end=make_ends),
        }
        for name, text in tools.items():
            (folder / name).write_text(text)
            (folder / name).chmod(stat.S_IRWXU)
        return lambda: log.read_text().splitlines()

    return install


@pytest.fixture
def manifest(tmp_path):
    file = tmp_path / "manifest.py"
    file.touch()
    return file


def test_the_source_is_fetched_once_and_built_each_time(machine, manifest, tmp_path):
    calls = machine()
    said = []
    for name in ("one", "two"):
        found = frozen.build(manifest, tmp_path / name, say=said.append)
        assert (found.bits, found.release, found.suite) == (32, "1.25.0", "frozen")
        assert found.path == tmp_path / name / "micropython"
    assert sum(" source micropython" in call for call in calls()) == 1
    assert sum("mpy-cross" in call for call in calls()) == 1
    assert sum(f"FROZEN_MANIFEST={manifest}" in call for call in calls()) == 2
    assert len(said) == 4


def test_it_is_linked_with_a_tls_that_it_needs_no_library_for(machine, manifest, tmp_path):
    machine()
    frozen.build(manifest, tmp_path / "build", say=print)
    kept = tmp_path / "cache" / "micropython" / "source"
    assert sorted(path.name for path in kept.iterdir()) == ["libraries", "micropython"]
    assert [path.name for path in kept.rglob("libmbedtls.*")] == ["libmbedtls.a"]


def test_without_a_compiler_for_32_bits_it_says_what_to_install(machine, manifest, tmp_path):
    machine(compiles=False)
    with pytest.raises(ToolError, match="apt install build-essential gcc-multilib") as caught:
        frozen.build(manifest, tmp_path / "build", say=print)
    assert caught.value.kind == "no_compiler"
    assert not (tmp_path / "cache").exists()


def test_what_make_says_first_is_the_reason(machine, manifest, tmp_path):
    machine(make_ends="echo 'main.c:1: error: no' >&2; echo 'make: *** Error 1' >&2; exit 2")
    with pytest.raises(ToolError, match=r"cannot be built: main.c:1: error: no$"):
        frozen.build(manifest, tmp_path / "build", say=print)
    # What could not be built is not kept.
    assert [path.name for path in (tmp_path / "cache" / "micropython").iterdir()] == ["lock"]


def test_without_a_checkout_there_is_nothing_to_freeze(machine, tmp_path):
    machine()
    with pytest.raises(ToolError, match=r"manifest.py is in a checkout"):
        frozen.build(tmp_path / "manifest.py", tmp_path / "build", say=print)
