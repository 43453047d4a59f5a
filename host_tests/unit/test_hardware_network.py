"""The fake ``network`` and the air around it."""

import pytest


@pytest.fixture
def wlan(board):
    import network

    station = network.WLAN(network.STA_IF)
    station.active(True)
    return station


def test_on_a_fresh_board_any_network_takes_us(board, wlan):
    import network

    wlan.connect("whatever", "any password")
    assert wlan.isconnected()
    assert wlan.status() == network.STAT_GOT_IP
    assert wlan.ifconfig()[0] == board.air.address == wlan.ipconfig("addr4")[0]


def test_connecting_takes_the_time_the_test_says(board, wlan):
    import network

    board.air.connect_ms = 2000
    wlan.connect("home", "x")
    board.clock.advance(1999)
    assert wlan.status() == network.STAT_CONNECTING
    assert not wlan.isconnected()
    assert wlan.ifconfig()[0] == "0.0.0.0"
    board.clock.advance(1)
    assert wlan.isconnected()


def test_connecting_takes_as_many_polls_as_the_test_says(board, wlan):
    board.air.connect_polls = 3
    wlan.connect("home", "x")
    assert [wlan.isconnected() for _ in range(4)] == [False, False, False, True]


@pytest.mark.board("rpi_pico_w")
def test_the_pico_tells_why_it_failed(board, wlan):
    import network

    home = board.air.add("home", "secret")
    wlan.connect("hmoe", "secret")
    assert wlan.status() == network.STAT_NO_AP_FOUND == -2
    wlan.connect("home", "wrong")
    assert wlan.status() == network.STAT_WRONG_PASSWORD == -3
    home.refuse = True
    wlan.connect("home", "secret")
    assert wlan.status() == network.STAT_CONNECT_FAIL == -1
    home.refuse = False
    wlan.connect("home", "secret")
    assert wlan.isconnected()


def test_an_esp32_tells_only_with_a_bound_on_its_retries(board, wlan):
    import network

    board.air.add("home", "secret")
    wlan.connect("home", "wrong")
    assert wlan.status() == network.STAT_CONNECTING
    wlan.config(reconnects=3)
    assert wlan.status() == network.STAT_WRONG_PASSWORD


def test_a_network_that_gives_no_address(board, wlan):
    home = board.air.add("home")
    home.dhcp = False
    wlan.connect("home")
    assert not wlan.isconnected()
    home.dhcp = True
    assert wlan.isconnected()


@pytest.mark.board("rpi_pico_w")
def test_the_pico_says_that_it_has_no_address(board, wlan):
    board.air.add("home").dhcp = False
    wlan.connect("home")
    assert wlan.status() == 2
    wlan.ifconfig(("10.0.0.7", "255.0.0.0", "10.0.0.1", "10.0.0.1"))
    assert wlan.isconnected()
    assert wlan.ifconfig()[0] == "10.0.0.7"


@pytest.mark.parametrize(
    "returns",
    [
        pytest.param(True, marks=pytest.mark.board("esp32")),
        pytest.param(False, marks=pytest.mark.board("rpi_pico_w")),
    ],
)
def test_only_an_esp32_comes_back_by_itself(board, wlan, returns):
    home = board.air.add("home")
    wlan.connect("home")
    assert wlan.isconnected()
    home.up = False
    assert not wlan.isconnected()
    home.up = True
    assert [wlan.isconnected(), wlan.isconnected()][-1] is returns
    wlan.connect("home")
    assert wlan.isconnected()


def test_a_second_connect_while_connecting_is_refused(board, wlan):
    board.air.connect_ms = 1000
    wlan.connect("home", "x")
    with pytest.raises(OSError, match="Wifi Internal Error"):
        wlan.connect("home", "x")
    wlan.disconnect()
    wlan.connect("home", "x")


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("Wifi Not Started", marks=pytest.mark.board("esp32")),
        pytest.param("EPERM", marks=pytest.mark.board("rpi_pico_w")),
    ],
)
def test_connecting_without_being_active(board, what):
    with pytest.raises(OSError, match=what):
        board.wlan.connect("home", "x")


def test_the_strongest_access_point_is_taken_and_scanned_first(board, wlan):
    board.air.add("home", "secret", rssi=-80, channel=1)
    board.air.add("home", "secret", rssi=-50, channel=11)
    board.air.add("cafe").up = False
    assert [(ssid, rssi) for ssid, _, _, rssi, _, _ in wlan.scan()] == [
        (b"home", -50),
        (b"home", -80),
    ]
    wlan.connect("home", "secret")
    assert wlan.isconnected()
    assert wlan.status("rssi") == -50


def test_settings_are_kept_and_unknown_ones_refused(board, wlan):
    import network

    wlan.config(pm=wlan.PM_NONE, txpower=8)
    assert network.WLAN(network.STA_IF).config("pm") == wlan.PM_NONE
    assert wlan.config("txpower") == 8
    assert wlan.config("mac") == __import__("machine").unique_id()
    wlan.connect("home", "x")
    assert wlan.config("ssid") == wlan.config("essid") == "home"
    for unknown in ("colour", "password"):
        with pytest.raises(ValueError, match="unknown config param"):
            wlan.config(unknown)
    with pytest.raises(ValueError, match="unknown config param"):
        wlan.config(colour="red")


def test_the_host_name_and_country_are_the_networks(board, wlan):
    import network

    network.hostname("greenhouse")
    network.country("DE")
    assert wlan.config("hostname") == network.hostname() == "greenhouse"
    assert network.country() == "DE"
    with pytest.raises(ValueError, match="too long"):
        network.hostname("h" * 33)
    with pytest.raises(ValueError, match="two letters"):
        network.country("Germany")


def test_the_boards_own_access_point(board):
    import network

    ap = network.WLAN(network.AP_IF)
    ap.config(ssid="setup", password="12345678", security=network.AUTH_WPA2_PSK)
    ap.active(True)
    assert not ap.isconnected()
    board.air.stations.append(b"\x02\x00\x00\x00\x00\x07")
    assert ap.isconnected()
    assert ap.status("stations") == [(b"\x02\x00\x00\x00\x00\x07",)]
    with pytest.raises(OSError, match="STA required"):
        ap.connect("x")


def test_ethernet(board):
    import network

    lan = network.LAN()
    assert not lan.isconnected()
    lan.active(True)
    assert lan.isconnected()
    board.air.cable = False
    assert not lan.isconnected()


def test_going_inactive_drops_the_link(board, wlan):
    wlan.connect("home", "x")
    assert wlan.isconnected()
    wlan.active(False)
    wlan.active(True)
    assert not wlan.isconnected()
