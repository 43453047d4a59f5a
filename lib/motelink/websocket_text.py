"""Whether what comes in frames is UTF-8 (RFC 6455, 8.1). `motelink.websocket_frames` loads this
with the first text that is not ASCII, and drops it when the connection is closed."""


def utf8(state: int, data, at: int, end: int) -> int:
    """``state`` after ``data[at:end]``: 0 between characters; inside one, how many bytes are to
    come (2 bits), and the highest and lowest that may be next (8 bits each); -1: not UTF-8."""
    while at < end:
        byte = data[at]
        at += 1
        if state:
            if not state >> 10 <= byte <= (state >> 2 & 255):
                return -1
            state = (state & 3) - 1
            if state:
                state |= 0x80 << 10 | 0xBF << 2
        elif byte > 0x7F:
            if not 0xC2 <= byte <= 0xF4:
                return -1
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
            state = 1 + (byte > 0xDF) + (byte > 0xEF) | low << 10 | high << 2
    return state
