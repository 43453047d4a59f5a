"""motelink.iottalk's device registers and comes online: HTTP, socket and loop in memory."""

import json

from doubles import Instead
from iottalk_kettle import DOWN, ID, UP, URL, Answer, Kettle, registered
from kit import raises
from motelink import port
from motelink.errors import ConfigError, ConnectionLost, ProtocolError
from mqtt_owner import CONNACK

HEAP = "256k"  # all of it is compiled there


def test_registration_and_online():
    kettle = Kettle(name="Kettle 7", profile={"room": 4})
    (connect,) = kettle.start()
    assert kettle.http.asked == [
        (
            "PUT",
            URL + "/" + ID,
            {
                "accept_protos": ["mqtt"],
                "profile": {"model": "Kettle", "room": 4},
                "name": "Kettle 7",
                "idf_list": [["Celsius-I", [None]], ["meow", [None]]],
                "odf_list": [["Heater-O", [None]], ["meow", [None]]],
            },
            {"Content-Type": "application/json"},
        )
    ]
    assert (kettle.host, kettle.port, kettle.tls) == ("192.0.2.6", 1883, False)
    assert kettle.name == "00.Kettle"
    assert connect[0] == 0x10
    will = b'{"state": "offline", "rev": "rev-1"}'
    # Will: retained, QoS 0; a clean session; neither user nor password.
    assert connect[1][:10] == b"\0\4MQTT\4\x26\0\x3c"
    assert b"\0\x15motelink-0a4f3e6b2211\0\x2b" + UP in connect[1]
    assert connect[1].endswith(will)
    kettle.get(CONNACK)
    assert kettle.connected
    (subscribe, online) = kettle.sent()
    assert subscribe[0] == 0x82
    assert subscribe[1][2:] == b"\0\x2b" + DOWN + b"\2"
    assert online[0] == 0x35  # QoS 2, retained
    assert online[1][:45] == b"\0\x2b" + UP
    assert json.loads(online[1][47:]) == {"state": "online", "rev": "rev-1"}
    assert kettle.heard == ["connect"]


def test_only_what_there_is_is_registered():
    kettle = Kettle()
    kettle.odf = []
    kettle.idf[0].units = ["C", "F"]
    kettle.start()
    body = kettle.http.asked[0][2]
    assert body == {
        "accept_protos": ["mqtt"],
        "profile": {"model": "Kettle"},
        "idf_list": [["Celsius-I", ["C", "F"]], ["meow", [None]]],
    }


def test_user_and_password_come_with_the_registration():
    kettle = Kettle(registered(username="u-7", password="p-7"))
    (connect,) = kettle.start()
    assert connect[1].endswith(b"\0\3u-7\0\3p-7")
    kettle = Kettle(registered(username="", password=""))
    (connect,) = kettle.start()
    assert connect[1][7] == 0x26


def test_a_broker_that_is_nowhere_is_where_the_server_is():
    for host in ("localhost", "127.0.0.1", "0.0.0.0"):
        kettle = Kettle(registered(url={"scheme": "mqtt", "host": host, "port": 1}))
        kettle.start()
        assert (kettle.host, kettle.port) == ("192.0.2.5", 1)


def test_mqtts_is_tls():
    context = object()
    url = {"scheme": "mqtts", "host": "broker.example", "port": 8883}
    kettle = Kettle(registered(url=url), tls=context)
    kettle.start()
    assert kettle.tls is context


def test_while_the_time_is_not_known_nothing_is_asked_over_tls():
    kettle = Kettle(url="https://192.0.2.5:9992", tls=object())
    kettle.loop.timeless = True
    kettle.start()
    assert kettle.http.asked == [] and not kettle.sock
    assert 256 <= kettle.deadline < 512
    kettle.loop.timeless = False
    kettle.start()
    assert len(kettle.http.asked) == 1 and kettle.sock


def test_a_broker_with_tls_waits_for_the_time_behind_the_registration():
    url = {"scheme": "mqtts", "host": "192.0.2.6", "port": 8883}
    kettle = Kettle(registered(url=url), tls=object())
    kettle.loop.timeless = True
    for _ in range(2):
        kettle.start()
        assert len(kettle.http.asked) == 1 and not kettle.sock
    assert 256 <= kettle.deadline < 512
    kettle.loop.timeless = False
    with Instead(port, "tls_wrap", lambda sock, context, host: sock):
        kettle.start()
    assert len(kettle.http.asked) == 1 and kettle.sock


def test_what_cannot_be_is_refused_at_once():
    for arguments in (
        {"id": "not hex"},
        {"id": "1" * 33},
    ):
        raises(ConfigError, Kettle, **arguments)
    device = Kettle.__bases__[0]
    raises(ConfigError, device, "ftp://192.0.2.5", "Kettle")
    raises(ConfigError, device, None, "Kettle")
    raises(ConfigError, device, URL, "")


def test_ids_in_any_form():
    for given, made in (
        (ID.upper(), ID),
        ("{" + ID + "}", ID),
        ("urn:uuid:" + ID, ID),
        (ID.replace("-", ""), ID),
        ("C860008BD249", "00000000-0000-0000-0000-c860008bd249"),
        ("c8:60:00:8b:d2:49", "00000000-0000-0000-0000-c860008bd249"),
    ):
        assert Kettle(id=given).id == made


def test_the_id_is_made_once():
    first = Kettle(id=None).id
    assert len(first) == 36
    assert first[14] == "4"
    assert Kettle(id=None).id == first
    with open("iottalk.id", "wb") as file:
        file.write(b"\xffwas cut")
    second = Kettle(id=None).id
    assert second != first
    assert Kettle(id=None).id == second


def test_user_and_password_of_an_url_are_forgotten():
    device = Kettle.__bases__[0]
    made = device("http://user:secret@192.0.2.5:9992/api/", "Kettle")
    assert (made.url, made.host) == ("http://192.0.2.5:9992/api", "192.0.2.5")
    for url in ("user:secret@192.0.2.5", "htp://user:secret@192.0.2.5", "http", "http://"):
        assert "secret" not in str(raises(ConfigError, device, url, "Kettle"))


def test_an_url_may_have_a_slash_and_a_prefix():
    kettle = Kettle()
    other = Kettle.__bases__[0]("https://[2001:db8::1]:1/csm/", "Kettle", id=ID)
    assert other.url == "https://[2001:db8::1]:1/csm"
    assert other.host == "2001:db8::1"
    assert kettle.host == "192.0.2.5"


def test_a_server_that_does_not_register_is_asked_again():
    cut = Answer(200, '{"id": ')
    for answer, error in (
        (Answer(None, None), ConnectionLost),
        (ConnectionLost("no route"), ConnectionLost),
        (Answer(500, {"state": "error", "reason": "unknown"}), ConnectionLost),
        (Answer(510, {"state": "error", "reason": "Name pool is full"}), ConnectionLost),
        (Answer(404, "<html>"), ConnectionLost),
        (cut, ProtocolError),
        (registered(rev=None), ProtocolError),
        (registered(url=None), ProtocolError),
        (registered(url={"scheme": "zmq", "host": "a", "port": 1}), ProtocolError),
        (registered(url={"scheme": "mqtt", "host": "a", "port": "1"}), ProtocolError),
        (registered(url={"scheme": "mqtt", "host": "a", "port": 70000}), ProtocolError),
        (registered(ctrl_chans=["a/#", "b"]), ProtocolError),
        (registered(ctrl_chans=["a"]), ProtocolError),
        (registered(ctrl_chans=7), ProtocolError),
    ):
        kettle = Kettle(answer, registered())
        assert kettle.start() == []
        assert isinstance(kettle.last_error, error), (answer, kettle.last_error)
        assert kettle.loop  # not the end of it
        assert kettle.rev is None
        kettle.begin()
        assert kettle.connected
    assert "Name pool is full" in str(
        Kettle(Answer(510, {"reason": "Name pool is full"})).begin_error()
    )


def test_a_registration_that_is_refused_is_final():
    for status in (400, 403):
        kettle = Kettle(Answer(status, {"state": "error", "reason": "Unknown field"}))
        kettle.start()
        assert isinstance(kettle.last_error, ConfigError)
        assert "Unknown field" in str(kettle.last_error)
        assert kettle.loop is None
