"""Starts the firmware, and keeps it from dying in a loop.

    from motelink import node_guard

    node_guard.run("app")           # the last thing in main.py: imports app, calls app.run()

A boot that ends within a minute, however it ends, has died. After three in a row the next one
starts in safe mode, see `motelink.node_guard_safe`. What ``run()`` raises goes to the file
``crash.txt``, and the board restarts: after 10 s, or after an hour where only a person can mend it
(credentials, settings), for reboots would not.

What is needed seldom is in `motelink.node_guard_trial` and `motelink.node_crash`.
"""

from motelink import port

armed = False  # whether firmware was started by `run`
wdt = None  # the watchdog, where there is one
timer = None  # feeds it while a person has the board
clock = None  # of the node, whose uptime does not wrap


def check() -> None:
    """For boot.py: after Ctrl-C and a soft reset, go on feeding the watchdog."""
    _trial("check")


def clear() -> None:
    """No boot has died: this one has lived, or a person asks for another try."""
    _trial("clear")


def run(name: str) -> None:
    """Run the firmware ``name``, until a reset. Ctrl-C ends it."""
    global armed
    _trial("begin")
    armed = True
    born = port.ticks_ms()
    try:
        __import__(name).run()
        raise RuntimeError("%s.run() has returned" % name)
    except KeyboardInterrupt:
        _trial("hold")
        raise
    except Exception as error:
        from motelink import node_crash

        ms = clock.poll() * 1000 if clock else port.ticks_diff(port.ticks_ms(), born)
        node_crash.restart(error, ms)


def _trial(name: str) -> None:
    from motelink import node_guard_trial

    getattr(node_guard_trial, name)()
    del node_guard_trial
    for name in ("node_guard_trial", "node_report", "storage", "_files"):
        port.forget(name)
