"""Which user is at the other end of a connection."""

import os
import socket
import struct

import pytest

from motelink_tools.hub.web import peer


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_our_own_connection_is_ours(family, host):
    with socket.create_server((host, 0), family=family) as server:
        where = server.getsockname()[:2]
        with socket.create_connection(where) as client:
            accepted, _ = server.accept()
            accepted.close()
            assert peer.owner(client.getsockname()[:2], where) == os.getuid()


def test_the_owner_is_of_the_clients_end(tmp_path, monkeypatch):
    table = tmp_path / "tcp"
    table.write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 0100007F:218E 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000 0 1 1\n"
        "   1: 0100007F:C350 0100007F:218E 01 00000000:00000000 00:00000000 00000000  1001 0 2 1\n"
    )
    monkeypatch.setitem(peer._TABLES, 4, table)
    here, there = ("127.0.0.1", 0x218E), ("127.0.0.1", 0xC350)
    assert peer.owner(there, here) == 1001
    assert peer.owner(here, there) == 1000
    assert peer.owner(("127.0.0.1", 1), here) == peer.NOBODY


@pytest.mark.parametrize("abort", [False, True])
def test_one_who_has_hung_up_is_nobody(abort):
    """And not root, as whom the kernel lists sockets without a process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = server.getsockname()
        client = socket.create_connection(where)
        mine = client.getsockname()
        accepted, _ = server.accept()
        with accepted:
            if abort:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            assert peer.owner(mine, where) == peer.NOBODY


def test_where_it_cannot_be_told_nobody_is(tmp_path, monkeypatch):
    monkeypatch.setitem(peer._TABLES, 4, tmp_path / "none")
    assert peer.owner(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
    assert peer.owner(("nowhere", 1), ("127.0.0.1", 2)) is None
