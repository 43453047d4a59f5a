"""Fake I2C, SPI and UART. What is on a bus is the test's: see ``i2c``, ``spi`` and ``uart``.

A bus that firmware bit-bangs (SoftI2C, SoftSPI) has the id -1.
"""

import _bench

# What each port raises when nobody acknowledges.
_NO_ACK = (5, "EIO") if _bench.platform == "rp2" else (19, "ENODEV")

_buses = {}


class I2CBus:
    """The wires of one I2C. A device is any object with ``write(data)`` and ``read(n) -> bytes``.

    ``log`` holds (address, "w" or "r", bytes), only where the bench records.
    """

    def __init__(self):
        self.devices = {}
        self.log = []

    def attach(self, address, device):
        self.devices[address] = device
        return device

    def write(self, address, data):
        data = bytes(data)
        self._device(address).write(data)
        if _bench.record:
            self.log.append((address, "w", data))

    def read(self, address, n):
        data = self._device(address).read(n)
        if len(data) != n:
            raise ValueError("the device at 0x%02x gave %d bytes of %d" % (address, len(data), n))
        if _bench.record:
            self.log.append((address, "r", bytes(data)))
        return data

    def _device(self, address):
        if address not in self.devices:
            raise OSError(*_NO_ACK)
        return self.devices[address]


class SPIBus:
    """The wires of one SPI. ``device`` is an object with ``transfer(data) -> bytes`` of the same
    length; without one the board reads zeros. Chip select is a pin like any other.

    ``log`` holds what the board sent, a transfer an item, only where the bench records.
    """

    def __init__(self):
        self.device = None
        self.log = []

    def transfer(self, data):
        data = bytes(data)
        if _bench.record:
            self.log.append(data)
        return self.device.transfer(data) if self.device is not None else bytes(len(data))


class UARTBus:
    """The far end of one UART. ``sent`` is what the board wrote, only where the bench records.

    ``on_write``, when set, is called with the bytes of each write: a scripted modem.
    """

    def __init__(self):
        self.sent = bytearray()
        self.received = bytearray()
        self.on_write = None
        self.handler = None
        self.trigger = 0
        self.port = None

    def feed(self, data):
        """Send to the board."""
        self.received.extend(data)
        if self.handler is not None and self.trigger:
            _bench.call(self.handler, self.port)

    def take(self, n):
        data = bytes(self.received[:n])
        self.received[:] = self.received[n:]
        return data


def _bus(kind, id):
    if (kind, id) not in _buses:
        _buses[kind, id] = kind()
    return _buses[kind, id]


def i2c(id):
    return _bus(I2CBus, id)


def spi(id):
    return _bus(SPIBus, id)


def uart(id):
    return _bus(UARTBus, id)


class I2C:
    def __init__(self, id=-1, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._bus = i2c(id)

    def init(self, **settings):
        pass

    def deinit(self):
        pass

    def scan(self):
        return sorted(self._bus.devices)

    def readfrom(self, addr, nbytes, stop=True):
        return bytes(self._bus.read(addr, nbytes))

    def readfrom_into(self, addr, buf, stop=True):
        buf[:] = self._bus.read(addr, len(buf))

    def writeto(self, addr, buf, stop=True):
        self._bus.write(addr, buf)
        return len(buf)

    def writevto(self, addr, vector, stop=True):
        return self.writeto(addr, b"".join([bytes(part) for part in vector]))

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        self._bus.write(addr, memaddr.to_bytes(addrsize // 8, "big"))
        return bytes(self._bus.read(addr, nbytes))

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        buf[:] = self.readfrom_mem(addr, memaddr, len(buf), addrsize=addrsize)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        self._bus.write(addr, memaddr.to_bytes(addrsize // 8, "big") + bytes(buf))


class SoftI2C(I2C):
    def __init__(self, scl, sda, *, freq=400000, timeout=50000):
        super().__init__(-1)


class SPI:
    MSB = 0
    LSB = 1

    def __init__(self, id=-1, baudrate=1000000, **settings):
        self._bus = spi(id)

    def init(self, baudrate=1000000, **settings):
        pass

    def deinit(self):
        pass

    def read(self, nbytes, write=0):
        return self._bus.transfer(bytes([write] * nbytes))

    def readinto(self, buf, write=0):
        buf[:] = self._bus.transfer(bytes([write] * len(buf)))

    def write(self, buf):
        self._bus.transfer(buf)

    def write_readinto(self, write_buf, read_buf):
        if len(write_buf) != len(read_buf):
            raise ValueError("buffers must be the same length")
        read_buf[:] = self._bus.transfer(write_buf)


class SoftSPI(SPI):
    def __init__(self, baudrate=500000, **settings):
        super().__init__(-1)


class UART:
    """Reads what has arrived and never waits, whatever its timeout."""

    IRQ_RX = 1
    IRQ_RXIDLE = 2
    IRQ_TXIDLE = 4

    def __init__(self, id, baudrate=9600, bits=8, parity=None, stop=1, **settings):
        self._bus = uart(id)
        self._bus.port = self
        self.init(baudrate)

    def init(self, baudrate=9600, bits=8, parity=None, stop=1, **settings):
        self.baudrate = baudrate

    def deinit(self):
        self._bus.handler = None

    def any(self):
        return len(self._bus.received)

    def read(self, nbytes=-1):
        waiting = self._bus.received
        return self._bus.take(len(waiting) if nbytes < 0 else nbytes) if waiting else None

    def readinto(self, buf, nbytes=-1):
        if not self._bus.received:
            return None
        data = self._bus.take(len(buf) if nbytes < 0 else nbytes)
        buf[: len(data)] = data
        return len(data)

    def readline(self):
        if not self._bus.received:
            return None
        end = self._bus.received.find(b"\n")
        return self._bus.take(end + 1 if end >= 0 else len(self._bus.received))

    def write(self, buf):
        data = buf.encode() if isinstance(buf, str) else bytes(buf)
        if _bench.record:
            self._bus.sent.extend(data)
        if self._bus.on_write is not None:
            self._bus.on_write(data)
        return len(data)

    def txdone(self):
        return True

    def flush(self):
        pass

    def sendbreak(self):
        pass

    def irq(self, handler=None, trigger=IRQ_RX, hard=False):
        self._bus.handler = handler
        self._bus.trigger = trigger & (UART.IRQ_RX | UART.IRQ_RXIDLE)


def _forget(kind):
    for bus in _buses.values():
        if isinstance(bus, UARTBus):
            bus.handler = None
            bus.received[:] = b""


_bench.on_restart.append(_forget)
