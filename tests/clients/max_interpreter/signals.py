"""Objects of sound. A signal here is its level now: 1 for a clip that sounds, 0 for silence."""

import math
from dataclasses import dataclass
from pathlib import Path

import soundfile

from tests.clients.max_interpreter.atoms import BANG, MaxError, Message
from tests.clients.max_interpreter.box import Box

READING = 25.0  # ms of virtual time to read a sound file


@dataclass
class Sound:
    """A sound file in a buffer. length: ms."""

    path: Path
    rate: int
    channels: int
    length: float


class Buffer(Box):
    """`buffer~ NAME`: a sound file, read in the background."""

    def set_up(self) -> None:
        """Enter the buffer by its name."""
        self.key = str(self.words[0])
        self.sound: Sound | None = None
        if self.key in self.machine.buffers:
            raise MaxError(f"two buffers are called {self.key}")
        self.machine.buffers[self.key] = self

    def message(self, inlet: int, message: Message) -> None:
        """Read a file; a bang leaves on the right when it is read. Or make the buffer silent."""
        if message.selector == "clear":
            self.sound = None
            return
        if message.selector != "replace" or len(message.args) != 1:
            raise MaxError(f"{self}: {message} is not known here")
        path = Path(str(message.args[0]))
        if path.is_file():
            self.machine.schedule(READING, lambda: self._read(path))
        else:
            self.machine.console.append(f"buffer~: can't find file {path}")

    def _read(self, path: Path) -> None:
        with soundfile.SoundFile(path) as file:
            length = 1000 * len(file) / file.samplerate
            self.sound = Sound(path, file.samplerate, file.channels, length)
        self.send_message(1, BANG)

    def close(self) -> None:
        """Remove the buffer."""
        self.machine.buffers.pop(self.key, None)


class OfBuffer(Box):
    """An object that names a buffer."""

    def sound(self, name: str) -> Sound | None:
        """Return what is in a buffer.

        Raises: MaxError: no buffer has that name.
        """
        found = self.machine.buffers.get(name)
        if not isinstance(found, Buffer):
            raise MaxError(f"{self}: no buffer~ {name}")
        return found.sound


class Info(OfBuffer):
    """`info~ NAME`: what is in a buffer, from right to left."""

    def message(self, inlet: int, message: Message) -> None:
        """Report path, channels, name, length and rate."""
        sound = self.sound(str(self.words[0]))
        if message != BANG or sound is None:
            raise MaxError(f"{self}: {message} is not known here, or the buffer is empty")
        self.send_message(9, Message(str(sound.path)))
        self.send(8, sound.channels)
        self.send_message(7, Message(sound.path.name))
        self.send(6, sound.length)
        self.send(0, float(sound.rate))


class Groove(OfBuffer):
    """`groove~ NAME CHANNELS`: plays a buffer from where a number says, at the rate of a signal."""

    def set_up(self) -> None:
        """Begin silent."""
        self.started: float | None = None
        self.loops = False

    def message(self, inlet: int, message: Message) -> None:
        """Start, stop, or loop."""
        if message.is_number and inlet == 0:
            self.started = self.machine.now - float(message.args[0])
        elif message.selector == "loop":
            self.loops = bool(message.args[0])
        else:
            raise MaxError(f"{self}: {message} is not known here")

    def signal(self, outlet: int) -> float:
        """Return 1 while it sounds."""
        sound = self.sound(str(self.words[0]))
        if sound is None or self.started is None:
            return 0.0
        played = (self.machine.now - self.started) * self.level_in(0)
        return float(self.loops or played < sound.length)


class Phasor(Box):
    """`phasor~`: a place from 0 to 1, again and again. Its level is its frequency."""

    def set_up(self) -> None:
        """Begin at the typed-in frequency. started: when it was last set to its start, ms."""
        self.frequency = float(self.number(0, 0))
        self.started: float | None = None

    def message(self, inlet: int, message: Message) -> None:
        """Take a frequency, or go to the start."""
        if not message.is_number or (inlet and message.args[0]):
            raise MaxError(f"{self}: {message} is not known here")
        if inlet:
            self.started = self.machine.now
        else:
            self.frequency = float(message.args[0])

    def signal(self, outlet: int) -> float:
        """Return the frequency."""
        return self.frequency


class Wave(OfBuffer):
    """`wave~ NAME CHANNELS`: plays a buffer as the signal in its left inlet goes through it."""

    def signal(self, outlet: int) -> float:
        """Return 1 while it sounds."""
        return float(self.level_in(0) > 0 and self.sound(str(self.words[0])) is not None)


class Line(Box):
    """`line~`: a ramp to a value."""

    def set_up(self) -> None:
        """Begin at the typed-in value."""
        self.start = self.target = float(self.number(0, 0))
        self.began, self.time = self.machine.now, 0.0

    def message(self, inlet: int, message: Message) -> None:
        """Take a target, and the ms until it is reached."""
        if inlet or len(message.args) > 2:
            raise MaxError(f"{self}: {message} is not known here")
        self.start = self.signal(0)
        target, time = (*map(float, message.args), 0.0)[:2]
        self.target, self.time, self.began = target, time, self.machine.now

    def signal(self, outlet: int) -> float:
        """Return the value now."""
        elapsed = self.machine.now - self.began
        if elapsed >= self.time:
            return self.target
        return self.start + (self.target - self.start) * elapsed / self.time


class Operator(Box):
    """`*~`, `-~`, `cos~` and `sig~`."""

    def set_up(self) -> None:
        """Keep the typed-in number."""
        self.operand = float(self.number(0, 0))

    def message(self, inlet: int, message: Message) -> None:
        """Take another number."""
        is_operand = inlet == 1 or self.name == "sig~"
        if not message.is_number or not is_operand:
            raise MaxError(f"{self}: {message} is not known here")
        self.operand = float(message.args[0])

    def signal(self, outlet: int) -> float:
        """Return the result."""
        if self.name == "sig~":
            return self.operand
        left = self.level_in(0)
        if self.name == "cos~":
            return math.cos(2 * math.pi * left)
        right = self.level_in(1) if self.sources[1] else self.operand
        return left * right if self.name == "*~" else left - right


class Waveform(OfBuffer):
    """`waveform~`: a picture of a buffer."""

    shown: str | None = None

    def message(self, inlet: int, message: Message) -> None:
        """Show another buffer, which must exist."""
        if message.selector != "set":
            raise MaxError(f"{self}: {message} is not known here")
        self.sound(str(message.args[0]))
        self.shown = str(message.args[0])


class Output(Box):
    """`ezdac~` and `plugout~`: where the sound leaves."""

    @property
    def levels(self) -> list[float]:
        """The levels of left and right."""
        return [self.level_in(0), self.level_in(1)]


OBJECTS: dict[str, type[Box]] = {
    "buffer~": Buffer, "info~": Info, "groove~": Groove, "phasor~": Phasor, "wave~": Wave,
    "line~": Line, "*~": Operator, "-~": Operator, "cos~": Operator, "sig~": Operator,
    "waveform~": Waveform, "ezdac~": Output,
    "plugout~": Output,
}  # fmt: skip
