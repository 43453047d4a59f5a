"""What is in the air around the fake ``network``, and one station's attempt to join it."""

import time

WAITING = 0
MISSING = 1
LOST = 2
WRONG_KEY = 3
REFUSED = 4
NO_ADDRESS = 5
JOINED = 6


class Network:
    """One access point. Change its attributes at any time; they act at the next status poll.

    ``up`` False: gone from the air. ``refuse`` True: it answers, and lets nobody in.
    ``dhcp`` False: it lets in and gives no address. ``password`` None: takes any.
    """

    def __init__(self, ssid, password=None, rssi=-55, channel=6):
        self.ssid = ssid
        self.password = password
        self.rssi = rssi
        self.channel = channel
        self.bssid = b"\x02\x00\x00\x00\x01" + bytes([channel])
        self.up = True
        self.refuse = False
        self.dhcp = True


class Air:
    """Fresh, every SSID exists and takes any password: ``everywhere`` is that network. From the
    first ``add`` on, only the networks added exist.

    A station joins after ``connect_ms`` milliseconds and ``connect_polls`` status polls.
    ``stations`` are the MAC addresses that have joined the board's own access point. ``stuck``
    True: the interface joins nothing more until it is switched off and on.
    """

    def __init__(self):
        self.everywhere = Network("")
        self.networks = []
        self.connect_ms = 0
        self.connect_polls = 0
        self.address = "192.168.4.2"
        self.netmask = "255.255.255.0"
        self.gateway = "192.168.4.1"
        self.stations = []
        self.cable = True
        self.stuck = False

    def add(self, ssid, password=None, rssi=-55, channel=6):
        """A Network, to change as the test goes on."""
        network = Network(ssid, password, rssi, channel)
        self.everywhere = None
        self.networks.append(network)
        return network

    def find(self, ssid, bssid=None):
        """The strongest network of that name that is up, or None. Allocates nothing."""
        if self.everywhere is not None:
            return self.everywhere if self.everywhere.up else None
        best = None
        for network in self.networks:
            if network.ssid != ssid or not network.up:
                continue
            if bssid is not None and network.bssid != bssid:
                continue
            if best is None or network.rssi > best.rssi:
                best = network
        return best

    def scan(self):
        heard = [
            (n.ssid.encode(), n.bssid, n.channel, n.rssi, 3 if n.password else 0, False)
            for n in self.networks
            if n.up
        ]
        return sorted(heard, key=lambda one: -one[3])


class Join:
    """A station's standing order to be on a network. ``network`` is the one it is on, or None."""

    def __init__(self, air, ssid, key, bssid):
        self._air = air
        self._ssid = ssid
        self._key = key
        self._bssid = bssid
        self.network = None
        self._result = WAITING
        self._begin()

    def _begin(self):
        self._since = time.ticks_ms()
        self._polls = self._air.connect_polls

    def poll(self, again):
        """Where the attempt stands. ``again``: the chip itself keeps trying, as an ESP32 does."""
        if self._result == WAITING:
            if self._polls > 0:
                self._polls -= 1
            elif time.ticks_diff(time.ticks_ms(), self._since) >= self._air.connect_ms:
                self._result = self._arrive()
        elif self._result < NO_ADDRESS:
            time.ticks_ms()  # lets injected time run in a loop that only polls
            if again and self._arrive() >= NO_ADDRESS:
                self._begin()
                self._result = WAITING
        elif not self.network.up:
            self._result = LOST
            self.network = None
        else:
            time.ticks_ms()
            self._result = JOINED if self.network.dhcp else NO_ADDRESS
        return self._result

    def _arrive(self):
        self.network = None
        network = self._air.find(self._ssid, self._bssid)
        if network is None:
            return MISSING
        if network.refuse:
            return REFUSED
        if network.password is not None and network.password != self._key:
            return WRONG_KEY
        self.network = network
        return JOINED if network.dhcp else NO_ADDRESS
