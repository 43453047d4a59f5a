"""Servers for `weeks`: each says what its protocol wants at once, and keeps what it was told.

``told``: the last messages, each with the ms since the one before; ``count``: how many; ``pings``:
of the client's keepalive, or the server's own heartbeats.
"""

import json

import motelink
from iottalk_kettle import DOWN, UP, Answer, registered
from mqtt_owner import CONNACK, PINGRESP, PUBACK, PUBCOMP, PUBREC, ack, packets, pub
from websocket_peer import PING, PONG, TEXT, answer, frame, sent

_FAR = 1 << 28


class Server:
    line = None

    def __init__(self):
        self.told = []
        self.count = self.pings = self.since = 0

    def tell(self, what):
        """The client has told this."""
        del self.told[:-7]
        self.told.append((what, self.since))
        self.count += 1
        self.since = 0

    def last(self):
        return self.told[-1][0] if self.told else None

    def opened(self, line):
        self.line = line

    def left(self):
        return _FAR

    def passed(self, ms):
        self.since = min(self.since + ms, _FAR)


class Manager(Server):
    """iot-manager, raw dialect: a heartbeat every 60 s, or ``every`` ms."""

    every = 60000

    def __init__(self):
        super().__init__()
        self.quiet = 0

    def opened(self, line):
        self.line = line
        self.quiet = 0
        line.incoming.append(b"\x01")

    def heard(self, _line, data):
        if data == b"beat":
            self.pings += 1
        elif b"##" not in data:
            self.tell(data)

    def left(self):
        return self.every - self.quiet

    def passed(self, ms):
        super().passed(ms)
        self.quiet += ms
        if self.quiet >= self.every:
            self.quiet = 0
            if self.line:
                self.line.incoming.append(b"\x02")


class Broker(Server):
    """MQTT: grants and acknowledges everything; while it is ``deaf``, no message."""

    deaf = False

    def heard(self, line, data):
        for kind, body in packets(data):
            reply = self._reply(kind, body)
            if reply:
                line.incoming.append(reply)

    def _reply(self, kind, body):
        if kind == 0x10:
            return CONNACK
        if kind == 0x82:
            return b"\x90\3" + body[:2] + body[-1:]
        if kind == 0xA2:
            return b"\xb0\2" + body[:2]
        if kind == 0xC0:
            self.pings += 1
            return PINGRESP
        if kind == 0x62:
            return ack(PUBCOMP, body[0] << 8 | body[1])
        if kind >> 4 != 3 or self.deaf:
            return b""
        at = 2 + (body[0] << 8 | body[1])
        topic, pid, qos = body[2:at], body[at : at + 2], kind >> 1 & 3
        self.published(topic, body[at + 2 if qos else at :].strip())
        return ack(PUBREC if qos == 2 else PUBACK, pid[0] << 8 | pid[1]) if qos else b""

    def published(self, _topic, payload):
        self.tell(payload)


class Commute(Server):
    """A WebSocket, pings answered."""

    def opened(self, line):
        self.line = line
        self.request = b""

    def heard(self, line, data):
        if self.request is not None:
            self.request += data
            if self.request[-4:] == b"\r\n\r\n":
                line.incoming.append(answer(self.request))
                self.request = None
            return
        for kind, _, payload in sent(data):
            if kind == PING:
                self.pings += 1
                line.incoming.append(frame(PONG, payload))
            elif kind == TEXT:
                self.text(json.loads(payload))

    def text(self, message):
        self.tell(message)

    def say(self, message):
        self.line.incoming.append(frame(TEXT, json.dumps(message).encode()))


class Sepl(Commute):
    """The platform, which knows our devices. ``status``: what it says to an event."""

    status = 200

    def __init__(self, mine):
        super().__init__()
        self.hash = mine

    def text(self, message):
        reply = {"status": 200, "handler": "", "token": message["token"], "payload": None}
        if "handler" not in message:
            reply["payload"] = {"gid": "g", "hash": self.hash}
        elif message["handler"] == "event":
            if message["payload"]["service_uri"] == "mute":
                return
            reply["status"] = self.status
            self.tell(message["payload"]["value"][0]["value"])
        self.say(reply)

    def command(self, token):
        message = {"status": 200, "handler": "command", "token": token, "payload": {}}
        self.say(message)


class Talk(Broker):
    """IoTtalk: links what comes online, each time by other topics."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        self.links = 0
        motelink.http_request = self

    def request(self, *_values, **_options):
        """The HTTP server."""
        return registered() if self.net.up else Answer(0, None)

    def published(self, topic, payload):
        if topic != UP:
            self.tell(payload.replace(b" ", b""))
        elif b"online" in payload:
            self.links += 1
            for kind, name in (("idf", "Celsius-I"), ("idf", "meow"), ("odf", "Heater-O")):
                command = {"command": "CONNECT", "topic": "%s/%d" % (name, self.links)}
                command.update({kind: name, "msg_id": name})
                self.say(DOWN, command)

    def say(self, topic, value):
        self.line.incoming.append(pub(topic, json.dumps(value).encode()))

    def heat(self, value):
        self.say(b"Heater-O/%d" % self.links, value)


class Umqtt:
    """What ``umqtt.simple`` is: a client, not a server."""

    sock = None

    def __init__(self, net):
        self.net = net
        self.pings = 0

    def set_callback(self, _function):
        """No message comes."""

    def connect(self, _clean):
        self.check_msg()
        return False

    def check_msg(self):
        if not self.net.up:
            raise OSError(111)

    def publish(self, topic, payload, retain, qos):
        self.check_msg()

    def ping(self):
        self.pings += 1
