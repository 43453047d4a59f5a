"""motelink.websocket over real loopback connections: what it allocates, loads and drops again, and
what it does without the native code of a port.
"""

import sys

from doubles import Instead
from kit import MICROPYTHON, no_alloc
from motelink import log, port, websocket_frames
from motelink.errors import ConnectionLost
from websocket_peer import CONT, PING, PONG, TEXT, closed, frame
from websocket_session import Session

HEAP = "256k"
log.set_level("off")


def test_steady_state_allocates_nothing():
    with Session() as session:
        client = session.client
        session.connect()
        heard = bytearray(2)

        def on_message(message):
            heard[0] = len(message)

        client.on_message = on_message
        text = b"x" * 60
        sock = session.peer.sock
        came = frame(TEXT, text) + frame(PING, b"ping")

        def receive():
            sock.send(came)
            heard[0] = 0
            while not heard[0]:
                client.step(5)

        no_alloc(client.send_text, text, n=20)
        no_alloc(receive, n=20)
        assert heard[0] == 60 and not client.errors
        assert session.frames(21 * 66) == [(TEXT, True, text)] * 21
        assert session.frames(21 * 10) == [(PONG, True, b"ping")] * 21


def test_masks_in_native_code():
    with Instead(websocket_frames, "mask_into", websocket_frames.mask_into):
        from motelink.websocket_mask import native

        port.forget("websocket_mask")
        assert native is MICROPYTHON
        with Session() as session:
            session.connect()
            for n in (0, 1, 2, 3, 4, 5, 62, 64, 65, 126, 300):
                payload = bytes([i & 255 for i in range(n)])
                assert session.client.send_text(payload)
                size = 6 + n if n < 126 else 8 + n
                assert session.frames(size) == [(TEXT, True, payload)]
            text = b"x" * 60
            no_alloc(session.client.send_text, text, n=20)
            masks = {bytes(session.peer.receive(66))[2:6] for _ in range(21)}
            assert len(masks) > 15, masks


def test_rare_parts_are_dropped_with_the_connection():
    rare = ["motelink.websocket_" + name for name in ("parts", "text", "handshake", "close")]

    def loaded():
        return [name[19:] for name in rare if name in sys.modules]

    if MICROPYTHON:
        with Session() as session:
            session.connect()
            assert loaded() == []
            session.peer.send(frame(TEXT, "grüße".encode()) + frame(TEXT, b"a", False))
            session.peer.send(frame(CONT, b"b"))
            session.peer.wait(lambda: session.heard[-1] == b"ab")
            assert loaded() == ["parts", "text"]
            session.peer.send(closed(1001))
            session.peer.wait(lambda: isinstance(session.heard[-1], ConnectionLost))
            assert "parts" not in loaded() and "text" not in loaded()
            session.connect()
            assert loaded() == []
            session.client.end()
            assert loaded() == []


def without(name):
    """The room of many bytes at once, as it is where the firmware has no such module."""
    own = port.load("_bulk")
    there = sys.modules.get(name)
    port.forget("_bulk")
    sys.modules[name] = sys  # which has nothing of that
    room = port.load("_bulk")
    del sys.modules[name]
    if there:
        sys.modules[name] = there
    sys.modules[own.__name__] = own
    return room


def test_texts_where_framebuf_is_not():
    if MICROPYTHON:
        room = without("framebuf")
        assert hasattr(websocket_frames._bulk, "paint") and not hasattr(room, "paint")
        with Instead(websocket_frames._bulk, "column", room.column), Session() as session:
            session.connect()
            session.peer.send(frame(TEXT, b"plain") + frame(TEXT, "é".encode()))
            session.peer.wait(lambda: len(session.heard) == 3)
            assert session.heard[1:] == [b"plain", "é".encode()]


def test_masks_where_webrepl_is_not():
    if MICROPYTHON:
        room = without("websocket")
        assert hasattr(room, "_words") and not hasattr(websocket_frames._bulk, "_words")
        with Instead(websocket_frames, "mask_into", room.mask_into), Session() as session:
            session.connect()
            for n in (0, 1, 3, 62, 64, 65, 100):
                payload = bytes(range(n))
                assert session.client.send_text(payload)
                assert session.frames(6 + n) == [(TEXT, True, payload)]
