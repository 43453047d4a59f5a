"""Bytes between one non-blocking TCP or TLS socket and two fixed buffers.

A stream knows no protocol and waits for nothing: `motelink.loop` says when the socket is ready,
`motelink.link` decides what that means. After `open` nothing here allocates on success.
"""

from motelink import port
from motelink.buffer import Buffer
from motelink.errors import ConfigError, ConnectionLost, ProtocolError, TooLarge

# Before this date the clock cannot have been set, and certificates would fail with a vague error.
_CLOCK_IS_SET = 1704067200  # 2024-01-01
# wss writes of 2 to 4 KB fail on ESP32 (micropython-lib 851, micropython 13521).
_TLS_WRITE = 1024


class Stream:
    """``rx``: bytes received, for the engine to consume; ``tx``: bytes to be sent."""

    def __init__(self, rx_size: int, tx_size: int):
        self.rx = Buffer(rx_size)
        self.tx = Buffer(tx_size)
        self.sock = None
        self._most = tx_size

    def open(self, address) -> None:
        """Begin a TCP connection to an address of `port.resolve`. Raises ConnectionLost."""
        self.close()
        try:
            self.sock = port.tcp_open(address)
        except OSError as error:
            raise ConnectionLost("cannot connect: %s" % error)
        self._most = self.tx.limit

    def secure(self, context, host: str) -> None:
        """Put TLS over the connected socket; its handshake runs inside `fill` and `flush`."""
        if port.unix_time() < _CLOCK_IS_SET:
            raise ConfigError("the clock is not set: certificates cannot be checked; set it first")
        try:
            self.sock = port.tls_wrap(self.sock, context, host)
        except OSError as error:
            raise ConnectionLost("cannot begin TLS: %s" % error)
        self._most = _TLS_WRITE

    def fill(self) -> int:
        """Receive what there is into ``rx``; returns how many bytes, 0 when it would block.

        Raises ConnectionLost at the end of the stream, TooLarge when ``rx`` is full (an engine
        must consume or skip what cannot fit).
        """
        rx = self.rx
        end = rx.end
        try:
            if rx.start == end:
                rx.start = rx.end = 0
                n = self.sock.readinto(rx.data, rx.limit)
            else:
                n = self._fill_behind()
        except OSError as error:
            raise self._lost(error)
        if n:
            rx.end += n
            return n
        if n is None:
            return 0
        raise ConnectionLost("the other side closed the connection")

    def _fill_behind(self):
        rx = self.rx
        if rx.end == rx.limit:
            rx.pack()
            if rx.end == rx.limit:
                raise TooLarge("%d bytes received and no whole message" % rx.limit)
        return port.read_at(self.sock, rx.data, rx.end, rx.limit - rx.end)

    def flush(self) -> bool:
        """Send what can be sent of ``tx``; True when all of it has gone."""
        tx = self.tx
        start = tx.start
        n = tx.end - start
        if n > self._most:
            n = self._most
        try:
            sent = self.sock.write(tx.data, start, n)
        except OSError as error:
            raise self._lost(error)
        if sent is None:
            return False
        start += sent
        if start == tx.end:
            tx.start = tx.end = 0
            return True
        tx.start = start
        return False

    def _lost(self, error: OSError):
        if isinstance(error, TooLarge):
            return error
        if port.is_certificate_error(error):
            return ProtocolError("the server's certificate was refused: check ca=, host, clock")
        return ConnectionLost("connection lost: %s" % error)

    def close(self) -> None:
        """Close the socket, if there is one, and forget what is in the buffers."""
        sock = self.sock
        self.sock = None
        self.rx.clear()
        self.tx.clear()
        if sock is not None:
            try:
                sock.close()
            except OSError:
                pass  # a broken TLS socket may fail to say goodbye; it is closed all the same
