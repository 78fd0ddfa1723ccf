"""The names of `engines.vocabulary`, where they were before."""

from msanii_live.engines.vocabulary import (
    BEATS_PER_BAR as BEATS_PER_BAR,
)
from msanii_live.engines.vocabulary import (
    MODES as MODES,
)
from msanii_live.engines.vocabulary import (
    STYLES as STYLES,
)
from msanii_live.engines.vocabulary import (
    TEMPO_RANGE as TEMPO_RANGE,
)
from msanii_live.engines.vocabulary import (
    key_index as key_index,
)
