"""Safe mode: the network and the console, and nothing that could die.

It is left when the board's code or settings are others than those that died (`motelink flash`,
mpremote), when the file ``guard`` was removed, and by itself after an hour, for one more try: what
killed the firmware may have been somebody else's. No watchdog runs.
"""

import hashlib

from motelink import log, node_crash, port, storage
from motelink.loop import Loop

const = port.const

_SAY_MS = const(60000)
_TRIES = const(60)  # of these


def run(died: str) -> None:
    """Returns when what died, by its fingerprint, is not on the board any more; else stays, and
    resets at last."""
    from motelink.node_guard_trial import LIMIT, write

    found = code()
    if not died:
        write("%d %s" % (LIMIT, found))
    elif died != found:
        log.info("safe mode is over: there are new files")
        return
    loop = Loop()
    _join(loop)
    for _ in range(_TRIES):
        log.error("safe mode: %d boots died; the last: %s", LIMIT, node_crash.last())
        log.error("to leave: flash, or mpremote rm :guard + reset")
        _run_for(loop, _SAY_MS)
    write("%d" % (LIMIT - 1))
    port.load("_board").machine.reset()


def code() -> str:
    """A fingerprint of all code and settings: 16 hex digits. Reads it all."""
    digest = hashlib.sha256()
    _add(digest, "", bytearray(512))
    return "".join(["%02x" % byte for byte in digest.digest()[:8]])


def _add(digest, folder, buf) -> None:
    for name in sorted(storage.files.listdir(folder or "/")):
        path = folder + "/" + name
        if name.endswith((".py", ".mpy", ".toml")):
            digest.update(path.encode())
            with open(path, "rb") as file:
                n = storage.files.read_into(file, buf, len(buf))
                while n:
                    digest.update(memoryview(buf)[:n])
                    n = storage.files.read_into(file, buf, len(buf))
        elif "." not in name:
            try:
                _add(digest, path, buf)
            except OSError:
                pass  # a file


def _join(loop) -> None:
    try:
        from motelink.node_wifi import Wifi
        from motelink.settings import Settings

        settings = Settings()
        if settings.get("wifi_ssid") and port.load("_board").network:
            loop.add(Wifi(loop, settings))
    except Exception as error:  # it may be what died
        log.exception(error, "safe mode")


def _run_for(loop, ms: int) -> None:
    if loop.clients:
        loop.run_for(ms)
    else:
        port.sleep_ms(ms)
