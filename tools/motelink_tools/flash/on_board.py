# ruff: noqa: PTH102, PTH104, PTH107, PTH116, PTH123, PTH208, SIM105, SIM115
# mypy: ignore-errors
# Runs on the board, in the raw REPL: sent as text, so short, and small enough for a 24 KB heap.
# Answers are lines; texts go out as repr(). Paths are relative to the folder the board boots in.
import binascii
import gc
import hashlib
import os
import sys

TEMP = ".~flash"  # new content waits under its name and this; never importable
_EEXIST = 17
_view = memoryview(bytearray(512))
_file = None


def about():
    # name, version, mpy word, machine, (block size, free bytes), free heap
    i = sys.implementation
    m = os.uname().machine if hasattr(os, "uname") else getattr(i, "_machine", "")
    s = os.statvfs(".")
    f = (s[0], s[1] * s[4])
    gc.collect()
    print((i.name, tuple(i.version)[:3], getattr(i, "_mpy", 0), m, f, gc.mem_free()))


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while True:
            n = f.readinto(_view)
            if not n:
                return binascii.hexlify(h.digest()).decode()
            h.update(_view[:n])


def look(paths):
    # (size, sha256), or None where there is nothing, or () for a folder
    for p in paths:
        try:
            s = os.stat(p)
        except OSError:
            print(None)
            continue
        print(() if s[0] & 0x4000 else (s[6], digest(p)))


def leftovers(folders):
    for d in folders:
        try:
            names = os.listdir(d or ".")
        except OSError:
            continue
        for n in names:
            if n.endswith(TEMP):
                p = d + "/" + n if d else n
                print((p, os.stat(p)[6]))


def begin(path):
    global _file
    n = path.find("/")
    while n > 0:
        try:
            os.mkdir(path[:n])
        except OSError as e:
            if e.errno != _EEXIST:
                raise
        n = path.find("/", n + 1)
    _file = open(path + TEMP, "wb")


def put(text):
    data = binascii.a2b_base64(text)
    _file.write(data)
    print(binascii.hexlify(hashlib.sha256(data).digest()[:4]).decode())


def end(path):
    _file.close()
    print(digest(path + TEMP))


def commit(pairs):
    for path, twin in pairs:
        try:
            os.rename(path + TEMP, path)
        except OSError as e:
            if e.errno != _EEXIST:
                raise
            # A file system that does not replace. The new file, verified, has its other name yet.
            os.remove(path)
            os.rename(path + TEMP, path)
        if twin:
            os.remove(twin)


def discard(paths):
    # The file being written may be one of them; on a full file system close() fails, too.
    try:
        if _file:
            _file.close()
    except OSError:
        pass
    for p in paths:
        try:
            os.remove(p)
        except OSError:
            pass


def settle():
    if hasattr(os, "sync"):
        os.sync()
