"""JSON that another has written, taken only if it can be written again as JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)


def parse_json(data: bytes | str) -> Any:
    """Decode UTF-8, or text. Raises ValueError for whatever is wrong with it.

    Refuses NaN and infinities, which are no JSON, numbers that become infinite (1e999), and halves
    of surrogate pairs, which neither SQLite nor MQTT can carry.
    """
    text = data if isinstance(data, str) else data.decode()
    text.encode()  # raises for half a pair that is there as it is
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value
