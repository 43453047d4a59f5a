"""The values in a message of an IoTtalk feature: a JSON array, from some servers a bare value."""

_DIGITS = b"0123456789"


def values(message) -> list:
    """All of them. Allocates. Raises ValueError when the message is not JSON."""
    data = message.json()
    return data if isinstance(data, list) else [data]


def int_at(message, index: int = 0) -> int:
    """One of them, of an array of plain numbers, towards zero: 21 of ``[4, 21.5]`` for 1.

    Allocates nothing below 2**30. Raises ValueError for anything else, and IndexError.
    """
    at = 0
    for _ in range(index):
        at = _after_comma(message, at)
    at = _skip(message, at, b" \t\r\n[")
    negative = message[at] == 45
    return -_read(message, at + 1) if negative else _read(message, at)


def _after_comma(message, at: int) -> int:
    while message[at] != 44:
        at += 1
    return at + 1


def _skip(message, at: int, these: bytes) -> int:
    while message[at] in these:
        at += 1
    return at


def _read(message, at: int) -> int:
    value = 0
    size = len(message)
    start = at
    while at < size and 48 <= message[at] <= 57:
        value = value * 10 + message[at] - 48
        at += 1
    if at == start:
        raise ValueError("expected a number")
    if at < size and message[at] == 46:
        at += 1
        while at < size and message[at] in _DIGITS:
            at += 1
    if at < size and message[at] not in b" \t\r\n,]":
        raise ValueError("expected a plain number")
    return value
