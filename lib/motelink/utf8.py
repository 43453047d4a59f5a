"""UTF-8, checked in place."""


def is_utf8(data, at: int, end: int) -> bool:
    """Whether ``data[at:end]`` is UTF-8 (RFC 3629: nothing overlong, no surrogate, nothing beyond
    U+10FFFF). Allocates nothing."""
    for at in range(at, end):  # noqa: B020 - a name more, and the frame would come from the heap
        if data[at] > 0x7F:
            break
    else:
        return True
    more = low = high = 0  # continuation bytes to come, the next of them in low..high
    while at < end:
        byte = data[at]
        at += 1
        if more:
            if not low <= byte <= high:
                return False
            more -= 1
            low = 0x80
            high = 0xBF
        elif byte > 0x7F:
            if not 0xC2 <= byte <= 0xF4:
                return False
            more = 1 + (byte > 0xDF) + (byte > 0xEF)
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
    return not more
