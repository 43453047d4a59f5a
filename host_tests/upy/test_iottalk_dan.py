"""motelink.iottalk_dan: the names and manners of iottalk-py's dan."""

from iottalk_kettle import ID, ODF_TOPIC, Answer, registered
from iottalk_talk import ENDED, Talk, use
from kit import raises
from motelink import iottalk_dan as dan
from motelink import port
from motelink.errors import LinkError
from mqtt_owner import pub

HEAP = "256k"  # all of it is compiled there
URL = "http://192.0.2.5:9992"


def client(script=(), answers=(), **options):
    """A registered one, and what it was told."""
    use(script, answers)
    told = []
    made = dan.Client()

    def on_signal(command, features):
        told.append((command, features))
        return True

    options.setdefault("profile", {"model": "AI"})
    options.setdefault("idf_list", [("meow", ["dB"])])
    made.register(
        URL,
        on_signal,
        lambda feature, data: told.append((feature, data)),
        id_=ID,
        odf_list=["meow", "purr"],
        on_register=lambda dan: told.append(("register", dan is made)),
        on_deregister=lambda dan: told.append(("deregister", dan is made)),
        on_connect=lambda dan: told.append(("connect", dan is made)),
        on_disconnect=lambda dan: told.append(("disconnect", dan is made)),
        **options,
    )
    return made, told


def link(**feature):
    return lambda device: device.link(**feature)


def test_a_life():
    made, told = client(
        answers=[registered(), Answer(200, {"state": "ok"})], name="BetaCat", idf_list=["meow"]
    )
    device = made.context
    assert device.http.asked[0][2] == {
        "accept_protos": ["mqtt"],
        "name": "BetaCat",
        "profile": {"model": "AI"},
        "idf_list": [["meow", [None]]],
        "odf_list": [["meow", [None]], ["purr", [None]]],
    }
    assert (device.rev, device.id) == ("rev-1", ID)
    assert told == [("connect", True), ("register", True)]
    assert made.push("meow", 1) is False
    device.link(idf="meow")
    device.link(odf="meow")
    assert told[2:] == [("CONNECT", ["meow"]), ("CONNECT", ["meow"])]
    assert made.push("meow", 42) is True
    assert made.push("meow", [1, 2], block=True) is True
    assert made.push("nobody's", 1) is False
    device.get(pub(ODF_TOPIC, b"[3, null]"), pub(ODF_TOPIC, b"4"))
    assert told[4:] == [("meow", [3, None]), ("meow", [4])]
    made.deregister()
    assert [asked[0] for asked in device.http.asked] == ["PUT", "DELETE"]
    assert told[6:] == [("disconnect", True), ("deregister", True)]
    raises(dan.RegistrationError, made.push, "meow", 1)
    raises(dan.RegistrationError, made.deregister)
    payloads = [message[1] for message in device.said + device.finish() if not message[3]]
    assert payloads == [b"[42]", b"[1, 2]"]


def test_it_registers_again_after_it_has_left():
    made, _ = client(answers=[registered(), Answer(200, {})])
    raises(dan.RegistrationError, made.register, URL, None, None, profile={"model": "AI"})
    made.deregister()
    use(answers=[registered("rev-9")])
    made.register(URL, None, None, profile={"model": "AI"}, odf_list=["x"])
    assert made.context.rev == "rev-9"


def test_a_signal_may_be_refused():
    use()
    made = dan.Client()
    made.register(
        URL, lambda *args: (False, "not now"), print, idf_list=["meow"], profile={"model": "AI"}
    )
    assert made.context.link(idf="meow")[0]["reason"] == "not now"


def test_a_new_registration_is_told_and_a_new_connection_is_not():
    made, told = client(answers=[registered(), registered("rev-2")])
    device = made.context
    device.get(b"")
    made.step()
    assert told[2:] == [("disconnect", True), ("connect", True)]
    device.rev = None
    device.get(b"")
    made.step()
    assert told[5:] == [("connect", True), ("register", True)]


def test_what_cannot_be_registered():
    use(answers=[Answer(403, {"reason": "Unknown field"})])
    made = dan.Client()
    start = port.ticks_ms()
    error = raises(dan.RegistrationError, made.register, URL, None, None, profile={"model": "AI"})
    assert port.ticks_diff(port.ticks_ms(), start) < 10000  # it does not wait in vain
    assert "Unknown field" in str(error)
    assert isinstance(error, LinkError)
    assert made.context is None
    raises(dan.RegistrationError, made.register, URL, None, None)
    raises(dan.RegistrationError, made.register, "", None, None, profile={"model": "AI"})
    raises(dan.RegistrationError, made.register, URL, None, None, id_="?", profile={"model": "AI"})


def test_loop_forever_and_leaving_from_within():
    pushed = []

    def push(device):
        pushed.append(made.push("meow", len(pushed)))

    made, told = client(
        script=[link(idf="meow"), push, push, lambda device: made.deregister()],
        answers=[registered(), Answer(200, {})],
    )
    device = made.context
    made.loop_forever()
    assert pushed == [True, True]
    assert device.state == ENDED
    assert told[-1] == ("deregister", True)


def test_handlers_without_an_argument_as_they_once_were():
    told = []
    use()
    made = dan.Client()
    made.register(
        URL,
        None,
        None,
        profile={"model": "AI"},
        odf_list=["x"],
        register_callback=lambda: told.append("registered"),
    )
    assert told == ["registered"]


def test_a_handler_that_raises_is_counted():
    use()
    made = dan.Client()

    def fault(dan):
        raise TypeError("mine")

    made.register(URL, None, None, profile={"model": "AI"}, odf_list=["x"], on_connect=fault)
    assert made.context.connected
    assert made.context.handler_errors == 1


def test_the_module_is_a_client_too():
    use(script=[link(idf="meow")], answers=[registered(), Answer(200, {})])
    dan.register(URL, None, None, profile={"model": "AI"}, idf_list=["meow"])
    assert dan.push("meow", 7)
    dan.deregister()
    assert [message[1] for message in Talk.made.said if not message[3]] == [b"[7]"]
