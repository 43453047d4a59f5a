"""What one message goes through: the function of its idf, the join, the functions of the odfs.

Runs in the worker, so it imports nothing but the standard library.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

Json = dict[str, Any]

_OUTPUT_CHARACTERS = 256 * 1024
_SHOWN_CHARACTERS = 4096
_MESSAGE_CHARACTERS = 500


class StageError(Exception):
    """A function failed, or what it returned cannot be used. ``line`` is of the user's source."""

    def __init__(self, message: str, src: str | None = None, line: int | None = None) -> None:
        super().__init__(message[:_MESSAGE_CHARACTERS])
        self.src = src
        self.line = line


class Timeout(BaseException):
    """Raised in a function that takes too long; no ``except Exception`` of its own catches it."""


class Function:
    """One use of a function: its globals are its own, and stay from call to call.

    Source that does not compile, or has no ``run``, raises its StageError at each call.
    """

    def __init__(self, digest: str, depends: dict[str, str], codes: dict[str, str]) -> None:
        self._failure: StageError | None = None
        self._run: Any = None
        try:
            helpers = {
                alias: _load(needed, codes, SimpleNamespace()) for alias, needed in depends.items()
            }
            self._run = _load(digest, codes, SimpleNamespace(**helpers))
        except StageError as error:
            self._failure = error
        self._digest = digest

    @property
    def failure(self) -> StageError | None:
        """Why it cannot be called, if it cannot."""
        return self._failure

    def __call__(self, *arguments: Any) -> Any:
        if self._failure is not None:
            raise self._failure
        try:
            return self._run(*arguments)
        except BaseException as error:
            raise _blame(error, self._digest) from None


class Evaluator:
    """One graph. ``configuration``: ``idfs``, ``join``, ``odfs`` and ``codes`` by digest; see
    `Core.configuration`."""

    def __init__(self, configuration: Json) -> None:
        codes = configuration["codes"]
        self._idfs: list[Json] = configuration["idfs"]
        self._odfs: list[Json] = configuration["odfs"]
        self._idf_functions = [_function(stage, codes) for stage in self._idfs]
        self._odf_functions = [_function(stage, codes) for stage in self._odfs]
        self._join = _function(configuration["join"], codes)
        self._slots: list[Any] = [None] * len(self._idfs)
        self._previous: list[list[Any] | None] = [None] * len(self._idfs)

    def failures(self) -> list[Json]:
        """Functions that cannot be called, as `evaluate` reports errors."""
        found = [("join", None, self._join)]
        found += [
            ("idf", s["id"], f) for s, f in zip(self._idfs, self._idf_functions, strict=True)
        ]
        found += [
            ("odf", s["id"], f) for s, f in zip(self._odfs, self._odf_functions, strict=True)
        ]
        return [
            _report(function.failure, stage, place)
            for stage, place, function in found
            if function is not None and function.failure is not None
        ]

    def evaluate(self, slot: int, elements: list[Any], *, watched: bool) -> Json:
        """One message of the idf number ``slot``: ``out`` (odf number and JSON array, for each
        that has a result), ``errors``, and ``seen`` (the values at each stage) if watched."""
        errors: list[Json] = []
        stages: Json = {}
        out = []
        stage, place = "idf", self._idfs[slot]["id"]
        try:
            data, tags = self._split(slot, elements)
            function = self._idf_functions[slot]
            self._slots[slot] = data if function is None else function(*data)
            stages["idf"] = {"id": place, "input": data, "output": self._slots[slot]}
            stage, place = "join", None
            arguments = [_spliced(value) for value in self._slots]
            result = self._joined(arguments)
            stages["join"] = {"input": arguments, "output": result}
        except StageError as error:
            errors.append(_report(error, stage, place))
        else:
            stages["odf"] = []
            for number, odf in enumerate(self._odfs):
                try:
                    text, value = self._output(number, odf, result, tags)
                except StageError as error:
                    errors.append(_report(error, "odf", odf["id"]))
                else:
                    out.append([number, text])
                    stages["odf"].append({"id": odf["id"], "output": value})
        answer: Json = {"out": out, "errors": errors}
        if watched:
            answer["seen"] = _seen(stages)
        return answer

    def _split(self, slot: int, elements: list[Any]) -> tuple[list[Any], list[Any]]:
        idf = self._idfs[slot]
        tags = idf["tag_param_no"]
        wanted = idf["param_no"]
        count = len(elements) - tags if wanted is None else wanted
        if count < 0 or len(elements) != count + tags:
            expected = f"{count} value(s) and {tags} tag(s)" if tags else f"{count} value(s)"
            raise StageError(f"expected {expected}, got {len(elements)}")
        data = elements[:count]
        previous, self._previous[slot] = self._previous[slot], data
        types = idf["input_type"] or "sample"
        if isinstance(types, str):
            types = [types] * count
        if previous is not None:
            data = [
                _difference(now, before) if kind == "variant" else now
                for now, before, kind in zip(
                    data, previous, [*types, *["sample"] * count], strict=False
                )
            ]
        return data, elements[count:]

    def _joined(self, arguments: list[Any]) -> Any:
        if self._join is not None:
            return self._join(*arguments)
        return self._slots[0] if len(self._slots) == 1 else arguments

    def _output(self, number: int, odf: Json, result: Any, tags: list[Any]) -> tuple[str, Any]:
        function = self._odf_functions[number]
        values = _listed(result)
        if function is not None:
            values = _listed(function(*values))
        count = len(values) if odf["param_no"] is None else odf["param_no"]
        if count and not values:
            raise StageError("there is no value", odf["func"])
        last = len(values) - 1
        values = [values[min(i, last)] for i in range(count)] + tags
        try:
            text = json.dumps(values, allow_nan=False)
        except (TypeError, ValueError, RecursionError, MemoryError) as error:
            raise StageError(f"the result is not JSON: {error}", odf["func"]) from None
        if len(text) > _OUTPUT_CHARACTERS:
            raise StageError(f"the result has {len(text)} characters of JSON", odf["func"])
        return text, values


def _function(stage: Json, codes: dict[str, str]) -> Function | None:
    return None if stage["func"] is None else Function(stage["func"], stage["depends"], codes)


def _load(digest: str, codes: dict[str, str], iot: SimpleNamespace) -> Any:
    """Run the source once; its ``run``."""
    if digest not in codes:
        raise StageError(f"function {digest} is not in store", digest)
    namespace: Json = {"__name__": f"function_{digest[:8]}", "iot": iot}
    try:
        exec(compile(codes[digest], f"<function {digest}>", "exec"), namespace)  # noqa: S102
    except BaseException as error:
        raise _blame(error, digest) from None
    run = namespace.get("run")
    if not callable(run):
        raise StageError("the source defines no function named run", digest)
    return run


def _blame(error: BaseException, digest: str) -> StageError:
    """Say what went wrong, and in which line of which source."""
    line = None
    if isinstance(error, SyntaxError):
        line = error.lineno
    for frame, number in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name.startswith("<function "):
            line, digest = number, name[len("<function ") : -1]
    try:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException as inner:
        said = f"(and {type(inner).__name__} in its text)"
    kind = "took too long" if isinstance(error, Timeout) else type(error).__name__
    text = f"{kind}: {said}" if said else kind
    return StageError(text if line is None else f"line {line}: {text}", digest, line)


def _report(error: StageError, stage: str, place: Any) -> Json:
    return {
        "msg": str(error),
        "src": error.src,
        "line": error.line,
        "stage": stage,
        "id": place,
    }


def _spliced(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]


def _difference(now: Any, before: Any) -> Any:
    if not all(isinstance(value, (int, float)) for value in (now, before)):
        return now
    try:
        return now - before
    except OverflowError:  # an integer beyond what a float holds
        return now


def _seen(stages: Json) -> str:
    """As JSON; what has no JSON, or too much, as text."""
    try:
        text = json.dumps(stages, default=_shown, skipkeys=True, allow_nan=False)
        if len(text) <= _OUTPUT_CHARACTERS:
            return text
    except (ValueError, RecursionError, MemoryError):
        pass
    return json.dumps(
        {
            stage: [_as_text(one) for one in seen] if stage == "odf" else _as_text(seen)
            for stage, seen in stages.items()
        }
    )


def _as_text(seen: Json) -> Json:
    return {key: value if key == "id" else _shown(value) for key, value in seen.items()}


def _shown(value: Any) -> str:
    try:
        return repr(value)[:_SHOWN_CHARACTERS]
    except BaseException as error:
        return f"<{type(value).__name__}: {type(error).__name__} in its text>"
