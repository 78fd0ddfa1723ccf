"""Check the comparison of clips with real music on sounds and embeddings whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.engines.tones import Tones
from msanii_live.evaluation.composer.clips import (
    chroma_unlikeness,
    generated,
    stereo_width,
    train_classifier,
)
from msanii_live.evaluation.composer.real_music import RealClip, cut_window
from msanii_live.training.data.composition.compose import compose

RNG = np.random.default_rng(0)


def test_a_window_of_a_piece_has_the_notes_that_begin_in_it_and_ends_with_it():
    piece = compose(3, style="house", bars=16, metre=(4, 4))
    window = cut_window(piece, 4, 3)
    inside = [note for note in piece.notes if 64 <= note.step < 112]
    assert [(n.part, n.pitch, n.step) for n in window.notes] == [
        (n.part, n.pitch, n.step - 64) for n in inside
    ]
    assert all(note.start >= 0 and note.start + note.length <= 48 + 1e-9 for note in window.notes)
    assert (window.bars, window.chords) == (3, piece.chords[4:7])
    assert window.seconds == pytest.approx(3 * 240 / piece.tempo)


def test_the_width_of_one_channel_on_both_sides_and_of_two_that_are_unlike():
    one, two = RNG.standard_normal((2, 44_100, 1)).astype(np.float32)
    assert stereo_width(np.hstack([one, one])) < -60
    assert stereo_width(np.hstack([one, two])) == pytest.approx(0.0, abs=0.2)
    assert stereo_width(np.hstack([one, -one])) > 60
    narrow = np.hstack([one + 0.1 * two, one - 0.1 * two])
    assert stereo_width(narrow) == pytest.approx(-20.0, abs=0.2)


def test_chroma_is_compared_as_seen_from_the_tonic_and_within_a_mode():
    def tone(hertz):
        wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(22_050) / 44_100)
        return wave.astype(np.float32)[:, None].repeat(2, 1)

    a, d, e = tone(440.0), tone(587.33), tone(659.26)
    assert chroma_unlikeness([a, d], [9, 2]) < 0.05, "both are tonics"
    assert chroma_unlikeness([a, d], [9, 9]) > 0.9
    assert chroma_unlikeness([a, d, e], [9, 2, 21]) < 0.05, "the third is in minor"
    assert np.isnan(chroma_unlikeness([a, e], [9, 21]))


def test_styles_are_told_apart_where_they_differ_and_guessed_where_they_do_not():
    styles = ["house", "jazz", "piano"] * 20
    centres = {"house": 0.0, "jazz": 8.0, "piano": -8.0}
    told = RNG.standard_normal((60, 50))
    told[:, 7] += [centres[style] for style in styles]
    classifier = train_classifier(told, styles)
    fresh = RNG.standard_normal((60, 50))
    blind = np.mean([classifier.classify(x) == s for x, s in zip(fresh, styles, strict=True)])
    fresh[:, 7] += [centres[style] for style in styles]
    seen = np.mean([classifier.classify(x) == s for x, s in zip(fresh, styles, strict=True)])
    assert seen > 0.85
    assert blind < 0.6


def test_an_engine_is_asked_for_the_style_key_and_tempo_of_each_order():
    class Asked(Tones):
        def run(self, command, context):
            commands.append((command, context.seed))
            return super().run(replace(command, seconds=0.1), context)

    commands, reports = [], []
    orders = [
        RealClip("jazz", 14, 96.0, np.zeros((10, 2), np.float32)),
        RealClip("house", 0, 124.5, np.zeros((10, 2), np.float32)),
    ]
    made = generated(Asked(), orders, 4, reports.append)
    assert [len(samples) for samples in made] == [4_410, 4_410]
    assert [(c.style, c.key, c.bpm, c.steps, c.seconds) for c, _ in commands] == [
        ("jazz", "D min", 96.0, 4, 6.0), ("house", "C maj", 124.5, 4, 6.0),
    ]  # fmt: skip
    assert [seed for _, seed in commands] == [0, 1]
    assert reports == ["tones, 4 steps: 1", "tones, 4 steps: 2"]
