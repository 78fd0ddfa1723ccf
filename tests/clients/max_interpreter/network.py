"""`udpsend` and `udpreceive`, over real sockets, with the OSC types that Max writes."""

import socket

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.clients.max_interpreter.atoms import MaxError, Message
from tests.clients.max_interpreter.box import Box

LARGEST_PACKET = 5096  # bytes that udpsend sends, by its reference


class UdpSend(Box):
    """`udpsend HOST PORT`: messages become OSC with the tags i, f and s."""

    def set_up(self) -> None:
        """Open a socket."""
        host, port = self.words
        self.host, self.port = str(host), int(port)
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def message(self, inlet: int, message: Message) -> None:
        """Change where messages go, or send one."""
        if message.selector == "host":
            self.host = str(message.args[0])
        elif message.selector == "port":
            self.port = int(message.args[0])
        elif not message.selector.startswith("/"):
            raise MaxError(f"{self} would send {message}, which has no address")
        else:
            packet = _encode(message)
            if len(packet) > LARGEST_PACKET:
                raise MaxError(f"{self}: {len(packet)} bytes are too many")
            self.mouth.sendto(packet, (self.host, self.port))

    def close(self) -> None:
        """Close the socket."""
        self.mouth.close()


def _encode(message: Message) -> bytes:
    builder = OscMessageBuilder(message.selector)
    for atom in message.args:
        builder.add_arg(atom, {int: "i", float: "f", str: "s"}[type(atom)])
    return bytes(builder.build().dgram)


class UdpReceive(Box):
    """`udpreceive PORT`: OSC becomes messages. A port that is taken hears nothing."""

    def set_up(self) -> None:
        """Listen on the typed-in port."""
        self.ears: socket.socket | None = None
        self.listen(int(self.number(0, 0)))

    def listen(self, port: int) -> None:
        """Listen on another port."""
        self.close()
        self.ears = self.machine.listen(port, self._hear)
        if self.ears is None and self.attributes.get("quiet") != [1]:
            self.machine.console.append(f"udpreceive: could not bind to port {port}")

    def message(self, inlet: int, message: Message) -> None:
        """Take the number of another port."""
        if message.selector != "port" or not isinstance(message.args[0], int):
            raise MaxError(f"{self}: {message} is not known here")
        self.listen(message.args[0])

    def _hear(self, packet: bytes) -> None:
        if OscBundle.dgram_is_bundle(packet):
            for content in OscBundle(packet):
                assert isinstance(content, OscMessage)
                self._pass_on(content)
        else:
            self._pass_on(OscMessage(packet))

    def _pass_on(self, content: OscMessage) -> None:
        for value in content.params:
            if type(value) not in (int, float, str):
                raise MaxError(f"{content.address}: Max does not read {value!r}")
        self.send_message(0, Message(content.address, tuple(content.params)))

    def close(self) -> None:
        """Stop listening."""
        if self.ears:
            self.machine.forget(self.ears)
            self.ears = None


OBJECTS: dict[str, type[Box]] = {"udpsend": UdpSend, "udpreceive": UdpReceive}
