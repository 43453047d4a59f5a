"""motelink.manager.Client: what it refuses at construction."""

from kit import MICROPYTHON, raises
from motelink.errors import ConfigError
from motelink.manager import Client
from owner import DIALECTS
from peer import UUID

HEAP = "1m"  # for what is too large for a server


def _client(**changes):
    options = {"host": "127.0.0.1", "uuid": UUID, "type": "kettle", "data": {"a": 1}}
    options.update(changes)
    return Client(**options)


def _refusal(**changes):
    """The one line that says why."""
    error = str(raises(ConfigError, _client, **changes))
    assert error and "\n" not in error, error
    return error


def test_defaults():
    client = _client()
    assert (client.host, client.port) == ("127.0.0.1", 8595)
    assert not client.connected
    assert client.beats == client.messages == client.oversized == client.handler_errors == 0
    client.end()  # before it ever ran


def test_uuid():
    for uuid in (
        "",
        UUID[:-1],
        UUID + "0",
        UUID.replace("-", ""),
        UUID.replace("-", "_"),
        UUID.replace("1", "g"),
        "{" + UUID[1:-1] + "}",
        UUID[:-1] + "\xff",
        UUID[1:] + " ",
        UUID.encode(),
        None,
        12,
    ):
        assert "36 characters" in _refusal(uuid=uuid), uuid
    _client(uuid=UUID.upper())


def test_type():
    for kind in ("", "a##b", "##", "ends with #", b"kettle", None, 7, ["kettle"]):
        assert "type" in _refusal(type=kind), kind
    for kind in ("kettle", "a#b", "#a", "Wasserkocher für Tee", "x y"):
        _client(type=kind)


def test_data_that_is_no_object():
    for data in (None, 1, "x", "{}", [1], (1, 2), True, b"{}", [("a", 1)], {1, 2}):
        assert "data" in _refusal(data=data), data


def test_data_that_is_not_json():
    nan = float("nan")
    infinite = float("inf")
    for value in (b"x", bytearray(1), object(), {1}, nan, infinite, -infinite, test_type, 1j):
        for data in ({"a": value}, {"a": [value]}, {"a": {"b": (1, value)}}):
            assert "data" in _refusal(data=data), data
    for key in (1, None, b"a", 1.5, (1,), True):
        assert "data" in _refusal(data={key: 1}), key
        assert "data" in _refusal(data={"a": {key: 1}}), key


def test_data_of_every_json_kind():
    import json

    data = {"s": 'q"\\\n\t\x01ü', "n": -5, "f": 1.5, "t": True, "f2": False, "z": None}
    data["l"] = [1, [2, {"m": {}}], []]
    data["big"] = 1 << 70
    data["#"] = "##"
    for dialect in DIALECTS:
        info = _client(data=data, framing=dialect)._info
        uuid, kind, text = info.split(b"##", 2)
        assert (uuid, kind) == (UUID.encode(), b"kettle")
        assert json.loads(text) == data
        assert b"\xff" not in info


def test_tuple_is_written_as_an_array():
    assert _client(data={"a": (1, 2)})._info.endswith(b'{"a": [1, 2]}')


def test_empty_object():
    assert _client(data={})._info.endswith(b"##{}")


def test_info_that_does_not_fit():
    for dialect, overhead in (("raw", 0), ("terminated", 1), ("length", 2)):
        size = len(_client()._info) + overhead
        _client(framing=dialect, tx_size=size)
        error = _refusal(framing=dialect, tx_size=size - 1)
        assert str(size - overhead) in error, error
        assert "1862cfe1" not in error, error  # not the whole info
    assert "room" in _refusal(data={"a": "x" * 600})


def test_info_beyond_what_a_server_takes():
    for dialect in DIALECTS:
        error = _refusal(data={"a": "x" * 65600}, tx_size=80000, framing=dialect)
        assert "65535" in error, error


def test_info_of_a_function_must_leave_room():
    _refusal(data=lambda writer: None, tx_size=40)


def test_framing():
    for name in ("", "Raw", "raw ", "rawer", "live", "info", "../raw", None, 1, b"raw", ["raw"]):
        error = _refusal(framing=name)
        assert "'raw', 'terminated' or 'length'" in error, error


def test_host():
    for host in ("", None, 1, b"127.0.0.1", ["127.0.0.1"]):
        assert "host" in _refusal(host=host), host


def test_port():
    for number in (0, -1, 65536, 1 << 40, "8595", None, 80.5):
        assert "1..65535" in _refusal(port=number), number
    for number in (1, 65535):
        assert _client(port=number).port == number


def test_buffers_too_small_to_work():
    for sizes in (
        {"rx_size": 0},
        {"rx_size": -1},
        {"rx_size": 7},
        {"tx_size": 0},
        {"tx_size": -5},
    ):
        _refusal(**sizes)


def test_tls_needs_an_authority_where_the_runtime_trusts_none():
    if MICROPYTHON:
        assert "ca=" in _refusal(tls=True)
    else:
        assert _client(tls=True).tls  # the system's certificate store


def test_data_can_be_set_anew():
    client = Client("h", UUID, "kettle", {"a": 1}, tx_size=128)
    client.set_data({"b": [2, "##"]})
    assert client._info == UUID.encode() + b'##kettle##{"b": [2, "##"]}'
    client.set_data({})
    assert client._info == UUID.encode() + b"##kettle##{}"
    raises(ConfigError, client.set_data, {"long": "x" * 100})
    raises(ConfigError, client.set_data, [1])
    assert client._info == UUID.encode() + b"##kettle##{}"
