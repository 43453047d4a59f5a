# ruff: noqa: F821
# mypy: ignore-errors
# Joins Wi-Fi as the firmware does; then, and with each look(), prints whether it has, the signal
# strength, and the address. Collects in between, for a small heap is soon in pieces.
from motelink import port

port.collect()
from motelink.loop import Loop  # noqa: E402

loop = Loop()
wifi = None


def look(ms):
    port.collect()
    if loop.clients:
        loop.run_for(ms)
    a = wifi.wlan.ifconfig()[0] if wifi and wifi.wlan else ""
    print("~" + repr((not loop.offline, wifi.rssi() if wifi else None, a)))


if WIFI and port.load("_board").network:
    port.collect()
    from motelink.settings import Settings

    port.collect()
    from motelink.node_wifi import Wifi

    port.collect()
    wifi = Wifi(loop, Settings())
    loop.add(wifi)
look(100)
