"""Jobs that listen: the notes of a clip become its score, and a file beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.job import Finished, Job
from msanii_live.jobs.lazy_transcriber import LazyTranscriber, Progress
from msanii_live.library.companions import MIDI
from msanii_live.library.library import Library
from msanii_live.notes import Score
from msanii_live.protocol.commands import Transcribe


def transcribe_source(
    transcriber: LazyTranscriber,
    library: Library,
    command: Transcribe,
    source: Clip,
    progress: Progress,
) -> Clip:
    """Return a clip of the library with the notes that are heard in it.

    Raises: CommandError: ENOCLIP, the source is no clip of the library, or has no notes; EARG, its
    notes are known and the command does not say `again 1`; and as `LazyTranscriber.transcribe`.
    """
    if source.info.name not in library:
        raise CommandError(
            Code.ENOCLIP,
            f"{command.src} is no clip of the library, so that its notes can lie beside none: "
            "/msanii/clip/load makes a file one, and /msanii/record/start records the input",
        )
    if library.info(source.info.name) != source.info:  # what plays is a part of the clip
        source = library.get(source.info.name)
    if source.info.engine and source.score is not None and not command.again:
        raise CommandError(
            Code.EARG,
            f"the notes of {source.info.name} are known exactly, because it was composed here: "
            "again 1 replaces them with what is heard",
        )
    known = replace(source.info, bpm=command.bpm or source.info.bpm)
    score = transcriber.transcribe(replace(source, info=known), progress)
    if not score.notes:
        raise CommandError(Code.ENOCLIP, f"no notes are heard in {source.info.name}")
    return replace(source, score=score)


def with_heard_notes(
    library: Library, clip: Clip, score: Score, warn: Callable[[str], None]
) -> Clip:
    """Return a clip with the notes that are heard in it, or as it is where there are none.

    A clip of the library keeps them, so that it is heard once. warn: told that they were heard.
    """
    name = clip.info.name
    if not score.notes:
        return clip
    if name in library and library.info(name) == clip.info:
        library.set_score(clip, score, warn)
        where = f": see {name}.mid" if (library.folder / f"{name}.mid").is_file() else ""
        warn(f"the notes of {name} are heard, not known{where}")
        return library.get(name)
    warn(f"the notes of {name or 'the source'} are heard, not known")
    info = clip.info
    if not info.bpm and score.bpm:
        info = replace(info, bpm=score.bpm, bar_offset=score.bar % 1.0)
    return replace(clip, info=info, score=score)


def finish_transcription(
    library: Library, job: Job, heard: Clip, warn: Callable[[str], None]
) -> Finished:
    """Give a clip of the library the notes that were heard, and return it as the job's result.

    Raises: CommandError: ENOCLIP, the clip is gone; EPATH, it is in memory alone.
    """
    assert heard.score is not None
    name = heard.info.name
    before = library.get(name).score if name in library else None
    had_file = before is not None and library.companion_path(name, MIDI) is not None
    info = library.set_score(heard, heard.score, warn)
    started = job.handle.started if job.handle else time.monotonic()
    took = time.monotonic() - started
    return Finished(info, library.path(info.name), took, (), before, had_file)
