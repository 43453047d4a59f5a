"""A fake ``dht``. The sensor is ``dht`` of the pin's line: (temperature, humidity), or None where
no sensor answers.
"""


class DHT22:
    def __init__(self, pin):
        self.pin = pin
        self._measured = (0, 0)

    def measure(self):
        """OSError (ETIMEDOUT) when no sensor answers."""
        if self.pin._line.dht is None:
            raise OSError(116, "ETIMEDOUT")
        self._measured = self.pin._line.dht

    def temperature(self):
        return self._measured[0]

    def humidity(self):
        return self._measured[1]


class DHT11(DHT22):
    """Whole degrees and per cents."""

    def temperature(self):
        return int(self._measured[0])

    def humidity(self):
        return int(self._measured[1])
