"""Runs the shared test bodies of one module: ``bodies.py MODULE [TEST-TO-LEAVE-OUT...]``.

Prints JSON: a list of the names that ran, and a dict of the tracebacks of those that failed.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from motelink import _port_circuitpython

sys.path.append(str(Path(__file__).parents[1] / "upy"))


# How long a reset may go unseen where poll does not tell of it; the tests would wait for it often.
_TRY_MS = 100


def main():
    _port_circuitpython._TRY_MS = _TRY_MS
    module = importlib.import_module(sys.argv[1])
    left_out = set(sys.argv[2:])
    ran, failed = [], {}
    for name, body in vars(module).items():
        if not name.startswith("test_") or name in left_out:
            continue
        ran.append(name)
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            try:
                with contextlib.redirect_stdout(printed):
                    body()
            except Exception:
                failed[name] = traceback.format_exc() + printed.getvalue()
    print(json.dumps([ran, failed]), flush=True)
    os._exit(0)  # whatever a failed test has left behind


main()
