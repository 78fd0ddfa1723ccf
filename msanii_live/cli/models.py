"""`msanii-live models`: published models on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from msanii_live.cli.arguments import Commands
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "models", help="list, fetch and remove published models for serve --engine NAME"
    )
    acts = parser.add_subparsers(required=True, metavar="WHAT")
    listing = acts.add_parser("list", help="the known models, and those on this machine")
    listing.set_defaults(run=_list)
    fetching = acts.add_parser("fetch", help="fetch a model from the hub; all that reaches out")
    fetching.add_argument("model", metavar="NAME", help="a known name, or OWNER/NAME")
    fetching.add_argument(
        "--accept-licence", "--accept-license", action="store_true",
        help="accept the model's licence without being asked",
    )  # fmt: skip
    fetching.set_defaults(run=_fetch)
    info = acts.add_parser("info", help="what is known of a model")
    info.add_argument("model", metavar="NAME")
    info.set_defaults(run=_info)
    remove = acts.add_parser("remove", help="delete a model; a folder that was added is kept")
    remove.add_argument("model", metavar="NAME")
    remove.set_defaults(run=_remove)
    adding = acts.add_parser("add", help="list a folder that was downloaded by other means")
    adding.add_argument("folder", type=Path, metavar="FOLDER")
    adding.add_argument("--name", default="", help="what to call it (the folder's name)")
    adding.set_defaults(run=_add)


def _list(arguments: argparse.Namespace) -> int:
    from msanii_live.hub.catalogue import KNOWN_MODELS
    from msanii_live.hub.store import ModelStore

    store = ModelStore()
    here = {model.name: model for model in store.models()}
    rows = [("name", "here", "rate", "longest", "size", "gated", "licence")]
    for known in KNOWN_MODELS:
        rows.append((
            known.name, "yes" if known.name in here else "no", f"{known.sample_rate / 1000:g} kHz",
            f"{known.max_seconds:g} s", f"{known.gigabytes:g} GB" if known.gigabytes else "unknown",
            "yes" if known.is_gated else "no", known.licence.partition(":")[0],
        ))  # fmt: skip
    rows += [
        (name, "yes", "", "", f"{model.bytes_on_disk() / 1e9:.2f} GB", "", model.licence)
        for name, model in here.items()
        if name not in {known.name for known in KNOWN_MODELS}
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    print(f"\nThey lie in {store.folder}. Sizes of models that are not here are approximate.")
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from msanii_live.hub.fetch import fetch, look_up
    from msanii_live.hub.store import ModelStore

    store = ModelStore()
    offer = look_up(arguments.model)
    print(f"{offer.repository}: {len(offer.files)} files, {offer.bytes / 1e9:.2f} GB, to "
          f"{store.place(offer.name)}")  # fmt: skip
    print(f"licence: {offer.licence or 'none is named: read the page of the model'}", flush=True)
    if not arguments.accept_licence:
        _ask_for_licence()
    model = fetch(offer, store, lambda line: print(line, flush=True))
    print(f"{model.name} is here: msanii-live serve --engine {model.name}")
    return 0


def _ask_for_licence() -> None:
    """Ask on the terminal. Raises: ConfigError: there is none, or the answer is no."""
    refused = "nothing was fetched: the licence must be accepted, by --accept-licence"
    if not sys.stdin or not sys.stdin.isatty():
        raise ConfigError(refused)
    if input("Do you accept it? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ConfigError(refused)


def _info(arguments: argparse.Namespace) -> int:
    from msanii_live.hub.catalogue import find_model
    from msanii_live.hub.store import ModelStore

    known, stored = find_model(arguments.model), ModelStore().get(arguments.model)
    if known is None and stored is None:
        raise ConfigError(f"nothing is known of {arguments.model}: msanii-live models list")
    facts: list[tuple[str, str]] = [
        ("name", stored.name if stored else known.name if known else "")
    ]
    if known is not None:
        facts += [
            ("repository", known.repository), ("pipeline", known.family),
            ("licence", known.licence), ("gated", "yes" if known.is_gated else "no"),
            ("sample rate", f"{known.sample_rate} Hz"),
            ("longest in one pass", f"{known.max_seconds:g} s"),
            ("commands", " ".join(known.verbs)),
        ]  # fmt: skip
        facts += [("note", known.note)] if known.note else []
    elif stored is not None:
        facts += [("repository", stored.repository or "added from a folder")]
        facts += [("licence", stored.licence or "none is named")]
    if stored is None:
        facts.append(("here", f"no: msanii-live models fetch {arguments.model}"))
    else:
        missing = stored.missing_files()
        facts += [("folder", stored.folder), ("on disk", f"{stored.bytes_on_disk() / 1e9:.3f} GB")]
        facts += [("revision", stored.revision)] if stored.revision else []
        facts.append(("whole", f"no: {', '.join(missing)}" if missing else "yes"))
    for name, value in facts:
        print(f"{name}: {value}")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from msanii_live.hub.store import ModelStore

    model = ModelStore().remove(arguments.model)
    print(f"{model.name} is no longer listed; its files stay in {model.folder}" if model.is_linked
          else f"{model.name} was deleted")  # fmt: skip
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from msanii_live.engines.pipelines.folder import INDEX, check_whole
    from msanii_live.hub.store import ModelStore

    folder = arguments.folder.expanduser()
    if (folder / INDEX).is_file():  # else the store says what is missing
        check_whole(folder)
    model = ModelStore().add(arguments.folder, arguments.name)
    print(f"{model.name} is listed: msanii-live serve --engine {model.name}")
    return 0
