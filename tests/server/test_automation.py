"""Check that changes of params are recorded, kept and played with the transport."""

import json

import pytest

from msanii_live.errors import Code
from msanii_live.jobs.params import Params
from msanii_live.library import paths
from msanii_live.server.automation import AutomationRecorder
from msanii_live.timing.transport import Transport
from tests.library.clips import refusal
from tests.playback.fakes import wait_until

MIX, STYLE = "stream.mix", "stream.style"


class Bench:
    """A recorder with a clock that the test turns: 60 bpm, so that a second is a beat."""

    def __init__(self, folder):
        self.now = 0.0
        self.folder = folder
        self.transport = Transport(bpm=60.0, clock=lambda: self.now)
        self.params = Params(self.transport.beat_now)
        self.recorder = AutomationRecorder(folder, self.params, self.transport)

    def at(self, beat, **values):
        """Let it be a beat, and set params then."""
        self.now = beat
        for name, value in values.items():
            self.params.set(f"stream.{name}", value)

    def events(self, name):
        content = json.loads((self.folder / "automation" / f"{name}.json").read_text())
        return [(beat, param, value) for beat, param, value, *_ in content["events"]]

    def plays(self, name, value):
        """Wait until the player has set a param."""
        wait_until(lambda: self.params.value(name) == value, 30)


@pytest.fixture
def bench(tmp_path):
    it = Bench(tmp_path)
    yield it
    it.recorder.close()


def recorded(bench, name="swell"):
    """Record two bars: the mix rises at beats 1 and 5, the style changes at beat 2."""
    bench.at(8.0)
    bench.recorder.record(name, is_overdub=False)
    bench.at(9.0, mix=0.25)
    bench.at(10.0, style="house")
    bench.at(13.0, mix=0.75)
    bench.at(14.5)
    bench.recorder.stop()


def test_changes_are_kept_with_their_beats_up_to_the_next_bar_line(bench):
    recorded(bench)
    assert bench.events("swell") == [
        (0.0, MIX, 0.0), (0.0, STYLE, ""),
        (1.0, MIX, 0.25), (2.0, STYLE, "house"), (5.0, MIX, 0.75),
    ]  # fmt: skip
    assert bench.recorder.read("swell").length == 8.0
    assert bench.recorder.summary() == {"names": ["swell"], "name": "", "state": ""}


def test_a_recording_without_changes_replaces_none_that_has_some(bench):
    recorded(bench)
    kept = bench.events("swell")
    for end in (bench.recorder.stop, lambda: bench.recorder.record("other", is_overdub=False)):
        bench.recorder.record("swell", is_overdub=False)
        end()
        assert bench.events("swell") == kept
    bench.recorder.stop()
    assert bench.recorder.names() == ["other", "swell"], "a new name is kept, though empty"


def test_it_is_played_from_the_next_bar_line_again_and_again(bench):
    recorded(bench)
    bench.at(17.0)
    bench.recorder.play("swell", is_loop=True, at="bar")
    assert bench.recorder.summary()["state"] == "playing"
    for beat, mix in ((20.5, 0.0), (21.5, 0.25), (25.5, 0.75), (28.5, 0.0), (29.5, 0.25)):
        bench.at(beat)
        bench.plays(MIX, mix)
    bench.recorder.stop()
    bench.at(33.5)
    assert bench.recorder.summary()["state"] == ""
    assert bench.params.value(MIX) == 0.25


def test_it_ends_where_it_does_not_repeat(bench):
    recorded(bench)
    bench.recorder.play("swell", is_loop=False, at="none")
    bench.at(40.0)
    wait_until(lambda: bench.recorder.summary()["state"] == "", 30)
    assert bench.params.value(MIX) == 0.75


def test_an_overdub_is_played_over_and_replaces_what_is_changed(bench):
    recorded(bench)
    bench.recorder.play("swell", is_loop=True, at="bar")
    bench.at(17.5)
    bench.plays(MIX, 0.25)
    bench.recorder.record("swell", is_overdub=True)
    assert bench.recorder.summary()["state"] == "recording"
    bench.at(20.0, mix=0.5)
    bench.at(21.5)  # the rise at beat 5 is not played: the performer has the mix
    bench.at(24.5)
    bench.plays(MIX, 0.0)  # the next pass begins as it was
    bench.at(28.5)
    bench.plays(MIX, 0.5)
    bench.recorder.stop()
    mix = [(beat, value) for beat, param, value in bench.events("swell") if param == MIX]
    assert mix == [(0.0, 0.0), (1.0, 0.25), (4.0, 0.5)]


def test_a_change_of_tempo_or_a_glide_keeps_its_beats(bench):
    bench.recorder.record("glide", is_overdub=False)
    bench.at(1.0)
    bench.params.change(MIX, 1.0, 2.0, "ease")
    bench.at(3.5)
    bench.recorder.stop()
    assert bench.recorder.read("glide").events[-1].beats == 2.0
    bench.params.set(MIX, 0.0)
    bench.recorder.play("glide", is_loop=False, at="none")
    bench.transport.set(bpm=120.0)
    bench.at(20.0)
    wait_until(lambda: bench.params.values()[MIX] == 1.0, 30)
    bench.at(20.25)
    assert 0.0 < bench.params.value(MIX) < 1.0
    bench.at(30.0)
    assert bench.params.value(MIX) == 1.0


def test_what_is_not_there_or_no_automation_is_told(bench):
    for call in (bench.recorder.read, lambda name: bench.recorder.record(name, is_overdub=True)):
        with refusal(Code.ENOCLIP):
            call("never")
    with refusal(Code.ERANGE):
        bench.recorder.record("../out", is_overdub=False)
    recorded(bench)
    path = bench.folder / "automation" / "swell.json"
    path.write_text(path.read_text().replace("0.75", "7.5"))
    with refusal(Code.EPATH):
        bench.recorder.play("swell", is_loop=True, at="bar")
    for call in (bench.recorder.free, lambda name: bench.recorder.record(name, is_overdub=False)):
        with refusal(Code.EPATH):  # it was edited by hand
            call("swell")
    assert "7.5" in path.read_text()


def test_one_that_cannot_be_written_is_played_and_written_later(bench, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(paths, "_write_temporary", full)
        with refusal(Code.EPATH):
            recorded(bench)
    assert bench.recorder.read("swell").length == 8.0
    assert bench.recorder.summary()["names"] == []
    bench.recorder.stop()
    assert bench.recorder.summary()["names"] == ["swell"]


def test_one_is_deleted_and_one_that_is_recorded_is_dropped(bench):
    recorded(bench)
    bench.recorder.free("swell")
    assert bench.recorder.names() == []
    bench.recorder.record("next", is_overdub=False)
    bench.recorder.free("next")
    assert bench.recorder.summary() == {"names": [], "name": "", "state": ""}
    bench.recorder.stop()
    assert bench.recorder.names() == []
