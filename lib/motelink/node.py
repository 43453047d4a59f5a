"""A board's firmware: sensors and commands on one side, platforms on the other.

    from motelink.node import Node

    node = Node()                                   # settings.toml says which platforms
    temperature = node.sensor("temperature", 1)     # in tenths
    node.on("led", lambda value: led.value(value))
    node.every(1000, lambda: temperature.set(measure()))
    node.run()

Each platform hears the sensors at its own interval and gives its commands to the same handlers,
in its own terms; see ``motelink.node_<platform>``. Each is loaded only where it is configured:

=========== ================= ====================================================
platform    its setting       the others
=========== ================= ====================================================
manager     manager_host      manager_port, manager_type, manager_framing, ...
losant      losant_device     losant_key, losant_secret, losant_host, ...
iottalk     iottalk_url       iottalk_model, iottalk_name, ...
sepl        sepl_host         sepl_user, sepl_password, sepl_device, ...
commute     commute_device    commute_key, commute_root, ...
=========== ================= ====================================================

Intervals are settings, too, in milliseconds: ``manager_interval`` (60000), ``losant_interval``
and so on (1000). Allocates nothing between those, where sensors are set to ints.
"""

import gc

from motelink import log, port
from motelink.clock import Clock
from motelink.errors import ConfigError
from motelink.loop import Loop
from motelink.port import const, mem_free, ticks_add, ticks_diff, ticks_ms
from motelink.settings import Settings

_ENDED = const(4)  # Link's


class Sensor:
    """One named value: an int, in units of ``decimals`` decimal places; None while unknown."""

    def __init__(self, name: str, decimals: int):
        self.name = name
        self.decimals = decimals
        self.value = None

    def set(self, value) -> None:
        """This is its value now."""
        self.value = value

    def scaled(self):
        """The value in whole units: a float where there are decimals, which allocates."""
        value = self.value
        return value / 10**self.decimals if self.decimals and value is not None else value


class Timer:
    """Calls ``handler()`` every ``ms``; a client of the loop. One that is late is not made up
    for."""

    sock = const(None)

    def __init__(self, node, ms: int, handler):
        if not 0 < ms < 1 << 29:
            raise ConfigError("an interval is 1 ms to 6 days, got %r" % (ms,))
        self.node = node
        self.ms = ms
        self.handler = handler
        self.loop = None
        self.deadline = ticks_ms()

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        self.deadline = ticks_add(self.deadline, self.ms)
        if ticks_diff(self.deadline, now) <= 0:
            self.deadline = ticks_add(now, self.ms)
        self.handler()

    def failed(self, error: Exception) -> None:
        """The handler raised; called by the loop."""
        self.node.failed(error)


class Node:
    """``settings``: a `motelink.settings.Settings`, of ``settings.toml`` by default. ``name``:
    what the platforms are told that this is.

    ``sensors``; ``loop``; ``clock``; ``platforms``: those that were joined, each with its ``name``
    and its ``client``; ``wifi``: a `motelink.node_wifi.Wifi`, or None. ``handler_errors``:
    handlers that raised. ``lowest``: the least heap that was free after a collection. Raises
    ConfigError.
    """

    wifi = const(None)
    sleeper = const(None)

    def __init__(self, settings=None, name: str = "node"):
        self.settings = settings or Settings()
        self.name = name
        self.sensors: list = []
        self.platforms: list = []
        self.commands: list = []
        self.handlers: list = []
        self.loop = Loop()
        self.clock = Clock()
        self.handler_errors = 0
        self.lowest = 1 << 29
        self.started = False

    def sensor(self, name: str, decimals: int = 0) -> Sensor:
        """Declare a value that the platforms are told, before `start`."""
        self._declare(name)
        sensor = Sensor(name, decimals)
        self.sensors.append(sensor)
        return sensor

    def on(self, name: str, handler) -> None:
        """Call ``handler(value)`` at the command ``name`` of any platform, declared before
        `start`. ``value``: whatever JSON has; None where the platform gave none."""
        self._declare(name)
        self.commands.append(name)
        self.handlers.append(handler)

    def every(self, ms: int, handler) -> Timer:
        """Call ``handler()`` every ``ms``, first at once."""
        timer = Timer(self, ms, handler)
        self.loop.add(timer)
        return timer

    def add(self, client) -> None:
        """Run a client of your own, too: anything that `motelink.loop` runs."""
        self.loop.add(client)

    def start(self) -> None:
        """Join Wi-Fi, ask for the time, and make a client for each platform that is configured.
        Raises ConfigError."""
        from motelink import node_board

        self.started = True
        node_board.start(self)
        del node_board
        port.forget("node_board")
        self.free()

    def run(self) -> None:
        """Start, and run until every platform has ended for good; then raises the last error."""
        self.step()
        while self.alive() or self.sleeper:
            self.step(1000)
        if self.loop.error:
            raise self.loop.error

    def step(self, ms: int = 0) -> None:
        """One turn of at most ``ms``; the first one starts."""
        if not self.started:
            self.start()
        self.loop.step(ms)
        self.clock.poll()  # it wants to be asked every few days

    def sync(self) -> None:
        """Ask for the time of day."""
        from motelink import node_clock

        node_clock.start(self)

    def alive(self) -> bool:
        """Whether a platform is connected, or tries to be."""
        for platform in self.platforms:  # noqa: SIM110 any() would make a generator each time
            if platform.client.state != _ENDED:
                return True
        return False

    def sleep_after(self, within_ms: int, sleep_ms: int) -> None:
        """Tell every platform of the sensors, within ``within_ms`` from now, then deep sleep. Up
        to 6 days each; see `motelink.node_sleep`. Raises ConfigError."""
        from motelink.node_sleep import Sleeper

        self.sleeper = Sleeper(self, within_ms, sleep_ms)
        self.loop.add(self.sleeper)

    def report(self, json=None) -> dict:
        """How this node is, see `motelink.node_report`; also into the object that ``json``, a
        `motelink.jsonw` writer, has begun. Allocates some 2 KB for a moment."""
        from motelink import node_report

        return node_report.report(self, json)

    def command(self, name, value) -> bool:
        """A platform has sent a command; False when nobody knows it."""
        for i in range(len(self.commands)):
            if self.commands[i] == name:
                try:
                    self.handlers[i](value)
                except Exception as error:
                    self.failed(error)
                return True
        log.warning("unknown command %s", name)
        return False

    def failed(self, error: Exception) -> None:
        """A handler raised."""
        self.handler_errors += 1
        log.exception(error, self.name)

    def free(self) -> int:
        """Bytes of heap that could be had, after a collection."""
        gc.collect()
        free = mem_free()
        if free < self.lowest:
            self.lowest = free
        return free

    def _declare(self, name) -> None:
        if self.started:
            raise ConfigError("declare %s before start" % name)
