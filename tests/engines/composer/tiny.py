"""An untrained composer whose notes are not too rare, and pieces for it."""

import torch

from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.engines.composer.notes import Chord
from msanii_live.engines.composer.plans import Plan, plan_to_row
from msanii_live.engines.composer.weights import Composer, write_weights
from msanii_live.engines.vocabulary import STYLES
from msanii_live.notes import CHORD, Marker, Note, Score, sort_notes


def plan(style, minor, density):
    """Return the outline of eight bars; drums are silent in the first four."""
    return Plan(
        style=style,
        minor=minor,
        metre=(4, 4),
        tempo=120.0,
        swing=0.0,
        density=density,
        activity=(8.0, 4.0, 6.0, 3.0, 0.0),
        programs=(0, 38, 4, -1, -1),
        chords=tuple(Chord(root, "min" if minor else "maj") for root in (0, 5, 7, 0) * 2),
        form=tuple(("verse", bar) for bar in range(8)),
        plays=((False, True, True, True, False),) * 4 + ((True, True, True, True, False),) * 4,
    )


def tiny_composer(styles=STYLES):
    """Return an untrained composer with plans and progressions."""
    torch.manual_seed(3)
    net = ComposerNet(NetworkConfig(styles=styles, width=32, blocks=1, heads=2, hidden=64))
    with torch.no_grad():
        net.leave.weight.mul_(20)
        net.leave.bias.zero_().sub_(2.0)
    rows = [
        plan_to_row(plan(style, minor, density))
        for style in styles
        for minor in (False, True)
        for density in (0.1, 0.9)
    ]
    line = [[0, 1, 0], [8, 0, 8], [3, 0, 3], [10, 0, 10]]
    lines = {f"{style}{mode}": [[line, 2]] for style in styles for mode in ("", " minor")}
    return Composer(net.eval().requires_grad_(False), {"plans": rows, "lines": lines})


def untrained(path, styles=STYLES):
    """Write it to a file."""
    write_weights(path, tiny_composer(styles))
    return path


def riff(bars=4, bpm=120.0, seconds=None, markers=True):
    """Return a score of drums, bass and chords on Am F C G, a bar each, in 4/4."""
    beat, notes, marks = 60.0 / bpm, [], []
    for bar in range(bars):
        root = (45, 41, 48, 43)[bar % 4]
        triad = ((0, 3, 7), (0, 4, 7), (0, 4, 7), (0, 4, 7))[bar % 4]
        at = bar * 4 * beat
        marks.append(Marker(at, CHORD, ("Am", "F", "C", "G")[bar % 4]))
        notes += [Note(at, at + 4 * beat, root + 12 + t, 70, 4, False, "chords") for t in triad]
        for place in range(4):
            start = at + place * beat
            notes.append(Note(start, start + 0.5 * beat, root - 12, 90, 33, False, "bass"))
            notes.append(Note(start, start + 0.05, 36 if place % 2 == 0 else 38, 100, 0, True))
    length = bars * 4 * beat if seconds is None else seconds
    inside = [note for note in notes if note.start < length]
    return Score(
        sort_notes(inside), length, bpm=bpm, beats=4.0, metre=(4, 4), key="A min", style="pop",
        markers=tuple(marks) if markers else (),
    )  # fmt: skip
