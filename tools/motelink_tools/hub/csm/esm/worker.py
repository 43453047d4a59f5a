"""The process that runs the functions of one graph: a line of JSON in, a line of JSON out.

It has no credentials and an empty environment. Its limits stop mistakes; they are no sandbox:
what a function may do to files and the network is what the user of this process may.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import BinaryIO, NoReturn

from motelink_tools.hub.csm.esm.stages import Evaluator, Json, Timeout

_OPEN_FILES = 64
_TOO_LONG = {"msg": "took too long", "src": None, "line": None, "stage": None, "id": None}


def main() -> None:
    """``worker SECONDS BYTES``: time for an evaluation, memory. Ends with its input."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    requests, answers = _private_pipes()
    _limit(memory)
    evaluator: Evaluator | None = None
    for line in requests:
        request = json.loads(line)
        answer: Json
        with _allowed(seconds):
            try:
                if evaluator is None:
                    evaluator = Evaluator(request)
                    answer = {"errors": evaluator.failures()}
                else:
                    answer = evaluator.evaluate(
                        request["slot"], request["elements"], watched=request["watched"]
                    )
            except Timeout:  # between two functions
                answer = {"errors": [_TOO_LONG]}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes from functions that print or ask for input."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    return requests, answers


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:
        return  # Windows has none of these
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


@contextmanager
def _allowed(seconds: float) -> Iterator[None]:
    """So much time, then `Timeout`. What catches even that, our supervisor kills."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    _limit_cpu(seconds)
    signal.signal(signal.SIGALRM, _time_is_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _time_is_up(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Timeout


def _limit_cpu(seconds: float) -> None:
    """For threads that a function leaves behind: SIGXCPU ends the process."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
