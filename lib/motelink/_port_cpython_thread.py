"""A client that runs in a thread of its own; boards have none."""

import threading
import time

_STEP_MS = 20


class Runner:
    """Calls ``step(ms)`` until it returns False. ``with runner:`` holds it between two steps, at
    most 20 ms later."""

    def __init__(self, step):
        self._step = step
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="motelink", daemon=True)
        self._thread.start()

    def __enter__(self):
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()

    def _run(self):
        going = True
        while going:
            with self._lock:
                going = self._step(_STEP_MS)
            time.sleep(0.0005)  # who waits for the lock has it now
