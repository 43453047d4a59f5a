"""motelink.http against servers of Python's own, on CPython (by requests) and on real MicroPython
with a board's heap: the same answers, the same bounds, and only certificates that are right."""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest

from collector import interpreters
from motelink_tools import paths

from .device_process import CPYTHON, Device, Runtime
from .tls_ends import Files, Server

PROGRAM = Path(__file__).with_name("http_device.py")


class Handler(BaseHTTPRequestHandler):
    """Echoes what it is asked; ``/redirect``, ``/large``, ``/missing`` and
    ``/authorization`` are what they say."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = [self.command, self.path, self.headers.get("Content-Type"), body]
        data = json.dumps(asked, ensure_ascii=False).encode()
        status = 200
        if self.path == "/redirect":
            status = 302
        elif self.path == "/missing":
            status = 404
        elif self.path == "/large":
            data = b"x" * 20000
        elif self.path == "/authorization":
            data = self.headers["Authorization"].encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.send_header("x-kettle", "boils")
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Hold this with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(4096)
                        talk(connection)
                except OSError:
                    if listener.fileno() < 0:
                        return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime(request.param, paths.library())


def _written(requests: object, file: IO[str]) -> str:
    json.dump(requests, file)
    file.flush()
    return file.name


def ask(runtime: Runtime, *requests: tuple[str, str, dict[str, Any]]) -> list[list[Any]]:
    """What each request gave: [status or error, header, body, error, milliseconds]."""
    with (
        tempfile.NamedTemporaryFile("w") as file,
        Device(runtime, PROGRAM, _written(requests, file), heap="512k") as process,
    ):
        process.result()
        return [json.loads(line) for line in process.output if line.startswith("[")]


def test_methods(runtime: Runtime, url: str) -> None:
    head = {"headers": {"Content-Type": "application/json"}}
    said = ask(
        runtime,
        ("get", url + "/a", {"query": {"b": "c d&é"}}),
        ("get", url + "/a?x=y", {"query": {"b": "c"}}),
        ("post", url + "/p", {"body": "grüße"}),
        ("put", url + "/p", {"body": "{}", **head}),
        ("delete", url + "/p", {"body": '{"rev": 1}', **head}),
        ("delete", url + "/p", {}),
        ("header", url + "/h", {}),
        ("get", url + "/missing", {}),
        ("get", url + "/redirect", {}),
    )
    bodies = [json.loads(answer[2]) if answer[2] else None for answer in said]
    assert bodies == [
        ["GET", "/a?b=c%20d%26%C3%A9", None, ""],
        ["GET", "/a?x=y&b=c", None, ""],
        ["POST", "/p", None, "grüße"],
        ["PUT", "/p", "application/json", "{}"],
        ["DELETE", "/p", "application/json", '{"rev": 1}'],
        ["DELETE", "/p", None, ""],
        None,
        ["GET", "/missing", None, ""],
        ["GET", "/redirect", None, ""],
    ]
    assert [answer[0] for answer in said] == [200] * 7 + [404, 302]
    assert all(answer[1]["X-Kettle"] == "boils" for answer in said)
    assert int(said[6][1]["Content-Length"]) > 0


def test_bounds(runtime: Runtime, url: str) -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(40):
            connection.sendall(b"X: y\r\n")
            time.sleep(0.1)

    with serving(trickle) as slow, serving(lambda connection: None) as deaf:
        said = ask(
            runtime,
            ("get", slow, {"timeout": 0.6}),
            ("get", deaf, {"timeout": 2, "retries": 2, "retry_delay": 0.2}),
            ("get", url + "/large", {}),
            ("get", url + "/large", {"limit": 20000}),
            ("get", "http://127.0.0.1:1/", {}),
        )
    assert [answer[0] for answer in said] == [None, None, "TooLarge", 200, None]
    assert 500 <= said[0][4] < 3000
    assert 400 <= said[1][4] < 3000
    assert "16384" in said[2][2]


def test_an_answer_that_is_no_text_is_not_asked_for_again(runtime: Runtime) -> None:
    asked = []

    def picture(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xd8")

    with serving(picture) as url:
        said = ask(runtime, ("post", url, {"body": "x", "retries": 2, "retry_delay": 0}))
    assert said[0][0] is None
    assert "UTF-8" in said[0][3]
    assert len(asked) == 1


def test_an_error_is_one_line_whatever_the_server_says(runtime: Runtime) -> None:
    def forge(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 99 \x1b[2J" + b"x" * 9000 + b"\r\n\r\n")

    with serving(forge) as url:
        said = ask(runtime, ("get", url, {}))
    assert said[0][0] is None
    assert said[0][3].isprintable()
    assert len(said[0][3]) < 300


def test_headers_are_not_those_of_netrc(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    asked = (url + "/authorization", {"headers": {"Authorization": "Bearer mine"}})
    said = ask(Runtime(CPYTHON, paths.library()), ("get", *asked))
    assert said[0][2] == "Bearer mine"


def test_settings_that_cannot_be(runtime: Runtime) -> None:
    said = ask(
        runtime,
        ("get", "ftp://host", {}),
        ("get", "http://host/a b", {}),
        ("get", "http://host/", {"headers": {"A": "b\r\nC: d"}}),
    )
    assert {answer[0] for answer in said} == {"ConfigError"}
    # On the host, too, where requests would make a form of it.
    said = ask(runtime, ("post", "http://127.0.0.1:1/", {"body": {"a": 1}}))
    assert said[0][0] == "TypeError"


def test_certificates(runtime: Runtime, tmp_path: Path) -> None:
    files = Files(tmp_path)

    def asked(certificate: tuple[Path, Path], ca: Path | None) -> list[Any]:
        with Server(certificate) as server:

            def serve() -> None:
                try:
                    with server.accept() as connection:
                        connection.socket.recv(4096)
                        connection.socket.sendall(b"HTTP/1.1 200 OK\r\n\r\nsafe")
                except OSError:
                    pass

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            options = {"ca": str(ca)} if ca else {}
            (said,) = ask(runtime, ("get", f"https://localhost:{server.port}/", options))
            return said

    ca = files.authority.der
    assert asked(files.server, ca)[:3:2] == [200, "safe"]
    for certificate, trusted in (
        (files.server, files.stranger.der),
        (files.elsewhere, ca),
        (files.server, None),
    ):
        assert asked(certificate, trusted)[0] in (None, "ConfigError")
