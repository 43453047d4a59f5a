# mypy: ignore-errors
# The first piece: before anything else is in the heap. Prints, one a line: name, release, mpy
# word, machine; (block size, free bytes) of the file system; free heap and its largest block.
import gc
import os
import sys

i = sys.implementation
m = os.uname().machine if hasattr(os, "uname") else getattr(i, "_machine", "")
print("~" + repr((i.name, tuple(i.version)[:3], getattr(i, "_mpy", 0), m)))
s = os.statvfs("/")
print("~" + repr((s[0], s[1] * s[4])))
gc.collect()
free = n = gc.mem_free()
while n > 256:
    # From above: what was tried and freed could still seem to be in use.
    try:
        bytearray(n)
        break
    except MemoryError:
        n -= free // 32
print("~" + repr((free, n)))
