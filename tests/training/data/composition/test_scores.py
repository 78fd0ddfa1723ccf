import mido
import pytest

from msanii_live.training.data.composition import compose, to_midi
from msanii_live.training.data.composition.scores import from_score
from tests.training.data.composition.statistics import bars_of


def score(upbeat: int = 0, metre: tuple[int, int] = (4, 4), late: int = 0) -> mido.MidiFile:
    """Return C, F, G and C in two staves, the left hand with the roots, after some sixteenths."""
    midi = mido.MidiFile(type=1, ticks_per_beat=480)
    numerator, denominator = metre
    time = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
    midi.tracks.append(mido.MidiTrack([time]))
    for lower in (False, True):
        track = mido.MidiTrack()
        now = 0
        for place in range(16):
            root = (0, 5, 7, 0)[place // 4]
            pitches = [72 + root + (0, 4, 7, 4)[place % 4]]
            if lower:
                pitches = [36 + root] if place % 4 == 0 else [60 + root, 64 + root]
            start = (upbeat + 4 * place) * 120 + late * (place % 3)
            for on, velocity in ((True, 70), (False, 0)):
                for pitch in pitches:
                    tick = start if on else start + 400
                    message = mido.Message("note_on", note=pitch, velocity=velocity)
                    track.append(message.copy(time=tick - now))
                    now = tick
        midi.tracks.append(track)
    return midi


@pytest.mark.parametrize("upbeat", [0, 4])
def test_a_score_becomes_parts_with_chords(upbeat: int) -> None:
    piece = from_score(score(upbeat), seed=1, key=0, tempo=100.0)
    assert piece is not None
    assert piece.metre == (4, 4)
    assert [chord.name for chord in piece.chords][-4:] == ["C", "F", "G", "C"]
    assert set(piece.programs) == {"bass", "chords", "lead"}
    assert [len(bar) for bar in bars_of(piece, "bass")][-4:] == [1, 1, 1, 1]
    assert [len(bar) for bar in bars_of(piece, "lead")][-4:] == [4, 4, 4, 4]


@pytest.mark.parametrize(
    ("midi", "key", "tempo"),
    [(score(), None, 100.0), (score(), 0, 0.0), (score(metre=(9, 8)), 0, 90.0)],
)
def test_scores_that_fit_no_grid_are_left_out(
    midi: mido.MidiFile, key: int | None, tempo: float
) -> None:
    assert from_score(midi, seed=1, key=key, tempo=tempo) is None
    assert from_score(score(late=45), seed=1, key=0, tempo=90.0) is None


def test_chords_of_composed_pieces_are_found_again() -> None:
    found = bars = 0
    for seed in range(12):
        piece = compose(seed, style="piano", metre=(4, 4), density=0.7)
        key = piece.tonic + 12 * piece.minor
        read = from_score(to_midi(piece), seed=seed, key=key, tempo=piece.tempo)
        if read is not None and read.bars == piece.bars:
            bars += piece.bars
            pairs = zip(piece.chords, read.chords, strict=True)
            found += sum(ours.root == theirs.root for ours, theirs in pairs)
    assert bars > 100
    assert found / bars > 0.75
