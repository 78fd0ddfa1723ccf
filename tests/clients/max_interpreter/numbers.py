"""Objects that keep and compute numbers."""

from tests.clients.max_interpreter.atoms import MaxError, Message
from tests.clients.max_interpreter.box import Box
from tests.clients.max_interpreter.expression import Expression, Number


class Kept(Box):
    """`i` and `f`: a number. The right inlet only keeps it."""

    def set_up(self) -> None:
        """Keep the typed-in number."""
        self.convert: type[int] | type[float] = int if self.name in ("i", "int") else float
        self.value = self.convert(self.number(0, 0))

    def message(self, inlet: int, message: Message) -> None:
        """Keep a number; send it unless it came on the right."""
        if message.is_number:
            self.value = self.convert(message.args[0])
        elif message.selector != "bang" or inlet:
            raise MaxError(f"{self} does not understand {message} in inlet {inlet}")
        if inlet == 0:
            self.send(0, self.value)


class Arithmetic(Box):
    """`+` and `==` with a number. They count in ints unless a float is typed in."""

    def set_up(self) -> None:
        """Keep the typed-in number."""
        self.operand = self.number(0, 0)
        self.value: Number = 0

    def message(self, inlet: int, message: Message) -> None:
        """Compute when a number comes in on the left."""
        if message.selector == "bang":
            return self.send(0, self.value)
        if not message.is_number:
            raise MaxError(f"{self} does not understand {message}")
        number = message.args[0]
        assert not isinstance(number, str)
        if isinstance(self.operand, int):
            number = int(number)
        if inlet:
            self.operand = number
            return None
        is_sum = self.name == "+"
        self.value = number + self.operand if is_sum else int(number == self.operand)
        return self.send(0, self.value)


class Change(Box):
    """`change`: a number, if it is another than the last."""

    def set_up(self) -> None:
        """Compare the first number with the typed-in one."""
        self.value: Number = self.number(0, 0)

    def message(self, inlet: int, message: Message) -> None:
        """Send a new number; say on the right that it went to zero or from zero."""
        if not message.is_number:
            raise MaxError(f"{self} does not understand {message}")
        number = message.args[0]
        assert not isinstance(number, str)
        old, self.value = self.value, number
        if old and not number:
            self.send(2, 1)
        if number and not old:
            self.send(1, 1)
        if number != old:
            self.send(0, number)


class Counter(Box):
    """`counter MIN MAX`: counts bangs upwards, and begins again."""

    def set_up(self) -> None:
        """Begin at the least number."""
        low, high = (int(self.number(i, 0)) for i in range(2))
        self.low, self.high, self.next = low, high, low

    def message(self, inlet: int, message: Message) -> None:
        """Send the next number."""
        if message.selector == "set" and not inlet:
            self.next = int(message.args[0])
            return
        if inlet or message.selector != "bang":
            raise MaxError(f"{self}: {message} is not known here")
        now, self.next = self.next, self.next + 1 if self.next < self.high else self.low
        self.send(0, now)


class Random(Box):
    """`random`: a number from 0 to one less than its limit."""

    def set_up(self) -> None:
        """Keep the limit."""
        self.limit = int(self.number(0, 1))

    def message(self, inlet: int, message: Message) -> None:
        """Send a random number."""
        if inlet:
            self.limit = int(message.args[0])
        else:
            self.send(0, self.machine.random.randrange(self.limit))


class Expr(Box):
    """`expr`: a formula. Only the left inlet computes."""

    def set_up(self) -> None:
        """Read the formula."""
        self.formula = Expression.parse(self.stored["text"].removeprefix("expr"))
        self.values: list[Number] = [0] * self.formula.inlets
        if self.formula.inlets != len(self.sources):
            raise MaxError(f"{self} has {self.formula.inlets} inlets in Max")

    def message(self, inlet: int, message: Message) -> None:
        """Keep numbers; compute if they came on the left. A list there fills the inlets."""
        if message.is_number or (message.selector == "list" and not inlet):
            for index, number in enumerate(message.args[: len(self.values)], start=inlet):
                assert not isinstance(number, str)
                self.values[index] = number
        elif message.selector != "bang":
            raise MaxError(f"{self} does not understand {message}")
        if inlet == 0:
            self.send(0, self.formula.value(self.values))


OBJECTS: dict[str, type[Box]] = {
    "i": Kept, "f": Kept, "+": Arithmetic, "==": Arithmetic, "change": Change, "counter": Counter,
    "random": Random, "expr": Expr,
}  # fmt: skip
