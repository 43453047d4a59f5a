"""motelink.node_wifi: networks are joined in steps, and again, whatever the interface raises or
says. Whole firmware runs in host_tests/unit/test_firmware_wifi.py.
"""

from doubles import Waiting
from kit import no_alloc
from motelink import log, port, storage
from motelink.errors import ConfigError
from motelink.loop import Loop
from motelink.node_wifi import Wifi
from motelink.port import ticks_ms
from motelink.settings import Settings


class _WLAN:
    """An interface that joins at the third look."""

    def __init__(self, _interface=0):
        self.looks = 3
        self.calls = []

    def active(self, on):
        self.calls.append(on)

    def config(self, **values):
        raise ValueError("unknown config param")

    def disconnect(self):
        self.calls.append("disconnect")
        self.looks = 3

    def connect(self, ssid, key):
        self.calls.append((ssid, key))

    def isconnected(self):
        if self.looks:
            self.looks -= 1
        return not self.looks

    def ifconfig(self):
        return ("10.0.0.2",)

    def status(self, what=None):
        return -50 if what else 1


class _Network:
    STA_IF = 0
    WLAN = _WLAN


def _wifi(text='wifi_ssid = "home"\nwifi_password = "secret"\n'):
    storage.write("s.toml", text)
    port.load("_board").network = _Network
    loop = Loop()
    wifi = Wifi(loop, Settings("s.toml"))
    loop.add(wifi)
    return loop, wifi


def _join(wifi):
    for _ in range(9):
        wifi.turn(wifi.deadline)
        if not wifi.joining:
            return
    raise AssertionError("not joined")


def test_wifi_joins_in_steps_and_then_looks_without_allocating():
    log.set_level("off")
    loop, wifi = _wifi()
    assert loop.offline and not wifi.joining
    wifi.turn(wifi.deadline)
    assert loop.offline and wifi.joining
    _join(wifi)
    assert not loop.offline and wifi.joins == 1 and wifi.rssi() == -50
    assert wifi.wlan.calls == [True, "disconnect", ("home", "secret")]
    loop.add(Waiting())
    now = ticks_ms()
    no_alloc(wifi.turn, now)
    wifi.wlan.looks = 5
    wifi.turn(now)
    assert loop.offline and wifi.joining
    _join(wifi)
    assert not loop.offline and wifi.joins == 2
    log.set_level("info")


def _turns(wifi, n):
    for _ in range(n):
        try:
            wifi.turn(wifi.deadline)
        except OSError as error:
            wifi.failed(error)
        if not wifi.joining and not wifi.loop.offline:
            return True
    return False


def _broken(*_):
    raise OSError("Wifi Internal Error")


def test_wifi_that_raises_is_switched_off_and_on():
    log.set_level("off")
    for name in ("disconnect", "connect", "isconnected", "status", "active"):
        loop, wifi = _wifi()
        wifi.turn(wifi.deadline)
        wlan = wifi.wlan
        wlan.looks = 1 << 20
        setattr(wlan, name, _broken)
        if name == "active":
            wlan.connect = _broken
        assert not _turns(wifi, 40) and loop.offline
        assert name == "active" or wlan.calls.count(False) > 1, (name, wlan.calls)
        delattr(wlan, name)
        if name == "active":
            del wlan.connect
        assert _turns(wifi, 20) and not loop.offline, name
    log.set_level("info")


def test_wifi_goes_on_to_the_next_network_whatever_the_first_one_raises():
    log.set_level("off")
    for kind in (OSError, ValueError, RuntimeError):
        _, wifi = _wifi('wifi_ssid = "home"\nwifi_ssid_2 = "work"\nwifi_password_2 = "x"\n')
        wifi.turn(wifi.deadline)
        wlan = wifi.wlan

        def connect(ssid, key, wlan=wlan, kind=kind):
            if ssid == "home":
                raise kind("home")
            wlan.calls.append((ssid, key))

        wlan.connect = connect
        assert _turns(wifi, 9) and wlan.calls[-1] == ("work", "x"), kind
    log.set_level("info")


def test_wifi_is_waited_for_while_it_joins():
    log.set_level("off")
    for status in (0, 1, 2, 3, 1000, 1001, 1010):  # a Pico's, an ESP32's
        _, wifi = _wifi()
        wifi.turn(wifi.deadline)
        wlan = wifi.wlan
        wlan.status = lambda status=status: status
        assert _turns(wifi, 9) and len(wlan.calls) == 3, (status, wlan.calls)
    log.set_level("info")


def test_wifi_refused_by_all_is_tried_again_and_again():
    log.set_level("off")
    for status in (-3, 201):
        _, wifi = _wifi('wifi_ssid = "home"\nwifi_ssid_9 = "work"\n')
        wifi.turn(wifi.deadline)
        wlan = wifi.wlan
        wlan.status = lambda status=status: status
        wlan.isconnected = lambda: False
        longest = 0
        for _ in range(400):
            before = wifi.deadline
            wifi.turn(before)
            longest = max(longest, port.ticks_diff(wifi.deadline, before))
        tried = [call for call in wlan.calls if isinstance(call, tuple)]
        assert tried[:4] == [("home", None), ("work", None)] * 2
        assert 2 < longest <= 4000 and wlan.calls.count(False) > 10, longest
    log.set_level("info")


def test_wifi_without_an_address_is_not_joined():
    log.set_level("off")
    loop, wifi = _wifi()
    wifi.turn(wifi.deadline)
    wifi.wlan.ifconfig = lambda: ("0.0.0.0",)  # "connected", and the resolver would hang
    for _ in range(9):
        wifi.turn(wifi.deadline)
    assert wifi.wlan.isconnected() and wifi.joining and loop.offline
    log.set_level("info")


class _Strict(_Network):
    """Takes what real interfaces take."""

    countries = []

    class WLAN(_WLAN):
        def ifconfig(self, values=None):
            if values and not values[0].startswith("10."):
                raise ValueError("invalid arguments")
            return ("10.0.0.2",)

    @staticmethod
    def hostname(name):
        if len(name) > 32:
            raise ValueError("hostname too long")

    @staticmethod
    def country(code):
        _Strict.countries.append(code)


def test_a_hostname_that_is_refused_is_told_and_wifi_joins_all_the_same():
    log.keep(256)
    host = "h" * 33
    loop, wifi = _wifi('wifi_ssid = "home"\nwifi_country = "DE"\nwifi_hostname = "%s"\n' % host)
    port.load("_board").network = _Strict
    assert _turns(wifi, 9) and not loop.offline and _Strict.countries == ["DE"]
    told = [line for line in log.lines() if "hostname" in line]
    assert len(told) == 1 and told[0].endswith("'%s' refused: hostname too long" % host), told
    log.keep(0)


def test_a_static_address_that_is_none_ends_it():
    log.set_level("off")
    _, wifi = _wifi('wifi_ssid = "home"\nwifi_address = "ten"\nwifi_gateway = "10.0.0.1"\n')
    port.load("_board").network = _Strict
    try:
        wifi.turn(wifi.deadline)
    except ConfigError as error:
        assert error.final and "wifi_address" in str(error)
    else:
        raise AssertionError("taken")
    log.set_level("info")
