"""The one place that knows which runtime this is. Everything else in motelink asks here.

Each runtime has its own file, and a board loads only its own. All give the same names:

- ``RUNTIME``: "micropython", "circuitpython" or "cpython"; ``const``.
- time: ``ticks_ms() ticks_add(t, ms) ticks_diff(a, b)`` (MicroPython's semantics: small ints that
  wrap; differences up to 2**29 ms, 6 days), ``sleep_ms(ms)``, ``unix_time()`` (seconds since 1970
  by the RTC, whatever its truth).
- memory: ``heap_lock() heap_unlock() mem_alloc() mem_free() collect()``, and copying without
  allocating: ``copy_into(dst, at, src, n)``, ``move(dst, at, src, start, n)``.
- sockets: ``resolve(host, port)``, ``tcp_open(address)``, ``tls_context(...)``,
  ``tls_wrap(...)``, ``poller()``, ``read_at(sock, dst, at, n)``. A socket here is MicroPython's stream, on every runtime:
  ``readinto(buf, n)`` and ``write(buf, at, n)`` return a count, 0 for end of stream, None when
  it would block; ``close()``. A TLS socket drives its handshake inside these two.
- the machine: ``unique_id() reset() getrandbits(n) urandom(n) print_exception(e, file)
  getenv(key)``.

Allocation: importing costs the names; the calls say so in their own docstrings where they do.
"""

import sys

# ruff: noqa: F403
if sys.implementation.name == "micropython":
    from motelink._port_micropython import *
elif sys.implementation.name == "circuitpython":
    from motelink._port_circuitpython import *
else:
    from motelink._port_cpython import *
