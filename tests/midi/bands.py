"""A short score of five parts that tests share."""

from msanii_live.notes import CHORD, SECTION, Marker, Note, Score, sort_notes

BPM = 97.3
BEAT = 60.0 / BPM

BAND = Score(
    sort_notes(
        [
            *(Note(n * BEAT, (n + 0.25) * BEAT, 36 + 2 * (n % 2), 100, 0, True, "drums")
              for n in range(8)),
            *(Note(n * BEAT, (n + 0.9) * BEAT, 33, 90, 33, False, "bass") for n in range(0, 8, 2)),
            *(Note(0.0, 4 * BEAT, pitch, 70, 4, False, "chords") for pitch in (57, 60, 64)),
            *(Note(4 * BEAT, 8 * BEAT, pitch, 70, 4, False, "chords") for pitch in (53, 57, 60)),
            *(Note((n + 0.5) * BEAT, (n + 0.97) * BEAT, 69 + n, 80, 80, False, "lead")
              for n in range(8)),
            Note(0.0, 8 * BEAT, 72, 50, 89, False, "pad"),
        ]
    ),
    seconds=8 * BEAT,
    bpm=BPM,
    is_loop=True,
    beats=4.0,
    metre=(4, 4),
    key="A minor",
    style="house",
    swing=0.25,
    markers=(
        Marker(0.0, CHORD, "Am"),
        Marker(0.0, SECTION, "verse"),
        Marker(4 * BEAT, CHORD, "F"),
    ),
)  # fmt: skip
