"""Device managers: which devices this gateway has, in memory or in a file.

``DevicePool`` is there already, one a program: ``DevicePool.add(device)``. `Pool` makes others. A
manager of your own gives the same five methods.
"""

import json

from motelink import storage
from motelink.errors import ConfigError
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


class DeviceStore(Pool):
    """Devices in a file of JSON, which is written anew with each change and is whole after a power
    cut. Raises OSError, ConfigError for a file that is not one of ours."""

    def __init__(self, path: str = "devices.json"):
        super().__init__()
        self._path = path
        data = storage.read(path)
        try:
            for id, type, name, tags in json.loads(data) if data else ():  # noqa: A001
                device = Device(id, type, name)
                for tag_id, tag in tags:
                    device.addTag(tag_id, tag)
                self._devices[id] = device
        except (ValueError, TypeError) as error:
            raise ConfigError("%s: not a file of devices: %s" % (path, error))

    def add(self, device) -> None:
        """Keep a device, over a restart too."""
        super().add(device)
        self._save()

    def remove(self, id) -> None:  # noqa: A002
        """Forget a device."""
        if id in self._devices:
            super().remove(id)
            self._save()

    def _save(self):
        storage.write(self._path, json.dumps([d.as_row() for d in self._devices.values()]))
