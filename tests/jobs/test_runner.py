"""Check what a job does with its clip: write it, play it, and the one even if not the other."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.base import Capabilities
from msanii_live.engines.builtin import AUDIO_ENGINE, MORPHING_ENGINE, TEXTURE_ENGINE
from msanii_live.engines.texture.engine import TextureEngine
from msanii_live.engines.tones import Tones
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.heard_sources import engine_for
from msanii_live.jobs.job import Job
from msanii_live.jobs.runner import finish_job, run_task
from msanii_live.jobs.task import Inputs, NewNotes, Task, TaskHandle
from msanii_live.library import paths
from msanii_live.midi.files import to_midi
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Generate,
    Outpaint,
    Render,
    Vocode,
)
from tests.jobs.test_scheduler import services as services
from tests.library.clips import refusal

SONG = Score((Note(0.0, 0.5, 69, 90),), 1.0, bpm=120.0)


def registry_of(serving) -> SimpleNamespace:
    return SimpleNamespace(
        serving=serving, followers=lambda command, keys: [], licence=lambda name: ""
    )


def run(services, command, inputs=None, **settings) -> Clip:
    task = Task(command, 7, inputs or Inputs(services), **settings)
    return run_task(services, task, TaskHandle(task))


def job(command, clip="made") -> Job:
    return Job(1, command, clip, 7, "", "")


def wait_for_regions(player, count):
    until = time.monotonic() + 10
    while len(player.regions()) < count:
        assert time.monotonic() < until
        time.sleep(0.005)
    return player.regions()


def test_a_task_gives_the_same_clip_for_the_same_seed(services):
    first, second = (run(services, Generate(seconds=0.5)) for _ in range(2))
    assert (first.samples == second.samples).all()
    assert (first.info.name, first.info.engine) == ("", "tones")
    assert first.info.command["address"] == "/msanii/generate"


def test_inputs_are_found_by_name_before_the_library_is_asked(services):
    source = run(services, Generate(seconds=0.5))
    inputs = Inputs(services, {"here": source.renamed("here")}, SONG)
    made = run(services, Outpaint(src="here", seconds=0.5, keep=1), inputs)
    assert made.info.frames == 2 * source.info.frames
    assert made.info.parents == ("here",)
    assert inputs.score("whatever it is called") is SONG
    with refusal(Code.ENOCLIP):
        inputs.clip("there")
    with refusal(Code.ENOCLIP):
        inputs.clip("current")


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (Generate(seconds=0.5), ""),
        (Generate(seconds=0.5, chords="Am F"), "chords"),
        (AudioToAudio(src="a", hold="notes", stems=1), "stems and hold"),
        (Generate(style="house", swing=0.0, parts="bass"), "style, swing and parts"),
    ],
)
def test_keys_that_an_engine_does_not_follow_are_warned_of_once(services, command, keys):
    warned = []
    a = run(services, Generate(seconds=0.5)).renamed("a")
    task = Task(command, 7, Inputs(services, {"a": a}))
    made = run_task(services, task, TaskHandle(task, on_warning=warned.append))
    assert made.info.frames > 0
    text = f"tones does not follow {keys}: the clip was made without (engine composer does)"
    assert warned == ([text] if keys else [])


def test_an_engine_of_before_this_field_counts_as_following_the_keys_of_then():
    old = Capabilities(("/msanii/generate",), 44_100, 2, 190.0, 1)
    command = Generate(style="house", key="Am", density=1.0, metre="3/4", form="verse 8")
    assert old.ignored_keys(command) == ["metre", "form"]
    assert replace(old, follows=("form", "metre", "key")).ignored_keys(command) == [
        "style", "density",
    ]  # fmt: skip
    assert old.ignored_keys(Vocode(src="a")) == []


def test_a_task_can_compose_notes_and_be_cancelled_meanwhile(services):
    def task(command, before, bars=2.0):
        return Task(command, 7, Inputs(services), notes=NewNotes(before, bars))

    order = Generate(engine="composer", seconds=4.0, steps=1)
    first = task(order, None)
    score = run_task(services, first, TaskHandle(first))
    assert score.seconds == 4.0
    following = task(Generate(engine="composer", steps=1), score)
    assert run_task(services, following, TaskHandle(following)).seconds == pytest.approx(4.0)
    handle = TaskHandle(following)
    handle.cancel()
    with pytest.raises(Cancelled):
        run_task(services, following, handle)
    other = task(Generate(), score)
    with refusal(Code.EENGINE):
        run_task(services, other, TaskHandle(other))


def test_an_engine_that_cannot_do_it_is_refused(services):
    with refusal(Code.EENGINE):
        run(services, Generate(engine="mel2mel"))


def test_a_finished_job_is_in_the_library_and_plays_if_asked(services):
    command = Generate(seconds=0.5, play=1)
    finished = finish_job(
        services, job(command), run(services, command), Inputs(services), None, print
    )
    assert finished.path.is_file()
    assert services.library.get("made").info.name == "made"
    assert wait_for_regions(services.player, 1)[0].track == "made"


def test_a_disk_that_is_full_keeps_no_one_from_hearing_it(services, monkeypatch):
    def full(clip, *callbacks):
        raise CommandError(Code.EPATH, "no space left on device")

    monkeypatch.setattr(services.library, "add", full)
    command = Generate(seconds=2.0, play=1)
    with refusal(Code.EPATH):
        finish_job(services, job(command), run(services, command), Inputs(services), None, print)
    assert wait_for_regions(services.player, 1)[0].track == "made"


def test_a_continuation_of_what_sounds_follows_it_to_the_frame(services, monkeypatch):
    services.player.play(run(services, Generate(seconds=2.0)).renamed("first"))
    (playing,) = wait_for_regions(services.player, 1)
    command = Outpaint(src="current", seconds=1.0, keep=1, play=1)
    inputs = Inputs(services)
    notes = Score((Note(0.5, 1.0, 60, 90), Note(2.5, 2.8, 72, 90)), 3.0)
    made = replace(run(services, command, inputs), score=notes)
    heard = []
    play_after = services.player.play_after
    monkeypatch.setattr(
        services.player, "play_after", lambda *a, **k: heard.append(a[0]) or play_after(*a, **k)
    )
    finish_job(services, job(command), made, inputs, None, print)
    after = next(r for r in wait_for_regions(services.player, 2) if r.follows == playing.number)
    ((start, pitch),) = [(note.start, note.pitch) for note in heard[0].score.notes]
    assert (pitch, start) == (72, pytest.approx(0.5, abs=0.1))  # from the overlap on
    assert after.start + after.length == playing.start + 3 * 44_100
    assert after.start < playing.start + 2 * 44_100


def test_live_notes_are_written_beside_the_clip(services):
    command = Render(midi="take")
    made = run(services, command, Inputs(services, score=SONG))
    finished = finish_job(services, job(command), made, Inputs(services), SONG, print)
    assert finished.info.command["midi"] == "made.mid"
    assert services.score("made.mid").notes[0].pitch == 69


def test_notes_that_cannot_be_written_are_a_warning(services, monkeypatch):
    write = paths.write_temporary

    def full(folder, content):
        if content[:4] == b"MThd":
            raise OSError(28, "No space left on device")
        return write(folder, content)

    monkeypatch.setattr(paths, "write_temporary", full)
    warnings = []
    command = Render(midi="take")
    made = run(services, command, Inputs(services, score=SONG))
    finished = finish_job(services, job(command), made, Inputs(services), SONG, warnings.append)
    assert finished.info.command["midi"] == "take"
    assert "made" in warnings[0]
    assert pytest.approx(0.0, abs=5) == finished.took


def test_what_a_file_of_notes_becomes_knows_its_notes(services):
    (services.library.folder / "riff.mid").write_bytes(to_midi(SONG))
    command = Render(midi="riff", bpm=60.0)
    made = run(services, command)
    finished = finish_job(services, job(command), made, Inputs(services), None, print)
    score = services.library.get("made").score
    assert score.bpm == 60.0
    assert [(n.start, n.end, n.pitch) for n in score.notes] == [(0.0, 1.0, 69)]
    assert finished.info.command["midi"] == "riff"
    assert (services.library.folder / "made.mid").is_file()


class Composing(Tones):
    """An engine that needs the notes of its sources."""

    name = "composing"
    capabilities = replace(Tones.capabilities, needs_source_notes=True)


@pytest.mark.parametrize(
    ("known", "is_music", "command", "chosen"),
    [
        (True, False, Outpaint(src="here"), "composing"),
        (False, True, Outpaint(src="here"), "composing"),
        (False, True, AudioToAudio(src="here"), "composing"),
        (False, False, Outpaint(src="here"), "texture"),
        (False, False, AudioToAudio(src="here"), "tones"),
        (False, False, Outpaint(src="here", engine="composing"), "composing"),
        (False, False, Accompany(src="here"), "composing"),
        (False, False, Generate(), "composing"),
    ],
)
def test_the_engine_is_chosen_by_what_is_heard_unless_one_is_named(
    services, known, is_music, command, chosen
):
    engines = {"": Composing(), AUDIO_ENGINE: Tones(), "composing": Composing()}
    engines[TEXTURE_ENGINE] = TextureEngine()
    verbs = (*Tones.capabilities.verbs, Accompany.address)
    for engine in engines.values():
        if engine.name == "composing":
            engine.capabilities = replace(engine.capabilities, verbs=verbs)
    offers = replace(services, registry=registry_of(lambda name, _: engines[name]))
    source = make_clip(np.zeros((44_100, 2), np.float32), 44_100, name="here")
    inputs = {"here": replace(source, score=SONG if known else None)}.__getitem__
    assert engine_for(offers, command, inputs, lambda name: is_music).name == chosen


class Writing(Composing):
    """An engine that writes notes."""

    def compose(self, command, context):
        raise NotImplementedError

    continue_score = compose


@pytest.mark.parametrize("composes", [True, False])
def test_two_timbres_are_mixed_by_an_engine_that_can_unless_one_is_named(services, composes):
    default = Writing() if composes else Tones()
    engines = {"": default, MORPHING_ENGINE: Tones(), "composing": default}
    chosen = replace(services, registry=SimpleNamespace(serving=lambda name, _: engines[name]))
    asked = Render(midi="riff", timbre="harp", timbre2="lead")
    plain = Render(midi="riff", timbre="harp")
    mixing = engines[MORPHING_ENGINE] if composes else default
    assert engine_for(chosen, asked, {}.__getitem__) is mixing
    assert engine_for(chosen, plain, {}.__getitem__) is default
    assert engine_for(chosen, replace(asked, engine="composing"), {}.__getitem__) is default


@pytest.mark.parametrize(("keys", "wanted"), [({}, False), ({"parts": "bass"}, True)])
def test_sources_come_with_their_stems_where_parts_are_asked_for(services, keys, wanted):
    class Looking(Tones):
        def run(self, command, context):
            self.seen = context.clip("here").stems
            return super().run(command, context)

    engine = Looking()
    chosen = replace(services, registry=registry_of(lambda name, _: engine))
    stem = np.full((44_100, 2), 0.1, np.float32)
    clip = make_clip(stem.copy(), 44_100, name="here")
    services.library.add(replace(clip, score=SONG, stems={"bass": stem}))
    run(chosen, Outpaint(src="here", seconds=0.5, **keys))
    assert list(engine.seen) == (["bass"] if wanted else [])


def test_drive_and_space_change_what_an_engine_that_has_neither_made(services):
    chosen = replace(services, registry=registry_of(lambda name, _: Tones()))
    plain = run(chosen, Generate(seconds=1.0))
    driven = run(chosen, Generate(seconds=1.0, drive=0.8, space=0.5))
    assert driven.samples.shape == plain.samples.shape
    assert not np.allclose(driven.samples, plain.samples, atol=0.01)
    assert (driven.info.command["drive"], driven.info.command["space"]) == (0.8, 0.5)
    assert np.array_equal(run(chosen, Generate(seconds=1.0, drive=0.0)).samples, plain.samples)


def test_drive_and_space_leave_sources_as_they_are(services):
    warned: list[str] = []

    chosen = replace(services, registry=registry_of(lambda name, _: Tones()))
    services.library.add(make_clip(np.zeros((44_100, 2), np.float32), 44_100, name="here"))
    task = Task(Outpaint(src="here", seconds=0.5, drive=0.5), 7, Inputs(services))
    made = run_task(chosen, task, TaskHandle(task, on_warning=warned.append))
    assert not made.samples[:44_100].any()
    (warning,) = warned
    assert "would change the source" in warning


def test_an_engine_that_follows_drive_and_space_is_left_to_it(services):
    class Following(Tones):
        capabilities = replace(Tones.capabilities, follows=("drive", "space"))

    chosen = replace(services, registry=registry_of(lambda name, _: Following()))
    plain = run(chosen, Generate(seconds=1.0))
    assert np.array_equal(run(chosen, Generate(seconds=1.0, drive=0.8)).samples, plain.samples)
