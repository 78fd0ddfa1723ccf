"""The old name of `msanii_live.engines.msanii2023`; it goes in the next version."""

import warnings

from msanii_live.engines.msanii2023 import *  # noqa: F403

warnings.warn(
    "msanii_live.models.msanii2023 is now msanii_live.engines.msanii2023",
    DeprecationWarning,
    stacklevel=2,
)
