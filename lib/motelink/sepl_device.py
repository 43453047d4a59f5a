"""What the SEPL platform knows of a device: id, type, name and tags, and their hashes.

device = Device("window-1", "iot:window", "Window in the hall")
device.addTag("place", "hall")
"""

import hashlib
from binascii import hexlify

_RESERVED = ("device_name", "device_type")


class Device:
    """``id``, ``type`` (read only) and ``name``: str, not empty. Raises TypeError, ValueError.

    Tags keep the order in which they were added, which is part of the hash.
    """

    def __init__(self, id: str, type: str, name: str):  # noqa: A002 - the platform's words
        self._id = _text("id", id)
        self._type = _text("type", type)
        self._tags: list = []  # (id, tag): MicroPython's dict has no order
        self.name = name

    @property
    def id(self) -> str:
        """What the platform calls it, for ever."""
        return self._id

    @property
    def type(self) -> str:
        """The id of its device type on the platform."""
        return self._type

    @property
    def name(self) -> str:
        """What people call it."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = _text("name", name)

    @property
    def tags(self) -> dict:
        """The tags by their ids, a copy; in order where the runtime's dict has one."""
        return dict(self._tags)

    @property
    def hash(self) -> str:
        """SHA-1 of id, type, name, and id and text of each tag; 40 hex digits. Allocates."""
        return _hex([self._id, self._type, self._name] + [a + b for a, b in self._tags])

    def addTag(self, tag_id: str, tag: str) -> None:
        """Add a tag. ValueError where there is one of this id, for a reserved id, and for ``:``
        or ``;`` in either."""
        if self._index(tag_id) is not None:
            raise ValueError("there is a tag %r already; changeTag changes it" % tag_id)
        self._tags.append((_tag_id(tag_id), _tag(tag)))

    def changeTag(self, tag_id: str, tag: str) -> None:
        """Give a tag another text, in its place. ValueError where there is none of this id."""
        self._tags[self._known(tag_id)] = (tag_id, _tag(tag))

    def removeTag(self, tag_id: str) -> None:
        """Remove a tag. ValueError where there is none of this id."""
        del self._tags[self._known(tag_id)]

    def as_put(self) -> dict:
        """The payload of a ``put`` request."""
        return {
            "uri": self._id,
            "name": self._name,
            "iot_type": self._type,
            "tags": [a + ":" + b for a, b in self._tags],
        }

    def as_row(self) -> list:
        """All of it, as a store keeps it."""
        return [self._id, self._type, self._name, self._tags]

    def __repr__(self):
        return "Device(%r, %r, %r)" % (self._id, self._type, self._name)

    def _index(self, tag_id):
        for i in range(len(self._tags)):
            if self._tags[i][0] == tag_id:
                return i
        return None

    def _known(self, tag_id):
        i = self._index(tag_id)
        if i is None:
            raise ValueError("there is no tag %r" % (tag_id,))
        return i


def local_hash(devices) -> str:
    """SHA-1 of the sorted hashes of all devices; 40 hex digits. Allocates. ``devices``: what a
    device manager's ``devices()`` returns: a dict by id, a list or a tuple."""
    return _hex(sorted([device.hash for device in every(devices)]))


def every(devices):
    """The devices themselves, of a dict, a list or a tuple."""
    return devices.values() if isinstance(devices, dict) else devices


def _hex(texts) -> str:
    digest = _sha1()
    for text in texts:
        digest.update(text.encode())
    return hexlify(digest.digest()).decode()


def _sha1():
    """The protocol has it; it guards nothing. CircuitPython knows it by name only."""
    if hasattr(hashlib, "sha1"):
        return hashlib.sha1()  # noqa: S324
    return hashlib.new("sha1")  # type: ignore[attr-defined]  # noqa: S324 - not in the stubs


def _text(what, value):
    if not isinstance(value, str):
        raise TypeError("a device's %s must be a str, got %s" % (what, type(value).__name__))
    if not value:
        raise ValueError("a device's %s must not be empty" % what)
    return value


def _tag(text):
    if not isinstance(text, str):
        raise TypeError("a tag must be a str, got %s" % type(text).__name__)
    if ":" in text or ";" in text:
        raise ValueError("a tag must be without ':' and ';', got %r" % text)
    return text


def _tag_id(tag_id):
    if _tag(tag_id) in _RESERVED or not tag_id:
        raise ValueError("a tag's id must not be empty, device_name or device_type")
    return tag_id
