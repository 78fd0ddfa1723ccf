"""What is counted of a piece that is continued again and again."""

from msanii_live.evaluation.composer.endless import endless
from msanii_live.notes import PARTS
from tests.engines.composer.tiny import tiny_composer


def test_every_span_of_eight_bars_is_counted():
    composer = tiny_composer()
    first = composer.tables["plans"][0][0]
    composer.tables["plans"] = [row for row in composer.tables["plans"] if row[0] == first]
    found = endless(composer, steps=1, bars=16, seeds=1)
    assert list(found) == ["bars 1 to 8", "bars 9 to 16"]
    for counts in found.values():
        assert set(counts) == set(PARTS)
        assert sum(counts.values()) > 0
