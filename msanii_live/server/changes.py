"""Changes that can be undone: of a param, and of the clips in the shared folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from msanii_live.errors import CommandError
from msanii_live.jobs.params import Params, Value
from msanii_live.library.clip_index import FreedClip
from msanii_live.library.companions import MIDI
from msanii_live.library.library import Library
from msanii_live.library.trash import TrashedClip
from msanii_live.notes import Score


class Undoable(Protocol):
    """Something that a client did."""

    @property
    def text(self) -> str:
        """What was done, in a few words."""

    def undo(self) -> Undoable:
        """Undo it and return what does it again. Raises: CommandError: it cannot be undone."""


@dataclass(frozen=True)
class ParamChange:
    """A param that was changed.

    began, at: first and last moment of the move, seconds of the monotonic clock.
    """

    params: Params
    name: str
    before: Value
    after: Value
    began: float
    at: float

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        return f"{self.name}: {_shown(self.before)} to {_shown(self.after)}"

    def undo(self) -> Undoable:
        """Set the param to what it was."""
        self.params.set(self.name, self.before)
        return replace(self, before=self.after, after=self.before)


def rename_clip(library: Library, name: str, to: str) -> None:
    """Rename a clip, also as a source of others. Raises: CommandError: as `Library.rename`."""
    library.rename(name, to)
    library.relink(name, to)


@dataclass(frozen=True)
class Renaming:
    """A clip that was renamed."""

    library: Library
    name: str
    to: str

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        return f"renamed {self.name} to {self.to}"

    def undo(self) -> Undoable:
        """Give the clip its former name. Raises: CommandError."""
        rename_clip(self.library, self.to, self.name)
        return Renaming(self.library, self.to, self.name)


@dataclass(frozen=True)
class NotesChange:
    """The notes of a clip that others replaced.

    before: those that it had. had_file: they were in a file beside it. warnings: what a client
    should know of the change that this one takes back.
    """

    library: Library
    name: str
    before: Score
    had_file: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        return f"transcribed {self.name}"

    def undo(self) -> Undoable:
        """Give the clip its former notes. Raises: CommandError: ENOCLIP, it is gone."""
        clip = self.library.get(self.name)
        has_file = self.library.companion_path(self.name, MIDI) is not None
        warnings: list[str] = []
        self.library.set_score(clip, self.before, warnings.append, with_file=self.had_file)
        before = clip.score or Score((), clip.info.seconds)
        return replace(self, before=before, had_file=has_file, warnings=tuple(warnings))


@dataclass(frozen=True)
class Removal:
    """A clip that was freed, or moved to the trash."""

    library: Library
    clip: FreedClip | TrashedClip

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        how = "deleted" if isinstance(self.clip, TrashedClip) else "freed"
        return f"{how} {self.clip.info.name}"

    def undo(self) -> Undoable:
        """Bring the clip back. Raises: CommandError."""
        if isinstance(self.clip, TrashedClip):
            self.library.restore(self.clip)
        else:
            self.library.recall(self.clip)
        is_deleted = isinstance(self.clip, TrashedClip)
        return Restoration(self.library, self.clip.info.name, is_deleted)


@dataclass(frozen=True)
class Restoration:
    """A clip that was brought back."""

    library: Library
    name: str
    is_deleted: bool

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        return f"brought back {self.name}"

    def undo(self) -> Undoable:
        """Remove the clip again. Raises: CommandError."""
        remove = self.library.delete if self.is_deleted else self.library.free
        return Removal(self.library, remove(self.name))


@dataclass(frozen=True)
class Replacement:
    """A clip that another of its name replaced. old: the one in the trash."""

    library: Library
    old: TrashedClip

    @property
    def text(self) -> str:
        """What was done, in a few words."""
        return f"replaced {self.old.info.name}"

    def undo(self) -> Undoable:
        """Exchange the clip with the one in the trash. Raises: CommandError."""
        name = self.old.info.name
        newer = self.library.delete(name) if name in self.library else None
        try:
            self.library.restore(self.old)
        except CommandError:
            if newer is not None:
                Removal(self.library, newer).undo()
            raise
        if isinstance(newer, TrashedClip):
            return Replacement(self.library, newer)
        if newer is not None:
            return Removal(self.library, newer)
        return Restoration(self.library, name, is_deleted=True)


def _shown(value: Value) -> str:
    if isinstance(value, str):
        return value[:40] or "none"
    return f"{value:.6g}"
