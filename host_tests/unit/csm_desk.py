"""The IoTtalk server's core at a desk: requests in by hand, effects out, a clock to turn."""

import hashlib
import json

from motelink_tools.hub.csm.core import Core
from motelink_tools.hub.csm.records import Records

KETTLE = "3c1d9f0e-7b52-4a0e-9d57-0a4f3e6b2211"
LAMP = "00000000-0000-0000-0000-c860008bd249"
EXPIRATION_S = 100
SQUARE = "def run(x): return x ** 2\n"


def digest(code):
    return hashlib.sha256(code.encode()).hexdigest()


def body(**changes):
    whole = {
        "accept_protos": ["mqtt"],
        "idf_list": [["Temperature-I", ["C"]], ["Acceleration-I", [None, None, None]]],
        "odf_list": [["Heater-O", [None]]],
        "profile": {"model": "Kettle"},
    }
    return {**whole, **changes}


class Desk:
    """One core on a database. ``restart()`` puts another in its place."""

    def __init__(self, path):
        self.path = path
        self.now = 1000.0
        self.core = None
        self.restart()

    def restart(self):
        self.close()
        self.records = Records(self.path)
        self.core = Core(self.records, lambda: self.now, EXPIRATION_S)
        return self.core.effects.take()

    def close(self):
        if self.core is not None:
            self.records.close()

    def put(self, device=KETTLE, **changes):
        """Register; the revision."""
        return self.core.put(device, body(**changes)).rev

    def say(self, topic, message):
        """A message arrives; what is published because of it, as (topic, object)."""
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.core.message(topic, payload)
        return self.said()

    def said(self):
        self.effects = self.core.effects.take()
        return [
            (m.topic, json.loads(m.payload) if m.payload else None) for m in self.effects.publish
        ]

    def state(self, state, rev, device=KETTLE):
        return self.say(f"{device}/ctrl/i", {"state": state, "rev": rev})

    def online(self, device=KETTLE):
        """Register and come online; the revision."""
        rev = self.put(device)
        self.state("online", rev, device)
        return rev

    def ask(self, op=None, graph="7", client="gui", **fields):
        """A request to a graph: the reply, and the commands that it caused."""
        request = {"op": op, **fields} if op else fields
        said = self.say(f"iottalk/api/req/{client}/graph/{graph}", request)
        response = f"iottalk/api/res/{client}/graph/{graph}"
        (reply,) = [message for topic, message in said if topic == response]
        return reply, [(topic, message) for topic, message in said if topic != response]

    def graph(self, *codes, graph="7", client="gui"):
        """Attach one, with functions in store; their digests."""
        assert self.ask("attach", graph, client)[0]["state"] == "ok"
        digests = [digest(code) for code in codes]
        reply, _ = self.ask("add_funcs", graph, client, codes=list(codes), digests=digests)
        assert reply == {"op": "add_funcs", "digests": digests, "state": "ok"}
        return digests
