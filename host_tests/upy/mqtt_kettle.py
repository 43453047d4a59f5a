"""A client of motelink.mqtt with a socket and a loop in memory: no network, no clock."""

from motelink.mqtt import Client
from mqtt_owner import CONNACK, packets
from wire import Wire

IN, OUT, HUP = 1, 4, 16
T = b"home/kettle"


class Poll:
    """What is watched, and for what."""

    def __init__(self):
        self.events = None

    def register(self, sock, events):
        self.events = events

    modify = register

    def unregister(self, sock):
        self.events = None


class Loop:
    """A loop that goes nowhere."""

    offline = timeless = False

    def __init__(self):
        self.clients = []
        self.poll = Poll()
        self.moved = False
        self.error = None

    def remove(self, client):
        client.loop = None


class Kettle(Client):
    """A client whose connections are wires. ``heard``: what its handlers were told."""

    def __init__(self, **options):
        super().__init__("127.0.0.1", "kettle", **options)
        self.loop = Loop()
        self.heard = []
        self.on_connect = lambda: self.heard.append("connect")
        self.on_end = self.heard.append
        self.on_suback = lambda item, qos: self.heard.append((item, qos))

    def open(self, address):
        self.close()
        self.sock = Wire()

    def begin(self, *segments):
        """Connect, and receive these segments."""
        self.turn(0)
        self.ready(OUT)
        self.sent()
        return self.get(*(segments or (CONNACK,)))

    def get(self, *segments):
        """Receive these segments, as the loop would have it; returns the client."""
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
