"""One measurement from beginning to end, with what is shown of it."""

import webbrowser
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from motelink_tools.size import page, report
from motelink_tools.size.measurement import measure

_PAGE = Path("motelink-size.html")


def run(
    folder: Path,
    *,
    board: str,
    page_file: Path | None,
    show_page: bool,
    as_json: bool,
) -> None:
    """Measure, print, and write the page where one is asked for. Raises ToolError, OSError."""
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn())
    hidden = as_json or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("compiling", total=None)
        sizes = measure(
            folder,
            board=board,
            progress=lambda name, done, total: bar.update(
                task, description=name, completed=done, total=total
            ),
        )
    file = page_file or (_PAGE if show_page else None)
    if file is not None:
        page.write(sizes, file)
    if as_json:
        print(report.as_json(sizes))
    else:
        report.show(console, sizes)
        if file is not None:
            console.print(f"page: {file}", markup=False, highlight=False, soft_wrap=True)
    if show_page and file is not None:
        webbrowser.open(file.resolve().as_uri())
