"""Build the release and name what was built."""

import sys
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.release import build

if __name__ == "__main__":
    try:
        for file in build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")):
            print(f"{file.stat().st_size:9,}  {file}")
    except ToolError as error:
        sys.exit(f"release: {error}")
