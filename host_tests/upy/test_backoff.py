"""motelink.backoff: ceilings, jitter, and no allocation."""

from kit import Random, no_alloc, raises
from motelink.backoff import Backoff
from motelink.errors import ConfigError


def _ceiling_after(failures, ceiling, backoff_of):
    """Whether the wait after so many failures can be ``ceiling``, and not one more."""
    waits = []
    for bits in (ceiling, ceiling + 1):
        backoff = backoff_of(lambda _, bits=bits: bits)
        for _ in range(failures):
            backoff.next()
        waits.append(backoff.next())
    return waits == [ceiling, 0]


def test_ceiling_doubles_to_the_cap():
    expected = (1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000)
    for failures, ceiling in enumerate(expected):
        assert _ceiling_after(failures, ceiling, lambda rand: Backoff(1000, 60000, rand))


def test_reset_starts_again():
    def worn(rand):
        backoff = Backoff(100, 1000, rand)
        for _ in range(5):
            backoff.next()
        backoff.reset()
        return backoff

    assert _ceiling_after(0, 100, worn)
    assert _ceiling_after(1, 200, worn)


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
