"""Which onsets of a sampled roll become notes: lines of one voice, and chords as a whole.

A sampled roll says of each place how likely an onset is, and not which of them belong together. The
likeliest places by themselves would be single tones of many chords, and basses of two voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt

UNLIKELY = -0.9  # an onset of a sampled roll that is no note, whatever is wanted
GUESSED = -0.8  # an onset of an early guess that may become a note where the roll has too few
LINES = frozenset(
    {"bass", "lead"}
)  # parts of one voice, in the pieces that the network learnt from
DOUBLED = 0.05  # share of given steps of two notes or more, from which a part is no line
MOST_TONES = 8  # of a chord
_SUREST = 4.0  # nats
# How often the chords of a style are arpeggios: counted in 240 held-out training pieces.
ARPEGGIOS = {
    "synth": 0.5, "techno": 0.56, "piano": 0.54, "hiphop": 0.27, "lofi": 0.17, "ambient": 0.17,
    "bossa": 0.12, "pop": 0.07,
}  # fmt: skip
BROKEN = 1.6  # tones at a step, on average, up to which given chords are arpeggios
# Nats by which wider steps are rarer than seconds, by semitones from 0 on, the last for all beyond:
# counted in 24 held-out training pieces.
RARER = {
    "chords": (1.5, 0.7, 0.7, 0, 0, 0, 0.3, 0.3, 0.3, 0.3, 0.6, 0.6, 0.6, 3.0),  # arpeggios
    "lead": (0, 0, 0, 0.9, 0.9, 0.9, 0.9, 0.9, 3.1, 3.1, 3.1, 3.1, 3.1, 7.0),
    "bass": (0, 0, 0, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 3.0),
}
Means = npt.NDArray[np.float32]
Onsets = npt.NDArray[np.bool_]


def choose_notes(
    part: str,
    means: Means,
    is_open: Onsets,
    count: int | None,
    given: Onsets,
    early: Means,
    arpeggios: bool = False,
) -> Onsets:
    """Return the onsets of one part in one window that become notes, (steps, pitches).

    part: but drums. means: of the onsets, from -1 to 1, (steps, pitches). is_open: (steps,), where
    notes are to be written; elsewhere they are those above 0. count: how many notes are wanted
    there; None if nobody says. Steps below UNLIKELY rarely have any. given: the notes of the part
    that are known, (steps, pitches). early: as `means`, but of an early guess, before notes were
    settled: it says how many tones a chord has, of which only some become sure. arpeggios: whether
    chords are broken where none are given; a roll does not tell.
    """
    together = given.sum(1)[given.any(1)]
    if part in LINES:
        single = not len(together) or (together > 1).mean() <= DOUBLED
    else:
        single = part in RARER and (together.mean() < BROKEN if len(together) else arpeggios)
    if single:
        return _line(part, means, is_open, count, early)
    return _chords(means, is_open, count, early)


def draw_arpeggios(style: str, seed: int) -> bool:
    """Draw whether the chords of a piece are arpeggios, as often as in its style."""
    return Random(f"arpeggios {seed}").random() < ARPEGGIOS.get(style, 0.0)


def _line(part: str, means: Means, is_open: Onsets, count: int | None, early: Means) -> Onsets:
    """Return a line of one voice: the likeliest steps, and on them the likeliest melody."""
    known = (means > 0) & ~is_open[:, None]
    best, guessed = means.max(1), early.max(1)
    if count is not None:  # where the roll has too few steps, the early guess has more
        rejected = (best <= UNLIKELY) & (guessed > GUESSED)
        means = np.where(rejected[:, None], early, means)
        best = np.where(rejected, UNLIKELY + 1e-3 * (2 + guessed), best)
    order = [step for step in np.argsort(-best, kind="stable") if is_open[step]]
    wanted = [
        step
        for number, step in enumerate(order)
        if (best[step] > 0 if count is None else best[step] > UNLIKELY and number < count)
    ]
    onsets = known.copy()
    steps = np.sort([*wanted, *np.nonzero(onsets.any(1))[0]]).astype(int)
    if not wanted:
        return onsets
    nats = 2 * np.arctanh(np.clip(means[steps], -np.tanh(_SUREST / 2), np.tanh(_SUREST / 2)))
    for row, step in enumerate(steps):
        if not is_open[step]:  # what is known only says where the line comes from
            nats[row] = np.where(onsets[step], _SUREST, -np.inf)
    for step, pitch in zip(steps, _likeliest_melody(nats, RARER[part]), strict=True):
        if is_open[step]:
            onsets[step, pitch] = True
    return onsets


def _likeliest_melody(nats: npt.NDArray[np.floating], rarer: Sequence[float]) -> list[int]:
    """Return the pitch of each step, (steps, pitches): by its likelihood and that of intervals.

    Source: Viterbi 1967, doi:10.1109/TIT.1967.1054010.
    """
    pitches = np.arange(nats.shape[1])
    apart = np.minimum(np.abs(pitches[:, None] - pitches), len(rarer) - 1)
    moves = -np.asarray(rarer)[apart]
    total, origins = nats[0], []
    for row in nats[1:]:
        through = total[:, None] + moves
        origins.append(through.argmax(0))
        total = through.max(0) + row
    path = [int(total.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def _chords(means: Means, is_open: Onsets, count: int | None, early: Means) -> Onsets:
    """Return chords: the likeliest steps, each with as many tones as its likelihoods say."""
    if count is None:
        return means > 0
    likely = np.where(means > UNLIKELY, (means + 1) / 2, 0.0)
    guessed = (early + 1) / 2
    best, first_best = likely.max(1), guessed.max(1)
    tones = np.rint(guessed.sum(1) / np.maximum(first_best, 1e-6))
    sizes = np.clip(tones, 1, MOST_TONES).astype(int)
    onsets, total = (means > 0) & ~is_open[:, None], 0
    for step in np.argsort(-best - first_best, kind="stable"):
        size = int(sizes[step])
        if not is_open[step] or best[step] == 0:
            continue
        if total >= count or (total and total + size - count > count - total):
            continue
        chosen = np.argsort(-likely[step] - guessed[step], kind="stable")[:size]
        onsets[step, chosen] = True
        total += size
    return onsets
