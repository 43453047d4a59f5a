# mypy: ignore-errors
"""A node on five platforms at once: ``SETTINGS EXCHANGES INTERVAL_MS``. Its sensor counts up at
each interval; each platform is told, and each sends commands. Once all of them have, the
exchanges are counted. Prints the heap in use after a collection, the least of the first and of
the last tenth, and how many commands each platform has sent meanwhile."""

import gc
import sys

from motelink import log, port
from motelink.node import Node
from motelink.settings import Settings

NAMES = ("manager", "losant", "iottalk", "sepl", "commute")
WARM = 3  # commands of each, before anything is counted


class Bench:
    def __init__(self, settings, exchanges, interval):
        self.node = node = Node(Settings(settings), "bench")
        self.total = exchanges
        self.part = exchanges // 10
        self.at = -1
        self.heard = [0, 0, 0, 0, 0]
        self.first = self.last = 1 << 29
        self.counter = node.sensor("counter")
        for i in range(5):
            node.on(NAMES[i], self.hearer(i))
        node.every(interval, self.turn)

    def hearer(self, i):
        def hear(_value):
            self.heard[i] += 1

        return hear

    def turn(self):
        self.counter.set((self.counter.value or 0) + 1)
        heard = self.heard
        if self.at < 0:
            if min(heard) < WARM:
                return
            for i in range(5):
                heard[i] = 0
        self.at += 1
        if self.at < self.part:
            self.first = min(self.first, used())
        elif self.at >= self.total - self.part:
            self.last = min(self.last, used())


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def main(settings, exchanges, interval):
    log.set_level("error")
    port.unique_id = lambda: b"bench"  # which this MicroPython has not
    bench = Bench(settings, int(exchanges), int(interval))
    node = bench.node
    node.start()
    while bench.at < bench.total:
        node.loop.step(100)
    for platform in node.platforms:
        client = platform.client
        if client.connects != 1 or client.errors or client.handler_errors:
            raise OSError(f"{platform.name}: {client.last_error}")
    if node.handler_errors:
        raise OSError("handlers raised")
    print("first", bench.first)
    print("last", bench.last)
    for i in range(5):
        print(NAMES[i], bench.heard[i])


main(*sys.argv[1:])
