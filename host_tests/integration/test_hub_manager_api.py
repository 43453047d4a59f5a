"""The Manager as its documentation has it: every argument, member, method, event and error."""

import inspect
import logging
import threading

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import Client, Data, Manager

from .manager_device import connected, wait_for

FRAMINGS = ["raw", "terminated", "length"]


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No thread survives; unclosed sockets become errors through pytest's own settings."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.fixture(params=FRAMINGS)
def framing(request):
    return request.param


@pytest.fixture
def manager(framing):
    with Manager(["test", "lock"], connection_port=0, framing=framing) as manager:
        yield manager


@pytest.fixture
def device(manager, framing):
    with connected(manager, framing=framing)[0] as device:
        yield device


@pytest.fixture
def client(manager, device):
    return manager.get_clients()[0]


# -- Manager -----------------------------------------------------------------------------------


def test_the_documented_arguments_and_defaults():
    arguments = inspect.signature(Manager).parameters.values()
    documented = [a for a in arguments if a.kind is a.POSITIONAL_OR_KEYWORD]
    assert [(a.name, a.default) for a in documented[1:]] == [
        ("ssl_context", None),
        ("host", "127.0.0.1"),
        ("connection_port", 8595),
        ("max_workers", 16),
        ("heartbeat_rate", 60),
        ("backlogged_connections", 10),
        ("logging_id", "[Manager]"),
        ("logging_level", logging.INFO),
    ]
    assert documented[0].name == "valid_types"


def test_the_documented_members():
    with Manager(["test"], connection_port=0, heartbeat_rate=30, logging_id="[Mine]") as manager:
        assert manager.host == "127.0.0.1"
        assert manager.port > 0
        assert manager.heartbeat_rate == 30
        assert manager.logger.name == "[Mine]"
        assert manager.logger.level == logging.INFO
        assert manager.get_client_data() == []


@pytest.mark.parametrize(
    ("arguments", "error", "complaint"),
    [
        ({"valid_types": "test"}, TypeError, "list of strings"),
        ({"valid_types": [1]}, TypeError, "list of strings"),
        ({"valid_types": ["a##b"]}, ValueError, "cannot be a device type"),
        ({"ssl_context": "cert.pem"}, TypeError, "SSLContext"),
        ({"heartbeat_rate": 0}, ValueError, "more than 0"),
        ({"connection_port": 65536}, ValueError, "0 to 65535"),
        ({"framing": "morse"}, ValueError, "raw, terminated, length; got 'morse'"),
        ({"host": "no such host"}, ToolError, "cannot listen on no such host"),
    ],
)
def test_wrong_arguments(arguments, error, complaint):
    with pytest.raises(error, match=complaint):
        Manager(**{"valid_types": ["test"], "connection_port": 0, **arguments})


def test_a_port_in_use_is_one_clear_line():
    with Manager(["test"], connection_port=0) as first:
        with pytest.raises(ToolError, match="in use; choose another port") as refused:
            Manager(["test"], connection_port=first.port)
        assert refused.value.kind == "cannot_listen"


def test_get_client_data(manager, device):
    assert manager.get_client_data() == [
        {"uuid": device.uuid, "type": "test", "data": {"room": "attic"}}
    ]


def test_sending_to_one_to_a_type_and_to_all(manager, device, framing):
    encode = device.dialect.encode
    with connected(manager, framing=framing, kind="lock")[0] as lock:
        assert manager.send(device.uuid, b"one") == 3
        assert manager.send_type("lock", bytearray(b"two")) == 1
        assert manager.send_all(memoryview(b"three")) == 2
        assert manager.send_string(device.uuid, "vier \u20ac") == 8
        assert manager.send_type_string("test", "five") == 1
        assert manager.send_all_string("six") == 2
        for body in (b"one", b"three", "vier \u20ac".encode(), b"five", b"six"):
            device.expect(encode(body))
        for body in (b"two", b"three", b"six"):
            lock.expect(encode(body))


def test_sending_to_nobody(manager, caplog):
    assert manager.send("no such uuid", b"x") is None
    assert manager.send_type("tset", b"x") == 0
    assert manager.send_all(b"x") == 0
    assert "no client 'no such uuid'" in caplog.text
    assert "'tset'" in caplog.text


def test_sending_what_cannot_be_sent(manager, device, client, framing):
    for send in (manager.send_all, client.send, lambda data: manager.send(device.uuid, data)):
        with pytest.raises(TypeError, match="_string take text"):
            send("text")
        with pytest.raises(TypeError, match="expected bytes, got int"):
            send(5)
    if framing == "terminated":
        with pytest.raises(ValueError, match="FF"):
            client.send(b"\xff")
    if framing == "length":
        with pytest.raises(ValueError, match="65535"):
            manager.send_all(bytes(65536))
    assert client.send(b"still there") == 11
    device.expect(device.dialect.encode(b"still there"))


def test_close_ends_everything(manager, device, client):
    manager.close()
    device.expect_end()
    assert not client.connected
    assert client.send(b"x") is None
    assert manager.send_all(b"x") == 0
    assert manager.send(device.uuid, b"x") is None
    assert manager.get_client_data() == []
    for ask in (client.get_data, client.heartbeat, client.recv):
        with pytest.raises(Client.ConnectionEnd):
            ask()
    client.end()
    manager.close()


# -- Client and Data ---------------------------------------------------------------------------


def test_the_documented_client(client, device):
    assert client.address == device.socket.getsockname()
    assert isinstance(client.data, Data)
    assert client.return_data() == client.data.get()
    assert client.connected
    defaults = {
        name: [p.default for p in inspect.signature(getattr(Client, name)).parameters.values()][1]
        for name in ("end", "recv", "recv_string", "get_data", "heartbeat")
    }
    assert defaults == {
        "end": False,
        "recv": 15,
        "recv_string": 15,
        "get_data": 15,
        "heartbeat": 15,
    }
    assert issubclass(Client.ConnectionEnd, Exception)
    assert issubclass(Client.InvalidInfo, Exception)


def test_send_and_recv_as_a_pair(client, device):
    with client.connection_lock:
        assert client.send(b"temperature?") == 12
        device.expect(device.dialect.encode(b"temperature?"))
        device.send(b"21.5")
        assert client.recv() == b"21.5"
        assert client.send_string("humidit\u00e4t?") == 11
        device.send("40 \u2030".encode())
        assert client.recv_string() == "40 \u2030"
        assert client.recv(timeout=0) is None
        assert client.recv_string(timeout=0.01) is None


def test_recv_takes_the_lock_itself(manager, client, device):
    wrong = []
    manager.event(on_message := _named("on_message", lambda _, message: wrong.append(message)))
    assert on_message
    answers = []
    thread = threading.Thread(target=lambda: answers.append(client.recv()))
    thread.start()
    wait_for(lambda: not client.connection_lock.acquire(blocking=False) or _give_back(client))
    device.send(b"for recv")
    thread.join()
    assert (answers, wrong) == ([b"for recv"], [])


def _give_back(client):
    client.connection_lock.release()
    return False


def _named(name, function):
    def handler(client, message):
        function(client, message)

    handler.__name__ = name
    return handler


def test_get_data_asks_afresh(manager, client, device):
    thread = threading.Thread(target=client.get_data)
    thread.start()
    device.expect(device.dialect.getinfo)
    device.send(device.info('{"room": "cellar"}'))
    thread.join()
    assert client.data.data == {"room": "cellar"}
    assert manager.get_client_data()[0]["data"] == {"room": "cellar"}


def _raised(function):
    """Run it in a thread; the list gets what it raised."""
    errors = []

    def run():
        try:
            function()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


@pytest.mark.parametrize("change", ["type", "uuid", "json"])
def test_get_data_refuses_what_is_no_info(client, device, change, caplog):
    thread, errors = _raised(client.get_data)
    device.expect(device.dialect.getinfo)
    bad = {
        "type": device.info().replace(b"##test##", b"##toaster##"),
        "uuid": b"0" * 36 + device.info()[36:],
        "json": device.info("{nonsense}"),
    }
    device.send(bad[change])
    thread.join()
    assert [type(error) for error in errors] == [Client.InvalidInfo]
    assert "info refused" in caplog.text
    assert client.data.data == {"room": "attic"}
    assert client.send(b"goes on") == 7
    device.expect(device.dialect.encode(b"goes on"))


def test_get_data_and_heartbeat_without_answer_end_the_connection(manager, framing):
    for ask in ("get_data", "heartbeat"):
        device, client = connected(manager, framing=framing)
        with device:
            with pytest.raises(Client.ConnectionEnd, match="got none in"):
                getattr(client, ask)(timeout=0.02)
            device.read(len(device.dialect.heart))
            device.expect_end()
            assert not client.connected


def test_heartbeat_returns_the_round_trip(client, device):
    results = []
    thread = threading.Thread(target=lambda: results.append(client.heartbeat()))
    thread.start()
    device.beat()
    thread.join()
    assert 0 < results[0] < 15


def test_questions_wait_for_each_other(client, device):
    """A getinfo during an outstanding heartbeat is sent after its answer."""
    beat = threading.Thread(target=client.heartbeat)
    beat.start()
    device.expect(device.dialect.heart)
    asked = threading.Thread(target=client.get_data)
    asked.start()
    client.send(b"between")
    device.expect(device.dialect.encode(b"between"))
    device.put({"raw": b"beat", "terminated": b"\x02", "length": b"\0\1\2"}[device.framing])
    device.expect(device.dialect.getinfo)
    device.send(device.info("{}"))
    for thread in (beat, asked):
        thread.join()
    assert client.data.data == {}


def test_end(manager, client, device):
    client.end()
    device.expect_end()
    assert not client.connected
    assert client.send(b"x") is None
    assert manager.get_clients() == []
    with pytest.raises(Client.ConnectionEnd, match="ended by the server"):
        client.recv()
    with pytest.raises(Client.ConnectionEnd):
        client.end(raise_exception=True)


def test_recv_ends_when_the_device_goes(client, device):
    thread, errors = _raised(client.recv)
    wait_for(lambda: not client.connection_lock.acquire(blocking=False) or _give_back(client))
    device.socket.close()
    thread.join()
    assert [type(error) for error in errors] == [Client.ConnectionEnd]
    assert "closed the connection" in str(errors[0])
