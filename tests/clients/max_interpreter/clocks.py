"""Objects that act in time: metro, delay, Live's transport, and what happens when a patch loads."""

from tests.clients.max_interpreter.atoms import BANG, MaxError, Message
from tests.clients.max_interpreter.box import Box
from tests.clients.max_interpreter.machine import WHOLE_NOTE, Event


class Metro(Box):
    """`metro`: a bang at once and after each interval, in ms or on the beats of Live."""

    def set_up(self) -> None:
        """Keep the interval."""
        self.event: Event | None = None
        self.ticks = 0
        if self.words == ["1n"]:
            if self.attributes != {"quantize": ["1n"], "active": [1]}:
                raise MaxError(f"{self}: only a metro that is always active is known here")
            self.ticks = self.quantum = WHOLE_NOTE
            self.active = True
            self.machine.live.on_tick.append(self._tick)
        else:
            self.interval = self.number(0, 5)

    def message(self, inlet: int, message: Message) -> None:
        """Start or stop, or take another interval in ticks."""
        if self.ticks and message.selector in ("interval", "quantize"):
            number, unit = message.args
            if unit != "ticks" or not isinstance(number, int):
                raise MaxError(f"{self}: {message} is not known here")
            if message.selector == "interval":
                self.ticks = number
            else:
                self.quantum = number
            return
        if inlet or not (message.is_number or message == BANG):
            raise MaxError(f"{self}: {message} is not known here")
        is_on = message == BANG or bool(message.args[0])
        if self.ticks:
            self.active = is_on
            return
        if self.event:
            self.event.cancelled = True
            self.event = None
        if is_on:
            self._beat()

    def _beat(self) -> None:
        self.event = self.machine.schedule(self.interval, self._beat)
        self.send_message(0, BANG)

    def _tick(self, position: int) -> None:
        if self.active and position % self.ticks == 0 and position % self.quantum == 0:
            self.send_message(0, BANG)

    def close(self) -> None:
        """Stop."""
        if self.event:
            self.event.cancelled = True
        if self.ticks:
            self.machine.live.on_tick.remove(self._tick)


class Delay(Box):
    """`delay`: a bang, later. A new bang begins anew."""

    def set_up(self) -> None:
        """Keep the time."""
        self.time = self.number(0, 0)
        self.event: Event | None = None

    def message(self, inlet: int, message: Message) -> None:
        """Take a bang, or a new time on the right."""
        if inlet and message.is_number:
            time = message.args[0]
            assert not isinstance(time, str)
            self.time = time
        elif message == BANG and not inlet:
            self.close()
            self.event = self.machine.schedule(self.time, lambda: self.send_message(0, BANG))
        else:
            raise MaxError(f"{self}: {message} is not known here")

    def close(self) -> None:
        """Forget the bang that waits."""
        if self.event:
            self.event.cancelled = True


class DeferLow(Box):
    """`deferlow`: the message, at the end of what waits on the main thread."""

    def message(self, inlet: int, message: Message) -> None:
        """Pass the message on when virtual time passes."""
        self.machine.schedule(0, lambda: self.send_message(0, message))


class Transport(Box):
    """`transport`: asked by a bang, what Live's transport does, from right to left."""

    def message(self, inlet: int, message: Message) -> None:
        """Report tempo and state; the position is always the start."""
        if message != BANG or inlet:
            raise MaxError(f"{self}: {message} is not known here")
        live = self.machine.live
        self.send(7, 0.0)
        self.send(6, int(live.playing))
        self.send(5, *live.metre)
        self.send(4, live.tempo)
        self.send(3, 480.0)
        self.send(2, 0.0)
        self.send(1, 1)
        self.send(0, 1)


class LoadBang(Box):
    """`loadbang` and `live.thisdevice`: a bang when the patch is loaded."""

    def loaded(self) -> None:
        """Send the bang."""
        self.send_message(0, BANG)

    def message(self, inlet: int, message: Message) -> None:
        """Send the bang again, as Live does for a device when a preset is loaded or it is saved."""
        self.send_message(0, BANG)


OBJECTS: dict[str, type[Box]] = {
    "metro": Metro, "delay": Delay, "transport": Transport, "loadbang": LoadBang,
    "live.thisdevice": LoadBang, "deferlow": DeferLow,
}  # fmt: skip
