"""What an IoTtalk device and its server say on the control channel, and what follows from it.

`motelink.iottalk` loads this for each occasion, and drops it: they are few.
"""

import json

from motelink.errors import ConnectionLost, TooLarge
from motelink.mqtt import prepared
from motelink.port import forget, getrandbits, ticks_add, ticks_ms

_ROOM = 40  # for values, and a header
_OWED = 32  # answers at most that wait for the window
_TRIES = 8
_WAITS = 30  # of 256 to 511 ms
_CONNECTING = (1, 2)  # Link's
_OPEN = 3


def csm(act: str, *values):
    """Call a function of `motelink.iottalk_csm`, which is loaded for that."""
    from motelink import iottalk_csm

    try:
        return getattr(iottalk_csm, act)(*values)
    finally:
        forget("iottalk_csm")


def prepare(device) -> bool:
    """Before a connection: register, unless we are; whether to connect at all."""
    if device.leaving:
        leave(device)
        return False
    # The server links us again, as things are then, once we are online.
    device.links = _linked(device) or device.links
    for feature in device.odf:
        if feature.topic:
            device.unsubscribe(feature.topic)
    for feature in device.idf + device.odf:
        feature.topic = None
    # Once in a while although we are: the broker may have moved.
    if not device.rev or device.tries % _TRIES == _TRIES - 1:
        if device.waits < _WAITS and _crowded(device):
            device.waits += 1
            device.deadline = ticks_add(ticks_ms(), 256 + getrandbits(8))
            return False
        device.waits = 0
        csm("register", device)
    # Back to `Link.turn`, where the broker turned out to want TLS, and the time is not known.
    return not (device.tls and device.loop.timeless)


def _crowded(device) -> bool:
    """Whether others are connecting: they, too, need memory for that, and only then."""
    for client in device.loop.clients:
        state = getattr(client, "state", None)
        if state in _CONNECTING or (state == _OPEN and not getattr(client, "connected", True)):
            return True
    return False


def _linked(device) -> int:
    return len([feature for feature in device.idf + device.odf if feature.topic])


def online(device) -> None:
    """The broker has accepted us."""
    device.owed = None
    device.ticks = device.tries = 0
    device.fresh = False
    _say(device, {"state": "online", "rev": device.rev}, True)


def leave(device) -> None:
    """Say that we go offline; called again when that is said, or could not be: have the server
    forget us."""
    if device.connected and not device.leaving:
        device.leaving = True
        device.links = 0
        _say(device, {"state": "offline", "rev": device.rev}, True)
        return
    device.leaving = True
    if device.rev:
        csm("deregister", device)
    device.end()


def ask(device) -> None:
    """Time has passed. Does the server still know us? Then it links us again."""
    if device.links:
        device.rev = None
        raise ConnectionLost("%s has forgotten the device" % device.url)
    if device.connected:
        device.ticks = 0
        device.links = _linked(device)
        if device.links:
            _say(device, {"state": "online", "rev": device.rev}, True)
        else:
            device.rev = None
            device.reconnect()


def _say(device, message: dict, retain: bool) -> None:
    device.owed = (device.owed or [])[: _OWED - 1]
    device.owed.append((json.dumps(message).encode(), retain))
    settle(device)


def settle(device) -> None:
    """Say what is owed, so far as the window has room for it."""
    while device.owed:
        data, retain = device.owed[0]
        try:
            if not device.publish(device.up, data, 2, retain):
                return
        except TooLarge as error:
            device._handler_failed(error)
        device.owed.pop(0)
    if not device.leaving:
        device.owed = None
    elif not device.in_flight:
        leave(device)


def obey(device, message) -> None:
    """Do what a command says, if it is one, and answer it, if it wants an answer.

    Raises what a handler raises.
    """
    try:
        command = message.json()
    except ValueError:
        return
    if not isinstance(command, dict) or "command" not in command:
        return
    answer = {"msg_id": command.get("msg_id"), "state": "error"}
    try:
        answer["reason"] = _do(device, command)
        if not answer["reason"]:
            answer = {"msg_id": command.get("msg_id"), "state": "ok"}
    except Exception as error:
        answer["reason"] = type(error).__name__
        raise
    finally:
        if "msg_id" in command:
            _say(device, answer, False)


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
