"""Starts the firmware, and keeps it from dying in a loop.

    from motelink import node_guard

    node_guard.run("app")           # the last thing in main.py: imports app, calls app.run()

A boot that ends within a minute, however it ends, has died. After three in a row the next one
starts in safe mode, see `motelink.node_guard_safe`. Whether a boot has died is in the file
``guard``: how many did, and in safe mode what they ran; or ``held``: see `hold`.

What ``run()`` raises goes to the file ``crash.txt``, and the board restarts: after 10 s, or after
an hour where only a person can mend it (credentials, settings), for reboots would not.
"""

from motelink import port, storage

const = port.const

LIMIT = const(3)
_YOUNG_MS = const(60000)
_RESTART_MS = const(10000)
_FINAL_MS = const(3600000)
_STEP_MS = const(500)
_WATCHDOG_MS = const(30000)

board = port.load("_board")
armed = False  # whether firmware was started by `run`
wdt = None  # while there is a watchdog
timer = None  # while it feeds it


def state() -> str:
    """What the file has; "0" where there is none, or where it cannot be read."""
    try:
        return (storage.read("guard") or b"0").decode()
    except (OSError, ValueError):
        return "0"


def check() -> None:
    """For boot.py: after `hold` and a soft reset, go on feeding the watchdog."""
    if state() == "held":
        _feed_by_timer()
    elif deaths() >= LIMIT:
        print("boot.py: %d boots have died within a minute: safe mode" % deaths())


def deaths() -> int:
    """How many boots in a row have died."""
    number = state().partition(" ")[0]
    return int(number) if number.isdigit() else 0


def clear() -> None:
    """No boot has died: this one has lived, or a person asks for another try."""
    try:
        storage.remove("guard")
    except OSError:
        pass  # a full or broken flash must not end what works


def run(name: str) -> None:
    """Run the firmware ``name``, until a reset. Ctrl-C ends it."""
    global armed
    if timer:
        timer.deinit()
    count = deaths()
    if count >= LIMIT:
        from motelink import node_guard_safe

        node_guard_safe.run()
        count = 0
    _write(str(count + 1))
    armed = True
    born = port.ticks_ms()
    delay = _RESTART_MS
    try:
        __import__(name).run()
        why = "%s.run() has returned" % name
    except KeyboardInterrupt:
        hold()
        raise
    except Exception as error:
        from motelink import node_crash

        why = node_crash.record(error, port.ticks_diff(port.ticks_ms(), born))
        if getattr(error, "final", False):
            delay = _FINAL_MS
    if delay == _FINAL_MS or not 0 <= port.ticks_diff(port.ticks_ms(), born) < _YOUNG_MS:
        clear()
    print("%s: restart in %d s" % (why, delay // 1000))
    _wait(delay)
    board.machine.reset()


def watch(node) -> None:
    """For `Node.start`, where `run` has started the firmware: from here on the watchdog bites.
    Setting ``watchdog_ms``: 0 for none."""
    global wdt
    if armed:
        node.loop.add(Trial(_YOUNG_MS))
        ms = node.settings.integer("watchdog_ms", timeout_ms())
        if ms and not wdt:
            from motelink.node_watchdog import Watchdog

            wdt = board.machine.WDT(timeout=ms)
            node.loop.add(Watchdog(wdt, ms))


def timeout_ms() -> int:
    """The watchdog's by default: what the board can count, at most 30 s."""
    return min(_WATCHDOG_MS, board.constant("WATCHDOG_MAX_MS", 8388))


def hold() -> None:
    """A person has the board at its prompt: keep feeding a watchdog that cannot be stopped, also
    after the soft reset that mpremote begins with."""
    if wdt:
        _write("held")
        _feed_by_timer()
    else:
        clear()


class Trial:
    """A client of the loop that says when a boot has lived long enough."""

    sock = const(None)
    loop = const(None)

    def __init__(self, ms: int):
        self.deadline = port.ticks_add(port.ticks_ms(), ms)

    def turn(self, _now: int) -> None:
        self.loop.remove(self)
        clear()


def _feed_by_timer() -> None:
    global timer, wdt
    Timer = board.machine.Timer
    wdt = wdt or board.machine.WDT(timeout=timeout_ms())
    try:
        timer = Timer(-1)
    except ValueError:  # ESP32 has hardware timers only
        timer = Timer(0)
    timer.init(period=1000, callback=lambda _: wdt.feed())


def _write(text: str) -> None:
    try:
        storage.write("guard", text)
    except OSError as error:
        print("guard: %s" % error)


def _wait(ms: int) -> None:
    while ms > 0:
        if wdt:
            wdt.feed()
        port.sleep_ms(_STEP_MS)
        ms -= _STEP_MS
