"""``python -m motelink_tools`` is the ``motelink`` command."""

import sys

from motelink_tools.cli import main

sys.exit(main())
