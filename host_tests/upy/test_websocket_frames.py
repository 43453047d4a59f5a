"""motelink.websocket_frames: what comes is heard as it was said, however it was cut."""

from kit import Random, no_alloc, raises
from motelink.errors import ConnectionLost
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
