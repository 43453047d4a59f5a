"""The documentation as a site: it is built without a warning, every page is in it, and a reader
without network sees all of it."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .docs_blocks import PAGES, ROOT

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


class Page(HTMLParser):
    """What a browser would load for a page by itself, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in ("script", "img", "iframe"):
            self.loads.append(found.get("src") or "")
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loads.append(found.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_on_the_site_and_in_its_navigation(site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    for page in PAGES[1:]:
        built = page.relative_to(ROOT / "docs").with_suffix(".html")
        assert (site / built).is_file(), built
        assert f'href="{built.as_posix()}"' in front, f"{built} is in no menu"


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for file in site.rglob("*.html"):
        for source in Page(file.read_text(encoding="utf-8")).loads:
            assert not urlsplit(source).netloc, f"{file.name} loads {source}"
    for file in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", file.read_text(encoding="utf-8")), file


def test_links_between_the_readme_and_the_pages_lead_somewhere() -> None:
    """The site's own links are checked when it is built; here as they are in a checkout."""
    for page in PAGES:
        for link in LINK.findall(re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)):
            target = urlsplit(link)
            if target.scheme:
                assert target.scheme in ("http", "https", "mailto"), f"{page.name}: {link}"
                assert target.hostname or target.path, f"{page.name}: {link}"
            else:
                assert (page.parent / target.path).exists(), f"{page.name}: {link}"
