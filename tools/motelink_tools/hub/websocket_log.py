"""What the hub's WebSocket servers log: their own faults, and nothing that a peer has sent.

The `websockets` library would write each handshake's URL and each frame at level debug, with the
keys and passwords in them; and a traceback for every peer that goes away in its handshake.
"""

import logging


def logger(name: str) -> logging.Logger:
    """For ``serve(logger=...)``."""
    found = logging.getLogger(name)
    found.setLevel(logging.WARNING)
    found.addFilter(_is_ours)
    return found


def _is_ours(record: logging.LogRecord) -> bool:
    return record.msg != "opening handshake failed"
