"""The number of CPU threads that networks may use. torch is imported only by those who run them."""

from __future__ import annotations

import sys

_limit = 0


def limit_threads(count: int) -> None:
    """Limit the CPU threads of networks; 0 leaves the number to torch.

    The limit applies at once if torch is imported already, and otherwise when a device is picked.
    """
    global _limit
    _limit = count
    if "torch" in sys.modules:
        apply_limit()


def apply_limit() -> None:
    """Set torch's number of threads to the limit, if there is one."""
    if _limit:
        import torch

        torch.set_num_threads(_limit)
