"""motelink.websocket_frames: what is sent, and when there is no room for it."""

from kit import no_alloc, raises
from motelink.errors import TooLarge
from websocket_peer import BINARY, CLOSE, CONT, PING, PONG, TEXT, Owner, closed, frame

HEAP = "3m"  # for what the other end of the line has in mind


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


def test_sending_allocates_nothing():
    owner = Owner()
    for payload in (b"", b"x" * 60, bytearray(b"y" * 125), memoryview(b"z" * 300)):
        assert no_alloc(_send, owner, payload)


def _send(owner, payload):
    owner.tx.clear()
    return owner.frames.put(TEXT, payload) and owner.frames.put(PING, b"")
