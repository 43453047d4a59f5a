"""How a WebSocket connection ends (RFC 6455, section 7). Loaded for the occasion."""

from motelink import port
from motelink.errors import ConnectionLost, ProtocolError, TooLarge
from motelink.utf8 import is_utf8

const = port.const

_OPEN = const(2)
_CLOSING = const(3)
_CLOSE = const(8)
_TOO_BIG = const(1009)
_NO_CODE = const(1005)


def close(frames, code: int, reason) -> bool:
    """Begin to close: put a Close into ``tx``, and wait for the one that answers it. False when
    not open, or until there is room. Raises ValueError."""
    payload = reason.encode() if isinstance(reason, str) else bytes(reason)
    if not (_allowed(code) and len(payload) <= 123):
        raise ValueError("expected a code of 1000..4999 and a reason of 123 bytes, got %r" % code)
    done = frames.put(_CLOSE, bytes([code >> 8, code & 255]) + payload)
    if done:
        frames.state = _CLOSING
    return done


def leave(client, code: int, reason) -> bool:
    """`close` of a `motelink.websocket.Client`."""
    done = close(client._frames, code, reason)
    if done:
        client._again = None
        client.connected = client._pinged = False
        client._push()
    return done


def too_large(size: int, limit: int) -> None:
    """Raise TooLarge."""
    raise TooLarge("a frame of %d bytes, at most %d" % (size, limit))


def fail(frames, code: int, reason: str) -> None:
    """Tell the server what it did wrong, and raise it: TooLarge for 1009, else ProtocolError."""
    _say(frames, bytes([code >> 8, code & 255]))
    error = (TooLarge if code == _TOO_BIG else ProtocolError)("%s (%d)" % (reason, code))
    error.code = code
    raise error


def received(frames, at: int, end: int) -> None:
    """A Close has come. Raises ConnectionLost with its ``code`` and ``reason``, unless it answers
    ours."""
    data = frames.rx.data
    code = _NO_CODE
    if at < end:
        code = data[at] << 8 | data[at + 1] if at + 1 < end else 0
        if not _allowed(code):
            fail(frames, 1002, "a Close with code %d" % code)
        if not is_utf8(data, at + 2, end):
            fail(frames, 1007, "a Close whose reason is not UTF-8")
    if frames.state == _CLOSING:
        frames.state = 0
        frames.owner.end()
        return
    # The answer repeats the code.
    _say(frames, bytes(data[at : at + 2]) if at < end else b"")
    reason = bytes(data[at + 2 : end]).decode()
    error = ConnectionLost("closed by the server: %d %s" % (code, reason))
    error.code = code
    error.reason = reason
    raise error


def _say(frames, payload: bytes) -> None:
    # As much as the connection takes now: it is closed in a moment.
    try:
        if frames.put(_CLOSE, payload):
            frames.owner.flush()
    except OSError:
        pass
    frames.state = 0


def _allowed(code: int) -> bool:
    # 7.4, and the registry of RFC 6455 as it is.
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
