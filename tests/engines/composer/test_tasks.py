"""Every verb on clips whose notes are known: lengths, what stays bit for bit, seams, stems."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip, rms_dbfs
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer import tasks
from msanii_live.engines.composer.complete import CompletionOptions
from msanii_live.engines.composer.constraints import read_constraints
from msanii_live.engines.composer.playing import (
    Performer,
    expected_change,
    recorded_between,
)
from msanii_live.engines.composer.sources import lacking_parts
from msanii_live.engines.composer.tasks import ComposerTasks
from msanii_live.engines.loudness import measure_loudness
from msanii_live.engines.vocabulary import STYLES
from msanii_live.errors import Code, CommandError
from msanii_live.notes import PARTS, Note
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
    Vocode,
)
from tests.engines.composer.tiny import riff, tiny_composer
from tests.engines.composer.tone_player import RATE, note_f1, play_tones
from tests.library.clips import refusal

SEAM = 2_048


@pytest.fixture(scope="module")
def composer():
    return tiny_composer()


def clip_of(score, stems=False, **info):
    played = play_tones(score, Render(midi="x"), standalone_context(), stems)
    facts = {"bpm": score.bpm, "bar_offset": score.bar, "loops": score.is_loop, **info}
    clip = make_clip(played.clip.samples.copy(), RATE, name="riff", **facts)
    return replace(clip, score=score, stems=played.stems)


RIFF = clip_of(riff())
OTHER = clip_of(riff(bpm=120.0).at_tempo(120.0).looped(2.0, 10.0))


def run(composer, command, seed=1, clips=None, score=None, **context):
    known = {"riff": RIFF, "other": OTHER} | (clips or {})
    context = replace(
        standalone_context(score=lambda name: score), seed=seed, clip=known.__getitem__, **context
    )
    command = replace(command, steps=command.steps or 1)
    constraints = read_constraints(command, STYLES, context.warn)
    options = CompletionOptions(steps=1)
    return ComposerTasks(composer, play_tones, command, context, constraints, options, 1).run()


def is_smooth(samples, seam):
    """Return whether the step at a seam is no larger than the steps around it."""
    steps = np.abs(np.diff(samples[seam - 4_410 : seam + 4_410], axis=0)).max(1)
    return steps[4_400:4_420].max() <= 1.1 * np.percentile(steps, 99.9)


@pytest.mark.parametrize("arguments", [{"bars": 2}, {"seconds": 3.1}])
@pytest.mark.parametrize("side", ["right", "left"])
def test_a_continuation_is_exact_and_its_source_stays(composer, side, arguments):
    made = run(composer, Outpaint(src="riff", side=side, **arguments))
    new = round((4.0 if "bars" in arguments else 3.1) * RATE)
    old = RIFF.samples
    assert made.info.frames == len(old) + new == round(made.score.seconds * RATE)
    if side == "right":
        assert np.array_equal(made.samples[: len(old) - SEAM], old[:-SEAM])
        assert is_smooth(made.samples, len(old))
        assert any(note.start >= 8.0 for note in made.score.notes)
        assert made.score.notes[: len(RIFF.score.notes)] == RIFF.score.notes
    else:
        assert np.array_equal(made.samples[new + SEAM :], old[SEAM:])
        assert is_smooth(made.samples, new)
        assert made.info.bar_offset == pytest.approx(-new / RATE / 2.0 % 1.0, abs=1e-6)
    assert (made.info.bpm, made.info.parents, made.info.loops) == (120.0, ("riff",), False)
    part = run(composer, Outpaint(src="riff", side=side, keep=0, **arguments))
    span = slice(len(old), None) if side == "right" else slice(0, new)
    assert np.array_equal(part.samples, made.samples[span])
    assert part.score.seconds == pytest.approx(new / RATE)


def test_a_source_counts_towards_the_length_only_where_it_is_kept(composer, monkeypatch):
    monkeypatch.setattr(tasks, "MAX_WITH_SOURCE", RIFF.info.seconds + 1.0)
    assert run(composer, Outpaint(src="riff", seconds=2.0, keep=0)).info.seconds == 2.0
    with pytest.raises(CommandError, match="the clip would last 10"):
        run(composer, Outpaint(src="riff", seconds=2.0))


def test_the_level_of_the_source_is_held_though_it_is_quiet(composer):
    quiet = replace(RIFF, samples=RIFF.samples * np.float32(0.1))
    loud = run(composer, Outpaint(src="riff", bars=4)).samples[len(RIFF.samples) :]
    made = run(composer, Outpaint(src="riff", bars=4), clips={"riff": quiet})
    fresh = made.samples[len(RIFF.samples) :]
    assert rms_dbfs(fresh) == pytest.approx(rms_dbfs(loud) - 20.0, abs=0.3)


def test_a_chain_of_continuations_keeps_its_level_though_the_player_does_not():
    def play_ever_softer(score, render, context, with_stems):
        played = play_tones(score, render, context, with_stems)
        fading = np.linspace(1.0, 0.4, len(played.clip.samples), dtype=np.float32)[:, None]
        return replace(played, clip=make_clip(played.clip.samples * fading, RATE))

    performer = Performer(play_ever_softer, Render(midi="x"), standalone_context(), False)
    clip, score = RIFF, RIFF.score
    for _ in range(4):
        start, end = len(clip.samples), len(clip.samples) + 4 * RATE
        canvas = np.concatenate([clip.samples, np.zeros((4 * RATE, 2), np.float32)])
        score = score.followed_by(riff(2))
        source = replace(make_clip(canvas, RATE), score=score)
        clip = performer.span(source, score, start, end).clip
    levels = [measure_loudness(part) for part in np.split(clip.samples, 6)]
    assert max(levels) - min(levels) < 1.0


def test_few_soft_notes_are_expected_to_be_softer():
    full, soft = riff(), replace(riff(), notes=riff().only(("bass",)).notes)
    whole = full.followed_by(soft)
    assert -12.0 <= expected_change(whole, 8.0, 16.0) < -2.0
    assert expected_change(full.followed_by(full), 8.0, 16.0) == pytest.approx(0.0, abs=1e-9)


def test_a_source_that_ends_in_a_bar_is_continued_from_there(composer):
    score = riff(seconds=7.0)
    made = run(composer, Outpaint(src="half", bars=1), clips={"half": clip_of(score)})
    assert made.info.frames == 9 * RATE
    assert any(7.0 <= note.start < 8.0 for note in made.score.notes)
    late = replace(riff().cut(1.0, 8.0), bar=0.5)
    made = run(composer, Outpaint(src="late", bars=1), clips={"late": clip_of(late)})
    assert (made.info.bar_offset, made.score.bar) == (0.5, 0.5)


def test_what_follows_another_key_stays_in_it(composer):
    other = run(composer, Outpaint(src="riff", bars=2, key="Cm"))
    assert other.info.key == "C min"
    more = run(composer, Outpaint(src="more", bars=1), clips={"more": other})
    chords = [m.text for m in more.score.markers if m.kind == "chord"]
    assert (more.info.key, chords[4:6]) == ("C min", ["Cm", "Ab"])


def test_a_loop_can_be_continued_at_another_tempo(composer):
    loop = replace(riff(), is_loop=True)
    made = run(composer, Outpaint(src="loop", bars=2, bpm=60), clips={"loop": clip_of(loop)})
    assert made.info.frames == 16 * RATE
    assert [segment.bpm for segment in made.score.tempo_map] == [120.0, 60.0]
    assert (made.info.bpm, made.info.loops) == (0.0, False)


@pytest.mark.parametrize(("start", "end"), [(2.0, 4.0), (0.0, 2.5), (5.3, 99.0), (1.7, 6.1)])
def test_a_span_is_filled_and_all_else_stays(composer, start, end):
    made = run(composer, Inpaint(src="riff", start=start, end=end))
    first, last = round(start * RATE), round(min(end, 8.0) * RATE)
    assert made.info.frames == len(RIFF.samples)
    before, after = slice(0, max(0, first - SEAM)), slice(last + SEAM, None)
    assert np.array_equal(made.samples[before], RIFF.samples[before])
    assert np.array_equal(made.samples[after], RIFF.samples[after])
    assert not np.array_equal(made.samples, RIFF.samples)
    for seam in (first, last):
        if 4_410 < seam < len(RIFF.samples) - 4_410:
            assert is_smooth(made.samples, seam)

    def outside(score):
        return [n for n in score.notes if n.start < start - 0.07 or n.start >= end + 0.07]

    assert outside(made.score) == outside(RIFF.score)
    assert note_f1(made.score, RIFF.score) < 1.0


def test_parts_that_are_not_named_stay(composer):
    for command in (
        Inpaint(src="riff", start=2.0, end=6.0, parts="bass"),
        AudioToAudio(src="riff", strength=1.0, hold="sound", parts="bass"),
        Render(midi="riff.mid", parts="bass lead"),
    ):
        made = run(composer, command, score=RIFF.score)
        for part in ("drums", "chords"):
            assert made.score.only((part,)).notes == RIFF.score.only((part,)).notes
        assert made.score.only(("bass",)).notes != RIFF.score.only(("bass",)).notes
    assert "lead" in made.score.parts


@pytest.mark.parametrize(
    "command",
    [
        AudioToAudio(src="riff", strength=1.0, parts="bass"),
        Inpaint(src="riff", start=2.0, end=6.0, parts="bass"),
    ],
)
def test_parts_that_stay_keep_their_sound_where_the_source_has_stems(composer, command):
    source = clip_of(riff(), stems=True)
    made = run(composer, replace(command, stems=0), clips={"riff": source})
    rest = source.samples - source.stems["bass"]
    with_stems = run(composer, replace(command, stems=1), clips={"riff": source})
    for each in (made, with_stems):
        assert np.allclose(each.samples - with_stems.stems["bass"], rest, atol=1e-6)
    assert np.array_equal(with_stems.stems["drums"], source.stems["drums"])
    assert not np.array_equal(with_stems.stems["bass"], source.stems["bass"])
    assert made.stems == {}


def test_strength_zero_returns_the_source_and_more_of_it_changes_more_notes(composer):
    same = run(composer, AudioToAudio(src="riff", strength=0.0))
    assert np.array_equal(same.samples, RIFF.samples)
    assert same.score == RIFF.score
    made = run(composer, AudioToAudio(src="riff", strength=1.0))
    assert made.info.frames == len(RIFF.samples)
    assert note_f1(made.score, RIFF.score) < 0.6
    assert rms_dbfs(made.samples) == pytest.approx(rms_dbfs(RIFF.samples), abs=0.5)


def test_notes_or_sound_can_be_held(composer):
    notes = run(composer, AudioToAudio(src="riff", strength=0.5, hold="notes"))
    pairs = list(zip(notes.score.notes, RIFF.score.notes, strict=True))
    assert all(replace(one, program=0) == replace(other, program=0) for one, other in pairs)
    assert any(one.program != other.program for one, other in pairs)
    sound = run(composer, AudioToAudio(src="riff", strength=1.0, hold="sound"))
    programs = {(n.part, n.program) for n in sound.score.notes if n.part in ("bass", "chords")}
    assert programs == {("bass", 33), ("chords", 4)}


def test_between_two_clips_the_notes_go_from_one_to_the_other(composer):
    made = [
        run(composer, Interpolate(a="riff", b="other", mix=mix, strength=0.0))
        for mix in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert np.array_equal(made[0].samples, RIFF.samples)
    assert made[0].score == RIFF.score
    assert np.array_equal(made[4].samples, OTHER.samples)
    likeness = [note_f1(clip.score, OTHER.score) for clip in made]
    assert likeness == sorted(likeness)
    assert likeness[0] < likeness[2] < likeness[4] == 1.0
    assert all(clip.info.parents == ("riff", "riff") for clip in made)


def test_another_tempo_is_brought_to_that_of_the_first(composer):
    slow = clip_of(riff(2).at_tempo(90.0))
    made = run(composer, Interpolate(a="riff", b="slow", mix=1.0), clips={"slow": slow})
    assert made.info.frames == slow.info.frames
    assert made.info.bpm == 120.0
    fast = [n.start for n in made.score.notes if n.part == "bass"]
    assert np.diff(fast[:4]) == pytest.approx([0.5] * 3, abs=1e-6)


@pytest.mark.parametrize(
    ("command", "source_has_stems"),
    [
        (Generate(bars=2, bpm=120), False),
        (Outpaint(src="riff", bars=1), True),
        (Outpaint(src="riff", bars=1, side="left"), False),
        (Outpaint(src="riff", bars=1, keep=0), False),
        (Inpaint(src="riff", start=2.0, end=4.0), True),
        (Inpaint(src="riff", start=2.0, end=4.0), False),
        (AudioToAudio(src="riff", strength=0.0), False),
        (AudioToAudio(src="riff", strength=0.7), True),
        (Interpolate(a="riff", b="other", mix=0.4), False),
        (Interpolate(a="riff", b="other", mix=1.0), True),
    ],
)
def test_stems_sum_to_the_clip_and_do_not_change_it(composer, command, source_has_stems):
    clips = {
        "riff": clip_of(riff(), source_has_stems),
        "other": clip_of(OTHER.score, source_has_stems),
    }
    plain = run(composer, command, clips=clips)
    made = run(composer, replace(command, stems=1), clips=clips)
    assert np.array_equal(made.samples, plain.samples)
    assert set(made.stems) <= set(PARTS)
    assert len(made.stems) >= 2
    total = sum(stem.astype(np.float64) for stem in made.stems.values())
    assert np.abs(total - made.samples).max() <= 2**-20
    assert all(stem.shape == made.samples.shape for stem in made.stems.values())
    assert plain.stems == {}


@pytest.mark.parametrize("command", [Generate(bars=2), Outpaint(src="riff", bars=2),
    Inpaint(src="riff", start=1.0, end=3.0), AudioToAudio(src="riff", strength=0.5),
    Interpolate(a="riff", b="other")])  # fmt: skip
def test_the_seed_decides_and_every_step_can_be_cancelled(composer, command):
    calls = []

    def progress(done, steps):
        calls.append((done, steps))

    first = run(composer, command, 1, progress=progress)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == calls[-1][1]
    again, other = (run(composer, command, seed) for seed in (1, 2))
    assert np.array_equal(first.samples, again.samples)
    assert first.score == again.score
    assert not np.array_equal(first.samples, other.samples)

    class Stop(Exception):
        pass

    def stop(done, steps):
        if done >= 1:
            raise Stop

    with pytest.raises(Stop):
        run(composer, command, progress=stop)


def test_what_a_command_asks_for_is_generated(composer):
    made = run(
        composer,
        Generate(bars=4, bpm=100, chords="Dm7 G7:2 C", metre="3/4", swing=1.0, parts="bass pad"),
    )
    assert made.info.frames == round(4 * 3 * 0.6 * RATE)
    assert [m.text for m in made.score.markers if m.kind == "chord"] == ["Dm7", "G7", "G7", "C"]
    assert (made.score.metre, made.score.swing) == ((3, 4), pytest.approx(1 / 3))
    assert set(made.score.parts) <= {"bass", "pad"}
    form = run(composer, Generate(form="intro 1, verse 2", bpm=120, style="pop"))
    assert form.info.frames == 6 * RATE
    sections = [(m.start, m.text) for m in form.score.markers if m.kind == "section"]
    assert sections == [(0.0, "intro"), (2.0, "verse")]


def test_notes_are_played_as_they_are_if_no_part_is_named(composer):
    made = run(composer, Render(midi="riff.mid"), score=RIFF.score)
    assert made.score.notes == RIFF.score.notes


def test_a_piece_without_notes_is_silence(composer):
    warnings = []
    silent = replace(riff(), notes=())
    clip = run(
        composer, AudioToAudio(src="silent", hold="notes"), warn=warnings.append,
        clips={"silent": clip_of(silent)},
    )  # fmt: skip
    assert clip.info.frames == 8 * RATE
    assert not clip.samples.any()
    assert "no notes" in warnings[-1]


def test_errors_say_what_can_be_done(composer):
    audio = make_clip(np.zeros((RATE, 2), np.float32), RATE, name="voice")
    for command in (Outpaint(src="voice"), Interpolate(a="riff", b="voice")):
        with pytest.raises(CommandError, match=r"notes of voice are not known.*mel-flow") as caught:
            run(composer, command, clips={"voice": audio})
        assert caught.value.code == "EENGINE"
    with pytest.raises(CommandError, match="nothing to play to") as caught:
        run(composer, Accompany(src="voice"), clips={"voice": audio})
    assert caught.value.code == "ENOCLIP"
    with pytest.raises(CommandError, match="within the clip's 8"):
        run(composer, Inpaint(src="riff", start=9.0, end=10.0))
    with pytest.raises(CommandError, match=r"would last 800\.00 s"):
        run(composer, Outpaint(src="riff", bars=400))
    with pytest.raises(CommandError, match="composer cannot vocode"):
        run(composer, Vocode(src="riff"))


def test_an_accompaniment_is_the_asked_parts_alone_as_long_as_the_source(composer):
    made = run(composer, Accompany(src="riff", parts="drums lead"))
    assert made.info.frames == RIFF.info.frames
    assert made.info.parents == ("riff",)
    assert (made.info.bpm, made.info.loops) == (RIFF.info.bpm, RIFF.info.loops)
    assert set(made.score.parts) <= {"drums", "lead"}
    assert rms_dbfs(made.samples) == pytest.approx(rms_dbfs(RIFF.samples), abs=1.0)


def test_without_parts_an_accompaniment_plays_those_that_are_missing():
    notes = [Note(t, t + 0.1, 60, 90, part=part) for part in ("bass", "pad") for t in range(9)]
    misheard = Note(1.0, 1.1, 80, 60, part="lead")
    score = replace(riff(), notes=(*notes, misheard))
    assert lacking_parts(score) == ("drums", "chords", "lead")
    everything = tuple(Note(t, t + 0.1, 60, 90, part=part) for part in PARTS for t in range(9))
    with refusal(Code.ERANGE):
        lacking_parts(replace(riff(), notes=everything))


def test_between_recordings_their_sound_is_matched(composer):
    first = replace(RIFF, info=replace(RIFF.info, engine=""))
    second = replace(OTHER, info=replace(OTHER.info, engine="composer"))
    between = recorded_between(first, second, 0.25)
    assert between is not None
    power = np.mean(np.square(between.samples), axis=(0, 1)) * 2
    mixed = 0.75 * np.mean(np.square(first.samples)) + 0.25 * np.mean(np.square(second.samples))
    assert power == pytest.approx(mixed, rel=0.02)
    assert recorded_between(second, second, 0.5) is None
