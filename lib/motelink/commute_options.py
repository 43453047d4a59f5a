"""What few want of `motelink.commute.WebSocket`: proxies, threads. Loaded by them."""

from motelink import log, port
from motelink.commute_url import quoted
from motelink.errors import ConfigError


def options(given, disable_ssl_verification, proxy) -> dict:
    """Those of its client, with the arguments of ``connect``."""
    changed = dict(given)
    if disable_ssl_verification:
        log.warning("the certificate of the server will not be verified")
        changed["tls"] = port.tls_context(verify=False)
    changed["proxy"] = _url(**proxy) if isinstance(proxy, dict) else proxy
    port.forget("commute_url")
    return changed


def runner(client):
    """What runs it in a thread. Raises ConfigError."""
    kind = port.load("_thread").Runner
    if not kind:
        raise ConfigError("no threads here: open(), and loop.add() of its client")
    return kind(client)


def _url(host, port=80, auth=None) -> str:
    """Of the entries of a dict."""
    who = ":".join([quoted(part) for part in auth]) + "@" if auth else ""
    return "http://%s%s:%d" % (who, host, port or 80)
