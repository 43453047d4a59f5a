"""The hub's databases: what they keep, and what they say when a file is not right."""

import sqlite3
import stat
import threading

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.store import Database

THINGS = "CREATE TABLE things (name TEXT PRIMARY KEY, size INTEGER NOT NULL);"
PARTS = """
CREATE TABLE parts (thing TEXT NOT NULL REFERENCES things (name) ON DELETE CASCADE);
-- a comment; with a semicolon
CREATE TRIGGER grow AFTER INSERT ON parts BEGIN
    UPDATE things SET size = size + 1; SELECT 'a;b';
END;
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "hub.db"


def test_rows_by_name_and_kept_over_a_restart(path):
    with Database(path, [THINGS]) as database:
        assert database.execute("INSERT INTO things VALUES (?, ?)", ("lamp", 3)) == []
    with Database(path, [THINGS]) as database:
        (row,) = database.execute("SELECT * FROM things WHERE name = :name", {"name": "lamp"})
    assert (row["name"], row["size"]) == ("lamp", 3)
    assert not list(path.parent.glob("*-wal"))


def test_nobody_else_may_read_it(path):
    with Database(path, [THINGS]):
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes["hub.db"] == modes["hub.db-wal"] == 0o600


def test_only_new_migrations_run(path):
    with Database(path, [THINGS]) as database:
        database.execute("INSERT INTO things VALUES ('lamp', 0)")
    with Database(path, [THINGS, PARTS]) as database:
        database.execute("INSERT INTO parts VALUES ('lamp')")
        assert database.execute("SELECT size FROM things")[0]["size"] == 1


def test_a_migration_that_fails_leaves_nothing_behind(path):
    with pytest.raises(sqlite3.OperationalError, match="no_such"):
        Database(path, ["CREATE TABLE half (a); INSERT INTO no_such VALUES (1);"])
    with Database(path, [THINGS]) as database:
        assert [r["name"] for r in database.execute("SELECT name FROM sqlite_schema")] == [
            "things",
            "sqlite_autoindex_things_1",
        ]


def test_foreign_keys_are_enforced(path):
    with Database(path, [THINGS, PARTS]) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO parts VALUES ('nothing')")


def test_a_transaction_holds_whole_or_not_at_all(path):
    def insert_all(name, *more):
        with database.transaction():
            database.execute("INSERT INTO things VALUES (?, 0)", (name,))
            if more:
                insert_all(*more)

    with Database(path, [THINGS]) as database:
        with pytest.raises(sqlite3.IntegrityError):
            insert_all("a", "b", "c", "a")
        assert database.execute("SELECT * FROM things") == []
        insert_all("a")
        with pytest.raises(sqlite3.IntegrityError):
            insert_all("b", "a")
        assert [row["name"] for row in database.execute("SELECT name FROM things")] == ["a"]


def test_threads_wait_for_each_others_transactions(path):
    def count():
        for _ in range(50):
            with database.transaction():
                (row,) = database.execute("SELECT size FROM things")
                database.execute("UPDATE things SET size = ?", (row["size"] + 1,))

    with Database(path, [THINGS]) as database:
        database.execute("INSERT INTO things VALUES ('counter', 0)")
        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert database.execute("SELECT size FROM things")[0]["size"] == 200


def test_what_a_thread_does_is_not_part_of_anothers_transaction(path):
    def other():
        inside.wait(10)
        started.set()
        database.execute("INSERT INTO things VALUES ('kept', 0)")

    def roll_back():
        with database.transaction():
            database.execute("INSERT INTO things VALUES ('lost', 0)")
            inside.set()
            started.wait(10)
            thread.join(0.1)  # it waits for us
            raise ValueError("no")

    inside, started = threading.Event(), threading.Event()
    thread = threading.Thread(target=other)
    with Database(path, [THINGS]) as database:
        thread.start()
        with pytest.raises(ValueError, match="no"):
            roll_back()
        thread.join(10)
        assert [row["name"] for row in database.execute("SELECT name FROM things")] == ["kept"]


def test_two_that_open_a_new_file_at_once(path):
    def use():
        barrier.wait()
        with Database(path, [THINGS, PARTS]) as database:
            done.append(database.execute("SELECT * FROM parts"))

    barrier, done = threading.Barrier(4), []
    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [[]] * 4


def test_files_that_are_not_right_are_named(path, tmp_path):
    with Database(path, [THINGS, PARTS]):
        pass
    with pytest.raises(ToolError, match=r"hub\.db: a newer motelink .* \(version 2.* knows 1\)"):
        Database(path, [THINGS])
    path.write_bytes(b"nonsense " * 1000)
    with pytest.raises(ToolError, match=r"hub\.db: it is damaged"):
        Database(path, [THINGS])
    with pytest.raises(ToolError, match=r"cannot be opened; expected a file"):
        Database(tmp_path, [THINGS])
    (tmp_path / "file").touch()
    with pytest.raises(ToolError, match=r"Not a directory|File exists"):
        Database(tmp_path / "file" / "hub.db", [THINGS])


def test_damage_that_shows_later_is_told_the_same_way(path):
    with Database(path, [THINGS]) as database:
        for number in range(1000):
            database.execute("INSERT INTO things VALUES (?, 0)", (f"thing {number}" * 20,))
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xaa" * len(content[8192:])
    path.write_bytes(content)
    with (
        Database(path, [THINGS]) as database,
        pytest.raises(ToolError, match=r"hub\.db: it is damaged"),
    ):
        database.execute("SELECT * FROM things")
