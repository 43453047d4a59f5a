"""Starts a node: Wi-Fi, the time, its platforms, the watchdog. Dropped behind it."""

import gc
import sys

from motelink import log, port
from motelink.errors import ConfigError

_APART_MS = port.const(300)
_DAY_MS = port.const(86400000)
_COLLECT = port.const(4096)
# What starting has loaded. Who uses one of them for longer has it bound.
_DONE = ("identity", "storage", "_files", "_more", "_board", "node_report")
# IoTtalk's registration needs the most memory for a moment.
_PLATFORMS = (
    ("iottalk", "iottalk_url"),
    ("manager", "manager_host"),
    ("losant", "losant_device"),
    ("sepl", "sepl_host"),
    ("commute", "commute_device"),
)


def start(node) -> None:
    """See `motelink.node.Node.start`."""
    _before(node)
    for name, setting in _PLATFORMS:
        if node.settings.get(setting) is not None:
            _join(node, name)
    if not node.platforms:
        choices = ", ".join([setting for _, setting in _PLATFORMS])
        raise ConfigError("no platform: expected one of %s in the settings" % choices)
    _behind(node)


def _join(node, name) -> None:
    gc.collect()  # else garbage would lie between what stays
    part = __import__("motelink.node_" + name, None, None, ("*",))
    gc.collect()
    platform = part.join(node)
    if not platform.client.loop:
        node.loop.add(platform.client)
    # One after another: what connecting needs for the moment is not needed twice.
    apart = len(node.platforms) * _APART_MS
    platform.client.deadline = port.ticks_add(port.ticks_ms(), apart)
    node.platforms.append(platform)
    log.info("%s: %s", name, platform.client)


def _before(node) -> None:
    """Wi-Fi and the clock, where there is a board around the node. Raises ConfigError."""
    board = port.load("_board")
    settings = node.settings
    if settings.get("wifi_ssid") and board.network:
        from motelink.node_wifi import Wifi

        node.wifi = Wifi(node.loop, settings)
        node.loop.add(node.wifi)
    if board.machine and settings.text("ntp_servers", "pool.ntp.org"):
        timer = node.every(settings.integer("ntp_interval", _DAY_MS), node.sync)
        from motelink.node_report import cause

        if node.clock.known() and cause() != "sleep":  # in a sleep it has drifted
            timer.deadline = port.ticks_add(timer.deadline, timer.ms)
        node.loop.timeless = not node.clock.known()


def _behind(node) -> None:
    """The outboxes; the watchdog, where main.py has started this."""
    if len(node.platforms) > 1:
        from motelink.node_again import Again

        Again(node)
    if node.settings.flag("outbox", False):
        from motelink import node_outbox

        node_outbox.join(node)
        del node_outbox
        port.forget("node_outbox")
    if "motelink.node_guard" in sys.modules:
        from motelink import node_guard_trial

        node_guard_trial.watch(node)
        del node_guard_trial
        port.forget("node_guard_trial")
    for name in _DONE:
        port.forget(name)
    if hasattr(gc, "threshold"):
        gc.threshold(_COLLECT)  # boot.py wanted it smaller
