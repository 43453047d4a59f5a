"""motelink.outbox: records wait on flash, in order, and survive power cuts."""

import sys

import box as helper
from kit import MICROPYTHON, Random, no_alloc, raises
from motelink import outbox as module
from motelink import storage
from motelink.errors import ConfigError, TooLarge
from motelink.outbox import Outbox

files = module.files
TOPIC = b"home/kettle"


def _clean():
    helper.clean("box")


def _box(**options):
    values = {"record_size": 64, "segment_size": 160, "segments": 4}
    values.update(options)
    return Outbox("box", **values)


def _fresh(**options):
    _clean()
    return _box(**options)


def _drain(box):
    found = []
    while box.peek():
        found.append((box.topic.bytes(), box.payload.bytes()))
        box.pop()
    return found


def _payload(i):
    return b"reading %d" % i


def _records(numbers):
    return [(TOPIC, _payload(i)) for i in numbers]


def test_first_in_first_out():
    box = _fresh()
    assert not box.peek() and box.count == 0
    for i in range(10):
        assert box.put(TOPIC, _payload(i))
    assert box.count == 10
    assert _drain(box) == _records(range(10))
    assert box.count == 0 and not box.peek()
    box.close()


def test_peek_again_is_the_same_until_popped():
    box = _fresh()
    box.put(b"a", b"1")
    box.put(b"b", b"2")
    assert box.peek() and box.peek()
    assert box.topic == b"a" and box.payload == b"1"
    box.pop()
    box.pop()  # nothing was read since
    assert box.peek() and box.topic == b"b"
    assert box.count == 1
    box.close()


def test_put_and_peek_in_turns():
    box = _fresh()
    for i in range(100):
        assert box.put(TOPIC, _payload(i))
        if i % 3:
            assert box.peek() and box.payload == _payload(i - i // 3 - 1), i
            box.pop()
        if box.count > 4:
            break
    box.close()


def test_empty_topic_and_payload():
    box = _fresh()
    box.put(b"", b"")
    assert box.peek() and len(box.topic) == 0 and len(box.payload) == 0
    box.close()


def test_too_large():
    box = _fresh()
    assert box.put(b"t" * 10, b"p" * 54)
    raises(TooLarge, box.put, b"t" * 10, b"p" * 55)
    assert box.count == 1 and _drain(box) == [(b"t" * 10, b"p" * 54)]
    box.close()


def test_topics_of_at_most_255_bytes():
    box = _fresh(record_size=300, segment_size=1000)
    assert box.put(b"t" * 255, b"p")
    raises(TooLarge, box.put, b"t" * 256, b"p")
    assert _drain(box) == [(b"t" * 255, b"p")]
    box.close()


def test_wrong_sizes():
    for options in (
        {"policy": "shrug"},
        {"record_size": 0},
        {"record_size": 70000},
        {"segment_size": 71},
        {"segments": 1},
    ):
        raises(ConfigError, lambda o=options: _box(**o))


def test_survives_a_restart():
    box = _fresh()
    for i in range(7):
        box.put(TOPIC, _payload(i))
    box.close()
    box = _box()
    assert box.count == 7
    for i in range(7, 10):
        box.put(TOPIC, _payload(i))
    assert _drain(box) == _records(range(10))
    box.close()


def test_nothing_comes_back_after_an_empty_close():
    box = _fresh()
    box.put(TOPIC, b"x")
    _drain(box)
    box.close()
    assert files.listdir("box") == []
    assert _box().count == 0


def test_restarts_use_up_no_segments():
    _clean()
    for i in range(12):
        box = _box(segment_size=400)
        assert box.put(TOPIC, _payload(i))
        box.close()
    box = _box(segment_size=400)
    assert _drain(box) == _records(range(12))
    box.close()


def test_full_drops_the_oldest_segment():
    box = _fresh()
    for i in range(100):
        assert box.put(TOPIC, _payload(i))
    kept = box.count
    assert box.dropped == 100 - kept and kept >= 15, kept
    assert len(files.listdir("box")) == 4
    assert _drain(box) == _records(range(100 - kept, 100))
    box.close()


def test_full_refuses():
    box = _fresh(policy="refuse")
    taken = 0
    while box.put(TOPIC, _payload(taken)):
        taken += 1
    assert box.refused == 1 and box.dropped == 0
    assert not box.put(TOPIC, b"x") and box.refused == 2
    assert _drain(box) == _records(range(taken))
    assert box.put(TOPIC, b"room again") and box.count == 1
    box.close()


def test_dropping_what_was_read_but_not_popped():
    box = _fresh()
    box.put(TOPIC, _payload(0))
    assert box.peek()
    for i in range(1, 100):
        box.put(TOPIC, _payload(i))
    first = 100 - box.count
    box.pop()  # of a record that is gone: takes no other
    assert box.count == 100 - first
    assert _drain(box)[0] == (TOPIC, _payload(first))
    box.close()


def test_cut_at_every_byte():
    box = _fresh(segment_size=1000)
    ends = []
    for i in range(4):
        box.put(TOPIC, _payload(i))
        ends.append(box._used)
    box.close()
    whole = storage.read("box/00000001")
    assert len(whole) == ends[-1]
    for cut in range(len(whole) + 1):
        _clean()
        with open("box/00000001", "wb") as file:
            file.write(whole[:cut])
        expected = len([end for end in ends if end <= cut])
        box = _box(segment_size=1000)
        assert box.count == expected, cut
        assert box.put(TOPIC, b"after")
        found = _drain(box)
        assert found.pop() == (TOPIC, b"after") and found == _records(range(expected)), cut
        box.close()


def test_a_record_has_the_crc_that_everybody_computes():
    from binascii import crc32

    box = _fresh(segment_size=1000)
    for i in range(9):
        box.put(TOPIC, bytes([7 * i & 255, 255 - i]) * i)
        data = bytes(box._data[: 8 + len(TOPIC) + 2 * i])
        assert int.from_bytes(data[4:8], "big") == crc32(data[:4] + data[8:]), i
    box.close()


def test_no_corrupt_record_is_delivered():
    box = _fresh(segment_size=1000)
    for i in range(4):
        box.put(TOPIC, _payload(i))
    box.close()
    whole = storage.read("box/00000001")
    right = _records(range(4))
    for at in range(len(whole)):
        for flip in (1, 0x80):
            _clean()
            with open("box/00000001", "wb") as file:
                file.write(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            box = _box(segment_size=1000)
            found = _drain(box)
            assert found == right[: len(found)] and len(found) < 4, at
            assert box.corrupt, at
            box.close()


def test_corrupted_while_it_waits():
    box = _fresh()
    for i in range(12):
        box.put(TOPIC, _payload(i))
    with open("box/00000001", "r+b") as file:
        file.seek(3)
        file.write(b"\xff")
    found = _drain(box)
    assert found == _records(range(12 - len(found), 12)) and 0 < len(found) < 12
    assert box.corrupt == 12 - len(found) and box.count == 0
    box.close()


def test_foreign_files_are_left_alone():
    _fresh().close()
    with open("box/readme.txt", "wb") as file:
        file.write(b"hello")
    with open("box/notes", "wb") as file:
        file.write(b"hello")
    box = _box()
    box.put(TOPIC, b"x")
    assert _drain(box) == [(TOPIC, b"x")]
    box.close()
    assert storage.read("box/readme.txt") == b"hello"
    _clean()


class _PowerCut(Exception):
    pass


class _Flash:
    """The file system, until the power goes: in the middle of the write ``cut``, or before the
    removal that is in its place. Counts what wears flash."""

    def __init__(self, cut, part):
        self.wear = 0
        self.cut = cut
        self.part = part
        self.listdir = files.listdir
        self.mkdir = files.mkdir
        self.read_into = files.read_into

    def write_from(self, file, data, n):
        if self.wear == self.cut:
            files.write_from(file, data, n * self.part >> 3)
            files.sync(file)
            raise _PowerCut()
        files.write_from(file, data, n)

    def sync(self, file):
        files.sync(file)
        self.wear += 1

    def remove(self, path):
        if self.wear == self.cut:
            raise _PowerCut()
        files.remove(path)
        self.wear += 1


def _work(box, rand, state):
    """Put and pop at random; ``state``: next number, the last popped, those confirmed."""
    for _ in range(60):
        if rand.below(3):
            number = state[0]
            state[0] += 1
            if box.put(TOPIC, _payload(number)):
                state[2].append(number)
        elif box.peek():
            state[1] = int(box.payload.text().split()[1])
            box.pop()


def _power_off(box):
    for file in (box._head, box._tail):
        if file:
            file.close()


def test_power_cuts_anywhere_lose_nothing_confirmed():
    rand = Random(7)
    _clean()
    state = [0, -1, []]
    for _ in range(150):
        box = _box(policy="refuse", segments=8)
        module.files = _Flash(rand.below(25), rand.below(8))
        try:
            _work(box, rand, state)
        except _PowerCut:
            pass
        finally:
            module.files = files
            _power_off(box)
        state[2] = [i for i in state[2] if i > state[1]]
    box = _box(policy="refuse", segments=8)
    found = [int(payload.split()[1]) for _, payload in _drain(box)]
    assert [i for i in found if i > state[1] and i in state[2]] == state[2]
    assert found == sorted(found)
    assert state[0] > 1000
    box.close()


def test_wear_is_one_write_a_record_and_one_a_segment():
    module.files = flash = _Flash(-1, 0)
    try:
        box = _fresh(segments=20)
        for i in range(60):
            box.put(TOPIC, _payload(i))
        segments = len(files.listdir("box"))
        assert flash.wear == 60
        _drain(box)
        assert flash.wear <= 60 + segments
        box.close()
    finally:
        module.files = files


def test_a_full_file_system_refuses_and_goes_on():
    class _Full(_Flash):
        full = False

        def write_from(self, file, data, n):
            if self.full:
                files.write_from(file, data, 3)
                raise OSError(28)
            files.write_from(file, data, n)

    module.files = flash = _Full(-1, 0)
    try:
        box = _fresh()
        assert box.put(TOPIC, _payload(0))
        flash.full = True
        assert not box.put(TOPIC, _payload(1)) and box.refused == 1
        flash.full = False
        assert box.put(TOPIC, _payload(2))
        box.close()
        box = _box()
        assert _drain(box) == _records((0, 2))
        box.close()
    finally:
        module.files = files


def test_nothing_is_allocated_within_a_segment():
    box = _fresh(segment_size=40000)
    payload = b"x" * 40
    no_alloc(box.put, TOPIC, payload)
    no_alloc(box.peek)

    def both():
        box.peek()
        box.pop()

    no_alloc(both, n=90)
    box.close()


def _taken(box, n):
    found = []
    while len(found) < n and box.peek():
        found.append(int(box.payload.text().split()[1]))
        box.take()
    return found


def test_several_on_their_way_are_confirmed_in_order():
    box = _fresh(segment_size=1000)
    for i in range(6):
        box.put(TOPIC, _payload(i))
    assert _taken(box, 3) == [0, 1, 2] and (box.taken, box.count) == (3, 6)
    box.confirm()
    assert _taken(box, 9) == [3, 4, 5] and not box.peek()
    for _ in range(5):
        box.confirm()
    assert (box.taken, box.count) == (0, 0) and not box.peek()
    box.confirm()  # nothing is on its way
    assert box.put(TOPIC, _payload(6)) and _taken(box, 9) == [6]
    box.close()


def test_rewind_begins_with_the_oldest_that_is_not_confirmed():
    for confirmed in range(5):
        box = _fresh(segment_size=1000)
        for i in range(6):
            box.put(TOPIC, _payload(i))
        _taken(box, 4)
        for _ in range(confirmed):
            box.confirm()
        box.rewind()
        assert box.taken == 0 and box.count == 6 - confirmed
        assert _taken(box, 9) == list(range(confirmed, 6))
        box.rewind()
        assert _drain(box) == _records(range(confirmed, 6))
        box.close()


def test_taking_goes_no_further_than_the_segment():
    box = _fresh()
    i = 0
    while len(files.listdir("box")) < 3:
        box.put(TOPIC, _payload(i))
        i += 1
    first = _taken(box, 99)
    assert 0 < len(first) < i and not box.peek() and box.count == i
    for _ in first:
        assert box._read(box._source(), 0)  # the segment is there as long as it is needed
        box.confirm()
    assert len(files.listdir("box")) == 2
    assert _taken(box, 99)[0] == first[-1] + 1
    box.rewind()
    assert _drain(box) == _records(range(first[-1] + 1, i))
    box.close()


def test_confirmations_of_what_was_dropped_confirm_nothing_else():
    box = _fresh()
    for i in range(8):
        box.put(TOPIC, _payload(i))
    on_their_way = len(_taken(box, 3))
    i = 8
    while not box.dropped:
        box.put(TOPIC, _payload(i))
        i += 1
    first = i - box.count
    assert box.taken == 0
    assert _taken(box, 1) == [first]
    count = box.count
    for _ in range(on_their_way):
        box.confirm()
    assert (box.taken, box.count) == (1, count)
    box.confirm()
    assert (box.taken, box.count) == (0, count - 1)
    assert _drain(box)[0] == (TOPIC, _payload(first + 1))
    box.close()


def test_corrupted_behind_those_on_their_way():
    box = _fresh(segment_size=1000)
    for i in range(4):
        box.put(TOPIC, _payload(i))
    assert _taken(box, 2) == [0, 1]
    box._tail.seek(box._ahead + 9)  # through the same file: CPython has a buffer
    box._tail.write(b"\xff")
    assert not box.peek() and (box.corrupt, box.count) == (2, 2)
    assert box.put(TOPIC, _payload(4))  # where it can be read again
    box.confirm()
    box.confirm()
    assert _taken(box, 9) == [4]
    box.confirm()
    assert box.count == 0
    box.close()


def test_what_segments_need_is_dropped_again():
    module.forget = helper.forget
    try:
        box = _fresh()
        for i in range(40):
            assert box.put(TOPIC, _payload(i))
        assert not MICROPYTHON or "motelink.outbox_segments" not in sys.modules
        assert _drain(box)[-1] == (TOPIC, _payload(39))
        box.close()
        assert not MICROPYTHON or "motelink.outbox_segments" not in sys.modules
    finally:
        module.forget = lambda name: None
