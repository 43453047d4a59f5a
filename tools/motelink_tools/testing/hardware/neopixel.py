"""A fake ``neopixel``. What was written last is ``pixels`` of the pin's line: a list of tuples."""


class NeoPixel:
    def __init__(self, pin, n, bpp=3, timing=1):
        self.pin = pin
        self.n = n
        self.bpp = bpp
        self._pixels = [(0,) * bpp for _ in range(n)]

    def __len__(self):
        return self.n

    def __setitem__(self, i, v):
        self._pixels[i] = tuple(v)

    def __getitem__(self, i):
        return self._pixels[i]

    def fill(self, v):
        for i in range(self.n):
            self[i] = v

    def write(self):
        self.pin._line.pixels = list(self._pixels)
