# ruff: noqa: F821
# mypy: ignore-errors
# Joins Wi-Fi as the firmware does; then, and with each look(), prints whether it has, the signal
# strength, and the address.
from motelink import port
from motelink.loop import Loop

loop = Loop()
wifi = None


def look(ms):
    if loop.clients:
        loop.run_for(ms)
    a = wifi.wlan.ifconfig()[0] if wifi and wifi.wlan else ""
    print("~" + repr((not loop.offline, wifi.rssi() if wifi else None, a)))


if WIFI and port.load("_board").network:
    from motelink.node_wifi import Wifi
    from motelink.settings import Settings

    wifi = Wifi(loop, Settings())
    loop.add(wifi)
look(100)
