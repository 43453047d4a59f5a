"""Joining a network, one step at a time, for `motelink.node_wifi`.

    = ======= ================================ =========================================
      phase   what is done                     then
    = ======= ================================ =========================================
    0 LEAVE   disconnect, whatever was          after 200 ms: CONNECT
    1 CONNECT begin to join the next network    WAIT
    2 WAIT    look every 100 ms                 joined; refused, or 15 s over: a failure
    3 DOWN    the interface is off              after 500 ms: on again, LEAVE
    = ======= ================================ =========================================

A failure, and so is what the interface raises, leads to the next network at once, behind the last
one to a pause of up to 4 s (full jitter; a board that looks for its network troubles nobody, so it
may look often), and after every third round the interface is switched off and on. Said of rounds
1, 2, 4, 8, ...: a night without Wi-Fi must not push all else out of the log.
"""

from motelink import log, port
from motelink.backoff import Backoff
from motelink.errors import ConfigError

const = port.const
ticks_diff = port.ticks_diff

_LEAVE = const(0)
_CONNECT = const(1)
_WAIT = const(2)
_DOWN = const(3)
_LEAVE_MS = const(200)
_LOOK_MS = const(100)
_JOIN_MS = const(15000)
_DOWN_MS = const(500)
_ROUNDS = const(3)
_PAUSE_MS = const(4000)
_NETWORKS = const(9)


class Join:
    """``wlan``: the interface, if there was one. ``again``: whether a network has been lost."""

    def __init__(self, settings, wlan, again):
        self.settings = settings
        self.phase = _LEAVE
        self.backoff = Backoff(cap_ms=_PAUSE_MS)
        self.index = self.rounds = 0
        self.since = 0
        self.known = _known(settings)
        self.network = port.load("_board").network
        self.wlan = wlan or self._interface()
        if again:
            log.warning("Wi-Fi: lost")

    def step(self, now: int) -> int:
        """One step. Returns in how many milliseconds the next is due; -1: joined."""
        try:
            return self._step(now)
        except (OSError, ValueError, RuntimeError) as error:
            if getattr(error, "final", False):
                raise
            return self._failure(error)

    def _step(self, now: int) -> int:
        wlan = self.wlan
        if self.phase == _LEAVE:
            wlan.disconnect()
            self.phase = _CONNECT
            return _LEAVE_MS
        if self.phase == _DOWN:
            self._set_up()
            self.phase = _LEAVE
            return _DOWN_MS
        if self.phase == _CONNECT:
            self.phase = _WAIT
            self.since = now
            wlan.connect(*self.known[self.index])
            return _LOOK_MS
        # Without an address it is not joined: the resolver would hang (micropython 18797).
        if wlan.isconnected() and wlan.ifconfig()[0] != "0.0.0.0":
            log.info("Wi-Fi: %s, %s", self.known[self.index][0], wlan.ifconfig()[0])
            return -1
        status = wlan.status()
        if status < 0 or 200 <= status < 1000 or ticks_diff(now, self.since) > _JOIN_MS:
            return self._failure("status %s" % status)
        return _LOOK_MS

    def _failure(self, why) -> int:
        rounds = self.rounds
        if not rounds & (rounds + 1):
            log.warning("Wi-Fi: %s: %s", self.known[self.index][0], why)
        self.phase = _LEAVE
        self.index += 1
        if self.index < len(self.known):
            return 0
        self.index = 0
        self.rounds = rounds + 1
        if self.rounds % _ROUNDS == 0:
            log.debug("Wi-Fi: switched off and on")
            self.phase = _DOWN
            try:
                self.wlan.disconnect()
            except OSError:  # it may be why
                pass
            self.wlan.active(False)
            return _DOWN_MS
        return self.backoff.next()

    def _interface(self):
        network = self.network
        text = self.settings.text
        _tell(network, "country", text("wifi_country", ""))
        _tell(network, "hostname", text("wifi_hostname", ""))
        self.wlan = network.WLAN(network.STA_IF)
        self._set_up()
        return self.wlan

    def _set_up(self) -> None:
        wlan = self.wlan
        wlan.active(True)
        board = port.load("_board")
        pm = self.settings.integer("wifi_pm", board.constant("WIFI_PM"))
        if pm is not None:
            wlan.config(pm=pm)
        try:
            wlan.config(reconnects=0)  # or an ESP32 tries for ever, and says so of everything
        except (OSError, ValueError):
            pass
        text = self.settings.text
        address = text("wifi_address", "")
        if address:
            gateway = text("wifi_gateway")
            netmask = text("wifi_netmask", "255.255.255.0")
            try:
                wlan.ifconfig((address, netmask, gateway, text("wifi_dns", gateway)))
            except ValueError as error:
                raise ConfigError("wifi_address and what belongs to it: %s" % error)


def _tell(network, name, value) -> None:
    if value:
        try:
            getattr(network, name)(value)
        except (OSError, ValueError) as error:  # it may join all the same
            log.error("wifi_%s = %r refused: %s", name, value, error)


def _known(settings) -> list:
    known = []
    for number in range(1, _NETWORKS + 1):
        end = "_%d" % number if number > 1 else ""
        name = settings.text("wifi_ssid" + end, "")
        if name:
            known.append((name, settings.text("wifi_password" + end, None)))
    return known
