"""What happens in the demo, and when."""

import contextlib
import logging
import queue
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from motelink_tools.demo.facts import Facts
from motelink_tools.demo.local_hub import LocalHub
from motelink_tools.demo.others import CommutePart, IottalkPart, LosantPart, Part, SeplPart
from motelink_tools.faults import Fault, Proxy
from motelink_tools.hub.app.boards.board import HubBoard
from motelink_tools.hub.app.boards.firmware import arguments
from motelink_tools.hub.app.boards.records import Profile
from motelink_tools.hub.manager import Client, Manager
from motelink_tools.hub.registry import Event, Registry, Subscription

HEAP = "128k"  # less than any board that runs all five has
HEARTBEAT_S = 1.0
FIRST_CUT_S = 6.0
CUT_EVERY_S = 30.0
ORDER_EVERY_S = 2.0
TURN_S = 0.1

_SETTINGS = """\
manager_host = "127.0.0.1"
manager_port = {port}
manager_type = "virtual"
wifi_ssid = "demo"
"""


class Demo:
    """Runs everything. ``refresh`` is called after every turn and while flashing."""

    def __init__(self, facts: Facts, refresh: Callable[[], None]) -> None:
        self._facts = facts
        self._refresh = refresh
        self._inbox: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._client: Client | None = None
        self._next_order = 0.0
        self._next_cut = FIRST_CUT_S
        self._expected_answer = ""
        self._parts: dict[str, Part] = {}

    def run(self, seconds: float | None) -> None:
        """Until ``seconds`` have passed, or until interrupted when that is None."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="motelink-")))
            hub = stack.enter_context(LocalHub(folder / "hub", lambda _line: None))
            events = stack.enter_context(hub.registry.subscribe())
            manager = stack.enter_context(self._manager(hub.registry))
            hub.add(manager)
            self._facts.page = hub.page
            self._facts.note("page", f"in a browser: {hub.page}")
            self._facts.note("manager", f"listening on 127.0.0.1:{manager.port}")
            broker = hub.address("losant", "mqtt")
            # The networks that are cut later.
            networks = [
                stack.enter_context(Proxy(port))
                for port in (manager.port, int(broker.rpartition(":")[2]))
            ]
            parts: list[Part] = [
                LosantPart(hub, self._facts, networks[1].port),
                IottalkPart(hub, self._facts),
                SeplPart(hub, self._facts),
                CommutePart(hub, self._facts),
            ]
            self._parts = {part.platform: part for part in parts}
            for part in parts:
                address = next(iter(hub.addresses(part.platform).values()))
                self._facts.note(part.platform, f"serving {address}")
            settings = _SETTINGS.format(port=networks[0].port)
            settings += "".join(part.settings() for part in parts)
            lines = _Lines(self._facts, self._printed)
            project = folder / "project"
            project.mkdir()
            (project / "settings.toml").write_text(settings)
            profile = Profile("demo", heap=HEAP, firmware=str(project))
            board = hub.board(profile, lines.take)
            stack.callback(board.stop)
            board.start()
            self._facts.port = port = board.public()["port"]
            self._facts.note("board", f"real MicroPython, {HEAP} of heap, on {port}")
            self._flash(board, arguments(project, profile.firmware))
            while seconds is None or self._facts.elapsed() < seconds:
                self._facts.state = board.public()["state"]
                self._turn(events, networks)
                self._refresh()
                time.sleep(TURN_S)

    def _manager(self, registry: Registry) -> Manager:
        manager = Manager(
            ["virtual"],
            connection_port=0,
            heartbeat_rate=HEARTBEAT_S,
            logging_level=logging.ERROR,
            registry=registry,
        )

        @manager.event
        def on_connect(client: Client) -> None:
            self._client = client

        @manager.event
        def on_message(_client: Client, message: bytearray) -> None:
            self._inbox.put(message.decode(errors="replace"))

        return manager

    def _flash(self, board: HubBoard, paths: list[str]) -> None:
        facts = self._facts
        facts.state = "flashing"
        with ThreadPoolExecutor(1) as pool:
            flashing = pool.submit(board.flash, lambda: paths)
            while not flashing.done():
                facts.flash_sent, facts.flash_total = board.progress.sent, board.progress.total
                self._refresh()
                wait([flashing], TURN_S)
        result = flashing.result()
        facts.flash_total = board.progress.total
        facts.flash_sent = facts.flash_total
        facts.happened("flashed")
        summary = result.summary
        facts.note(
            "flash",
            f"{len(summary.sent)} files, {summary.bytes:,} bytes, verified, in "
            f"{summary.seconds:.1f} s; the board restarts",
        )

    def _printed(self, line: str) -> None:
        for part in self._parts.values():
            part.heard(line)

    def _turn(self, events: Subscription, networks: list[Proxy]) -> None:
        for event in events.drain():
            if event.platform in self._parts:
                self._parts[event.platform].take(event)
            else:
                self._take(event)
        for part in self._parts.values():
            part.turn()
        while True:
            try:
                self._answer(self._inbox.get_nowait())
            except queue.Empty:
                break
        now = self._facts.elapsed()
        client = self._client
        if client is None or not client.connected:
            return
        if "obeyed" in self._facts.done and now >= self._next_cut:
            self._next_cut = now + CUT_EVERY_S
            self._facts.note("network", "cut: the connections are reset")
            for network in networks:
                network.inflict(Fault.RESET)
            self._facts.happened("cut")
        elif now >= self._next_order:
            self._next_order = now + ORDER_EVERY_S
            self._order(client)

    def _take(self, event: Event) -> None:
        facts = self._facts
        again = "cut" in facts.done
        if event.kind == "connected":
            facts.happened("returned" if again else "connected")
            if again:
                facts.reconnects += 1
            facts.note("manager", "the board is back" if again else "the board has connected")
            self._next_order = facts.elapsed() + 0.5
            self._next_cut = max(self._next_cut, facts.elapsed() + FIRST_CUT_S / 2)
        elif event.kind == "disconnected":
            facts.note("manager", f"the board is gone: {event.reason}")
        elif event.kind == "heartbeat" and event.rtt_s is not None:
            facts.heartbeats += 1
            facts.rtt_ms = [*facts.rtt_ms[-59:], event.rtt_s * 1000]
            facts.happened("beat again" if "returned" in facts.done else "beat")
            if facts.heartbeats == 1:
                facts.note("manager", f"first heartbeat answered in {facts.rtt_ms[0]:.1f} ms")

    def _answer(self, text: str) -> None:
        facts = self._facts
        facts.messages_in += 1
        facts.note("board →", ", ".join(text.splitlines()))
        facts.happened("greeted")
        if self._expected_answer in text.splitlines():
            facts.led = self._expected_answer == "led_on 1"
            facts.happened("obeyed again" if "returned" in facts.done else "obeyed")

    def _order(self, client: Client) -> None:
        facts = self._facts
        order = "led off" if facts.led else "led on"
        self._expected_answer = "led_on 0" if facts.led else "led_on 1"
        try:
            client.get_data(timeout=5)
            client.send_string(order)
        except (Client.ConnectionEnd, Client.InvalidInfo, TimeoutError) as error:
            facts.note("manager", f"no answer: {error}")
            return
        data = client.return_data()["data"]
        facts.heap_free, facts.heap_low = data["heap_free"], data["heap_low"]
        facts.uptime = data["uptime"]
        facts.happened("described")
        facts.messages_out += 1
        facts.note("→ board", order)


class _Lines:
    """Notes what the firmware prints. Called in the board's thread."""

    def __init__(self, facts: Facts, printed: Callable[[str], None]) -> None:
        self._facts = facts
        self._printed = printed
        self._rest = b""

    def take(self, data: bytes) -> None:
        """The next of it, but for the prompt before there is firmware."""
        if self._facts.state == "off":
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").strip()
            if text:
                self._facts.note("console", text)
                self._printed(text)
