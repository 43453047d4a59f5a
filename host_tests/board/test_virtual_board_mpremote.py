"""Stock mpremote against the virtual board: every verb that users type."""

import hashlib
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from motelink_tools.board import VirtualBoard

EVERY_BYTE = bytes(range(256)) * 20


def test_eval_exec_and_run(mpremote, tmp_path):
    (tmp_path / "script.py").write_text("for n in range(3):\n    print(n, end=' ')\n")
    assert mpremote("eval", "6 * 7") == "42\n"
    assert mpremote("exec", "x = 1", "eval", "x + 1") == "2\n"
    assert mpremote("run", str(tmp_path / "script.py")) == "0 1 2 "


def test_exec_of_a_script_larger_than_any_buffer_on_the_way(mpremote, tmp_path):
    lines = "".join(f"n{i} = {i}  # {'x' * 60}\n" for i in range(400))
    (tmp_path / "long.py").write_text(lines + "print(n399)\n")
    assert mpremote("run", str(tmp_path / "long.py")) == "399\n"


def test_exec_reports_the_traceback_and_fails(mpremote):
    said = mpremote.fails("exec", "def f():\n    return 1 / 0\nf()")
    assert said == (
        "Traceback (most recent call last):\n"
        '  File "<stdin>", line 3, in <module>\n'
        '  File "<stdin>", line 2, in f\n'
        "ZeroDivisionError: divide by zero\n"
    )


def test_output_that_is_not_text_arrives_as_it_was_written(mpremote):
    written = "import sys; sys.stdout.buffer.write(bytes(range(5, 128)))"
    assert mpremote.output("exec", written) == bytes(range(5, 128))
    assert mpremote.output("exec", "print('a\\nb')") == b"a\r\nb\r\n"


def test_copying_keeps_every_byte_both_ways(mpremote, tmp_path):
    (tmp_path / "out.bin").write_bytes(EVERY_BYTE)
    mpremote("cp", str(tmp_path / "out.bin"), ":data.bin")
    mpremote("cp", ":data.bin", str(tmp_path / "back.bin"))
    assert (tmp_path / "flash" / "data.bin").read_bytes() == EVERY_BYTE
    assert (tmp_path / "back.bin").read_bytes() == EVERY_BYTE
    digest = hashlib.sha256(EVERY_BYTE).hexdigest()
    assert digest in mpremote("sha256sum", "data.bin")


def test_listing_shows_sizes_and_folders(mpremote, tmp_path):
    mpremote("mkdir", "lib", "+", "exec", "with open('lib/a.py', 'w') as f: f.write('x = 1')")
    listed = mpremote("fs", "ls", "+", "fs", "ls", ":lib").splitlines()
    assert listed == ["ls :", "           0 lib/", "ls :lib", "           5 a.py"]


def test_cat_touch_and_remove(mpremote, tmp_path):
    mpremote("exec", "with open('note', 'w') as f: f.write('first\\nsecond\\n')")
    assert mpremote("cat", "note") == "first\nsecond\n"
    mpremote("touch", "other", "+", "rm", "note")
    assert sorted(path.name for path in (tmp_path / "flash").iterdir()) == ["other"]
    assert "No such file" in mpremote.fails("cat", "note")


def test_copying_and_removing_whole_trees(mpremote, tmp_path):
    tree = tmp_path / "tree"
    (tree / "sub" / "deep").mkdir(parents=True)
    (tree / "a.py").write_text("A = 1\n")
    (tree / "sub" / "deep" / "b.bin").write_bytes(EVERY_BYTE)
    mpremote("cp", "-r", str(tree), ":")
    on_board = tmp_path / "flash" / "tree"
    assert (on_board / "sub" / "deep" / "b.bin").read_bytes() == EVERY_BYTE
    assert "Up to date" in mpremote("cp", "-r", str(tree / "a.py"), ":tree/a.py")
    mpremote("rm", "-r", ":tree")
    assert not on_board.exists()


def test_mip_installs_a_local_package(mpremote, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "greet.py").write_text("def hello():\n    return 'hello'\n")
    (package / "package.json").write_text(
        json.dumps({"urls": [["greet/__init__.py", "greet.py"]], "version": "1.0"})
    )
    mpremote("mip", "install", str(package / "package.json"))
    assert (tmp_path / "flash" / "lib" / "greet" / "__init__.py").exists()
    assert mpremote("exec", "import greet; print(greet.hello())") == "hello\n"


def test_mount_imports_reads_and_writes_local_files(mpremote, tmp_path):
    local = tmp_path / "local"
    local.mkdir()
    # 0x03 and 0x18 are Ctrl-C and the mark of mpremote's own protocol.
    (local / "data.bin").write_bytes(EVERY_BYTE + b"\x03\x18\n" * 1000)
    (local / "there.py").write_text("print('imported')\n")
    script = (
        "import there\n"
        "with open('data.bin', 'rb') as f: data = f.read()\n"
        "print('read', len(data))\n"
        "with open('copy.bin', 'wb') as f: f.write(data)\n"
    )
    said = mpremote("mount", str(local), "exec", script)
    assert f"imported\nread {len(EVERY_BYTE) + 3000}\n" in said
    assert (local / "copy.bin").read_bytes() == (local / "data.bin").read_bytes()


def test_soft_reset_forgets_variables_and_skips_main(mpremote, tmp_path):
    (tmp_path / "flash" / "main.py").write_text("open('ran', 'w').close()\n")
    said = mpremote.fails("exec", "x = 1", "soft-reset", "exec", "print(x)")
    assert "NameError" in said
    assert not (tmp_path / "flash" / "ran").exists()


def test_reset_starts_main(mpremote, board, tmp_path):
    main = "import time\nopen('ran', 'w').close()\nwhile True: time.sleep(1)\n"
    (tmp_path / "flash" / "main.py").write_text(main)
    mpremote("reset")
    deadline = time.monotonic() + 30
    while not (tmp_path / "flash" / "ran").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert mpremote("eval", "'interrupted'") == "interrupted\n"


def test_a_full_file_system_is_reported(mpremote, tmp_path):
    (tmp_path / "big").write_bytes(bytes(40_000))
    with VirtualBoard(tmp_path / "small", flash="32k") as board:
        small = mpremote.on(board.port)
        assert "No space left on device" in small.fails("cp", str(tmp_path / "big"), ":big")
        assert small("exec", "import os; s = os.statvfs('/'); print(s[1] * s[4])") == "0\n"
        small("rm", ":big", "+", "exec", "with open('fits', 'wb') as f: f.write(bytes(20000))")


def test_repl_in_a_real_terminal(board):
    """mpremote's own interactive console, on a pseudo-terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mpremote", "connect", board.port, "repl"]
    console = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)

    def expect(text: bytes) -> None:
        got = b""
        while text not in got:
            got += os.read(ours, 1024)

    try:
        expect(b"to exit this shell")
        os.write(ours, b"\r")
        expect(b">>> ")
        os.write(ours, b"print(6 * 7)\r")
        expect(b"42\r\n>>> ")
        os.write(ours, b"while True: pass\r\r")
        os.write(ours, b"\x03")
        expect(b"KeyboardInterrupt")
        os.write(ours, b"\x04")
        expect(b"soft reboot")
        expect(b">>> ")
        os.write(ours, b"\x18")
        assert console.wait(30) == 0
    finally:
        console.kill()
        console.wait()
        os.close(ours)


def test_the_link_leads_to_the_port(mpremote, tmp_path):
    link = tmp_path / "link"
    with VirtualBoard(tmp_path / "linked", link=link):
        assert mpremote.on(str(link))("eval", "1 + 1") == "2\n"
    assert not link.is_symlink()


def test_two_boards_side_by_side(mpremote, tmp_path):
    with VirtualBoard(tmp_path / "one") as one, VirtualBoard(tmp_path / "two") as two:
        ask = "import machine; print(machine.unique_id())"
        names = [mpremote.on(each.port)("exec", "x = 1\n" + ask) for each in (one, two)]
        assert names[0] != names[1]
        assert one.port != two.port
        mpremote.on(one.port)("touch", "mine")
        assert not (Path(two.folder) / "mine").exists()
