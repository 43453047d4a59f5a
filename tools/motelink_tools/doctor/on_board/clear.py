# mypy: ignore-errors
# Gives back what the pieces before have loaded and made. Stays: what feeds a watchdog.
import gc
import sys

for n in list(sys.modules):
    if n.startswith("motelink.") and "guard" not in n and "port" not in n:
        sys.modules.pop(n)
        if hasattr(sys.modules["motelink"], n[9:]):
            delattr(sys.modules["motelink"], n[9:])
for n in ("loop", "wifi", "sync", "Loop", "Wifi", "Settings", "Clock", "Sync", "look", "ask"):
    globals().pop(n, None)
gc.collect()
