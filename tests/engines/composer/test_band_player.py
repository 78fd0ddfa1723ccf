"""What plays the composer's band: the rack or measured notes, and morphs between both."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip, rms_dbfs
from msanii_live.engines.base import Context, standalone_context
from msanii_live.engines.composer.band_player import (
    TIMBRES,
    BandPlayer,
    find_instrument_of_rack,
)
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES, NAMED_KITS
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.errors import CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from msanii_live.rack.drums.kits import KITS
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.rigs import kit_name

RATE = 44_100
BAND = Score(
    (
        Note(0.0, 0.1, 36, 110, drum=True, part="drums"),
        Note(0.0, 0.9, 40, 100, 38, part="bass"),
        *(Note(0.0, 0.9, key, 80, 4, part="chords") for key in (60, 64)),
    ),
    1.0,
    bpm=120.0,
    style="techno",
)
COMMAND = Render(midi="band")


class SinePlayer:
    """A player of measured notes that plays each part as one sine, and remembers the timbre."""

    loaded = True
    precision = "fp32"

    def __init__(self) -> None:
        self.timbres: list[str] = []
        self.kits: list[set[int]] = []

    def render_parts(
        self, score: Score, command: Render, context: Context, with_stems: bool = True
    ) -> PlayedParts:
        self.timbres.append(command.timbre)
        self.kits.append({note.program for note in score.notes if note.drum})
        time = np.arange(round(score.seconds * RATE)) / RATE
        stems = {
            part: np.stack([0.1 * np.sin(2 * np.pi * 220 * number * time)] * 2, 1).astype(
                np.float32
            )
            for number, part in enumerate(score.parts, 1)
        }
        mix = sum(stems.values(), np.zeros((len(time), 2), np.float32))
        return PlayedParts(make_clip(mix, RATE), stems if with_stems else {})


@pytest.fixture
def measured() -> SinePlayer:
    return SinePlayer()


def play(measured: SinePlayer, score: Score = BAND, with_stems: bool = True, **keys: object):
    command = replace(COMMAND, **keys)  # type: ignore[arg-type]
    return BandPlayer(measured).render_parts(score, command, standalone_context(), with_stems)


def test_the_rack_plays_electronic_styles_and_measured_notes_play_others(measured) -> None:
    played = play(measured)
    assert measured.timbres == []
    assert np.abs(played.clip.samples).max() > 0.05
    for style in ("jazz", "", "kazoo"):
        play(measured, replace(BAND, style=style))
    assert measured.timbres == ["", "", ""]


def test_a_timbre_decides_before_the_style(measured) -> None:
    play(measured, timbre="harp")
    assert measured.timbres == ["harp"]
    play(measured, replace(BAND, style="jazz"), timbre="acid")
    assert measured.timbres == ["harp"]


def test_stems_sum_to_the_clip_which_is_the_same_without_them(measured) -> None:
    for keys in ({}, {"timbre": "acid", "timbre2": "harp", "mix": 0.4}):
        played, bare = (
            play(measured, with_stems=with_stems, **keys) for with_stems in (True, False)
        )
        assert tuple(played.stems) == ("drums", "bass", "chords")
        assert np.abs(sum(played.stems.values()) - played.clip.samples).max() < 2**-20
        assert np.array_equal(bare.clip.samples, played.clip.samples)
        assert bare.stems == {}


def test_a_kit_of_general_midi_is_the_program_of_the_drums(measured) -> None:
    play(measured, replace(BAND, style="jazz"), timbre="brush-kit")
    assert (measured.timbres, measured.kits) == ([""], [{40}])


@pytest.mark.parametrize(("style", "kit"), [("techno", "jazz kit"), ("jazz", "worn-kit")])
def test_a_kit_of_the_other_player_keeps_the_level_of_the_drums(measured, style, kit) -> None:
    score = replace(BAND, style=style)
    usual, other = (play(measured, score, timbre=timbre) for timbre in ("", kit))
    assert np.abs(sum(other.stems.values()) - other.clip.samples).max() < 2**-20
    shares = [
        rms_dbfs(each.stems["drums"]) - rms_dbfs(each.stems["chords"]) for each in (usual, other)
    ]
    assert shares[1] == pytest.approx(shares[0], abs=1.5)  # the limiter may differ
    bare = play(measured, score, with_stems=False, timbre=kit)
    assert np.array_equal(bare.clip.samples, other.clip.samples)


def test_a_kit_that_no_player_has_is_told_and_one_without_drums_is_silent(measured) -> None:
    with pytest.raises(CommandError, match="no timbre is called 'polka-kit'"):
        play(measured, timbre="polka-kit")
    tones = replace(BAND, notes=BAND.notes[1:])
    same = [play(measured, tones, timbre=timbre).clip.samples for timbre in ("", "jazz-kit")]
    assert np.array_equal(*same)


def test_a_morph_lies_between_its_ends(measured) -> None:
    ends = [play(measured, timbre=timbre).clip.samples for timbre in ("acid", "harp")]
    at = [
        play(measured, timbre="acid", timbre2="harp", mix=mix).clip.samples
        for mix in (0.0, 0.5, 1.0)
    ]
    assert np.array_equal(at[0], ends[0])
    assert not np.allclose(at[1], ends[0], atol=0.01)
    assert not np.allclose(at[1], at[2], atol=0.01)


def test_timbres_have_one_meaning_each_and_all_are_found() -> None:
    kits = [kit_name(word) for word in TIMBRES if kit_name(word)]
    assert kits == [*KITS, *NAMED_KITS]
    others = [word for word in TIMBRES if not kit_name(word)]
    assert len(set(TIMBRES)) == len(TIMBRES)
    assert len(others) == len(INSTRUMENT_NAMES) + len(INSTRUMENTS)
    found = [find_instrument_of_rack(word) for word in others]
    assert [name for name in found if name] == list(INSTRUMENTS)
    assert find_instrument_of_rack("organ") == ""  # that of General MIDI
    assert find_instrument_of_rack("Rack organ") == "organ"
    with pytest.raises(CommandError, match=r"no timbre is called 'kazoo'; there are piano.*acid"):
        find_instrument_of_rack("kazoo")


@pytest.mark.parametrize(("a", "b"), [("acid", "piano"), ("piano", "strings"), ("acid", "strings")])
def test_a_morph_of_notes_that_name_no_part_keeps_their_parts(a, b) -> None:
    nameless = replace(BAND, notes=tuple(replace(note, part="") for note in BAND.notes))
    command = replace(COMMAND, timbre=a, timbre2=b, mix=0.4)
    played = BandPlayer(SinePlayer()).render_parts(nameless, command, standalone_context())
    assert set(played.stems) == {"drums", "bass", "chords"}
