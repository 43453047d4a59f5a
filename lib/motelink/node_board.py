"""What a node starts around its platforms: Wi-Fi, the time, the watchdog. Dropped behind it."""

import sys

from motelink import port

_DAY_MS = port.const(86400000)


def before(node) -> None:
    """Wi-Fi and the clock, where there is a board around the node. Raises ConfigError."""
    board = port.load("_board")
    settings = node.settings
    if settings.get("wifi_ssid") and board.network:
        from motelink.node_wifi import Wifi

        node.wifi = Wifi(node.loop, settings)
        node.loop.add(node.wifi)
    if board.machine and settings.text("ntp_servers", "pool.ntp.org"):
        timer = node.every(settings.integer("ntp_interval", _DAY_MS), node.sync)
        if node.clock.known():
            timer.deadline = port.ticks_add(timer.deadline, timer.ms)
        else:
            node.loop.timeless = True


def behind(node) -> None:
    """The watchdog, where main.py has started this."""
    guard = sys.modules.get("motelink.node_guard")
    if guard:
        guard.watch(node)
