"""What the local Losant keeps of devices and their states."""

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.credentials import check_password
from motelink_tools.hub.losant.records import FILE_NAME, MIGRATIONS, Records
from motelink_tools.hub.store import Database


@pytest.fixture
def database(tmp_path):
    with Database(tmp_path / FILE_NAME, MIGRATIONS) as database:
        yield database


@pytest.fixture
def records(database):
    return Records(database)


@pytest.fixture
def lamp(records):
    return records.add("lamp", {})[0]


def test_a_device_is_found_by_name_and_id(records, lamp):
    meter, _ = records.add("meter", {"power": "number"})
    assert records.find("lamp") == records.find(lamp.id) == lamp
    assert [device.name for device in records.devices()] == ["lamp", "meter"]
    assert records.remove(meter.id) == meter
    with pytest.raises(ToolError, match="no Losant device 'meter'; there are: lamp"):
        records.find("meter")


def test_of_a_secret_only_a_hash_is_kept(records, database):
    device, secret = records.add("lamp", {})
    assert secret not in repr([tuple(row) for row in database.execute("SELECT * FROM devices")])
    assert check_password(secret, device.secret)
    assert not check_password(secret[:-1], device.secret)
    other, another = records.add("other", {})
    assert len({secret, another, device.key, other.key, device.id, other.id}) == 6


def test_devices_that_cannot_be(records, lamp):
    with pytest.raises(ToolError, match="there is a device 'lamp' already"):
        records.add("lamp", {})
    for name in ("", " a", "a\n"):
        with pytest.raises(ToolError, match="cannot be named"):
            records.add(name, {})
    with pytest.raises(ToolError, match="type 'gps'; there are: number, string, boolean"):
        records.add("b", {"place": "gps"})


def test_attributes_hold_a_device_to_their_types(records, lamp):
    data = {"power": 1.5, "on": True, "note": "x"}
    assert lamp.why_not(data) == {}
    meter, _ = records.add("meter", {"power": "number", "on": "boolean", "note": "string"})
    assert meter.why_not(data) == {}
    assert meter.why_not({"power": True, "on": 1, "note": None, "else": 1}) == {
        "power": "is a number, got true",
        "on": "is a boolean, got 1",
        "note": "is a string, got null",
        "else": "is not one of the device's attributes",
    }


def test_states_by_time(records, lamp):
    other, _ = records.add("other", {})
    for time in (3000, 1000, 2000):
        records.store(lamp.id, time, 9000, {"t": time})
    records.store(other.id, 1500, 9000, {})

    def times(**bounds):
        return [state.time for state in records.states(lamp.id, **bounds)]

    assert times() == [1000, 2000, 3000]
    assert times(since_ms=2000) == [2000, 3000]
    assert times(until_ms=3000) == [1000, 2000]
    assert times(since_ms=1001, until_ms=2001) == [2000]
    assert times(limit=2) == [2000, 3000]
    assert times(limit=0) == []
    assert records.states(lamp.id, limit=1)[0].data == {"t": 3000}
    text = len('{"t": 3000}')
    assert times(room=2 * text) == [2000, 3000]
    assert times(room=2 * text - 1, limit=3) == [3000]
    assert times(room=0) == []


def test_states_are_read_in_parts(records):
    lamp, _ = records.add("lamp", {})
    for number in range(250):
        records.store(lamp.id, 1000 + number // 100, 9000, {"n": number})

    def numbers(**bounds):
        return [state.data["n"] for state in records.states(lamp.id, **bounds)]

    assert numbers() == list(range(250))
    assert numbers(limit=150) == list(range(100, 250))
    assert numbers(since_ms=1001, until_ms=1002) == list(range(100, 200))


def test_states_as_they_arrive(records, lamp):
    records.store(lamp.id, 5000, 0, {"n": 1})
    last = records.last_number()
    records.store(lamp.id, 1000, 0, {"n": 2})
    records.store(lamp.id, 3000, 0, {"n": 3})
    assert [state.data["n"] for state in records.states_after(last)] == [2, 3]


def test_numbers_go_on_after_the_newest_are_gone(records, lamp):
    records.store(lamp.id, 1, 0, {})
    last = records.last_number()
    records.remove("lamp")
    again, _ = records.add("lamp", {})
    records.store(again.id, 1, 0, {})
    assert [state.device for state in records.states_after(last)] == [again.id]


def test_states_end_with_their_device_and_with_time(records, lamp):
    for arrived in (1000, 2000):
        records.store(lamp.id, 0, arrived, {})
    records.forget_before(2000)
    assert len(records.states(lamp.id)) == 1
    records.remove("lamp")
    assert records.states(lamp.id) == []
