"""The device manager that keeps its devices over a restart."""

import json

from motelink import storage
from motelink.errors import ConfigError
from motelink.sepl_device import Device
from motelink.sepl_pool import Pool


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
