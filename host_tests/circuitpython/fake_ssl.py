"""``ssl`` of CircuitPython 9: what mbedTLS does with a socket that never blocks, done by OpenSSL.

Contexts know ``cadata`` only, one certificate in PEM; "" turns verification off. A socket wrapped
when it is connected makes its handshake inside ``recv_into`` and ``send``, which raise EAGAIN.
"""

import errno
import ssl
from types import SimpleNamespace

_PIECE = 4096


class SSLContext:
    def __init__(self):
        self._real = ssl.create_default_context()

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        if cafile is not None or capath is not None:
            raise NotImplementedError
        if not isinstance(cadata, str):
            raise TypeError("can't convert to str implicitly")
        self._real = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if cadata:
            assert cadata.count("-----BEGIN CERTIFICATE-----") == 1, "takes one certificate"
            self._real.load_verify_locations(cadata=cadata)
        else:
            self._real.check_hostname = False
            self._real.verify_mode = ssl.CERT_NONE

    def load_cert_chain(self, certfile, keyfile=None):
        self._real.load_cert_chain(certfile, keyfile)

    def wrap_socket(self, sock, *, server_side=False, server_hostname=None):
        return SSLSocket(self._real, sock, server_hostname)


class SSLSocket:
    def __init__(self, context, sock, hostname):
        self._sock = sock
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=hostname)
        self._waits = b""  # encrypted, and not yet taken by the socket
        self._begun = False  # a `send` is, that has raised EAGAIN

    def recv_into(self, buffer, bufsize=0):
        if bufsize > len(buffer):
            raise ValueError("buffer too small for requested bytes")
        size = bufsize if bufsize > 0 else len(buffer)
        return self._do(lambda: self._tls.read(size, memoryview(buffer)[:size]))

    def send(self, data):
        if self._begun:
            # mbedtls_ssl_write takes what it is given for what it has encrypted already.
            self._flush()
            self._begun = False
            return len(data)
        return self._do(lambda: self._write(data))

    def _write(self, data):
        sent = self._tls.write(data)
        self._begun = True
        self._flush()
        self._begun = False
        return sent

    def close(self):
        self._sock.close()

    def poll(self, flags):
        if flags & 1 and self._tls.pending():
            return 1
        return self._sock.poll(flags)

    def _do(self, operation):
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                self._offer()
                self._receive()
            except ssl.SSLZeroReturnError:
                return 0
            except ssl.SSLCertVerificationError:
                self._offer()
                raise OSError(-0x2700, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED") from None
            except ssl.SSLError:
                self._offer()
                raise OSError(-0x7200, "MBEDTLS_ERR_SSL_INVALID_RECORD") from None

    def _offer(self):
        """Send what the socket takes now: that it takes nothing keeps nobody from reading."""
        try:
            self._flush()
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise

    def _receive(self):
        piece = bytearray(_PIECE)
        received = self._sock.recv_into(piece)  # raises EAGAIN, ENOTCONN, ...
        if not received:
            raise OSError(-0x7280, "MBEDTLS_ERR_SSL_CONN_EOF")
        self._in.write(piece[:received])

    def _flush(self):
        self._waits += self._out.read()
        while self._waits:
            self._waits = self._waits[self._sock.send(self._waits) :]


def ssl_module():
    return SimpleNamespace(create_default_context=SSLContext, SSLContext=SSLContext)
