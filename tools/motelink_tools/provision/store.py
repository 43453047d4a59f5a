"""Where a board keeps its secrets: the file secrets.toml, or the NVS of an ESP32.

Everything goes over the serial line as text of commands; nothing is in an argument of a process,
a log, or a file of the host's.
"""

from collections.abc import Sequence
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.flash import Remote
from motelink_tools.flash.project import SETTINGS
from motelink_tools.flash.sources import SECRETS
from motelink_tools.transport import Board, RemoteError, read_answer

NVS_LIMIT = 1984  # as in motelink.settings_toml
_AGENT = Path(__file__).with_name("on_board.py")
# What tells whose board it was: settings, identities, the last crash and what that says.
_OWNERS_FILES = (SETTINGS, SECRETS, "crash.txt", "guard", "sepl.gid", "iottalk.id")
_SIDES = ("", ".new", ".old", ".~flash")


class Store:
    """The secrets of a connected board. Raises ToolError; no message has a value in it."""

    def __init__(self, link: Board) -> None:
        self._link = link
        self._remote = Remote(link)
        self._exec(_AGENT.read_text(encoding="utf-8"))
        blob = self._ask("blob()")
        self._has_nvs = blob is not None
        self.in_nvs = bool(blob)
        self.text: bytes = blob or self._ask(f"content({SECRETS!r})") or b""

    @property
    def place(self) -> str:
        """Where the secrets are: the file's name, or "NVS"."""
        return "NVS" if self.in_nvs else SECRETS

    def settings(self) -> bytes:
        """The content of settings.toml, which a flash writes."""
        return self._ask(f"content({SETTINGS!r})") or b""

    def write(self, text: bytes, *, nvs: bool = False) -> None:
        """Replace all of them, in one step: a board that loses power has the old or the new ones.
        ``nvs`` moves them there; they stay there afterwards. Raises ToolError ``no_nvs``,
        ``too_large``."""
        if nvs and not self._has_nvs:
            raise ToolError(
                "this board has no NVS, which only an ESP32 has; leave --nvs out", kind="no_nvs"
            )
        self.in_nvs = self.in_nvs or nvs
        if self.in_nvs:
            if len(text) > NVS_LIMIT:
                raise ToolError(
                    f"the secrets are {len(text)} bytes long, and {NVS_LIMIT} fit into NVS",
                    kind="too_large",
                )
            self._exec(f"keep({text!r})")
            self._remote.discard([SECRETS])
        else:
            self._remote.stage(SECRETS, text, lambda _count: None)
            self._remote.commit([(SECRETS, None)])
        # What died may have died of these: no safe mode for that.
        self._remote.discard(["guard"])
        self._remote.settle()
        self.text = text

    def wipe(self) -> Sequence[str]:
        """Remove secrets, settings and traces of the owner's; the names of what was there."""
        names = [name + side for name in _OWNERS_FILES for side in _SIDES]
        there = sorted(self._remote.look(names))
        if self.in_nvs:
            self._exec('keep(b"")')
            there.append("NVS")
        self._remote.discard(there)
        self._remote.settle()
        self.in_nvs, self.text = False, b""
        return there

    def _ask(self, code: str) -> bytes | None:
        answer = read_answer(self._exec(f"print({code})"))
        assert answer is None or isinstance(answer, bytes)
        return answer

    def _exec(self, code: str) -> str:
        try:
            return self._link.exec(code)
        except RemoteError as error:
            # The last line of a traceback: an exception's type and text, of which none here has
            # what the command was given.
            raise ToolError(f"the board failed: {error}", kind="board_error") from error
