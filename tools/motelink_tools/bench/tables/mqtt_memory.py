"""What an MQTT client takes of the heap and of the flash, beside umqtt.simple, and the smallest
heap it works in."""

from statistics import median

from motelink_tools.bench import mqtt_operations, peer, small_heap, umqtt
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target
from motelink_tools.hub.broker import Broker

_RUNS, _QUICK_RUNS = 5, 3
_DEADLINE_S = 4.0
# Constructors load it and drop it again, so it is not among the modules afterwards.
_DROPPED = "motelink.mqtt_build"
_ENGINE = "motelink.mqtt"
TARGET = Target(12 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    count = _QUICK_RUNS if lab.quick else _RUNS
    ours, theirs = (_runs(lab, client, count) for client in ("ours", "umqtt"))
    sizes = lab.modules()
    loaded = {_DROPPED, *(name for name in ours[0] if name in sizes)}
    engine = {name for name in loaded if name.startswith(_ENGINE)}
    table = Table(
        note=(
            f"Median of {count} processes, since the collector is conservative. Heap in use "
            "after a collection; connected: import and client, beyond the bytes of the buffers "
            "asked for (rx_size, tx_size, window x slot_size, 2 x ids). mpy_bytes: of all modules "
            f"loaded, engine.mpy_bytes those named {_ENGINE}*. min_heap_kib: the smallest -X "
            "heapsize in which a program connects to mosquitto, publishes 100 messages to itself "
            f"(ours at QoS 1) and receives them, {small_heap.SURE} times in a row, with buffers "
            "of 128 bytes. romfs_: with lib/ in a ROMFS, where code and texts stay in flash."
        )
    )
    table.add("mqtt.import.heap_bytes", median(run["imported"] for run in ours))
    table.add("mqtt.connected.heap_bytes", median(run["connected"] for run in ours), TARGET)
    lab.say("memory of ours that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add("mqtt.connected.romfs_heap_bytes", in_place["connected"], TARGET)
    table.add("mqtt.mpy_bytes", sum(sizes[name] for name in loaded), Target(13 * 1024))
    table.add("mqtt.engine.mpy_bytes", sum(sizes[name] for name in engine), Target(8 * 1024))
    with Broker(say=lab.say) as broker:
        table.add("mqtt.min_heap_kib", _smallest_heap(lab, "ours", broker.port, 8), Target(20))
        smallest = _smallest_heap(lab, "umqtt", broker.port, 3)
    table.add("umqtt.import.heap_bytes", median(run["imported"] for run in theirs))
    table.add("umqtt.connected.heap_bytes", median(run["connected"] for run in theirs))
    table.add("umqtt.mpy_bytes", lab.size(umqtt.MODULE))
    table.add("umqtt.min_heap_kib", smallest)
    return table


def _runs(lab: Lab, client: str, count: int) -> list[dict[str, int]]:
    found = []
    for number in range(count):
        lab.say(f"memory of {client}, run {number + 1}")
        found.append(held(lab, client=client))
    return found


def held(lab: Lab, place: Place = Place.FILES, client: str = "ours") -> dict[str, int]:
    """What ``on_device/mqtt_memory.py`` says."""
    with peer.serving(mqtt_operations.answer_pings) as port:
        return lab.run_from(place, "mqtt_memory", client, port)


def _smallest_heap(lab: Lab, client: str, port: int, too_small: int) -> int:
    def attempt(heap: str) -> None:
        lab.run("small_mqtt", client, port, heap=heap, deadline_s=_DEADLINE_S)

    return small_heap.find(lab, attempt, too_small=too_small, enough=64)


BENCHMARK = Benchmark("mqtt.memory", "memory of a connected MQTT client", _measure, 4, 3)
