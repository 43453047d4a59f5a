"""A received message, as a view that is used again for the next one."""

class Message:
    """``data[start:end]`` of an engine's receive buffer; valid only while the handler runs.

    Delivery costs nothing; `len`, indexing, ``==`` and `int` allocate nothing; `payload`,
    `bytes`, `text` and `json` allocate what they return. Keep a message by keeping its `bytes`.
    """

    def __init__(self, data: bytearray):
        self.data = data
        self.start = 0
        self.end = 0

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, index: int) -> int:
        if index < 0:
            index += self.end - self.start
        if not 0 <= index < self.end - self.start:
            raise IndexError("message index")
        return self.data[self.start + index]

    def __eq__(self, other) -> bool:
        """Compare with bytes or a str of ASCII."""
        if len(other) != self.end - self.start:
            return False
        if isinstance(other, str):
            for i in range(len(other)):
                if ord(other[i]) != self.data[self.start + i]:
                    return False
            return True
        for i in range(len(other)):
            if other[i] != self.data[self.start + i]:
                return False
        return True

    def __hash__(self):
        raise TypeError("a message is a view that changes; hash its bytes()")

    @property
    def payload(self):
        """A memoryview of the content (allocates the view, not the bytes)."""
        return memoryview(self.data)[self.start : self.end]

    def bytes(self):
        """A copy of the content."""
        return bytes(self.payload)

    def text(self) -> str:
        """The content as UTF-8 text. Raises ValueError (UnicodeError) when it is not."""
        return str(self.payload, "utf-8")

    def int(self):
        """The content as a decimal integer. Raises ValueError when it is not one."""
        data = self.data
        i = self.start
        sign = 1
        if i < self.end and data[i] in b"+-":
            sign = -1 if data[i] == 45 else 1
            i += 1
        if i == self.end:
            raise ValueError("not an integer")
        value = 0
        while i < self.end:
            digit = data[i] - 48
            if not 0 <= digit <= 9:
                raise ValueError("not an integer")
            value = value * 10 + digit
            i += 1
        return sign * value

    def json(self):
        """The content parsed as JSON. Raises ValueError when it is not JSON."""
        import json

        return json.loads(self.bytes())
