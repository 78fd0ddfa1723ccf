"""`msanii-live docs`: the documents and the sample files of this version, without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands
from msanii_live.errors import MsaniiError


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "docs", help="print a document, such as osc or troubleshooting, or list them"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="what to print (list the names)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    documents = find_documents()
    if arguments.name is None:
        for name, path in documents.items():
            print(f"{name:<24} {_title(path)}")
        return 0
    document = documents.get(arguments.name.removeprefix("docs/").removesuffix(".md"))
    if document is None:
        raise MsaniiError(f"there is no document {arguments.name}: {', '.join(documents)}")
    print(document.read_text("utf-8"), end="")
    return 0


def _title(path: Path) -> str:
    """Return the heading of a page; of a sample file, where it lies."""
    with path.open(encoding="utf-8") as file:
        heading = file.readline().strip()
    return heading.removeprefix("# ") if path.suffix == ".md" else str(path)


def find_documents() -> dict[str, Path]:
    """Return each document by its name: in the package, or next to it in a checkout.

    A page of docs/ has its name without `.md`, a file of packaging/ its whole name.
    Raises: MsaniiError: there are none.
    """
    here = Path(__file__).resolve().parent
    for root in (here / "shipped", here.parents[1]):
        pages = sorted(p for p in (root / "docs").glob("*.md") if p.stem != "README")
        if pages:
            samples = sorted(p for p in (root / "packaging").iterdir() if p.is_file())
            return {p.stem: p for p in pages} | {p.name: p for p in samples}
    raise MsaniiError("this installation has no documents; install msanii-live again")
