"""What is checked of a board's network, on the board: Wi-Fi, the time, and each server."""

import time
from collections.abc import Callable, Iterator

from motelink.clock import EARLIEST
from motelink_tools.doctor import reach
from motelink_tools.doctor.agent import Agent
from motelink_tools.doctor.board import Known, content, networks
from motelink_tools.doctor.endpoints import Endpoint, endpoints
from motelink_tools.doctor.findings import Finding, note, ok, wrong
from motelink_tools.transport import RemoteError

Say = Callable[[str], None]

_SLICE_MS = 200
_JOIN_S = 17.0  # a network: leaving the last one, and the 15 s that the firmware gives it
_SERVER_S = 4.0  # a time server: 2 s for its answer, and the name
_WEAK_DBM = -80
_VIRTUAL = "virtual board"  # as its MACHINE has it: 127.0.0.1 is this machine there
_OFF_S = 5.0  # a board without a battery drifts by some seconds a day


def wifi(agent: Agent, found: Known, say: Say) -> Iterator[Finding]:
    """Joins as the firmware does, with its own code; tells which network, how well, and where."""
    count = networks(found.settings)
    agent.load("clear")
    (state,) = agent.load("wifi", WIFI=count > 0)
    said = list(agent.said)
    end = time.monotonic() + count * _JOIN_S
    while not state[0] and time.monotonic() < end:
        say(f"the board joins Wi-Fi, {end - time.monotonic():.0f} s at most")
        (state,) = agent.run(f"look({_SLICE_MS})")
        said += agent.said
        if any("MemoryError" in line for line in said):
            raise RemoteError("MemoryError while it joined")  # the loop lives on, and tries again
    joined, rssi, address = state
    found.joined = joined
    if not count:
        yield note("wifi", "no network in the settings: taken as connected already")
    elif not joined:
        why = _told(said, "Wi-Fi: ")
        do = "check wifi_ssid, wifi_password, and that it is 2.4 GHz"
        yield wrong("wifi", f"not joined{f' ({why})' if why else ''}", do)
    elif rssi is not None and rssi < _WEAK_DBM:
        yield note("wifi", f"joined at {address}, but weak: {rssi} dBm", "move it or its antenna")
    else:
        strength = "" if rssi is None else f", {rssi} dBm"
        yield ok("wifi", f"joined{strength}, address {address}")


def _told(lines: list[str], topic: str) -> str:
    """What the last line of the log about this says."""
    about = [line.partition(topic)[2] for line in lines if topic in line]
    return about[-1] if about else ""


def clock(agent: Agent, found: Known, say: Say) -> Iterator[Finding]:
    """Whether the board knows the time, and where from."""
    servers = _time_servers(found) if found.joined else []
    (seconds,) = agent.load("clock", SERVERS=servers)
    off = seconds - time.time()
    said: list[str] = []
    answered = not servers
    end = time.monotonic() + len(servers) * _SERVER_S
    asked = 0
    while not answered and asked < len(servers) and time.monotonic() < end:
        say(f"the board asks {servers[asked]} for the time")
        ((answered, asked, seconds),) = agent.run(f"ask({_SLICE_MS})")
        said += agent.said
    yield _timed(off, known=seconds >= EARLIEST or off > EARLIEST - time.time(), found=found)
    if servers and answered:
        yield ok("time_server", f"{servers[min(asked, len(servers) - 1)]} answers the board")
    elif servers:
        why = _told(said, "NTP: ")
        do = "let UDP port 123 out, or name one of your network in ntp_servers"
        yield wrong("time_server", f"no time server answers{f': {why}' if why else ''}", do)


def _time_servers(found: Known) -> list[str]:
    value = found.settings.get("ntp_servers", "pool.ntp.org")
    names = value.split(",") if isinstance(value, str) else []
    return [name.strip() for name in names if name.strip()]


def _timed(off: float, *, known: bool, found: Known) -> Finding:
    if not known:
        if any(endpoint.tls for endpoint in endpoints(found.settings)):
            do = "without it TLS waits: have a time server answer, see ntp_servers"
            return wrong("clock", "the time is not known", do)
        return note("clock", "the time is not known", "only TLS and Losant's times need it")
    if abs(off) > _OFF_S:
        side = "slow" if off < 0 else "fast"
        do = "mind this machine's clock, too; a time server sets the board's"
        return note("clock", f"{abs(off):,.0f} s {side} of this machine's", do)
    return ok("clock", f"known, {abs(off):.0f} s off this machine's")


def servers(agent: Agent, found: Known, say: Say) -> Iterator[Finding]:
    """Each platform's server: from here, from the board, and its certificate."""
    platforms = list(endpoints(found.settings))
    if not platforms:
        yield wrong("platform", "the settings name no platform", "see docs/node.md, Settings")
        return
    agent.load("clear")
    agent.load("reach")
    for endpoint in platforms:
        say(f"{endpoint.platform}: {endpoint}")
        from_here = reach.from_host(endpoint)
        yield from_here
        where = _where_to_look(endpoint, from_here, is_virtual=_VIRTUAL in found.machine)
        yield _from_board(agent, endpoint, where)
        if endpoint.tls and from_here.state != "wrong":
            authority = content(agent, endpoint.ca) if endpoint.ca else None
            try:
                yield from reach.certificate(endpoint, authority)
            except OSError as error:
                check = f"{endpoint.platform}.certificate"
                yield wrong(check, f"{endpoint}: {error.strerror or error}", "try again")


def _from_board(agent: Agent, endpoint: Endpoint, where: str) -> Finding:
    check = f"{endpoint.platform}.board"
    try:
        ((step, detail),) = agent.run(
            f"reach({endpoint.host!r}, {endpoint.port}, {endpoint.tls}, {endpoint.ca!r})"
        )
    except RemoteError as error:
        return wrong(check, f"asking the board failed: {error}", "try again")
    if step == "ok":
        tls = " with TLS, verified" if endpoint.tls else ""
        return ok(check, f"{endpoint} answers the board{tls} ({detail} ms)")
    says, do = {
        "resolve": (
            "the board finds no address of {0.host}",
            "check {0.setting}, or give an address",
        ),
        "connect": ("the board cannot connect to {0}", where),
        "authority": ("the board cannot verify {0}", "see the certificate's line"),
        "tls": ("the board refuses {0}", "see the certificate's line, and the clock's"),
    }[step]
    return wrong(check, f"{says.format(endpoint)}: {detail}", do.format(endpoint))


def _where_to_look(endpoint: Endpoint, from_here: Finding, *, is_virtual: bool) -> str:
    if from_here.state == "wrong" and (is_virtual or not endpoint.is_loopback):
        return "start the server, or check {0.setting} and its port"
    if endpoint.is_loopback:
        return "127.0.0.1 is the board itself: put the server's address in {0.setting}"
    return "this machine can: are both in one network, does a firewall stand between?"
