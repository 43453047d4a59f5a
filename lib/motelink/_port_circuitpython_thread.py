"""CircuitPython has no threads: see `motelink.loop` instead."""

Runner = None
