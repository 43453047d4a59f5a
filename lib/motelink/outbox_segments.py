"""What `motelink.outbox` does once a segment, or less often: files are found, begun, removed."""

from motelink import outbox
from motelink.buffer import Message
from motelink.errors import ConfigError
from motelink.port import SLACK

_HEADER = outbox.const(8)
_NEW = "new"  # what `_shorten` writes


def make(box, folder, record_size, segment_size, segments, policy) -> None:
    """The constructor. Raises ConfigError."""
    if policy not in ("drop_oldest", "refuse"):
        raise ConfigError("policy must be drop_oldest or refuse, got %r" % (policy,))
    if not 0 < record_size < 65536 or segment_size < record_size + _HEADER or segments < 2:
        raise ConfigError("expected records of 1..65535 bytes, and at least 2 segments of one")
    box._data = data = bytearray(_HEADER + record_size + SLACK)
    box._folder = folder
    box.limit = record_size
    box._segment_size = segment_size
    box._segments = segments
    box._refuses = policy == "refuse"
    box.dropped = box.refused = box.corrupt = box.count = 0
    box.topic = Message(data)
    box.payload = Message(data)
    box._numbers = []  # of the segments, the oldest first
    box._counts = []  # records that wait, of each of them
    box._at = 0  # in the oldest segment: behind it are
    box._done = 0  # so many records that are confirmed,
    box.taken = 0  # and so many on their way,
    box._ahead = 0  # up to here
    box._size = 0  # of the record there, once `peek` has read it
    box._stale = 0  # on their way, of segments that were dropped
    box._head = None  # the oldest segment, open for reading, unless it is the newest too
    box._tail = None  # the newest, open for both; None: begin another
    box._used = 0  # bytes of it
    if not outbox._table[1]:
        _fill(outbox._table)
    _recover(box)


def _fill(table) -> None:
    """The CRC-32 of 0 to 15, low halves, then high halves."""
    for i in range(16):
        low = i
        high = 0
        for _ in range(4):
            odd = low & 1
            low = low >> 1 | (high & 1) << 15
            high >>= 1
            if odd:
                low ^= 0x8320
                high ^= 0xEDB8
        table[i] = low
        table[i + 16] = high


def _recover(box) -> None:
    """Find the segments that are there, and count what is whole in them."""
    files = outbox.files
    try:
        files.mkdir(box._folder)
    except OSError as error:
        if error.errno != 17:  # EEXIST
            raise
    names = files.listdir(box._folder)
    if _NEW in names:  # power went while it was written; nothing of it counts
        _remove(box._folder + "/" + _NEW)
    names = [name for name in names if len(name) == 8]
    box._numbers = sorted([int(name) for name in names if name.isdigit()])
    torn = 0
    for number in box._numbers:
        found = at = 0
        try:
            with _open(box, number, "rb") as file:
                size = box._read(file, 0)
                while size:
                    found += 1
                    at += size
                    size = box._read(file, at)
                torn = file.seek(0, 2) - at
        except OSError:  # one bad file is no reason to have none
            torn = 1
        box._used = at
        box.corrupt += torn > 0
        box._counts.append(found)
        box.count += found
    if box._numbers and not torn:
        box._tail = _open(box, box._numbers[-1], "r+b")


def begin(box) -> bool:
    """Begin a segment; False where there may be none."""
    seal(box)
    while box._counts and not box._counts[0]:
        drop(box)
    numbers = box._numbers
    if not numbers or box._counts[-1]:  # else that one is free: what was to be in it has failed
        while len(numbers) >= box._segments:
            if box._refuses:
                return False
            box._stale += box.taken
            box.dropped += box._counts[0]
            box.count -= box._counts[0]
            box._counts[0] = 0
            drop(box)
        numbers.append(numbers[-1] + 1 if numbers else 1)
        try:
            box._counts.append(0)
        except MemoryError:
            numbers.pop()
            raise
    box._used = 0
    try:
        box._tail = _open(box, numbers[-1], "w+b")
    except OSError:
        outbox.files.mkdir(box._folder)  # somebody has removed it
        box._tail = _open(box, numbers[-1], "w+b")
    return True


def seal(box) -> None:
    """Nothing is appended to the newest segment any more."""
    file = box._tail
    box._tail = None
    if file:
        _close(file)


def drop(box) -> None:
    """Nothing of the oldest segment waits any more; nothing is appended to it."""
    box._at = box._ahead = box._done = box.taken = box._size = 0
    _close_head(box)
    try:
        outbox.files.remove(_name(box, box._numbers[0]))
    except OSError as error:
        if error.errno != 2:  # ENOENT: somebody has removed it
            raise
    box._numbers.pop(0)
    box._counts.pop(0)


def lost(box) -> None:
    """What follows in the oldest segment cannot be read, nor what would be appended."""
    missing = box._counts[0] - box.taken
    box.corrupt += missing
    box.count -= missing
    box._counts[0] = box.taken
    if len(box._counts) == 1 and box._tail:
        box._head = box._tail
        box._tail = None


def head(box) -> None:
    """Open the oldest segment, if it is there."""
    try:
        box._head = _open(box, box._numbers[0], "rb")
    except OSError as error:
        if error.errno != 2:  # ENOENT
            raise


def close(box) -> None:
    """Close the files; without records they go. What has arrived of the oldest does not come back:
    who sleeps often would never come further than the first records of a segment."""
    seal(box)
    try:
        box.rewind()
        if box.peek() and box._at:
            _shorten(box)
    finally:
        _close_head(box)
    if not box.count:
        while box._counts:
            drop(box)


def _shorten(box) -> None:
    """Only what waits of the oldest segment stays in its file; all of it does where that fails."""
    files = outbox.files
    new = box._folder + "/" + _NEW
    at = box._at
    try:
        with open(new, "wb") as file:
            for _ in range(box._counts[0]):
                size = box._read(box._head, at)
                files.write_from(file, box._data, size)
                at += size
            files.sync(file)
        _close_head(box)
        files.rename(new, _name(box, box._numbers[0]))
        box._at = box._ahead = 0
    except OSError:
        _remove(new)


def _remove(path) -> None:
    try:
        outbox.files.remove(path)
    except OSError:  # it stays, and means nothing
        pass


def _close_head(box) -> None:
    file = box._head
    box._head = None
    if file:
        _close(file)


def _close(file) -> None:
    try:
        file.close()
    except OSError:  # what could not be written before cannot now
        pass


def _name(box, number: int) -> str:
    return "%s/%08d" % (box._folder, number)


def _open(box, number: int, mode: str):
    return open(_name(box, number), mode)
