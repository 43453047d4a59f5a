"""Fake pins. Each GPIO is one ``Line``, which outlives the Pin objects and is the test's end of
the wire: ``Line.drive(level)`` is a button or a sensor, ``Line.history`` what an analyser saw.
"""

import time

import _bench

_IRQ_FALLING = 4
_IRQ_RISING = 8

lines = {}  # GPIO number, or the name of a pin without one, to Line


class Line:
    """One wire. ``level`` is what is on it now. ``history`` is its level changes, as (ms since
    power came, level); it grows only where the bench records. ``analog`` is what an ADC on it
    reads, 0 to 65535, or a callable that returns it. ``pulse_us`` is what time_pulse_us measures,
    -2 for a timeout. ``dht`` is the (temperature, humidity) of a DHT sensor on it; ``pixels`` what
    a NeoPixel strip shows; ``pwm`` the PWM that drives it.
    """

    def __init__(self, name):
        self.name = name
        self.mode = -1
        self.pull = None
        self.level = 0
        self.history = []
        self.analog = 0
        self.pulse_us = -2
        self.dht = None
        self.pixels = None
        self.pwm = None
        self.handler = None
        self.trigger = 0
        self.flags = 0
        self.pin = None

    def put(self, level):
        if level != self.level:
            self.level = level
            if _bench.record:
                self.history.append((_bench.stamp(), level))

    def drive(self, level):
        """Set the wire from outside, and call the pin's interrupt handler if it waits for this."""
        before = self.level
        self.put(1 if level else 0)
        edge = (_IRQ_RISING if self.level else _IRQ_FALLING) if before != self.level else 0
        self.flags = edge & self.trigger
        if self.flags and self.handler is not None:
            _bench.call(self.handler, self.pin)


def line(name):
    """The wire of a GPIO number or a name ("LED", "GP3", "3"). ValueError as on a board."""
    if isinstance(name, str):
        if name == "LED" and _bench.led is not None:
            name = _bench.led
        elif name[:2] == "GP" and _bench.platform == "rp2":
            name = int(name[2:])
    if isinstance(name, int) and not 0 <= name < _bench.pins:
        raise ValueError("invalid pin")
    if isinstance(name, str) and name != _bench.led:
        raise ValueError("unknown named pin %r" % (name,))
    if name not in lines:
        lines[name] = Line(name)
    return lines[name]


class Irq:
    def __init__(self, wire):
        self._line = wire

    def flags(self):
        return self._line.flags

    def trigger(self):
        return self._line.trigger


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_LOW_LEVEL = 1
    IRQ_HIGH_LEVEL = 2
    IRQ_FALLING = _IRQ_FALLING
    IRQ_RISING = _IRQ_RISING
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    def __init__(self, id, mode=-1, pull=-1, **settings):
        self._line = id._line if isinstance(id, Pin) else line(id)
        self._line.pin = self
        self.init(mode, pull, **settings)

    def __repr__(self):
        return "Pin(%s)" % self._line.name

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, alt=-1, hold=None):
        wire = self._line
        if mode in (Pin.OUT, Pin.OPEN_DRAIN) and wire.name in _bench.input_only:
            raise ValueError("pin can only be input")
        if mode != -1:
            wire.mode = mode
        if pull != -1:
            wire.pull = pull
            if wire.mode == Pin.IN and pull is not None:
                wire.put(1 if pull == Pin.PULL_UP else 0)
        if value is not None:
            self.value(value)

    def value(self, level=None):
        """Allocates nothing where the bench does not record."""
        if level is None:
            if self._line.mode == Pin.IN:
                time.ticks_ms()  # lets injected time run in a loop that waits for it
            return self._line.level
        if self._line.mode != Pin.IN:
            self._line.put(1 if level else 0)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high = on
    low = off

    def toggle(self):
        self.value(1 - self._line.level)

    def mode(self, mode=None):
        if mode is None:
            return self._line.mode
        self.init(mode)

    def pull(self, pull=-1):
        if pull == -1:
            return self._line.pull
        self.init(pull=pull)

    def irq(
        self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, *, priority=1, wake=None, hard=0
    ):
        self._line.handler = handler
        self._line.trigger = trigger
        self._line.pin = self
        return Irq(self._line)


class Signal:
    """A pin by its meaning: ``on()`` lights the LED even where the LED is active low."""

    def __init__(self, pin, *settings, invert=False, **more):
        self._pin = pin if isinstance(pin, Pin) else Pin(pin, *settings, **more)
        self._invert = 1 if invert else 0

    def value(self, level=None):
        if level is None:
            return self._pin.value() ^ self._invert
        self._pin.value((1 if level else 0) ^ self._invert)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_9BIT = 9
    WIDTH_10BIT = 10
    WIDTH_11BIT = 11
    WIDTH_12BIT = 12
    CORE_TEMP = 4

    def __init__(self, pin, *, atten=ATTN_11DB, **settings):
        self._temperature = _bench.platform == "rp2" and pin == ADC.CORE_TEMP
        if isinstance(pin, int) and _bench.platform == "rp2" and pin < 4:
            pin += 26  # channels 0 to 3 are GPIO 26 to 29
        self._line = None if self._temperature else Pin(pin)._line

    def read_u16(self):
        if self._temperature:  # the data sheet's diode: 0.706 V at 27 degrees, -1.721 mV a degree
            return int((0.706 - (_bench.temperature - 27) * 0.001721) / 3.3 * 65535)
        analog = self._line.analog
        return analog() if callable(analog) else analog

    def read(self):
        return self.read_u16() >> 4

    def read_uv(self):
        return self.read_u16() * 3300000 // 65535

    def atten(self, value=None):
        pass

    def width(self, value=None):
        pass


class PWM:
    def __init__(self, pin, *, freq=5000, duty_u16=0, duty_ns=None, duty=None, invert=False):
        self._line = (pin if isinstance(pin, Pin) else Pin(pin))._line
        self._line.pwm = self
        self.init(freq=freq, duty_u16=duty_u16, duty_ns=duty_ns, duty=duty)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, duty=None):
        if freq is not None:
            self.freq(freq)
        if duty_u16 is not None:
            self.duty_u16(duty_u16)
        if duty_ns is not None:
            self.duty_ns(duty_ns)
        if duty is not None:
            self.duty(duty)

    def freq(self, value=None):
        if value is None:
            return self._freq
        if value < 1:
            raise ValueError("freq too small")
        self._freq = value

    def duty_u16(self, value=None):
        if value is None:
            return self._duty
        self._duty = min(65535, max(0, value))

    def duty(self, value=None):
        """0 to 1023, as on ESP32."""
        if value is None:
            return self._duty >> 6
        self.duty_u16(value << 6)

    def duty_ns(self, value=None):
        if value is None:
            return self._duty * 1000000000 // 65535 // self._freq
        self.duty_u16(value * self._freq * 65535 // 1000000000)

    def deinit(self):
        self._line.pwm = None


def time_pulse_us(pin, level, timeout_us=1000000):
    pulse = pin._line.pulse_us
    return pulse if pulse <= timeout_us else -2


def _forget(kind):
    for wire in lines.values():
        wire.handler = wire.pwm = wire.pin = None
        wire.trigger = wire.flags = 0
        if wire.mode == Pin.OUT and kind != "soft":
            wire.put(0)
        wire.mode = -1


_bench.on_restart.append(_forget)
