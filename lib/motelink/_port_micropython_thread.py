"""MicroPython's threads are no place for a client: see `motelink.loop` instead."""

Runner = None
