# mypy: ignore-errors
"""Puts records into an outbox and takes them out, until it is killed: ``FOLDER FIRST SEED``; with
``drain`` for SEED it takes out what is there, and ends. Numbers its records from FIRST on. Prints
``put NUMBER`` when a record is confirmed, ``got HEX`` when one is delivered, before its pop."""

import random
import sys
from binascii import hexlify

from motelink.outbox import Outbox


def content(number):
    return b"%d:%s" % (number, bytes([number * 7 + i * 13 & 255 for i in range(number * 11 % 40)]))


def deliver(box):
    if not box.peek():
        return False
    print("got", hexlify(box.payload.bytes()).decode())
    box.pop()
    return True


def main(folder, number, seed):
    box = Outbox(folder, 64, 400, 8, "refuse")
    if seed == "drain":
        while deliver(box):
            pass
        print("corrupt", box.corrupt)
        return
    random.seed(int(seed))
    while True:
        if not random.getrandbits(1):
            deliver(box)
        elif box.put(b"t", content(number)):
            print("put", number)
            number += 1
        else:
            for _ in range(10):
                deliver(box)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
