"""motelink.sepl_session: handshake, synchronisation and requests, without a socket."""

import json

from kit import MICROPYTHON, raises
from motelink.errors import AuthError, ProtocolError, TimedOut
from motelink.sepl_device import Device, local_hash
from motelink.sepl_pool import Pool
from motelink.sepl_session import LATE, LOST, NOT_READY, TOO_MANY, Message, Session, answering

DEEP = 300 if MICROPYTHON else 30000  # MicroPython has no limit but its heap


class _Owner:
    """Keeps what the session says; the platform is the test."""

    def __init__(self, devices=(), gid="", commands=2):
        self.pool = Pool()
        for device in devices:
            self.pool.add(device)
        self.sent = []
        self.answers = []
        self.commands = []
        self.room = commands
        self.readies = 0
        self.gids = []
        self.session = Session(self, "me", "secret", gid, self.pool, limit=2)

    def send(self, text):
        self.sent.append(json.loads(text))
        return True

    def become_ready(self):
        self.readies += 1

    def command(self, message):
        if len(self.commands) == self.room:
            return False
        self.commands.append(message)
        return True

    def answer(self, request):
        self.answers.append(request.answer)

    def keep_gid(self, text):
        self.gids.append(text)

    def take(self):
        """What was sent last, and nothing else was."""
        assert len(self.sent) == 1, self.sent
        return self.sent.pop()

    def hear(self, now=0, **fields):
        message = {"status": 200, "handler": "", "token": "", "content_type": "", "payload": None}
        message.update(fields)
        self.session.received(now, json.dumps(message))

    def greet(self, theirs, gid="g"):
        self.session.opened(0)
        self.take()
        self.hear(token="credentials", payload={"gid": gid, "hash": theirs})

    def readied(self):
        self.greet(local_hash(self.pool.devices()))
        assert self.readies == 1
        return self


def _devices(n):
    return [Device("d%d" % i, "urn:t", "Device %d" % i) for i in range(n)]


def test_credentials_go_first():
    owner = _Owner(gid="g0")
    owner.session.opened(0)
    assert owner.take() == {"user": "me", "pw": "secret", "gid": "g0", "token": "credentials"}


def test_ready_where_the_hashes_are_the_same():
    owner = _Owner(_devices(2), gid="g").readied()
    assert owner.sent == [] and owner.gids == []
    assert owner.session.state == 3


def test_a_new_gid_is_told():
    owner = _Owner()
    owner.greet(local_hash([]), gid="new")
    assert owner.gids == ["new"] and owner.session.gid == "new"


def test_a_gid_that_is_none():
    for gid in (None, 7, ["g"]):
        owner = _Owner(gid="mine")
        owner.greet(local_hash([]), gid=gid)
        assert owner.gids == [] and owner.session.gid == "mine" and owner.readies == 1


def test_refused_credentials_are_final():
    for status in (401, 403, 500, None):
        owner = _Owner()
        owner.session.opened(0)
        error = raises(AuthError, owner.hear, token="credentials", status=status)
        assert error.final and "secret" not in str(error)


def test_no_answer_to_the_credentials():
    session = _Owner().session
    session.opened(0)
    session.tick(9999)
    assert session.wait_ms(9999) == 1
    raises(TimedOut, session.tick, 10000)


def test_synchronises_one_by_one():
    owner = _Owner(_devices(3))
    owner.greet("another")
    put = []
    clear = owner.take()
    assert clear["handler"] == "clear" and clear["payload"] is None
    assert len(clear["token"]) == 36 and clear["token"][14] == "4"
    token = clear["token"]
    for _ in range(3):
        owner.hear(token=token)
        step = owner.take()
        assert step["handler"] == "put"
        put.append(step["payload"]["uri"])
        token = step["token"]
    assert sorted(put) == ["d0", "d1", "d2"]
    owner.hear(token=token)
    commit = owner.take()
    assert commit["handler"] == "commit"
    assert commit["payload"] == local_hash(owner.pool.devices())
    assert owner.readies == 0
    owner.hear(token=commit["token"])
    assert owner.readies == 1 and owner.sent == [] and owner.answers == []


def test_a_device_added_while_synchronising_is_synchronised():
    owner = _Owner(_devices(1))
    owner.greet("another")
    owner.pool.add(Device("late", "t", "n"))
    uris = []
    for _ in range(10):
        step = owner.take()
        if step["handler"] == "put":
            uris.append(step["payload"]["uri"])
        owner.hear(token=step["token"])
        if owner.readies:
            break
    assert owner.readies == 1 and "late" in uris, uris


def test_a_refused_step_ends_the_connection():
    for refused in range(3):
        owner = _Owner(_devices(1))
        owner.greet("another")
        for _ in range(refused):
            owner.hear(token=owner.take()["token"])
        raises(ProtocolError, owner.hear, token=owner.take()["token"], status=400)


def test_an_unanswered_step_ends_the_connection():
    owner = _Owner(_devices(1))
    owner.greet("another")
    assert owner.session.wait_ms(0) == 10000
    raises(TimedOut, owner.session.tick, 10000)


def test_lost_at_every_step_and_begun_again():
    for steps in range(6):
        owner = _Owner(_devices(4))
        owner.greet("another")
        for _ in range(steps):
            owner.hear(token=owner.take()["token"])
        owner.session.closed()
        del owner.sent[:]
        owner.greet("another")
        assert owner.take()["handler"] == "clear"
        assert owner.answers == []


def test_a_request_is_answered_by_its_token():
    owner = _Owner().readied()
    a = owner.session.request(0, "event", {"x": 1})
    b = owner.session.request(0, "event", {"x": 2})
    sent_a, sent_b = owner.sent
    assert sent_a["payload"] == {"x": 1} and sent_a["handler"] == "event"
    assert sent_a["status"] == 200 and sent_a["token"] != sent_b["token"]
    owner.hear(token=sent_b["token"], payload="second")
    owner.hear(token=sent_a["token"], status=400, payload="first")
    assert b.answer.payload == "second" and b.answer.status == 200
    assert a.answer.payload == "first" and a.answer.status == 400
    assert owner.answers == [b.answer, a.answer]


def test_an_answer_counts_once():
    owner = _Owner().readied()
    request = owner.session.request(0, "event", None)
    token = owner.take()["token"]
    owner.hear(token=token, payload=1)
    owner.hear(token=token, payload=2)
    assert request.answer.payload == 1 and len(owner.answers) == 1
    assert owner.session.strays == 1


def test_whoever_waits_is_told():
    owner = _Owner().readied()
    session = owner.session
    late = session.request(0, "event", None, 500)
    lost = session.request(0, "event", None)
    refused = session.request(0, "event", None)
    assert refused.answer.payload == TOO_MANY and refused.answer.status is None
    assert session.wait_ms(400) == 100
    session.tick(500)
    assert late.answer.payload == LATE and lost.answer is None
    session.closed()
    assert lost.answer.payload == LOST and lost.answer.status is None
    early = session.request(0, "event", None)
    assert early.answer.payload == NOT_READY


def test_commands_are_bounded_and_the_platform_is_told():
    owner = _Owner(commands=1).readied()
    command = {
        "device_url": "d",
        "service_url": "s",
        "protocol_parts": [{"name": "a", "value": 1}],
    }
    owner.hear(handler="command", token="one", payload=command, content_type="c")
    owner.hear(handler="command", token="two", payload=command)
    message = owner.commands[0]
    assert (message.payload, message.status, message.content_type) == (command, 200, "c")
    refusal = owner.take()
    assert refusal["token"] == "two" and refusal["handler"] == "response"
    assert refusal["status"] == 503 and owner.session.refused == 1
    assert refusal["payload"]["device_url"] == "d"


def test_commands_may_come_while_synchronising():
    owner = _Owner(_devices(1))
    owner.greet("another")
    owner.hear(handler="command", token="x", payload={})
    assert len(owner.commands) == 1


def test_answering_keeps_the_command_and_replaces_its_parts():
    command = {"device_url": "d", "protocol_parts": [1, 2]}
    body = [{"name": "body", "value": 7}]
    assert answering(command, 7) == {"device_url": "d", "protocol_parts": body}
    assert command["protocol_parts"] == [1, 2]
    assert answering(None, 7) == {"protocol_parts": body}


def test_what_is_no_message():
    for text in (
        '"x"',
        "[]",
        "7",
        "{}",
        "nonsense",
        '{"status":200}',
        "",
        b"\xff\xfe",
        "null",
        "[" * DEEP,
    ):
        owner = _Owner().readied()
        raises(ProtocolError, owner.session.received, 0, text)
    owner = _Owner()
    owner.session.opened(0)
    raises(ProtocolError, owner.hear, token="other")
    for payload in (None, [], {}, {"gid": "g"}, "x", 7):
        owner.session.opened(0)
        raises(ProtocolError, owner.hear, token="credentials", payload=payload)


def test_a_message_has_the_documented_attributes():
    message = Message({"a": 1}, 200, "application/json")
    assert (message.payload, message.status, message.content_type) == (
        {"a": 1},
        200,
        "application/json",
    )
