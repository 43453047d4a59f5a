"""MQTT messages a second, beside umqtt.simple and bare sockets."""

from dataclasses import replace

from motelink_tools.bench import mqtt_operations
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target
from motelink_tools.hub.broker import Broker

_COUNT, _QUICK_COUNT = 20_000, 5_000
_ROUNDS = 3
_AT_ONCE = 50
# Through mosquitto. As shipped, umqtt.simple writes in pieces that wait for each other: 23 a s.
_STREAMED, _QUICK_STREAMED = 40_000, 10_000
_UMQTT_STREAMED, _QUICK_UMQTT_STREAMED = 60, 20
_TARGETS = {
    "mqtt.publish_qos0": Target(2.5, at_least=True),
    "mqtt.publish_qos1": Target(1000, at_least=True),
}


def _measure(lab: Lab) -> Table:
    count, rounds = (_QUICK_COUNT, 1) if lab.quick else (_COUNT, _ROUNDS)
    table = Table(
        note=(
            f"publish_qos0 to a sink; of what is received {_AT_ONCE} at once. publish_qos1 and "
            "publish_qos2 through mosquitto, each client at its best: ours keeps its window of 4 "
            "full, umqtt.simple, as shipped, waits for each acknowledgement, and inside each "
            f"message for TCP. Best of {rounds} runs each. {mqtt_operations.EXPLAINED}"
        )
    )
    measured = [
        replace(operation, at_once=count if operation.name == "publish_qos0" else _AT_ONCE)
        for operation in [*mqtt_operations.OURS, *mqtt_operations.UMQTT, *mqtt_operations.FLOORS]
        if operation.name not in ("publish_qos1", "publish_qos2", "receive_qos2")
    ]
    # In turn, so that whatever else the machine does strikes all of them alike.
    rates: dict[str, float] = {}
    with Broker(say=lab.say) as broker:
        for number in range(rounds):
            lab.say(f"messages a second: round {number + 1} of {rounds}")
            for operation in measured:
                _keep_best(rates, operation.key, operation.rate(lab, count))
            for key, rate in _through(lab, broker.port).items():
                _keep_best(rates, key, rate)
    for key, rate in rates.items():
        table.add(f"{key}.ops_per_s", round(rate))
        client, _, name = key.partition(".")
        peer = rates.get(f"umqtt.{name}")
        if client != "umqtt" and peer:
            table.add(f"{key}.ratio_to_umqtt", round(rate / peer, 2), _TARGETS.get(key))
    return table


def _keep_best(rates: dict[str, float], key: str, rate: float) -> None:
    rates[key] = max(rates.get(key, 0), rate)


def _through(lab: Lab, port: int) -> dict[str, float]:
    """Messages a second at QoS 1 and 2 through this broker."""
    many = _QUICK_STREAMED if lab.quick else _STREAMED
    few = _QUICK_UMQTT_STREAMED if lab.quick else _UMQTT_STREAMED

    def rate(program: str, name: str, count: int) -> float:
        return count / lab.run(program, name, "speed", port, count)["us"] * 1e6

    return {
        "mqtt.publish_qos1": rate("mqtt_operation", "stream_qos1", many),
        "mqtt.publish_qos2": rate("mqtt_operation", "stream_qos2", many),
        "umqtt.publish_qos1": rate("umqtt_operation", "publish_qos1", few),
    }


BENCHMARK = Benchmark("mqtt.rate", "MQTT messages a second", _measure, 20, 5)
