"""What surrounds a node on a board: the watchdog, Wi-Fi, the clock, the report. Hardware is played
by doubles; whole firmware runs in host_tests/unit/test_firmware_*.py."""

import struct

from kit import MICROPYTHON, no_alloc, raises
from motelink import log, node_guard, node_report, port, storage
from motelink.clock import EARLIEST, Clock
from motelink.errors import ConfigError
from motelink.loop import Loop
from motelink.node import Node
from motelink.node_clock import Sync, _seconds
from motelink.node_sleep import Sleeper
from motelink.node_watchdog import Watchdog
from motelink.node_wifi import Wifi
from motelink.port import ticks_add, ticks_ms
from motelink.settings import Settings


class _Dog:
    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


class _Client:
    sock = None
    state = 3

    def __init__(self):
        self.deadline = ticks_add(ticks_ms(), 100000)


def test_the_watchdog_is_fed_while_nobody_is_late():
    loop, dog, client = Loop(), _Dog(), _Client()
    watchdog = Watchdog(dog, 5000, 0)
    loop.add(client)
    loop.add(watchdog)
    now = ticks_ms()
    watchdog.turn(now)
    assert dog.fed == 1 and watchdog.deadline == ticks_add(now, 1000)
    client.deadline = ticks_add(now, -5000)
    watchdog.turn(now)
    assert dog.fed == 2
    client.deadline = ticks_add(now, -5001)
    watchdog.turn(now)
    assert dog.fed == 2
    client.deadline = now
    no_alloc(watchdog.turn, now)
    assert dog.fed > 100


def test_a_boot_has_lived():
    storage.write("guard", "2")
    loop, dog = Loop(), _Dog()
    loop.add(Watchdog(dog, 5000, 60000))
    watchdog = loop.clients[0]
    now = watchdog.deadline
    watchdog.turn(ticks_add(now, 59999))
    assert storage.read("guard") == b"2"
    watchdog.turn(ticks_add(now, 60000))
    assert storage.read("guard") is None and dog.fed == 2
    storage.write("guard", "held")
    watchdog.turn(ticks_add(now, 61000))
    assert storage.read("guard") == b"held"  # said once
    storage.remove("guard")


def test_a_boot_that_cannot_say_that_it_has_lived_says_it_later():
    tries = []

    def clear():
        tries.append(1)
        if len(tries) < 3:
            raise MemoryError if len(tries) == 1 else OSError(5)

    dog = _Dog()
    loop, watchdog = Loop(), Watchdog(dog, 5000, 60000)
    loop.add(watchdog)
    now = ticks_add(watchdog.deadline, 60000)
    before = node_guard.clear
    node_guard.clear = clear
    try:
        for _ in range(4):
            watchdog.turn(now)
    finally:
        node_guard.clear = before
    assert len(tries) == 3 and dog.fed == 4


def test_without_a_watchdog_a_boot_lives_too():
    storage.write("guard", "2")
    loop, watchdog = Loop(), Watchdog(None, 30000, 60000)
    loop.add(watchdog)
    watchdog.turn(ticks_add(watchdog.deadline, 60000))
    assert storage.read("guard") is None


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
    loop.add(_Client())
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


def _answer(head=0x24, stratum=2, seconds=EARLIEST):
    buf = bytearray(48)
    buf[0], buf[1] = head, stratum
    buf[40:44] = struct.pack("!I", (seconds + 2208988800) & 0xFFFFFFFF)
    return buf


def test_what_a_time_server_says():
    assert _seconds(_answer()) == EARLIEST
    assert _seconds(_answer(seconds=2085978496 + 7)) == 2085978496 + 7  # 2036, a new era
    assert _seconds(_answer(head=0xE4)) == 0  # not synchronized
    assert _seconds(_answer(head=0x23)) == 0  # a question
    assert _seconds(_answer(stratum=0)) == 0  # the kiss of death
    assert _seconds(_answer(stratum=16)) == 0


class _Sock:
    """A UDP socket with an answer; ``change`` may forge it."""

    closed = False

    def __init__(self, change):
        self.change = change
        self.asked = b""

    def write(self, buf, at, n):
        self.asked = bytes(buf[at : at + n])

    def readinto(self, buf, n):
        answer = _answer(seconds=EARLIEST + 5)
        answer[24:32] = self.asked[40:48]
        answer[44] = 0x80
        data = self.change(answer)
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def close(self):
        self.closed = True


class _Poll:
    def register(self, sock, events):
        self.sock = sock

    def unregister(self, sock):
        assert sock is self.sock


def _sync(change):
    loop = Loop()
    loop.poll = _Poll()
    loop.timeless = True
    clock = Clock(rtc=lambda: 0)
    sync = Sync(clock, ["127.0.0.1", "127.0.0.2"])
    loop.add(sync)
    board = port.load("_board")
    sock = _Sock(change)
    board.udp_open = lambda _address: sock
    board.set_rtc = lambda seconds: None
    sync.turn(ticks_ms())
    return loop, sync, sock


def test_time_is_taken_from_an_answer():
    log.set_level("off")
    loop, sync, sock = _sync(lambda answer: answer)
    assert sock.asked[0] == 0x23 and len(sock.asked) == 48 and sock.asked[40:48] != bytes(8)
    sync.ready(1)
    assert sock.closed and loop.clients == [] and not loop.timeless
    assert 0 <= sync.clock.unix_ms() - (EARLIEST + 5) * 1000 - 500 < 5000
    log.set_level("info")


def test_time_is_not_taken_from_anything_else():
    log.set_level("off")
    for change in (
        lambda answer: answer[:47],
        lambda answer: bytes(48),
        lambda answer: answer[:24] + bytes(8) + answer[32:],
        lambda answer: answer[:1] + b"\x00" + answer[2:],
        lambda answer: b"",
    ):
        loop, sync, sock = _sync(change)
        error = raises(OSError, sync.ready, 1)
        sync.failed(error)
        assert sock.closed and loop.timeless and not sync.clock.known()
        assert sync.sock is None and sync.tries == 1
    loop, sync, sock = _sync(lambda answer: None)
    sync.ready(1)
    assert not sock.closed and sync.sock is sock
    sync.failed(raises(OSError, sync.turn, sync.deadline))
    assert sock.closed
    log.set_level("info")


def test_the_largest_free_block():
    if MICROPYTHON:
        import gc

        gc.collect()
        free = gc.mem_free()
        block = node_report.largest(free)
        assert 0 < block <= free
        assert len(bytearray(block)) == block
        gc.collect()
        raises(MemoryError, bytearray, block + free // 32)
    assert node_report.largest(0) == 0


class _Json:
    def __init__(self):
        self.pairs = {}

    def pair(self, name, value):
        self.pairs[name] = value


def test_the_report():
    storage.write("s.toml", "")
    node = Node(Settings("s.toml"))
    json = _Json()
    data = node.report(json)
    assert data == json.pairs
    for name in ("uptime", "heap_free", "heap_low", "heap_block", "reconnects", "reset", "time"):
        assert name in data, name
    assert "rssi" not in data


def test_sleep_after_wants_times():
    storage.write("s.toml", "")
    node = Node(Settings("s.toml"))
    for within, sleep in ((0, 1), (1, 0), (1 << 29, 1), (1, 1 << 29)):
        raises(ConfigError, node.sleep_after, within, sleep)
    assert isinstance(Sleeper(node, 1, 1), Sleeper)


def test_wifi_without_an_address_is_not_joined():
    log.set_level("off")
    loop, wifi = _wifi()
    wifi.turn(wifi.deadline)
    wifi.wlan.ifconfig = lambda: ("0.0.0.0",)  # "connected", and the resolver would hang
    for _ in range(9):
        wifi.turn(wifi.deadline)
    assert wifi.wlan.isconnected() and wifi.joining and loop.offline
    log.set_level("info")
