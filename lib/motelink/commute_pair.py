"""One side of an IoT Commute pair, for programs that run on a loop. `motelink.commute` is the
documented face, with more to it.

    from motelink.commute_pair import Pair

    pair = Pair("lamp-1", "its key", "device", "ws://192.0.2.7:8094/ws")
    pair.on_tick = lambda tick: print(tick["sensor"], tick["value"])
    loop.add(pair)

What it sends is a frame of `motelink.commute_put`, or ``pair.send_text(json)``.
"""

from motelink import port
from motelink.errors import AuthError
from motelink.websocket import Client

const = port.const

_POLICY = const(1008)  # how servers close when id or key are wrong


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
        from motelink import commute_url

        url = commute_url.url(device_id, device_key, side, root)
        del commute_url
        port.forget("commute_url")
        super().__init__(url, **options)
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
