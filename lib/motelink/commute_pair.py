"""One side of an IoT Commute pair, for programs that run on a loop. `motelink.commute` is the
documented face, with more to it.

    from motelink.commute_pair import Pair

    pair = Pair("lamp-1", "its key", "device", "ws://192.0.2.7:8094/ws")
    pair.on_tick = lambda tick: print(tick["sensor"], tick["value"])
    loop.add(pair)

What it sends is a frame of `motelink.commute_put`, or ``pair.send_text(json)``.
"""

from motelink.errors import AuthError, ConfigError
from motelink.port import const
from motelink.websocket import Client

_POLICY = const(1008)  # how servers close when id or key are wrong
_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


class Pair(Client):
    """``device_id``, ``device_key``: str. ``side``: "device" or "client". ``root``: the server's
    URL. ``options``: see `motelink.websocket.Client`; ``rx_size`` and ``tx_size`` bound a frame
    (512 bytes each).

    ``on_tick(tick)``: a dict; decoding it allocates. A refused id or key is final. Raises
    ConfigError.
    """

    on_tick = const(None)

    def __init__(self, device_id, device_key, side, root, **options):
        options.setdefault("rx_size", 512)
        options.setdefault("tx_size", 512)
        super().__init__(url(device_id, device_key, side, root), **options)
        self.on_message = self._tick

    def failed(self, error: Exception) -> None:
        """Something raised; called by the loop."""
        if getattr(error, "code", 0) == _POLICY:
            error = AuthError("refused by the server: device id or key")
        super().failed(error)

    def _tick(self, message) -> None:
        if self.on_tick:
            tick = message.json()
            if isinstance(tick, dict):
                self.on_tick(tick)


def url(device_id, device_key, side, root) -> str:
    """Where a side connects to. Raises ConfigError."""
    if side not in ("device", "client"):
        raise ConfigError("side must be 'device' or 'client', got %r" % (side,))
    if not device_id or not device_key:
        raise ConfigError("expected a device id and its key")
    return "%s?device=%s&key=%s&side=%s" % (root, quoted(device_id), quoted(device_key), side)


def quoted(text: str) -> str:
    """For a URL (RFC 3986, 2.1)."""
    return "".join([chr(b) if b in _SAFE else "%%%02X" % b for b in text.encode()])
