"""Generated pieces: reproducible from their seeds, and consistent with their descriptions."""

import hashlib
import io
import json
from itertools import pairwise

import mido
import pytest

from msanii_live.training.data.groove_styles import PIANO_STYLES, STYLES, nearest_voicing
from msanii_live.training.data.grooves import GeneratedPiece, generate
from msanii_live.training.data.midi_parts import Kind

EVERY_STYLE: list[tuple[Kind, str]] = [
    *(("groove", style) for style in STYLES),
    *(("piano", style) for style in PIANO_STYLES),
]


def midi_bytes(midi: mido.MidiFile) -> bytes:
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()


def note_beats(midi: mido.MidiFile) -> list[float]:
    """List every note onset, in beats from the start."""
    beats = []
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on":
                beats.append(tick / midi.ticks_per_beat)
    return sorted(beats)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, first_piece = generate(11)
    again, again_piece = generate(11)
    assert midi_bytes(first) == midi_bytes(again)
    assert first_piece == again_piece
    assert midi_bytes(first) != midi_bytes(generate(12)[0])


@pytest.mark.parametrize(
    ("seed", "kind", "style", "sha256"),
    [
        (0, None, None, "5a8a9ac6c8eb628c3467ce3e13a03b459171635654ece4c724c56cd44feea0b2"),
        (1, None, None, "f7ef9d45d3aaffc8a5be0a722d68467d44999cf544a34f438e1cb5ad85f26361"),
        (2, None, None, "b8d0b226a8025c620581e91489ba88665ed4a825dff1e5d710f595efce69668f"),
        (34, None, None, "55d870d0034780f985805c4bf50c0be20282d352790cd35b8111575722dd1971"),
        (66, None, None, "5bfdca6c28b69b446a9e1597acf062c45cd23ab8ca4608a9132b7317e76638aa"),
        (5, "groove", "house", "e6f3c836a33900ee6306a6999626fa97258d950034492841ef3d175875373a39"),
        (6, "groove", "lofi", "432fb48cffca677e3889c3e32fa8e967d8691aa40deadaa4e66843ed94480878"),
        (7, "groove", "trap", "74e89a82d704ceefd2820c3427148f4085e4f5ab7c139a84141e83d7cc157937"),
        (8, "piano", None, "e43b4dbe9a9338f7216747e6e799b32bd681846412a8cf46932e3fa20a9fc50f"),
        (9, "piano", "pop", "b6940992a2b22879c72ae6cbad79a74be2538a23c868548053d1f78240aa997c"),
    ],
)
def test_known_seeds_keep_their_bytes(
    seed: int, kind: Kind | None, style: str | None, sha256: str
) -> None:
    midi, _ = generate(seed, kind=kind, style=style)
    assert hashlib.sha256(midi_bytes(midi)).hexdigest() == sha256


@pytest.mark.parametrize(("kind", "style"), EVERY_STYLE)
def test_every_style_agrees_with_its_piece(kind: Kind, style: str) -> None:
    midi, piece = generate(3, kind=kind, style=style, bars=12)
    assert (piece.kind, piece.style, piece.bars) == (kind, style, 12)
    assert len(piece.chord_roots) == 12
    assert set(piece.chord_roots) <= set(range(12))
    onsets = note_beats(midi)
    assert len(onsets) == piece.notes
    assert 0 <= onsets[0] < 4
    assert 4 * 10 <= onsets[-1] < 4 * 12  # the last bar may rest, and nothing starts after it


@pytest.mark.parametrize("seed", range(20))
def test_tempo_and_length_agree_with_the_file(seed: int) -> None:
    midi, piece = generate(seed)
    (tempo,) = (message.tempo for message in midi.tracks[0] if message.type == "set_tempo")
    assert piece.beat_seconds == tempo / 1e6
    assert piece.tempo == pytest.approx(60 / piece.beat_seconds, abs=0.01)
    assert piece.seconds == pytest.approx(piece.bars * 4 * piece.beat_seconds, rel=1e-4)
    assert note_beats(midi)[-1] * piece.beat_seconds < piece.seconds
    assert piece.seconds <= midi.length + 8 * piece.beat_seconds


@pytest.mark.parametrize(("kind", "style"), EVERY_STYLE)
def test_notes_lie_in_range_and_none_hangs(kind: Kind, style: str) -> None:
    midi, _ = generate(5, kind=kind, style=style, bars=8)
    for track in midi.tracks:
        balance = dict.fromkeys(range(128), 0)
        for message in track:
            assert message.time >= 0
            if message.type == "note_on":
                assert 24 <= message.note <= 108
                assert 1 <= message.velocity <= 127
                balance[message.note] += 1
            elif message.type == "note_off":
                balance[message.note] -= 1
        assert not any(balance.values())


def test_every_part_has_its_program() -> None:
    midi, piece = generate(2, kind="groove", style="disco")
    programs = {
        track.name: message.program
        for track in midi.tracks
        for message in track
        if message.type == "program_change"
    }
    assert programs.items() <= piece.programs.items()


def test_a_piece_becomes_json() -> None:
    _, piece = generate(4)
    facts = json.loads(json.dumps(piece.as_dict()))
    assert facts["seconds"] == piece.seconds
    del facts["seconds"]
    assert GeneratedPiece(**facts | {"chord_roots": tuple(facts["chord_roots"])}) == piece


def test_seeds_differ_in_kind_style_key_and_mode() -> None:
    pieces = [generate(seed, bars=1)[1] for seed in range(300)]
    assert {(piece.kind, piece.style) for piece in pieces} == set(EVERY_STYLE)
    assert {piece.key for piece in pieces} == set(range(12))
    assert {piece.mode for piece in pieces} == {"maj", "min"}


def test_voicings_rise_and_stay_close() -> None:
    first = nearest_voicing([60, 64, 67, 71], None, 52, 76)
    second = nearest_voicing([65, 69, 72, 76], first, 52, 76)
    for voicing in (first, second):
        assert all(low < high for low, high in pairwise(voicing))
        assert 52 <= voicing[0] < voicing[-1] <= 76
    assert all(abs(a - b) <= 5 for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("bars", [0, -4])
def test_no_bars_are_refused(bars: int) -> None:
    with pytest.raises(ValueError, match="bars must be at least 1"):
        generate(0, bars=bars)


def test_unknown_styles_are_refused() -> None:
    with pytest.raises(ValueError, match="no style is called 'polka'"):
        generate(0, style="polka")
    with pytest.raises(ValueError, match="'chorale' is a style of piano pieces"):
        generate(0, kind="groove", style="chorale")
