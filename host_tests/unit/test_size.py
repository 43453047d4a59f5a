"""The parts of ``motelink size`` that need no MicroPython: the order, the treemap, the page."""

from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from motelink_tools.size import Part, Sizes, page, report
from motelink_tools.size.order import in_order
from motelink_tools.size.treemap import Box, squarify

SIZES = st.lists(st.integers(1, 1 << 20), min_size=1, max_size=60)


@given(SIZES, st.floats(10, 2000), st.floats(10, 2000))
def test_a_treemap_fills_its_box_in_proportion(values, width, height):
    values = sorted(map(float, values), reverse=True)
    whole = Box(5, 7, width, height)
    boxes = squarify(values, whole)
    scale = width * height / sum(values)
    for value, box in zip(values, boxes, strict=True):
        assert box.width * box.height == pytest.approx(value * scale, rel=1e-3, abs=1e-3)
        assert box.x >= 5 - 1e-6
        assert box.y >= 7 - 1e-6
        assert box.x + box.width <= 5 + width * (1 + 1e-6)
        assert box.y + box.height <= 7 + height * (1 + 1e-6)


@given(st.lists(st.integers(50, 500), min_size=2, max_size=12))
def test_its_boxes_lie_side_by_side_and_are_nearly_square(values):
    values = sorted(map(float, values), reverse=True)
    boxes = squarify(values, Box(0, 0, 600, 400))
    for a, b in combinations(boxes, 2):
        wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
        high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
        assert wide < 1e-6 or high < 1e-6
    # The last ones take what is left, so half of them; stripes would be up to 18 times as long.
    ratios = sorted(max(b.width / b.height, b.height / b.width) for b in boxes)
    assert ratios[(len(boxes) - 1) // 2] < 3


def test_each_module_comes_behind_what_it_imports(tmp_path):
    texts = {
        "a": "def later():\n    import e\n    port.load('_json')\nimport b\nload('_more')",
        "motelink._port_micropython_json": "import a",
        "motelink._port_micropython_more": "",
        "b": "try:\n    from p import c\nexcept ImportError:\n    import d\n",
        "p": "",
        "p.c": "from . import x\nif x:\n    from .y import *\n",
        "p.x": "class X:\n    import d\n",
        "p.y": "import a\n",  # a circle
        "d": "import sys, not_ours\n",
        "e": "import a\n",
    }
    files: dict[str, Path] = {}
    for name, text in texts.items():
        files[name] = tmp_path / f"{name}.py"
        files[name].write_text(text)
    order = in_order(files)
    assert sorted(order) == sorted(texts)
    before = [("b", "a"), ("p", "p.c"), ("p.x", "p.c"), ("d", "p.x"), ("p.c", "b"), ("a", "e")]
    before.append(("motelink._port_micropython_more", "a"))
    before.append(("a", "motelink._port_micropython_json"))
    for first, second in before:
        assert order.index(first) < order.index(second), order


class Words(HTMLParser):
    """Tags that are open, and every reference to something elsewhere."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "input"):
            self.open.append(tag)
        self.elsewhere += [value for name, value in attributes if name in ("src", "href")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_shows_names_as_they_are():
    sizes = Sizes(
        "<b>$what</b>",
        "1.25.0",
        32,
        (
            Part("lib/motelink/mqtt_session.mpy", 3330, "motelink.mqtt_session", 4457),
            Part("app.mpy", 900, "app", 1400),
            Part("web/a&b.html", 70000),
            Part("broken.mpy", 50, "broken", None, "ImportError: <nothing>"),
        ),
    )
    text = page.html(sizes)
    words = Words()
    words.feed(text)
    assert words.open == []
    assert words.elsewhere == []
    assert "://" not in text
    assert "@import" not in text
    assert "&lt;b&gt;$what&lt;/b&gt;" in text
    assert "web/a&amp;b.html: 70,000 bytes" in text  # in flash, and not in the map of the heap
    assert text.count("web/a&amp;b.html") == 2 + 1
    assert "ImportError: &lt;nothing&gt;" in text
    assert "5,857" in text  # heap, in all


def test_no_name_in_the_table_is_read_as_markup(capsys):
    sizes = Sizes("/x[/y]", "1.25.0", 32, (Part("[/web].txt", 5),))
    report.show(Console(), sizes)
    said = capsys.readouterr().out
    assert "/x[/y], in bytes" in said
    assert "[/web].txt" in said


@pytest.mark.parametrize(("width", "bars"), [(40, False), (80, True)])
def test_names_are_whole_in_a_narrow_terminal(capsys, width, bars):
    names = ["motelink.settings_toml", "motelink._port_micropython_board"]
    parts = [Part(f"{name}.mpy", 3499, name, 5296) for name in names]
    report.show(Console(width=width), Sizes("/x", "1.25.0", 32, tuple(parts)))
    shown = capsys.readouterr().out
    cells = "".join(line.split("│")[1].strip() for line in shown.splitlines() if "│" in line)
    for name in names:
        assert name in cells
    assert ("▇" in shown) == bars
