"""motelink.clock: uptime across wraps, and the time of day."""

from kit import Random, no_alloc, raises
from motelink import port
from motelink.clock import EARLIEST, Clock

DAY = 86400 * 1000


class _Ticks:
    """Ticks that a test turns by hand; they wrap where the runtime's do."""

    def __init__(self, start=0):
        self.now = start

    def __call__(self):
        return self.now

    def pass_ms(self, ms):
        self.now = port.ticks_add(self.now, ms)


class _Rtc:
    def __init__(self, now=0):
        self.now = now

    def __call__(self):
        return self.now


def test_starts_at_zero():
    clock = Clock(_Ticks(123456))
    assert (clock.poll(), clock.ms) == (0, 0)


def test_counts_seconds_and_the_rest():
    ticks = _Ticks(port.ticks_add(0, -700))  # wraps on the way
    clock = Clock(ticks)
    ticks.pass_ms(999)
    assert (clock.poll(), clock.ms) == (0, 999)
    ticks.pass_ms(2)
    assert (clock.poll(), clock.ms) == (1, 1)
    assert (clock.seconds, clock.ms) == (1, 1)


def test_runs_for_years():
    ticks = _Ticks()
    clock = Clock(ticks)
    for _ in range(400):
        ticks.pass_ms(6 * DAY)
        clock.poll()
    assert (clock.seconds, clock.ms) == (400 * 6 * 86400, 0)


def test_random_steps_add_up():
    random = Random(11)
    ticks = _Ticks(random.bits(29))
    clock = Clock(ticks)
    seconds = millis = 0
    for _ in range(500):
        step = random.bits(random.below(30))
        ticks.pass_ms(step)
        clock.poll()
        seconds += step // 1000
        millis += step % 1000
        seconds, millis = seconds + millis // 1000, millis % 1000
        assert (clock.seconds, clock.ms) == (seconds, millis)


def test_late_poll_never_goes_back():
    ticks = _Ticks()
    clock = Clock(ticks)
    ticks.pass_ms(5000)
    clock.poll()
    ticks.pass_ms(-1000)  # what more than 6 days look like
    assert clock.poll() == 5
    ticks.pass_ms(2000)
    assert clock.poll() == 7


def test_poll_allocates_nothing():
    ticks = _Ticks()
    clock = Clock(ticks)

    def step():
        ticks.pass_ms((1 << 29) - 1)
        clock.poll()

    no_alloc(step, n=100)
    assert clock.seconds > 101 * 6 * 86400


def test_time_of_day_is_unknown_while_the_rtc_is_unset():
    for unset in (0, 946684800, EARLIEST - 1):
        clock = Clock(_Ticks(), _Rtc(unset))
        assert not clock.known()
        assert clock.unix_ms() is None


def test_time_of_day_from_the_rtc():
    rtc = _Rtc()
    clock = Clock(_Ticks(), rtc)
    assert clock.unix_ms() is None
    rtc.now = EARLIEST + 5
    assert clock.known()
    assert clock.unix_ms() == (EARLIEST + 5) * 1000
    no_alloc(clock.known)


def test_time_of_day_from_ntp():
    ticks = _Ticks()
    rtc = _Rtc()
    clock = Clock(ticks, rtc)
    ticks.pass_ms(61750)
    clock.set(1800000000, 500)
    assert clock.known()
    assert clock.unix_ms() == 1800000000500
    ticks.pass_ms(750)
    assert clock.unix_ms() == 1800000001250
    rtc.now = EARLIEST  # set is trusted more, because it knows milliseconds
    assert clock.unix_ms() == 1800000001250


def test_time_of_day_can_be_set_again():
    ticks = _Ticks()
    clock = Clock(ticks, _Rtc())
    clock.set(1800000010)
    ticks.pass_ms(1500)
    clock.set(1800000000, 1)
    assert clock.unix_ms() == 1800000000001


def test_nonsense_from_a_server_is_refused():
    clock = Clock(_Ticks(), _Rtc())
    assert "2024" in str(raises(ValueError, clock.set, EARLIEST - 1))
    assert not clock.known()


def test_the_runtimes_own_clocks():
    clock = Clock()
    port.sleep_ms(20)
    clock.poll()
    assert clock.seconds * 1000 + clock.ms >= 19
    assert clock.known()
    assert clock.unix_ms() > 1704067200000
    no_alloc(clock.poll)
