"""A fake ``rp2``: the country and the BOOTSEL button. PIO, state machines, DMA and the flash block
device are not imitated: asking for one raises NotImplementedError.
"""

import network

pressed = False  # what bootsel_button() reports


def country(code=None):
    return network.country(code) if code is not None else network.country()


def bootsel_button():
    return 1 if pressed else 0


def __getattr__(name):
    if name in ("PIO", "StateMachine", "asm_pio", "PIOASMError", "DMA", "Flash"):
        raise NotImplementedError("this fake rp2 has no %s; test such code on a board" % name)
    raise AttributeError(name)
