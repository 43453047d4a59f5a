"""What to send: the difference between the sources and the board, and in which steps."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi, MpyCross
from motelink_tools.flash.project import SETTINGS, without_mark
from motelink_tools.flash.remote import TEMP, About, Found, Remote
from motelink_tools.flash.sources import ALWAYS_SOURCE, SECRETS, Source, in_order

# Where an earlier flash may have left temporaries, whatever this one sends.
_OUR_FOLDERS = ("", "lib", "lib/motelink")
_SPARE_BLOCKS = 4  # a new folder takes two on littlefs, and a default flash makes two


@dataclass(frozen=True)
class File:
    """One file as it shall be on the board."""

    dest: str
    data: bytes

    @property
    def digest(self) -> str:
        """sha256 in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def twin(self) -> str | None:
        """The file that must not lie beside it: foo.py hides foo.mpy from ``import foo``."""
        if self.dest in ALWAYS_SOURCE:
            return None
        if self.dest.endswith(".mpy"):
            return self.dest[:-4] + ".py"
        return self.dest[:-3] + ".mpy" if self.dest.endswith(".py") else None


@dataclass(frozen=True)
class Change:
    """A file to send. ``frees`` bytes come back when it replaces the old one and its twin."""

    file: File
    twin: str | None
    needs: int
    frees: int


@dataclass(frozen=True)
class Plan:
    """What a flash does to the board.

    ``remove`` goes first: leftover temporaries, and stale twins of files that are right already.
    Then each batch is sent whole under temporary names, verified, and only then renamed.
    """

    batches: tuple[tuple[Change, ...], ...]
    unchanged: tuple[str, ...]
    remove: tuple[str, ...]

    @property
    def changes(self) -> list[Change]:
        """All files to send, in order."""
        return [change for batch in self.batches for change in batch]

    @property
    def removed(self) -> tuple[str, ...]:
        """All files that will be gone: ``remove``, and the twins of files to send."""
        return (*self.remove, *(change.twin for change in self.changes if change.twin))

    @property
    def total(self) -> int:
        """Bytes to send."""
        return sum(len(change.file.data) for change in self.changes)


def build(sources: Sequence[Source], about: About, *, as_source: bool = False) -> list[File]:
    """The files for this board: .py compiled to .mpy, unless ``as_source``. In order."""
    ordered = in_order(sources)
    to_compile = [
        source
        for source in ordered
        if source.dest.endswith(".py") and source.dest not in ALWAYS_SOURCE and not as_source
    ]
    compiled: dict[str, bytes] = {}
    if to_compile:
        compiled = _compile(to_compile, about)
    files = [
        File(source.dest[:-3] + ".mpy", compiled[source.dest])
        if source.dest in compiled
        else File(source.dest, _read(source))
        for source in ordered
    ]
    _refuse_clashes(files)
    return files


def plan(files: Sequence[File], remote: Remote) -> Plan:
    """Compare with the board. Raises ToolError ``full`` when the files do not fit there."""
    look_at = [name for file in files for name in (file.dest, file.twin) if name]
    folders = {name.rpartition("/")[0] for name in look_at} | set(_OUR_FOLDERS)
    leftovers = remote.leftovers(sorted(folders))
    return compare(files, remote.look(look_at), leftovers, remote.about)


def compare(
    files: Sequence[File],
    found: Mapping[str, Found],
    leftovers: Mapping[str, int],
    about: About,
) -> Plan:
    """The pure part of ``plan``: ``found`` are the files there, ``leftovers`` the temporaries."""
    unchanged: list[str] = []
    remove = list(leftovers)
    changes: list[Change] = []
    for file in files:
        twin = file.twin if file.twin in found else None
        old = found.get(file.dest)
        if old and old.digest == file.digest:
            unchanged.append(file.dest)
            remove += [twin] if twin else []
            continue
        gone = [entry.size for entry in (old, found.get(twin or "")) if entry]
        frees = sum(_on_flash(size, about.block) for size in gone)
        changes.append(Change(file, twin, _on_flash(len(file.data), about.block), frees))
    gained = sum(
        _on_flash(leftovers[name] if name in leftovers else found[name].size, about.block)
        for name in remove
    )
    batches = in_batches(changes, about.free + gained - _SPARE_BLOCKS * about.block)
    return Plan(tuple(map(tuple, batches)), tuple(unchanged), tuple(remove))


def in_batches(changes: Sequence[Change], free: int) -> list[list[Change]]:
    """As few batches as fit: old and new files of one batch are on the board together.

    ``free`` are the bytes at the start. Raises ToolError ``full`` where not even a file at a time
    fits.
    """
    batches: list[list[Change]] = []
    batch: list[Change] = []
    room = free
    for change in changes:
        if batch and change.needs > room:
            batches.append(batch)
            room += sum(done.frees for done in batch)
            batch = []
        if change.needs > room:
            raise ToolError(
                f"the board's file system is too full: {change.file.dest} needs "
                f"{change.needs:,} bytes beside the old file and {max(room, 0):,} would be free; "
                "nothing was changed, remove files from the board first",
                kind="full",
            )
        batch.append(change)
        room -= change.needs
    return [*batches, batch] if batch else batches


def _compile(sources: Sequence[Source], about: About) -> dict[str, bytes]:
    cross = MpyCross.find()
    abi: Abi = cross.check(about.abi, about.release)
    made = cross.compile([(source.path, source.dest) for source in sources], abi)
    return {source.dest: data for source, data in zip(sources, made, strict=True)}


def _read(source: Source) -> bytes:
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise ToolError(f"cannot read {source.path}: {error.strerror}", kind="bad_path") from error
    return without_mark(data) if source.dest in (SETTINGS, SECRETS) else data


def _refuse_clashes(files: Sequence[File]) -> None:
    names = [file.dest for file in files]
    for file in files:
        if names.count(file.dest) > 1 or file.twin in names:
            raise ToolError(
                f"two sources for {file.dest}: its .py and its .mpy; name one of them",
                kind="bad_path",
            )
        if file.dest.endswith(TEMP):
            raise ToolError(
                f"{file.dest} ends as our temporary files do; rename it", kind="bad_path"
            )


def _on_flash(size: int, block: int) -> int:
    """Bytes that a file takes: whole blocks, at least one."""
    return max(1, -(-size // block)) * block
