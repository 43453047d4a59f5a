"""A SEPL connector between a scripted platform and a loop that makes time pass: no network."""

import json

from doubles import Instead
from motelink import port, sepl_connector
from motelink.errors import TooLarge
from motelink.sepl_device import Device, local_hash
from motelink.sepl_pool import Pool

COMMAND = {"device_url": "d", "service_url": "s", "protocol_parts": [{"name": "n", "value": 1}]}


class Config:
    protocol, host, port, user, password, gid = "ws", "127.0.0.1", 1, "me", "secret", ""
    level, rotating_log = "info", False

    def set_gid(self, gid):
        self.gid = gid


class Socket:
    """In the place of the WebSocket: what it is given to send goes to the platform."""

    sock = None
    last_error = None

    def __init__(self, connector, url, options):
        self.connector, self.url, self.limit = connector, url, options["tx_size"]
        self.state = 0
        self.wire = []
        self.failures = []

    def send_text(self, text):
        if len(text.encode()) > self.limit:
            raise TooLarge("too large")
        if self.state == 3:
            self.wire.append(json.loads(text))
        return self.state == 3

    def lose(self, error=None):
        was, self.state = self.state, 0
        del self.wire[:]
        if was == 3:
            self.connector.closed(error)

    def failed(self, error):
        self.last_error = error
        self.failures.append(error)
        self.lose(error)
        if getattr(error, "final", False):
            self.end()

    def end(self):
        self.lose()
        self.state = 4
        self.connector.loop.remove(self.connector)


class Frame:
    def __init__(self, message):
        self.text = json.dumps(message)

    def bytes(self):
        return self.text.encode()


class World:
    """``with World(devices=2) as world``. ``world.connector``; ``world.statuses``: what handlers
    are answered, 200 by default, None: not at all. ``opens_in``: turns until there is a
    connection, None: none. ``turns``: functions that are called one a turn. It is the loop, too.
    """

    def __init__(self, devices=0, opens_in=1, config=None, made=None, **options):
        self.now = 5000
        self.opens_in = opens_in
        self.statuses = {}
        self.turns = []
        self.asked = []  # all messages that the platform was sent
        self.known = {}  # its devices
        self.hash = local_hash([])  # as committed
        self.clients = []
        self.credentials = 200
        self.pool = Pool()
        for i in range(devices):
            self.pool.add(Device("d%d" % i, "urn:t", "Device %d" % i))
        self._patches = [
            Instead(sepl_connector, "_Socket", Socket),
            Instead(sepl_connector, "ticks_ms", self.ticks_ms),
            Instead(port, "ticks_ms", self.ticks_ms),
        ]
        for patch in self._patches:
            patch.__enter__()
        made = made or sepl_connector.Connector
        self.connector = made(self.pool, config=config or Config(), **options)
        if not hasattr(self.connector, "join"):
            self.connector = self.connector.connector
        self.connector.join(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for patch in self._patches:
            patch.__exit__()

    def ticks_ms(self):
        return self.now

    # -- a loop ---------------------------------------------------------------------------

    def add(self, client):
        client.loop = self
        self.clients.append(client)

    def remove(self, client):
        if client in self.clients:
            self.clients.remove(client)

    def step(self, ms=-1):
        connector, socket = self.connector, self.connector.ws
        if self.turns:
            self.turns.pop(0)()
        elif socket.wire:
            self._answer(socket.wire.pop(0))
        else:
            if socket.state == 0 and self.opens_in is not None:
                self.opens_in -= 1
                if self.opens_in <= 0:
                    self.opens_in = None
                    self.open()
                    return
            left = port.ticks_diff(connector.deadline, self.now)
            assert ms >= 0
            self.now += max(min(ms, left), 0)
            if left <= ms:
                connector.turn(self.now)

    # -- a platform -----------------------------------------------------------------------

    def open(self):
        self.connector.ws.state = 3
        self.connector.opened()

    def settle(self):
        """Until nothing is under way."""
        while self.connector.ws.wire or self.turns:
            self.step(0)

    def ready(self):
        assert self.connector.wait_ready()
        self.asked = []
        return self

    def hear(self, **fields):
        message = {"status": 200, "handler": "", "token": "", "content_type": "", "payload": None}
        message.update(fields)
        self.connector.received(Frame(message))

    def command(self, token="c", **more):
        payload = dict(COMMAND)
        payload.update(more)
        self.hear(handler="command", token=token, payload=payload)

    def handlers(self):
        return [message["handler"] for message in self.asked]

    def _answer(self, message):
        token = message["token"]
        if "handler" not in message:
            known = {"gid": "g", "hash": self.hash}
            self.hear(token=token, status=self.credentials, payload=known)
            return
        self.asked.append(message)
        handler, payload = message["handler"], message["payload"]
        status = self.statuses.get(handler, 200)
        if status == 200:
            status = self._done(handler, payload)
        if status:
            self.hear(token=token, status=status, payload="so it is")

    def _done(self, handler, payload):
        if handler == "clear":
            self.known = {}
            self.hash = ""
        elif handler == "put":
            device = Device(payload["uri"], payload["iot_type"], payload["name"])
            for tag in payload["tags"]:
                device.addTag(*tag.split(":"))
            self.known[device.id] = device
        elif handler in ("disconnect", "delete"):
            self.known.pop(payload)
        elif handler == "commit":
            if payload != local_hash(self.known):
                return 409
            self.hash = payload
        return 200
