"""Write OSC packets of any kind, right or wrong, without the code under test."""

import struct

EPOCH = 2_208_988_800  # seconds from 1900 to 1970


def padded(raw):
    return raw + bytes(4 - len(raw) % 4)


def argument(tag, value):
    match tag:
        case "i":
            return struct.pack(">i", value)
        case "f":
            return struct.pack(">f", float(value))
        case "h":
            return struct.pack(">q", value)
        case "d":
            return struct.pack(">d", float(value))
        case "t":
            return struct.pack(">Q", value)
        case "c":
            return struct.pack(">I", ord(value))
        case "s" | "S":
            return padded(value.encode())
        case "b":
            raw = bytes.fromhex(value)
            return struct.pack(">i", len(raw)) + raw + bytes(-len(raw) % 4)
        case "r" | "m":
            return bytes.fromhex(value)
    raise AssertionError(tag)


def tag_of(value):
    if value is False:
        return "F"
    return {bool: "T", int: "i", float: "f", str: "s"}[type(value)]


def message(address, *values, tags=None):
    """Tags without a value (T F N I [ ]) take none of the values."""
    if tags is None:
        tags = "".join(map(tag_of, values))
        values = [value for value in values if not isinstance(value, bool)]
    left = iter(values)
    body = b"".join(argument(tag, next(left)) for tag in tags if tag not in "TFNI[]")
    return padded(address.encode()) + padded(b"," + tags.encode()) + body


def bundle(*elements, tag=1):
    head = b"#bundle\0" + struct.pack(">Q", tag)
    return head + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def ntp(unix):
    return int((unix + EPOCH) * 2**32)
