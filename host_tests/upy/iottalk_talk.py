"""A device whose loop is a script, in the place where motelink.iottalk_dan finds its `Device`."""

from iottalk_kettle import Http, Kettle, registered
from motelink import iottalk_dan
from motelink.iottalk import Device

ENDED = 4


class Talk(Kettle):
    """``script``: what happens at each turn of the loop: a function of the device."""

    offline = timeless = False
    script = ()
    answers = ()
    made = None

    def __init__(self, *args, **options):
        self.http = Http(*(Talk.answers or (registered(),)))
        self.heard = []
        self.subscribed = []
        self.said = []
        self.turns = list(Talk.script)
        Device.__init__(self, *args, **options)
        Talk.made = self
        self.loop = self  # of which it is the only client
        self.poll = self
        self.moved = False
        self.error = None
        self.clients = [self]

    def add(self, client):
        client.loop = self
        self.clients.append(client)

    def remove(self, client):
        if client in self.clients:
            self.clients.remove(client)

    def register(self, sock, events):
        """Nobody polls."""

    modify = register

    def unregister(self, sock):
        """Nobody polls."""

    def run(self):
        self.step()
        while self.clients and self.turns:
            self.step()
        if self.error:
            raise self.error

    def step(self, ms=0):
        if self.state == 0 and not self.sock:
            self.begin()
        elif self.turns:
            self.turns.pop(0)(self)
        for client in self.clients:
            if client is not self:
                client.turn(client.deadline)
        self.said += self.finish()


def use(script=(), answers=()):
    """`iottalk_dan` makes such devices from now on."""
    Talk.script = script
    Talk.answers = answers
    iottalk_dan.Device = Talk
