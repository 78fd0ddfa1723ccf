"""Make three clips at once with asyncio and follow their progress."""

import argparse
import asyncio

from msanii_live.client import AsyncClient, CommandError, MadeClip, Message, as_row
from msanii_live.protocol.commands import Generate


def print_progress(message: Message) -> None:
    """Print a reply of a job."""
    row = as_row(message)
    if message.address == "/msanii/job/queued":
        print(f"job {row['job']} waits at place {row['position']}")
    elif message.address == "/msanii/job/progress":
        print(f"job {row['job']}: step {row['step']} of {row['steps']}")


async def make(client: AsyncClient, style: str) -> MadeClip:
    """Make a clip, reporting each step."""
    return await client.make(Generate(seconds=2.0, style=style), on_message=print_progress)


async def main(port: int) -> None:
    """Make the clips and print where they are."""
    async with AsyncClient(port=port) as client:
        styles = ("house", "piano", "ambient")
        for clip in await asyncio.gather(*(make(client, style) for style in styles)):
            print(f"{clip.name}: {clip.path}")
        try:
            await client.outpaint("no such clip")
        except CommandError as error:
            print(f"refused: {error}")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=7770, help="OSC port of the server (%(default)s)")
asyncio.run(main(parser.parse_args().port))
