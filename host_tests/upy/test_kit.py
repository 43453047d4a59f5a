"""The kit itself, as a shared body."""

from kit import MICROPYTHON, Random, no_alloc, raises


class _Counter:
    def __init__(self):
        self.calls = 0

    def count(self, step):
        self.calls += step
        return self.calls


def test_raises_returns_the_exception():
    assert "invalid" in str(raises(ValueError, int, "x"))


def test_raises_wants_an_exception():
    raises(AssertionError, raises, ValueError, int, "1")


def test_raises_lets_others_through():
    raises(ValueError, raises, KeyError, int, "x")


def test_no_alloc_calls_once_and_then_n_times():
    counter = _Counter()
    assert no_alloc(counter.count, 2, n=10) == 22


def test_no_alloc_finds_an_allocation():
    if MICROPYTHON:
        raises(MemoryError, no_alloc, lambda: [1])
        assert [1]  # and the heap is open again


def test_random_is_the_same_everywhere():
    random = Random(7)
    assert [random.below(100) for _ in range(6)] == [92, 57, 8, 79, 66, 92]


def test_random_covers_its_range():
    random = Random()
    seen = {random.below(10) for _ in range(300)}
    assert seen == set(range(10))


def test_random_bits_allocate_nothing():
    no_alloc(Random().bits, 30)
