"""The controls of Max for Live, which are parameters of the device."""

from typing import Any

from tests.clients.max_interpreter.atoms import BANG, MaxError, Message
from tests.clients.max_interpreter.box import Box

FLOAT, INT, ENUM = 0, 1, 2  # as Live numbers the types of parameters


class Parameter(Box):
    """A control whose value Live stores. Its initial value leaves it when the device is loaded."""

    def set_up(self) -> None:
        """Read how the parameter is stored, and begin at its least value."""
        self.how: dict[str, Any] = self.stored["saved_attribute_attributes"]["valueof"]
        self.kind = self.how["parameter_type"]
        self.low, self.high = self.how["parameter_mmin"], self.how["parameter_mmax"]
        self.value = self.low

    def loaded(self) -> None:
        """Take the initial value."""
        if self.how["parameter_initial_enable"]:
            self.set_by_user(self.how["parameter_initial"][0])

    def set_by_user(self, value: float) -> None:
        """Move the control, or let Live automate it. The value is kept in its range."""
        bounded = min(max(float(value), self.low), self.high)
        self.value = bounded if self.kind == FLOAT else round(bounded)
        self.output()

    def output(self) -> None:
        """Send the value, after the raw one on the right."""
        self.send(1, self.raw)
        self.send(0, self.value)

    @property
    def raw(self) -> float:
        """The value from 0 to 1."""
        return (self.value - self.low) / (self.high - self.low)

    def message(self, inlet: int, message: Message) -> None:
        """Take a number."""
        if not message.is_number:
            raise MaxError(f"{self}: {message} is not known here")
        self.set_by_user(float(message.args[0]))


class LiveMenu(Parameter):
    """`live.menu`: one of several words."""

    def choose(self, word: str) -> None:
        """Choose a word with the mouse."""
        self.set_by_user(self.how["parameter_enum"].index(word))

    def output(self) -> None:
        """Send the raw value, the word and the index."""
        self.send(2, self.raw)
        self.send_message(1, Message(self.how["parameter_enum"][self.value]))
        self.send(0, self.value)


class LiveText(Parameter):
    """`live.text`: a switch, or a button that sends a bang when its value goes from 0 to 1."""

    def click(self) -> None:
        """Press it with the mouse; a button is let go of as well."""
        self.set_by_user(1 - self.value)
        if self.is_button:
            self.set_by_user(0)

    @property
    def is_button(self) -> bool:
        """True for a button, false for a switch."""
        return bool(self.stored["mode"] == 0)

    def set_by_user(self, value: float) -> None:
        """Press or let go of it, or let Live automate it."""
        before = self.value
        self.value = int(value != 0)
        if not self.is_button:
            self.output()
        elif self.value > before:
            self.send_message(0, BANG)

    def output(self) -> None:
        """Send the word and the number."""
        self.send_message(1, Message(self.stored["texton" if self.value else "text"]))
        self.send(0, self.value)


class LiveGain(Parameter):
    """`live.gain~`: a level in dB for two signals."""

    def output(self) -> None:
        """Send the raw value and the value."""
        self.send(3, self.raw)
        self.send(2, self.value)

    def signal(self, outlet: int) -> float:
        """Return the level of a channel."""
        gain = 0.0 if self.value <= self.low else 10 ** (self.value / 20)
        return gain * self.level_in(outlet)


OBJECTS: dict[str, type[Box]] = {
    "live.dial": Parameter, "live.numbox": Parameter, "live.menu": LiveMenu,
    "live.text": LiveText, "live.gain~": LiveGain,
}  # fmt: skip
