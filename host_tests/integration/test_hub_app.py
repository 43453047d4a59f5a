"""``motelink hub`` as a person or a script meets it: how it starts, ends and complains."""

import re
import resource
import signal
import socket

import pytest

from .hub_command import ANY_PORTS, DEADLINE_S, answers, folder, hub, losant, port_of, start, stop

__all__ = ["folder", "hub", "losant", "start"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_behind(hub, folder, number):
    process, addresses = hub()
    assert set(addresses) == {"losant", "manager"}
    ports = [port_of(url) for found in addresses.values() for url in found.values()]
    assert len(ports) == 3
    assert all(map(answers, ports))
    state = folder / "hub.json"
    assert state.stat().st_mode & 0o77 == 0
    assert folder.stat().st_mode & 0o77 == 0
    assert stop(process, number)[0] == ""
    assert not any(map(answers, ports))
    assert not state.exists()
    hub("--only", "manager")  # the folder can be had again


def test_a_second_hub_on_the_same_folder_is_refused(hub, start, folder):
    first, _ = hub("--only", "manager")
    second = start("-m", "motelink_tools", "hub", "--only", "losant", "--folder", str(folder))
    output, errors = second.communicate(timeout=DEADLINE_S)
    assert (second.returncode, output) == (1, "")
    assert errors == (
        f"motelink: a hub (process {first.pid}) serves {folder} already; stop it, or choose"
        " another folder with --folder\n"
    )


def test_after_a_hub_that_was_killed(hub, losant, folder):
    killed, addresses = hub()
    port = port_of(addresses["losant"]["mqtt"])
    killed.kill()
    killed.wait(DEADLINE_S)
    assert (folder / "hub.json").exists()
    assert "no hub serves" in losant("watch", status=1)
    configuration = f'[losant]\nport = {port}\nws_port = 0\n[hub]\nonly = ["losant"]\n'
    (folder.parent / "again.toml").write_text(configuration)
    _, addresses = hub("--config", str(folder.parent / "again.toml"))
    assert port_of(addresses["losant"]["mqtt"]) == port


def test_a_shell_that_allows_few_open_files(start, folder, tmp_path):
    (tmp_path / "hub.toml").write_text(ANY_PORTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        where = ("--config", str(tmp_path / "hub.toml"), "--folder", str(folder))
        process = start("-m", "motelink_tools", "hub", "--only", "manager", "--json", *where)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert process.stdout.readline(), process.stderr.read()
    allowed, _ = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    assert allowed == min(hard, 16384)


def test_mistakes_are_one_clear_line(hub, start, losant, tmp_path):
    losant("add", "lamp")
    hub("--only", "manager")
    for arguments, status, complaint in (
        (["add", "lamp"], 1, "does not serve losant; it serves: manager"),
        (["command", "lamp", "x", "{"], 2, "'{' is no JSON"),
        (["states", "lamp", "--limit", "-1"], 2, "expected a number of 1 or more, got '-1'"),
        (["states", "lamp", "--since", "noon"], 2, "'noon' is no time: expected ISO 8601"),
        (["states", "none"], 1, "no Losant device 'none'; there are: lamp"),
    ):
        errors = losant(*arguments, status=status)
        assert complaint in errors
        assert errors.count("\n") == 1
    (tmp_path / "wrong.toml").write_text("[hub]\nprot = 1\n")
    wrong = start("-m", "motelink_tools", "hub", "--config", str(tmp_path / "wrong.toml"))
    output, errors = wrong.communicate(timeout=DEADLINE_S)
    assert (wrong.returncode, output) == (2, "")
    assert "[hub] has no 'prot'" in errors


@pytest.mark.parametrize("platform", ["losant", "iottalk", "sepl", "commute"])
def test_a_database_that_is_damaged_is_one_clear_line(start, folder, tmp_path, platform):
    folder.mkdir(exist_ok=True)
    database = folder / f"{platform}.db"
    database.write_text("no database")
    configuration = tmp_path / "hub.toml"
    configuration.write_text(ANY_PORTS)
    process = start(
        *("-m", "motelink_tools", "hub", "--config", str(configuration)),
        *("--folder", str(folder), "--only", platform),
    )
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        f"motelink: cannot use the database {database}: it is damaged or no database; move it"
        " away to start with an empty one\n"
    )
    assert database.read_text() == "no database"


def test_a_port_that_is_taken_ends_what_was_started(start, folder, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configuration = tmp_path / "hub.toml"
        configuration.write_text(
            ANY_PORTS.replace("[manager]\nport = 0", f"[manager]\nport = {port}")
        )
        process = start(
            *("-m", "motelink_tools", "hub", "--config", str(configuration)),
            *("--folder", str(folder)),
        )
        output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in errors
    assert errors.count("\n") == 1
    assert not (folder / "hub.json").exists()
    assert not (folder / "losant-broker" / "pid").exists()  # mosquitto removes it as it ends


def test_it_prints_a_table_for_people(start, folder, tmp_path):
    configuration = tmp_path / "hub.toml"
    configuration.write_text(ANY_PORTS)
    process = start(
        *("-m", "motelink_tools", "hub", "--config", str(configuration)),
        *("--folder", str(folder)),
    )
    lines = iter(process.stdout.readline, "Ctrl-C ends it.\n")
    table = "".join(lines)
    assert re.search(r"losant .* mqtt .* mqtt://127\.0\.0\.1:\d+", table)
    assert re.search(r"manager .* 127\.0\.0\.1:\d+", table)
    assert "\x1b" not in table
    stop(process)
