"""Check jobs that listen: the notes go to the clip that was heard, and only to one of ours."""

from dataclasses import replace

import numpy as np
import soundfile

from msanii_live.errors import Code
from msanii_live.jobs.job import Failed, Finished
from msanii_live.jobs.lazy_transcriber import LazyTranscriber
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.transcription import transcribe_source, with_heard_notes
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Transcribe
from msanii_live.transcription.musicality import Listening
from tests.jobs.test_scheduler import Listener
from tests.jobs.test_scheduler import services as services
from tests.library.clips import noise

HEARD = Score((Note(0.0, 0.02, 60, 90, part="chords"),), 2_000 / 44_100, bpm=90.0)


class KnowingTranscriber(LazyTranscriber):
    """A transcriber that knows what it hears, and keeps what it was given."""

    def __init__(self, score: Score) -> None:
        super().__init__()
        self.score, self.heard = score, []

    def listen(self, clip, progress=lambda done, steps: None):
        progress(0, 1)
        self.heard.append(clip)
        return Listening(self.score, is_music=bool(self.score.notes))


def outcome_of(services, command, name, score=HEARD):
    transcriber, listener = KnowingTranscriber(score), Listener()
    scheduler = Scheduler(replace(services, transcriber=transcriber), listener)
    scheduler.start()
    try:
        job = scheduler.submit(command, "", "", name)
        return listener.wait(job), transcriber
    finally:
        assert scheduler.close()


def test_a_clip_gets_its_notes_and_stays_the_same_clip(services):
    services.library.add(noise("a"))
    found, transcriber = outcome_of(services, Transcribe(src="a", bpm=91.0), "a")
    assert isinstance(found, Finished)
    assert (found.info.name, found.path.name) == ("a", "a.wav")
    assert transcriber.heard[0].info.bpm == 91.0
    clip = services.library.get("a")
    assert clip.score is not None
    assert clip.score.notes[0].pitch == 60
    assert clip.info.bpm == 124.0
    assert (services.library.folder / "a.mid").is_file()
    assert services.library.names() == ["a"]


def test_of_what_plays_the_whole_clip_is_heard(services):
    services.library.add(noise("a"))
    transcriber, whole = KnowingTranscriber(HEARD), services.library.get("a")
    part = replace(whole, samples=whole.samples[:500].copy(), info=replace(whole.info, frames=500))
    command = Transcribe(src="current")
    heard = transcribe_source(
        transcriber, services.library, command, part, lambda done, steps: None
    )
    assert heard.info == whole.info
    assert transcriber.heard[0].samples.shape == whole.samples.shape


def test_what_has_no_notes_or_is_no_clip_fails_with_a_remedy(services):
    services.library.add(noise("a"))
    found, _ = outcome_of(services, Transcribe(src="a"), "a", replace(HEARD, notes=()))
    assert isinstance(found, Failed)
    assert found.code is Code.ENOCLIP
    assert not (services.library.folder / "a.mid").exists()
    soundfile.write(services.library.folder / "new.wav", np.zeros((500, 2)), 44_100)
    found, transcriber = outcome_of(services, Transcribe(src="new.wav"), "new.wav")
    assert isinstance(found, Failed)
    assert "/msanii/clip/load" in found.text
    assert not transcriber.heard


def test_a_source_without_notes_is_heard_once_and_keeps_them(services):
    services.library.add(noise("a"))
    warned = []
    clip = with_heard_notes(services.library, services.library.get("a"), HEARD, warned.append)
    assert clip.score is not None
    assert clip == services.library.get("a")
    assert len(warned) == 1
    assert "a.mid" in warned[0]
    outside = replace(noise("b"), info=replace(noise("b").info, bpm=0.0))
    clip = with_heard_notes(services.library, outside, HEARD, warned.append)
    assert clip.score is HEARD
    assert clip.info.bpm == HEARD.bpm
    assert "b" not in services.library
    nothing = replace(HEARD, notes=())
    assert with_heard_notes(services.library, outside, nothing, warned.append) is outside


def test_notes_that_are_known_exactly_are_replaced_only_if_asked(services):
    composed = replace(noise("a"), info=replace(noise("a").info, engine="composer"))
    known = replace(HEARD, notes=(Note(0.0, 0.03, 72, 90, part="lead"),))
    services.library.add(replace(composed, score=known))
    found, transcriber = outcome_of(services, Transcribe(src="a"), "a")
    assert isinstance(found, Failed)
    assert found.code is Code.EARG
    assert "again 1" in found.text
    assert not transcriber.heard
    found, _ = outcome_of(services, Transcribe(src="a", again=1), "a")
    assert isinstance(found, Finished)
    score = services.library.get("a").score
    assert score is not None
    assert score.notes[0].pitch == 60
    assert found.notes_before is not None
    assert found.notes_before.notes[0].pitch == 72
