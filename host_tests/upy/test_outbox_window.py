"""motelink.outbox with several records on their way: taken, confirmed in order, or taken again."""

from motelink.outbox import files
from outbox_records import TOPIC, drain, fresh, reading, records


def _taken(box, n):
    found = []
    while len(found) < n and box.peek():
        found.append(int(box.payload.text().split()[1]))
        box.take()
    return found


def test_several_on_their_way_are_confirmed_in_order():
    box = fresh(segment_size=1000)
    for i in range(6):
        box.put(TOPIC, reading(i))
    assert _taken(box, 3) == [0, 1, 2] and (box.taken, box.count) == (3, 6)
    box.confirm()
    assert _taken(box, 9) == [3, 4, 5] and not box.peek()
    for _ in range(5):
        box.confirm()
    assert (box.taken, box.count) == (0, 0) and not box.peek()
    box.confirm()  # nothing is on its way
    assert box.put(TOPIC, reading(6)) and _taken(box, 9) == [6]
    box.close()


def test_rewind_begins_with_the_oldest_that_is_not_confirmed():
    for confirmed in range(5):
        box = fresh(segment_size=1000)
        for i in range(6):
            box.put(TOPIC, reading(i))
        _taken(box, 4)
        for _ in range(confirmed):
            box.confirm()
        box.rewind()
        assert box.taken == 0 and box.count == 6 - confirmed
        assert _taken(box, 9) == list(range(confirmed, 6))
        box.rewind()
        assert drain(box) == records(range(confirmed, 6))
        box.close()


def test_taking_goes_no_further_than_the_segment():
    box = fresh()
    i = 0
    while len(files.listdir("box")) < 3:
        box.put(TOPIC, reading(i))
        i += 1
    first = _taken(box, 99)
    assert 0 < len(first) < i and not box.peek() and box.count == i
    for _ in first:
        assert box._read(box._source(), 0)  # the segment is there as long as it is needed
        box.confirm()
    assert len(files.listdir("box")) == 2
    assert _taken(box, 99)[0] == first[-1] + 1
    box.rewind()
    assert drain(box) == records(range(first[-1] + 1, i))
    box.close()


def test_confirmations_of_what_was_dropped_confirm_nothing_else():
    box = fresh()
    for i in range(8):
        box.put(TOPIC, reading(i))
    on_their_way = len(_taken(box, 3))
    i = 8
    while not box.dropped:
        box.put(TOPIC, reading(i))
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
    assert drain(box)[0] == (TOPIC, reading(first + 1))
    box.close()


def test_corrupted_behind_those_on_their_way():
    box = fresh(segment_size=1000)
    for i in range(4):
        box.put(TOPIC, reading(i))
    assert _taken(box, 2) == [0, 1]
    box._tail.seek(box._ahead + 9)  # through the same file: CPython has a buffer
    box._tail.write(b"\xff")
    assert not box.peek() and (box.corrupt, box.count) == (2, 2)
    assert box.put(TOPIC, reading(4))  # where it can be read again
    box.confirm()
    box.confirm()
    assert _taken(box, 9) == [4]
    box.confirm()
    assert box.count == 0
    box.close()
