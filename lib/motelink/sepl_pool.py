"""Device managers: which devices this gateway has; in memory here, in a file in
`motelink.sepl_store`.

``DevicePool`` is there already, one a program: ``DevicePool.add(device)``. `Pool` makes others. A
manager of your own gives the same five methods.
"""

from motelink.sepl_device import Device


class Pool:
    """Devices in memory. ``add``, ``update``: TypeError for what is no `Device`; adding one that
    is there replaces it. ``remove(id)``: nothing happens where there is none of this id."""

    def __init__(self):
        self._devices = {}

    def add(self, device) -> None:
        """Keep a device."""
        if not isinstance(device, Device):
            raise TypeError("expected a Device, got %s" % type(device).__name__)
        self._devices[device.id] = device

    def update(self, device) -> None:
        """Keep what has changed in a device."""
        self.add(device)

    def remove(self, id) -> None:  # noqa: A002 - the documented name
        """Forget a device."""
        self._devices.pop(id, None)

    def get(self, id):  # noqa: A002
        """The device, or None."""
        return self._devices.get(id)

    def devices(self) -> dict:
        """The devices by id; not a copy."""
        return self._devices


class _DevicePool(Pool):
    """The one that programs use without making it; calling it, as if it were a class, is no
    harm."""

    def __call__(self):
        return self


DevicePool = _DevicePool()
