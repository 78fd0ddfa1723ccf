"""Check which device a name means."""

import pytest

from msanii_live.dsp.device import pick_device
from msanii_live.errors import ConfigError


def test_a_device_that_is_none_is_refused_with_those_that_there_are():
    assert pick_device("cpu").type == "cpu"
    with pytest.raises(ConfigError, match=r"device is gpu: .* auto, cpu, cuda or mps"):
        pick_device("gpu")
