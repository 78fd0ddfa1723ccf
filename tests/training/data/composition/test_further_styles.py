"""Test the styles that no model has learnt yet: each is told by its drums, tempo and swing."""

import pytest

from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.rigs import RIGS
from msanii_live.training.data.composition import ALL_STYLES, STYLES, Composition, compose
from msanii_live.training.data.composition.drum_grids import CLAP, KICK, SNARE, STICK
from msanii_live.training.data.composition.model import FURTHER_STYLES
from msanii_live.training.data.composition.styles import VARIANTS

TEMPI = {
    "drum and bass": (165, 180), "dub": (66, 144), "trap": (128, 155), "garage": (124, 138),
    "electro": (114, 136),
}  # fmt: skip


def pieces(style: str, count: int = 12) -> list[Composition]:
    return [compose(s, style=style, bars=16, metre=(4, 4), density=0.6) for s in range(count)]


def steps(piece: Composition, *drums: int) -> list[int]:
    """Return the step of the bar of each hit of some drums."""
    return [n.step % 16 for n in piece.notes if n.part == "drums" and n.pitch in drums]


@pytest.mark.parametrize("style", FURTHER_STYLES)
def test_tempi_are_those_of_the_style(style: str) -> None:
    low, high = TEMPI[style]
    assert all(low <= piece.tempo <= high for piece in pieces(style))


def test_drum_and_bass_has_its_snare_on_two_and_four_and_no_floor() -> None:
    for piece in pieces("drum and bass"):
        snares, kicks = steps(piece, SNARE), steps(piece, KICK)
        if snares:
            assert (snares.count(4) + snares.count(12)) > 0.45 * len(snares)
            assert kicks.count(4) + kicks.count(12) < 0.2 * len(kicks)


def test_dub_strikes_the_third_beat_and_leaves_room() -> None:
    found = [piece for piece in pieces("dub", 20) if steps(piece, STICK, SNARE)]
    thirds = sum(steps(piece, STICK, SNARE).count(8) for piece in found)
    assert thirds > 0.3 * sum(len(steps(piece, STICK, SNARE)) for piece in found)
    notes = {style: sum(len(p.notes) for p in pieces(style)) for style in ("dub", "techno")}
    assert notes["dub"] < 0.8 * notes["techno"]


def test_garage_swings_and_skips_kicks() -> None:
    made = pieces("garage", 30)
    swung = [piece.swing for piece in made if piece.swing >= 0.15]
    assert len(swung) > 0.75 * len(made)
    skipping = [p for p in made if (k := steps(p, KICK)) and k.count(4) < 0.5 * k.count(0)]
    assert len(skipping) > 0.2 * len(made)


def test_trap_has_its_clap_on_three() -> None:
    for piece in pieces("trap"):
        backbeats = steps(piece, CLAP, SNARE)
        if len(backbeats) > 20:
            assert backbeats.count(8) >= max(backbeats.count(place) for place in (4, 12))


def test_electro_is_no_floor() -> None:
    for piece in pieces("electro"):
        kicks = steps(piece, KICK)
        if len(kicks) > 16:
            assert kicks.count(4) < 0.7 * kicks.count(0)


def test_a_drawn_style_is_one_that_models_know() -> None:
    assert {compose(seed, bars=1).style for seed in range(60)} <= set(STYLES)
    assert (*STYLES, *FURTHER_STYLES) == ALL_STYLES


def test_every_variant_has_a_rig_whose_instruments_exist() -> None:
    for style, variants in VARIANTS.items():
        for variant in variants:
            rig = RIGS[variant.rig or style]
            assert rig.kits
            for part in ("bass", "chords", "lead", "pad"):
                for program in variant.programs.get(part, ()):
                    assert rig.instrument(part, program) in INSTRUMENTS
    assert compose(1, style="dub", bars=4).rig == "dub"
