"""Bytes between one non-blocking TCP or TLS socket and two fixed buffers.

A stream knows no protocol and waits for nothing: `motelink.loop` says when the socket is ready,
`motelink.link` decides what that means. What a socket raises passes through: a handler here would
cost each call a frame on the heap. After `open` nothing here allocates on success.
"""

from motelink import port
from motelink.buffer import Buffer
from motelink.errors import ConnectionLost

read_at = port.read_at


class Stream:
    """``rx``: bytes received, for the engine to consume; ``tx``: bytes to be sent."""

    def __init__(self, rx_size: int, tx_size: int):
        self.rx = Buffer(rx_size)
        self.tx = Buffer(tx_size)
        self.sock = None
        self._most = tx_size  # bytes a write
        self._secure = False  # by `link_connect.secure`: TLS
        # Bytes of a write that would block. TLS may have encrypted them already, and then wants
        # the same ones again: whatever it is given, it takes it for those and says it is sent.
        self._begun = 0

    def open(self, address) -> None:
        """Begin a TCP connection to an address of `port.resolve`. Raises OSError."""
        self.close()
        self.sock = port.tcp_open(address)
        self._most = self.tx.limit
        self._secure = False

    def fill(self) -> int:
        """Receive what there is into ``rx``; returns how many bytes, 0 when it would block.

        Raises OSError: what the socket raises, ConnectionLost at the end of the stream, TooLarge
        when ``rx`` is full (an engine must consume or skip what cannot fit).
        """
        rx = self.rx
        end = rx.end
        if rx.start == end:
            rx.start = end = 0
        elif end == rx.limit:
            rx.make_room(1)
            end = rx.end
        if end:
            n = read_at(self.sock, rx.data, end, rx.limit - end)
        else:
            n = self.sock.readinto(rx.data, rx.limit)
        if n:
            rx.end = end + n
            return n
        rx.end = end
        if n is None:
            return 0
        raise ConnectionLost("closed by the other side")

    def write(self, data: bytes) -> None:
        """Send bytes, in one write where the socket takes them; ``tx`` keeps what it does not.

        Raises OSError: what the socket raises, or TooLarge, with nothing sent, when ``tx`` could
        not keep them.
        """
        tx = self.tx
        n = len(data)
        sent = 0
        if not tx.end and n <= self._most:
            sent = self.sock.write(data, 0, n)
            if sent == n:
                return
            if not sent:
                sent = 0
                if self._secure:
                    self._begun = n
        tx.put(data)
        tx.start += sent

    def flush(self) -> bool:
        """Send what can be sent of ``tx``; True when all of it has gone. Raises OSError."""
        tx = self.tx
        n = self._begun
        if not n:
            n = tx.end - tx.start
            if n > self._most:
                n = self._most
        sent = self.sock.write(tx.data, tx.start, n)
        if not sent:
            if self._secure:
                self._begun = n
            return False
        self._begun = 0
        tx.start += sent
        if tx.start < tx.end:
            return False
        tx.start = tx.end = 0
        return True

    def close(self) -> None:
        """Close the socket, if there is one, and forget what is in the buffers."""
        sock = self.sock
        self.sock = None
        self.rx.clear()
        self.tx.clear()
        self._begun = 0
        if sock:
            try:
                sock.close()
            except OSError:
                pass  # a broken TLS socket may fail to say goodbye; it is closed all the same
