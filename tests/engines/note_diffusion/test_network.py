"""The note-diffusion network: aligned notes, chained windows, saved weights."""

from pathlib import Path

import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.weights import write
from msanii_live.engines.note_diffusion.network import (
    OLD_FORMATS,
    NoteDiffusion,
    NoteDiffusionConfig,
    load,
    notes_in_window,
    save,
)
from msanii_live.engines.note_diffusion.note_alignment import KEYS, alignment_features, note_batch
from msanii_live.engines.notes.instruments import TRAINED_PROGRAMS, substitute_program
from msanii_live.errors import Cancelled
from msanii_live.notes import PARTS, Note

SPEC = MelSpec(mels=8)
RATE = SPEC.sample_rate / SPEC.hop
TINY = NoteDiffusionConfig(
    window=40, width=16, heads=2, inner=16, blocks=2, context_blocks=1, lane=2, detail=8,
    detail_blocks=1, part_lane=2, part_detail=8,
)  # fmt: skip


def tiny(seed: int = 0) -> NoteDiffusion:
    """A network that listens, though nothing was taught to it: no layer is zero."""
    torch.manual_seed(seed)
    net = NoteDiffusion(TINY, SPEC)
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    return net.eval()


def play(net: NoteDiffusion, notes: list[Note], frames: int = 100, **how: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return net.generate(notes, frames, RATE, generator, 2, **how).mel  # type: ignore[arg-type]


def test_every_program_has_one_that_stands_for_it() -> None:
    assert {substitute_program(program) for program in range(128)} == set(TRAINED_PROGRAMS)
    assert all(substitute_program(program) == program for program in TRAINED_PROGRAMS)


def test_rows_tell_keys_programs_and_drums_apart() -> None:
    notes = [Note(0.1, 0.5, 60, 127, program=41), Note(0.2, 0.3, 60, 64, drum=True)]
    made = note_batch([notes, []], TRAINED_PROGRAMS, 100.0)
    assert made.key.tolist() == [[61, 61 + KEYS], [0, 0]]
    assert made.program[0].tolist() == [TRAINED_PROGRAMS.index(48), len(TRAINED_PROGRAMS)]
    assert made.start[0].tolist() == pytest.approx([10.0, 20.0])
    assert made.velocity[0].tolist() == pytest.approx([1.0, 64 / 127])


def test_a_note_s_part_is_its_own_or_its_program_s() -> None:
    notes = [Note(0.0, 1.0, 60, 90, 33), Note(0.0, 1.0, 60, 90, 33, part="lead")]
    made = note_batch([notes], TRAINED_PROGRAMS, 100.0)
    assert [PARTS[n] for n in made.part[0]] == ["bass", "lead"]


def test_a_note_is_laid_where_it_begins_sounds_and_has_ended() -> None:
    made = alignment_features(
        note_batch([[Note(0.1, 0.2, 60, 90)]], TRAINED_PROGRAMS, 100.0), 40, 100.0
    )[0, :, 0]
    begins, sounds, youth, ended = made[:, 0], made[:, 1], made[:, 2], made[:, 3]
    assert begins.argmax() == 10
    assert begins.sum() == pytest.approx(1.0)
    assert sounds[11:20].tolist() == [1.0] * 9
    assert sounds[:10].sum() == sounds[22:].sum() == 0.0
    assert youth[11] > youth[19] > 0.3
    assert ended[:20].sum() == 0.0
    assert ended[21] > ended[39] > 0.0
    # Half-way between two mel frames it belongs to both.
    half = alignment_features(
        note_batch([[Note(0.105, 0.2, 60, 90)]], TRAINED_PROGRAMS, 100.0), 40, 100.0
    )[0, :, 0, 0]
    assert half[10].item() == pytest.approx(half[11].item(), abs=1e-4)


def test_empty_places_change_nothing() -> None:
    net, notes = tiny(), [Note(0.0, 0.3, 60, 90)]
    before, there = torch.zeros(1, 40, 8), torch.zeros(1, 40, dtype=torch.bool)
    x, t = torch.randn(1, 40, 8), torch.tensor([0.7])
    alone = net(x, t, net.encode(note_batch([notes], TRAINED_PROGRAMS, RATE), before, there))
    beside = note_batch(
        [notes, [Note(0.1, 0.2, 50 + n, 80) for n in range(6)]], TRAINED_PROGRAMS, RATE
    )
    two = net(
        x.expand(2, -1, -1), t.expand(2),
        net.encode(beside, before.expand(2, -1, -1), there.expand(2, -1)),
    )  # fmt: skip
    assert torch.allclose(alone[0], two[0], atol=1e-5)
    assert not torch.allclose(two[0], two[1], atol=1e-2)


def test_a_window_sees_the_one_before_and_only_as_far_as_it_is_there() -> None:
    net, notes = tiny(), note_batch([[Note(0.0, 0.3, 60, 90)]], TRAINED_PROGRAMS, RATE)
    x, t = torch.randn(1, 40, 8), torch.tensor([0.7])
    some = torch.zeros(1, 40, dtype=torch.bool)
    some[:, 20:] = True
    past, other = torch.randn(1, 40, 8), torch.randn(1, 40, 8)
    mixed = torch.where(some[..., None], past, other)
    made = net(x, t, net.encode(notes, past, some))
    assert torch.equal(made, net(x, t, net.encode(notes, mixed, some)))
    assert not torch.allclose(made, net(x, t, net.encode(notes, other, some)), atol=1e-3)


def test_playing_is_the_seed_s_and_hears_notes() -> None:
    net = tiny()
    made = play(net, [Note(0.2, 0.6, 60, 90)])
    assert made.shape == (100, 8)
    assert torch.equal(made, play(net, [Note(0.2, 0.6, 60, 90)]))
    assert not torch.allclose(made, play(net, [Note(0.2, 0.6, 72, 90)]), atol=1e-3)
    assert play(net, []).isfinite().all()


def test_levels_of_parts_follow_each_part_s_own_notes() -> None:
    net = tiny()
    bass, lead = Note(0.2, 0.6, 40, 90, 33), Note(0.2, 0.6, 72, 90, 80)
    played = net.generate([bass, lead], 100, RATE, torch.Generator().manual_seed(5), 2)
    assert played.levels is not None
    assert played.levels.shape == (2, 100, 8)
    assert not torch.allclose(played.levels[0], played.levels[1], atol=1e-3)
    alone = net.generate([bass], 100, RATE, torch.Generator().manual_seed(5), 2)
    assert alone.levels is None


def test_weights_of_the_version_without_parts_play_the_same(tmp_path: Path) -> None:
    net = tiny()
    with torch.no_grad():
        net.notes.part.weight.zero_()
        net.notes.numbers.weight[:, -1] = 0.0
    state = net.state_dict()
    state["notes.numbers.weight"] = state["notes.numbers.weight"][:, :-1]
    old = {k: v for k, v in state.items() if "part" not in k}
    write(tmp_path / "old.safetensors", OLD_FORMATS[0], old, TINY, SPEC)
    back = load(tmp_path / "old.safetensors", torch.device("cpu"))
    notes = [Note(0.2, 0.6, 40, 90, 33), Note(0.2, 0.6, 72, 90, 80)]
    assert torch.allclose(play(net, notes), play(back, notes), atol=0.1)  # float16 in the file
    levels = back.generate(notes, 100, RATE, torch.Generator().manual_seed(5), 2).levels
    assert levels is not None
    assert torch.equal(levels[0], levels[1])


def test_a_lead_shifts_windows_and_is_left_out() -> None:
    net = tiny()
    assert (net.windows(100), net.windows(100, lead=0.5)) == (3, 4)
    assert play(net, [Note(0.2, 0.6, 60, 90)], lead=0.5).shape == (100, 8)


def test_windows_hold_what_still_rings() -> None:
    notes = [Note(0.0, 1.0, 60, 90), Note(0.0, 3.0, 61, 90), Note(9.0, 9.5, 62, 90)]
    assert [n.pitch for n in notes_in_window(notes, 2.0, 5.0)] == [60, 61]
    assert notes_in_window(notes, 2.0, 5.0)[0].end == -1.0


def test_it_can_be_cancelled_at_every_step() -> None:
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Cancelled(3)

    with pytest.raises(Cancelled):
        tiny().generate([], 100, RATE, torch.Generator(), 2, stop)
    assert calls == 3


def test_weights_come_back_from_their_file(tmp_path: Path) -> None:
    net = tiny()
    save(tmp_path / "w.safetensors", net)
    back = load(tmp_path / "w.safetensors", torch.device("cpu"))
    assert back.config == TINY
    notes = [Note(0.2, 0.6, 60, 90)]
    assert torch.allclose(play(net, notes), play(back, notes), atol=0.1)  # float16 in the file
    (tmp_path / "w.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path / "w.safetensors", torch.device("cpu"))
