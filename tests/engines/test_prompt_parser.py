"""Check what is understood of the words of musicians, and that the rest is named."""

import time

import pytest

from msanii_live.engines.prompt_parser import key_name, parse_key, parse_prompt, parse_style
from msanii_live.engines.vocabulary import STYLES


def understood(prompt, style="", key=""):
    """Return the style, key and tempo of a prompt in words, and the words not understood."""
    found = parse_prompt(prompt, style, key)
    return (
        "" if found.style is None else STYLES[found.style],
        "" if found.key is None else key_name(found.key),
        found.tempo,
        " ".join(found.unknown),
    )


@pytest.mark.parametrize(
    "prompt",
    [
        "techno, dark, 140 bpm, in A minor.",
        "TECHNO. DARK. 140BPM. A MINOR.",
        '"dark techno"; A-minor; (140 bpm)',
        "Genre: techno, Mood: dark, Key: Am, BPM: 140",
        "in the key of A minor: dark techno at 140",
        "tempo 140, a minor, dark, techno!",
        "dark/techno/Am/140.0bpm",
        "  dark\ttechno\n\nAm   at 140 bpm",
        "“dark” ‘techno’ in a minor — 135-145 bpm",
    ],
)
def test_punctuation_capitals_and_order_do_not_matter(prompt):
    style, key, tempo, unknown = understood(prompt)
    assert (style, key, tempo, unknown.lower()) == ("techno", "A min", 140.0, "dark")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Am", "A min"), ("A minor", "A min"), ("a min", "A min"), ("A-minor", "A min"),
        ("F#m", "F# min"), ("F# minor", "F# min"), ("F sharp minor", "F# min"),
        ("C♯ minor", "C# min"), ("C# min", "C# min"), ("Bb major", "Bb maj"), ("Bb", "Bb maj"),
        ("B-flat major", "Bb maj"), ("E♭ maj", "Eb maj"), ("eb minor", "Eb min"),
        ("E#", "F maj"), ("B# minor", "C min"), ("Cb", "B maj"), ("Fb", "E maj"),
        ("D dorian", "D min"), ("e Phrygian", "E min"), ("A aeolian", "A min"),
        ("C ionian", "C maj"), ("F LYDIAN", "F maj"), ("G mixolydian", "G maj"),
        ("A harmonic minor", "A min"), ("G melodic minor", "G min"), ("Cmaj", "C maj"),
        ("Dminor", "D min"), ("c major", "C maj"),
    ],
)  # fmt: skip
def test_keys_are_read_as_musicians_write_them(words, name):
    index = parse_key(words)
    assert index is not None
    assert key_name(index) == name
    for prompt in (words, f"in {words}", f"techno, {words}.", f"{words}, house, 120 bpm"):
        found = parse_prompt(prompt, "", "")
        assert found.key == index, prompt
        assert found.unknown == (), prompt


@pytest.mark.parametrize(
    "words", ["H", "", "minor", "Am7", "hello", "A minor third", "#", "no key"]
)
def test_other_words_are_no_key(words):
    assert parse_key(words) is None


@pytest.mark.parametrize("name", ["C", "A", "G"])
def test_a_lone_note_is_a_key_where_only_a_key_can_stand(name):
    for prompt in (name, f"house in {name}", f"house, {name}, loud", f"key of {name}"):
        assert parse_prompt(prompt, "", "").key == parse_key(name), prompt
    assert parse_key(name.lower()) == parse_key(name)


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("a dark house", "dark"), ("FM bass house", "FM bass"), ("I am house", "I am"),
        ("Plan B for house", "Plan B"), ("house in the key of a good song", "good"),
        ("g-funk house", "g-funk"), ("a flat house", "flat"),
        ("D'n'B house", "D'n'B"), ("Amin7 house", "Amin7"),
    ],
)  # fmt: skip
def test_letters_in_sentences_are_no_keys(prompt, unknown):
    style, key, _, words = understood(prompt)
    assert (style, key, words) == ("house", "", unknown)


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [
        ("140 bpm", 140.0), ("140bpm techno", 140.0), ("techno 140-BPM", 140.0),
        ("99.5 bpm", 99.5), ("bpm: 99.5", 99.5), ("bpm=120", 120.0), ("tempo of 87", 87.0),
        ("120-130 bpm", 125.0), ("120 to 130 bpm", 125.0), ("techno @ 132", 132.0),
        ("techno at 132, dark", 132.0), ("90 beats per minute", 90.0),
        ("techno", None), ("techno at night", None), ("1000 bpm", None), ("10 bpm", None),
        ("808 techno", None), ("at 90s", None), ("7/8", None), ("bpm", None),
    ],
)  # fmt: skip
def test_the_tempo_of_a_prompt(prompt, tempo):
    assert parse_prompt(prompt, "", "").tempo == tempo


@pytest.mark.parametrize("prompt", ["techno 1000 bpm", "techno 1000", "at 1000 techno"])
def test_a_number_that_is_no_tempo_is_named(prompt):
    assert understood(prompt) == ("techno", "", None, "1000")


@pytest.mark.parametrize(
    ("prompt", "metre"),
    [
        ("techno in 7/8", "7/8"), ("3/4, piano", "3/4"), ("metre: 12/8", "12/8"),
        ("4 / 4 house", "4/4"), ("techno/house", ""), ("1999/2000", ""), ("0/4", ""),
        ("jazz waltz", "3/4"), ("a waltz in 6/8", "6/8"), ("Waltzing", ""),
    ],
)  # fmt: skip
def test_the_metre_of_a_prompt(prompt, metre):
    assert parse_prompt(prompt, "", "").metre == metre


@pytest.mark.parametrize(
    ("prompt", "style", "unknown"),
    [
        ("Tropical House, Congas, Groovy.", "house", "Tropical Congas Groovy"),
        ("deep-house", "house", ""), ("minimal techno", "techno", ""),
        ("chill techno", "techno", "chill"), ("techno, chill", "techno", "chill"),
        ("lo-fi hip hop", "lofi", ""), ("Lo Fi", "lofi", ""), ("hip-hop", "hiphop", ""),
        ("Hip Hop", "hiphop", ""), ("boom bap", "hiphop", ""), ("bossa nova", "bossa", ""),
        ("techno with piano", "techno", "piano"), ("no piano, jazz", "jazz", "no piano"),
        ("techno/house", "house", "techno"), ("minor techno", "techno", "minor"),
        ("テクノ techno", "techno", "テクノ"), ("", "", ""), ("?!", "", ""),
        ("musique", "", "musique"),
    ],
)  # fmt: skip
def test_exactly_what_is_not_understood_is_named(prompt, style, unknown):
    assert understood(prompt) == (style, "", None, unknown)


def test_an_explicit_style_and_key_replace_those_of_the_prompt():
    assert understood("techno Am", "lofi", "C") == ("lofi", "C maj", None, "")
    assert understood("techno Am 99 bpm", "deep house.", "D dorian") == ("house", "D min", 99.0, "")
    assert understood("techno Am", "polka", "H") == ("techno", "A min", None, "polka H")
    assert understood("", "polka", "H") == ("", "", None, "polka H")


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        ("stile house", "did you mean style?"), ("tecno", "did you mean techno?"),
        ("ambiant jaz", "did you mean ambient or jazz?"), ("a minro", "did you mean minor?"),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_asked_about(prompt, question):
    assert question in parse_prompt(prompt, "", "").warning


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("House, Techno", "not followed: House, since the style is techno"),
        ("bossa, swing", "not followed: swing, since the style is bossa"),
        ("techno with piano", "not followed: piano, since the style is techno"),
        ("deep trance techno", "not followed: deep, since the style is techno"),
    ],
)
def test_a_style_beside_another_is_not_asked_about(prompt, words):
    assert parse_prompt(prompt, "", "").warning == words
    both = parse_prompt(f"{prompt} rain", "", "").warning
    assert both.startswith(f"{words}; unknown words: rain; ")


def test_the_warning_says_what_is_known_and_is_short():
    warning = parse_prompt("dark techno", "", "").warning
    assert warning.startswith("unknown words: dark; styles are house, techno")
    assert "did you mean" not in warning
    assert parse_prompt("techno", "", "").warning == ""
    more = parse_prompt("", "polka", "").warning_of_words(("dub", "trap"))
    assert "jazz, dub, trap, keys such as" in more
    more = parse_prompt("house with Dub", "", "").warning_of_words(("dub", "trap"))
    assert more == "not followed: Dub, since the style is house"
    assert len(parse_prompt("xyzzy " * 9_000, "", "").warning) < 1_000
    assert len(parse_prompt("x" * 60_000, "", "").warning) < 1_000


@pytest.mark.parametrize(
    "prompt",
    ["A" * 60_000, "A" + " " * 60_000 + "x", "1 " * 30_000, "C, " * 20_000, "a-" * 30_000,
     "1" * 60_000, "in key " * 9_000, "120 bpm " * 8_000, "1/" * 30_000, "'" * 60_000],
)  # fmt: skip
def test_any_prompt_is_read_in_bounded_time(prompt):
    began = time.perf_counter()
    assert isinstance(parse_prompt(prompt, prompt, prompt).warning, str)
    assert time.perf_counter() - began < 5.0


@pytest.mark.parametrize(("word", "style"), [("house", 0), (" Techno ", 1), ("trance", 1)])
def test_a_style_is_known_by_its_own_word_or_by_a_near_one(word, style):
    assert parse_style(word) == style
    assert parse_style(word + "x") is None


def test_a_key_that_is_none_is_told_by_its_name_with_the_remedy():
    found = parse_prompt("house", "", "H")
    assert (found.key, found.unknown) == (None, ("H",))
    assert found.warning == (
        "key is 'H', which is no key: take one such as C, F#m, Bb major, D dorian; B here is H in "
        "German, and Bb is B"
    )
    both = parse_prompt("", "polka", "zebra").warning
    assert both.startswith("unknown words: polka; ")
    assert both.endswith(
        "; key is 'zebra', which is no key: take one such as C, F#m, Bb major, D dorian"
    )
    assert parse_prompt("", "", "in A minor").warning == ""
