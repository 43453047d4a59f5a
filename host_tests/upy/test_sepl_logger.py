"""motelink.sepl_logger: levels, names, and a file that rotates."""

from motelink import log, storage
from motelink.sepl_config import Config
from motelink.sepl_logger import Logger, RotatingFile, configure, root_logger

CONF = "[CONNECTOR]\nhost=h\nuser=u\npassword=p\n[LOGGER]\nlevel=%s\nrotating_log=%s\n"


def _configured(level, rotating="no"):
    storage.write("l.conf", CONF % (level, rotating))
    configure(Config("l.conf"))
    log.keep(4000)


def _texts():
    return [line.split(" ", 1)[1] for line in log.lines()]


def _reset():
    _configured("info")
    log.keep(0)


def test_levels():
    expected = ["D 1", "I 2", "W 3", "E 4", "E critical: 5"]
    for i, level in enumerate(("debug", "info", "warning", "error", "critical")):
        _configured(level)
        logger = root_logger.getChild("")
        logger.debug("1")
        logger.info("2")
        logger.warning("3")
        logger.error("4")
        logger.critical("5")
        assert _texts() == expected[i:], (level, _texts())
    _reset()


def test_names():
    _configured("info")
    child = root_logger.getChild("a")
    child.info("x %d of %d", 1, 2)
    child.getChild("b").info("100%")
    child.info("y %d", "no number")
    assert _texts() == ["I a: x 1 of 2", "I a.b: 100%", "I a: y %d (its values raised TypeError)"]
    _reset()


def _lines(name):
    return [line.split(" ", 1)[1] for line in storage.read(name).decode().split("\n")[:-1]]


def test_file_rotates():
    for name in ("r.log", "r.log.1", "r.log.2", "r.log.3"):
        storage.remove(name)
    file = RotatingFile("r.log", limit=60, backups=2)
    for i in range(8):
        file.write(20, "line %d" % i)
    names = ["r.log.2", "r.log.1", "r.log"]
    kept = [line for name in names for line in _lines(name)]
    assert kept == ["info line %d" % i for i in range(8 - len(kept), 8)], kept
    assert len(kept) >= 5
    assert storage.read("r.log.3") is None
    assert all(len(storage.read(name)) <= 60 for name in names)


def test_file_goes_on_after_a_restart():
    for name in ("g.log", "g.log.1"):
        storage.remove(name)
    RotatingFile("g.log", limit=60, backups=1).write(40, "a" * 30)
    RotatingFile("g.log", limit=60, backups=1).write(40, "b" * 30)
    assert _lines("g.log.1") == ["error " + "a" * 30]
    assert _lines("g.log") == ["error " + "b" * 30]


def test_without_backups_it_starts_anew():
    file = RotatingFile("n.log", limit=40, backups=0)
    file.write(20, "1")
    file.write(20, "2" * 30)
    assert _lines("n.log")[-1] == "info " + "2" * 30 and len(_lines("n.log")) == 1


def test_a_line_cannot_be_forged():
    storage.remove("f.log")
    RotatingFile("f.log").write(20, "x\n1 error forged")
    assert len(_lines("f.log")) == 1


def test_a_file_that_cannot_be_written_is_said_once():
    log.keep(1000)
    file = RotatingFile("no/such/folder/x.log")
    file.write(20, "1")
    file.write(20, "2")
    assert len(log.lines()) == 1 and "x.log cannot be written" in log.lines()[0]
    _reset()


def test_configured_file():
    storage.remove("connector.log")
    _configured("warning", "yes")
    root_logger.getChild("p").warning("kept")
    root_logger.info("not kept")
    assert _lines("connector.log") == ["warning p: kept"]
    assert Logger.file.backups == 14
    _reset()
    assert Logger.file is None
