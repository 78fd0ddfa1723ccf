"""Check which notes a name means: a take, a MIDI file, or the notes of a clip."""

import pytest

from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Code
from msanii_live.jobs.services import Services
from msanii_live.library.layout import Layout
from msanii_live.library.library import Library
from msanii_live.midi.files import to_midi
from msanii_live.playback.factory import open_player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from tests.library.clips import band, noise, refusal
from tests.midi.bands import BAND


@pytest.fixture
def services(tmp_path):
    timebase = Timebase()
    transport = Transport(clock=timebase.now)
    player, _ = open_player("none", transport, timebase)
    library = Library(tmp_path, layout=Layout("by-day", "{bpm}-{name}"))
    yield Services(EngineRegistry("cpu", "tones"), library, player, transport)
    player.close()


def test_the_notes_of_a_clip_are_found_by_its_name(services):
    path = services.library.add(band("sung"))
    in_folder = path.with_suffix(".mid").relative_to(services.library.folder).as_posix()
    for name in ("sung", "sung.mid", in_folder):
        assert len(services.score(name).notes) == len(BAND.notes)


def test_a_midi_file_of_the_user_comes_before_them(services):
    services.library.add(band("sung"))
    theirs = BAND.only(["bass"])
    (services.library.folder / "sung.mid").write_bytes(to_midi(theirs))
    assert len(services.score("sung").notes) == len(theirs.notes) < len(BAND.notes)


def test_a_clip_without_notes_has_none(services):
    services.library.add(noise("mute"))
    with refusal(Code.ENOCLIP):
        services.score("mute")
