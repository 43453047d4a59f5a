"""Deep sleep between reports, for `motelink.node`: see `Node.sleep_after`.

The board starts anew behind each sleep. What must survive it::

    node_sleep.keep(b"...")         # RTC memory where there is some (ESP32, 2 KB), else flash
    data = node_sleep.kept()        # None after power was away, or when nothing was kept
"""

from motelink import port, storage
from motelink.errors import ConfigError

const = port.const
ticks_add = port.ticks_add
ticks_diff = port.ticks_diff

_LOOK_MS = const(100)
_LEAVE_MS = const(3000)
_OPEN = const(3)  # Link's
_ENDED = const(4)
_FILE = "kept"


def keep(data: bytes) -> None:
    """Keep this, in place of what was kept. Raises OSError, ValueError beyond 2048 bytes."""
    rtc = port.load("_board").machine.RTC()
    if hasattr(rtc, "memory"):
        rtc.memory(data)
    else:
        storage.write(_FILE, data)


def kept():
    """What was kept, or None."""
    rtc = port.load("_board").machine.RTC()
    return (rtc.memory() if hasattr(rtc, "memory") else storage.read(_FILE)) or None


class Sleeper:
    """A client of the loop: tells each platform as soon as it is connected, waits until all is
    sent, at most until ``within_ms``, takes leave, and sleeps for ``sleep_ms``."""

    sock = const(None)
    loop = const(None)

    def __init__(self, node, within_ms: int, sleep_ms: int):
        if not (0 < within_ms < 1 << 29 and 0 < sleep_ms < 1 << 29):
            raise ConfigError("sleep_after: 1 ms to 6 days, not %r, %r" % (within_ms, sleep_ms))
        self.node = node
        self.ms = sleep_ms
        self.told: list = []
        self.deadline = port.ticks_ms()
        self.until = ticks_add(self.deadline, within_ms)
        self.leaving = False

    def turn(self, now: int) -> None:
        """Called by the loop."""
        self.deadline = ticks_add(now, _LOOK_MS)
        late = ticks_diff(now, self.until) >= 0
        if self.leaving:
            if late or not self.node.alive():
                self._sleep()
        elif self._all_told() or late:
            for platform in self.node.platforms:
                if platform not in self.told and hasattr(platform, "outbox"):
                    self._tell(platform)  # it waits in flash for the next time
            self.leaving = True
            self.until = ticks_add(now, _LEAVE_MS)
            for platform in self.node.platforms:
                if platform.client.state != _ENDED:
                    platform.client.end()

    def failed(self, error: Exception) -> None:
        """A platform could not be told; called by the loop."""
        self.node.failed(error)

    def _all_told(self) -> bool:
        done = True
        for platform in self.node.platforms:
            client = platform.client
            if client.state == _ENDED:
                continue
            if platform not in self.told:
                done = False  # what is told now has gone at the next look at the earliest
                # IoTtalk says itself what it wants, and when: for that there is ``within_ms``.
                if client.state == _OPEN and client.connected:
                    self._tell(platform)
            elif client.tx.end or getattr(client, "in_flight", 0) or _waiting(platform):
                done = False
        return done

    def _tell(self, platform) -> None:
        if hasattr(platform, "tell"):
            self.told.append(platform)
            platform.tell()

    def _sleep(self) -> None:
        from motelink import node_guard

        node_guard.clear()  # a boot that ends as planned has not died
        if self.node.wifi:
            self.node.wifi.wlan.disconnect()
            self.node.wifi.wlan.active(False)
        for platform in self.node.platforms:
            if hasattr(platform, "outbox"):
                try:
                    platform.outbox.box.close()
                except OSError as error:
                    self.failed(error)
        print("sleep for %d ms" % self.ms)
        port.load("_board").machine.deepsleep(self.ms)


def _waiting(platform) -> int:
    """Records in its outbox, if it has one."""
    return platform.outbox.box.count if hasattr(platform, "outbox") else 0
