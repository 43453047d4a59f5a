# ruff: noqa: F821
# mypy: ignore-errors
# Prints seconds since 1970 by the RTC. Behind wifi.py: ask(ms) asks the time servers and prints
# whether one has answered, how many have been asked in vain, and the RTC again.
from motelink import port

print("~" + repr(port.unix_time()))
if SERVERS:
    from motelink.clock import Clock
    from motelink.node_clock import Sync

    sync = Sync(Clock(), SERVERS)
    loop.timeless = True
    loop.add(sync)


def ask(ms):
    loop.run_for(ms)
    print("~" + repr((not loop.timeless, sync.tries, port.unix_time())))
