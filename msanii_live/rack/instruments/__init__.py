"""The instruments of the rack, by name."""

from __future__ import annotations

from msanii_live.rack.instruments.bass import BASSES
from msanii_live.rack.instruments.ensembles import ENSEMBLES
from msanii_live.rack.instruments.frequency_modulation import BELLS
from msanii_live.rack.instruments.leads import LEADS
from msanii_live.rack.instruments.transitions import TRANSITIONS
from msanii_live.rack.voices import Instrument

INSTRUMENTS: dict[str, Instrument] = {**BASSES, **LEADS, **ENSEMBLES, **BELLS, **TRANSITIONS}
