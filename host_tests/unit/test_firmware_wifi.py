"""Wi-Fi of a node on the fake board: which network, how long it tries, and what it does then."""

import socket

import pytest

from .firmware import NODE, PLATFORM

HOME = 'wifi_ssid = "home"\nwifi_password = "secret"\n'
TWO = HOME + 'wifi_ssid_2 = "shed"\nwifi_password_2 = "hush"\n'


def test_it_joins_and_the_loop_goes_on(board, firmware):
    home = board.air.add("home", "secret")
    board.air.connect_ms = 3000
    firmware(settings=PLATFORM + HOME)
    outcome = board.boot(for_ms=10_000)
    assert board.wlan.isconnected()
    assert "Wi-Fi: home, 192.168.4.2" in outcome.output
    assert board.load("app").node.wifi.rssi() == home.rssi
    first = outcome.output.index("Wi-Fi: home, ")
    assert "127.0.0.1:9: " in outcome.output[first:]
    assert "127.0.0.1:9: " not in outcome.output[:first]  # platforms wait for the network


@pytest.mark.parametrize("name", ["esp32", "rpi_pico_w"])
def test_the_first_network_comes_first(request, name):
    request.applymarker(pytest.mark.board(name))
    board = request.getfixturevalue("board")
    shed = board.air.add("shed", "hush", rssi=-20)
    home = board.air.add("home", "secret", rssi=-80)
    request.getfixturevalue("firmware")(settings=PLATFORM + TWO)
    board.boot(for_ms=20_000)
    assert board.wlan.status("rssi") == home.rssi
    home.up = False
    board.boot(for_ms=40_000)
    assert board.wlan.status("rssi") == shed.rssi


def test_a_wrong_password_leads_to_the_next_network(board, firmware):
    board.air.add("home", "other")
    board.air.add("shed", "hush", rssi=-33)
    firmware(settings=PLATFORM + TWO)
    board.boot(for_ms=5000)
    assert board.wlan.status("rssi") == -33


@pytest.mark.parametrize("name", ["esp32", "rpi_pico_w"])
def test_an_interface_that_is_stuck_is_switched_off_and_on(request, name):
    request.applymarker(pytest.mark.board(name))
    board = request.getfixturevalue("board")
    board.air.stuck = True
    request.getfixturevalue("firmware")(settings=PLATFORM + HOME)
    outcome = board.boot(for_ms=30_000, until=lambda: board.wlan.isconnected())
    assert board.wlan.isconnected()
    assert "Wi-Fi: home: Wifi Internal Error" in outcome.output


@pytest.mark.parametrize("name", ["esp32", "rpi_pico_w"])
@pytest.mark.parametrize("trouble", ["away", "refuses", "no address", "wrong password"])
def test_it_tries_for_hours_and_is_there_when_the_network_is(request, name, trouble):
    request.applymarker(pytest.mark.board(name))
    board = request.getfixturevalue("board")
    home = board.air.add("home", "secret")
    attribute, bad, good = {
        "away": ("up", False, True),
        "refuses": ("refuse", True, False),
        "no address": ("dhcp", False, True),
        "wrong password": ("password", "changed", "secret"),
    }[trouble]
    setattr(home, attribute, bad)
    request.getfixturevalue("firmware")(settings=PLATFORM + HOME)
    mended = []

    def mend():
        setattr(home, attribute, good)
        mended.append(board.clock.now_ms)

    board.clock.at(2 * 3_600_000, mend)
    outcome = board.boot(for_ms=3 * 3_600_000, until=lambda: mended and board.wlan.isconnected())
    assert outcome.kind == "stopped"
    assert board.clock.now_ms - mended[0] < 25_000  # a pause of 4 s, and an attempt
    assert 7 <= outcome.output.count("Wi-Fi: home: ") < 16  # rounds 1, 2, 4, 8, ...


def test_a_lost_network_is_joined_again(board, firmware):
    home = board.air.add("home", "secret")
    firmware(settings=PLATFORM + HOME)
    for minute in range(1, 20):
        board.clock.at(minute * 60_000, setattr, home, "up", False)
        board.clock.at(minute * 60_000 + 5_000, setattr, home, "up", True)
    outcome = board.boot(for_ms=20 * 60_000)
    assert outcome.kind == "stopped"
    assert board.wlan.isconnected()
    assert board.load("app").node.wifi.joins >= 20
    assert outcome.output.count("Wi-Fi: lost") >= 19


def test_an_internal_error_is_tried_again(board, firmware, monkeypatch):
    import network

    attempts = []
    connect = network.WLAN.connect

    def fails_twice(self, *arguments):
        attempts.append(arguments)
        if len(attempts) < 3:
            raise OSError("Wifi Internal Error")
        connect(self, *arguments)

    monkeypatch.setattr(network.WLAN, "connect", fails_twice)
    firmware(settings=PLATFORM + HOME)
    board.boot(for_ms=30_000)
    assert board.wlan.isconnected()
    assert attempts == [("home", "secret")] * 3


def test_it_disconnects_first(board, firmware, monkeypatch):
    """A chip that still has a connection refuses a second connect()."""
    import network

    calls = []
    for name in ("connect", "disconnect"):
        method = getattr(network.WLAN, name)

        def record(self, *arguments, name=name, method=method):
            calls.append(name)
            return method(self, *arguments)

        monkeypatch.setattr(network.WLAN, name, record)
    board.air.add("shed", "hush")
    firmware(settings=PLATFORM + TWO)
    board.boot(for_ms=30_000)
    assert calls == ["disconnect", "connect"] * 2


def test_settings_reach_the_chip(board, firmware):
    import network

    firmware(
        settings=PLATFORM
        + HOME
        + 'wifi_country = "DE"\nwifi_hostname = "kettle"\nwifi_pm = 2\n'
        + 'wifi_address = "10.0.0.7"\nwifi_gateway = "10.0.0.1"\n'
    )
    board.boot(for_ms=5000)
    assert network.country() == "DE"
    assert network.hostname() == "kettle"
    assert board.wlan.config("pm") == 2
    assert board.wlan.ifconfig() == ("10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1")


@pytest.mark.board("rpi_pico_w")
def test_a_pico_does_not_sleep_by_default(board, firmware):
    firmware(settings=PLATFORM + HOME)
    board.boot(for_ms=5000)
    assert board.wlan.config("pm") == 0xA11140


def test_without_settings_the_interface_is_left_alone(board, firmware):
    firmware()
    assert "127.0.0.1:9: " in board.boot(for_ms=5000).output
    assert not board.wlan.active()


def test_a_link_that_no_platform_proves_is_made_anew(board, firmware):
    board.air.add("home", "secret")
    firmware(settings=PLATFORM + HOME)  # the WLAN says "connected", and nobody answers
    board.boot(for_ms=4 * 3_600_000, real_s=120)
    joins = board.load("app").node.wifi.joins
    assert 4 <= joins <= 8  # 2, 4, 8, ... minutes, at most about an hour between two


def test_a_platform_that_is_open_proves_the_link(board, firmware):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        number = server.getsockname()[1]
        firmware(
            NODE.replace(
                "node.run()",
                "node.add(Link('127.0.0.1', %d, 64, 64, False, None, 1000))\n    node.run()",
            )
            .replace("%d", str(number))
            .replace(
                "def run",
                "from motelink.link import Link\n\n\nclass Link(Link):\n"
                "    def _greet(self):\n        pass\n\n"
                "    def _opened(self, now):\n        self._due(now)\n\n"
                "    def _due(self, now):\n        self.deadline = (now + 60000) % (1 << 30)\n\n\n"
                "def run",
            ),
            PLATFORM + HOME,
        )
        board.air.add("home", "secret")
        board.boot(for_ms=2 * 3_600_000, real_s=120)
        assert board.load("app").node.wifi.joins == 1


def test_the_password_is_never_shown(board, firmware):
    board.air.add("home", "other")
    firmware(settings=PLATFORM + HOME)
    assert "secret" not in board.boot(for_ms=100_000).output


def test_two_hours_of_faults_and_power_cuts_never_lead_to_safe_mode(board, firmware):
    home = board.air.add("home", "secret")
    firmware(settings=PLATFORM + TWO)
    for number in range(1, 240):  # every 30 s, 4 s long
        board.clock.at(number * 30_000, setattr, home, "up", False)
        board.clock.at(number * 30_000 + 4_000, setattr, home, "up", True)
    for _ in range(24):
        outcome = board.boot(for_ms=300_000)
        assert outcome.kind == "stopped"
        assert "safe mode" not in outcome.output
        assert "Wi-Fi: home, 192.168.4.2" in outcome.output
    assert board.resets == []
    assert not (board.files / "crash.txt").exists()
