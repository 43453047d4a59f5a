"""Devices to put on the fake board's buses."""


class Registers:
    """An I2C device made of registers of a byte: the first byte written is the register's number,
    the rest goes there and to those behind it; a read begins where the last access ended.

    ``memory`` is its registers, to set and to look at.
    """

    def __init__(self, content: dict[int, int | bytes] | None = None, size: int = 256) -> None:
        self.memory = bytearray(size)
        self._at = 0
        for number, value in (content or {}).items():
            data = bytes([value]) if isinstance(value, int) else value
            self.memory[number : number + len(data)] = data

    def write(self, data: bytes) -> None:
        if not data:
            return
        self._at = data[0]
        for value in data[1:]:
            self.memory[self._at % len(self.memory)] = value
            self._at += 1

    def read(self, n: int) -> bytes:
        data = bytes(self.memory[(self._at + i) % len(self.memory)] for i in range(n))
        self._at += n
        return data
