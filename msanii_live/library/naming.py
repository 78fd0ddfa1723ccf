"""Names of clips and files, and the errors for wrong ones."""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from msanii_live.audio import is_clip_name
from msanii_live.audio.clip import STEM_ENDINGS, is_stem_name
from msanii_live.errors import Code, CommandError
from msanii_live.library.audio_files import SUFFIXES
from msanii_live.notes import PARTS

_MAX_SHOWN = 200  # characters of a path in an error
_MAX_COMPARED = 1_000  # names compared for a hint, so that a typo costs only milliseconds
# What follows a clip's name in its MIDI file and its stems, with a number where that was taken.
COMPANION_SUFFIX = re.compile(rf"(-[1-9]\d{{0,3}})?(\.mid|\.(?:{'|'.join(PARTS)})\.wav)")


def is_companion_suffix(suffix: str) -> bool:
    """Return whether a text is the suffix of a clip's MIDI file or of a stem."""
    return COMPANION_SUFFIX.fullmatch(suffix) is not None


def default_name(stem: str) -> str:
    """Return the clip name for a file's stem. Accents are dropped, other scripts get a number.

    >>> default_name("Kick 909 (dry)"), default_name("Café"), default_name("キック")
    ('Kick-909-dry', 'Cafe', 'clip-7054a5')
    """
    plain = unicodedata.normalize("NFKD", stem)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-")[:64]
    if is_stem_name(name):
        name = "-".join(name.rsplit(".", 1)).strip("-")
    if is_clip_name(name):
        return name
    if any(c.isalpha() and not c.isascii() for c in plain):
        composed = unicodedata.normalize("NFC", stem).encode("utf-8", "replace")
        return f"clip-{hashlib.blake2b(composed, digest_size=3).hexdigest()}"
    return "clip"


def check_name(name: str) -> None:
    """Check that a name is legal for a new clip.

    Raises: CommandError: ERANGE.
    """
    if is_stem_name(name):
        raise CommandError(
            Code.ERANGE,
            f"{name!r} is reserved: names that end in {', '.join(STEM_ENDINGS)} are the stems of "
            "clips; pick another name",
        )
    if not is_clip_name(name):
        raise CommandError(
            Code.ERANGE,
            f"{name!r} is no clip name: use 1 to 64 letters, digits, '_', '.' and '-', "
            "and none of current, last, input, all, none",
        )


def is_bare(text: str) -> bool:
    """Return whether a text can be a clip's name but not a file's."""
    return is_clip_name(text) and Path(text).suffix.lower() not in SUFFIXES


def highest_number(folder: Path, verb: str, names: Iterable[str]) -> int:
    """Return the highest number after a verb in these names and the folder's files; 0 if none."""
    pattern = re.compile(re.escape(verb) + r"-(\d{4,9})(?:-\d{1,2})?")
    stems = [*names, *(path.stem for path in folder.glob("*") if path.stem.startswith(verb))]
    return max((int(m[1]) for stem in stems if (m := pattern.fullmatch(stem))), default=0)


def unknown_clip_error(folder: Path, name: str, known: Sequence[str]) -> CommandError:
    """Return the error for an unknown clip or file, with the three closest names.

    Stems are not among these unless one is named. For a file it says where files lie.
    known: clip names, newest first.
    """
    names = list(known[:_MAX_COMPARED])
    try:
        files = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError:
        files = []
    stems = set(known)
    names += [file for file in files if Path(file).stem not in stems][:_MAX_COMPARED]
    if not is_stem_name(name) and not is_stem_name(Path(name).stem):
        names = [e for e in names if not is_stem_name(e) and not is_stem_name(Path(e).stem)]
    error = unknown_name_error("clip or file", name, names)
    if is_bare(name):
        return error
    return CommandError(error.code, f"{error.text}; files lie in the shared folder {folder}")


def unknown_name_error(what: str, name: str, known: Sequence[str]) -> CommandError:
    """Return the error for an unknown name, with the three closest names that are known."""
    closest = difflib.get_close_matches(name, known[: 2 * _MAX_COMPARED], 3, cutoff=0.0)
    hint = f"; the closest are {', '.join(closest)}" if closest else ""
    return CommandError(Code.ENOCLIP, f"no {what} is called {name!r}{hint}")


def error_reason(error: Exception) -> str:
    """Return the text of an operating system's error, without its paths."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def write_error(shown: str, error: OSError) -> CommandError:
    """Return the error for a file that could not be written. shown: its name in the text."""
    return CommandError(
        Code.EPATH,
        f"{_cut(shown)} cannot be written ({error_reason(error)}): make room or pick another path",
    )


def memory_only_error(name: str, why: str) -> CommandError:
    """Return the error for a clip that could not be written and is only in memory."""
    return CommandError(
        Code.EPATH,
        f"{name}.wav is not in the shared folder ({why}); the clip plays from memory: make room "
        f"on the disk, then /msanii/clip/save {name} {name}.wav",
    )


def foreign_file_error(file: str, name: str) -> CommandError:
    """Return the error for a clip that is not written because the user has a file of its name.

    file: that file's name. name: the clip's.
    """
    return CommandError(
        Code.EPATH,
        f"{file} is not msanii-live's own, or was changed since, and is left alone; the clip plays "
        f"from memory: /msanii/clip/save {name} and another path keeps it",
    )


def occupied_error(shown: str) -> CommandError:
    """Return the error for a copy that would replace a file of the user's."""
    return CommandError(
        Code.EPATH,
        f"{_cut(shown)} exists and is not msanii-live's own, or was changed since: it is left "
        "alone; pick another path",
    )
