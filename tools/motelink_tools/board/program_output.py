"""What a program prints, as a terminal wants it."""

import re

_OWN_FRAME = re.compile(rb'  File "_virtual_console\.py", .*\n')
_LINE_END = re.compile(rb"\r?\n")


def cook(text: bytes) -> bytes:
    """Lines that end in CR LF. The firmware's own line editor, in input(), ends them so."""
    return _LINE_END.sub(b"\r\n", text)


def cook_error(traceback: bytes) -> bytes:
    """A traceback without the frames of what runs programs here."""
    return cook(_OWN_FRAME.sub(b"", traceback))
