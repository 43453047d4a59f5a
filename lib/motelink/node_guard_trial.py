"""For `motelink.node_guard`: how many boots in a row have died, and who feeds the watchdog.

The file ``guard`` has their number, in safe mode with a fingerprint of what they ran behind it; or
``held``, see `hold`. There is none when all is well: a boot writes it, and removes it a minute
later.
"""

from motelink import node_guard, port, storage
from motelink.errors import ConfigError
from motelink.node_report import cause

const = port.const

LIMIT = const(3)
YOUNG_MS = const(60000)
_WATCHDOG_MS = const(30000)


def state() -> str:
    """What the file has; "0" where there is none, or where it cannot be read."""
    try:
        return (storage.read("guard") or b"0").decode()
    except (OSError, ValueError):
        return "0"


def deaths() -> int:
    """How many boots in a row have died."""
    number = state().partition(" ")[0]
    return int(number) if number.isdigit() else 0


def check() -> None:
    """See `node_guard.check`."""
    if state() == "held":
        _feed_by_timer()
    elif deaths() >= LIMIT:
        print("boot.py: %d boots have died within a minute: safe mode" % deaths())


def clear() -> None:
    """See `node_guard.clear`."""
    try:
        storage.remove("guard")
    except OSError:
        pass  # a full or broken flash must not end what works


def begin() -> None:
    """Count this boot as dead until it has lived; or stay in safe mode."""
    if node_guard.timer:
        node_guard.timer.deinit()
    count = deaths()
    if not count and cause() == "sleep":
        return  # spare the flash: what dies now is counted from the next boot on
    if count >= LIMIT:
        from motelink import node_guard_safe

        node_guard_safe.run(state().partition(" ")[2])
        count = 0
    write(str(count + 1))


def write(text: str) -> None:
    """Change the file, if that can be done."""
    try:
        storage.write("guard", text)
    except OSError as error:
        print("guard: %s" % error)


def watch(node) -> None:
    """A node has started: from here on the watchdog bites, where `node_guard.run` has started the
    firmware. Setting ``watchdog_ms``: 0 for none."""
    if node_guard.armed:
        node_guard.clock = node.clock
        from motelink.node_watchdog import Watchdog

        wdt = None
        ms = node.settings.integer("watchdog_ms", timeout_ms())
        if ms and not node_guard.wdt:
            try:
                wdt = node_guard.wdt = port.load("_board").machine.WDT(timeout=ms)
            except (ValueError, OverflowError) as error:
                raise ConfigError("watchdog_ms = %d: %s" % (ms, error))
        node.loop.add(Watchdog(wdt, ms or _WATCHDOG_MS, YOUNG_MS))


def timeout_ms() -> int:
    """The watchdog's by default: what the board can count, at most 30 s."""
    return min(_WATCHDOG_MS, port.load("_board").constant("WATCHDOG_MAX_MS", 8388))


def hold() -> None:
    """A person has the board at its prompt: keep feeding a watchdog that cannot be stopped, also
    after the soft reset that mpremote begins with."""
    if node_guard.wdt:
        write("held")
        _feed_by_timer()
    else:
        clear()


def _feed_by_timer() -> None:
    machine = port.load("_board").machine
    wdt = node_guard.wdt = node_guard.wdt or machine.WDT(timeout=timeout_ms())
    try:
        timer = machine.Timer(-1)
    except ValueError:  # ESP32 has hardware timers only
        timer = machine.Timer(0)
    timer.init(period=1000, callback=lambda _: wdt.feed())
    node_guard.timer = timer
