"""motelink.iottalk_sa: modules as iottalk-py's dai runs them."""

import random

from iottalk_kettle import ID, ODF_TOPIC, Answer, registered
from iottalk_talk import ENDED, Talk, use
from kit import raises
from motelink import iottalk_sa
from motelink.errors import ConfigError
from motelink.iottalk_dan import NoData
from mqtt_owner import pub

HEAP = "256k"  # all of it is compiled there


class Module:
    """Stands for an SA: `given` are its variables and functions."""

    def __init__(self, **given):
        self.api_url = "http://192.0.2.5:9992"
        self.device_model = "Dummy_Device"
        for name in given:
            setattr(self, name, given[name])


def link(**feature):
    return lambda device: device.link(**feature)


def nothing(device):
    """A turn of the loop."""


def test_the_settings_of_a_module():
    use(answers=[registered(), Answer(200, {})])
    module = Module(
        device_addr="C860008BD249",
        device_name="Dummy",
        username="me",
        profile={"room": 4},
        idf_list=["Dummy_Sensor", ("CO2-TI", ["ppm"])],
        odf_list=[["Dummy_Control", ["int"]]],
        Dummy_Sensor=lambda: 1,
        CO2_TI=lambda: 2,
        Dummy_Control=print,
    )
    iottalk_sa.run(module)
    device = Talk.made
    (put, delete) = device.http.asked
    assert put[1].endswith("/00000000-0000-0000-0000-c860008bd249")
    assert put[2] == {
        "accept_protos": ["mqtt"],
        "name": "Dummy",
        "profile": {
            "model": "Dummy_Device",
            "u_name": "me",
            "extra_setup_webpage": "",
            "device_webpage": "",
            "room": 4,
        },
        "idf_list": [["Dummy_Sensor", [None]], ["CO2-TI", ["ppm"]]],
        "odf_list": [["Dummy_Control", ["int"]]],
    }
    assert delete[0] == "DELETE"
    assert module.profile == {"room": 4}
    assert device.state == ENDED


def test_the_functions_of_a_module():
    told = []
    values = [random.randint(0, 9), NoData, [1, 2], None]
    use(
        script=[
            link(idf="CO2-TI"),
            link(odf="Dummy_Control"),
            nothing,
            nothing,
            lambda device: device.get(pub(ODF_TOPIC, b"[5]"), pub(ODF_TOPIC, b"6")),
        ],
        answers=[registered(), Answer(200, {})],
    )
    module = Module(
        device_addr=ID,
        idf_list=["CO2-TI"],
        odf_list=["Dummy_Control"],
        CO2_TI=lambda: values.pop(0) if values else NoData,
        Dummy_Control=lambda data: told.append(data[0]),
        interval={"CO2-TI": 0},
        on_register=lambda dan: told.append(dan.push("CO2-TI", 1)),
        on_deregister=lambda: told.append("deregistered"),
    )
    first = values[0]
    iottalk_sa.run(module)
    assert told == [False, 5, 6, "deregistered"]
    pushed = [message[1] for message in Talk.made.said if not message[3]]
    assert pushed == [b"[%d]" % first, b"[1, 2]", b"[null]"]


def test_a_persistent_binding_stays():
    use()
    module = Module(idf_list=["X"], X=int, persistent_binding=True, device_addr=ID)
    iottalk_sa.run(module)
    assert [asked[0] for asked in Talk.made.http.asked] == ["PUT"]
    assert Talk.made.state == ENDED


def test_a_module_may_be_its_globals():
    use(answers=[registered(), Answer(200, {})])
    names = {"api_url": "http://h:1", "device_model": "Cat", "odf_list": ["X-O"], "X_O": print}
    iottalk_sa.run(names)
    assert Talk.made.http.asked[0][2]["odf_list"] == [["X-O", [None]]]


def test_it_takes_leave_when_it_is_interrupted():
    def interrupt(device):
        raise KeyboardInterrupt

    use(script=[interrupt], answers=[registered(), Answer(200, {})])
    raises(KeyboardInterrupt, iottalk_sa.run, Module(idf_list=["X"], X=int))
    assert [asked[0] for asked in Talk.made.http.asked] == ["PUT", "DELETE"]


def test_intervals():
    module = Module(
        idf_list=["A-I", "B", "C"],
        A_I=int,
        B=int,
        C=int,
        push_interval=0.5,
        interval={"A-I": 3, "C": lambda: 0.25},
    )
    interval = iottalk_sa._interval
    assert interval(module, "A-I") == 3000
    assert interval(module, "B") == 500
    assert interval(module, "C")() == 250
    assert interval(Module(), "B") == 1000


def test_modules_that_lack_something():
    use()
    for module, missing in (
        (Module(api_url=None, idf_list=["X"], X=int), "api_url"),
        (Module(device_model="", idf_list=["X"], X=int), "device_model"),
        (Module(), "idf_list"),
        (Module(idf_list=["CO2-TI"]), "CO2_TI"),
        (Module(odf_list=["X"], X=5), "X"),
    ):
        assert missing in str(raises(ConfigError, iottalk_sa.run, module))


def test_what_is_refused_ends_it():
    use(answers=[Answer(403, {"reason": "Unknown field"})])
    error = raises(ConfigError, iottalk_sa.run, Module(idf_list=["X"], X=int))
    assert "Unknown field" in str(error)
