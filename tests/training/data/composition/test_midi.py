import io

import mido
import pytest

from msanii_live.training.data.composition import STYLES, compose, to_midi
from msanii_live.training.data.composition.metre import METRES
from msanii_live.training.data.composition.midi import TICKS_A_STEP


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("style", STYLES)
def test_a_midi_file_holds_the_piece(style: str, metre: tuple[int, int]) -> None:
    piece = compose(3, style=style, metre=metre)
    file = io.BytesIO()
    to_midi(piece).save(file=file)
    file.seek(0)
    midi = mido.MidiFile(file=file)
    end = piece.bars * piece.steps_per_bar * TICKS_A_STEP
    assert {sum(message.time for message in track) for track in midi.tracks} == {end}
    described = {message.type: message for message in midi.tracks[0]}
    assert (described["time_signature"].numerator, described["time_signature"].denominator) == metre
    assert mido.tempo2bpm(described["set_tempo"].tempo) == pytest.approx(piece.tempo, abs=0.01)
    markers = [message.text for message in midi.tracks[0] if message.type == "marker"]
    assert markers == [chord.name for chord in piece.chords]
    onsets = {}
    for track in midi.tracks[1:]:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                place = (track.name, now, message.note)
                assert place not in onsets
                onsets[place] = message.velocity
    assert onsets == {
        (note.part, min(end - 1, round(note.start * TICKS_A_STEP)), note.pitch): note.velocity
        for note in piece.notes
    }


def test_every_key_can_be_written() -> None:
    for tonic in range(12):
        for minor in (False, True):
            midi = to_midi(compose(1, bars=1, key=(tonic, minor)))
            midi.save(file=io.BytesIO())
