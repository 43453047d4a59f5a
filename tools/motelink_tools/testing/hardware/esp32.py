"""A fake ``esp32``: NVS, the chip's temperature, wake sources, and as much of Partition as an
application that confirms its own update calls. No RMT, ULP or PCNT.
"""

from binascii import hexlify, unhexlify

import _bench

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True
HEAP_DATA = 4
HEAP_EXEC = 1

_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND and so on
_INVALID_NAME = -0x1106
_KEY_TOO_LONG = -0x1109
_INVALID_LENGTH = -0x110C

_stored = None

pending = {}  # {namespace: {key: value, or None when erased}}: what a reset loses
wake_sources = {}  # {"ext0": (pin, level), ...}: what firmware asked for before deepsleep


def stored():
    """{namespace: {key: int or bytes}}: what is in flash."""
    global _stored
    if _stored is None:
        _stored = {}
        if _bench.state_file is not None:
            try:
                with open(_bench.state_file) as file:
                    for line in file:
                        namespace, key, kind, value = line[:-1].split("\t")
                        value = int(value) if kind == "i32" else unhexlify(value)
                        _stored.setdefault(namespace, {})[key] = value
            except OSError:  # the first start
                pass
    return _stored


def _save():
    with open(_bench.state_file, "w") as file:
        for namespace, values in _stored.items():
            for key, value in values.items():
                if isinstance(value, int):
                    entry = (namespace, key, "i32", str(value))
                else:
                    entry = (namespace, key, "blob", hexlify(value).decode())
                file.write("\t".join(entry) + "\n")


class NVS:
    """Values are kept over a reset only after ``commit``. Names have 1 to 15 characters.

    OSError with ESP-IDF's negative codes: -4354 for a key that is not there, or is of the other
    type; -4364 for a buffer that is too small; -4361 for a name that is too long.
    """

    def __init__(self, namespace):
        self._check(namespace)
        self._namespace = namespace

    def set_i32(self, key, value):
        if not -(1 << 31) <= value < (1 << 31):
            raise OverflowError("overflow converting long int to machine word")
        self._set(key, value)

    def get_i32(self, key):
        value = self._get(key)
        if not isinstance(value, int):
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return value

    def set_blob(self, key, value):
        self._set(key, value.encode() if isinstance(value, str) else bytes(value))

    def get_blob(self, key, buffer):
        """The length; the bytes are in ``buffer``."""
        value = self._get(key)
        if not isinstance(value, bytes):
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        if len(value) > len(buffer):
            raise OSError(_INVALID_LENGTH, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        self._get(key)
        self._set(key, None)

    def commit(self):
        values = stored().setdefault(self._namespace, {})
        for key, value in pending.pop(self._namespace, {}).items():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value
        if _bench.state_file is not None:
            _save()

    def _check(self, name):
        if not name:
            raise OSError(_INVALID_NAME, "ESP_ERR_NVS_INVALID_NAME")
        if len(name) > 15:
            raise OSError(_KEY_TOO_LONG, "ESP_ERR_NVS_KEY_TOO_LONG")

    def _set(self, key, value):
        self._check(key)
        pending.setdefault(self._namespace, {})[key] = value

    def _get(self, key):
        self._check(key)
        changed = pending.get(self._namespace, {})
        value = changed[key] if key in changed else stored().get(self._namespace, {}).get(key)
        if value is None:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return value


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    confirmed = False  # whether mark_app_valid_cancel_rollback was called since power came

    def __init__(self, id, block_size=4096):
        self._label = "factory" if id in (Partition.BOOT, Partition.RUNNING) else id

    def info(self):
        """(type, subtype, address, size, label, encrypted)"""
        return (Partition.TYPE_APP, 0, 0x10000, 0x1F0000, self._label, False)

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        cls.confirmed = True


def mcu_temperature():
    """Degrees Celsius (C3, S2, S3, C6)."""
    return int(_bench.temperature)


def raw_temperature():
    """Degrees Fahrenheit (the first ESP32)."""
    return int(_bench.temperature * 9 / 5 + 32)


def wake_on_ext0(pin=None, level=None):
    wake_sources["ext0"] = (pin, level)


def wake_on_ext1(pins=None, level=None):
    wake_sources["ext1"] = (pins, level)


def wake_on_gpio(pins=None, level=None):
    wake_sources["gpio"] = (pins, level)


def wake_on_touch(wake):
    wake_sources["touch"] = wake


def gpio_deep_sleep_hold(enable):
    wake_sources["hold"] = enable


def idf_heap_info(capabilities):
    """[(total, free, largest free block, least free ever)] of one region, in bytes."""
    return [(200000, 120000, 110000, 100000)]


def _forget(kind):
    pending.clear()
    wake_sources.clear()
    if kind == "power":
        Partition.confirmed = False


_bench.on_restart.append(_forget)
