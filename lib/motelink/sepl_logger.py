"""The connector's logger: levels, children with names, and a file that rotates.

    from motelink.sepl_logger import root_logger

    logger = root_logger.getChild("window")
    logger.warning("open since %d minutes", 30)

Lines go to `motelink.log` (the console, and its ring), and where ``connector.conf`` says
``rotating_log = yes`` to ``connector.log`` too: at 16 KiB that becomes ``connector.log.1``, and so
on up to ``rotating_log_backup_count``.
"""

from motelink import log, port

_files = port.load("_files")

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_FILE_BYTES = 16384


class Logger:
    """``name``: dotted, "" for the root. Lines below the level cost no text."""

    level = 20  # of all of them
    file: "RotatingFile | None" = None

    def __init__(self, name: str = ""):
        self.name = name

    def getChild(self, name: str):
        """A logger whose lines say ``name`` too."""
        return Logger(self.name + "." + name if self.name else name)

    def debug(self, text, *values) -> None:
        """For whoever develops. ``text`` is a ``%`` template of the values."""
        self._log(10, log.debug, text, values)

    def info(self, text, *values) -> None:
        """What an operator likes to see."""
        self._log(20, log.info, text, values)

    def warning(self, text, *values) -> None:
        """Trouble that is coped with."""
        self._log(30, log.warning, text, values)

    def error(self, text, *values) -> None:
        """Trouble that needs a person."""
        self._log(40, log.error, text, values)

    def critical(self, text, *values) -> None:
        """Trouble that needs a person at once."""
        self._log(50, log.error, text, values)

    def _log(self, level, emit, text, values) -> None:
        if level < Logger.level:
            return
        try:
            text = str(text) % values if values else str(text)
        except Exception as error:  # a line about trouble must not be the end of the firmware
            text = "%s (its values raised %s)" % (text, type(error).__name__)
        if self.name:
            text = self.name + ": " + text
        if level == 50:
            text = "critical: " + text
        emit("%s", text)
        if Logger.file:
            Logger.file.write(level, text)


class RotatingFile:
    """Lines in ``path``; at ``limit`` bytes it is renamed, and ``backups`` of those are kept.

    Each line is in flash when `write` returns, as far as the file system keeps its word. A file
    system that is full or read only loses the line, and says so on the console once.
    """

    def __init__(self, path: str = "connector.log", limit: int = _FILE_BYTES, backups: int = 14):
        self.path = path
        self.limit = limit
        self.backups = backups
        self.failed = False
        self._size = self._measured()

    def write(self, level: int, text: str) -> None:
        """Add a line, without line breaks of its own."""
        name = {number: word for word, number in _LEVELS.items()}[level]
        text = text.replace("\r", "\\r").replace("\n", "\\n")
        line = ("%d %s %s\n" % (port.unix_time(), name, text)).encode()
        try:
            if self._size and self._size + len(line) > self.limit:
                self._rotate()
            with open(self.path, "ab") as file:
                file.write(line)
            self._size += len(line)
        except OSError as error:
            if not self.failed:
                self.failed = True
                log.error("%s cannot be written: %s", self.path, error)

    def _rotate(self) -> None:
        names = [self.path] + ["%s.%d" % (self.path, i + 1) for i in range(self.backups)]
        _quietly(_files.remove, names[-1])
        for i in range(len(names) - 1, 0, -1):
            _quietly(_files.rename, names[i - 1], names[i])
        self._size = 0

    def _measured(self) -> int:
        try:
            with open(self.path, "rb") as file:
                return file.seek(0, 2)
        except OSError:
            return 0


def configure(config) -> None:
    """Level and file as a `motelink.sepl_config.Config` has them."""
    Logger.level = _LEVELS[config.level]
    log.set_level("error" if config.level == "critical" else config.level)
    Logger.file = None
    if config.rotating_log:
        Logger.file = RotatingFile(backups=config.rotating_log_backup_count)


def _quietly(change, *names) -> None:
    try:
        change(*names)
    except OSError as error:
        if error.errno != 2:  # ENOENT: not that many yet
            raise


root_logger = Logger()
