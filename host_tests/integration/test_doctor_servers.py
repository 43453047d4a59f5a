"""``motelink doctor`` and the servers that a board needs: names, ports, TLS, certificates."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from .certificates import Authority
from .doctor_patient import (
    BASE,
    LOSANT,
    SECRET,
    Patient,
    authority,
    closed_port,
    patient,
    serving,
    started,
    states,
)

__all__ = ["authority", "patient", "started"]


def test_a_server_that_does_not_run(patient: Patient) -> None:
    found = patient.examine(BASE + f'sepl_host = "127.0.0.1"\nsepl_port = {closed_port()}\n')
    here, there = found["sepl.host"][0], found["sepl.board"][0]
    assert (here.state, there.state) == ("wrong", "wrong")
    assert "efused" in here.says
    assert "ECONNREFUSED" in there.says
    assert {f.says for f in found["settings"]} == {
        "sepl_user is missing; sepl needs it",
        "sepl_password is missing; sepl needs it",
    }


def test_a_host_that_there_is_not(patient: Patient) -> None:
    found = patient.examine(BASE + 'commute_root = "ws://there.invalid/ws"\n'
                            'commute_device = "lamp"\ncommute_key = "key"\n')  # fmt: skip
    assert "there.invalid has no address here" in found["commute.host"][0].says
    assert "the board finds no address of there.invalid" in found["commute.board"][0].says
    assert "commute_root" in found["commute.board"][0].do


@pytest.mark.parametrize(
    ("issue", "says"),
    [
        (lambda ca, _: ca.issue("good", "127.0.0.1", days=90), "valid until"),
        (lambda ca, _: ca.issue("soon", "127.0.0.1", days=3), "ends in 3 days"),
        (lambda ca, _: ca.issue("expired", "127.0.0.1", days=-1), "has expired"),
        (lambda ca, _: ca.issue("elsewhere", "example.org"), "is of example.org, and not of 127"),
        (lambda _, it: Authority(it, "stranger").issue("s", "127.0.0.1"), "not of the authority"),
    ],
)
def test_certificates(
    patient: Patient,
    authority: Authority,
    tmp_path: Path,
    issue: Callable[[Authority, Path], tuple[Path, Path]],
    says: str,
) -> None:
    patient.write("ca.der", authority.der.read_bytes())
    with serving(issue(authority, tmp_path)) as port:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", port) + 'losant_ca = "ca.der"\n')
    assert found["losant.host"][0].state == "ok"
    told = [f for f in found["losant.certificate"] if says in f.says]
    assert len(told) == 1
    # The board itself is of the same opinion.
    fine = told[0].state != "wrong"
    assert (found["losant.board"][0].state == "ok") == fine, found["losant.board"]
    assert bool(told[0].do) == (told[0].state != "ok")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "losant_ca is not set"),
        ('losant_ca = "none.der"\n', "no file none.der"),
        ('losant_ca = "settings.toml"\n', "is no certificate"),
    ],
)
def test_an_authority_that_is_not_there(
    patient: Patient, authority: Authority, more: str, says: str
) -> None:
    with serving(authority.issue("server", "127.0.0.1")) as port:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", port) + more)
    assert says in found["losant.certificate"][0].says
    assert "cannot verify" in found["losant.board"][0].says or more.endswith('settings.toml"\n')
    assert found["losant.board"][0].state == "wrong"


TLS = {
    "manager": 'manager_host = "127.0.0.1"\nmanager_port = {}\nmanager_tls = true\n',
    "iottalk": 'iottalk_url = "https://127.0.0.1:{}"\n',
    "sepl": 'sepl_host = "127.0.0.1"\nsepl_port = {}\nsepl_protocol = "wss"\n'
    f'sepl_user = "me"\nsepl_password = "{SECRET}"\n',
    "commute": 'commute_root = "wss://127.0.0.1:{}/ws"\n'
    f'commute_device = "lamp"\ncommute_key = "{SECRET}"\n',
}


@pytest.mark.parametrize("platform", TLS)
def test_each_platform_has_its_authority(
    patient: Patient, authority: Authority, platform: str
) -> None:
    patient.write("ca.der", authority.der.read_bytes())
    with serving(authority.issue("server", "127.0.0.1", days=90)) as port:
        settings = BASE + TLS[platform].format(port)
        found = patient.examine(f'{settings}{platform}_ca = "ca.der"\n')
        assert "wrong" not in states(found), found
        assert "verified" in found[f"{platform}.board"][0].says
        assert "valid until" in found[f"{platform}.certificate"][0].says
        found = patient.examine(settings)
    assert f"{platform}_ca is not set" in found[f"{platform}.certificate"][0].says


def test_a_server_that_speaks_no_tls(patient: Patient) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock:
                    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", listener.getsockname()[1]))
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
    assert "does not speak TLS" in found["losant.host"][0].says
    assert "losant_secure" in found["losant.host"][0].do


def test_no_time_server_answers(patient: Patient) -> None:
    found = patient.examine(BASE.replace('""', '"127.0.0.1"'))
    assert found["time_server"][0].state == "wrong"
    assert "127.0.0.1" in found["time_server"][0].says


def test_a_name_server_that_hangs(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motelink_tools.transport._EXEC_S", 1)
    monkeypatch.setattr("motelink_tools.transport._READ_S", 1)
    patient.board.faults.set("dns-hang", 60)
    try:
        found = patient.examine(BASE + 'manager_host = "there.invalid"\n')
    finally:
        patient.board.faults.clear("dns-hang")
        patient.board.hard_reset()
    assert "stopped answering" in found["examination"][0].says
    assert "name server" in found["examination"][0].do
    assert "hub" in found
