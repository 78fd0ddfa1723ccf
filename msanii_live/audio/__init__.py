"""Audio outside models, in NumPy alone: clips, levels, the limiter."""

from __future__ import annotations

from msanii_live.audio.clip import CLIP_NAME as CLIP_NAME
from msanii_live.audio.clip import RESERVED_NAMES as RESERVED_NAMES
from msanii_live.audio.clip import SIDECAR_VERSION as SIDECAR_VERSION
from msanii_live.audio.clip import Clip as Clip
from msanii_live.audio.clip import ClipInfo as ClipInfo
from msanii_live.audio.clip import Samples as Samples
from msanii_live.audio.clip import as_stereo as as_stereo
from msanii_live.audio.clip import is_clip_name as is_clip_name
from msanii_live.audio.clip import make_clip as make_clip
from msanii_live.audio.levels import as_mono as as_mono
from msanii_live.audio.levels import crossfade as crossfade
from msanii_live.audio.levels import decibels as decibels
from msanii_live.audio.levels import hold_level as hold_level
from msanii_live.audio.levels import is_mono as is_mono
from msanii_live.audio.levels import rms_dbfs as rms_dbfs
from msanii_live.audio.limiter import CEILING as CEILING
from msanii_live.audio.limiter import limit as limit
from msanii_live.audio.limiter import limiting_gain as limiting_gain
from msanii_live.audio.stems import last_stem as last_stem
