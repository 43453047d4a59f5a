# Freezes motelink into a firmware: make BOARD=... FROZEN_MANIFEST=<here>/manifest.py
# Frozen modules run from flash and take no heap for their code.
# ruff: noqa: F821, the names come from MicroPython's build

from pathlib import Path

metadata(
    description="Firmware SDK: five IoT platforms, no heap allocation in steady state.",
    version="0.1.0",
    license="MIT",
)

# The build reads this file with its folder as the current one. Other runtimes' ports stay out.
package(
    "motelink",
    files=[
        path.name
        for path in sorted(Path("lib/motelink").glob("*.py"))
        if not path.name.startswith(("_port_cpython", "_port_circuitpython"))
    ],
    base_path="lib",
)
