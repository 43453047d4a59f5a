"""How a node is, in figures. Loaded for each report and dropped behind it: allocates.

================ ====================================================================
``uptime``       s since the start
``heap_free``    bytes free after a collection, now
``heap_low``     the least of those since the start
``heap_block``   bytes of the largest block that is free: what TLS or a buffer can get
``reconnects``   connections of all platforms after their first ones
``wifi_joins``   how often Wi-Fi was joined; with Wi-Fi only, as is
``rssi``         its signal strength, dBm
``reset``        why the board started: power, hard, watchdog, sleep, soft; else a number
``time``         whether the time of day is known
``drift``        ms that it had lost when it was last asked for, if it was known then
``handler_errors``
``waiting``      records in outboxes, where there are some; and how many of them were
``dropped``      for want of room, or because the platform does not take them,
``refused``      for the same reason,
``corrupt``      found on flash
================ ====================================================================
"""

from motelink import port

_CAUSES = (
    ("PWRON_RESET", "power"),
    ("HARD_RESET", "hard"),
    ("WDT_RESET", "watchdog"),
    ("DEEPSLEEP_RESET", "sleep"),
    ("SOFT_RESET", "soft"),
)


def report(node, json) -> dict:
    """See `motelink.node.Node.report`."""
    data = figures(node)
    for name in ("node_report", "_board", "_more"):
        port.forget(name)
    if json:
        for name in data:
            json.pair(name, data[name])
    return data


def figures(node) -> dict:
    """All of them, by name."""
    free = node.free()
    again = 0
    for platform in node.platforms:
        connects = getattr(platform.client, "connects", 0)
        if connects > 1:
            again += connects - 1
    data = {
        "uptime": node.clock.poll(),
        "heap_free": free,
        "heap_low": node.lowest,
        "heap_block": largest(free),
        "reconnects": again,
        "reset": cause(),
        "time": node.clock.known(),
        "handler_errors": node.handler_errors,
    }
    ways = [platform.outbox for platform in node.platforms if hasattr(platform, "outbox")]
    if ways:
        boxes = [way.box for way in ways]
        data["waiting"] = sum([box.count for box in boxes])
        data["dropped"] = sum([way.box.dropped + way.unwanted for way in ways])
        data["refused"] = sum([box.refused for box in boxes])
        data["corrupt"] = sum([box.corrupt for box in boxes])
    if node.clock.drift is not None:
        data["drift"] = node.clock.drift
    if node.wifi:
        data["wifi_joins"] = node.wifi.joins
        data["rssi"] = node.wifi.rssi()
    return data


def largest(free: int) -> int:
    """Bytes of the largest free block, to 1/64 of ``free``, by trying."""
    step = (free >> 6) + 1
    low = 0
    while free - low > step:
        middle = (low + free) >> 1
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            free = middle
    port.collect()
    return low


def cause():
    """Why the board started, a word where there is one; None where there is no board."""
    machine = port.load("_board").machine
    if not hasattr(machine, "reset_cause"):
        return None
    number = machine.reset_cause()
    for name, word in _CAUSES:
        if getattr(machine, name, None) == number:
            return word
    return number
