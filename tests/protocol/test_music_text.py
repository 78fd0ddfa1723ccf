"""Check chords, metres, forms, parts and keys as musicians write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.engines.composer import notes as composer_notes
from msanii_live.engines.prompt_parser import parse_key
from msanii_live.protocol.music_text import (
    CHORD_INTERVALS,
    MAX_BARS,
    METRES,
    SECTIONS,
    check_key,
    parse_chords,
    parse_form,
    parse_metre,
    parse_parts,
)


def chord(text):
    (found,) = parse_chords(text)
    return found[:4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C", (0, "maj", None, 1)), ("Am", (9, "min", None, 1)), ("Am:2", (9, "min", None, 2)),
        ("F#m7", (6, "m7", None, 1)), ("F♯m7", (6, "m7", None, 1)), ("Bb", (10, "maj", None, 1)),
        ("B♭maj7", (10, "maj7", None, 1)), ("Cb", (11, "maj", None, 1)),
        ("B#", (0, "maj", None, 1)),
        ("Bdim", (11, "dim", None, 1)), ("Caug", (0, "aug", None, 1)), ("C+", (0, "aug", None, 1)),
        ("Dsus2", (2, "sus2", None, 1)), ("Dsus", (2, "sus4", None, 1)),
        ("Esus4", (4, "sus4", None, 1)), ("Asus4", (9, "sus4", None, 1)),
        ("G7", (7, "7", None, 1)), ("G6", (7, "6", None, 1)), ("Em6", (4, "m6", None, 1)),
        ("CM7", (0, "maj7", None, 1)), ("Cm7", (0, "m7", None, 1)), ("CΔ", (0, "maj7", None, 1)),
        ("Bm7b5", (11, "m7b5", None, 1)), ("Bø", (11, "m7b5", None, 1)),
        ("Cadd9", (0, "add9", None, 1)), ("C/E", (0, "maj", 4, 1)), ("Am7/G:4", (9, "m7", 7, 4)),
        ("Bb/D", (10, "maj", 2, 1)), ("CMAJ7", (0, "maj7", None, 1)), ("Cmin", (0, "min", None, 1)),
        ("H", (11, "maj", None, 1)), ("Hm", (11, "min", None, 1)), ("Fis", (6, "maj", None, 1)),
        ("Fism", (6, "min", None, 1)), ("Es", (3, "maj", None, 1)), ("As", (8, "maj", None, 1)),
        ("Des", (1, "maj", None, 1)), ("C/Es", (0, "maj", 3, 1)), ("A-7", (9, "m7", None, 1)),
    ],
)  # fmt: skip
def test_what_a_chord_symbol_means(text, expected):
    assert chord(text) == expected


@pytest.mark.parametrize("text", ["Am F C G", "Am, F, C, G", "| Am | F | C | G |", "Am\nF  C;G"])
def test_what_may_stand_between_chords(text):
    assert [each.root for each in parse_chords(text)] == [9, 5, 0, 7]


def test_a_percent_sign_is_the_chord_before_it():
    assert parse_chords("Am % F") == parse_chords("Am Am F")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Am Foo", "'Foo' is no known chord: qualities are maj"), ("J", "'J' is no chord"),
        ("of doom", "'of' is no chord"), ("a", "'a' is no chord"), ("", "is no chord"),
        ("%", "is no chord"), ("Am:0", "whole number of bars"), ("Am:", "whole number of bars"),
        ("Am:1.5", "whole number of bars"), ("Am:401", "whole number of bars"),
        ("Am:٢", "whole number of bars"), ("C/", "is no chord"), ("C/9", "is no chord"),
        (" ".join(["C:100"] * 5), "at most 400 bars"), ("C" * 500, "..."),
    ],
)  # fmt: skip
def test_other_chords_are_refused_in_words(text, reason):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_chords(text)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 300


def test_metres_are_those_that_the_composer_knows():
    assert METRES == composer_notes.METRES
    assert SECTIONS == composer_notes.SECTIONS
    assert [parse_metre(f" {n} / {d} ") for n, d in METRES] == list(METRES)
    for text in ("4", "7/9", "0/4", "4/4/4", "", "seven", "99/99", "²/4"):
        with pytest.raises(ValueError, match=r"one of 4/4, 3/4"):
            parse_metre(text)


def test_forms():
    assert parse_form("Intro 4 verse:8; CHORUS 8") == (("intro", 4), ("verse", 8), ("chorus", 8))
    assert parse_form("verse 8,verse 8") == (("verse", 8), ("verse", 8))
    for text in ("", "verse", "drop 8", "verse 8 of", "verse 4.5", "of a dream", "verse -1", "8"):
        with pytest.raises(ValueError, match="sections are intro, verse"):
            parse_form(text)
    for text in ("verse 0", "verse 401", "verse " + "9" * 400):
        with pytest.raises(ValueError, match=f"1 to {MAX_BARS} bars"):
            parse_form(text)
    with pytest.raises(ValueError, match="together"):
        parse_form("verse 300 chorus 101")


def test_parts():
    assert parse_parts("lead + Drums, drums & pad") == ("drums", "lead", "pad")
    assert parse_parts("all") == ("drums", "bass", "chords", "lead", "pad")
    with pytest.raises(ValueError, match="did you mean drums"):
        parse_parts("bass drum")
    for text in ("", " , ", "of me"):
        with pytest.raises(ValueError, match="parts are drums, bass, chords, lead, pad"):
            parse_parts(text)


@pytest.mark.parametrize(
    "text",
    ["C", "Am", "a minor", "F#m", "Bb major", "D dorian", "E♭", "C sharp minor", "G Mixolydian"],
)
def test_every_key_that_passes_is_understood_by_engines(text):
    check_key(text)
    assert parse_key(text) is not None


@pytest.mark.parametrize("text", ["", "H", "foo", "Am F", "C#mm", "in C", "120", "A minority"])
def test_other_keys_are_refused(text):
    with pytest.raises(ValueError, match="such as C, Am"):
        check_key(text)


@pytest.mark.parametrize(
    "part", [" ", "a", "1", "/", "A ", "verse ", "verse 1 ", "#", "-", ":", "\t"]
)
def test_very_long_texts_take_no_time(part):
    """A pattern that goes back over what it has read would take minutes."""
    for parse in (parse_chords, parse_metre, parse_form, parse_parts, check_key):
        for text in (part * 50_000, "C" + part * 50_000 + "x", "verse" + part * 50_000 + "x"):
            with pytest.raises(ValueError, match=r"."):
                parse(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for parse in (parse_chords, parse_metre, parse_form, parse_parts, check_key):
        refusal = ""
        try:
            parse(text)
        except ValueError as error:
            refusal = str(error)
        assert not refusal or 10 < len(refusal) < 400


@given(st.sampled_from(sorted(CHORD_INTERVALS)), st.integers(1, 99))
def test_every_quality_is_read_by_its_name(quality, bars):
    assert chord(f"Eb{quality}:{bars}") == (3, quality, None, bars)
