"""CRC-32 (IEEE 802.3) of records in flash, without a big int.

``binascii.crc32`` returns 32 bits, and MicroPython's small ints have 31: it allocates each time.
Here the sum is kept in two halves. About 2,000 instructions a byte on MicroPython.
"""

from array import array

# The sums of 0 to 15, low halves, then high halves.
_TABLE = array("H")
_TABLE.extend(array("H", (0x0000, 0x1064, 0x20C8, 0x30AC, 0x4190, 0x51F4, 0x6158, 0x713C)))
_TABLE.extend(array("H", (0x8320, 0x9344, 0xA3E8, 0xB38C, 0xC2B0, 0xD2D4, 0xE278, 0xF21C)))
_TABLE.extend(array("H", (0x0000, 0x1DB7, 0x3B6E, 0x26D9, 0x76DC, 0x6B6B, 0x4DB2, 0x5005)))
_TABLE.extend(array("H", (0xEDB8, 0xF00F, 0xD6D6, 0xCB61, 0x9B64, 0x86D3, 0xA00A, 0xBDBD)))
_sum = array("H", (0, 0))


def crc32(data, n: int, at: int) -> None:
    """Write the CRC-32 of ``data[:n]`` without the four bytes at ``at`` to these, big-endian.

    Allocates nothing.
    """
    _run(data, n, at)
    data[at] = _sum[1] >> 8
    data[at + 1] = _sum[1] & 255
    data[at + 2] = _sum[0] >> 8
    data[at + 3] = _sum[0] & 255


def same(data, n: int, at: int) -> bool:
    """Whether `crc32` would write what is there. Allocates nothing."""
    _run(data, n, at)
    return (
        data[at] == _sum[1] >> 8
        and data[at + 1] == _sum[1] & 255
        and data[at + 2] == _sum[0] >> 8
        and data[at + 3] == _sum[0] & 255
    )


def _run(data, n, at):
    low = high = 0xFFFF
    for i in range(n):
        if not at <= i < at + 4:
            low ^= data[i]
            i = low & 15
            low = (low >> 4 | high << 12 & 0xF000) ^ _TABLE[i]
            high = high >> 4 ^ _TABLE[i + 16]
            i = low & 15
            low = (low >> 4 | high << 12 & 0xF000) ^ _TABLE[i]
            high = high >> 4 ^ _TABLE[i + 16]
    _sum[0] = low ^ 0xFFFF
    _sum[1] = high ^ 0xFFFF
