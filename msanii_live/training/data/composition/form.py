"""Form: sections of phrases, which parts play in them, and the bars they become."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition.harmony import (
    WITH_SEVENTHS,
    BarChords,
    draw_progressions,
    final_chord,
    lay_out,
)
from msanii_live.training.data.composition.styles import Style

SONGS = (
    "verse chorus verse chorus bridge chorus",
    "verse verse bridge verse verse bridge verse",
    "verse chorus verse chorus verse chorus",
    "verse verse chorus bridge chorus chorus",
)
TRACKS = (
    "verse chorus break chorus verse chorus",
    "verse verse chorus break chorus chorus",
    "verse chorus verse break chorus chorus",
)
ENERGY = {
    "intro": -0.2,
    "verse": -0.06,
    "chorus": 0.14,
    "bridge": -0.04,
    "break": -0.28,
    "outro": -0.22,
}


@dataclass(frozen=True)
class Section:
    """A section. theme: the section whose chords and melody it takes."""

    name: str
    bars: int
    theme: str
    parts: frozenset[str]


@dataclass(frozen=True)
class Bar:
    """A bar and all that a part has to know of it.

    place: its number in the section. following: the next bar's first chord. energy: what the
    section adds to density. final: the last bar of a piece that ends.
    """

    index: int
    place: int
    section: Section
    chords: BarChords
    following: Chord
    energy: float
    final: bool

    @property
    def chord(self) -> Chord:
        """Return the main chord."""
        return self.chords.first

    @property
    def ends_phrase(self) -> bool:
        """Tell whether four bars end here."""
        return self.place % 4 == 3 or self.ends_section

    @property
    def ends_section(self) -> bool:
        """Tell whether the section ends here."""
        return self.place == self.section.bars - 1


def draw_sections(rng: Random, style: Style, bars: int, unit: int) -> tuple[Section, ...]:
    """Draw the sections of a piece of `bars` bars; unit: bars of the shortest phrase."""
    names: list[tuple[str, int]] = []
    left = bars
    intro = unit if bars >= 4 * unit and rng.random() < 0.75 else 0
    outro = unit if bars >= 5 * unit and rng.random() < 0.6 else 0
    if intro:
        names.append(("intro", intro))
        left -= intro
    left -= outro
    length = 2 * unit if unit == 4 and left >= 16 and rng.random() < 0.75 else unit
    order = rng.choice(style.orders or (TRACKS if style.machine else SONGS)).split()
    if left <= unit:
        order = [rng.choice(("verse", "chorus"))]
    place = 0
    while left > 0:
        name = order[place % len(order)]
        size = min(unit if name == "break" else length, left)
        names.append((name, size))
        left -= size
        place += 1
    if outro:
        names.append(("outro", outro))
    return _with_parts(rng, style, names)


def _with_parts(rng: Random, style: Style, names: list[tuple[str, int]]) -> tuple[Section, ...]:
    themes = {"intro": "verse", "break": "bridge", "outro": rng.choice(("chorus", "verse"))}
    if style.machine and rng.random() < 0.6:
        themes["break"] = "chorus"
    sections: list[Section] = []
    drawn: dict[str, frozenset[str]] = {}
    thin = len(names) > 1
    for name, bars in names:
        theme = themes.get(name, name)
        if name not in drawn or rng.random() < 0.4:
            drawn[name] = _parts_of(rng, style, name, thin)
        sections.append(Section(name, bars, theme, drawn[name]))
    return tuple(sections)


def _parts_of(rng: Random, style: Style, name: str, thin: bool) -> frozenset[str]:
    """Draw which parts play in a section."""
    have = style.parts
    playing = {part for part in ("drums", "bass", "chords") if rng.random() < have.get(part, 0)}
    playing |= {"chords"} if not playing & {"bass", "chords"} else set()
    lead = {"verse": 0.75, "chorus": 1.15, "bridge": 0.9, "intro": 0.25, "break": 0.7, "outro": 0.4}
    pad = {"verse": 0.6, "chorus": 1.3, "bridge": 1.1, "intro": 1.0, "break": 1.6, "outro": 0.9}
    if rng.random() < have.get("lead", 0) * lead[name]:
        playing.add("lead")
    if rng.random() < have.get("pad", 0) * pad[name]:
        playing.add("pad")
    core = sorted(playing & {"drums", "bass", "chords"})
    if not thin or len(core) < 2:
        return frozenset(playing)
    if name in ("intro", "outro"):
        playing -= set(rng.sample(core, rng.choice((1, 1, len(core) - 1))))
    elif name == "break":
        playing -= {"drums"} if rng.random() < 0.75 else {"bass"}
    elif name == "verse" and rng.random() < 0.12:
        playing.discard(rng.choice(core))
    return frozenset(playing)


def draw_bars(
    rng: Random, style: Style, name: str, bars: int, tonic: int, minor: bool
) -> tuple[tuple[Section, ...], tuple[Bar, ...]]:
    """Draw the form and harmony of a piece; name: the style's name in STYLES."""
    blues = rng.random() < style.blues and bars >= 12
    sections = draw_sections(rng, style, bars, 12 if blues else 4)
    lines = draw_progressions(rng, name, tonic, minor, blues)
    sevenths = name in WITH_SEVENTHS
    chords: list[BarChords] = []
    turn, lead = (0.0, 0.0) if blues else (0.45, style.leading)
    for section in sections:
        line = lines[section.theme]
        chords += lay_out(rng, line, section.bars, tonic=tonic, minor=minor, turn=turn, lead=lead)
    ends = sections[-1].name == "outro" and not style.machine
    if ends:
        chords[-1] = final_chord(tonic, minor, sevenths)
    made: list[Bar] = []
    for section in sections:
        for place in range(section.bars):
            index = len(made)
            following = chords[(index + 1) % len(chords)].first
            final = ends and index == len(chords) - 1
            energy = ENERGY[section.name]
            made.append(Bar(index, place, section, chords[index], following, energy, final))
    return sections, tuple(made)
