"""A fake ``network``: WLAN and LAN on the ``Air`` of ``_air``, which the test controls.

The air decides about association and addresses only: sockets stay the host's, and work whatever
the air is like. Status codes and errors are those of the board's port, see ``_bench.platform``.
"""

import _air
import _bench

STA_IF = 0
AP_IF = 1
AUTH_OPEN = 0
AUTH_WEP = 1
AUTH_WPA_PSK = 2
AUTH_WPA2_PSK = 3
AUTH_WPA_WPA2_PSK = 4

_RP2 = _bench.platform == "rp2"
STAT_IDLE = 0 if _RP2 else 1000
STAT_CONNECTING = 1 if _RP2 else 1001
STAT_GOT_IP = 3 if _RP2 else 1010
STAT_NO_AP_FOUND = -2 if _RP2 else 201
STAT_WRONG_PASSWORD = -3 if _RP2 else 202
if _RP2:
    STAT_CONNECT_FAIL = -1
else:
    STAT_BEACON_TIMEOUT = 200
    STAT_ASSOC_FAIL = 203
    STAT_HANDSHAKE_TIMEOUT = 204

_REFUSED = -1 if _RP2 else 203
_NO_ADDRESS_YET = 2 if _RP2 else 1001  # associated; rp2 says so, esp32 is still "connecting"
_NOWHERE = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")

air = _air.Air()
_hostname = ""
_country = "XX"
_dns = None


def hostname(name=None):
    """At most 32 characters."""
    global _hostname
    if name is None:
        return _hostname
    if len(name) > 32:
        raise ValueError("hostname too long")
    _hostname = name


def country(code=None):
    global _country
    if code is None:
        return _country
    if len(code) != 2:
        raise ValueError("expected a country of two letters, got %r" % (code,))
    _country = code


def ipconfig(name=None, *, dns=None, prefer=None):
    global _dns
    if name is not None:
        if name == "dns":
            return _dns or air.gateway
        if name == "prefer":
            return 4
        raise ValueError("unknown config param")
    _dns = dns or _dns


class _State:
    """What one interface knows; outlives the objects that firmware makes for it."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.active = False
        self.static = None
        self.settings = {}
        self.join = None


class _Interface:
    _known = {}

    def active(self, up=None):
        state = self._state
        if up is not None:
            if not up:
                state.join = None
                air.stuck = False
            state.active = bool(up)
        return state.active

    def ifconfig(self, value=None):
        state = self._state
        if value is not None:
            state.static = None if value == "dhcp" else tuple(value)
            return None
        if state.static is not None:
            return state.static
        if not self.isconnected():
            return _NOWHERE
        return (air.address, air.netmask, air.gateway, _dns or air.gateway)

    def ipconfig(self, name=None, *, dhcp4=None, addr4=None, gw4=None):
        state = self._state
        if name is None:
            if addr4 is not None:
                if isinstance(addr4, str):
                    addr4 = (addr4.split("/")[0], air.netmask)
                state.static = (addr4[0], addr4[1], gw4 or air.gateway, _dns or air.gateway)
            elif dhcp4:
                state.static = None
            return None
        if name == "addr4":
            return self.ifconfig()[:2]
        if name == "gw4":
            return self.ifconfig()[2]
        if name == "dhcp4":
            return state.static is None
        if name == "has_dhcp4":
            return state.static is None and self.isconnected()
        raise ValueError("unknown config param")

    def config(self, name=None, **values):
        """Raises ValueError for a name that the real interface does not have."""
        settings = self._state.settings
        for key in values:
            if key not in self._known:
                raise ValueError("unknown config param")
        for key, value in values.items():
            if key in ("hostname", "dhcp_hostname"):
                hostname(value)
            else:
                settings["ssid" if key == "essid" else key] = value
        if name is None:
            return None
        if name == "mac":
            return settings.get("mac") or _bench.unique_id[:6]
        if name in ("hostname", "dhcp_hostname"):
            return hostname()
        if name == "password" or name not in self._known:
            raise ValueError("unknown config param")
        return settings.get("ssid" if name == "essid" else name, self._known[name])


class WLAN(_Interface):
    IF_STA = STA_IF
    IF_AP = AP_IF
    SEC_OPEN = AUTH_OPEN
    SEC_WPA = AUTH_WPA_PSK
    SEC_WPA2 = AUTH_WPA2_PSK
    SEC_WPA_WPA2 = AUTH_WPA_WPA2_PSK
    PM_NONE = 0x10 if _RP2 else 0
    PM_PERFORMANCE = 0xA11142 if _RP2 else 1
    PM_POWERSAVE = 0xA11C82 if _RP2 else 2

    _known = {
        "ssid": "",
        "essid": "",
        "mac": None,
        "channel": 6,
        "hidden": False,
        "security": AUTH_OPEN,
        "password": None,
        "key": None,
        "hostname": None,
        "dhcp_hostname": None,
        "pm": PM_PERFORMANCE,
        "txpower": 20,
        "reconnects": -1,
    }

    def __init__(self, interface_id=STA_IF):
        if interface_id not in (STA_IF, AP_IF):
            raise ValueError("invalid WLAN interface identifier")
        self._ap = interface_id == AP_IF
        self._state = _states[interface_id]

    def connect(self, ssid=None, key=None, *, bssid=None, **_):
        """Returns at once. OSError when not active, and on esp32 while an attempt is running."""
        state = self._state
        if self._ap:
            raise OSError("STA required")
        if not state.active:
            raise OSError(1, "EPERM") if _RP2 else OSError("Wifi Not Started")
        if not _RP2 and state.join is not None and self._progress() == STAT_CONNECTING:
            raise OSError("Wifi Internal Error")
        if air.stuck:
            raise OSError("Wifi Internal Error")
        if ssid is None:
            ssid = state.settings.get("ssid", "")
        state.settings["ssid"] = ssid
        state.join = _air.Join(air, ssid, key, bssid)

    def disconnect(self):
        self._state.join = None

    def isconnected(self):
        """Allocates nothing."""
        if self._ap:
            return self._state.active and bool(air.stations)
        return self._progress() == STAT_GOT_IP

    def status(self, what=None):
        """Allocates nothing without ``what``. On esp32 a failure shows only after
        ``config(reconnects=n)``: without it the chip tries for ever and says "connecting".
        """
        if what == "rssi":
            join = self._state.join
            return join.network.rssi if join is not None and join.network is not None else 0
        if what == "stations":
            return [(mac,) for mac in air.stations]
        if what is not None:
            raise ValueError("unknown status param")
        now = self._progress()
        if _RP2 or now >= 1000 or self._state.settings.get("reconnects", -1) >= 0:
            return now
        return STAT_CONNECTING

    def _progress(self):
        state = self._state
        if self._ap:
            return STAT_GOT_IP if state.active else STAT_IDLE
        if state.join is None:
            return STAT_IDLE
        now = state.join.poll(not _RP2)
        if now == _air.WAITING:
            return STAT_CONNECTING
        if now == _air.MISSING:
            return STAT_NO_AP_FOUND
        if now == _air.LOST:
            return STAT_IDLE if _RP2 else STAT_BEACON_TIMEOUT
        if now == _air.WRONG_KEY:
            return STAT_WRONG_PASSWORD
        if now == _air.REFUSED:
            return _REFUSED
        if now == _air.NO_ADDRESS and state.static is None:
            return _NO_ADDRESS_YET
        return STAT_GOT_IP

    def scan(self):
        """[(ssid, bssid, channel, RSSI, security, hidden)], the strongest first."""
        if self._ap or not self._state.active:
            raise OSError("STA must be active")
        return air.scan()


class LAN(_Interface):
    """Ethernet; the cable is ``air.cable``."""

    _known = {"mac": None, "hostname": None}

    def __init__(self, *_, **settings):
        self._state = _states[2]

    def isconnected(self):
        return self._state.active and air.cable

    def status(self):
        return STAT_GOT_IP if self.isconnected() else STAT_IDLE


_states = (_State(), _State(), _State())  # STA_IF, AP_IF, LAN


def _forget(kind):
    global _hostname, _country, _dns
    if kind != "soft":  # a soft reset leaves the radio as it is
        for state in _states:
            state.forget()
    _hostname = "PicoW" if _RP2 else "mpy-esp32"
    _country = "XX"
    _dns = None


_forget("power")
_bench.on_restart.append(_forget)
