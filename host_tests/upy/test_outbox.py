"""motelink.outbox: records wait on flash, in order, through restarts and up to its limits."""

import sys

from box import clean, forget
from kit import MICROPYTHON, no_alloc, raises
from motelink import outbox as module
from motelink import storage
from motelink.errors import ConfigError, TooLarge
from outbox_records import TOPIC, drain, fresh, opened, reading, records

files = module.files


def test_first_in_first_out():
    box = fresh()
    assert not box.peek() and box.count == 0
    for i in range(10):
        assert box.put(TOPIC, reading(i))
    assert box.count == 10
    assert drain(box) == records(range(10))
    assert box.count == 0 and not box.peek()
    box.close()


def test_peek_again_is_the_same_until_popped():
    box = fresh()
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
    box = fresh()
    for i in range(100):
        assert box.put(TOPIC, reading(i))
        if i % 3:
            assert box.peek() and box.payload == reading(i - i // 3 - 1), i
            box.pop()
        if box.count > 4:
            break
    box.close()


def test_empty_topic_and_payload():
    box = fresh()
    box.put(b"", b"")
    assert box.peek() and len(box.topic) == 0 and len(box.payload) == 0
    box.close()


def test_too_large():
    box = fresh()
    assert box.put(b"t" * 10, b"p" * 54)
    raises(TooLarge, box.put, b"t" * 10, b"p" * 55)
    assert box.count == 1 and drain(box) == [(b"t" * 10, b"p" * 54)]
    box.close()


def test_topics_of_at_most_255_bytes():
    box = fresh(record_size=300, segment_size=1000)
    assert box.put(b"t" * 255, b"p")
    raises(TooLarge, box.put, b"t" * 256, b"p")
    assert drain(box) == [(b"t" * 255, b"p")]
    box.close()


def test_wrong_sizes():
    for options in (
        {"policy": "shrug"},
        {"record_size": 0},
        {"record_size": 70000},
        {"segment_size": 71},
        {"segments": 1},
    ):
        raises(ConfigError, lambda o=options: opened(**o))


def test_survives_a_restart():
    box = fresh()
    for i in range(7):
        box.put(TOPIC, reading(i))
    box.close()
    box = opened()
    assert box.count == 7
    for i in range(7, 10):
        box.put(TOPIC, reading(i))
    assert drain(box) == records(range(10))
    box.close()


def test_nothing_comes_back_after_an_empty_close():
    box = fresh()
    box.put(TOPIC, b"x")
    drain(box)
    box.close()
    assert files.listdir("box") == []
    assert opened().count == 0


def test_what_has_arrived_does_not_come_back_after_a_close():
    clean("box")
    for taken in range(3):  # on their way at the close, and behind one that has arrived
        box = opened(segment_size=400)
        for i in range(20):
            assert box.put(TOPIC, reading(i))
        segments = len(files.listdir("box"))
        assert segments > 1
        left = 20
        while left:  # three a day
            for _ in range(min(3, left)):
                assert box.peek()
                box.pop()
                left -= 1
            for _ in range(taken):
                if box.peek():
                    box.take()
            if taken == 2 and box.taken == 2:
                box.confirm()
                left -= 1
            box.close()
            assert len(files.listdir("box")) <= segments
            box = opened(segment_size=400)
            assert box.count == left and box.corrupt == 0
            if left:
                assert box.peek() and box.payload == reading(20 - left)
        assert not files.listdir("box")


def test_it_goes_on_after_a_close():
    box = fresh()
    for i in range(5):
        box.put(TOPIC, reading(i))
    box.peek()
    box.pop()
    box.close()
    box.put(TOPIC, reading(5))
    assert drain(box) == records(range(1, 6))
    box.close()


def test_restarts_use_up_no_segments():
    clean("box")
    for i in range(12):
        box = opened(segment_size=400)
        assert box.put(TOPIC, reading(i))
        box.close()
    box = opened(segment_size=400)
    assert drain(box) == records(range(12))
    box.close()


def test_full_drops_the_oldest_segment():
    box = fresh()
    for i in range(100):
        assert box.put(TOPIC, reading(i))
    kept = box.count
    assert box.dropped == 100 - kept and kept >= 15, kept
    assert len(files.listdir("box")) == 4
    assert drain(box) == records(range(100 - kept, 100))
    box.close()


def test_full_refuses():
    box = fresh(policy="refuse")
    taken = 0
    while box.put(TOPIC, reading(taken)):
        taken += 1
    assert box.refused == 1 and box.dropped == 0
    assert not box.put(TOPIC, b"x") and box.refused == 2
    assert drain(box) == records(range(taken))
    assert box.put(TOPIC, b"room again") and box.count == 1
    box.close()


def test_dropping_what_was_read_but_not_popped():
    box = fresh()
    box.put(TOPIC, reading(0))
    assert box.peek()
    for i in range(1, 100):
        box.put(TOPIC, reading(i))
    first = 100 - box.count
    box.pop()  # of a record that is gone: takes no other
    assert box.count == 100 - first
    assert drain(box)[0] == (TOPIC, reading(first))
    box.close()


def test_foreign_files_are_left_alone():
    fresh().close()
    with open("box/readme.txt", "wb") as file:
        file.write(b"hello")
    with open("box/notes", "wb") as file:
        file.write(b"hello")
    box = opened()
    box.put(TOPIC, b"x")
    assert drain(box) == [(TOPIC, b"x")]
    box.close()
    assert storage.read("box/readme.txt") == b"hello"
    clean("box")


def test_nothing_is_allocated_within_a_segment():
    box = fresh(segment_size=40000)
    payload = b"x" * 40
    no_alloc(box.put, TOPIC, payload)
    no_alloc(box.peek)

    def both():
        box.peek()
        box.pop()

    no_alloc(both, n=90)
    box.close()


def test_what_segments_need_is_dropped_again():
    module.forget = forget
    try:
        box = fresh()
        for i in range(40):
            assert box.put(TOPIC, reading(i))
        assert not MICROPYTHON or "motelink.outbox_segments" not in sys.modules
        assert drain(box)[-1] == (TOPIC, reading(39))
        box.close()
        assert not MICROPYTHON or "motelink.outbox_segments" not in sys.modules
    finally:
        module.forget = lambda name: None
