"""A hook of MkDocs that completes ``nav``: a folder stands for its pages, sorted; pages that are
named nowhere come last, so that a new page is on the site at once."""

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

REST = "More"


def on_files(files: Files, *, config: MkDocsConfig) -> None:
    """MkDocs calls this when it knows what there is, before it makes the navigation."""
    pages = sorted(file.src_uri for file in files.documentation_pages())
    nav: list[Any] = _expanded(config.nav or [], pages)
    rest = [page for page in pages if page not in set(_named(nav))]
    if rest:
        nav.append({REST: rest})
    config.nav = nav


def _expanded(items: list[Any], pages: list[str]) -> list[Any]:
    """The items, with the pages of each folder in its place."""
    found: list[Any] = []
    for item in items:
        if isinstance(item, dict):
            found += [{title: _expanded(inside, pages)} for title, inside in item.items()]
        elif item.endswith("/"):
            found += [page for page in pages if page.startswith(item)]
        else:
            found.append(item)
    return found


def _named(items: list[Any]) -> list[str]:
    """Every page that the items name."""
    return [
        page
        for item in items
        for page in (
            [name for inside in item.values() for name in _named(inside)]
            if isinstance(item, dict)
            else [item]
        )
    ]
