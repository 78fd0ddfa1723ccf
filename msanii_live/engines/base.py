"""What an engine is, what it is made with, and what a job gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeGuard, TypeVar

from msanii_live.audio import Clip
from msanii_live.engines.spans import NoReceiver, SpanReceiver
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, GenerationCommand, Inpaint
from msanii_live.protocol.schema import arguments

PLUGIN_API = 1  # the version of this module's interface that plug-ins are written for
# Keys of commands that an engine may ignore; the server then warns the musician.
KEYS_OF_1_0 = ("style", "key", "density")
OPTIONAL_KEYS = (*KEYS_OF_1_0, "chords", "metre", "swing", "form", "parts", "stems", "hold")
EFFECT_KEYS = ("drive", "space")  # that an engine may follow itself; else its clip gets them
TEXT_KEYS = ("negative", "guidance", "lyrics")  # the same, for models that follow sentences


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do.

    verbs: command addresses. sample_rate: Hz. max_seconds: longest clip. steps: denoising steps if
    the command gives none. styles: words that `style` and `prompt` accept. needs_midi: it makes
    sound of notes only. timbres: words that `timbre` accepts. drums: it plays them.
    needs_source_notes: it works on source clips only if their notes are known. follows: those
    of OPTIONAL_KEYS, EFFECT_KEYS and TEXT_KEYS that it follows; None, for an engine that does not
    say, stands for KEYS_OF_1_0. weighs_prompts: it follows weights, as in "dark:0.4, bright:0.6".
    """

    verbs: tuple[str, ...]
    sample_rate: int
    channels: int
    max_seconds: float
    steps: int
    styles: tuple[str, ...] = ()
    needs_midi: bool = False
    timbres: tuple[str, ...] = ()
    drums: bool = False
    needs_source_notes: bool = False
    follows: tuple[str, ...] | None = None
    weighs_prompts: bool = False

    def ignored_keys(self, command: GenerationCommand) -> list[str]:
        """Return the keys that a command gives and that the engine does not follow."""
        followed = KEYS_OF_1_0 if self.follows is None else self.follows
        return [
            argument.name
            for argument in arguments(type(command))
            if argument.name in (*OPTIONAL_KEYS, *TEXT_KEYS)
            and argument.name not in followed
            and getattr(command, argument.name) != argument.default
        ]


def no_score(name: str) -> Score:
    """Refuse notes where there are none. Raises: CommandError: ENOCLIP."""
    raise CommandError(Code.ENOCLIP, f"there is no MIDI here to be called {name!r}")


def no_clip(name: str) -> Clip:
    """Refuse clips where there are none. Raises: CommandError: ENOCLIP."""
    raise CommandError(Code.ENOCLIP, f"no clip {name}")


@dataclass(frozen=True)
class Context:
    """What a job gives to its engine.

    clip: returns a source clip by name; raises CommandError ENOCLIP. progress: takes (step, steps)
    and raises Cancelled once the job is cancelled; call it at every step. warn: sends a text to
    the musician. tempo: the transport's, bpm. beats: the transport's beats a bar. seed: the job's,
    already drawn. score: returns notes by name; raises CommandError ENOCLIP, EPATH.
    skip_normalization: leave the level of rendered notes as it is, because the caller sets it.
    unheard: s at the start of rendered notes whose own sound nobody will hear; it may be left out.
    spans: takes the audio while it is made, from an engine that has the first of it early.
    """

    clip: Callable[[str], Clip]
    progress: Callable[[int, int], None]
    warn: Callable[[str], object]
    tempo: float
    beats: int
    seed: int
    score: Callable[[str], Score] = no_score
    skip_normalization: bool = False
    unheard: float = 0.0
    spans: SpanReceiver = field(default_factory=NoReceiver)


def standalone_context(score: Callable[[str], Score] = no_score) -> Context:
    """Return a context outside any job: no clips, no progress, no warnings, seed 0."""
    return Context(
        clip=no_clip,
        progress=lambda step, steps: None,
        warn=lambda text: None,
        tempo=120.0,
        beats=4,
        seed=0,
        score=score,
    )


class Engine(Protocol):
    """A way to make clips, which may hold weights in memory.

    One thread at a time calls it; `loaded`, `precision` and `memory_mb` may be read from any.
    """

    name: str
    capabilities: Capabilities

    def load(self) -> None:
        """Read the weights and move them to the device; do nothing if they are loaded.

        Raises: CommandError: EENGINE where they cannot be read.
        """

    def warm(self) -> None:
        """Run once, so that the first command is as fast as the next."""

    def free(self) -> None:
        """Give the memory back; a later command loads again."""

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""

    @property
    def precision(self) -> str:
        """The precision of its networks: fp32, bf16 or fp16; "" before loading, or without any."""

    def memory_mb(self) -> float:
        """Return device memory in use, MB; 0 on a CPU."""

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out, loading first if needed.

        Returns a clip with an empty name. Raises: CommandError, Cancelled.
        """


class WeightlessEngine:
    """What an engine without weights has in common with others: nothing to load or to free."""

    loaded = True
    precision = ""

    def load(self) -> None:
        """Do nothing: there are no weights."""

    def warm(self) -> None:
        """Do nothing."""

    def free(self) -> None:
        """Do nothing."""

    def memory_mb(self) -> float:
        """Return 0."""
        return 0.0


class BatchEngine(Engine, Protocol):
    """An engine that makes several clips of one command in one pass."""

    def run_batch(
        self, command: GenerationCommand, context: Context, seeds: Sequence[int]
    ) -> Sequence[Clip]:
        """Return a clip for each seed, as `run` makes them one by one, but for rounding."""


def is_batching(engine: Engine) -> TypeGuard[BatchEngine]:
    """Return whether an engine makes several clips in one pass."""
    return hasattr(engine, "run_batch")


class LoraEngine(Engine, Protocol):
    """An engine whose model small weights can change, between jobs."""

    def set_loras(self, loras: Mapping[str, tuple[Path, float]]) -> None:
        """Use exactly these LoRAs: file and weight by name. Loads the engine first if needed.

        Raises: CommandError: EENGINE; those of before stay.
        """

    def loras(self) -> Mapping[str, tuple[Path, float]]:
        """Return the LoRAs in use. Any thread may call it."""


def has_loras(engine: Engine) -> TypeGuard[LoraEngine]:
    """Return whether an engine takes LoRAs."""
    return hasattr(engine, "set_loras")


class ComposingEngine(Engine, Protocol):
    """An engine that writes notes, by itself and after others."""

    def compose(self, command: Generate, context: Context) -> Score:
        """Return the notes that `run` would play. Raises: CommandError, Cancelled."""

    def continue_score(
        self, before: Score, bars: float, command: GenerationCommand, context: Context
    ) -> Score:
        """Return the bars that follow some notes, as a score that begins at 0.

        Style, key, chords and density of the command are in force from its start.
        Raises: CommandError, Cancelled.
        """


def is_composing(engine: Engine) -> TypeGuard[ComposingEngine]:
    """Return whether an engine writes notes."""
    return hasattr(engine, "compose") and hasattr(engine, "continue_score")


OffloadMode = Literal["none", "model", "sequential"]


@dataclass(frozen=True)
class EngineSettings:
    """What an engine is made with.

    device: auto, cpu, cuda or mps. vocoder: the name of one. compiled: whether to compile networks.
    precision: auto, fp32, bf16 or fp16. name: what the engine must call itself. weights: the file
    or folder that the user gave; None means those that come with the engine. trust_remote_code: run
    code that lies in a model's folder. offload: which parts of a published model wait in the
    computer's memory. cuda_graphs: record the calls of networks on a CUDA GPU.
    """

    device: str
    vocoder: str = "vocos"
    compiled: bool = False
    precision: str = "auto"
    name: str = ""
    weights: Path | None = None
    trust_remote_code: bool = False
    offload: OffloadMode = "none"
    cuda_graphs: bool = False


# Makes an engine, or several that share weights; the first is the one that the name stands for.
EngineFactory = Callable[[EngineSettings], Engine | Sequence[Engine]]
F = TypeVar("F", bound=EngineFactory)


def engine_factory(plugin_api: int) -> Callable[[F], F]:
    """Mark a factory with the version of this interface that it is written for."""

    def mark(factory: F) -> F:
        factory.plugin_api = plugin_api  # type: ignore[attr-defined]
        return factory

    return mark


def unsupported_verb(name: str, command: GenerationCommand) -> CommandError:
    """Return the error of an engine, by name, that cannot carry a command out."""
    verb = command.address.rpartition("/")[2]
    return CommandError(Code.EENGINE, f"the engine {name} cannot {verb}")


def check_span(command: Inpaint, seconds: float) -> None:
    """Check that a span lies in a clip of so many seconds. Raises: CommandError: ERANGE."""
    if not 0 <= command.start < command.end or command.start >= seconds:
        raise CommandError(
            Code.ERANGE,
            f"start is {command.start:g} and end {command.end:g}: they must lie in this order "
            f"within the clip's {seconds:.3f} s",
        )
