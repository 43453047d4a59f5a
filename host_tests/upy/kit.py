"""What a shared test body needs. A body is a module ``test_*.py`` in this folder with plain
functions ``test_*()`` and ``assert``; pytest runs it on CPython and on real MicroPython with a
board's heap.

::

    from kit import Random, no_alloc, raises
    from motelink.backoff import Backoff

    HEAP = "64k"      # heap of the MicroPython process; 128k where the module does not say
    DEADLINE = 20     # seconds for all tests of the module together; 60 where it does not say

    def test_next_allocates_nothing():
        backoff = Backoff(1000, 60000)
        no_alloc(backoff.next)

    def test_refuses_zero():
        assert "base_ms" in str(raises(ConfigError, Backoff, 0, 1000))

Every body is one pytest item a runtime: ``test_refuses_zero[cpython]``,
``test_refuses_zero[micropython-1.25]``. ``-k``, node ids and ``--lf`` select as usual, and only
what is selected runs. MicroPython runs one process a module; a module that cannot be imported, a
crash or a hang fails the tests that were left without a result. Each runs in an empty temporary
folder. On MicroPython an ``assert`` does not show its values: ``assert a == b, (a, b)``.

Bodies know nothing of pytest: no fixtures, no parameters, no classes. Statements about memory hold
only under ``no_alloc``, and only MicroPython judges them.
"""

import gc

try:
    from micropython import heap_lock, heap_unlock

    MICROPYTHON = True
except ImportError:
    MICROPYTHON = False

    def heap_lock():
        """CPython allocates as it likes."""

    heap_unlock = heap_lock


def raises(exc_type, fn, *args, **kwargs):
    """Call ``fn(*args, **kwargs)``, which must raise ``exc_type``; return the exception."""
    try:
        fn(*args, **kwargs)
    except exc_type as exc:
        return exc
    raise AssertionError("expected " + exc_type.__name__ + ", but nothing was raised")


def no_alloc(fn, *args, n=100):
    """Call ``fn(*args)`` once to warm it, then ``n`` times on a locked heap (MicroPython), where
    any allocation raises MemoryError. ``args`` are at most three: a star call would allocate.
    Returns the last result.
    """
    a, b, c = (args + (None, None, None))[:3]
    count = len(args)
    result = _call(fn, count, a, b, c)
    gc.collect()
    heap_lock()
    try:
        for _ in range(n):
            result = _call(fn, count, a, b, c)
    finally:
        heap_unlock()
    return result


def _call(fn, count, a, b, c):
    if count == 0:
        return fn()
    if count == 1:
        return fn(a)
    if count == 2:
        return fn(a, b)
    return fn(a, b, c)


class Random:
    """A small deterministic generator, for loops over many random cases: the same numbers on
    every runtime, so that a failing case found on one can be stepped through on another.
    """

    def __init__(self, seed=1):
        self._state = seed & 0x7FFFFF or 1

    def bits(self, n):
        """An int of ``n`` random bits, 0 <= n <= 30. Allocates nothing: fits ``rand=``."""
        value = 0
        for _ in range(n):
            # Galois LFSR of 23 bits, x^23 + x^18 + 1: all its states fit a small int.
            low = self._state & 1
            self._state >>= 1
            if low:
                self._state ^= 0x420000
            value = value << 1 | low
        return value

    def below(self, n):
        """An int in range(n), 1 <= n <= 2**20 (bias under one in a thousand)."""
        return self.bits(30) % n

    def choice(self, items):
        """One of ``items``, a sequence."""
        return items[self.below(len(items))]

    def bytes(self, n):
        """``n`` random bytes."""
        return bytes([self.bits(8) for _ in range(n)])
