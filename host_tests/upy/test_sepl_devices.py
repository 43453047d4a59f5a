"""motelink.sepl_device and sepl_store: devices, tags, hashes, and keeping them."""

from hashlib import sha1

from kit import raises
from motelink import storage
from motelink.errors import ConfigError
from motelink.sepl_device import Device, local_hash
from motelink.sepl_pool import DevicePool, Pool
from motelink.sepl_store import DeviceStore


def _sha1(text):
    return "".join(["%02x" % byte for byte in sha1(text.encode()).digest()])


def _lamp():
    device = Device("lamp-1", "urn:lamp", "Lampe für den Flur")
    device.addTag("room", "hall")
    device.addTag("floor", "2")
    return device


def test_hash_is_of_all_in_order():
    assert Device("a", "b", "c").hash == _sha1("abc")
    assert _lamp().hash == _sha1("lamp-1urn:lampLampe für den Flurroomhallfloor2")


def test_many_tags_keep_their_order():
    device = Device("a", "b", "c")
    text = "abc"
    for i in range(40):
        tag_id = "tag%d" % (i * 7 % 40)
        device.addTag(tag_id, "v%d" % i)
        text += tag_id + "v%d" % i
    assert device.hash == _sha1(text)


def test_changing_a_tag_keeps_its_place():
    device = _lamp()
    device.changeTag("room", "cellar")
    assert device.hash == _sha1("lamp-1urn:lampLampe für den Flurroomcellarfloor2")
    assert device.tags == {"room": "cellar", "floor": "2"}
    device.removeTag("room")
    assert device.as_put()["tags"] == ["floor:2"]


def test_name_can_be_set_id_and_type_not():
    device = _lamp()
    device.name = "Other"
    assert device.as_put() == {
        "uri": "lamp-1",
        "name": "Other",
        "iot_type": "urn:lamp",
        "tags": ["room:hall", "floor:2"],
    }
    raises(AttributeError, setattr, device, "id", "x")
    raises(AttributeError, setattr, device, "type", "x")


def test_refuses_what_no_platform_takes():
    raises(TypeError, Device, 1, "b", "c")
    raises(TypeError, Device, "a", None, "c")
    raises(ValueError, Device, "a", "b", "")
    raises(TypeError, setattr, _lamp(), "name", 7)
    device = _lamp()
    for tag_id, tag in (
        ("a:b", "x"),
        ("a", "x;y"),
        ("device_name", "x"),
        ("device_type", "x"),
        ("room", "there already"),
        ("", "x"),
    ):
        raises(ValueError, device.addTag, tag_id, tag)
    raises(TypeError, device.addTag, 1, "x")
    raises(TypeError, device.addTag, "x", None)
    raises(ValueError, device.changeTag, "nobody", "x")
    raises(ValueError, device.changeTag, "room", "x:y")
    raises(ValueError, device.removeTag, "nobody")
    assert device.hash == _lamp().hash


def test_local_hash():
    assert local_hash([]) == _sha1("")
    a, b = Device("a", "t", "n"), Device("b", "t", "n")
    both = _sha1("".join(sorted([a.hash, b.hash])))
    assert local_hash([a, b]) == local_hash((b, a)) == local_hash({"a": a, "b": b}) == both


def test_tags_are_a_copy():
    device = _lamp()
    device.tags["new"] = "x"
    assert "new" not in device.tags


def test_pool():
    pool = Pool()
    device = _lamp()
    pool.add(device)
    assert pool.get("lamp-1") is device
    assert list(pool.devices()) == ["lamp-1"]
    pool.remove("lamp-1")
    pool.remove("lamp-1")
    assert pool.get("lamp-1") is None
    raises(TypeError, pool.add, "lamp-1")


def test_the_pool_of_the_program():
    DevicePool.add(_lamp())
    assert DevicePool().get("lamp-1") is DevicePool.get("lamp-1")
    assert Pool().get("lamp-1") is None
    DevicePool.remove("lamp-1")


def test_store_keeps_devices_over_a_restart():
    storage.remove("devices.json")
    store = DeviceStore()
    store.add(_lamp())
    store.add(Device("b", "t", "n"))
    store.add(Device("gone", "t", "n"))
    changed = store.get("b")
    changed.name = "new"
    store.update(changed)
    store.remove("gone")
    again = DeviceStore()
    assert sorted(again.devices()) == ["b", "lamp-1"]
    assert again.get("b").name == "new"
    assert local_hash(again.devices()) == local_hash(store.devices())


def test_store_names_a_file_that_is_not_one():
    for content in (
        b'{"a":1}',
        b"[1]",
        b'[["a","b"]]',
        b'[["a","b","c",[["d"]]]]',
        b'[["a","","c",[]]]',
    ):
        storage.write("bad.json", content)
        error = raises(ConfigError, DeviceStore, "bad.json")
        assert "bad.json" in str(error), (content, error)
