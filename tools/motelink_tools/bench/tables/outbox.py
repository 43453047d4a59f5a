"""What an outbox takes of the heap, and what is left of its records when it is killed."""

import tempfile
from pathlib import Path

from motelink_tools.bench import outbox_kills
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_KILLS = 1000
_QUICK_KILLS = 40


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    with tempfile.TemporaryDirectory(prefix="motelink-outbox-") as name:
        folder = Path(name)
        heap = lab.run("outbox_memory", folder / "memory")
        outcome = outbox_kills.run(lab, folder / "box", _QUICK_KILLS if lab.quick else _KILLS)
    table = Table(
        note=(
            f"{outcome.kills} times real MicroPython was killed (SIGKILL) at a random moment while"
            f" it put records into the same outbox and took them out; {outcome.torn} times what a"
            " write leaves that power ended at a random byte was added to the file, at times with"
            f" a wrong bit or erased flash behind it. {len(outcome.confirmed)} records were"
            " confirmed; doubled: delivered again, as at least once allows."
        )
    )
    table.add("outbox.put.heap_bytes", heap["put"], Target(0))
    table.add("outbox.pop.heap_bytes", heap["pop"], Target(0))
    table.add("outbox.segment.heap_bytes", heap["segment"])
    table.add("outbox.held.heap_bytes", heap["outbox"])
    table.add("outbox.losant.held.heap_bytes", heap["losant"])
    table.add("outbox.power_cuts", outcome.kills, Target(_QUICK_KILLS, at_least=True))
    table.add("outbox.lost", outcome.lost, Target(0))
    table.add("outbox.corrupt", outcome.corrupt, Target(0))
    table.add("outbox.disordered", outcome.disordered, Target(0))
    table.add("outbox.doubled", outcome.doubled)
    return table


BENCHMARK = Benchmark("outbox", "records that wait on flash", _measure, 45, 4)
