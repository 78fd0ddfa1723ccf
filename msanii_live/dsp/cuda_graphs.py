"""CUDA graphs: a network's kernels are recorded once for each shape, and started by one call.

A small network on a fast GPU waits for Python, which starts some hundred kernels one by one. What
was recorded is used only if it computes what the network itself does. A network whose recording
fails runs as ever from then on, and the log has one warning.

Source: PyTorch's documentation, "CUDA semantics", section "CUDA Graphs".
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

MAX_GRAPHS = 8  # of one network; the least recently used goes first
MAX_UNUSED = 2 * MAX_GRAPHS  # recordings of one network that went before they were played back
WARM_UP = 2  # runs before a recording, in which libraries choose their kernels
DEVICE = "cuda"  # type of device whose calls are recorded
TOLERANCE = 0.02  # of the largest value: fp16 rounds anew where another kernel is chosen
# What a call may be given, for it to be told from others.
PLAIN = (torch.Tensor, bool, int, float, str, type(None))

log = logging.getLogger("msanii_live.engine")

_is_off: ContextVar[bool] = ContextVar("_is_off", default=False)

# Records a call that reads and writes the same memory each time; returns what plays it back, and
# its result.
Record = Callable[[Callable[[], Any]], tuple[Callable[[], None], Any]]


@contextmanager
def without_graphs() -> Iterator[None]:
    """Let networks run as ever: a recording plays back what nobody can count or trace."""
    token = _is_off.set(True)
    try:
        yield
    finally:
        _is_off.reset(token)


def record_graph(run: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
    """Record a call on the current GPU; see `Record`."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    # Other threads may use the GPU meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        result = run()
    return graph.replay, result


@dataclass
class _Recording:
    """A recorded call.

    inputs: tensors that it reads. result: what it writes into. is_used: it was played back.
    """

    inputs: list[torch.Tensor]
    replay: Callable[[], None]
    result: Any
    is_used: bool = False


class GraphedForward:
    """The forward of a network, recorded for each shape of its inputs.

    recordings: how many there are.
    """

    def __init__(
        self, forward: Callable[..., Any], record: Record = record_graph, device: str = ""
    ) -> None:
        """Take a forward that computes the same for the same inputs, on a device without chance.

        device: type of device whose calls are recorded, a CUDA GPU by default.
        """
        self._forward, self._record, self._device = forward, record, device or DEVICE
        self._known: OrderedDict[Any, _Recording | None] = OrderedDict()  # None: runs as ever
        self._gave_up = False
        self._unused = 0  # recordings that went before they were played back

    @property
    def recordings(self) -> int:
        """How many shapes are recorded."""
        return sum(each is not None for each in self._known.values())

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return the result of the forward, in memory of its own."""
        leaves, form = pytree.tree_flatten((args, named))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        is_elsewhere = not tensors or any(t.device.type != self._device for t in tensors)
        if self._gave_up or is_elsewhere or _is_off.get():
            return self._forward(*args, **named)
        key = self._key(leaves, form)
        if key is None:
            return self._forward(*args, **named)
        if key not in self._known:
            return self._first(key, leaves, form)
        self._known.move_to_end(key)
        recording = self._known[key]
        if recording is None:
            return self._forward(*args, **named)
        for kept, given in zip(recording.inputs, tensors, strict=True):
            kept.copy_(given)
        recording.replay()
        recording.is_used = True
        return _cloned(recording.result)

    def _key(self, leaves: list[Any], form: Any) -> Any:
        """Return what a recording holds for; None if that cannot be told."""
        shapes = tuple(
            (leaf.shape, leaf.dtype, leaf.stride()) if isinstance(leaf, torch.Tensor) else leaf
            for leaf in leaves
        )
        if not all(isinstance(leaf, PLAIN) for leaf in leaves):
            return None
        return (
            shapes,
            str(form),
            torch.is_autocast_enabled(self._device),
            torch.get_autocast_dtype(self._device),
        )

    def _first(self, key: Any, leaves: list[Any], form: Any) -> Any:
        """Run a call of a new shape, and record it if the recording computes the same."""
        args, named = pytree.tree_unflatten(leaves, form)
        expected = self._forward(*args, **named)
        self._known[key] = None
        while len(self._known) > MAX_GRAPHS:
            _, old = self._known.popitem(last=False)
            self._unused += old is not None and not old.is_used
        if self._unused > MAX_UNUSED:  # a number among the inputs that is never the same, perhaps
            self._give_up("its inputs are different each time")
            return expected
        kept = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        own, own_named = pytree.tree_unflatten(kept, form)

        def run() -> Any:
            # Weights that autocast keeps would lie in memory of another recording.
            with torch.autocast(
                self._device,
                dtype=torch.get_autocast_dtype(self._device),
                enabled=torch.is_autocast_enabled(self._device),
                cache_enabled=False,
            ):
                return self._forward(*own, **own_named)

        try:
            replay, result = self._record(run)
            replay()
        except RuntimeError as error:
            self._give_up(str(error).partition("\n")[0])
            return expected
        if _is_same(result, expected):
            inputs = [leaf for leaf in kept if isinstance(leaf, torch.Tensor)]
            self._known[key] = _Recording(inputs, replay, result)
        else:
            self._give_up("its recording computes something else")
        return expected

    def _give_up(self, reason: str) -> None:
        """Record no more, and forget what was recorded: its memory may be of use elsewhere."""
        self._gave_up = True
        self._known.clear()
        log.warning(
            "a network runs without CUDA graphs, which is slower: %s "
            "(--cuda-graphs off: no such warning)",
            reason,
        )


def use_graphs(net: nn.Module) -> None:
    """Let a network's calls on a CUDA GPU be recorded. Elsewhere it runs as ever."""
    net.forward = GraphedForward(net.forward)


def _cloned(result: Any) -> Any:
    return pytree.tree_map(
        lambda leaf: leaf.clone() if isinstance(leaf, torch.Tensor) else leaf, result
    )


def _is_same(made: Any, expected: Any) -> bool:
    pairs = zip(pytree.tree_leaves(made), pytree.tree_leaves(expected), strict=True)
    for one, other in pairs:
        if not isinstance(one, torch.Tensor):
            continue
        scale = other.abs().max().clamp_min(1e-12)
        if not bool((one - other).abs().max() <= TOLERANCE * scale):
            return False
    return True
