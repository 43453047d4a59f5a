"""The adapters over the real umqtt.simple and the real adafruit_minimqtt, and real mosquitto."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from motelink.backoff import Backoff
from motelink.errors import AuthError
from motelink.loop import Loop
from motelink_tools.hub.broker import Broker

from . import mqtt_peers

Make = Callable[..., Any]


@pytest.fixture(params=["umqtt", "minimqtt"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """``make(broker, name)``: an adapter, not connected, that ends with the test."""
    mqtt_peers.on_path(monkeypatch)
    made = []

    def umqtt(broker: Broker, name: str, **options: Any) -> Any:
        from umqtt.simple import MQTTClient

        from motelink.mqtt_umqtt import Client

        return Client(MQTTClient(name, "127.0.0.1", broker.port), **options)

    def minimqtt(broker: Broker, name: str, **options: Any) -> Any:
        from adafruit_minimqtt.adafruit_minimqtt import MQTT

        from motelink.mqtt_minimqtt import Client

        below = MQTT(
            broker="127.0.0.1",
            port=broker.port,
            client_id=name,
            socket_pool=socket,
            socket_timeout=0.02,
            recv_timeout=1,
            connect_retries=1,
            use_binary_mode=True,
        )
        return Client(below, **options)

    def adapter(broker: Broker, name: str, **options: Any) -> Any:
        kind = {"umqtt": umqtt, "minimqtt": minimqtt}[request.param]
        client = kind(broker, name, poll_ms=5, backoff=Backoff(10, 50), **options)
        made.append(client)
        return client

    yield adapter
    for client in made:
        client.end()


def until(condition: Callable[[], bool], *clients: Any) -> None:
    loop = clients[0].loop or Loop()
    for client in clients:
        if not client.loop:
            loop.add(client)
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, [client.last_error for client in clients]
        loop.step(20)


def test_messages_go_both_ways(make: Make) -> None:
    with Broker() as broker:
        one, two = make(broker, "one"), make(broker, "two")
        got: list[tuple[str, bytes]] = []
        told: list[tuple[str, int]] = []
        one.on_message = lambda message: got.append((message.topic.text(), message.bytes()))
        one.on_suback = lambda item, qos: told.append((item, qos))
        one.subscribe(["a/+", "b"], 1)
        assert not two.publish("a/x", b"too soon")
        until(lambda: one.connected and two.connected, one, two)
        assert told == [("a/+", 1), ("b", 1)]
        assert two.publish("a/x", b"zero")
        assert two.publish(b"a/y", "one: ä", 1, True)
        until(lambda: len(got) == 2, one, two)
        assert got == [("a/x", b"zero"), ("a/y", "one: ä".encode())]
        one.unsubscribe("a/+")
        until(lambda: one.connected, one)
        assert two.publish("a/x", b"unheard", 1)
        assert two.publish("b", b"heard", 1)
        until(lambda: len(got) == 3, one, two)
        assert got[2] == ("b", b"heard")


def test_the_limit_is_visible(make: Make) -> None:
    with Broker() as broker:
        client = make(broker, "limited")
        assert client.max_qos == 1
        with pytest.raises(ValueError, match="max_qos=1"):
            client.publish("a", b"", 2)
        with pytest.raises(ValueError, match="max_qos=1"):
            client.subscribe("a", 2)


def test_it_comes_back_with_its_subscriptions(make: Make) -> None:
    with Broker() as broker:
        client = make(broker, "returns")
        events: list[Any] = []
        client.on_connect = lambda: events.append("connect")
        client.on_end = lambda error: events.append("end")
        client.on_message = lambda message: events.append(message.bytes())
        client.subscribe("a")
        until(lambda: client.connected, client)
        broker.stop()
        until(lambda: not client.connected, client)
        broker.start()
        until(lambda: client.connected, client)
        assert client.publish("a", b"x")
        until(lambda: b"x" in events, client)
        assert events == ["connect", "end", "connect", b"x"]


def test_a_handler_that_raises_is_counted(make: Make) -> None:
    with Broker() as broker:
        client = make(broker, "raises")
        client.on_message = lambda message: 1 // 0
        client.subscribe("a")
        until(lambda: client.connected, client)
        client.publish("a", b"x")
        until(lambda: client.messages == 1, client)
        assert client.handler_errors == 1
        assert client.connected


def test_refused_credentials_are_final(make: Make) -> None:
    with Broker(users={"kettle": "secret"}) as broker:
        client = make(broker, "nobody")
        with pytest.raises(AuthError):
            client.run()
        assert client.errors == 1
