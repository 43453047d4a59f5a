"""What an IoTtalk server says on the control channel, and what is answered.

`motelink.iottalk` loads this for each command, and drops it: they are few.
"""

import json

from motelink.mqtt import prepared
from motelink.port import const

_ROOM = const(40)  # for values, and a header


def obey(device, message) -> None:
    """Do what a command says, if it is one, and answer it, if it wants an answer.

    Raises what a handler raises, and TooLarge for an answer that ``slot_size`` never holds.
    """
    try:
        command = message.json()
    except ValueError:
        return
    if not isinstance(command, dict) or "command" not in command:
        return
    try:
        reason = _do(device, command)
    except Exception as error:
        _answer(device, command, type(error).__name__)
        raise
    _answer(device, command, reason)


def _answer(device, command: dict, reason) -> None:
    if "msg_id" in command:
        answer = {"msg_id": command["msg_id"], "state": "error" if reason else "ok"}
        if reason:
            answer["reason"] = reason
        device.say(json.dumps(answer))


def _do(device, command: dict):
    """Why it cannot be done, or None."""
    word = command["command"]
    if word not in ("CONNECT", "DISCONNECT"):
        return "unknown command"
    if ("idf" in command) == ("odf" in command):
        return "expected idf or odf"
    device.links = 0
    is_idf = "idf" in command
    name = command["idf" if is_idf else "odf"]
    for feature in device.idf if is_idf else device.odf:
        if feature.name == name:
            if word == "CONNECT":
                return _link(device, feature, command.get("topic"))
            return _unlink(device, feature)
    return None if word == "DISCONNECT" else "no such feature"


def _link(device, feature, topic):
    try:
        topic = prepared(topic)
    except (AttributeError, ValueError):
        return "not a topic"
    if topic == feature.topic:
        return None
    if len(topic) + _ROOM > device.tx.limit:
        return "topic too long"
    refused = _signal(device, "CONNECT", feature)
    if refused:
        return refused
    if feature in device.odf:
        if feature.topic:
            device.unsubscribe(feature.topic)
        device.subscribe(topic, 1)
    feature.topic = topic
    return None


def _unlink(device, feature):
    if not feature.topic:
        return None
    if feature in device.odf:
        device.unsubscribe(feature.topic)
    feature.topic = None
    return _signal(device, "DISCONNECT", feature)


def _signal(device, word: str, feature):
    """Tell the user; why he refuses, or None."""
    result = device.on_signal(word, feature) if device.on_signal else True
    if isinstance(result, tuple) and not result[0]:
        return str(result[1])
    return "refused" if result is False else None
