"""Write the seed corpus: one packet for each command of the table, and for each way to be wrong.

Usage: python -m tests.fuzz.seeds FOLDER. The folder tests/fuzz/corpus was made so; inputs that once
broke something are added to it by hand.
"""

import sys
import tomllib
from pathlib import Path

from msanii_live.osc.slip import encode_frame
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.reference import example
from tests.osc import packets
from tests.server.test_conformance import from_text

DATAGRAM = b"\1"
CONNECTION = b"\x28"  # pieces of 11 bytes


def seeds():
    """Return the inputs of `tests.fuzz.target.examine`, by name."""
    found = {}
    for command in COMMANDS:
        address, args = example(command)
        name = address.strip("/").replace("/", "-")
        packet = packets.message(address, *args)
        found[name] = DATAGRAM + packet
        found[f"{name}-int32"] = CONNECTION + encode_frame("int32", packet) * 2
        found[f"{name}-slip"] = CONNECTION + encode_frame("slip", packet) * 2
    table = Path(__file__).parent.parent / "server" / "conformance.toml"
    for n, row in enumerate(tomllib.loads(table.read_text("utf-8"))["row"]):
        if "raw" in row:
            found[f"row-{n}"] = DATAGRAM + from_text(row["raw"])
        elif "send" in row:
            found[f"row-{n}"] = DATAGRAM + packets.message(*row["send"], tags=row.get("tags"))
        elif "bundle" in row:
            elements = [packets.message(*each) for each in row["bundle"]]
            found[f"row-{n}"] = DATAGRAM + packets.bundle(*elements)
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (folder / name).write_bytes(data)
