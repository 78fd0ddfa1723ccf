"""The sources of the training set and their licences."""

from __future__ import annotations

from dataclasses import dataclass

from msanii_live.training.data.scores import PACKAGE


@dataclass(frozen=True)
class DataSource:
    """One source of training data."""

    what: str
    where: str
    licence: str
    use: str


SOURCES = (
    DataSource(
        "1,000 generated pieces, ten styles, 11 to 12 h",
        "this repository: training/data/grooves.py, piano_pieces.py",
        "Apache-2.0, the project's own",
        "train, validate, test (split by piece)",
    ),
    DataSource(
        "10 piano scores typeset by Mutopia, 35 min",
        f"npm {PACKAGE}",
        "public domain, as each file's provenance says",
        "train",
    ),
    DataSource(
        "10,000 further pieces for the composer, 448 excerpts of such for the transcriber",
        "this repository: training/data/composition",
        "Apache-2.0, the project's own",
        "train, validate, test (split by piece)",
    ),
    DataSource(
        "FluidR3 GM, the sounds of all that is rendered",
        "Debian fluid-soundfont-gm",
        "MIT (Frank Wen); notice in NOTICE",
        "render",
    ),
    DataSource(
        "MuseScore General Lite, for the transcriber alone",
        "Debian musescore-general-soundfont-small",
        "MIT (S. Christian Collins and others)",
        "render, train",
    ),
    DataSource(
        "TimGM6mb, for the transcriber alone",
        "Debian timgm6mb-soundfont",
        "GPL-2 (Tim Brechbill)",
        "render, train",
    ),
    DataSource(
        "OPL-3 FM 128M, for the transcriber alone",
        "Debian opl3-soundfont",
        "CC-BY-SA-4.0 (Zandro Reveille)",
        "render, train",
    ),
)


def licence_table() -> str:
    """Return the table as Markdown."""
    rows = [("source", "where from", "licence", "use"), ("---",) * 4]
    rows += [(s.what, s.where, s.licence, s.use) for s in SOURCES]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
