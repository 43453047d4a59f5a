"""The three framings of motelink.manager, sans-I/O: what every dialect has in common, and the two
that mark where a message ends.
"""

from kit import Random, no_alloc, raises
from owner import BEAT, BYE, DIALECTS, GETINFO, HEART, Counter, Ended, Owner, frame

HEAP = "256k"  # for the largest messages

COMMAND = ("command", 1)


def test_getinfo_is_answered():
    for dialect in DIALECTS:
        owner = Owner(dialect)
        assert owner.feed(GETINFO[dialect]) == [COMMAND], dialect
        assert owner.sent() == frame(dialect, b"info"), dialect
        assert owner.heard


def test_heart_is_answered():
    for dialect in DIALECTS:
        owner = Owner(dialect)
        for _ in range(3):
            assert owner.feed(HEART[dialect]) == [], dialect
            assert owner.sent() == BEAT[dialect], dialect
        assert owner.beats == 3


def test_end():
    for dialect in DIALECTS:
        owner = Owner(dialect)
        raises(Ended, owner.feed, BYE[dialect])
        assert owner.events == [("command", 3)], dialect
        assert owner.sent() == b"", dialect


def test_every_single_byte():
    for dialect in DIALECTS:
        for value in range(256):
            payload = bytes([value])
            if value in (1, 2) or (value == 3 and dialect != "raw"):
                continue  # the commands
            if (value == 255 and dialect == "terminated") or (value == 101 and dialect == "raw"):
                continue  # no message there; and "e", which may become the end
            owner = Owner(dialect)
            assert owner.feed(frame(dialect, payload)) == [("message", payload)], (dialect, value)
            assert owner.sent() == b""


def test_messages_of_any_bytes():
    random = Random(21)
    for dialect in ("terminated", "length"):
        for _ in range(50):
            payload = random.bytes(2 + random.below(60))
            if dialect == "terminated":
                payload = payload.replace(b"\xff", b"\x02")
            owner = Owner(dialect)
            assert owner.feed(frame(dialect, payload)) == [("message", payload)], payload


def test_empty_message():
    for dialect in ("terminated", "length"):
        assert Owner(dialect).feed(frame(dialect, b"")) == [("message", b"")], dialect


def _conversation(dialect):
    payloads = (b"hello", b"\x02two", b"\x01\x02\x03", b"", b"x" * 20)
    frames = [GETINFO[dialect], HEART[dialect]]
    frames += [frame(dialect, payload) for payload in payloads]
    frames.append(HEART[dialect])
    events = [COMMAND] + [("message", payload) for payload in payloads]
    answer = frame(dialect, b"info") + BEAT[dialect] * 2
    return frames, events, answer


def test_cut_at_every_two_positions():
    for dialect in ("terminated", "length"):
        frames, events, answer = _conversation(dialect)
        stream = b"".join(frames)
        for i in range(1, len(stream)):
            for j in range(i + 1, len(stream) + 1):
                owner = Owner(dialect)
                pieces = [piece for piece in (stream[:i], stream[i:j], stream[j:]) if piece]
                assert owner.feed(*pieces) == events, (dialect, i, j, owner.events)
                assert owner.sent() == answer, (dialect, i, j)


def test_one_byte_at_a_time():
    for dialect in ("terminated", "length"):
        frames, events, answer = _conversation(dialect)
        for rx_size in (24, 64):
            owner = Owner(dialect, rx_size)
            owner.feed(*[bytes([byte]) for byte in b"".join(frames)])
            assert (owner.events, owner.sent()) == (events, answer), (dialect, rx_size)


def test_merged_in_every_grouping():
    for dialect in ("terminated", "length"):
        frames, events, answer = _conversation(dialect)
        for joints in range(1 << (len(frames) - 1)):
            segments = [frames[0]]
            for i in range(1, len(frames)):
                if joints >> (i - 1) & 1:
                    segments[-1] += frames[i]
                else:
                    segments.append(frames[i])
            owner = Owner(dialect)
            assert owner.feed(*segments) == events, (dialect, segments, owner.events)
            assert owner.sent() == answer, (dialect, segments)


def _chunks(owner):
    # The bytes of all chunks; they must lie side by side.
    text = b""
    for event in owner.events:
        if event[0] == "chunk":
            assert event[2] == len(text), owner.events
            text += event[1]
    return text


def test_oversize_message_comes_in_chunks():
    random = Random(22)
    for dialect in ("terminated", "length"):
        for size in (61, 62, 63, 64, 65, 66, 127, 128, 129, 300, 1000):
            owner = Owner(dialect)
            payload = random.bytes(size).replace(b"\xff", b"-")
            owner.feed(frame(dialect, b"a"), frame(dialect, payload) + HEART[dialect])
            owner.feed(frame(dialect, b"b"))
            fits = size + owner.framing.overhead <= 64
            first, middle, last = owner.events[0], owner.events[1:-1], owner.events[-1]
            assert (first, last) == (("message", b"a"), ("message", b"b")), (dialect, size)
            assert owner.sent() == BEAT[dialect], (dialect, size)
            if fits:
                assert middle == [("message", payload)], (dialect, size)
                continue
            assert _chunks(owner) == payload, (dialect, size)
            assert middle[-1] == ("oversize", size), (dialect, size)
            total = size if dialect == "length" else -1
            assert all(event[3] == total for event in middle[:-1]), (dialect, size)


def test_oversize_message_cut_anywhere():
    for dialect in ("terminated", "length"):
        payload = bytes([32 + i % 90 for i in range(150)])
        stream = frame(dialect, payload) + HEART[dialect]
        for i in range(1, len(stream)):
            owner = Owner(dialect)
            owner.feed(stream[:i], stream[i:])
            assert _chunks(owner) == payload, (dialect, i)
            assert owner.events[-1] == ("oversize", 150), (dialect, i)
            assert owner.sent() == BEAT[dialect], (dialect, i)


def test_largest_message_of_length():
    owner = Owner("length")
    owner.feed(b"\xff\xff")
    for _ in range(255):
        owner.feed(b"\x02" * 257)
        owner.events[:-1] = []
    assert owner.events == [("oversize", 65535)], owner.events
    assert owner.beats == 0


def test_reset_forgets_half_a_message():
    for dialect, half in (("length", b"\x00\xff" + b"x" * 90), ("terminated", b"x" * 90)):
        owner = Owner(dialect)
        owner.feed(half)
        owner.framing.reset()
        owner.rx.clear()
        del owner.events[:]
        assert owner.feed(frame(dialect, b"new")) == [("message", b"new")], dialect


def test_any_bytes_are_read():
    random = Random(23)
    for dialect in DIALECTS:
        for _ in range(60):
            owner = Owner(dialect, 16 + random.below(40), 4096)
            for _ in range(random.below(12)):
                alphabet = (b"\x00\x01\x02\x03\xff\x04end\nx", bytes(range(256)))[random.bits(1)]
                size = 1 + random.below(90)
                segment = bytes([random.choice(alphabet) for _ in range(size)])
                try:
                    owner.feed(segment)
                except Ended:
                    break
                assert len(owner.rx) < owner.rx.limit, (dialect, segment)
                owner.sent()


def test_put_is_what_the_server_reads():
    for dialect in DIALECTS:
        owner = Owner(dialect)
        for payload in (b"hello", b"x" * 100):
            owner.framing.put(payload)
            assert owner.sent() == frame(dialect, payload), dialect


def test_begin_and_finish_frame_what_is_between():
    for dialect in DIALECTS:
        owner = Owner(dialect)
        owner.tx.put(b"before")
        at = owner.tx.end
        owner.framing.begin()
        owner.tx.put(b"y" * 200)
        owner.framing.finish(at)
        assert owner.sent() == b"before" + frame(dialect, b"y" * 200), dialect


def test_messages_that_a_dialect_cannot_carry():
    good = (b"hello", b"", b"\x04", b"heartbeat", b"beats", bytes(range(3, 255)))
    bad = {
        "raw": (b"beat",),
        "terminated": (b"\xff", b"a\xffb", b"\x02", b"\x02x"),
        "length": (b"\x01", b"\x02", b"\x03", b"x" * 65536),
    }
    for dialect in DIALECTS:
        framing = Owner(dialect).framing
        for payload in good:
            framing.check(payload)
        for payload in bad[dialect]:
            raises(ValueError, framing.check, payload)
    Owner("length").framing.check(b"x" * 65535)


def test_receiving_allocates_nothing():
    for dialect in DIALECTS:
        heart = Counter(dialect, HEART[dialect])
        no_alloc(heart.step)
        assert heart.beats == 101, dialect
        getinfo = Counter(dialect, GETINFO[dialect])
        no_alloc(getinfo.step)
        assert getinfo.commands == 101, dialect
        message = Counter(dialect, frame(dialect, b"hello"))
        no_alloc(message.step)
        assert message.messages == 101, dialect
        mixed = Counter(dialect, HEART[dialect] + GETINFO[dialect] + frame(dialect, b"hello"))
        no_alloc(mixed.step)
        assert mixed.beats == mixed.commands == mixed.messages == 101, dialect


def test_receiving_in_pieces_allocates_nothing():
    for dialect in ("terminated", "length"):
        # 7 bytes a read of a stream of frames of 4 or 5 bytes: cut everywhere in turn
        one = frame(dialect, b"abc")
        pieces = [(one * 3)[i * 7 % len(one) :][:7] for i in range(len(one))]
        reader = Counter(dialect, b"")
        turn = [0]

        def step(reader=reader, pieces=pieces, turn=turn):
            reader.sock.segment = pieces[turn[0]]
            turn[0] = (turn[0] + 1) % len(pieces)
            reader.step()

        no_alloc(step, n=99)
        assert reader.messages == 100 * 7 // len(one), (dialect, reader.messages)


def test_oversize_message_allocates_nothing():
    for dialect in ("terminated", "length"):
        owner = Counter(dialect, frame(dialect, b"x" * 90), 40)

        def step(owner=owner):
            for _ in range(3):
                owner.step()

        no_alloc(step)
        assert owner.chunks > 200, dialect


def test_put_allocates_nothing():
    for dialect in DIALECTS:
        owner = Counter(dialect, b"")
        message = b"hello"

        def put(owner=owner, message=message):
            owner.framing.check(message)
            owner.framing.put(message)
            if owner.tx.end:
                owner.flush()

        no_alloc(put)
        assert owner.sock.written == 101 * len(frame(dialect, message)), dialect


def test_length_refuses_an_answer_that_its_two_bytes_cannot_count():
    owner = Owner("length", tx_size=65600)
    for size, fits in ((65535, True), (65536, False)):
        owner.tx.clear()
        owner.framing.begin()
        owner.tx.put(bytes(size))
        if fits:
            owner.framing.finish(0)
            assert bytes(owner.tx.data[:2]) == b"\xff\xff"
        else:
            assert "65535" in str(raises(ValueError, owner.framing.finish, 0))
