"""motelink.port: the same semantics on every runtime."""

import gc

from kit import MICROPYTHON, Random, no_alloc, raises
from motelink import port
from motelink.port import heap_lock, heap_unlock, mem_alloc

HEAP = "256k"  # for the large buffers

SLACK = port.SLACK
HALF = 1 << 29


_NAMES = (
    "RUNTIME POLL_IN POLL_OUT POLL_BROKEN SLACK const ticks_ms ticks_add ticks_diff sleep_ms "
    "unix_time heap_lock heap_unlock mem_alloc mem_free collect copy_into move resolve tcp_open "
    "tls_context tls_wrap why_refused poller read_at unique_id reset getrandbits urandom "
    "print_exception getenv"
)


def test_every_documented_name_is_there():
    for name in _NAMES.split():
        assert hasattr(port, name), name


def test_unknown_name():
    raises(AttributeError, getattr, port, "no_such_thing")


def test_runtime():
    assert (port.RUNTIME == "micropython") == MICROPYTHON


def test_poll_masks():
    # motelink.link and motelink.loop have these numbers as constants.
    assert (port.POLL_IN, port.POLL_OUT, port.POLL_BROKEN) == (1, 4, 24)


# Copying.


def _filled(size):
    return bytearray(b"." * (size + SLACK))


def test_copy_into_every_size():
    source = Random(41).bytes(700)
    sizes = list(range(140))
    sizes += 191, 192, 193, 255, 256, 257, 511, 512, 513, 640, 700
    for size in sizes:
        for at in (0, 1, 63, 64, 65, 100):
            for limit in (size + at, size + at + 1, 900):
                dst = _filled(limit)
                dst[:at] = b"#" * at
                port.copy_into(dst, at, source, size)
                assert len(dst) == limit + SLACK
                assert dst[:at] == b"#" * at, (size, at)
                assert dst[at : at + size] == source[:size], (size, at, limit)


def test_copy_into_large_buffers():
    source = Random(42).bytes(1000) * 10
    for size in (1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 8192, 8200, 10000):
        for at in (0, 7):
            dst = _filled(size + at)
            port.copy_into(dst, at, source, size)
            assert dst[at : at + size] == source[:size], (size, at)


def test_copy_into_takes_other_buffers():
    for source in (bytearray(b"hello"), memoryview(b"hello"), b"hello, and more"):
        dst = _filled(5)
        port.copy_into(dst, 0, source, 5)
        assert dst[:5] == b"hello", source


def test_move_within_a_buffer_towards_its_beginning():
    content = Random(43).bytes(400)
    for at in (0, 1, 50):
        for start in (at, at + 1, at + 63, at + 64, at + 65, at + 200):
            for size in (0, 1, 63, 64, 65, 128, 150):
                dst = bytearray(content) + bytearray(SLACK)
                port.move(dst, at, dst, start, size)
                assert dst[at : at + size] == content[start : start + size], (at, start, size)
                assert dst[:at] == content[:at]


def test_move_between_buffers():
    source = Random(44).bytes(300)
    for at in (0, 1, 90):
        for start in (0, 1, 100):
            for size in (0, 1, 64, 65, 200):
                dst = _filled(at + size)
                port.move(dst, at, source, start, size)
                assert dst[at : at + size] == source[start : start + size], (at, start, size)
                assert dst[:at] == b"." * at


def test_copying_allocates_nothing():
    source = bytes(1000)
    dst = _filled(1200)
    copy_into, move = port.copy_into, port.move

    def copy():
        for size in (0, 5, 64, 65, 300, 1000):
            copy_into(dst, 100, source, size)

    def shift():
        for size in (0, 5, 64, 65, 300):
            move(dst, 3, dst, 70, size)

    no_alloc(copy)
    no_alloc(shift)


# Time.


def test_ticks_wrap_alike():
    random = Random(45)
    period = HALF * 2
    for _ in range(300):
        start = random.bits(30)
        for delta in (0, 1, random.bits(29), HALF - 1):
            for later in (delta, -delta):
                end = port.ticks_add(start, later)
                assert 0 <= end < period, (start, later, end)
                assert (end - start - later) % period == 0, (start, later, end)
                assert port.ticks_diff(end, start) == later, (start, later)
    for delta in (HALF, -HALF, HALF + 1, 2 * HALF):
        raises(OverflowError, port.ticks_add, 5, delta)


def test_ticks_go_forward():
    start = port.ticks_ms()
    assert 0 <= start < 2 * HALF
    port.sleep_ms(12)
    passed = port.ticks_diff(port.ticks_ms(), start)
    assert 12 <= passed < 10000, passed


def test_ticks_allocate_nothing():
    def use():
        port.ticks_diff(port.ticks_add(port.ticks_ms(), 5), 3)

    no_alloc(use)


def test_unix_time():
    assert 1704067200 < port.unix_time() < 1 << 33


# The rest.


def test_random_bits():
    for n in (1, 8, 30):
        seen = [port.getrandbits(n) for _ in range(50)]
        assert all(0 <= value < 1 << n for value in seen)
        assert len(set(seen)) > 1


def test_urandom():
    assert len(port.urandom(16)) == 16
    assert port.urandom(16) != port.urandom(16)


def test_memory_figures():
    gc.collect()
    before = mem_alloc()
    keep = bytearray(2000)
    if MICROPYTHON:
        assert 2000 <= mem_alloc() - before < 4000
        assert port.mem_free() > 0
        heap_lock()
        failed = False
        try:
            bytearray(100)
        except MemoryError:
            failed = True
        heap_unlock()
        assert failed
    del keep
    port.collect()


def test_print_exception():
    import io

    out = io.StringIO()
    port.print_exception(raises(ValueError, int, "x"), out)
    assert "ValueError" in out.getvalue()


def test_getenv_has_nothing_here():
    assert port.getenv("PATH") is None


def test_forget_gives_a_module_back():
    import sys

    from motelink import manager_info

    port.forget("manager_info")
    assert ("motelink.manager_info" in sys.modules) == (port.RUNTIME == "cpython")
    from motelink import manager_info as again

    assert (again is manager_info) == (port.RUNTIME == "cpython")
    assert again.info
    port.forget("manager_info")
    port.forget("manager_info")  # a part that another has dropped already
