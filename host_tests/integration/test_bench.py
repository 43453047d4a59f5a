"""`motelink bench`: what it measures on a real MicroPython, what it shows, what it writes."""

import io
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from motelink_tools import cli
from motelink_tools.bench import mqtt_operations, operations, peer, registry, session
from motelink_tools.bench.lab import Lab, Place, opened
from motelink_tools.bench.registry import Benchmark, Table, Target
from motelink_tools.bench.repeated import Repeated
from motelink_tools.bench.tables import (
    iottalk_memory,
    losant_memory,
    manager_instructions,
    manager_memory,
    mqtt_instructions,
    mqtt_memory,
)
from motelink_tools.errors import ToolError

CLIENT = [pytest.param(operation, id=operation.key) for operation in operations.CLIENT]
FLOORS = [pytest.param(operation, id=operation.key) for operation in operations.FLOORS]
OURS = [pytest.param(operation, id=operation.key) for operation in mqtt_operations.OURS]
OTHERS = [
    pytest.param(operation, id=f"mqtt-{operation.key}")
    for operation in [*mqtt_operations.UMQTT, *mqtt_operations.FLOORS]
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with opened(quick=True, say=lambda _line: None) as bench:
        yield bench


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=99)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def fake(name: str, measure: Callable[[Lab], Table]) -> Benchmark:
    return Benchmark(name, "a fake", measure, 1, 1)


@pytest.mark.parametrize("operation", CLIENT + OURS)
def test_steady_state_allocates_nothing(lab: Lab, operation: Repeated) -> None:
    assert operation.heap(lab, 500)["allocated"] == 0


@pytest.mark.parametrize("operation", CLIENT + OURS)
def test_steady_state_passes_under_heap_lock(lab: Lab, operation: Repeated) -> None:
    assert operation.passes_locked(lab, 100)


def test_what_allocates_is_caught(lab: Lab) -> None:
    floor = operations.FLOORS[0]
    assert floor.key == "floor.recv_send"
    assert floor.heap(lab, 500)["allocated"] >= 500 * 16
    assert not floor.passes_locked(lab, 100)
    for operation in mqtt_operations.UMQTT:
        assert operation.heap(lab, 500)["allocated"] >= 500 * 16
        assert not operation.passes_locked(lab, 100)


def test_idle_allocates_nothing(lab: Lab) -> None:
    with peer.serving(mqtt_operations.answer_pings) as port:
        assert lab.run("mqtt_idle", port, 1) == {"allocated": 0}


def test_publishing_takes_few_instructions(lab: Lab) -> None:
    if lab.has_valgrind():
        publish = mqtt_operations.OURS[0]
        assert publish.key == "mqtt.publish_qos0"
        assert publish.instructions(lab, count=500) <= 9000  # the target is 8000; layouts differ


@pytest.mark.parametrize("operation", CLIENT + FLOORS + OURS + OTHERS)
def test_rates_are_measured(lab: Lab, operation: Repeated) -> None:
    assert operation.rate(lab, 200) > 0


def test_instructions_repeat_where_they_can_be_counted(lab: Lab) -> None:
    floor = operations.FLOORS[1]
    if lab.has_valgrind():
        first, second = (floor.instructions(lab, count=100) for _ in range(2))
        assert 500 < first < 10_000
        assert abs(first - second) < 100
    else:
        assert manager_instructions.BENCHMARK.measure(lab).figures == []


def test_without_valgrind_no_instructions_are_shown(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    for module in (manager_instructions, mqtt_instructions):
        table = module.BENCHMARK.measure(lab)
        assert table.figures == []
        assert "apt install valgrind" in table.note


def test_memory_of_a_node(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert session.run(console, only=["modules", "manager.memory"], json_file=file, quick=True)
    figures = json.loads(file.read_text())
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+){1,2}", k) for k in figures)
    parts = [value for key, value in figures.items() if key.startswith("module.")]
    assert all(value > 0 for value in parts)
    total = sum(v for k, v in figures.items() if re.fullmatch(r"module\..+\.heap_bytes", k))
    assert total == pytest.approx(figures["manager.import.heap_bytes"], rel=0.15)
    assert figures["manager.connected.heap_bytes"] > figures["manager.import.heap_bytes"]
    assert figures["manager.min_heap_kib"] * 1024 > figures["manager.connected.heap_bytes"]
    assert figures["manager.min_heap_kib"] <= 24  # what was promised
    assert str(file) in printed(console)


def test_memory_of_an_mqtt_client(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert session.run(console, only=["mqtt.memory"], json_file=file, quick=True)
    figures = json.loads(file.read_text())
    held = figures["mqtt.connected.heap_bytes"]
    assert figures["mqtt.min_heap_kib"] * 1024 > held > figures["umqtt.connected.heap_bytes"] > 0
    assert figures["mqtt.mpy_bytes"] > figures["mqtt.engine.mpy_bytes"] > 0
    assert figures["umqtt.min_heap_kib"] <= 8


@pytest.mark.parametrize("client", [manager_memory, mqtt_memory, losant_memory, iottalk_memory])
def test_memory_of_a_client_that_runs_from_a_romfs(lab: Lab, client: ModuleType) -> None:
    assert client.TARGET.met_by(client.held(lab, Place.ROMFS)["connected"])


def test_a_module_that_the_node_loads_is_in_its_table(lab: Lab) -> None:
    """Else a new module would be missing from the sum."""
    shown = {figure.key.split(".")[1] for figure in modules_table(lab).figures}
    with peer.serving(hold) as port:
        loaded = lab.run("manager_memory", port)
    names = {name.rpartition(".")[2] for name in loaded if name.startswith("motelink.")}
    assert names - {"_port_micropython"} == shown


def test_a_target_not_met_is_named(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(_lab: Lab) -> Table:
        table = Table()
        table.add("a.b.heap_bytes", 12, Target(10))
        table.add("a.b.rate", 12, Target(10, at_least=True))
        table.add("a.b.free", 1234567)
        return table

    monkeypatch.setattr(registry, "every", lambda: [fake("a", measure)])
    assert session.run(console)
    lines = printed(console).splitlines()
    assert any(re.match(r"a\.b\.heap_bytes +12 +at most 10 +NOT MET", line) for line in lines)
    assert any(re.match(r"a\.b\.rate +12 +at least 10 +met", line) for line in lines)
    assert any(re.match(r"a\.b\.free +1,234,567 *$", line) for line in lines)
    assert "NOT MET: a.b.heap_bytes is 12, the target is at most 10" in lines
    assert "\x1b" not in printed(console)


def test_what_cannot_be_measured_does_not_stop_the_others(
    console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_lab: Lab) -> Table:
        raise ToolError("no such thing here")

    def works(_lab: Lab) -> Table:
        table = Table()
        table.add("b.c.d", 1)
        return table

    monkeypatch.setattr(registry, "every", lambda: [fake("a", broken), fake("b", works)])
    file = tmp_path / "figures.json"
    assert not session.run(console, json_file=file)
    assert "a: not measured: no such thing here" in printed(console)
    assert json.loads(file.read_text()) == {"b.c.d": 1}


def test_names_are_chosen_by_part_or_pattern() -> None:
    every = [benchmark.name for benchmark in registry.every()]
    assert len(set(every)) == len(every)
    assert [found.name for found in registry.select([])] == [n for n in every if n != "node.soak"]
    assert [found.name for found in registry.select(["soak"])] == ["node.soak"]
    assert {found.name for found in registry.select(["hub"])} == {"hub.manager", "hub.page"}
    assert "hub.manager" not in {found.name for found in registry.select(["manager.*"])}
    with pytest.raises(ToolError, match="no benchmark matches 'nothing'"):
        registry.select(["nothing"])


def test_list_and_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cli.main(["bench", "--list"]) == 0
    assert "manager.heap " in capsys.readouterr().out
    file = tmp_path / "figures.json"
    monkeypatch.setenv("BENCH_JSON", str(file))
    assert cli.main(["bench", "--only", "modules", "--quick"]) == 0
    assert "module.port.mpy_bytes" in json.loads(file.read_text())


def test_a_device_that_answers_wrongly_is_reported() -> None:
    def device() -> None:
        def ping(connection: socket.socket) -> None:
            peer.exchange(connection, b"ping", b"pong")

        with (
            peer.serving(ping) as port,
            socket.create_connection(("127.0.0.1", port)) as connection,
        ):
            connection.recv(4)
            connection.sendall(b"pang")
            connection.recv(1)

    with pytest.raises(ToolError, match=r"expected b'pong', got b'pang'"):
        device()


def test_a_device_that_never_comes_is_not_waited_for() -> None:
    with pytest.raises(ToolError), peer.serving(lambda _connection: None):
        pass


def modules_table(lab: Lab) -> Table:
    (found,) = registry.select(["modules"])
    return found.measure(lab)


def hold(connection: socket.socket) -> None:
    """Keep a node connected until it has measured itself."""
    peer.exchange(connection, *peer.GETINFO)
    connection.sendall(b"enough")
    connection.recv(1)
