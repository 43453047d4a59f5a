"""The devices that the hub's Manager remembers."""

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import records
from motelink_tools.hub.manager.records import Known, Records


def test_who_was_connected_is_known_after_a_restart_and_when_it_went(tmp_path):
    now = [100.0]
    first = Records(tmp_path, lambda: now[0])
    first.update({"a": ("lamp", {"room": "attic"}), "b": ("lamp", {})})
    now[0] = 200.0
    first.update({"b": ("lamp", {})})
    now[0] = 300.0
    first.update({"b": ("lamp", {"room": "hall"})})
    first.close()
    again = Records(tmp_path)
    assert again.all() == {
        "a": Known("lamp", {"room": "attic"}, 200.0),
        "b": Known("lamp", {"room": "hall"}, 300.0),
    }
    again.close()


def test_only_what_changes_is_written(tmp_path):
    kept = Records(tmp_path)
    kept.update({"a": ("lamp", {})})
    before = kept._database.execute("SELECT total_changes() AS n")[0]["n"]
    kept.update({"a": ("lamp", {})})
    assert kept._database.execute("SELECT total_changes() AS n")[0]["n"] == before
    kept.close()


def test_the_one_longest_away_is_forgotten_first_and_none_that_is_connected(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "DEVICES", 3)
    now = [0.0]
    kept = Records(tmp_path, lambda: now[0])
    for number in range(6):
        now[0] += 1
        kept.update({"always": ("lamp", {}), f"device {number}": ("lamp", {})})
    assert set(kept.all()) == {"always", "device 4", "device 5"}
    kept.close()
    kept = Records(tmp_path)
    assert set(kept.all()) == {"always", "device 4", "device 5"}
    kept.close()


def test_forgetting(tmp_path):
    kept = Records(tmp_path)
    kept.update({"a": ("lamp", {})})
    with pytest.raises(ToolError, match="is connected"):
        kept.forget("a")
    kept.update({})
    kept.forget("a")
    with pytest.raises(ToolError, match="no device"):
        kept.forget("a")
    kept.close()
    kept = Records(tmp_path)
    assert kept.all() == {}
    kept.close()
