"""Test the pictures and the page of the rack, and its commands in the shell."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from msanii_live.cli import main
from msanii_live.midi import files
from msanii_live.rack.audition import BAR, TAIL, bar_of, contact_sheet, file_stem, sound_names
from tests.rack.test_render import groove


def test_every_sound_has_a_bar() -> None:
    for name in sound_names():
        notes = bar_of(name)
        assert notes
        assert max(note.end for note in notes) <= BAR + 0.2
    stems = [file_stem(name) for name in sound_names()]
    assert len(set(stems)) == len(stems)


def test_audition_writes_sounds_pictures_and_a_page(tmp_path: Path) -> None:
    names = ["acid", "analogue: kick"]
    assert main(["rack", "audition", "--out", str(tmp_path / "out"), *names]) == 0
    for stem in ("acid", "analogue-kick"):
        wave, rate = soundfile.read(tmp_path / "out" / f"{stem}.wav")
        assert rate == 44_100
        assert len(wave) == round((BAR + TAIL) * rate)
        assert 0.05 < np.abs(wave).max() <= 1.0
        picture = np.asarray(Image.open(tmp_path / "out" / f"{stem}.png").convert("L"))
        assert picture.shape == (260, 420)
        assert picture.std() > 20  # something is drawn
    page = (tmp_path / "out" / "index.html").read_text()
    assert "acid.png" in page
    assert "analogue-kick.wav" in page
    assert contact_sheet(names) == page


def test_a_page_of_the_user_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "index.html"
    page.write_text("<h1>mine</h1>")
    assert main(["rack", "audition", "--out", str(tmp_path), "sub"]) == 2
    assert "index.html is a file of yours" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    page.write_text(contact_sheet(["acid"]))
    assert main(["rack", "audition", "--out", str(tmp_path), "sub"]) == 0
    assert "sub.png" in page.read_text()


def test_a_sound_that_does_not_exist_is_told_before_any_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rack", "audition", "--out", str(tmp_path / "out"), "acid", "kazoo"]) == 2
    assert "kazoo" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rack", "list"]) == 0
    out = capsys.readouterr().out
    for word in ("supersaw", "modal", "open hat", "drum and bass"):
        assert word in out


def test_render_plays_a_midi_file_with_stems(tmp_path: Path) -> None:
    midi, out = tmp_path / "riff.mid", tmp_path / "x.wav"
    midi.write_bytes(files.to_midi(groove()))
    command = ["rack", "render", str(midi), "--style", "techno", "--out", str(out), "--stems"]
    assert main(command) == 0
    mix, _ = soundfile.read(out)
    stems = [soundfile.read(tmp_path / f"x.{part}.wav")[0] for part in ("drums", "bass", "pad")]
    assert len(mix) == round(groove().seconds * 44_100)
    assert all(np.abs(stem).max() > 0.001 for stem in stems)
    assert 0.3 < np.abs(mix).max() < 0.9


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--style", "polka"], "polka"), (["--instrument", "kazoo"], "kazoo"),
     (["--drive", "2"], "0 to 1")],
)  # fmt: skip
def test_render_says_what_is_wrong(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "riff.mid").write_bytes(files.to_midi(groove()))
    assert main(["rack", "render", str(tmp_path / "riff.mid"), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_sheet_shows_all_in_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    assert main(["rack", "audition", "--sheet", str(path), "sub", "analogue: kick"]) == 0
    picture = np.asarray(Image.open(path).convert("L"))
    assert picture.shape == (135, 1_140)
    assert picture.std() > 20
