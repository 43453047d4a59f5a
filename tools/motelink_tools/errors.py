"""What a tool says when it cannot go on."""


class ToolError(Exception):
    """One clear line for the person at the terminal: what is wrong and what to do.

    ``code`` becomes the exit status; ``kind`` is a stable word for scripts (``--json``).
    """

    def __init__(self, message: str, *, kind: str = "error", code: int = 1) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
