"""A client that runs in a thread of its own; boards have none."""

import threading
import time

_STEP_MS = 20


class Runner:
    """Runs a client, once started, until it has ended. ``with runner:`` holds it between two
    steps, at most 20 ms later."""

    def __init__(self, client):
        self._client = client
        self._lock = threading.RLock()
        self.start = threading.Thread(target=self._run, name="motelink", daemon=True).start

    def __enter__(self):
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()

    def _run(self):
        client = self._client
        going = True
        while going:
            with self._lock:
                client.step(_STEP_MS)
                going = client in client.loop.clients
            time.sleep(0.0005)  # who waits for the lock has it now
