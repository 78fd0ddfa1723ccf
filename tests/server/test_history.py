"""Check what undo means to clients, pages and MIDI controls, and what a failed one leaves."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.jobs.job import Job
from msanii_live.jobs.params import Params
from msanii_live.jobs.task import Inputs, Task, TaskHandle
from msanii_live.jobs.transcription import finish_transcription
from msanii_live.library.library import Library
from msanii_live.notes import Note, Score
from msanii_live.osc.peer import NOBODY, Connection
from msanii_live.protocol.commands import Transcribe
from msanii_live.server.changes import NotesChange, Removal, Renaming, rename_clip
from msanii_live.server.history import History
from tests.library.clips import noise, refusal

ME, OTHER, MIDI = (("127.0.0.1", 9001),), (("127.0.0.1", 9002),), (NOBODY,)


def change(history: History, params: Params, routes, name: str, value: float) -> None:
    before = params.value(name)
    params.set(name, value)
    history.record_param(routes, params, name, before)


def test_an_undo_that_meets_a_taken_name_stays_to_be_undone(tmp_path: Path) -> None:
    library, history = Library(tmp_path), History()
    library.add(noise("a"))
    history.record(ME, Removal(library, library.delete("a")))
    library.add(noise("a", frames=500))
    for _ in range(2):
        with pytest.raises(CommandError, match="a is taken: rename that clip first"):
            history.undo(ME)
    library.rename("a", "newer")
    history.undo(ME)
    assert set(library.names()) == {"a", "newer"}
    library.rename("a", "b")
    with refusal(Code.ENOCLIP):  # what is to be removed again is gone
        history.redo(ME)


def test_a_renaming_back_to_a_taken_name_stays_to_be_undone(tmp_path: Path) -> None:
    library, history = Library(tmp_path), History()
    library.add(noise("a"))
    rename_clip(library, "a", "b")
    history.record(ME, Renaming(library, "a", "b"))
    library.add(noise("a", frames=500))
    with refusal(Code.EPATH):
        history.undo(ME)
    assert history.texts(ME) == (["renamed a to b"], [])
    library.delete("a")
    history.undo(ME)
    assert library.names() == ["a"]
    assert history.texts(ME) == ([], ["renamed a to b"])


def test_notes_that_were_replaced_come_back_and_go_again(tmp_path: Path) -> None:
    library, history = Library(tmp_path), History()
    known, heard = (Score((Note(0.0, 0.02, pitch, 90),), 0.04, bpm=120.0) for pitch in (60, 72))
    library.add(replace(noise("a"), score=known))
    library.set_score(library.get("a"), heard, lambda text: None)
    history.record(ME, NotesChange(library, "a", known))

    def pitch() -> int:
        score = library.get("a").score
        assert score is not None
        return score.notes[0].pitch

    assert pitch() == 72
    history.undo(ME)
    assert pitch() == 60
    assert history.texts(ME) == ([], ["transcribed a"])
    history.redo(ME)
    assert pitch() == 72
    history.undo(ME)
    assert pitch() == 60
    library.delete("a")
    with refusal(Code.ENOCLIP):
        history.redo(ME)


def transcribed(library: Library, history: History) -> Score:
    """Have a clip's notes replaced by others that are heard, as a job does; return the first."""
    known, heard = (Score((Note(0.0, 0.02, pitch, 90),), 0.04, bpm=120.0) for pitch in (60, 72))
    clip = library.get("a")
    task = Task(Transcribe(src="a"), 1, Inputs(SimpleNamespace()))
    job = Job(1, task.command, "", 1, "", "", TaskHandle(task))
    done = finish_transcription(library, job, replace(clip, score=heard), lambda text: None)
    assert done.notes_before == known
    history.record(ME, NotesChange(library, "a", done.notes_before, done.had_notes_file))
    return known


def notes_of(library: Library) -> tuple[list[str], Score | None]:
    """Return the MIDI files there, and the notes of a clip."""
    return sorted(path.name for path in library.folder.glob("*.mid")), library.get("a").score


def test_undoing_leaves_no_file_of_notes_beside_one_that_was_changed_before(tmp_path: Path) -> None:
    library, history = Library(tmp_path), History()
    known = Score((Note(0.0, 0.02, 60, 90),), 0.04, bpm=120.0)
    library.add(replace(noise("a"), score=known))
    (tmp_path / "a.mid").write_bytes(b"by hand")
    transcribed(library, history)
    assert notes_of(library)[0] == ["a-2.mid", "a.mid"]
    assert history.undo(ME) == ()
    assert notes_of(library) == (["a.mid"], known)
    assert (tmp_path / "a.mid").read_bytes() == b"by hand"
    assert len(history.redo(ME)) == 1  # where the notes are
    assert notes_of(library)[0] == ["a-2.mid", "a.mid"]
    (tmp_path / "a.mid").unlink()
    history.undo(ME)
    assert notes_of(library) == ([], known)


def test_notes_that_come_back_beside_a_file_changed_since_are_told(tmp_path: Path) -> None:
    library, history = Library(tmp_path), History()
    known = Score((Note(0.0, 0.02, 60, 90),), 0.04, bpm=120.0)
    library.add(replace(noise("a"), score=known))
    transcribed(library, history)
    (tmp_path / "a.mid").write_bytes(b"by hand")
    (warning,) = history.undo(ME)
    assert "a.mid is not msanii-live's own and is left alone: see a-2.mid" in warning
    assert notes_of(library) == (["a-2.mid", "a.mid"], known)
    assert Library(tmp_path).get("a").score is not None
    history.redo(ME)
    assert notes_of(library)[0] == ["a.mid"]


def test_what_is_gone_for_good_does_not_block_the_rest(tmp_path: Path) -> None:
    library, history, params = Library(tmp_path), History(), Params()
    change(history, params, ME, "stream.mix", 0.25)
    library.add(noise("a"))
    history.record(ME, Removal(library, library.delete("a")))
    library.trash.prune(0)
    with refusal(Code.ENOCLIP):
        history.undo(ME)
    history.undo(ME)
    assert params.value("stream.mix") == 0.0


def test_a_midi_control_undoes_what_was_done_last_by_anyone() -> None:
    history, params = History(), Params()
    change(history, params, ME, "stream.mix", 0.25)
    change(history, params, MIDI, "stream.drive", 0.5)
    change(history, params, OTHER, "stream.space", 0.75)
    names = ("stream.mix", "stream.drive", "stream.space")
    states = []
    for _ in names:
        history.undo(MIDI)
        states.append([params.number(name) for name in names])
    assert states == [[0.25, 0.5, 0.0], [0.25, 0.0, 0.0], [0.0, 0.0, 0.0]]
    with refusal(Code.ERANGE):
        history.undo(MIDI)
    history.redo(MIDI)
    assert params.number("stream.mix") == 0.25
    history.undo(ME)  # it is still the client's own change
    assert params.number("stream.mix") == 0.0


def test_a_page_that_is_loaded_again_finds_its_changes() -> None:
    history, params = History(), Params()
    before, after = (Connection("127.0.0.1", 50_001, -1),), (Connection("127.0.0.1", 50_002, -7),)
    change(history, params, before, "stream.mix", 0.25)
    assert history.texts(after) == (["stream.mix: 0 to 0.25"], [])
    history.undo(after)
    assert history.texts(before) == ([], ["stream.mix: 0 to 0.25"])
    assert history.texts((Connection("192.0.2.1", 50_001, -9),)) == ([], [])
    assert history.texts((Connection("127.0.0.1", 50_003, 4),)) == ([], [])  # by TCP: another
