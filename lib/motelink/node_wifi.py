"""Wi-Fi for `motelink.node`: joins one of the networks in the settings, and again when it is lost.

While there is none, links wait (``loop.offline``). What the interface says is believed only while
some platform proves it: where none can be reached for minutes, Wi-Fi is joined anew. Settings:

    wifi_ssid, wifi_password        first choice; wifi_ssid_2, wifi_password_2 the second, to 9
    wifi_hostname, wifi_country     none: the firmware's own
    wifi_address, wifi_gateway      a static address, and wifi_netmask, wifi_dns; none: DHCP
    wifi_pm                         power save; none: the board's WIFI_PM

Joining is in `motelink.node_wifi_join`, dropped while joined. Allocates nothing while joined.
"""

from motelink import port
from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_LOOK_MS = const(1000)
_OPEN = const(3)  # Link's
_DOUBT_MS = const(120000)
_DOUBT_CAP_MS = const(3600000)


class Wifi:
    """A client of the loop. ``joins``, how often it has joined; ``wlan``, the interface;
    ``joining``: while it joins."""

    sock = const(None)

    def __init__(self, loop, settings):
        self.loop = loop
        self.settings = settings
        self.wlan = None
        self.joining = None
        self.joins = 0
        self.doubt = _DOUBT_MS
        self.proved = self.deadline = ticks_ms()
        loop.offline = (
            True  # joining begins with the first turn, so that it lies behind what stays
        )

    def turn(self, now: int) -> None:
        """Called by the loop."""
        if self.joining:
            ms = self.joining.step(now)
            if ms < 0:
                self.joining = None
                for name in ("node_wifi_join", "backoff", "_board"):
                    port.forget(name)
                self.joins += 1
                self.proved = now
                self.loop.offline = False
                ms = _LOOK_MS
            self.deadline = ticks_add(now, ms)
            return
        self.deadline = ticks_add(now, _LOOK_MS)
        if self.loop.offline or not self.wlan.isconnected():
            self._leave(now)
            return
        for client in self.loop.clients:
            state = getattr(client, "state", None)
            if state == _OPEN:
                self.proved = now
                self.doubt = _DOUBT_MS
                return
        if ticks_diff(now, self.proved) > self.doubt:
            # The server may be away as well as Wi-Fi: ask more and more seldom.
            if self.doubt < _DOUBT_CAP_MS:
                self.doubt *= 2
            self._leave(now)

    def failed(self, error: Exception) -> None:
        """Joining raised; called by the loop. Raises what only a person can mend."""
        from motelink import log

        log.exception(error, "Wi-Fi")
        self.joining = None
        self.loop.offline = True
        self.deadline = ticks_add(ticks_ms(), _LOOK_MS)
        if getattr(error, "final", False):
            raise error

    def rssi(self):
        """Signal strength in dBm, or None."""
        try:
            return self.wlan.status("rssi")
        except (AttributeError, OSError, ValueError):
            return None

    def _leave(self, now: int) -> None:
        from motelink.node_wifi_join import Join

        self.loop.offline = True
        self.deadline = now
        self.joining = Join(self.settings, self.wlan, self.joins)
        self.wlan = self.joining.wlan
