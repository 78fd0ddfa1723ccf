"""`msanii-live rack`: list, hear and play the synthesised instruments."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("rack", help="hear and play the synthesised instruments and drums")
    acts = parser.add_subparsers(required=True, metavar="WHAT")
    listing = acts.add_parser("list", help="print the instruments, kits, drums and styles")
    listing.set_defaults(run=_list)
    audition = acts.add_parser(
        "audition", help="write one bar of each with its picture, and a page"
    )
    audition.add_argument("names", nargs="*", metavar="NAME", help="as `rack list` has them (all)")
    audition.add_argument("--out", type=Path, default=Path("rack"), help="folder (%(default)s)")
    audition.add_argument("--sheet", type=Path, help="PNG of all of them instead, without sound")
    audition.set_defaults(run=_audition)
    render = acts.add_parser("render", help="play a MIDI file")
    render.add_argument("midi", type=Path, help="MIDI file")
    render.add_argument("--style", default="", help="style whose rig plays (the file's own)")
    render.add_argument("--instrument", default="", help="instrument for all parts but drums")
    render.add_argument("--kit", default="", help="kit of the drums (the style's)")
    render.add_argument("--drive", type=float, default=0.0, help="more saturation, 0 to 1")
    render.add_argument("--space", type=float, default=0.0, help="more room, 0 to 1")
    render.add_argument("--stems", action="store_true", help="also write NAME.drums.wav and so on")
    render.add_argument("--out", type=Path, help="WAV to write (the file's name, ending in .wav)")
    render.set_defaults(run=_render)


def _list(_: argparse.Namespace) -> int:
    from msanii_live.rack.drums.kits import KITS
    from msanii_live.rack.instruments import INSTRUMENTS
    from msanii_live.rack.rigs import RIGS

    print("instruments: " + ", ".join(INSTRUMENTS))
    print("kits: " + ", ".join(KITS))
    print("drums of each kit: " + ", ".join(next(iter(KITS.values())).drums))
    print("styles: " + ", ".join(RIGS))
    return 0


def _audition(arguments: argparse.Namespace) -> int:
    import numpy as np
    import soundfile

    from msanii_live.rack import audition

    names = tuple(arguments.names) or audition.sound_names()
    for name in names:  # they are checked before any is made
        audition.bar_of(name)
    if arguments.sheet is not None:
        if not arguments.sheet.parent.is_dir():
            raise ConfigError(
                f"--sheet is {arguments.sheet}: there is no folder {arguments.sheet.parent}"
            )
        audition.draw_sheet(names, arguments.sheet)
        print(arguments.sheet)
        return 0
    if arguments.out.exists() and not arguments.out.is_dir():
        raise ConfigError(f"--out is {arguments.out}, a file: name a folder")
    page = arguments.out / "index.html"
    files = [
        arguments.out / f"{audition.file_stem(n)}.{end}" for n in names for end in ("wav", "png")
    ]
    foreign = [path for path in (page, *files) if path.exists()]
    if page.exists() and audition.is_contact_sheet(page.read_text("utf-8", "replace")):
        foreign = []  # an audition has written into this folder before
    if foreign:
        raise ConfigError(f"{foreign[0]} is a file of yours: name another folder with --out")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        wave = audition.audition(name)
        stem = arguments.out / audition.file_stem(name)
        peak = max(1.0, float(np.abs(wave).max()) / 0.89)
        soundfile.write(stem.with_name(stem.name + ".wav"), wave.T / peak, 44_100, "PCM_16")
        audition.draw(name, wave, stem.with_name(stem.name + ".png"))
        print(name, flush=True)
    page.write_text(audition.contact_sheet(names), "utf-8")
    print(f"{len(names)} sounds: open {page}")
    return 0


def _render(arguments: argparse.Namespace) -> int:
    import soundfile

    from msanii_live.midi import files
    from msanii_live.rack.finish import finished
    from msanii_live.rack.instruments import INSTRUMENTS
    from msanii_live.rack.render import RackOptions, render_score
    from msanii_live.rack.rigs import KIT_NAMES, RIGS, kit_name, style_word

    for flag, value in (("--drive", arguments.drive), ("--space", arguments.space)):
        if not 0.0 <= value <= 1.0:
            raise ConfigError(f"{flag} is {value:g}: it must be 0 to 1")
    style, instrument = style_word(arguments.style), style_word(arguments.instrument)
    if style and style not in RIGS:
        raise ConfigError(f"no style is called {arguments.style!r}: there are {', '.join(RIGS)}")
    if instrument and instrument not in INSTRUMENTS:
        raise ConfigError(
            f"no instrument is called {arguments.instrument!r}: there are {', '.join(INSTRUMENTS)}"
        )
    kit = kit_name(arguments.kit) or style_word(arguments.kit)
    if kit and kit not in KIT_NAMES:
        raise ConfigError(f"no kit is called {arguments.kit!r}: there are {', '.join(KIT_NAMES)}")
    out: Path = arguments.out or arguments.midi.with_suffix(".wav")
    if out.suffix.lower() != ".wav":
        raise ConfigError(f"--out is {out}: it must end in .wav")
    if not out.parent.is_dir():
        raise ConfigError(f"--out is {out}: there is no folder {out.parent}")
    score = files.read(arguments.midi, str(arguments.midi))
    options = RackOptions(
        style=style,
        instrument=instrument,
        kit=kit,
        drive=arguments.drive,
        space=arguments.space,
        with_stems=arguments.stems,
    )
    sound = finished(render_score(score, options), is_loop=score.is_loop)
    written = {out: sound.mix}
    written |= {out.with_name(f"{out.stem}.{part}.wav"): s for part, s in sound.stems.items()}
    there = [str(path) for path in written if path.exists()]
    if there and arguments.out is None:
        raise ConfigError(f"{', '.join(there)} exists: name the file to write with --out")
    for path, samples in written.items():
        soundfile.write(path, samples, 44_100, "PCM_24")
        print(path)
    for sentence in score.warnings:
        print(sentence)
    return 0
