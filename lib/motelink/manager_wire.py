"""The wire constants of iot-manager's getinfo / heartbeat protocol: their one home, read by the
device's client and by the host's Manager. Allocates nothing but its names.

=========== ================================== ========= =============== ===========
dialect     message boundary                   getinfo   heart / beat    end
=========== ================================== ========= =============== ===========
raw         none: a command byte or a segment  01        02 / ``beat``   ``end\\n``
terminated  FF after each message              01 FF     02 FF / 02      03 FF
length      2-byte big-endian length before    00 01 01  00 01 02        00 01 03
=========== ================================== ========= =============== ===========
"""

DEFAULT_PORT = 8595

# Dialects: what ``framing=`` takes.
RAW = "raw"
TERMINATED = "terminated"
LENGTH = "length"

# Commands, one byte each. A device answers HEART with HEART itself, but for the raw dialect.
GETINFO = 1
HEART = 2
END = 3

RAW_BEAT = b"beat"
RAW_END = b"end\n"

TERMINATOR = 0xFF
LENGTH_BYTES = 2
MAX_LENGTH = 0xFFFF

# The answer to getinfo: UUID ## TYPE ## DATA, in UTF-8. DATA is a JSON object.
SEPARATOR = b"##"
UUID_LENGTH = 36
MAX_INFO = 65536

# How long the server waits for an answer to heart or getinfo before it ends the connection.
ANSWER_MS = 15000
