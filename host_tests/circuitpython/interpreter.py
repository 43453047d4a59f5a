"""CircuitPython 9 as far as motelink sees it, on CPython: a command line like an interpreter's.

    python interpreter.py BOARD[-without-select] PROGRAM [ARGUMENT...]

BOARD is "espressif" or "raspberrypi". The port is loaded among the fakes; everything else that
runs here, the program and the other end of its connections, sees CPython's modules.
"""

import __future__

import gc
import json
import os
import runpy
import sys
import time
import tomllib
import traceback  # noqa: F401 before there are fakes: what it imports are to be CPython's
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path
from types import SimpleNamespace

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
            cpu=SimpleNamespace(uid=bytearray(b"\xde\xad\xbe\xef"), temperature=21.5),
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
        "rtc": SimpleNamespace(RTC=lambda: SimpleNamespace(datetime=None)),
        "select": select_module() if with_select else None,
        "socketpool": socketpool_module(board),
        "ssl": ssl_module(),
        "supervisor": SimpleNamespace(
            # Wraps soon after the start, as it does there.
            ticks_ms=lambda: (time.monotonic_ns() // 1_000_000 + 0x1FFF0000) % _TICKS_PERIOD
        ),
        "wifi": wifi_module(),
    }


class _AmongFakes:
    """Finds motelink's port for CircuitPython, whose modules see ``fakes`` as they are loaded:
    also when they are dropped and loaded again.
    """

    def __init__(self, fakes):
        self.fakes = fakes

    def find_spec(self, name, path, target=None):
        if not name.startswith("motelink._port_circuitpython"):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = lambda module: self.call(execute, module)
        return spec

    def call(self, function, *arguments):
        before = {name: sys.modules.get(name, self) for name in self.fakes}
        sys.modules.update(self.fakes)
        try:
            return function(*arguments)
        finally:
            for name, module in before.items():
                if module is self:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module


class _Unannotated(SourceFileLoader):
    """Annotations are not evaluated there; libraries name types in them that nothing imports."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        flags = __future__.annotations.compiler_flag
        return compile(self.get_data(path), path, "exec", flags, dont_inherit=True)


class _Libraries:
    """Finds Adafruit's."""

    def find_spec(self, name, path, target=None):
        spec = PathFinder.find_spec(name, path) if name.startswith("adafruit_") else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Unannotated(name, spec.origin)
        return spec


def install(name):
    """Make motelink's port that of CircuitPython, on the board of that name."""
    board, dash, _ = name.partition("-without-select")
    assert board in BOARDS, board
    now = SimpleNamespace(**{**vars(sys.implementation), "name": "circuitpython"})
    sys.implementation = now
    among = _AmongFakes(_modules(board, with_select=not dash))
    sys.meta_path[:0] = [among, _Libraries()]
    # What CPython has none of, programs may see, too.
    for module in ("microcontroller", "micropython", "rtc", "socketpool", "supervisor", "wifi"):
        sys.modules[module] = among.fakes[module]
    from motelink import _port_circuitpython

    among.call(_port_circuitpython._sockets)  # imports wifi and socketpool when first used


def main():
    name, program, *arguments = sys.argv[1:]
    install(name)
    sys.argv = [program, *arguments]
    sys.path.insert(0, str(Path(program).parent))
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
