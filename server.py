"""Run `msanii-live serve` from a checkout; takes the same flags."""

import sys

from msanii_live.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
