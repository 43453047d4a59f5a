"""motelink.outbox on flash: records cut or corrupted, power cuts, wear, a full file system."""

from box import clean
from kit import Random, raises
from motelink import outbox as module
from motelink import storage
from outbox_records import TOPIC, drain, fresh, opened, reading, records

files = module.files


def test_cut_at_every_byte():
    box = fresh(segment_size=1000)
    ends = []
    for i in range(4):
        box.put(TOPIC, reading(i))
        ends.append(box._used)
    box.close()
    whole = storage.read("box/00000001")
    assert len(whole) == ends[-1]
    for cut in range(len(whole) + 1):
        clean("box")
        with open("box/00000001", "wb") as file:
            file.write(whole[:cut])
        expected = len([end for end in ends if end <= cut])
        box = opened(segment_size=1000)
        assert box.count == expected, cut
        assert box.put(TOPIC, b"after")
        found = drain(box)
        assert found.pop() == (TOPIC, b"after") and found == records(range(expected)), cut
        box.close()


def test_a_record_has_the_crc_that_everybody_computes():
    from binascii import crc32

    box = fresh(segment_size=1000)
    for i in range(9):
        box.put(TOPIC, bytes([7 * i & 255, 255 - i]) * i)
        data = bytes(box._data[: 8 + len(TOPIC) + 2 * i])
        assert int.from_bytes(data[4:8], "big") == crc32(data[:4] + data[8:]), i
    box.close()


def test_no_corrupt_record_is_delivered():
    box = fresh(segment_size=1000)
    for i in range(4):
        box.put(TOPIC, reading(i))
    box.close()
    whole = storage.read("box/00000001")
    right = records(range(4))
    for at in range(len(whole)):
        for flip in (1, 0x80):
            clean("box")
            with open("box/00000001", "wb") as file:
                file.write(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            box = opened(segment_size=1000)
            found = drain(box)
            assert found == right[: len(found)] and len(found) < 4, at
            assert box.corrupt, at
            box.close()


def test_corrupted_while_it_waits():
    box = fresh()
    for i in range(12):
        box.put(TOPIC, reading(i))
    with open("box/00000001", "r+b") as file:
        file.seek(3)
        file.write(b"\xff")
    found = drain(box)
    assert found == records(range(12 - len(found), 12)) and 0 < len(found) < 12
    assert box.corrupt == 12 - len(found) and box.count == 0
    box.close()


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

    def rename(self, path, to):
        if self.wear == self.cut:
            raise _PowerCut()
        files.rename(path, to)

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
            if box.put(TOPIC, reading(number)):
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
    clean("box")
    state = [0, -1, []]
    for _ in range(150):
        box = opened(policy="refuse", segments=8)
        module.files = _Flash(rand.below(25), rand.below(8))
        try:
            _work(box, rand, state)
        except _PowerCut:
            pass
        finally:
            module.files = files
            _power_off(box)
        state[2] = [i for i in state[2] if i > state[1]]
    box = opened(policy="refuse", segments=8)
    found = [int(payload.split()[1]) for _, payload in drain(box)]
    assert [i for i in found if i > state[1] and i in state[2]] == state[2]
    assert found == sorted(found)
    assert state[0] > 1000
    box.close()


def test_a_power_cut_while_it_closes_loses_nothing():
    for cut in range(2):  # in what is written anew, and before it takes the place of the old one
        for part in range(8):
            clean("box")
            box = opened()
            for i in range(5):
                box.put(TOPIC, reading(i))
            box.peek()
            box.pop()
            module.files = _Flash(cut, part)
            try:
                raises(_PowerCut, box.close)
            finally:
                module.files = files
                _power_off(box)
            assert cut or not part or "new" in files.listdir("box")
            box = opened()
            assert box.corrupt == 0 and "new" not in files.listdir("box")
            assert [payload for _, payload in drain(box)] == [reading(i) for i in range(5)]
            box.close()


def test_wear_is_one_write_a_record_and_one_a_segment():
    module.files = flash = _Flash(-1, 0)
    try:
        box = fresh(segments=20)
        for i in range(60):
            box.put(TOPIC, reading(i))
        segments = len(files.listdir("box"))
        assert flash.wear == 60
        drain(box)
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
        box = fresh()
        assert box.put(TOPIC, reading(0))
        flash.full = True
        assert not box.put(TOPIC, reading(1)) and box.refused == 1
        flash.full = False
        assert box.put(TOPIC, reading(2))
        box.close()
        box = opened()
        assert drain(box) == records((0, 2))
        box.close()
    finally:
        module.files = files
