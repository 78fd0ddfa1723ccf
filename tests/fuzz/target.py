"""What any bytes go through before a command runs; nothing but a refusal may come of them.

The first byte of the input says how the rest arrives: as a datagram, or in pieces on a connection.
"""

from msanii_live.client.replies import as_row
from msanii_live.errors import Code, CommandError
from msanii_live.osc.codec import PACKET_LIMIT, REASONS, PacketError, decode_packet, encode
from msanii_live.osc.slip import MAX_PACKET_BYTES, FrameDecoder, FramingError
from msanii_live.protocol.address_pattern import is_pattern
from msanii_live.protocol.replies import FAIL
from msanii_live.protocol.request import (
    all_arguments,
    matching_commands,
    parse_request,
    peek_reply_port,
    peek_token,
)
from msanii_live.server.message_log import LogEntry, truncate_text


def examine(data):
    """Take one input. Raises: AssertionError, or whatever else should never come out."""
    if not data:
        return
    if data[0] % 4 == 0:
        on_a_connection(data[1:], piece=1 + data[0] // 4)
    else:
        as_a_packet(data[1:])


def on_a_connection(data, piece):
    decoder = FrameDecoder()
    try:
        for start in range(0, len(data), piece):
            for packet in decoder.feed(data[start : start + piece]):
                assert len(packet) <= MAX_PACKET_BYTES
                as_a_packet(packet)
    except FramingError:
        pass


def as_a_packet(packet):
    messages, reason = decoded(packet)
    assert not reason or (reason in REASONS and not messages)
    for message in messages:
        as_row(message)
        assert all(isinstance(text, str) for text in shown(message))
        try:
            addresses = [message.address]
            if is_pattern(message.address):
                addresses = matching_commands(message.address)
            for address in addresses:
                answer(message, address)
        except CommandError as error:
            refuse(message, error)


def decoded(packet):
    try:
        return decode_packet(packet), ""
    except PacketError as error:
        return (), error.reason


def shown(message):
    line = LogEntry(0.0, ("127.0.0.1", 1), message.address, message.args, "ok")
    return line.fields()


def answer(message, address):
    request = parse_request(address, message.args)
    assert request.command.address == address
    assert 0 <= request.reply_port <= 65_535
    values = request.command.as_dict().values()
    if not any(str(value).startswith("@") for value in values):  # those would be read as keys
        assert parse_request(address, words_of(request.command)).command == request.command


def words_of(command):
    words = []
    for name, value in command.as_dict().items():
        if name != "address":
            argument = next(a for a in all_arguments(type(command)) if a.name == name)
            if argument.positional and argument.required:
                words.append(value)
    return [*words, *keys_of(command)]


def keys_of(command):
    keys = []
    for argument in all_arguments(type(command)):
        value = getattr(command, argument.name, None)
        if not (argument.positional and argument.required) and value not in (None, ""):
            keys += [f"@{argument.name}", value]
    return keys


def refuse(message, error):
    assert error.code in Code
    token = peek_token(message.args, message.address)
    assert 0 <= peek_reply_port(message.args, message.address) <= 65_535
    told = FAIL(truncate_text(message.address, 256), token, -1, error.code, error.text)
    assert len(encode(told.address, told.tags, told.args, truncate_text=True)) < PACKET_LIMIT
