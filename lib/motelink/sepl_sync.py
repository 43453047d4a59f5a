"""How a session of `motelink.sepl_session` becomes ready: credentials, then the devices, where the
platform has others. Loaded for each connection, and dropped once it is ready.
"""

import json

from motelink import port
from motelink.errors import AuthError, ProtocolError
from motelink.sepl_device import every, local_hash
from motelink.sepl_session import Request, uuid4

const = port.const
ticks_add = port.ticks_add

_GREETING = const(1)
_SYNCING = const(2)
_READY = const(3)
_OK = const(200)
_ANSWER_MS = const(10000)


def greet(session, now: int) -> None:
    """The credentials go out."""
    session.state = _GREETING
    session.deadline = ticks_add(now, _ANSWER_MS)
    hello = {
        "user": session.user,
        "pw": session.password,
        "gid": session.gid,
        "token": "credentials",
    }
    session.owner.send(json.dumps(hello))


def greeted(session, now, status, token, payload) -> None:
    """Their answer has come. Raises ProtocolError, AuthError."""
    if token != "credentials":  # noqa: S105 - the protocol's word
        raise ProtocolError("expected the answer to the credentials first")
    if status != _OK:
        raise AuthError("refused by the platform: status %s" % status)
    try:
        gid = payload["gid"]
        theirs = payload["hash"]
    except (KeyError, TypeError, IndexError):
        raise ProtocolError("an answer to the credentials without gid and hash") from None
    if gid != session.gid and isinstance(gid, str):
        session.gid = gid
        session.owner.keep_gid(gid)
    _synchronise(session, now, theirs)


def stepped(session, now, answer) -> None:
    """A step of the synchronisation has its answer. Raises ProtocolError, ConnectionLost,
    TooLarge."""
    if answer.status != _OK:
        raise ProtocolError("the platform refused to synchronise: status %s" % answer.status)
    if len(session.steps) > 1:
        _next(session, now)
    else:
        # What was added meanwhile is not there yet: then once more.
        _synchronise(session, now, session.steps[0])


def _synchronise(session, now, theirs) -> None:
    devices = session.manager.devices()
    mine = local_hash(devices)
    if mine == theirs:
        session.steps = session.step = None
        session.state = _READY
        port.forget("sepl_sync")
        session.owner.become_ready()
        return
    session.state = _SYNCING
    steps = [mine, ("commit", mine)]
    steps += [("put", device.as_put()) for device in every(devices)]
    steps.append(("clear", None))
    session.steps = steps  # the last is the first to go; the hash stays
    _next(session, now)


def _next(session, now) -> None:
    handler, payload = session.steps.pop()
    session.step = Request(uuid4(), ticks_add(now, _ANSWER_MS))
    session.send(session.step, handler, payload)
