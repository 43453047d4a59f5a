"""The lines in which mosquitto tells who connects and who leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.hub.losant.sessions import Closed, Opened, Refused, parse


def test_who_connects():
    line = "1795258116: New client connected from 127.0.0.1:43 as d1 (p2, c1, k60, u'key')."
    assert parse(line) == Opened("d1", "key", "127.0.0.1:43", clean=True, mqtt_3_1_1=True)
    web = "New client connected from ::ffff:10.0.0.7:5 as a b (p5, c0, k0)."
    assert parse(web) == Opened("a b", "", "10.0.0.7:5", clean=False, mqtt_3_1_1=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Client d1 disconnected.", "it disconnected"),
        ("Client d1 [10.0.0.7:5] disconnected.", "it disconnected"),
        ("Client d1 closed its connection.", "without a DISCONNECT"),
        ("Client d1 has exceeded timeout, disconnecting.", "within its keepalive"),
        ("Client d1 already connected, closing old connection.", "newer connection"),
        ("Client d1 disconnected due to protocol error.", "due to protocol error"),
        (
            "Bad socket read/write on client d1: Requested QoS not supported on server.",
            "mosquitto dropped it: Requested QoS not supported",
        ),
    ],
)
def test_who_leaves(text, reason):
    closed = parse(f"1795258116: {text}")
    assert isinstance(closed, Closed)
    assert closed.client_id == "d1"
    assert reason in closed.reason


@pytest.mark.parametrize(
    "line",
    [
        "",
        "mosquitto version 2.0.11 running",
        "New connection from 127.0.0.1:43 on port 1.",
        # Client ids that would speak for another device.
        "Client d2 disconnected. x disconnected.",
        "Client d2 closed its connection. disconnected.",
        "Client x Client d2 disconnected.",
    ],
)
def test_other_lines_say_nothing(line):
    assert parse(line) is None


def test_who_is_refused():
    assert isinstance(parse("1795258116: Client <unknown> disconnected, not authorised."), Refused)


@given(st.text())
def test_a_client_id_is_taken_whole(client_id):
    opened = parse(f"New client connected from h:1 as {client_id} (p2, c1, k60, u'key').")
    assert isinstance(opened, Opened)
    assert (opened.client_id, opened.user) == (client_id, "key")
