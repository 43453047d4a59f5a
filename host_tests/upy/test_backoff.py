"""motelink.backoff: ceilings, jitter, and no allocation."""

from kit import Random, no_alloc, raises
from motelink.backoff import Backoff
from motelink.errors import ConfigError


class _Drawn:
    """A source of "random" numbers: what the test says."""

    def bits(self, _):
        return self.number


def _waits(backoff, drawn, expected):
    """It can wait so long, one after the other."""
    for ceiling in expected:
        drawn.number = ceiling
        assert backoff.next() == ceiling, ceiling
    return backoff


def _at_most(longest, backoff, drawn):
    """It can wait no longer now."""
    drawn.number = longest + 1
    assert backoff.next() == 0


def test_ceiling_doubles_to_the_cap():
    expected = (1000, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000)
    for n in range(len(expected)):
        drawn = _Drawn()
        backoff = _waits(Backoff(1000, 60000, drawn.bits), drawn, expected[:n])
        _at_most(expected[n], backoff, drawn)


def test_ceiling_waits_until_so_long_was_waited():
    drawn = _Drawn()
    backoff = _waits(Backoff(1000, 60000, drawn.bits), drawn, (0, 300, 999, 700))
    _at_most(1000, backoff, drawn)
    _at_most(2000, _waits(backoff, drawn, (1,)), drawn)


def test_reset_starts_again():
    drawn = _Drawn()
    backoff = _waits(Backoff(100, 1000, drawn.bits), drawn, (100, 100, 200, 400))
    backoff.reset()
    _at_most(100, _waits(backoff, drawn, (100, 99)), drawn)
    _at_most(200, _waits(backoff, drawn, (1,)), drawn)


def test_jitter_is_full_and_even():
    backoff = Backoff(16, 16, Random(3).bits)
    counts = [0] * 17
    for _ in range(3400):
        counts[backoff.next()] += 1
    assert min(counts) > 120, counts
    assert max(counts) < 290, counts


def test_waits_stay_within_the_cap_after_10000_failures():
    backoff = Backoff(1, (1 << 29) - 1, Random(5).bits)
    longest = max([backoff.next() for _ in range(10000)][-100:])
    assert 1 << 28 < longest < 1 << 29


def test_mean_is_half_the_ceiling():
    backoff = Backoff(60000, 60000, Random(9).bits)
    mean = sum([backoff.next() for _ in range(2000)]) // 2000
    assert 28500 < mean < 31500, mean


def test_boards_random_source_works():
    backoff = Backoff(50, 50)
    assert len({backoff.next() for _ in range(200)}) > 20
    assert all(0 <= backoff.next() <= 50 for _ in range(200))


def test_allocates_nothing():
    backoff = Backoff(1, (1 << 29) - 1)
    no_alloc(backoff.next, n=1000)
    no_alloc(backoff.reset)


def test_nonsense_is_refused():
    for base, cap in ((0, 1000), (-1, 1000), (1000, 999), (1000, 1 << 29)):
        error = raises(ConfigError, Backoff, base, cap)
        assert str(base) in str(error), error
