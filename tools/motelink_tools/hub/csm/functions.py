"""Users' functions, found by the SHA-256 of their source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.wire import FUNCTION_BYTES, FUNCTIONS, RequestError


class Functions:
    """The store; all clients share it. Sources are only compiled where they run."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._codes = records.functions()

    def add(self, codes: list[str], digests: list[str]) -> None:
        """All of them, or none. Raises RequestError."""
        if len(codes) != len(digests):
            raise RequestError(f"{len(codes)} codes, but {len(digests)} digests")
        added = {}
        for code, digest in zip(codes, digests, strict=True):
            source = code.encode()
            if len(source) > FUNCTION_BYTES:
                raise RequestError(f"function {digest} is larger than {FUNCTION_BYTES} bytes")
            if hashlib.sha256(source).hexdigest() != digest:
                raise RequestError(f"{digest} is not the SHA-256 of its code")
            added[digest] = code
        if len({*self._codes, *added}) > FUNCTIONS:
            raise RequestError(f"more than {FUNCTIONS} functions; remove some with rm_funcs")
        self._records.save_functions(added)
        self._codes.update(added)

    def remove(self, digests: list[str], used: set[str]) -> None:
        """Forget them; unknown ones are fine. Raises RequestError if one is in ``used``."""
        for digest in digests:
            if digest in used:
                raise RequestError(f"function {digest} is in use")
        self._records.remove_functions(digests)
        for digest in digests:
            self._codes.pop(digest, None)

    def require(self, func: str | None, depends: dict[str, str]) -> None:
        """Raises RequestError if one of them is not in store."""
        if func is not None and func not in self._codes:
            raise RequestError(f"function {func} not found")
        for alias, digest in depends.items():
            if digest not in self._codes:
                raise RequestError(f"dependency {alias} ({digest}) not found")

    def codes(self, digests: Iterable[str]) -> dict[str, str]:
        """The sources of those that are in store."""
        return {digest: self._codes[digest] for digest in digests if digest in self._codes}
