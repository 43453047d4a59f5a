"""Which files go where: the mapping of PATH arguments, and what the firmware consists of."""

from pathlib import Path

import pytest

from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.boards import choose, known, recognise
from motelink_tools.flash.project import standard
from motelink_tools.flash.sources import (
    Source,
    destination,
    from_arguments,
    in_order,
    library_modules,
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "app.py",
        "web/index.html",
        "web/js/a.js",
        "web/.git/config",
        "web/__pycache__/a",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("app.py", {"app.py"}),
        ("./app.py", {"app.py"}),
        ("app.py:", {"app.py"}),
        ("app.py:lib/", {"lib/app.py"}),
        ("app.py:main.py", {"main.py"}),
        ("app.py:a/b/c.py", {"a/b/c.py"}),
        ("web", {"web/index.html", "web/js/a.js"}),
        ("web/", {"web/index.html", "web/js/a.js"}),
        ("web/js", {"js/a.js"}),
        ("web:static", {"static/index.html", "static/js/a.js"}),
        ("web:static/", {"static/index.html", "static/js/a.js"}),
        ("web:", {"index.html", "js/a.js"}),
    ],
)
def test_arguments_name_places_on_the_board(
    project: Path, argument: str, expected: set[str]
) -> None:
    assert {source.dest for source in from_arguments([argument])} == expected


def test_the_current_folder_goes_beneath_its_own_name(project: Path) -> None:
    (project / "web").joinpath("x").write_text("")
    assert f"{project.name}/app.py" in {source.dest for source in from_arguments(["."])}


def test_secrets_in_a_folder_stay_here_unless_they_are_named(project: Path) -> None:
    for folder in (project, project / "web"):
        (folder / "secrets.toml").write_text('wifi_password = "hunter2"\n')
    for argument in (".", "web", "web:"):
        places = {source.dest for source in from_arguments([argument])}
        assert not [place for place in places if place.endswith("secrets.toml")]
    assert from_arguments(["secrets.toml"]) == [Source(Path("secrets.toml"), "secrets.toml")]


def test_a_file_with_a_colon_in_its_name_is_that_file(project: Path) -> None:
    (project / "odd:name").write_text("")
    assert from_arguments(["odd:name"]) == [Source(Path("odd:name"), "odd:name")]


@pytest.mark.parametrize(
    "dest", ["../app.py", "lib/../../app.py", "/lib/app.py", "/", "..", "lib\\app.py", "a\0b"]
)
def test_destinations_outside_the_root_are_refused(project: Path, dest: str) -> None:
    with pytest.raises(ToolError, match="leaves the board's root folder") as info:
        from_arguments([f"app.py:{dest}"])
    assert info.value.kind == "bad_path"
    with pytest.raises(ToolError):
        from_arguments([f"web:{dest}"])


def test_a_destination_is_written_in_one_way() -> None:
    assert destination("lib//x/./", "app.py") == "lib/x/app.py"


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("nothing.py", "no file or folder nothing.py"),
        ("no:lib/", "no file or folder no"),
        ("empty", "folders are empty"),
    ],
)
def test_a_source_that_is_not_there_is_said(project: Path, argument: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        from_arguments([argument])


def test_two_sources_for_one_place_are_refused(project: Path) -> None:
    with pytest.raises(ToolError, match=r"would both become app\.py"):
        in_order(from_arguments(["app.py", "web/index.html:app.py"]))


def test_the_library_comes_first_and_main_last() -> None:
    dests = ["main.py", "boot.py", "settings.toml", "lib/b.py", "board.py", "lib/a.py"]
    ordered = [source.dest for source in in_order(Source(Path(name), name) for name in dests)]
    assert ordered == ["lib/a.py", "lib/b.py", "board.py", "settings.toml", "boot.py", "main.py"]


def test_the_firmware_is_the_library_for_micropython_and_the_board_s_own_files(
    tmp_path: Path,
) -> None:
    found = {source.dest: source.path for source in standard("esp32", tmp_path)}
    assert {"app.py", "boot.py", "main.py", "board.py", "lib/motelink/port.py"} <= set(found)
    assert found["board.py"] == paths.board_folder("esp32") / "board.py"
    assert "lib/motelink/_port_micropython.py" in found
    assert not {name for name in found if "cpython" in name or "circuitpython" in name}
    assert "settings.toml" not in found
    (tmp_path / "settings.toml").write_text("")
    assert "settings.toml" in {source.dest for source in standard("esp32", tmp_path)}


def test_every_module_a_library_module_imports_is_in_the_firmware() -> None:
    """Leaving out the other runtimes' files must not leave out what MicroPython imports."""
    sent = {path.stem for path in library_modules()}
    kept = {path.stem for path in (paths.library() / "motelink").glob("*.py")} - sent
    for path in library_modules():
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] == ["from"] and words[1].startswith("motelink."):
                module = words[1].split(".")[1]
                assert module not in kept or path.stem == "port", f"{path.name}: {line}"


def test_every_board_is_recognised_by_what_it_calls_itself() -> None:
    assert "virtual" in known()
    assert recognise("Raspberry Pi Pico W with RP2040") == "rpi_pico_w"
    assert recognise("Raspberry Pi Pico 2 W with RP2350") == "rpi_pico2_w"
    assert recognise("Generic ESP32 module with ESP32") == "esp32"
    assert recognise("Generic ESP32S3 module with ESP32S3") == "esp32s3"
    assert recognise("Teapot with 8051") is None


def test_a_board_of_another_kind_is_refused_unless_forced() -> None:
    pico = "Raspberry Pi Pico W with RP2040"
    assert choose(pico, None) == "rpi_pico_w"
    with pytest.raises(ToolError, match=r"is rpi_pico_w \(.*\), not esp32; .*--force") as info:
        choose(pico, "esp32")
    assert info.value.kind == "other_board"
    assert choose(pico, "esp32", force=True) == "esp32"


def test_a_board_nobody_knows_needs_a_name_and_takes_it() -> None:
    with pytest.raises(ToolError, match=r"no known board calls itself 'Teapot'.*--board") as info:
        choose("Teapot", None)
    assert info.value.kind == "unknown_board"
    assert choose("Teapot", "esp32") == "esp32"
    with pytest.raises(ToolError, match="no board named 'teapot'; there are: "):
        choose("Teapot", "teapot")
