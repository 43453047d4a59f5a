"""motelink.storage: a file is whole, as before or as now, wherever the power goes."""

from kit import raises
from motelink import storage


class _PowerCut(Exception):
    pass


class _Flash:
    """Counts what changes the file system, and cuts the power before step ``cut``. ``fat``: a
    rename over a file that exists is refused, as FAT does."""

    def __init__(self, cut, fat):
        self.steps = 0
        self.cut = cut
        self.fat = fat

    def __enter__(self):
        self.files = storage.files
        storage.files = self
        return self

    def __exit__(self, *_):
        storage.files = self.files

    def step(self):
        if self.steps == self.cut:
            raise _PowerCut()
        self.steps += 1

    def sync(self, file):
        self.step()
        self.files.sync(file)

    def rename(self, old, new):
        self.step()
        if self.fat and _exists(new):
            raise OSError(17)
        self.files.rename(old, new)

    def remove(self, path):
        self.step()
        self.files.remove(path)


def _exists(path):
    try:
        open(path, "rb").close()
    except OSError:
        return False
    return True


def test_reads_what_was_written():
    storage.write("a", b"one")
    assert storage.read("a") == b"one"
    storage.write("a", "zwei ✓")
    assert storage.read("a") == "zwei ✓".encode()
    storage.write("a", b"")
    assert storage.read("a") == b""


def test_nothing_is_none():
    assert storage.read("never") is None


def test_a_folder_that_is_not_there_is_an_error():
    raises(OSError, storage.write, "no/such/file", b"x")


def test_removes():
    storage.write("r", b"x")
    storage.remove("r")
    assert storage.read("r") is None
    storage.remove("r")


def test_power_cut_at_every_step():
    for fat in (False, True):
        finished = False
        cut = 0
        while not finished:
            storage.remove("f")
            storage.write("f", b"before")
            try:
                with _Flash(cut, fat):
                    storage.write("f", b"afterwards")
                finished = True
            except _PowerCut:
                assert storage.read("f") in (b"before", b"afterwards"), (fat, cut)
                storage.write("f", b"later")
                assert storage.read("f") == b"later", (fat, cut)
            cut += 1
        assert cut > 2, cut  # it was cut


def test_the_first_write_cut_leaves_nothing():
    try:
        with _Flash(0, False):
            storage.write("first", b"half")
    except _PowerCut:
        pass
    assert storage.read("first") is None
    storage.write("first", b"whole")
    assert storage.read("first") == b"whole"
