"""The SEPL connector's side of one connection: handshake, synchronisation, requests. Sans-I/O.

``state`` is

= ========= ================================== ==========================================
  state     may come                           goes on to
= ========= ================================== ==========================================
0 CLOSED    -                                  GREETING: `opened`
1 GREETING  the answer to the credentials      READY, or SYNCING where the hashes differ
2 SYNCING   commands, answers                  READY: ``commit`` is answered with 200
3 READY     commands, answers                  -
= ========= ================================== ==========================================

and `closed` leads to CLOSED from everywhere; whoever waits for an answer is told so. Messages
are JSON; reading and writing one allocates it. What leads to READY is in `motelink.sepl_sync`,
which is dropped then.
"""

import json

from motelink.errors import ConnectionLost, ProtocolError, TimedOut, TooLarge
from motelink.port import const, getrandbits, ticks_add, ticks_diff

_CLOSED = const(0)
_GREETING = const(1)
_READY = const(3)

_OK = const(200)
_BUSY = const(503)
_ANSWER_MS = const(10000)
_NEVER_MS = const(1 << 28)

NOT_READY = "not ready"
TOO_MANY = "too many requests wait"
LOST = "connection lost"
LATE = "no answer in time"


class Message:
    """``payload``: any JSON value; ``status``: int, 200 means accepted, or None where no answer
    came, and ``payload`` says why; ``content_type``: str."""

    def __init__(self, payload, status=None, content_type="application/json", token=None):
        self.payload = payload
        self.status = status
        self.content_type = content_type
        self.token = token
        self.answered = False


class Request:
    """One that waits: ``answer`` is None, then a `Message`. ``callback(message)``, if any."""

    def __init__(self, token, deadline, callback=None):
        self.token = token
        self.deadline = deadline
        self.callback = callback
        self.answer = None


def answering(payload, value) -> dict:
    """The payload of a ``response``: the command's own, with ``value`` in place of its parts."""
    answer = dict(payload) if isinstance(payload, dict) else {}
    answer["protocol_parts"] = [{"name": "body", "value": value}]
    return answer


def framed(token, handler, payload, status=_OK) -> str:
    """The text of a message."""
    message = {
        "status": status,
        "handler": handler,
        "token": token,
        "content_type": "application/json",
        "payload": payload,
    }
    return json.dumps(message)


def uuid4() -> str:
    """RFC 9562, 5.4. Not from a secret source: it only has to tell requests apart."""
    words = [getrandbits(16) for _ in range(8)]
    words[3] = words[3] & 0x0FFF | 0x4000
    words[4] = words[4] & 0x3FFF | 0x8000
    return "%04x%04x-%04x-%04x-%04x-%04x%04x%04x" % tuple(words)


class Session:
    """``owner`` gives ``send(text) -> bool``, and is told ``become_ready()``,
    ``command(message) -> bool`` (False: no room for it), ``answer(request)`` and
    ``keep_gid(gid)``. ``manager``: a device manager, see `motelink.sepl_store`. ``limit``: so
    many requests wait at a time."""

    def __init__(self, owner, user, password, gid, manager, limit=8):
        self.owner = owner
        self.state = _CLOSED
        self.user = user
        self.password = password
        self.gid = gid
        self.manager = manager
        self.refused = 0  # commands for which there was no room
        self.strays = 0  # messages that answer nothing
        self._limit = limit
        self._requests = []
        self.steps = None  # of a synchronisation
        self.step = None  # the request that it waits for
        self.deadline = 0

    def opened(self, now: int) -> None:
        """The connection is open: the credentials go out."""
        from motelink import sepl_sync

        sepl_sync.greet(self, now)

    def closed(self) -> None:
        """The connection has ended."""
        self.state = _CLOSED
        waiting = self._requests
        self._requests = []
        for request in waiting:
            self._end(request, Message(LOST))
        self.steps = self.step = None

    def wait_ms(self, now: int) -> int:
        """Milliseconds until `tick` has something to do."""
        left = _NEVER_MS
        if self.state == _GREETING:
            left = ticks_diff(self.deadline, now)
        for request in self._requests:
            left = min(left, ticks_diff(request.deadline, now))
        return max(left, 0)

    def tick(self, now: int) -> None:
        """Time has passed: who waited too long is told. Raises TimedOut."""
        if self.state == _GREETING and ticks_diff(self.deadline, now) <= 0:
            raise TimedOut("no answer to the credentials in %d ms" % _ANSWER_MS)
        for request in list(self._requests):
            if ticks_diff(request.deadline, now) <= 0:
                self._requests.remove(request)
                if request is self.step:
                    raise TimedOut("no answer while synchronising in %d ms" % _ANSWER_MS)
                self._end(request, Message(LATE))

    def request(self, now, handler, payload, timeout_ms=_ANSWER_MS, callback=None, token=None):
        """Send a request; a `Request`, whose answer may be there already: that it was not sent.
        Raises TooLarge."""
        request = Request(token or uuid4(), ticks_add(now, timeout_ms), callback)
        if self.state != _READY:
            self._end(request, Message(NOT_READY))
        elif len(self._requests) >= self._limit:
            self._end(request, Message(TOO_MANY))
        else:
            self.send(request, handler, payload)
        return request

    def received(self, now: int, text) -> None:
        """A text frame: a str, or bytes of UTF-8. Raises ProtocolError, AuthError."""
        try:
            message = json.loads(text)
            status = message["status"]
            handler = message["handler"]
            token = message["token"]
            payload = message["payload"]
        except (ValueError, KeyError, TypeError, IndexError, RuntimeError):  # the last: too deep
            raise ProtocolError("a frame of %d that is no message" % len(text)) from None
        kind = message.get("content_type", "")
        if self.state == _GREETING:
            from motelink import sepl_sync

            sepl_sync.greeted(self, now, status, token, payload)
        elif handler == "command":
            self._command(now, Message(payload, status, kind, token))
        else:
            self._answered(now, Message(payload, status, kind, token))

    def _command(self, now, message) -> None:
        if not self.owner.command(message):
            self.refused += 1
            refusal = answering(message.payload, TOO_MANY)
            try:
                self.owner.send(framed(message.token, "response", refusal, _BUSY))
            except TooLarge:  # it comes with all that the command had: then without a word
                pass

    def _answered(self, now, message) -> None:
        for request in self._requests:
            if request.token == message.token:
                self._requests.remove(request)
                self._end(request, message)
                if request is self.step:
                    from motelink import sepl_sync

                    sepl_sync.stepped(self, now, message)
                return
        self.strays += 1
        from motelink import log

        log.warning("SEPL: a message that answers nothing")

    def send(self, request, handler, payload) -> None:
        """Send a request of this kind, and wait for its answer."""
        if self.owner.send(framed(request.token, handler, payload)):
            self._requests.append(request)
        elif request is self.step:
            raise ConnectionLost("no room to send a %s" % handler)
        else:
            self._end(request, Message(NOT_READY))

    def _end(self, request, message) -> None:
        request.answer = message
        if request is not self.step:
            self.owner.answer(request)
