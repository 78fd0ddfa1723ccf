"""Run `python -m msanii_live.cli`."""

import sys

from msanii_live.cli import main

if __name__ == "__main__":
    sys.exit(main())
