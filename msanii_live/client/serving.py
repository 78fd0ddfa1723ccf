"""The old name of `msanii_live.client.server_process`; it goes in the next version."""

import warnings

from msanii_live.client.server_process import *  # noqa: F403
from msanii_live.client.server_process import ServerProcess as Running  # noqa: F401

warnings.warn(
    "msanii_live.client.serving is now msanii_live.client.server_process",
    DeprecationWarning,
    stacklevel=2,
)
