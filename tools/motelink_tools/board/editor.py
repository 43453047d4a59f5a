"""The line editor of the friendly REPL, and its rule for when a statement goes on."""

import re

CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E = 1, 2, 3, 4, 5
_BACKSPACE = (0x08, 0x7F)
_ENTER = (0x0D, 0x0A)
_TAB = 0x09
_ESCAPE = 0x1B
_HISTORY = 8  # lines, as on a board
_KEYS = {
    b"[A": "up",
    b"OA": "up",
    b"[B": "down",
    b"OB": "down",
    b"[C": "right",
    b"OC": "right",
    b"[D": "left",
    b"OD": "left",
    b"[H": "home",
    b"[1~": "home",
    b"[F": "end",
    b"[4~": "end",
    b"[3~": "delete",
}


class LineEditor:
    """One line on the terminal: echo, cursor keys, history. What it echoes is added to ``out``."""

    def __init__(self, out: bytearray) -> None:
        self._out = out
        self._history: list[bytes] = []
        self._after_return = False
        self.start(b"")

    def start(self, prompt: bytes) -> None:
        """Print the prompt of a new line."""
        self._out += prompt
        self.line = bytearray()
        self._cursor = 0
        self._escape: bytearray | None = None
        self._recalled = 0  # how many lines back in the history

    def receive(self, byte: int) -> int | None:
        """Take one byte of the line. Returns 0x0D when the line is complete (it is ``line``), a
        control character that the REPL must act on, or None."""
        after_return, self._after_return = self._after_return, False
        if self._escape is not None:
            self._continue_escape(byte)
        elif byte in _ENTER:
            if byte == 0x0A and after_return:
                return None
            self._out += b"\r\n"
            self._remember()
            self._after_return = byte == 0x0D
            return 0x0D
        elif byte == CTRL_C or (CTRL_A <= byte <= CTRL_E and not self.line):
            return byte
        elif byte == _ESCAPE:
            self._escape = bytearray()
        else:
            self._edit(byte)
        return None

    def _edit(self, byte: int) -> None:
        if byte in _BACKSPACE:
            if self._cursor:
                self._move(self._cursor - 1)
                self._erase()
        elif byte == CTRL_A:
            self._move(0)
        elif byte == CTRL_D:
            self._erase()
        elif byte == CTRL_E:
            self._move(len(self.line))
        elif byte == _TAB:
            self._insert(b"    ")
        elif byte >= 0x20:
            self._insert(bytes((byte,)))

    def _continue_escape(self, byte: int) -> None:
        assert self._escape is not None
        self._escape.append(byte)
        sequence = bytes(self._escape)
        if sequence in (b"[", b"O") or re.fullmatch(rb"\[[0-9;]+", sequence):
            return
        self._escape = None
        key = _KEYS.get(sequence)
        if key == "left":
            self._move(max(0, self._cursor - 1))
        elif key == "right":
            self._move(min(len(self.line), self._cursor + 1))
        elif key == "home":
            self._move(0)
        elif key == "end":
            self._move(len(self.line))
        elif key == "delete":
            self._erase()
        elif key == "up":
            self._recall(self._recalled + 1)
        elif key == "down":
            self._recall(self._recalled - 1)

    def _insert(self, data: bytes) -> None:
        self.line[self._cursor : self._cursor] = data
        self._out += self.line[self._cursor :]
        self._cursor += len(data)
        self._back(len(self.line) - self._cursor)

    def _erase(self) -> None:
        """The byte under the cursor."""
        if self._cursor < len(self.line):
            del self.line[self._cursor]
            self._out += b"\x1b[K" + self.line[self._cursor :]
            self._back(len(self.line) - self._cursor)

    def _move(self, to: int) -> None:
        if to < self._cursor:
            self._back(self._cursor - to)
        elif to > self._cursor:
            self._out += b"\x1b[%dC" % (to - self._cursor)
        self._cursor = to

    def _back(self, columns: int) -> None:
        if columns == 1:
            self._out += b"\x08"
        elif columns:
            self._out += b"\x1b[%dD" % columns

    def _recall(self, back: int) -> None:
        if not 0 <= back <= len(self._history):
            return
        self._recalled = back
        self._move(0)
        self._out += b"\x1b[K"
        self.line.clear()
        if back:
            self._insert(self._history[-back])

    def _remember(self) -> None:
        line = bytes(self.line)
        if line.strip() and line not in self._history[-1:]:
            self._history = [*self._history, line][-_HISTORY:]


_COMPOUND = re.compile(r"@|(if|while|for|try|with|def|class|async)\b")
# A string (closed, or open to the end), an escape outside one, or a single character.
_TOKEN = re.compile(
    r"""
    (?P<long>'{3}|\"{3})(?:\\.|(?!(?P=long)).)*(?P<long_end>(?P=long))?
    |(?P<short>['\"])(?:\\.|(?!(?P=short)).)*(?P<short_end>(?P=short))?
    |\\.
    |.
    """,
    re.VERBOSE | re.DOTALL,
)


def goes_on(text: str) -> bool:
    """Whether the REPL asks for another line: a bracket or a long string is open, the line ends
    in a backslash, or a compound statement has not been ended by an empty line."""
    if not text:
        return False
    depth = {"(": 0, "[": 0, "{": 0}
    opening = {")": "(", "]": "[", "}": "{"}
    broken = False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if token["long"] and not token["long_end"]:
            return True
        if token["short"] and not token["short_end"]:
            broken = True  # a syntax error; more lines would not mend it
        elif word in depth:
            depth[word] += 1
        elif word in opening:
            depth[opening[word]] -= 1
    if not broken and max(depth.values()) > 0:
        return True
    return text.endswith("\\") or (bool(_COMPOUND.match(text)) and not text.endswith("\n"))
