"""The token of this machine's Ray clusters, without which nobody can use them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def token_file() -> Path:
    """Return where Ray keeps the token of clusters."""
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")


def has_token() -> bool:
    """Return whether this machine has a token."""
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or token_file().exists()


def make_token() -> bool:
    """Make a token for this machine's clusters, if it has none; return whether it was made."""
    if has_token():
        return False
    file = token_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(secrets.token_hex(32))
    return True
