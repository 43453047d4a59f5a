"""motelink.websocket_frames: what frames may come, cut anywhere, and what is sent."""

from kit import Random, no_alloc, raises
from motelink.errors import ConnectionLost, ProtocolError, TooLarge
from websocket_peer import BINARY, CLOSE, CONT, PING, PONG, TEXT, Owner, closed, frame

HEAP = "3m"  # for what the other end of the line has in mind

SPEECH = (
    frame(TEXT, b"hello")
    + frame(PING, b"are you there?")
    + frame(TEXT, "grüße ".encode(), False)
    + frame(PONG)
    + frame(CONT, "aus Köln: €".encode()[:-1], False)
    + frame(PING)
    + frame(CONT, "€".encode()[-1:])
    + frame(BINARY, bytes(range(200)))
    + frame(TEXT)
    + frame(BINARY, b"\xff", False)
    + frame(CONT, b"", False)
    + frame(CONT, b"\xfe")
    + frame(TEXT, b"x" * 250)
)
HEARD = ["hello", "pong", "grüße aus Köln: €", bytes(range(200)), "", b"\xff\xfe", "x" * 250]
PONGED = [(PONG, True, b"are you there?"), (PONG, True, b"")]


def test_bytes_cut_at_every_position():
    for step in range(1, 130):
        owner = Owner().get(SPEECH, step)
        assert owner.heard == HEARD, (step, owner.heard)
        assert owner.sent() == PONGED, step
    for cut in range(0, len(SPEECH), 7):
        owner = Owner().get(SPEECH[:cut]).get(SPEECH[cut:])
        assert owner.heard == HEARD, (cut, owner.heard)


def test_buffer_only_as_large_as_the_message():
    for step in range(1, 20):
        owner = Owner(250).get(SPEECH, step)
        assert owner.heard == HEARD, (step, owner.heard)


def test_control_frames_between_fragments_that_fill_the_buffer():
    data = frame(TEXT, b"a" * 299, False)
    for i in range(5):
        data += frame(PING, bytes([i]) * 125)
    owner = Owner(300).get(data + frame(CONT, b"b") + frame(TEXT, b"next"), 10)
    assert owner.heard == ["a" * 299 + "b", "next"]


def test_every_length():
    for n in (0, 1, 63, 64, 65, 124, 125, 126, 127, 128, 255, 256, 257, 1000):
        payload = bytes([i & 127 for i in range(n)])
        owner = Owner(1000).get(frame(BINARY, payload) + frame(TEXT, payload), 97)
        assert owner.heard == [payload, payload.decode()], n


def _failure(data, code, kind=ProtocolError, **options):
    for step in (0, 1, 3):
        owner = Owner(**options)
        error = raises(kind, owner.get, data, step)
        assert owner.frames.state == 0
        said = owner.sent()
        assert said[-1] == (CLOSE, True, bytes([code >> 8, code & 255])), (code, said)
        assert error.code == code
        assert not owner.frames.put(TEXT, b"more")
    return owner


def test_reserved_opcodes():
    for kind in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        _failure(frame(kind, b"abc"), 1002)
        _failure(frame(kind), 1002)


def test_reserved_bits():
    for bits in range(0x10, 0x80, 0x10):
        for kind in (TEXT, BINARY, PING, PONG, CLOSE):
            _failure(frame(kind | bits, b"abc"), 1002)
        _failure(frame(TEXT, b"a", False) + frame(CONT | bits, b"abc"), 1002)


def test_masked_frame():
    for n in (0, 1, 125, 126, 127):
        for kind in (TEXT, BINARY, CLOSE, PING, PONG):
            _failure(bytes([kind | 0x80, n | 0x80]) + b"\0" * 14, 1002)


def test_control_frame_rules():
    for kind in (CLOSE, PING, PONG):
        _failure(frame(kind, b"x" * 126), 1002)
        _failure(frame(kind, b"x", False), 1002)
        _failure(frame(kind, b"xx", length=3), 1002)


def test_continuation_rules():
    _failure(frame(CONT, b"of nothing"), 1002)
    _failure(frame(CONT, b"of nothing", False), 1002)
    _failure(frame(TEXT, b"a") + frame(CONT, b"b"), 1002)
    _failure(frame(TEXT, b"a", False) + frame(TEXT, b"b"), 1002)
    _failure(frame(TEXT, b"", False) + frame(BINARY, b"b"), 1002)
    _failure(frame(BINARY, b"x" * 400, False) + frame(BINARY, b"b"), 1002)


def test_lengths_longer_than_they_need():
    for n in (0, 1, 125):
        _failure(frame(TEXT, b"x" * n, length=3), 1002)
    for n in (0, 125, 126, 300):
        _failure(frame(TEXT, b"x" * n, length=9), 1002)


def test_absurd_lengths():
    _failure(b"\x82\x7f\x80" + b"\0" * 7, 1002)
    for first in range(7):
        size = bytearray(8)
        size[first] = 0x20 if first == 4 else 1
        if first < 5:
            _failure(b"\x82\x7f" + bytes(size), 1009, TooLarge)


NOT_UTF8 = (
    b"\x80 \xbf \xc0\x80 \xc1\xbf \xc3 \xe2\x82 \xf0\x9f\x98 \xe0\x80\x80 \xe0\x9f\xbf "
    b"\xed\xa0\x80 \xed\xbf\xbf \xef\xbf \xf0\x80\x80\x80 \xf0\x8f\xbf\xbf \xf4\x90\x80\x80 "
    b"\xf5\x80\x80\x80 \xf8\x88\x80\x80\x80 \xfc\x84\x80\x80\x80\x80 "
    b"\xfe \xff \xc3\xc3 \xc3A \xe2A\xac \xe2\x82A \xf0\x9f\x98A \xce\xba\xe1\xbd\xb9\xed\xa0"
).split(b" ")


def test_text_must_be_utf8():
    for bad in NOT_UTF8:
        for before in (b"", b"plain ", "κόσμε".encode(), b"x" * 100):
            text = before + bad
            _failure(frame(TEXT, text), 1007)
            _failure(frame(TEXT, text, False) + frame(CONT), 1007)
            _failure(frame(TEXT, text[:-1], False) + frame(CONT, text[-1:]), 1007)
            _failure(frame(TEXT, b"x" * 400 + text), 1007)
            assert Owner().get(frame(BINARY, text)).heard == [text]


def test_short_text_that_is_no_utf8_at_one_byte():
    for before in (b"", frame(TEXT, b"x"), frame(TEXT, b"x" * 64), frame(BINARY, b"\xff" * 70)):
        for n in (1, 2, 31, 62, 63, 64, 65, 128, 129):
            for at in {0, 1, n // 2, n - 1} if n > 2 else {0}:
                bad = b"a" * at + b"\x80" + b"a" * (n - at - 1)
                _failure(before + frame(TEXT, bad), 1007)


def test_short_texts_among_what_is_none():
    high = b"\xff\x81\x80" * 20
    data = heard = ()
    for n in (0, 1, 5, 60, 61, 62, 63, 64, 65):
        text = b"t" * n
        data += (frame(BINARY, high), frame(TEXT, text), frame(TEXT, "é".encode() + text))
        heard += (high, text.decode(), "é" + text.decode())
        data += (frame(TEXT, text), frame(BINARY, high[:n]), frame(TEXT, text))
        heard += (text.decode(), high[:n], text.decode())
    data = b"".join(data)
    for size in (300, 1200):
        for quick in (False, True):
            assert Owner(size, quick=quick).get(data).heard == list(heard)


def test_text_may_be_any_utf8():
    every = "".join(
        [chr(c) for c in (0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF)]
    )
    every = every.encode() + b"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"
    for cut in range(len(every) + 1):
        for middle in (b"", frame(PING)):
            data = frame(TEXT, every[:cut], False) + middle + frame(CONT, every[cut:])
            assert Owner().get(data).heard == [every.decode()], cut


def test_message_larger_than_the_buffer_comes_in_pieces():
    text = ("0123456789äöü€" * 60).encode()
    n = len(text)
    for data in (
        frame(TEXT, text),
        frame(TEXT, text[:100], False) + frame(CONT, text[100:]),
        frame(TEXT, text[:100], False)
        + frame(PING)
        + frame(CONT, text[100:], False)
        + frame(CONT),
        frame(TEXT, b"", False) + frame(CONT, text[:500], False) + frame(CONT, text[500:]),
    ):
        for step in (0, 1, 7, 100):
            owner = Owner().get(data + frame(TEXT, b"next"), step)
            assert owner.heard.pop() == "next"
            whole = b""
            for at, piece, last in owner.heard:
                assert at == len(whole)
                whole += piece
                assert last == (len(whole) == n and owner.heard[-1] == (at, piece, last))
            assert whole == text


def test_large_lengths():
    owner = Owner().get(frame(BINARY, b"x" * 65535), 4096).get(frame(BINARY, b"y" * 70000), 4096)
    assert sum([len(piece[1]) for piece in owner.heard]) == 135535
    assert [piece[0] for piece in owner.heard if piece[2]][-1] < 70000


def test_message_larger_than_the_buffer_refused():
    _failure(frame(TEXT, b"x" * 301), 1009, TooLarge, refuse=True)
    data = frame(TEXT, b"x" * 300, False) + frame(CONT, b"y")
    _failure(data, 1009, TooLarge, refuse=True)
    assert Owner(refuse=True).get(frame(TEXT, b"x" * 300)).heard == ["x" * 300]


def test_close_from_the_server():
    for code, reason in (
        (1000, ""),
        (1001, "bye"),
        (1011, "grüße"),
        (3000, ""),
        (4999, "x" * 123),
    ):
        owner = Owner()
        error = raises(ConnectionLost, owner.get, closed(code, reason.encode()) + b"\xff\xff\xff")
        assert (error.code, error.reason) == (code, reason)
        assert owner.sent() == [(CLOSE, True, bytes([code >> 8, code & 255]))]
    owner = Owner()
    assert raises(ConnectionLost, owner.get, closed()).code == 1005
    assert owner.sent() == [(CLOSE, True, b"")]


def test_close_that_is_none():
    _failure(frame(CLOSE, b"\x03"), 1002)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        _failure(closed(code), 1002)
    _failure(closed(1000, b"\xce\xba\xed\xa0\x80"), 1007)


def test_close_of_ours_is_answered():
    from motelink import websocket_close

    owner = Owner()
    raises(ValueError, websocket_close.close, owner.frames, 1005, "")
    raises(ValueError, websocket_close.close, owner.frames, 1000, "x" * 124)
    assert websocket_close.close(owner.frames, 1000, "bye")
    assert owner.sent() == [(CLOSE, True, b"\x03\xe8bye")]
    assert not owner.frames.put(TEXT, b"more")
    owner.get(frame(TEXT, b"late") + closed(1000) + frame(TEXT, b"never"))
    assert owner.heard == ["late", "finished"]
    assert owner.sent() == []


def test_sends_every_length():
    owner = Owner(tx_size=70000)
    pattern = bytes([(i * 7) & 255 for i in range(251)])
    for n in (0, 1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 125, 126, 128, 129, 300, 65535, 65536, 70000):
        payload = (pattern * (n // len(pattern) + 1))[:n]
        assert owner.frames.put(BINARY, payload)
        assert owner.sent() == [(BINARY, True, payload)], n


def test_sends_text_and_fragments():
    owner = Owner()
    put = owner.frames.put
    assert put(TEXT, "grüße")
    assert put(TEXT, b"one ", False)
    assert put(PING, b"!")
    assert put(TEXT, bytearray(b"two "), False)
    assert put(TEXT, "three")
    assert put(BINARY, b"four")
    assert owner.sent() == [
        (TEXT, True, "grüße".encode()),
        (TEXT, False, b"one "),
        (PING, True, b"!"),
        (CONT, False, b"two "),
        (CONT, True, b"three"),
        (BINARY, True, b"four"),
    ]


def test_masks_are_fresh():
    owner = Owner()
    masks = set()
    for _ in range(50):
        owner.frames.put(TEXT, b"same")
        owner.flush()
        masks.add(owner.wire[2:6])
        owner.wire = b""
    assert len(masks) > 45


def test_room_runs_out():
    owner = Owner(tx_size=100)
    put = owner.frames.put
    raises(TooLarge, put, TEXT, b"x" * 126)
    sent = 0
    while put(TEXT, b"x" * 50):
        sent += 1
    assert sent == 2
    # Control frames have room of their own; pings are answered as long as it lasts.
    for _ in range(3):
        owner.get(frame(PING, b"p" * 120))
    frames = owner.sent()
    assert frames == [(TEXT, True, b"x" * 50)] * sent + [(PONG, True, b"p" * 120)], frames
    assert put(TEXT, b"x" * 50)


def test_control_frames_up_to_the_last_byte():
    owner = Owner(tx_size=0)
    frames, tx = owner.frames, owner.tx
    assert frames.put(PING, b"x" * 9) and frames.put(PING, b"y" * 125) and tx.end == tx.limit
    assert not frames.put(PING, b"")
    tx.start = 15  # the first one has gone
    assert frames.put(PING, b"z" * 9)
    assert [payload for _, _, payload in owner.sent()] == [b"y" * 125, b"z" * 9]


def test_messages_wait_in_a_buffer_that_is_half_sent():
    owner = Owner(tx_size=100)
    put = owner.frames.put
    assert put(TEXT, b"a" * 50) and put(TEXT, b"b" * 50)
    tx = owner.tx
    owner.wire = bytes(tx.data[:57])
    tx.start = 57
    assert put(TEXT, b"c" * 40)
    assert [payload for _, _, payload in owner.sent()] == [b"a" * 50, b"b" * 50, b"c" * 40]


def test_receiving_allocates_nothing():
    owner = Owner()
    heard = bytearray(1)

    def deliver(message):
        heard[0] = message[0]

    owner.deliver = deliver
    owner.chunk = lambda message, at, last: None
    owner.ponged = lambda: None
    spoken = "grüße".encode()
    for data in (
        frame(TEXT, b'{"celsius": 21.5, "where": "kitchen", "note": "plain ASCII!"}'),
        frame(TEXT, b"x" * 200),
        frame(TEXT, spoken),
        frame(PING, b"1234"),
        frame(PONG),
        frame(TEXT, spoken[:3], False) + frame(PING) + frame(CONT, spoken[3:]),
        frame(BINARY, b"y" * 130),
        frame(BINARY, b"y" * 150, False) + frame(CONT, b"z" * 151),
    ):
        no_alloc(_receive, owner, data)
    assert heard[0] == ord("y")


def _receive(owner, data):
    rx = owner.rx
    rx.start = rx.end = 0
    for byte in data:
        rx.data[rx.end] = byte
        rx.end += 1
    owner.received()
    owner.tx.clear()


def test_sending_allocates_nothing():
    owner = Owner()
    for payload in (b"", b"x" * 60, bytearray(b"y" * 125), memoryview(b"z" * 300)):
        assert no_alloc(_send, owner, payload)


def _send(owner, payload):
    owner.tx.clear()
    return owner.frames.put(TEXT, payload) and owner.frames.put(PING, b"")


def test_any_frames_at_random_come_as_they_were_sent():
    random = Random(7)
    for _ in range(60):
        data, wanted = b"", []
        for _ in range(random.below(6) + 1):
            payload = random.bytes(random.below(200))
            left = payload
            kind = BINARY
            while True:
                n = random.below(len(left) + 1)
                last = random.below(2) or not left
                if last:
                    n = len(left)
                data += frame(kind, left[:n], bool(last))
                if random.below(3) == 0:
                    data += frame(PING, random.bytes(random.below(126)))
                left = left[n:]
                kind = CONT
                if last:
                    break
            wanted.append(payload)
        owner = Owner(200, tx_size=2000)
        at = 0
        while at < len(data):
            n = 1 + random.below(60)
            owner.get(data[at : at + n])
            at += n
        assert owner.heard == wanted
