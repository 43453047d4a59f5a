"""The virtual board's console by hand: what is sent, and what a board answers, to the byte."""

BANNER_END = b'Type "help()" for more information.\r\n>>> '


def enter_raw(terminal):
    terminal.send(b"\x01")
    terminal.expect(b"raw REPL; CTRL-B to exit\r\n>")


def test_friendly_repl_echoes_and_prints_results(terminal):
    assert terminal.ask(b"6 * 7\r") == b"6 * 7\r\n42\r\n"
    assert terminal.ask(b"x = 1\r") == b"x = 1\r\n"
    assert terminal.ask(b"'a\\nb'; print('a\\nb')\r").endswith(b"'a\\nb'\r\na\r\nb\r\n")
    assert b'File "<stdin>", line 1, in <module>\r\nNameError' in terminal.ask(b"y\r")


def test_friendly_repl_continues_compound_statements(terminal):
    assert terminal.ask(b"for i in range(2):\r", b"... ") == b"for i in range(2):\r\n"
    terminal.ask(b"    print(i)\r", b"... ")
    assert terminal.ask(b"\r") == b"\r\n0\r\n1\r\n"


def test_friendly_repl_edits_the_line(terminal):
    terminal.ask(b"prinX\x7ft(1\x1b[D2\x1b[C)\r")
    assert terminal.ask(b"\x1b[A\r").endswith(b"print(21)\r\n21\r\n")


def test_paste_mode_runs_what_was_pasted_as_a_whole(terminal):
    assert b"paste mode" in terminal.ask(b"\x05", b"=== ")
    said = terminal.ask(b"def f():\r    return 5\r\rprint(f())\r\x04")
    assert said.endswith(b"\r\n5\r\n")
    terminal.ask(b"\x05", b"=== ")
    assert b"9" not in terminal.ask(b"print(3 * 3)\r\x03").rpartition(b"=== ")[2]


def test_ctrl_c_ends_an_endless_loop(terminal):
    terminal.ask(b"while True: print('on')\r\r", b"on\r\n")
    said = terminal.ask(b"\x03")
    assert said.endswith(b'File "<stdin>", line 1, in <module>\r\nKeyboardInterrupt: \r\n')
    assert terminal.ask(b"1\r") == b"1\r\n1\r\n"


def test_ctrl_c_ends_a_sleep_and_a_blocking_read(terminal):
    for blocking in (b"import time; print('on'); time.sleep(1000)", b"print('on'); input()"):
        terminal.ask(blocking + b"\r", b"\r\non\r\n")
        assert b"KeyboardInterrupt" in terminal.ask(b"\x03")


def test_firmware_that_catches_ctrl_c_goes_on(terminal):
    terminal.ask(b"\x05", b"=== ")
    program = b"import time\ntry:\n  print('on')\n  time.sleep(1000)\nexcept KeyboardInterrupt:\n"
    terminal.ask(program.replace(b"\n", b"\r") + b"  print('caught')\r\x04", b"\non\r\n")
    assert terminal.ask(b"\x03") == b"caught\r\n"


def test_ctrl_c_is_data_where_firmware_asked_for_it(terminal):
    terminal.ask(b"import micropython, sys\r")
    terminal.ask(b"micropython.kbd_intr(-1); print('on'); c = sys.stdin.read(1)\r", b"\non\r\n")
    assert terminal.ask(b"\x03") == b""
    assert terminal.ask(b"c\r") == b"c\r\n'\\x03'\r\n"


def test_input_reads_the_line_and_what_is_left_goes_to_the_repl(terminal):
    terminal.ask(b"name = input('name? ')\r", b"name? ")
    terminal.send(b"ada\r")
    terminal.expect(b"ada\r\n>>> ")
    terminal.ask(b"print('on')\rname\r", b"\non\r\n")
    assert terminal.expect(b">>> name\r\n'ada'\r\n>>> ")


def test_ctrl_d_soft_resets_through_boot_and_main(board, terminal):
    (board.folder / "boot.py").write_text("print('boot')\n")
    (board.folder / "main.py").write_text("print('main')\n")
    terminal.ask(b"x = 1\r")
    said = terminal.ask(b"\x04")
    assert said.startswith(b"\r\nMPY: soft reboot\r\nboot\r\nmain\r\nMicroPython v")
    assert said.endswith(BANNER_END[:-4])
    assert b"NameError" in terminal.ask(b"x\r")


def test_main_does_not_run_after_boot_failed(board, terminal):
    (board.folder / "boot.py").write_text("1 / 0\n")
    (board.folder / "main.py").write_text("print('main')\n")
    said = terminal.ask(b"\x04")
    assert b'File "boot.py", line 1, in <module>\r\nZeroDivisionError' in said
    assert b"main" not in said


def test_sys_exit_soft_resets(terminal):
    said = terminal.ask(b"import sys; sys.exit()\r")
    assert b"\r\nMPY: soft reboot\r\nMicroPython v" in said


def test_raw_repl(terminal):
    enter_raw(terminal)
    assert terminal.ask(b"print(1)\x04", b">") == b"OK1\r\n\x04\x04"
    said = terminal.ask(b"1 / 0\x04", b"\x04>")
    assert said == (
        b"OK\x04Traceback (most recent call last):\r\n"
        b'  File "<stdin>", line 1, in <module>\r\n'
        b"ZeroDivisionError: divide by zero\r\n"
    )
    assert terminal.ask(b"junk\x03print(2)\x04", b">") == b"OK2\r\n\x04\x04"
    assert terminal.ask(b"\x02").startswith(b"\r\nMicroPython v")


def test_raw_repl_soft_reset_runs_boot_but_not_main(board, terminal):
    (board.folder / "boot.py").write_text("print('boot')\n")
    (board.folder / "main.py").write_text("print('main')\n")
    enter_raw(terminal)
    said = terminal.ask(b"\x04", b">")
    assert said == b"OK\r\nMPY: soft reboot\r\nboot\r\nraw REPL; CTRL-B to exit\r\n"


def test_raw_paste_grants_windows_and_runs(terminal):
    enter_raw(terminal)
    assert terminal.ask(b"\x05A\x01", b"\x01\x80\x00\x01") == b"R"
    first = b"x = '" + b"a" * (2 * 128 - 5)  # both windows that were granted
    terminal.send(first)
    assert terminal.expect(b"\x01\x01") == b"\x01\x01"
    assert terminal.ask(b"'; print(len(x))\x04", b">") == b"\x04251\r\n\x04\x04"


def test_raw_paste_cancelled_by_ctrl_c_runs_nothing(terminal):
    enter_raw(terminal)
    terminal.ask(b"\x05A\x01", b"\x01\x80\x00\x01")
    assert terminal.ask(b"print(1)\x03", b">") == b"\x04\x04KeyboardInterrupt: \r\n\x04"
    assert terminal.ask(b"print(2)\x04", b">") == b"OK2\r\n\x04\x04"


def test_unknown_raw_extension_is_refused(terminal):
    enter_raw(terminal)
    assert terminal.ask(b"\x05Z\x01", b">") == b"R\x00"


def test_a_stuck_heap_lock_does_not_stop_the_repl(terminal):
    terminal.ask(b"import micropython; micropython.heap_lock(); [1] * 9\r")
    assert terminal.ask(b"len([1] * 9)\r").endswith(b"\r\n9\r\n")


def test_a_full_heap_is_a_memory_error_and_leaves_the_repl_alive(terminal):
    assert b"MemoryError" in terminal.ask(b"x = bytearray(400000)\r")
    terminal.ask(b"l = []\r")
    terminal.ask(b"while True: l.append(bytes(500))\r", b"... ")
    assert b"MemoryError" in terminal.ask(b"\r")
    assert b"soft reboot" in terminal.ask(b"\x04")
    assert terminal.ask(b"1\r") == b"1\r\n1\r\n"
