"""What `motelink.link` needs while a link is not open: connecting, TLS, reporting, backing off.

Each of these loads this module, an open link drops it: a board has its memory back in between.
It comes in small pieces, so that no large block must be free.
"""

import motelink
from motelink import port
from motelink.errors import ConfigError, ConnectionLost, LinkError, ProtocolError, TimedOut

const = port.const

_WAITING = const(0)
_CONNECTING = const(1)
_SECURING = const(2)
_OPEN = const(3)
_IN = const(1)
_OUT = const(4)
_IN_OUT = const(5)
# A connection that lasted so long was good: the next one is tried soon.
_HELD_MS = const(10000)
# Before 2024 the clock cannot have been set, and certificates would fail with a vague error.
_CLOCK_IS_SET = const(1704067200)
# wss writes of 2 to 4 KB fail on ESP32 (micropython-lib 851, micropython 13521).
_TLS_WRITE = const(1024)


def check(host, number, tls):
    """The TLS context, or False. Raises ConfigError for what nobody can connect to, and for a file
    that is no authority's. Says where certificates are not checked."""
    right = isinstance(host, str) and host and isinstance(number, int)
    if not right or not 0 < number < 65536:
        raise ConfigError("expected host and port 1..65535, got %r and %r" % (host, number))
    try:
        if tls is True:
            tls = port.tls_context()
        elif isinstance(tls, str):
            tls = port.tls_context(tls)
    except (OSError, ValueError) as error:
        raise ConfigError("%s:%d: tls=%s: %s" % (host, number, tls, error))
    if tls and not getattr(tls, "verify_mode", 1):  # CircuitPython's contexts do not tell
        from motelink import log

        log.warning("%s:%d: certificates are not checked", host, number)
    return tls


def connect(link, now: int) -> None:
    """From WAITING to CONNECTING. Raises OSError."""
    link.deadline = port.ticks_add(now, link.connect_ms)
    if not link.address:
        link.address = port.resolve(link.host, link.port)
    link.open(link.address)
    link.state = _CONNECTING
    _watch(link, _OUT)


def timeout(link) -> None:
    """The deadline of CONNECTING or SECURING has come."""
    raise TimedOut("%s: not connected in %d ms" % (link, link.connect_ms))


def ready(link, events: int) -> None:
    """The socket is ready, in CONNECTING or SECURING. Raises OSError."""
    if events > _IN_OUT:
        link.fill()  # raises what broke it
        raise ConnectionLost("%s: cannot connect" % link)
    now = port.ticks_ms()
    if link.state == _CONNECTING:
        link._greet()
        if link.tls:
            link.loop.poll.unregister(link.sock)
            secure(link, link.tls, link.host)
            _watch(link, _IN)
            link.state = _SECURING
            link.deadline = port.ticks_add(now, link.connect_ms)
        else:
            link.loop.poll.modify(link.sock, _IN)
            link.state = _OPEN
    # The handshake runs inside these two, and is over when a byte of ours has moved.
    if link.state == _OPEN or link.fill() or (link.tx.end and (link.flush() or link.tx.start)):
        link.state = _OPEN
        link.connects += 1
        link._since = now
        port.forget("link_connect")
        if hasattr(motelink, "log"):  # not loaded for this alone
            motelink.log.info("%s: connected", link)
        link._opened(now)
        if link.rx.end:
            link._received()
        if link.tx.end:
            link.send_on()


def secure(stream, context, host: str) -> None:
    """Put TLS over the connected socket of a `Stream`; its handshake runs inside `Stream.fill` and
    `Stream.flush`.

    Raises ConfigError while the clock is not set: certificates could not be checked.
    """
    if port.unix_time() < _CLOCK_IS_SET:
        raise ConfigError("the clock is not set, so certificates cannot be checked")
    stream.sock = port.tls_wrap(stream.sock, context, host)
    stream._secure = True
    if stream._most > _TLS_WRITE:
        stream._most = _TLS_WRITE


def failed(link, error: Exception) -> None:
    """Close, report, and back off; or end, if the error is final."""
    now = port.ticks_ms()
    error = _lost(link, error)
    if not link.backoff:
        from motelink.backoff import Backoff

        link.backoff = Backoff()
    if link.state != _OPEN:
        link.address = None
    elif not 0 <= port.ticks_diff(now, link._since) < _HELD_MS:
        link.backoff.reset()
    link.last_error = error
    link.deadline = port.ticks_add(now, link.backoff.next())
    # Loaded with the first trouble, unless the firmware has it already.
    from motelink import log

    if isinstance(error, OSError):  # the network's: one line
        if str(error).startswith(str(link)):
            log.warning("%s", error)
        else:
            log.warning("%s: %s", link, error)
    else:
        log.exception(error, link)
    if getattr(error, "final", False):
        link.loop.error = error
        link.end(error)
    else:
        link.drop(_WAITING, error)


def _watch(link, events: int) -> None:
    link.loop.poll.register(link.sock, events)
    link.loop.moved = True


def _lost(link, error: Exception):
    """What the socket raised, as a LinkError; any other error as it is."""
    if isinstance(error, LinkError):
        return error
    # ValueError: how MicroPython's TLS says why.
    if link.state == _SECURING and isinstance(error, (OSError, ValueError)):
        why = port.why_refused(error)
        if why:
            return ProtocolError("certificate refused: %s; check ca=, host and clock" % why)
    if isinstance(error, OSError):
        what = "connection lost" if link.state == _OPEN else "cannot connect"
        return ConnectionLost("%s: %s" % (what, error))
    return error
