"""What a check says: one line, and where something is not right, what to do about it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """``check``: a stable name for scripts, as "heap" or "losant.host". ``do``: what to do, empty
    where all is well. A "note" is worth knowing; only "wrong" makes the exit status 1.
    """

    check: str
    state: State
    says: str
    do: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", says)


def note(check: str, says: str, do: str = "") -> Finding:
    """Worth knowing, and no fault."""
    return Finding(check, "note", says, do)


def wrong(check: str, says: str, do: str) -> Finding:
    """A fault."""
    return Finding(check, "wrong", says, do)
