"""motelink.outbox on a real LittleFS, whose flash loses power between any two of its writes.

Only MicroPython has LittleFS; elsewhere the same bodies run in a folder, without cuts.
"""

import box as helper
from kit import MICROPYTHON
from motelink.outbox import Outbox

HEAP = "256k"  # the flash is in it
assert helper  # which keeps what segments need loaded
BLOCK = 256
BLOCKS = 48
TOPIC = b"t"


class _Flash:
    """A block device in RAM. After ``cut`` changes it has no power: nothing changes any more."""

    def __init__(self):
        self.data = bytearray(BLOCK * BLOCKS)
        self.erase()

    def erase(self):
        for i in range(len(self.data)):
            self.data[i] = 0xFF
        self.cut = -1

    def _powered(self):
        if self.cut == 0:
            return False
        self.cut -= 1
        return True

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        if self._powered():
            at = block * BLOCK + offset
            self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6 and self._powered():
            self.data[arg * BLOCK : (arg + 1) * BLOCK] = b"\xff" * BLOCK
        return 0


class _Board:
    flash = None

    def __init__(self):
        self.path = "lfsbox"
        if MICROPYTHON:
            import vfs

            self.vfs = vfs
            if not _Board.flash:
                _Board.flash = _Flash()
            self.flash.erase()
            vfs.VfsLfs2.mkfs(self.flash, progsize=32)
            self.path = "/lfs/box"
            self.mount()

    def mount(self):
        self.vfs.mount(self.vfs.VfsLfs2(self.flash, progsize=32), "/lfs")

    def box(self):
        return Outbox(self.path, 32, 200, 6, "refuse")

    def restart(self):
        if MICROPYTHON:
            self.flash.cut = -1
            self.vfs.umount("/lfs")
            self.mount()

    def gone(self):
        if MICROPYTHON:
            self.vfs.umount("/lfs")


def _numbers(box):
    found = []
    while box.peek():
        found.append(box.payload.int())
        box.pop()
    return found


def test_written_and_read_in_turns():
    board = _Board()
    box = board.box()
    popped = 0
    for i in range(60):
        assert box.put(TOPIC, b"%d" % i)
        if i % 4:
            assert box.peek() and box.payload.int() == popped, (i, popped)
            box.pop()
            popped += 1
    assert _numbers(box) == list(range(popped, 60))
    box.close()
    board.gone()


def test_power_cut_between_any_two_writes():
    cut = 0
    whole = not MICROPYTHON
    while not whole:
        board = _Board()
        box = board.box()
        for i in range(6):
            assert box.put(TOPIC, b"%d" % i)
        box.close()
        box = board.box()
        board.flash.cut = cut
        confirmed = 6
        first = 0
        try:
            for i in range(6, 30):
                if not box.put(TOPIC, b"%d" % i):
                    break
                if board.flash.cut == 0:
                    break  # what was said after the power went is not counted
                confirmed = i + 1
                if i % 2 and box.peek():
                    box.pop()
                    first += 1
            else:
                whole = board.flash.cut > 0
        except OSError:
            pass
        board.restart()
        box = board.box()
        found = _numbers(box)
        assert found == list(range(found[0], found[-1] + 1)), (cut, found)
        assert found[0] <= first and found[-1] >= confirmed - 1, (cut, found, confirmed)
        box.close()
        board.gone()
        cut += 1
    assert not MICROPYTHON or cut > 30, cut


def test_a_full_file_system_refuses_and_has_room_again():
    board = _Board()
    box = Outbox(board.path, 32, 300, 64, "refuse")
    first = number = refused = 0
    for _ in range(3):
        most = first + (600 if MICROPYTHON else 60)  # elsewhere it is never full
        while refused < 20 and number < most:
            if box.put(TOPIC, b"%028d" % number):
                number += 1
            else:
                refused += 1
        assert not MICROPYTHON or refused == 20, number
        found = [int(payload) for payload in helper.drained(box)]
        assert found == list(range(first, number)), found
        first = number
        refused = 0
        assert box.put(TOPIC, b"%d" % number)
        number += 1
    box.close()
    board.restart()
    box = board.box()
    assert _numbers(box)[-1] == first
    box.close()
    board.gone()
