"""A process with an outbox that is killed again and again, and what comes back.

Real MicroPython puts records and takes them out until SIGKILL ends it at a random moment: between
any two of its calls to the file system. What a killed process has written is in the files all the
same, for the host's kernel has it; what flash does beyond that, when the power goes in the middle
of a write, is done to the file afterwards: behind the last record a part of another one is
appended, cut at a random byte, at times with a bit that is wrong, or erased flash (0xFF).
"""

import os
import random
import signal
import subprocess
import time
from binascii import crc32
from dataclasses import dataclass, field
from pathlib import Path

from motelink_tools.bench.lab import Lab
from motelink_tools.errors import ToolError

_LONGEST_S = 0.05  # that a process works, at most, once it has begun
_DEADLINE_S = 20.0
_TOPIC = b"t"
_ERASED = 40


@dataclass
class Outcome:
    """``confirmed``: numbers of records that `put` has confirmed; ``delivered``: of those that
    came back, in that order; ``torn``: how many writes were torn."""

    kills: int = 0
    torn: int = 0
    corrupt: int = 0  # delivered, but not as they were put
    disordered: int = 0
    confirmed: set[int] = field(default_factory=set)
    delivered: list[int] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Confirmed, and not delivered."""
        return len(self.confirmed - set(self.delivered))

    @property
    def doubled(self) -> int:
        """Delivered again."""
        return len(self.delivered) - len(set(self.delivered))


def run(lab: Lab, folder: Path, kills: int, seed: int = 1) -> Outcome:
    """Kill it so often, then take out what is left. Raises ToolError where it ends by itself."""
    rand = random.Random(seed)
    outcome = Outcome()
    number = 1
    for kill in range(kills):
        lab.say(f"{kill} kills, {len(outcome.confirmed)} records")
        lines = _killed(lab, folder, number, rand)
        _count(outcome, lines)
        outcome.kills += 1
        number = max(number, *outcome.confirmed, *outcome.delivered) + 2
        # A record that was written when its process died was confirmed to nobody: its number, and
        # the one that a torn write may leave, are not given again.
        outcome.torn += _tear(folder, number - 1, rand)
    drained = _start(lab, folder, number, "drain").communicate(timeout=_DEADLINE_S)[0]
    if "corrupt" not in drained:
        raise ToolError(f"the last process said {drained[-200:]!r}", kind="program_failed")
    _count(outcome, drained.splitlines())
    return outcome


def content(number: int) -> bytes:
    """What a record has, as the program makes it."""
    return b"%d:%s" % (
        number,
        bytes([number * 7 + i * 13 & 255 for i in range(number * 11 % 40)]),
    )


def _start(lab: Lab, folder: Path, number: int, seed: object) -> "subprocess.Popen[str]":
    return lab.start("outbox_kills", folder, number, seed)


def _killed(lab: Lab, folder: Path, number: int, rand: random.Random) -> list[str]:
    """The whole lines of a process that was killed."""
    process = _start(lab, folder, number, rand.getrandbits(30))
    assert process.stdout is not None
    first = ""
    if rand.random() < 0.9:  # else it dies while it begins
        first = process.stdout.readline()
    time.sleep(rand.random() * _LONGEST_S)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    process.wait(_DEADLINE_S)
    if process.returncode != -signal.SIGKILL:
        raise ToolError(f"it ended by itself: {rest[-300:]!r}", kind="program_failed")
    return (first + rest).split("\n")[:-1]


def _count(outcome: Outcome, lines: list[str]) -> None:
    last = 0
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "put":
            outcome.confirmed.add(int(value))
        elif word == "got":
            found = bytes.fromhex(value)
            digits = found.partition(b":")[0]
            number = int(digits) if digits.isdigit() else -1
            if number < 0 or found != content(number):
                outcome.corrupt += 1
                continue
            outcome.delivered.append(number)
            outcome.disordered += number <= last
            last = number


def _tear(folder: Path, number: int, rand: random.Random) -> int:
    """What a write leaves that was under way; 0 where none was."""
    segments = sorted(folder.glob("[0-9]" * 8)) if folder.exists() else []
    if not segments or rand.random() < 0.3:
        return 0
    payload = content(number)
    size = len(_TOPIC) + len(payload)
    head = bytes([0xA5, len(_TOPIC), size >> 8, size & 255])
    body = _TOPIC + payload
    whole = head + crc32(body, crc32(head)).to_bytes(4, "big") + body
    record = bytearray(whole[: rand.randrange(len(whole))])
    kind = rand.randrange(3)
    if kind == 1 and record:
        record[rand.randrange(len(record))] ^= 1 << rand.randrange(8)
    elif kind == 2:
        record += b"\xff" * rand.randrange(_ERASED)
    with segments[-1].open("ab") as file:
        file.write(record)
        file.flush()
        os.fsync(file.fileno())
    return 1
