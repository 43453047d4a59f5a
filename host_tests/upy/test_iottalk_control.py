"""What motelink.iottalk's device does and answers when the server says something."""

import json

from iottalk_kettle import DOWN, ODF_TOPIC, Kettle
from mqtt_owner import pub

HEAP = "256k"  # all of it is compiled there


def test_links_are_made_and_ended():
    kettle = Kettle().begin()
    celsius = kettle.idf[0]
    assert not celsius
    assert not celsius.push_int(1)
    assert not celsius.push(1)
    assert kettle.link(idf="Celsius-I") == [{"msg_id": "m", "state": "ok"}]
    assert celsius
    assert not kettle.odf[1]
    assert kettle.link(odf="meow") == [{"msg_id": "m", "state": "ok"}]
    assert not kettle.idf[1]
    assert kettle.odf[1]
    assert kettle.heard[1:] == [("CONNECT", "Celsius-I"), ("CONNECT", "meow")]
    # The topic of a DISCONNECT says nothing.
    assert kettle.command(msg_id=5, command="DISCONNECT", odf="meow", topic="unused") == [
        {"msg_id": 5, "state": "ok"}
    ]
    assert not kettle.odf[1]
    assert celsius
    assert kettle.heard[3:] == [("DISCONNECT", "meow")]


def test_answers_are_at_qos_2_and_not_retained():
    kettle = Kettle().begin()
    kettle.get(pub(DOWN, b'{"msg_id":"m","command":"DISCONNECT","idf":"meow"}', 2, 77))
    (answer, received) = kettle.sent()
    assert answer[0] == 0x34
    assert received == (0x50, b"\0\x4d")


def test_an_output_feature_is_subscribed_to_and_left():
    kettle = Kettle().begin()
    kettle.get(
        pub(DOWN, b'{"command":"CONNECT","odf":"Heater-O","topic":"' + ODF_TOPIC + b'"}', 0)
    )
    (subscribe,) = kettle.sent()
    assert subscribe[0] == 0x82
    assert subscribe[1][2:] == bytes([0, len(ODF_TOPIC)]) + ODF_TOPIC + b"\1"
    kettle.get(b"\x90\3" + subscribe[1][:2] + b"\1")
    kettle.get(pub(DOWN, b'{"command":"CONNECT","odf":"Heater-O","topic":"other"}', 0))
    (unsubscribe,) = kettle.sent()
    assert unsubscribe[0] == 0xA2
    assert unsubscribe[1][4:] == ODF_TOPIC
    kettle.get(b"\xb0\2" + unsubscribe[1][:2])
    (subscribe,) = kettle.sent()
    assert subscribe[1][2:] == b"\0\5other\1"
    kettle.get(b"\x90\3" + subscribe[1][:2] + b"\1")
    kettle.get(pub(DOWN, b'{"command":"DISCONNECT","odf":"Heater-O"}', 0))
    (unsubscribe,) = kettle.sent()
    assert unsubscribe[1][4:] == b"other"


def test_commands_are_idempotent():
    kettle = Kettle().begin()
    for _ in range(3):
        assert kettle.link(odf="Heater-O") == [{"msg_id": "m", "state": "ok"}]
        assert kettle.sent() == []
    assert kettle.heard[1:] == [("CONNECT", "Heater-O")]
    for _ in range(2):
        assert kettle.command(msg_id="m", command="DISCONNECT", odf="Heater-O") == [
            {"msg_id": "m", "state": "ok"}
        ]
    assert kettle.heard[2:] == [("DISCONNECT", "Heater-O")]
    assert kettle.command(msg_id="m", command="DISCONNECT", odf="nobody's") == [
        {"msg_id": "m", "state": "ok"}
    ]


def test_what_cannot_be_done_is_answered_with_the_reason():
    kettle = Kettle().begin()
    long = "x" * 600
    for command, reason in (
        ({"command": "CONNECT", "idf": "other", "topic": "a"}, "no such feature"),
        ({"command": "CONNECT", "idf": "Heater-O", "topic": "a"}, "no such feature"),
        ({"command": "CONNECT", "idf": ["meow"], "topic": "a"}, "no such feature"),
        ({"command": "CONNECT", "idf": "meow", "odf": "meow"}, "expected idf or odf"),
        ({"command": "CONNECT", "topic": "a"}, "expected idf or odf"),
        ({"command": "CONNECT", "idf": "meow"}, "not a topic"),
        ({"command": "CONNECT", "idf": "meow", "topic": 5}, "not a topic"),
        ({"command": "CONNECT", "odf": "meow", "topic": "a/#"}, "not a topic"),
        ({"command": "CONNECT", "odf": "meow", "topic": ""}, "not a topic"),
        ({"command": "SUSPEND", "idf": "meow"}, "unknown command"),
        ({"command": {"a": 1}}, "unknown command"),
    ):
        command["msg_id"] = "m"
        assert kettle.command(**command) == [
            {"msg_id": "m", "state": "error", "reason": reason}
        ], command
    assert kettle.command(msg_id="m", command="CONNECT", idf="meow", topic=long) == []
    assert kettle.oversized == 1
    assert (kettle.handler_errors, kettle.errors) == (0, 0)


def test_what_is_no_command_is_ignored():
    kettle = Kettle().begin()
    for payload in (b"", b"x", b"[]", b"7", b'"CONNECT"', b"null", b"{}", b'{"msg_id":"m"}'):
        assert kettle.raw(payload) == [], payload
    assert kettle.raw(b"\xff\xfe{") == []
    assert kettle.command(command="CONNECT", idf="meow", topic="a") == []  # wants no answer
    assert kettle.idf[1]
    assert (kettle.handler_errors, kettle.errors) == (0, 0)


def test_an_answer_that_never_fits_is_counted():
    kettle = Kettle().begin()
    assert kettle.command(msg_id="x" * 250, command="DISCONNECT", idf="meow") == []
    assert kettle.handler_errors == 1
    assert kettle.link(idf="meow")


def test_a_handler_may_refuse():
    kettle = Kettle().begin()
    kettle.on_signal = lambda command, feature: (False, "too hot")
    assert kettle.link(odf="Heater-O") == [{"msg_id": "m", "state": "error", "reason": "too hot"}]
    assert not kettle.odf[0]
    kettle.on_signal = lambda command, feature: False
    assert kettle.link(odf="Heater-O")[0]["reason"] == "refused"

    def fault(command, feature):
        raise RuntimeError("mine")

    kettle.on_signal = fault
    assert kettle.link(odf="Heater-O")[0]["reason"] == "RuntimeError"
    assert not kettle.odf[0]
    assert kettle.handler_errors == 1
    kettle.on_signal = lambda command, feature: True
    assert kettle.link(odf="Heater-O")[0]["state"] == "ok"
    assert kettle.odf[0]


def test_many_commands_at_once_are_all_answered():
    kettle = Kettle(window=2).begin()
    for number in range(12):
        command = {"msg_id": number, "command": "DISCONNECT", "idf": "meow"}
        kettle.get(pub(DOWN, json.dumps(command).encode(), 0))
    answers = [json.loads(message[1])["msg_id"] for message in kettle.finish()]
    assert answers == list(range(12))
