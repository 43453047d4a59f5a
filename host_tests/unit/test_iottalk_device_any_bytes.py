"""Whatever comes on an IoTtalk device's control channel, or for its features, or as the answer to
its registration: it is done, refused or ignored, and the device goes on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iottalk_kettle import DOWN, IDF_TOPIC, ODF_TOPIC, UP, Answer, Kettle, registered
from motelink import log
from motelink.iottalk_data import int_at, values
from mqtt_owner import PUBREL, ack, pub


@pytest.fixture(autouse=True, scope="module")
def _silent() -> Iterator[None]:
    log.set_level("off")
    yield
    log.set_level("info")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = (
    SCALARS
    | st.lists(SCALARS | st.lists(SCALARS, max_size=2), max_size=3)
    | st.dictionaries(st.text(max_size=4), SCALARS, max_size=3)
)
NAMES = st.sampled_from(["Celsius-I", "Heater-O", "meow", "other"]) | JSON
TOPICS = st.sampled_from(["a", "a/#", "", IDF_TOPIC.decode(), DOWN.decode(), "x" * 200]) | JSON
COMMANDS = st.fixed_dictionaries(
    {"command": st.sampled_from(["CONNECT", "DISCONNECT", "SUSPEND", "RESUME"]) | JSON},
    optional={
        "msg_id": st.sampled_from(["m", 7, "long" * 30]) | JSON,
        "idf": NAMES,
        "odf": NAMES,
        "topic": TOPICS,
    },
)


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def goes_on(kettle: Kettle) -> None:
    """It is connected to the broker, and does what the server says."""
    assert kettle.connected, kettle.last_error
    assert kettle.errors == 0
    assert kettle.command(msg_id="z", command="DISCONNECT", idf="meow")[-1] == {
        "msg_id": "z",
        "state": "ok",
    }
    kettle.link(idf="meow")
    assert kettle.idf[1].push_int(5)
    assert kettle.finish()[-1] == (IDF_TOPIC, b"[5]", 0, 0)


@settings(max_examples=150, deadline=None)
@given(st.lists(COMMANDS.map(dumped) | JSON.map(dumped) | st.binary(max_size=60), max_size=6))
def test_any_commands(payloads: list[bytes]) -> None:
    kettle = Kettle().begin()
    for payload in payloads:
        kettle.get(pub(DOWN, payload, 2, 77), ack(PUBREL, 77))
        for topic, said, retain, _ in kettle.finish():
            assert topic == UP
            assert not retain
            answer = json.loads(said)
            assert answer["state"] == "ok" or answer["reason"]
            assert "msg_id" in json.loads(payload)
    goes_on(kettle)


@settings(max_examples=100, deadline=None)
@given(st.lists(COMMANDS, max_size=5))
def test_a_reason_is_given_unless_it_was_done(commands: list[dict[str, Any]]) -> None:
    kettle = Kettle(rx_size=4096).begin()
    for command in commands:
        command["msg_id"] = "m"
        answers = kettle.command(**command)
        assert len(answers) == 1
        done = answers[0] == {"msg_id": "m", "state": "ok"}
        name = command.get("idf", command.get("odf"))
        features = kettle.idf if "idf" in command else kettle.odf
        linked = [feature for feature in features if feature.name == name and feature]
        if done and command["command"] == "CONNECT":
            assert [feature.topic for feature in linked] == [command["topic"].encode()]
        if command["command"] == "DISCONNECT" and done:
            assert not linked


@settings(max_examples=150, deadline=None)
@given(JSON.map(dumped) | st.binary(max_size=80))
def test_any_data(payload: bytes) -> None:
    kettle = Kettle().begin()
    kettle.link(odf="Heater-O")
    got: list[Any] = []

    def on_data(message: Any) -> None:
        got.append(values(message))
        got.append(int_at(message))

    kettle.odf[0].on_data = on_data
    kettle.get(pub(ODF_TOPIC, payload))
    assert len(got) == 2 or kettle.handler_errors == 1
    goes_on(kettle)


@given(st.lists(st.integers(), min_size=1, max_size=6))
def test_ints_go_there_and_back(numbers: list[int]) -> None:
    kettle = Kettle().begin()
    kettle.link(idf="Celsius-I")
    assert kettle.idf[0].push_ints(numbers)
    payload = kettle.finish()[-1][1]
    assert json.loads(payload) == numbers
    assert [int_at(payload, i) for i in range(len(numbers))] == numbers


REPLIES = st.fixed_dictionaries(
    {},
    optional={
        "rev": st.just("rev") | JSON,
        "url": st.fixed_dictionaries(
            {},
            optional={
                "scheme": st.sampled_from(["mqtt", "zmq"]) | JSON,
                "host": st.just("h") | JSON,
                "port": st.integers(-1, 70000) | JSON,
            },
        )
        | JSON,
        "ctrl_chans": st.lists(st.sampled_from(["a", "b", "#"]) | JSON, max_size=3) | JSON,
        "name": JSON,
        "username": JSON,
        "password": JSON,
    },
)


@settings(max_examples=200, deadline=None)
@given(
    st.none() | st.sampled_from([200, 400, 403, 404, 500, 510]),
    st.none() | REPLIES.map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=40),
)
def test_any_answer_to_a_registration(status: int | None, body: str | None) -> None:
    kettle = Kettle(Answer(status, body), registered())
    kettle.start()
    if kettle.state == 4:
        assert status in (400, 403)  # the only ones that are final
    elif kettle.last_error:
        kettle.begin()
        assert kettle.connected
    else:
        assert status == 200
        assert isinstance(kettle.rev, str)
