"""The HTTP side of an IoTtalk device: registration, deregistration.

`motelink.iottalk` loads this when it needs it, and drops it.
"""

import json
import sys

from motelink import port
from motelink.errors import ConfigError, ConnectionLost, ProtocolError

_TYPE = {"Content-Type": "application/json"}  # the server takes no other, not even with a charset
# A request blocks the loop. A chip needs seconds for TLS alone; RP2's watchdog has 8.3.
_S = port.const(3)
_TLS_S = port.const(6)
# What servers whose configuration was left as it was name as their broker.
_NOWHERE = ("localhost", "127.0.0.1", "0.0.0.0", "::1")


def register(device) -> None:
    """PUT, and take what the server answers. Raises ConfigError for what it does not allow,
    ConnectionLost and ProtocolError for what may pass."""
    if isinstance(device.verify, str):
        device.verify = _context(device.verify)
    body = {"accept_protos": ["mqtt"], "profile": device.profile}
    if device.name:
        body["name"] = device.name
    for key, features in (("idf_list", device.idf), ("odf_list", device.odf)):
        if features:  # an empty list is refused
            body[key] = [(feature.name, feature.units or [None]) for feature in features]
    answer = _request("PUT", device, json.dumps(body))
    reply = _reply(answer)
    if answer.status in (400, 403):
        raise ConfigError("%s refused the device: %s" % (device.url, reply.get("reason")))
    if answer.status != 200:
        raise ConnectionLost("%s: no registration: %s" % (device.url, _why(answer, reply)))
    try:
        _take(device, reply)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise ProtocolError("%s: a registration that lacks something" % device.url)


def _take(device, reply: dict) -> None:
    from motelink.mqtt import prepared

    url = reply["url"]
    up, down = reply["ctrl_chans"][:2]
    host = url["host"]
    number = url["port"]
    scheme = url.get("scheme", "mqtt")
    if scheme not in ("mqtt", "mqtts") or not host or not isinstance(reply["rev"], str):
        raise ValueError
    if not isinstance(host, str) or not isinstance(number, int) or not 0 < number < 65536:
        raise ValueError
    up = prepared(up)
    down = prepared(down)
    if device.down != down:
        if device.down:
            device.unsubscribe(device.down)
        device.subscribe(down, 2)
    device.host = host_of(device.url) if host in _NOWHERE else host
    device.port = number
    device.tls = (device.verify or _context()) if scheme == "mqtts" else False
    device.address = None
    device.up = up
    device.down = down
    device.rev = reply["rev"]
    device.name = reply.get("name") or device.name
    device.links = 0
    device.fresh = True
    _introduce(device, reply)


def _introduce(device, reply: dict) -> None:
    # At most 23 characters, and always the same: a broker that still holds a connection of ours
    # ends it, and publishes its will, before we come online again, not after.
    name = "motelink-" + device.id[-12:]
    user = reply.get("username") or None
    will = json.dumps({"state": "offline", "rev": device.rev})
    device.introduce(
        name, user, (reply.get("password") or None) if user else None, (device.up, will, 0, True)
    )


def _context(ca=None):
    try:
        return port.tls_context(ca)
    except (OSError, ValueError) as error:
        raise ConfigError("tls=%s: %s" % (ca, error))


def deregister(device) -> None:
    """DELETE. That it failed is logged: the server forgets us anyway, in its own time."""
    try:
        answer = _request("DELETE", device, json.dumps({"rev": device.rev}))
    except OSError as error:
        _warn(device, error)
    else:
        if answer.status not in (200, 404):
            _warn(device, _why(answer, _reply(answer)))
    device.rev = None


def _why(answer, reply: dict) -> str:
    return str(answer.error or "%d %s" % (answer.status, reply.get("reason")))


def _warn(device, why) -> None:
    from motelink import log

    log.warning("%s: not deregistered: %s", device.url, why)


def _request(method: str, device, body: str):
    """Send a request; its modules go again unless others use them."""
    used = [name for name in sys.modules if name.endswith(".http_request")]
    from motelink import http_request

    url = device.url + "/" + device.id
    seconds = _TLS_S if url.startswith("https") else _S
    try:
        return http_request.request(method, url, body, _TYPE, seconds, tls=device.verify)
    finally:
        if not used:
            for name in ("http_request", "http_client", "_http"):
                port.forget(name)


def _reply(answer) -> dict:
    try:
        reply = json.loads(answer.body)
    except (TypeError, ValueError):
        reply = None
    return reply if isinstance(reply, dict) else {}


def host_of(url: str) -> str:
    """Without user, port and brackets."""
    host = url.split("/")[2].split("@")[-1]
    if host.startswith("["):
        return host[1:].split("]")[0]
    return host.split(":")[0]
