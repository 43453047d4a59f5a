"""motelink.iottalk's device loses what it is connected to, and takes leave."""

import json

from iottalk_kettle import DOWN, ID, ODF_TOPIC, UP, URL, Answer, Kettle, registered
from kit import MICROPYTHON
from motelink import log
from motelink.errors import AuthError, ConnectionLost
from motelink.port import ticks_diff, ticks_ms
from mqtt_owner import CONNACK, PINGRESP, pub

HEAP = "256k"  # all of it is compiled there

REFUSED = b"\x20\2\0\5"


def said(messages):
    """What of it is a state, or an answer, and whether it is retained."""
    return [(json.loads(message[1]), message[2]) for message in messages if message[0] == UP]


def pass_ticks(kettle, count):
    """So many ticks of MQTT pass, in which nothing is heard but answers to pings."""
    for _ in range(count):
        try:
            kettle.turn(0)
        except Exception as error:
            kettle.failed(error)
            return
        if not kettle.sock:
            return
        kettle.get(PINGRESP)


def drop(kettle):
    kettle.get(b"")


def test_a_new_connection_has_the_same_registration():
    kettle = Kettle().begin()
    kettle.link(idf="Celsius-I")
    kettle.link(odf="Heater-O")
    drop(kettle)
    assert isinstance(kettle.heard[-1][1], ConnectionLost)
    assert not kettle.idf[0]
    assert not kettle.idf[0].push_int(1)
    kettle.start()
    kettle.get(CONNACK)
    kettle.subscribed = []
    kettle.finish()
    assert kettle.subscribed == [DOWN]  # the server says which links there are
    assert len(kettle.http.asked) == 1
    kettle.http.answers = []
    drop(kettle)
    kettle.start()
    kettle.get(CONNACK)
    assert said(kettle.finish())[-1] == ({"state": "online", "rev": "rev-1"}, 1)
    assert not kettle.idf[0]
    kettle.link(idf="Celsius-I")
    assert kettle.idf[0]
    assert not kettle.odf[0]
    pass_ticks(kettle, 5)
    assert kettle.connected
    assert len(kettle.http.asked) == 1


def test_links_that_do_not_come_back_mean_that_the_server_has_forgotten():
    kettle = Kettle(registered("rev-1"), registered("rev-2")).begin()
    kettle.link(odf="Heater-O")
    drop(kettle)
    kettle.begin()
    assert kettle.rev == "rev-1"
    pass_ticks(kettle, 2)
    assert not kettle.connected
    assert "has forgotten" in str(kettle.last_error)
    (connect,) = kettle.start()
    assert b'"rev-2"' in connect[1]  # in the will
    kettle.get(CONNACK)
    assert ({"state": "online", "rev": "rev-2"}, 1) in said(kettle.finish())
    assert [asked[0] for asked in kettle.http.asked] == ["PUT", "PUT"]
    # After that, none are expected.
    pass_ticks(kettle, 5)
    assert kettle.connected


def test_a_server_that_knows_us_is_asked_by_coming_online_again():
    kettle = Kettle(check=40).begin()
    kettle.link(idf="Celsius-I")
    for _ in range(3):
        pass_ticks(kettle, 4)
        assert said(kettle.finish()) == []
        pass_ticks(kettle, 1)
        assert said(kettle.finish()) == [({"state": "online", "rev": "rev-1"}, 1)]
        pass_ticks(kettle, 1)
        kettle.link(idf="Celsius-I")
        assert kettle.idf[0]
        kettle.ticks = 0
    assert kettle.heard.count(("CONNECT", "Celsius-I")) == 1
    pass_ticks(kettle, 5)
    kettle.finish()
    kettle.http.answers = [registered("rev-2")]
    pass_ticks(kettle, 2)
    assert not kettle.connected
    kettle.begin()
    assert kettle.rev == "rev-2"


def test_without_links_it_registers_again():
    kettle = Kettle(registered("rev-1"), registered("rev-2"), check=40).begin()
    pass_ticks(kettle, 4)
    assert kettle.connected
    pass_ticks(kettle, 1)
    assert not kettle.connected
    assert kettle.heard[-1] == ("end", None)
    kettle.begin()
    assert (kettle.rev, kettle.connected) == ("rev-2", True)


def test_check_0_never_asks():
    kettle = Kettle(check=0).begin()
    pass_ticks(kettle, 100)
    assert kettle.connected
    assert kettle.finish() == []


def test_credentials_that_are_refused_are_asked_for_once_more():
    kettle = Kettle(
        registered("rev-1", username="u", password="old"),
        registered("rev-2", username="u", password="new"),
    ).begin()
    drop(kettle)
    kettle.start()
    kettle.get(REFUSED)
    assert kettle.loop
    (connect,) = kettle.start()
    assert connect[1].endswith(b"\0\3new")
    kettle.get(CONNACK)
    assert kettle.connected


def test_credentials_that_are_new_and_refused_are_final():
    kettle = Kettle(registered(), registered("rev-2"))
    kettle.start()
    kettle.get(REFUSED)
    assert kettle.loop  # the broker may not have heard of them yet
    kettle.start()
    kettle.get(REFUSED)
    assert isinstance(kettle.last_error, AuthError)
    assert kettle.loop is None


def test_a_broker_that_is_not_found_may_have_moved():
    url = {"scheme": "mqtt", "host": "192.0.2.9", "port": 1884}
    kettle = Kettle(registered(), registered("rev-2", url=url)).begin()
    drop(kettle)
    for _ in range(6):
        kettle.start()
        drop(kettle)
        assert len(kettle.http.asked) == 1
    kettle.begin()
    assert (kettle.host, kettle.port, kettle.rev) == ("192.0.2.9", 1884, "rev-2")
    drop(kettle)
    for _ in range(6):  # they are counted anew
        kettle.start()
        drop(kettle)
    assert len(kettle.http.asked) == 2
    kettle.http.answers = [registered("rev-3")]
    kettle.begin()
    assert kettle.rev == "rev-3"


def test_deregistering():
    kettle = Kettle(registered(), Answer(200, {"state": "ok"})).begin()
    wire = kettle.sock
    kettle.deregister()
    assert kettle.leaving
    assert len(kettle.http.asked) == 1  # not before the broker has what was said
    assert said(kettle.finish()) == [({"state": "offline", "rev": "rev-1"}, 1)]
    assert kettle.http.asked[1] == (
        "DELETE",
        URL + "/" + ID,
        {"rev": "rev-1"},
        {"Content-Type": "application/json"},
    )
    assert kettle.loop is None
    assert wire.closed
    assert kettle.rev is None
    assert kettle.heard[-1] == ("end", None)


def test_deregistering_in_a_handler():
    kettle = Kettle(registered(), Answer(404, {"state": "error"})).begin()
    kettle.on_signal = lambda command, feature: kettle.deregister()
    kettle.link(idf="meow")
    assert kettle.loop is None
    assert [asked[0] for asked in kettle.http.asked] == ["PUT", "DELETE"]


def test_deregistering_while_not_connected():
    kettle = Kettle(registered(), ConnectionLost("no route")).begin()
    drop(kettle)
    kettle.deregister()
    assert kettle.http.asked[1][0] == "DELETE"
    assert kettle.loop is None
    never = Kettle()
    never.deregister()
    assert never.http.asked == []
    assert never.loop is None


def test_a_server_that_does_not_let_go_is_logged():
    log.set_level("warning")
    for answer, logged in ((200, 0), (404, 0), (400, 1), (500, 1)):
        log.keep(256)
        kettle = Kettle(registered(), Answer(answer, {"reason": "why"})).begin()
        kettle.deregister()
        kettle.finish()
        assert len(log.lines()) == logged, answer
        assert "why" in str(log.lines()) or not logged
    log.keep(0)
    log.set_level("info")


def test_deregistering_does_not_wait_for_ever():
    for trouble in (lambda kettle: pass_ticks(kettle, 2), drop):
        kettle = Kettle(registered(), Answer(400, {"reason": "revision"})).begin()
        kettle.deregister()
        trouble(kettle)
        if kettle.loop:
            kettle.start()
        assert kettle.loop is None
        assert kettle.http.asked[1][0] == "DELETE"


def test_end_leaves_the_registration():
    kettle = Kettle().begin()
    wire = kettle.sock
    kettle.end()
    # Without DISCONNECT: the broker publishes the will.
    assert (wire.sent, wire.closed, kettle.loop) == (b"", True, None)
    assert len(kettle.http.asked) == 1


def test_registering_leaves_nothing_loaded():
    import sys

    kettle = Kettle(registered(), Answer(200, {})).begin()
    kettle.link(idf="meow")
    kettle.deregister()
    kettle.finish()
    raised = Kettle(ConnectionLost("no route"))
    raised.start()
    for name in ("iottalk_csm", "iottalk_control", "mqtt_build"):
        assert not MICROPYTHON or "motelink." + name not in sys.modules, name


class Other:
    """Another client of the loop."""

    def __init__(self, state, **more):
        self.state = state
        for name in more:
            setattr(self, name, more[name])


def test_registering_waits_while_others_connect_but_not_for_ever():
    for other in (Other(1), Other(2), Other(3, connected=False)):
        kettle = Kettle()
        kettle.loop.clients = [kettle, Other(0), other]
        for _ in range(5):
            before = ticks_ms()
            kettle.turn(0)
            assert ticks_diff(kettle.deadline, before) >= 256
            assert ticks_diff(kettle.deadline, ticks_ms()) < 512
        assert kettle.http.asked == []
        other.state = 0
        kettle.turn(0)
        assert len(kettle.http.asked) == 1
    kettle = Kettle()
    kettle.loop.clients = [Other(1)]
    for _ in range(30):
        kettle.turn(0)
    assert kettle.http.asked == []
    kettle.turn(0)
    assert len(kettle.http.asked) == 1


def test_registering_waits_for_nobody_who_is_connected():
    kettle = Kettle()
    kettle.loop.clients = [kettle, Other(3), Other(3, connected=True), Other(4), Exception()]
    kettle.turn(0)
    assert len(kettle.http.asked) == 1


def test_a_subscription_of_before_does_not_survive():
    kettle = Kettle(rx_size=256).begin()
    kettle.link(odf="Heater-O")
    got = []
    kettle.odf[0].on_data = lambda message: got.append(message.int())
    drop(kettle)
    kettle.begin(pub(ODF_TOPIC, b"1"))
    assert got == []
    kettle.link(odf="Heater-O")
    kettle.get(pub(ODF_TOPIC, b"2"))
    assert got == [2]


def test_commands_in_pieces_and_any_order():
    command = pub(DOWN, b'{"msg_id":"m","command":"CONNECT","idf":"meow","topic":"t"}')
    for cut in range(1, len(command), 7):
        kettle = Kettle().begin()
        kettle.get(command[:cut], command[cut:])
        assert kettle.idf[1], cut


def test_a_wire_that_breaks_while_it_answers():
    kettle = Kettle().begin()
    kettle.sock.take = OSError(104)
    kettle.get(pub(DOWN, b'{"msg_id":"m","command":"DISCONNECT","idf":"meow"}'))
    assert not kettle.connected
    assert isinstance(kettle.last_error, ConnectionLost)
    kettle.begin()
    assert kettle.connected
