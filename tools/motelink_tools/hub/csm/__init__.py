"""The IoTtalk v2 server: registration over HTTP, control channels, graphs and their functions.

`Csm` is in `server`. It is imported when it is asked for: the workers that run users' functions
are modules of this package too, and have no use for a web server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motelink_tools.hub.csm.server import Csm

__all__ = ["Csm"]


def __getattr__(name: str) -> Any:
    if name == "Csm":
        from motelink_tools.hub.csm.server import Csm

        return Csm
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
