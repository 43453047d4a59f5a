"""motelink.identity: one UUID a board and name."""

from motelink import port
from motelink.identity import board_uuid

CHIP = b"\xde\xad\xbe\xef\x00\x01\x02\x03"


class _Chip:
    """Gives ``port.unique_id`` a value for the time of a ``with``: the unix port has none."""

    def __init__(self, value=CHIP):
        self.value = value

    def __enter__(self):
        port.unique_id = lambda: self.value

    def __exit__(self, *_):
        del port.unique_id


def test_known_answer():
    # SHA-256 of deadbeef00010203, cut to a UUID of version 8.
    with _Chip():
        assert board_uuid() == "60f12417-1b44-82c7-aa54-510ed698727d"


def test_canonical():
    with _Chip():
        for name in ("", "kettle", "Wasserkocher für Tee"):
            uuid = board_uuid(name)
            assert len(uuid) == 36
            assert [uuid[i] for i in (8, 13, 18, 23)] == ["-"] * 4
            digits = uuid.replace("-", "")
            assert len(digits) == 32
            assert all(digit in "0123456789abcdef" for digit in digits)
            assert uuid[14] == "8"  # version
            assert uuid[19] in "89ab"  # variant


def test_stable():
    with _Chip():
        assert board_uuid() == board_uuid("")
        assert board_uuid("kettle") == board_uuid("kettle")


def test_different():
    seen = set()
    for chip in (CHIP, CHIP[:-1] + b"\x04", b"\x00" * 6, b""):
        with _Chip(chip):
            for name in ("", "a", "b", "A"):
                seen.add(board_uuid(name))
    assert len(seen) == 16


def test_client_takes_it():
    from motelink.manager import Client

    with _Chip():
        Client("127.0.0.1", board_uuid(), "kettle", {})
