"""Fake I2C, SPI and UART, and the devices that a test puts on them."""

import pytest

from motelink_tools.testing import Registers


def test_a_register_device_on_i2c(board):
    from machine import I2C, Pin

    sensor = board.i2c[0].attach(0x76, Registers({0xD0: 0x60, 0xFA: b"\x12\x34\x56"}))
    bus = I2C(0, scl=Pin(22), sda=Pin(21), freq=400_000)
    assert bus.scan() == [0x76]
    assert bus.readfrom_mem(0x76, 0xD0, 1) == b"\x60"
    into = bytearray(3)
    bus.readfrom_mem_into(0x76, 0xFA, into)
    assert into == b"\x12\x34\x56"
    bus.writeto_mem(0x76, 0xF4, b"\x27")
    assert sensor.memory[0xF4] == 0x27
    bus.writevto(0x76, [b"\xfa", b"\x01"])
    assert bus.readfrom(0x76, 2) == b"\x34\x56"
    assert board.i2c[0].log[:2] == [(0x76, "w", b"\xd0"), (0x76, "r", b"\x60")]


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("ENODEV", marks=pytest.mark.board("esp32")),
        pytest.param("EIO", marks=pytest.mark.board("rpi_pico_w")),
    ],
)
def test_nobody_answers(board, what):
    from machine import I2C

    with pytest.raises(OSError, match=what):
        I2C(0).readfrom(0x40, 2)


def test_a_device_that_answers_too_little_is_the_tests_mistake(board):
    from machine import I2C

    class Broken:
        def read(self, n):
            return b"1"

    board.i2c[0].attach(0x20, Broken())
    with pytest.raises(ValueError, match="0x20 gave 1 bytes of 4"):
        I2C(0).readfrom(0x20, 4)


def test_a_bit_banged_bus_is_number_minus_one(board):
    from machine import Pin, SoftI2C

    board.i2c[-1].attach(0x3C, Registers())
    assert SoftI2C(scl=Pin(5), sda=Pin(4)).scan() == [0x3C]


def test_spi_is_full_duplex(board):
    from machine import SPI

    class Echo:
        def transfer(self, data):
            return bytes(byte ^ 0xFF for byte in data)

    spi = SPI(1, 1_000_000)
    assert spi.read(2) == b"\x00\x00"
    board.spi[1].device = Echo()
    into = bytearray(2)
    spi.write_readinto(b"\x0f\xf0", into)
    assert into == b"\xf0\x0f"
    assert spi.read(1, 0x01) == b"\xfe"
    spi.write(b"hello")
    assert board.spi[1].log[-1] == b"hello"
    with pytest.raises(ValueError, match="same length"):
        spi.write_readinto(b"abc", into)


def test_uart_in_and_out(board):
    from machine import UART

    uart = UART(1, 9600, tx=17, rx=16)
    assert uart.read() is None
    board.uarts[1].feed(b"$GPGGA,1\r\n$GP")
    assert uart.any() == 13
    assert uart.readline() == b"$GPGGA,1\r\n"
    into = bytearray(2)
    assert uart.readinto(into) == 2
    assert into == b"$G"
    assert uart.read(5) == b"P"
    uart.write("AT\r\n")
    assert board.uarts[1].sent == b"AT\r\n"


def test_a_modem_answers_and_interrupts(board):
    from machine import UART

    uart = UART(2, 115200)
    lines = []
    uart.irq(lambda port: lines.append(port.readline()), UART.IRQ_RXIDLE)
    board.uarts[2].on_write = lambda data: board.uarts[2].feed(b"OK " + data)
    uart.write(b"AT\n")
    assert lines == [b"OK AT\n"]
