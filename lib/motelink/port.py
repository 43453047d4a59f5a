"""The one place that knows which runtime this is. Everything else in motelink asks here.

Each runtime has its own file, ``_port_<runtime>``, and a board loads only its own; what is needed
seldom (TLS, identity, reset) is in ``_port_<runtime>_more``, loaded when first asked for. All give
the same names:

- ``RUNTIME``: "micropython", "circuitpython" or "cpython"; ``const``.
- time: ``ticks_ms() ticks_add(t, ms) ticks_diff(a, b)`` (MicroPython's semantics: small ints that
  wrap; differences below 2**29 ms, 6 days, and OverflowError for adding more), ``sleep_ms(ms)``,
  ``unix_time()`` (seconds since 1970 by the RTC, whatever its truth).
- memory: ``mem_free() collect()``; for tests ``mem_alloc() heap_lock() heap_unlock()``, to be
  bound before the heap is locked; and copying without allocating: ``copy_into(dst, at, src, n)``,
  ``move(dst, at, src, start, n)``; both need ``SLACK`` spare bytes at the end of ``dst``.
- sockets: ``resolve(host, port)``, ``tcp_open(address)``, ``tls_context(...)``,
  ``tls_wrap(...)``, ``poller()``, ``read_at(sock, dst, at, n)``. A socket here is MicroPython's
  stream, on every runtime: ``readinto(buf, n)`` and ``write(buf, at, n)`` return a count, 0 for
  end of stream, None when it would block; ``close()``. A TLS socket drives its handshake inside
  these two.
- the machine: ``unique_id() reset() getrandbits(n) urandom(n) print_exception(e, file)
  getenv(key)``.

Looking a name up here takes a call: modules bind what they use on a hot path when imported.
"""

import sys


def load(name):
    """The module of this runtime that has what one room needs: "_json" for `motelink.jsonw`."""
    name = "motelink._port_" + sys.implementation.name + name
    return __import__(name, None, None, "*")


_now = load("")


def __getattr__(name):
    try:
        return getattr(_now, name)
    except AttributeError:
        return getattr(load("_more"), name)


def forget(name):
    """Drop ``motelink.<name>``, which is needed seldom, to give its memory back, if it is loaded;
    "_json": what `load` loads. CPython keeps it: memory is no matter there, and another thread may
    be importing it."""
    if name.startswith("_"):  # MicroPython keeps each character that a str was indexed for
        name = "_port_" + sys.implementation.name + name
    if sys.implementation.name != "cpython" and sys.modules.pop("motelink." + name, None):
        delattr(sys.modules["motelink"], name)
        _now.collect()  # now, so that what comes next does not lie behind the gap
