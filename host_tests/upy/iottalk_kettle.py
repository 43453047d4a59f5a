"""A device of motelink.iottalk whose HTTP is a list and whose connections are wires."""

import json

import motelink
from motelink.errors import ConnectionLost
from motelink.iottalk import Device
from mqtt_kettle import IN, OUT, Loop
from mqtt_owner import CONNACK, PUBCOMP, PUBREC, PUBREL, ack, packets, pub
from wire import Wire

URL = "http://192.0.2.5:9992"
ID = "3c1d9f0e-7b52-4a0e-9d57-0a4f3e6b2211"
UP = (ID + "/ctrl/i").encode()
DOWN = (ID + "/ctrl/o").encode()
IDF_TOPIC = b"iottalk/esm/1f6d0e5a-6a0c-4a53-9c51-1f6f7b0f3a10"
ODF_TOPIC = b"iottalk/esm/2f6d0e5a-6a0c-4a53-9c51-1f6f7b0f3a10"


class Answer:
    def __init__(self, status, body):
        self.status = status
        self.error = None if status else ConnectionLost("no route to host")
        self.body = body if body is None or isinstance(body, str) else json.dumps(body)
        self.header = {}


def registered(rev="rev-1", **changes):
    """What a server answers to a PUT."""
    reply = {
        "id": ID,
        "state": "ok",
        "rev": rev,
        "name": "00.Kettle",
        "url": {"scheme": "mqtt", "host": "192.0.2.6", "port": 1883},
        "ctrl_chans": [UP.decode(), DOWN.decode()],
    }
    reply.update(changes)
    return Answer(200, reply)


class Http:
    """Stands where `motelink.http_request` does. ``asked``: (method, url, body, headers);
    ``answers``: what it gives, in order, an exception to raise included."""

    def __init__(self, *answers):
        self.asked = []
        self.answers = list(answers)
        motelink.http_request = self

    def request(self, method, url, body, headers, timeout, tls=None):
        self.asked.append((method, url, json.loads(body), headers))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Kettle(Device):
    """``heard``: what its handlers were told."""

    def __init__(self, *answers, **options):
        self.http = Http(*(answers or (registered(),)))
        self.heard = []
        self.subscribed = []
        options.setdefault("id", ID)
        url = options.pop("url", URL)
        super().__init__(url, "Kettle", ["Celsius-I", "meow"], ["Heater-O", "meow"], **options)
        self.loop = Loop()
        self.on_connect = lambda: self.heard.append("connect")
        self.on_end = lambda error: self.heard.append(("end", error))
        self.on_signal = lambda command, feature: self.heard.append((command, feature.name))

    def open(self, address):
        self.close()
        self.sock = Wire()

    def _log(self, error):
        """Nobody reads it here."""

    def start(self):
        """Register, and open the connection; returns the packets sent."""
        self.address = "anything"
        try:
            self.turn(0)
        except Exception as error:
            self.failed(error)
            return []
        if not self.sock:
            return []
        self.ready(OUT)
        return self.sent()

    def begin(self, *segments):
        """Come online; what is said by the way is acknowledged. Returns the device."""
        self.start()
        if self.sock:
            self.get(CONNACK)
            self.get(*segments)
            self.finish()
        return self

    def get(self, *segments):
        """Receive these segments, as the loop would have it; returns the device."""
        for segment in segments:
            self.sock.incoming.append(segment)
            while self.sock and self.sock.incoming:
                try:
                    self.ready(IN)
                except Exception as error:
                    self.failed(error)
        return self

    def sent(self):
        data = self.sock.sent
        self.sock.sent = b""
        return packets(data)

    def finish(self):
        """Answer what was sent as a broker does, to the end; returns (topic, payload, retain,
        qos) of each message."""
        found = []
        while self.sock and self.sock.sent:
            for kind, body in self.sent():
                if kind >> 4 == 3:
                    found.append(self._acknowledge(kind, body))
                elif kind == PUBREL:
                    self.get(ack(PUBCOMP, body[0] << 8 | body[1]))
                elif kind == 0x82:
                    self.subscribed.append(body[4:-1])
                    self.get(b"\x90\x03" + body[:2] + body[-1:])
                elif kind == 0xA2:
                    self.get(b"\xb0\x02" + body[:2])
        return found

    def _acknowledge(self, kind, body):
        at = 2 + (body[0] << 8 | body[1])
        topic = body[2:at]
        qos = kind >> 1 & 3
        if qos:
            pid = body[at] << 8 | body[at + 1]
            at += 2
            self.get(ack(PUBREC if qos == 2 else 0x40, pid))
        return topic, body[at:], kind & 1, qos

    def command(self, **command):
        """The server sends a command; returns what is said back on the control channel."""
        return self.raw(json.dumps(command).encode())

    def raw(self, payload):
        self.get(pub(DOWN, payload, 2, 77), ack(PUBREL, 77))
        return [json.loads(message[1]) for message in self.finish() if message[0] == UP]

    def link(self, **feature):
        topic = IDF_TOPIC if "idf" in feature else ODF_TOPIC
        return self.command(msg_id="m", command="CONNECT", topic=topic.decode(), **feature)

    def begin_error(self):
        """Why it does not register."""
        self.start()
        return self.last_error
