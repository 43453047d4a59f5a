# mypy: ignore-errors
# reach() prints how far it came to a server: ("ok", ms), or the step that failed and why.
import socket

from motelink import port


def reach(host, number, tls, ca):
    now = port.ticks_ms()
    step = "resolve"
    sock = None
    try:
        address = port.resolve(host, number)
        step = "connect"
        sock = socket.socket()
        sock.settimeout(8)
        sock.connect(address)
        if tls:
            step = "authority"
            context = port.tls_context(ca)
            step = "tls"
            context.wrap_socket(sock, server_hostname=host).close()
        print("~" + repr(("ok", port.ticks_diff(port.ticks_ms(), now))))
    except (OSError, ValueError, MemoryError) as e:
        why = port.why_refused(e) if step == "tls" and not isinstance(e, MemoryError) else None
        print("~" + repr((step, why or f"{type(e).__name__}: {e}")))
    if sock:
        sock.close()
    port.collect()
