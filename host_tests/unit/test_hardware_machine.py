"""The fake ``machine``: what firmware sees and what a test can see and do."""

import pytest

from motelink_tools.testing import BoardReset


def test_an_output_keeps_a_dated_history(board):
    from machine import Pin

    led = Pin(2, Pin.OUT, value=0)
    led.on()
    board.clock.advance(250)
    led.off()
    board.clock.advance(250)
    led.off()
    led.toggle()
    assert board.pins[2].history == [(0, 1), (250, 0), (500, 1)]
    assert led() == 1


def test_two_objects_of_one_pin_are_one_wire(board):
    from machine import Pin

    Pin(4, Pin.OUT).on()
    assert Pin(4).value() == 1


def test_an_interrupt_comes_for_the_edges_it_asked_for(board):
    from machine import Pin

    seen = []
    button = Pin(0, Pin.IN, Pin.PULL_UP)
    button.irq(lambda pin: seen.append((pin is button, pin.value())), Pin.IRQ_FALLING)
    board.pins[0].drive(0)
    board.pins[0].drive(1)
    board.pins[0].drive(1)
    board.pins[0].drive(0)
    assert seen == [(True, 0), (True, 0)]


def test_a_handler_that_raises_harms_nobody(board, capsys):
    from machine import Pin

    Pin(0, Pin.IN).irq(lambda pin: 1 / 0, Pin.IRQ_RISING)
    board.pins[0].drive(1)
    assert "ZeroDivisionError" in board.output


def test_a_pull_up_reads_high_until_driven(board):
    from machine import Pin

    button = Pin(0, Pin.IN, Pin.PULL_UP)
    assert button.value() == 1
    board.pins[0].drive(0)
    assert button.value() == 0


@pytest.mark.parametrize(
    "pin",
    [
        pytest.param(40, marks=pytest.mark.board("esp32")),
        pytest.param("LED", marks=pytest.mark.board("esp32")),
        pytest.param(22, marks=pytest.mark.board("esp32c3")),
        pytest.param(30, marks=pytest.mark.board("rpi_pico_w")),
    ],
)
def test_pins_that_a_board_has_not(board, pin):
    from machine import Pin

    with pytest.raises(ValueError, match="pin"):
        Pin(pin)


def test_an_input_only_pin_refuses_to_drive(board):
    from machine import Pin

    Pin(34, Pin.IN)
    with pytest.raises(ValueError, match="can only be input"):
        Pin(34, Pin.OUT)


@pytest.mark.board("rpi_pico_w")
def test_the_pico_has_named_pins(board):
    from machine import Pin

    Pin("LED", Pin.OUT).on()
    Pin("GP3", Pin.OUT).on()
    assert board.pins["LED"].level == 1
    assert board.pins[3].level == 1


def test_a_signal_inverts(board):
    from machine import Pin, Signal

    led = Signal(Pin(8, Pin.OUT), invert=True)
    led.on()
    assert board.pins[8].level == 0
    assert led.value() == 1


def test_an_adc_reads_what_the_test_sets(board):
    from machine import ADC, Pin

    adc = ADC(Pin(36))
    board.pins[36].analog = 32768
    assert (adc.read_u16(), adc.read()) == (32768, 2048)
    values = iter([100, 200])
    board.pins[36].analog = lambda: next(values)
    assert [adc.read_u16(), adc.read_u16()] == [100, 200]


@pytest.mark.board("rpi_pico_w")
def test_the_pico_measures_its_temperature(board):
    from machine import ADC

    board.temperature = 40.0
    volts = ADC(4).read_u16() * 3.3 / 65535
    assert 27 - (volts - 0.706) / 0.001721 == pytest.approx(40.0, abs=0.1)
    board.pins[27].analog = 7
    assert ADC(1).read_u16() == 7


def test_pwm_is_seen_on_its_pin(board):
    from machine import PWM, Pin

    pwm = PWM(Pin(5), freq=50)
    pwm.duty_ns(1_500_000)
    assert board.pins[5].pwm.freq() == 50
    assert board.pins[5].pwm.duty_u16() == 4915
    assert pwm.duty_ns() == pytest.approx(1_500_000, rel=0.001)
    pwm.duty(512)
    assert pwm.duty_u16() == 32768
    pwm.deinit()
    assert board.pins[5].pwm is None


def test_an_ultrasonic_echo(board):
    from machine import Pin, time_pulse_us

    echo = Pin(12, Pin.IN)
    board.pins[12].pulse_us = 580
    assert time_pulse_us(echo, 1, 30000) == 580
    assert time_pulse_us(echo, 1, 100) == -2


def test_timers_run_as_time_is_advanced(board):
    from machine import Timer

    seen = []
    Timer(0).init(period=100, callback=lambda t: seen.append(("a", board.clock.now_ms)))
    once = Timer(
        1, mode=Timer.ONE_SHOT, period=150, callback=lambda t: seen.append(("b", t is once))
    )
    third = Timer(2)
    third.init(freq=20, callback=lambda t: seen.append("never"))
    third.deinit()
    board.clock.advance(310)
    assert seen == [("a", 100), ("b", True), ("a", 200), ("a", 300)]


def test_a_callback_may_sleep(board):
    import machine

    at = []

    def slow(_timer):
        machine.lightsleep(70)
        at.append(board.clock.now_ms)

    machine.Timer(0).init(period=100, callback=slow)
    board.clock.advance(400)
    assert at == [170, 270, 370, 470]


def test_the_watchdog_counts_feeds_and_expires(board):
    from machine import WDT

    dog = WDT(timeout=2000)
    for _ in range(5):
        board.clock.advance(1999)
        dog.feed()
    assert board.watchdog is dog
    assert (dog.feeds, dog.timeout_ms, dog.expired()) == (5, 2000, False)
    with pytest.raises(BoardReset) as reset:
        board.clock.advance(2000)
    assert reset.value.kind == "watchdog"
    assert (board.resets[-1].kind, board.resets[-1].at_ms) == ("watchdog", 5 * 1999 + 2000)


@pytest.mark.board("rpi_pico_w")
def test_the_pico_refuses_a_long_watchdog(board):
    from machine import WDT

    with pytest.raises(ValueError, match="8388"):
        WDT(timeout=8389)
    WDT(timeout=8388)


def test_the_esp32_refuses_a_short_watchdog(board):
    from machine import WDT

    with pytest.raises(ValueError, match="too short"):
        WDT(timeout=999)
    WDT(timeout=60_000)


def test_the_rtc_is_what_time_tells(board):
    board.files.joinpath("clock.py").write_text(
        "import time\nnow = time.time\nbroken = time.gmtime\nmake = time.mktime\n"
    )
    clock = board.load("clock")
    assert clock.broken()[0] == 2000
    board.rtc.datetime((2026, 11, 21, 0, 7, 30, 0, 0))
    board.clock.advance(90_500)
    assert board.rtc.datetime()[:7] == (2026, 11, 21, 5, 7, 31, 30)
    assert clock.broken(clock.now()) == (2026, 11, 21, 7, 31, 30, 5, 325)
    assert clock.make(clock.broken()) == clock.now()
    assert board.unix_time == clock.now() + 946_684_800 + 0.5


def test_rtc_memory_is_bytes_and_bounded(board):
    board.rtc.memory(b"count=3")
    assert board.rtc.memory() == b"count=3"
    with pytest.raises(ValueError, match="too long"):
        board.rtc.memory(bytes(2049))


@pytest.mark.parametrize(
    ("call", "kind", "ms"),
    [
        ("reset", "hard", 0),
        ("soft_reset", "soft", 0),
        ("bootloader", "bootloader", 0),
        ("deepsleep", "deepsleep", 30_000),
    ],
)
def test_leaving_is_seen_by_the_test(board, call, kind, ms):
    import machine

    board.clock.advance(5)
    with pytest.raises(BoardReset) as reset:
        getattr(machine, call)(*[ms] if ms else [])
    assert (reset.value.kind, reset.value.ms) == (kind, ms)
    assert (board.resets[-1].kind, board.resets[-1].ms, board.resets[-1].at_ms) == (kind, ms, 5)


def test_light_sleep_passes_time(board):
    import machine

    machine.lightsleep(1000)
    machine.idle()
    assert board.clock.now_ms == 1001


@pytest.mark.parametrize(
    "length",
    [
        pytest.param(6, marks=pytest.mark.board("esp32")),
        pytest.param(8, marks=pytest.mark.board("rpi_pico_w")),
    ],
)
def test_every_board_has_its_id(board, length):
    import machine

    assert len(machine.unique_id()) == length
    machine.freq(80_000_000)
    assert machine.freq() == 80_000_000


def test_interrupts_are_disabled_in_pairs(board):
    import machine

    outer = machine.disable_irq()
    inner = machine.disable_irq()
    machine.enable_irq(inner)
    machine.enable_irq(outer)
    assert machine.disable_irq() == outer


def test_what_the_fake_has_not_is_an_attribute_error(board):
    import machine

    assert not hasattr(machine, "mem32")
