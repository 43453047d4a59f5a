"""The load test of the benchmarks, small: it counts exactly, and notices what is lost."""

import pytest

from motelink_tools.bench import manager_load
from motelink_tools.errors import ToolError


def load(**changes):
    lines = []
    options = {"heartbeat_s": 0.5, "broadcast_s": 0.5, "progress": lines.append, **changes}
    return manager_load.run(50, 3, **options), lines


@pytest.mark.parametrize("framing", ["raw", "terminated", "length"])
def test_nothing_is_lost(framing):
    metrics, lines = load(framing=framing)
    assert metrics["hub.manager.clients"] == 50
    assert metrics["hub.manager.lost"] == 0
    assert metrics["hub.manager.false_disconnects"] == 0
    assert metrics["hub.manager.messages_in"] == 600
    assert metrics["hub.manager.messages_out"] % 50 == 0
    assert metrics["hub.manager.messages_out"] >= 50
    assert metrics["hub.manager.heartbeats"] >= 50
    assert 0 < metrics["hub.manager.p50_ms"] <= metrics["hub.manager.p99_ms"]
    assert set(metrics) >= {"hub.manager.client_bytes"}
    assert lines[0] == "connecting 50 devices"
    assert "50 devices" in lines[-1]


def test_a_message_that_is_lost_is_noticed(monkeypatch):
    """One application message is thrown away before the handlers see it."""
    from motelink_tools.hub.manager.connection import Connection

    original, thrown = Connection._message, []

    def lossy(self, body):
        if not thrown:
            thrown.append(body)
        else:
            original(self, body)

    monkeypatch.setattr(Connection, "_message", lossy)
    monkeypatch.setattr(manager_load, "_SETTLE_S", 1.0)
    with pytest.raises(ToolError, match="lost 1 messages and 0 of 50 connections"):
        load()


def test_more_devices_than_open_files_are_refused():
    with pytest.raises(ToolError, match="open files"):
        manager_load.run(10_000_000, 1)
