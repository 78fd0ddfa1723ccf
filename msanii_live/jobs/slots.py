"""The slots of a worker, and which of them takes which task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msanii_live.jobs.task import TaskHandle


class Slot:
    """A place where one task runs at a time.

    engine: the one that its last task named. is_usable: whether what it runs tasks with is there.
    """

    def __init__(self, number: int) -> None:
        """Begin idle. number: from 0."""
        self.number = number
        self.engine = ""
        self.is_idle = True
        self.is_usable = True


class Slots:
    """All slots of a worker; whoever calls a method holds the worker's lock.

    kept: the slot that tasks which keep theirs share, None until such a task runs. It is one of
    several slots, so that other tasks can run.
    """

    def __init__(self, number: int) -> None:
        """Make so many slots."""
        self._all = [Slot(n) for n in range(number)]
        self.kept: Slot | None = None

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._all)

    def add(self, number: int) -> Sequence[Slot]:
        """Add so many slots, not usable yet, and return them."""
        added = [Slot(len(self._all) + n) for n in range(number)]
        for slot in added:
            slot.is_usable = False
        self._all += added
        return added

    def set_usable(self, number: int, is_usable: bool) -> None:
        """Say whether a slot takes tasks; where none does, all take them."""
        self._all[number].is_usable = is_usable

    def choose(self, slot: Slot, waiting: Sequence[TaskHandle]) -> TaskHandle | None:
        """Return the first waiting task that a slot may run, None if there is none.

        A task goes to an idle slot that ran its engine last, where there is one.
        """
        for handle in waiting:
            if not all(before.is_reported for before in handle.after):
                continue
            able = self._able(handle)
            warm = [s for s in able if s.is_idle and s.engine == handle.task.command.engine]
            if slot in (warm or able):
                return handle
        return None

    def begin(self, slot: Slot, handle: TaskHandle) -> None:
        """Note that a slot runs a task."""
        slot.engine, slot.is_idle = handle.task.command.engine, False
        handle.slot = slot.number
        handle.after = ()  # else each handle would keep all before it in memory
        if handle.task.keeps_slot and len(self._all) > 1:
            self.kept = slot

    def leave(self, handle: TaskHandle) -> None:
        """Note that a task has left its slot."""
        self._all[handle.slot].is_idle = True

    def _able(self, handle: TaskHandle) -> list[Slot]:
        """Return the slots that may run a task, at least one."""
        able = [slot for slot in self._all if slot.is_usable] or self._all
        if self.kept in able and len(able) > 1:
            able = [slot for slot in able if (slot is self.kept) == handle.task.keeps_slot]
        return [slot for slot in able if slot.number != handle.lost_slot] or able
