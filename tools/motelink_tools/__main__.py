"""``python -m motelink_tools`` is the ``motelink`` command."""

import sys


def main() -> int:
    """The console script; its exit status."""
    try:
        from motelink_tools.cli import main as run

        return run()
    except KeyboardInterrupt:  # while modules are imported
        return 130


if __name__ == "__main__":
    sys.exit(main())
