"""What it means to an IoT Commute side that its connection has failed. Loaded for the occasion."""

from motelink.errors import AuthError, TimedOut
from motelink.port import const

_POLICY = const(1008)  # how servers close when id or key are wrong
_LONGEST = const(12)  # RECONNECT_INTERVALs: a minute


def failed(client, error):
    """What an error of this client means to its `motelink.commute.WebSocket`, which has tried in
    vain."""
    ws = client.pair
    if not client.backoff:
        from motelink.backoff import Backoff

        base = int(ws.RECONNECT_INTERVAL * 1000) or 1
        client.backoff = Backoff(base, base * _LONGEST)
    ws._tries += 1
    kind = "AuthException"
    if isinstance(error, AuthError):
        why = "%s: device id or key?" % error
    elif getattr(error, "code", 0) == _POLICY:
        # Without its reason, which may repeat the key.
        why = "refused by the server: 1008: device id or key?"
    elif ws._tries >= ws.RECONNECT_TRIES:
        kind = "ClosedException"
        why = "no connection in %d tries: %s" % (ws._tries, error)
    else:
        return error
    from motelink import commute_errors

    return getattr(commute_errors, kind)(why)


def report(client) -> None:
    """Tell ``on_error``, as an error of IoT Commute."""
    from motelink import commute_errors

    error = client.last_error
    if not isinstance(error, commute_errors.IotCommuteException):
        code = 408 if isinstance(error, TimedOut) else 500
        error = commute_errors.IotCommuteException(str(error) or type(error).__name__, code)
    ws = client.pair
    ws._call(ws.on_error, error)
