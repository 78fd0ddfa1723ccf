"""The Max example of stems, run by the interpreter: all are read, then start from one place."""

import pytest

from max_patches.generators.max_stems import PARTS
from tests.clients.max_interpreter.atoms import Message
from tests.clients.max_interpreter.patch import PACKAGE
from tests.clients.max_session import machine, opened
from tests.clients.test_pd_stems import stems_of

pytestmark = [pytest.mark.clients]

EXAMPLE = PACKAGE / "examples" / "msanii-stems.maxpat"


def test_stems_are_read_and_go_round_in_step(tones, tmp_path):
    stems_of(tmp_path, PARTS)
    with machine() as it, opened(it, EXAMPLE, tones.server.osc_port) as patch:
        client, place = patch.find("msanii"), patch.of_kind("phasor~")[0]
        (dac,) = patch.of_kind("ezdac~")
        for turn in range(2):  # the second clip replaces the first
            client.send_message(0, Message((tmp_path / "a loop.wav").as_posix()))
            it.advance(10)
            assert dac.levels == [0, 0]
            asked = it.now
            it.advance(500)
            assert [box.sound.path.name for box in patch.of_kind("buffer~")] == [
                f"a loop.{part}.wav" for part in PARTS
            ]
            assert place.frequency == pytest.approx(44_100 / 20_160)
            assert place.started > asked
            assert dac.levels == pytest.approx([5, 5]), turn
        patch.find("drums").click()
        patch.find("pad").click()
        it.advance(50)
        assert dac.levels == pytest.approx([3, 3])


def test_the_message_asks_for_stems():
    text = EXAMPLE.read_text("utf-8")
    assert "/msanii/generate engine composer style house bpm 124 bars 4 stems 1" in text
