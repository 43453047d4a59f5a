"""Runs chosen tests of one body module on MicroPython: ``micropython runner.py MODULE TEST...``.

Says what happens in lines that start with a record separator, which collector.py reads:
``start NAME``, then ``pass NAME`` or ``fail NAME`` with the traceback after it. All other output
belongs to the test. Formats nothing itself, so that a test which exhausts the heap still reports.
"""

import gc
import sys

import micropython

_MARK = "\x1e"


def _say(word, name):
    # Begins a line of its own, whatever the test has printed.
    print("\n" + _MARK + word, name)


def _unlock_heap():
    micropython.heap_lock()
    while micropython.heap_unlock() > 0:
        pass


def _run(module, name):
    gc.collect()
    _say("start", name)
    try:
        getattr(module, name)()
    except BaseException as exc:
        _unlock_heap()
        _say("fail", name)
        sys.print_exception(exc)
    else:
        _unlock_heap()
        _say("pass", name)


def main():
    module = __import__(sys.argv[1])
    for name in sys.argv[2:]:
        _run(module, name)


main()
