# ruff: noqa: F821, PTH123
# mypy: ignore-errors
# Prints what is in the file PATH, in pieces of hex digits; nothing where there is none.
import binascii

try:
    with open(PATH, "rb") as f:
        while True:
            d = f.read(192)
            if not d:
                break
            print("~'" + binascii.hexlify(d).decode() + "'")
except OSError:
    pass
