"""A node on five platforms, with outboxes: ``SETTINGS COUNT``. While the network is away its
sensor counts to COUNT; then the network is there until nothing waits; and both again. Prints
``kept PLATFORM PAYLOAD`` for each record that an outbox has confirmed."""

import sys

from motelink import log, port
from motelink.node import Node
from motelink.settings import Settings

STEP_MS = 200
NAMES = ("manager", "losant", "iottalk", "sepl", "commute")


def ignore(_value):
    pass


def watch(platform):
    box = platform.outbox.box
    put = box.put

    def tell(topic, payload):
        kept = put(topic, payload)
        if kept:
            print("kept", platform.name, bytes(payload).decode())
        return kept

    box.put = tell


def main(settings, count):
    log.set_level("error")
    port.unique_id = lambda: b"bench"  # which this MicroPython has not
    node = Node(Settings(settings), "bench")
    counter = node.sensor("counter")
    for name in NAMES:
        node.on(name, ignore)
    node.start()
    for platform in node.platforms:
        watch(platform)
    value = 0
    for _ in range(2):
        node.loop.offline = True
        for platform in node.platforms:
            platform.client.reconnect()
        for _ in range(count):
            value += 1
            counter.set(value)
            node.loop.run_for(STEP_MS)
        node.loop.offline = False
        while node.report()["waiting"]:
            node.loop.run_for(100)
    figures = node.report()
    for name in ("waiting", "dropped", "refused", "corrupt", "handler_errors"):
        print(name, figures[name])
    node.loop.run_for(300)
    print("done")


main(sys.argv[1], int(sys.argv[2]))
