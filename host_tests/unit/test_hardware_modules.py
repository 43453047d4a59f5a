"""The smaller fakes: esp32, rp2, ntptime, micropython, neopixel, dht."""

import pytest

LOG_IN = """\
import esp32
nvs = esp32.NVS("motelink")
nvs.set_i32("boots", 1)
nvs.set_blob("token", b"abc")
nvs.commit()
nvs.set_i32("boots", 2)
import machine
machine.reset()
"""


def test_only_what_is_committed_survives_a_reset(board):
    board.files.joinpath("main.py").write_text(LOG_IN)
    assert board.boot().reset == "hard"
    board.files.joinpath("main.py").write_text(
        "import esp32\nprint(esp32.NVS('motelink').get_i32('boots'))\n"
    )
    assert board.boot().output == "1\n"
    assert board.nvs == {"motelink": {"boots": 1, "token": b"abc"}}


def test_nvs_has_the_types_and_limits_of_esp_idf(board):
    import esp32

    nvs = esp32.NVS("n")
    nvs.set_i32("low", -(1 << 31))
    assert nvs.get_i32("low") == -(1 << 31)
    with pytest.raises(OverflowError):
        nvs.set_i32("high", 1 << 31)
    nvs.set_blob("text", "grün")
    into = bytearray(8)
    assert into[: nvs.get_blob("text", into)] == "grün".encode()
    for code, call in (
        (-4354, lambda: nvs.get_i32("none")),
        (-4354, lambda: nvs.get_i32("text")),
        (-4354, lambda: nvs.get_blob("low", into)),
        (-4354, lambda: nvs.erase_key("none")),
        (-4361, lambda: nvs.set_i32("sixteen letters.", 1)),
        (-4364, lambda: nvs.get_blob("text", bytearray(4))),
    ):
        with pytest.raises(OSError, match="ESP_ERR_NVS") as error:
            call()
        assert error.value.errno == code


def test_erasing_takes_a_commit_too(board):
    import esp32

    nvs = esp32.NVS("n")
    nvs.set_i32("a", 1)
    nvs.commit()
    nvs.erase_key("a")
    with pytest.raises(OSError, match="NOT_FOUND"):
        nvs.get_i32("a")
    assert board.nvs["n"] == {"a": 1}
    nvs.commit()
    assert board.nvs["n"] == {}


def test_the_chip_knows_its_temperature_and_what_wakes_it(board):
    import esp32
    from machine import Pin

    board.temperature = 50.0
    assert (esp32.mcu_temperature(), esp32.raw_temperature()) == (50, 122)
    button = Pin(4, Pin.IN)
    esp32.wake_on_ext0(pin=button, level=esp32.WAKEUP_ANY_HIGH)
    assert esp32.wake_sources == {"ext0": (button, True)}


def test_an_update_is_confirmed(board):
    from esp32 import Partition

    assert Partition(Partition.RUNNING).info()[4] == "factory"
    Partition.mark_app_valid_cancel_rollback()
    assert Partition.confirmed


@pytest.mark.board("rpi_pico_w")
def test_rp2_says_what_it_does_not_imitate(board):
    import network
    import rp2

    rp2.country("DE")
    assert network.country() == rp2.country() == "DE"
    assert rp2.bootsel_button() == 0
    with pytest.raises(NotImplementedError, match="no PIO"):
        from rp2 import PIO  # noqa: F401


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("rp2", marks=pytest.mark.board("esp32")),
        pytest.param("esp32", marks=pytest.mark.board("rpi_pico_w")),
    ],
)
def test_a_board_has_only_its_own_ports_module(board, name):
    with pytest.raises(ImportError):
        __import__(name)
    board.files.joinpath("main.py").write_text(f"import {name}\n")
    outcome = board.boot()
    assert isinstance(outcome.exception, ImportError)


def test_ntp_sets_the_clock_to_what_the_server_says(board):
    import ntptime

    assert board.unix_time < 1_000_000_000
    board.ntp.server = lambda: 1_800_000_000
    ntptime.settime()
    board.clock.advance(2000)
    assert board.unix_time == 1_800_000_002
    assert ntptime.time() == 1_800_000_000 - 946_684_800
    board.ntp.failure = OSError(110, "ETIMEDOUT")
    with pytest.raises(OSError, match="ETIMEDOUT"):
        ntptime.settime()


def test_by_itself_the_time_server_moves_with_the_boards_clock(board):
    import ntptime

    board.clock.advance(10_000)
    assert ntptime.time() + 946_684_800 == 1_767_225_600 + 10


def test_micropython_counts_locks_and_runs_what_is_scheduled(board):
    import micropython

    micropython.heap_lock()
    micropython.heap_lock()
    assert (micropython.heap_unlock(), micropython.heap_locked()) == (1, 1)
    micropython.heap_unlock()
    with pytest.raises(RuntimeError, match="heap_lock"):
        micropython.heap_unlock()
    seen = []
    micropython.schedule(seen.append, 7)
    assert seen == [7]
    assert micropython.const(5) == 5


def test_viper_code_runs(board):
    board.files.joinpath("fast.py").write_text(
        "import micropython\n"
        "@micropython.viper\n"
        "def total(data: ptr8, n: int) -> int:\n"
        "    sum = 0\n"
        "    words = ptr16(data)\n"
        "    for i in range(n):\n"
        "        sum += int(words[i])\n"
        "    return sum\n"
    )
    assert board.load("fast").total(b"\x01\x00\x02\x01", 2) == 0x103


def test_a_strip_shows_what_was_written(board):
    from machine import Pin
    from neopixel import NeoPixel

    strip = NeoPixel(Pin(28), 3)
    strip[1] = (255, 0, 0)
    assert board.pins[28].pixels is None
    strip.write()
    assert board.pins[28].pixels == [(0, 0, 0), (255, 0, 0), (0, 0, 0)]
    strip.fill((1, 2, 3))
    strip.write()
    assert board.pins[28].pixels == [(1, 2, 3)] * len(strip)


def test_a_dht_sensor_measures_or_is_missing(board):
    import dht
    from machine import Pin

    sensor = dht.DHT22(Pin(14))
    with pytest.raises(OSError, match="ETIMEDOUT"):
        sensor.measure()
    board.pins[14].dht = (21.5, 40.2)
    sensor.measure()
    assert (sensor.temperature(), sensor.humidity()) == (21.5, 40.2)
    coarse = dht.DHT11(Pin(14))
    coarse.measure()
    assert (coarse.temperature(), coarse.humidity()) == (21, 40)
