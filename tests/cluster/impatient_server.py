"""Run a server that takes a worker for lost after 10 s without an answer, not after 60."""

import sys

from msanii_live.cli import main
from msanii_live.cluster import pool, watched_workers

if __name__ == "__main__":
    pool.HUNG_SECONDS = watched_workers.HUNG_SECONDS = 10.0
    sys.exit(main(["serve", *sys.argv[1:]]))
