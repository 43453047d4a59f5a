"""CSV of states."""

import csv
import io

from motelink_tools.hub.app import spreadsheet


def test_what_a_device_says_is_no_formula_and_no_time() -> None:
    file = io.StringIO()
    hostile = ["=1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "a=1", " "]
    states = [({"value": text}) for text in hostile]
    spreadsheet.write(
        file,
        [("2026", {"time": 5, "=n": -1.5, "list": [1], "on": True}), *(("t", s) for s in states)],
    )
    file.seek(0)
    rows = list(csv.reader(file))
    assert rows[0] == ["time", "'=n", "list", "on", "time", "value"]
    assert rows[1] == ["2026", "-1.5", "[1]", "true", "5", ""]
    guarded = [row[5] for row in rows[2:]]
    assert guarded[:8] == ["'" + text for text in hostile[:8]]
    assert guarded[8:] == ["a=1", " "]
