"""Test drive and space of a stream, and a stream that the rack plays."""

from dataclasses import replace

from msanii_live.benchmarks.streaming import streaming
from msanii_live.engines.tones import Tones
from msanii_live.jobs.params import Params
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import StreamStart
from tests.playback.fakes import wait_until

NOTES = tuple(Note(n / 2, n / 2 + 0.45, 60, 90, 5) for n in range(8))
ORDER = StreamStart(chunk=1.0, ahead=1.0, at="none", midi="song")


def test_drive_and_space_reach_the_next_chunk(tmp_path, monkeypatch):
    run, asked = Tones.run, []

    def noted(self, command, context):
        asked.append(command)
        return run(self, command, context)

    monkeypatch.setattr(Tones, "run", noted)
    (tmp_path / "song.mid").write_bytes(files.to_midi(Score(NOTES, 4.0, bpm=120.0)))
    params = Params()
    with streaming(tmp_path, "none", "tones", ORDER, params) as (_, _stream, told):
        wait_until(lambda: len(told.chunks) >= 1)
        assert (asked[0].drive, asked[0].space) == (None, None)
        params.set("stream.drive", 0.6)
        params.set("stream.space", 0.4)
        wait_until(lambda: (asked[-1].drive, asked[-1].space) == (0.6, 0.4))


def test_the_rack_plays_a_stream_of_notes(tmp_path):
    (tmp_path / "song.mid").write_bytes(files.to_midi(Score(NOTES, 4.0, bpm=120.0)))
    order = replace(ORDER, timbre="acid square")
    with streaming(tmp_path, "none", "rack", order, Params()) as (_, _stream, told):
        wait_until(lambda: len(told.chunks) >= 2)
