"""CircuitPython 9 as far as motelink sees it, on CPython: a command line like an interpreter's.

    python interpreter.py BOARD[-without-select] PROGRAM [ARGUMENT...]

BOARD is "espressif" or "raspberrypi". The port is loaded among the fakes; everything else that
runs here, the program and the other end of its connections, sees CPython's modules.
"""

import gc
import json
import os
import runpy
import sys
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from fake_network import BOARDS, select_module, socketpool_module, wifi_module
from fake_ssl import ssl_module

_TICKS_PERIOD = 1 << 29


def _getenv(key, default=None):
    """`os.getenv`: a value of settings.toml, if it is of a type that CircuitPython knows."""
    path = Path("settings.toml")
    value = tomllib.loads(path.read_text()).get(key, default) if path.exists() else default
    if isinstance(value, (bool, float)):
        raise ValueError("Invalid byte")
    return value


class _Text(str):
    """A str there is the bytes it was made of, UTF-8 or not."""

    def encode(self):
        return b"".join(character.encode("utf-8", _errors(character)) for character in str(self))


def _errors(character):
    return "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"


def _dumps(value):
    """`json.dumps`: leaves what is not ASCII as it is, and takes bytes for text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    return _Text(json.dumps(value, ensure_ascii=False))


def _modules(board, with_select):
    """What ``import`` finds while the port is loaded."""
    return {
        "gc": SimpleNamespace(collect=gc.collect, mem_alloc=lambda: 1000, mem_free=lambda: 9000),
        "json": SimpleNamespace(dumps=_dumps),
        "microcontroller": SimpleNamespace(
            cpu=SimpleNamespace(uid=bytearray(b"\xde\xad\xbe\xef")),
            reset=lambda: sys.exit("reset"),
        ),
        "micropython": SimpleNamespace(const=lambda value: value),
        "os": SimpleNamespace(
            getenv=_getenv,
            urandom=os.urandom,
            listdir=os.listdir,
            mkdir=os.mkdir,
            remove=os.remove,
            rename=os.rename,
            sync=os.sync,
        ),
        "select": select_module() if with_select else None,
        "socketpool": socketpool_module(board),
        "ssl": ssl_module(),
        "supervisor": SimpleNamespace(
            # Wraps soon after the start, as it does there.
            ticks_ms=lambda: (time.monotonic_ns() // 1_000_000 + 0x1FFF0000) % _TICKS_PERIOD
        ),
        "wifi": wifi_module(),
    }


def install(name):
    """Make motelink's port that of CircuitPython, on the board of that name."""
    board, dash, _ = name.partition("-without-select")
    assert board in BOARDS, board
    modules = _modules(board, with_select=not dash)
    now = SimpleNamespace(**{**vars(sys.implementation), "name": "circuitpython"})
    sys.implementation = now
    with patch.dict(sys.modules, modules):
        from motelink import (
            _port_circuitpython,
            _port_circuitpython_files,
            _port_circuitpython_json,
            _port_circuitpython_more,
            port,
        )

        _port_circuitpython._sockets()  # imports wifi and socketpool when first used
        port.ticks_ms()
    sys.modules.update(  # patch.dict has forgotten them
        {
            "motelink.port": port,
            "motelink._port_circuitpython": _port_circuitpython,
            "motelink._port_circuitpython_files": _port_circuitpython_files,
            "motelink._port_circuitpython_json": _port_circuitpython_json,
            "motelink._port_circuitpython_more": _port_circuitpython_more,
        }
    )


def main():
    name, program, *arguments = sys.argv[1:]
    install(name)
    sys.argv = [program, *arguments]
    sys.path.insert(0, str(Path(program).parent))
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
