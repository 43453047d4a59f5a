"""motelink.outbox where flash and memory fail at any call: nothing that was accepted is lost, and
all goes well again when they do.
"""

import box as helper
from kit import Random
from motelink import outbox as module
from motelink import outbox_segments
from motelink.outbox import Outbox

files = module.files
_OPEN = outbox_segments._open
TOPIC = b"t"
IO = 5
GONE = 2
FULL = 28


def _fresh(**options):
    helper.clean("box")
    return _box(**options)


def _box(**options):
    values = {"record_size": 32, "segment_size": 120, "segments": 4}
    values.update(options)
    return Outbox("box", **values)


class _Open:
    """An open file on bad flash."""

    def __init__(self, flash, file):
        self.flash = flash
        self.file = file

    def seek(self, *at):
        return self.file.seek(*at)

    def close(self):
        self.file.close()
        self.flash.call("close")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Flash:
    """``fail(name)`` says what a call raises, or None; in the middle of it where it writes."""

    def __init__(self, fail):
        self.fail = fail
        self.listdir = files.listdir

    def call(self, name):
        error = self.fail(name)
        if error:
            raise error

    def open(self, box, number, mode):
        self.call("open " + mode)
        return _Open(self, _OPEN(box, number, mode))

    def mkdir(self, path):
        self.call("mkdir")
        files.mkdir(path)

    def remove(self, path):
        self.call("remove")
        files.remove(path)

    def read_into(self, file, data, n):
        self.call("read")
        return files.read_into(file.file, data, n)

    def write_from(self, file, data, n):
        error = self.fail("write")
        if error:
            files.write_from(file.file, data, n >> 1)
            raise error
        files.write_from(file.file, data, n)

    def sync(self, file):
        files.sync(file.file)
        self.call("sync")


def _on(flash, work, *values):
    """Work on this flash."""
    module.files = flash
    outbox_segments._open = flash.open
    try:
        return work(*values)
    finally:
        module.files = files
        outbox_segments._open = _OPEN


def _fine(_):
    return None


def _rest(box):
    box.rewind()
    return [int(payload) for payload in helper.drained(box)]


def _checked(box):
    assert len(box._numbers) == len(box._counts), (box._numbers, box._counts)
    assert box.count == sum(box._counts) >= box.taken >= 0, (box.count, box._counts, box.taken)


def _work(box, rand, world):
    """At random: put, take, confirm, rewind. ``world``: accepted, on their way, the next."""
    accepted, flying = world[0], world[1]
    for _ in range(40):
        try:
            act = rand.below(8)
            if act < 4:
                number = world[2]
                world[2] += 1
                if box.put(TOPIC, b"%d" % number):
                    accepted.append(number)
            elif act < 6:
                if box.peek():
                    flying.append(box.payload.int())
                    box.take()
            elif act == 6 and flying:
                done = flying.pop(0)
                if done in accepted:
                    accepted.remove(done)
                box.confirm()
            elif act == 7 and not rand.below(3):
                del flying[:]
                box.rewind()
        except (OSError, MemoryError):
            pass
        _checked(box)


def test_any_call_may_fail():
    rand = Random(3)
    for error in (OSError(IO), OSError(FULL), OSError(GONE), MemoryError()):
        for name in ("open rb", "open w+b", "close", "remove", "read", "write", "sync", None):
            if name in ("open rb", None) and error.args == (GONE,):
                continue  # that would be a file which is not there
            box = _fresh(policy="refuse")

            def fail(call, name=name, error=error):
                return error if call == (name or call) and not rand.below(4) else None

            world = [[], [], 0]
            flash = _Flash(fail)
            for _ in range(3):
                _on(flash, _work, box, rand, world)
            flash.fail = _fine
            found = _on(flash, _rest, box)
            # What `sync` has refused may be there all the same, and nothing else.
            assert [i for i in found if i in world[0]] == world[0], (name, error, found, world[0])
            assert found == sorted(found) and not box.count, (name, error, found)
            assert _on(flash, box.put, TOPIC, b"1") and _on(flash, _rest, box) == [1]
            _on(flash, box.close)
            assert files.listdir("box") == [], (name, error)


def test_a_full_flash_costs_no_segments():
    box = _fresh(segments=3)
    for i in range(6):
        assert box.put(TOPIC, b"%d" % i)
    segments = len(box._numbers)
    for name in ("write", "open w+b"):

        def fail(call, name=name):
            return OSError(FULL) if call == name else None

        def write():
            for _ in range(20):
                box._used = 999  # so that it wants another segment
                assert not box.put(TOPIC, b"no")

        _on(_Flash(fail), write)
        assert len(box._numbers) == segments + 1 and not box.dropped, name
    assert box.put(TOPIC, b"6")
    assert helper.drained(box) == [b"%d" % i for i in range(7)]
    box.close()


def test_a_segment_that_cannot_be_removed_is_dropped_once():
    box = _fresh()
    i = 0
    while len(box._numbers) < 4 or box._used < 100:
        box.put(TOPIC, b"%d" % i)
        i += 1
    assert box.peek()
    box.take()
    assert box.peek()

    def put():
        for _ in range(3):
            assert not box.put(TOPIC, b"no")
            box.take()  # of what was read before: gone
            _checked(box)

    lost = box._counts[0]
    _on(_Flash(lambda call: OSError(IO) if call == "remove" else None), put)
    assert box.dropped == lost and box.count == i - lost
    box.confirm()
    assert box.put(TOPIC, b"%d" % i)
    assert helper.drained(box) == [b"%d" % n for n in range(lost, i + 1)]
    box.close()


def test_a_bad_file_is_no_reason_to_have_none():
    box = _fresh()
    for i in range(12):
        assert box.put(TOPIC, b"%d" % i)
    first = box._counts[0]
    box.close()
    for name in ("open rb", "read"):
        state = [0]

        def fail(call, name=name, state=state):
            state[0] += call == name
            return OSError(IO) if call == name and state[0] == 1 else None

        box = _on(_Flash(fail), _box)
        assert box.corrupt == 1 and box.count == 12 - first, name
        box._tail.close()
    box = _on(_Flash(lambda call: OSError(IO) if call == "open rb" else None), _box)
    assert not box.count and box.put(TOPIC, b"12")
    box.close()


def test_the_folder_is_removed_meanwhile():
    import os

    box = _fresh()
    for i in range(12):
        assert box.put(TOPIC, b"%d" % i)
    waiting = box.count
    helper.clean("box")
    os.rmdir("box")
    while box.corrupt < waiting:
        assert not box.peek() or box._source() is box._tail  # an open file may still be there
        box.pop()
        waiting -= box.count == 0 and waiting - box.corrupt
    _checked(box)
    for i in range(12):
        assert box.put(TOPIC, b"%d" % i), i
    assert helper.drained(box)[-1] == b"11"
    box.close()


def test_a_rewind_needs_no_memory_and_what_it_reads_may_fail():
    for confirmed in range(1, 4):
        box = _fresh(segment_size=1000)
        for i in range(6):
            box.put(TOPIC, b"%d" % i)
        for _ in range(4):
            assert box.peek()
            box.take()
        for _ in range(confirmed):
            box.confirm()
        state = [0]

        def fail(call, state=state):
            state[0] += 1
            return OSError(IO) if state[0] % 2 else None

        def again(box=box):
            box.rewind()
            for _ in range(20):
                try:
                    if box.peek():
                        return box.payload.int()
                except OSError:
                    pass
            return None

        box._tail = _Open(_Flash(fail), box._tail)
        assert _on(box._tail.flash, again) == confirmed
        box._tail = box._tail.file
        assert helper.drained(box) == [b"%d" % i for i in range(confirmed, 6)]
        box.close()
