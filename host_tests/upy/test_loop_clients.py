"""motelink.loop with real clients: several connections in one loop."""

import socket

from owner import HEART
from peer import Session


def _pair():
    one, other = Session("length", known=False), Session("length", known=False)
    one.connect()
    one.client.loop.add(other.client)
    other.peer.turn = one.peer.turn
    other.connect()
    return one, other


def test_two_clients_share_a_loop():
    one, other = _pair()
    with one, other:
        for session in (one, other, one):
            session.peer.send(HEART["length"])
            session.expect_beat()
        one.peer.send(HEART["length"])
        other.peer.send(HEART["length"])  # both ready in one step
        one.expect_beat()
        other.expect_beat()
        assert (one.client.beats, other.client.beats) == (3, 2)


def test_one_that_raises_in_ready_harms_no_other():
    one, other = _pair()
    with one, other:
        one.client._received = lambda: int("on purpose")
        one.peer.send(HEART["length"])
        other.peer.send(HEART["length"])
        other.expect_beat()
        one.peer.expect_close()
        assert isinstance(one.client.last_error, ValueError)
        assert one.client.errors == 1
        assert other.client.errors == 0
        one.client._received = one.client._framing.received
        one.connect()


def test_one_that_ends_inside_its_handler():
    one, other = _pair()
    with one, other:
        one.client.on_message = lambda message: one.client.end()
        one.say(b"bye")
        other.peer.send(HEART["length"])
        other.expect_beat()
        one.peer.expect_close()
        assert one.client.loop.clients == [other.client]


def test_one_that_ends_another():
    one, other = _pair()
    with one, other:
        one.client.on_message = lambda message: other.client.end()
        one.say(b"end it")
        other.peer.expect_close()
        one.peer.send(HEART["length"])
        one.expect_beat()
        assert one.client.loop.clients == [one.client]


def test_closed_socket_number_is_used_again():
    # The next socket may have the number of the last: events must not reach the wrong client.
    one, other = _pair()
    with one, other:
        for _ in range(5):
            one.client.reconnect()
            one.connect()
            spare = socket.socket()
            other.client.reconnect()
            other.connect()
            spare.close()
        for session in (one, other):
            session.peer.send(HEART["length"])
            session.expect_beat()
        assert one.client.errors == other.client.errors == 0
