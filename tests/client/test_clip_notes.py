"""A clip's notes and stems, as the Python client reads them: from the files or from the page."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from msanii_live.client import AsyncClient, Client, UnreadableClip
from msanii_live.client.clip_source import PageAddress
from msanii_live.client.replies import MadeClip
from msanii_live.library.library import Library
from msanii_live.midi.files import to_midi
from msanii_live.notes import PARTS
from tests.client.test_clip_source import remote as remote
from tests.library.clips import band
from tests.midi.bands import BAND

PER_SECOND = BAND.bpm / 60 * 9_600  # ticks of a file


def in_ticks(notes):
    return sorted(
        (round(n.start * PER_SECOND), round(n.end * PER_SECOND), n.pitch, n.velocity, n.part)
        for n in notes
    )


@pytest.fixture(scope="module")
def made(tones):
    """Return a clip with notes and stems, as a server answers with one."""
    clip = band("banded")
    path = Library(tones.folder).add(clip)
    assert tones.ask("/msanii/clip/load", "banded.wav", timeout=60).address == "/msanii/done"
    return MadeClip("banded", path, clip.info.seconds, 44_100, 2, 5, 0.1)


def test_notes_and_stems_come_from_the_files_beside_the_clip(made):
    assert in_ticks(made.notes) == in_ticks(BAND.notes)
    assert made.score.key == BAND.key
    assert [marker.text for marker in made.score.markers] == ["Am", "verse", "F"]
    assert list(made.stems) == list(PARTS)
    total = sum(stem.astype(np.float64) for stem in made.stems.values())
    assert np.abs(total - made.read()).max() <= 2**-20


def test_notes_and_stems_come_from_the_page(made, tones):
    far = replace(made, page=PageAddress("127.0.0.1", tones.server.http_port))
    assert far.notes == made.notes
    assert list(far.stems) == list(PARTS)
    assert all(np.array_equal(far.stems[part], made.stems[part]) for part in PARTS)


def test_a_rendered_file_knows_its_notes(tones, remote):
    for server in (tones.server, remote):
        with Client(server.host, server.osc_port) as client:
            folder = client.generate(seconds=0.5).path.parent
            (folder / "riff.mid").write_bytes(to_midi(BAND))
            clip = client.render("riff")
            assert (clip.page is None) is (server is tones.server)
            assert in_ticks(clip.notes) == in_ticks(BAND.notes)
            assert clip.stems == {}


def test_a_clip_whose_notes_are_unknown_has_none(tones):
    async def main():
        async with AsyncClient(tones.server.host, tones.server.osc_port) as client:
            return await client.generate(seconds=0.5)

    clip = asyncio.run(main())
    assert (clip.score, clip.notes, clip.stems) == (None, [], {})
    far = replace(clip, page=PageAddress("127.0.0.1", tones.server.http_port))
    assert (far.score, far.notes, far.stems) == (None, [], {})


def test_files_that_are_gone_are_said(tones):
    with Client(tones.server.host, tones.server.osc_port) as client:
        clip = client.generate(seconds=0.5)
    clip.path.with_suffix(".json").unlink()
    for read in (lambda: clip.notes, lambda: clip.stems):
        with pytest.raises(UnreadableClip, match=clip.name):
            read()
