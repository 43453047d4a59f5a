"""The Manager inside TLS, with a certificate made here."""

import datetime
import logging
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from motelink_tools.hub.manager import Manager

from .manager_device import DEADLINE_S, Device, connected, wait_for


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for localhost, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def client_context(certificate):
    return ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize("framing", ["raw", "terminated", "length"])
def test_everything_inside_tls(server_context, client_context, framing):
    seen = []
    before = set(threading.enumerate())
    with Manager(
        ["test"], server_context, connection_port=0, heartbeat_rate=0.05, framing=framing
    ) as manager:

        @manager.event
        def on_message(client, message):
            seen.append(bytes(message))

        device, client = connected(manager, framing=framing, tls=client_context)
        with device:
            device.beat()
            device.send(b"hello")
            wait_for(lambda: seen == [b"hello"])
            manager.heartbeat_rate = 3600
            device.beat()
            manager.send_string(device.uuid, "x" * 60_000)
            device.expect(device.dialect.encode(b"x" * 60_000))
            client.end()
            device.expect_end()
    assert set(threading.enumerate()) == before


def test_a_device_that_does_not_trust_the_certificate_is_logged(server_context, caplog):
    with Manager(["test"], server_context, connection_port=0) as manager:
        with pytest.raises(ssl.SSLCertVerificationError):
            Device(manager, tls=ssl.create_default_context())
        wait_for(lambda: "refused in its TLS handshake" in caplog.text)
        assert manager.get_clients() == []


def test_a_device_without_tls_is_refused(server_context, client_context, caplog):
    with (
        Manager(["test"], server_context, connection_port=0) as manager,
        connected(manager, tls=client_context)[0] as good,
        Device(manager) as plain,
    ):
        plain.put(b"not TLS at all\r\n" * 10)
        wait_for(lambda: "refused in its TLS handshake" in caplog.text)
        manager.send(good.uuid, b"unharmed")
        good.expect(b"unharmed")


def test_a_handshake_that_stops_is_given_up(server_context, caplog):
    with (
        Manager(["test"], server_context, connection_port=0, answer_timeout=0.05) as manager,
        Device(manager) as silent,
    ):
        silent.expect_closed()
        wait_for(lambda: "refused in its TLS handshake" in caplog.text)


def test_close_does_not_wait_for_devices_that_do_not_answer(server_context, client_context):
    """Neither for one amid its handshake, nor for one that ignores the end."""
    manager = Manager(["test"], server_context, connection_port=0, logging_level=logging.ERROR)
    with connected(manager, tls=client_context)[0], Device(manager):
        closing = threading.Thread(target=manager.close)
        closing.start()
        closing.join(DEADLINE_S)
        assert not closing.is_alive()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", manager.port))
