# mypy: ignore-errors
"""Requests of `motelink.http`, one after the other: FILE is a list of [method, url, arguments]. A
line of JSON tells of each: [status, header, body], or the name of the error and what it says."""

import json
import sys

from motelink import http, log, port

log.set_level("off")
with open(sys.argv[1]) as file:  # noqa: PTH123 - MicroPython has no pathlib
    requests = json.load(file)
for method, url, options in requests:
    if "ca" in options:
        options["tls"] = port.tls_context(options.pop("ca"))
    start = port.ticks_ms()
    try:
        answer = getattr(http, method)(url, **options)
        said = [answer.status, answer.header, answer.body, str(answer.error)]
    except Exception as error:
        said = [type(error).__name__, {}, str(error), ""]
    said.append(port.ticks_diff(port.ticks_ms(), start))
    print(json.dumps(said))
