"""Outboxes for the platforms of `motelink.node`, where its settings have ``outbox = true``:
``outbox_segments`` (16) files of ``outbox_segment`` (4096) bytes for each of them in its folder
``outbox-<platform>``; ``outbox_record`` (192, more where Losant's states need it), bytes of the
largest record; ``outbox_policy`` ("drop_oldest", or "refuse"); ``outbox_always`` (false): states
for Losant and IoTtalk that could be sent at once are in flash first.
"""

from motelink import port
from motelink.outbox import Outbox

_PARTS = ("losant", "iottalk", "manager", "sepl", "commute")


def join(node) -> None:
    """Give each platform that was joined its outbox: ``platform.outbox``. Raises ConfigError."""
    for platform in node.platforms:
        if platform.name not in _PARTS:
            continue
        part = __import__("motelink.node_outbox_" + platform.name, None, None, ("*",))
        platform.outbox = part.join(node, platform, _box(node.settings, platform))
        port.forget("node_outbox_" + platform.name)


def _box(settings, platform):
    size = 192
    if hasattr(platform, "writer"):  # Losant's states have room for all sensors, and the time
        size = max(size, platform.writer._text.limit + 32)
    return Outbox(
        "outbox-" + platform.name,
        settings.integer("outbox_record", size),
        settings.integer("outbox_segment", 4096),
        settings.integer("outbox_segments", 16),
        settings.text("outbox_policy", "drop_oldest"),
    )
