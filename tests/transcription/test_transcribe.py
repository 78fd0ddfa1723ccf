"""Check a score that is put together from what is heard."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from msanii_live.audio import make_clip
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.notes import CHORD
from msanii_live.transcription import transcribe as transcription
from msanii_live.transcription.network import Transcriber, TranscriberConfig
from msanii_live.transcription.spectrogram import BANDS, listen
from msanii_live.transcription.transcribe import Listener, likelihoods, transcribe
from msanii_live.transcription.weights import load, save
from tests.transcription import oracle

SMALL = TranscriberConfig(channels=16, key_blocks=1, width=16, blocks=2, hidden=16)
CLIP = make_clip(np.zeros((round(oracle.SECONDS * 44_100), 1), np.float32), 44_100)


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8), (5, 4)])
def test_a_score_has_the_tempo_metre_and_chords_that_are_heard(
    metre: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    composition, heard = oracle.piece(4, metre)
    made = oracle.with_silence(oracle.certain(heard))
    monkeypatch.setattr(transcription, "likelihoods", lambda net, sound, progress: made)
    score = transcribe(Transcriber(SMALL), CLIP)
    assert score.metre == metre
    assert score.bpm == pytest.approx(composition.tempo, rel=0.003)
    assert min(score.bar, 1 - score.bar) < 0.01
    assert score.seconds == pytest.approx(oracle.SECONDS)
    names = [chord.name.partition("/")[0] for chord in composition.chords]
    found = [marker.text for marker in score.markers if marker.kind == CHORD]
    assert found[0] == names[0]
    assert set(found) <= set(names)


def test_a_tempo_that_the_clip_declares_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    composition, heard = oracle.piece(4, (4, 4))
    made = oracle.with_silence(oracle.certain(heard))
    monkeypatch.setattr(transcription, "likelihoods", lambda net, sound, progress: made)
    known = round(composition.tempo * 1.001, 3)
    score = transcribe(Transcriber(SMALL), replace(CLIP, info=replace(CLIP.info, bpm=known)))
    assert score.bpm == known


def test_windows_of_a_long_clip_join_without_a_seam() -> None:
    torch.manual_seed(1)
    net = Transcriber(SMALL).eval()
    sound = torch.randn(3_000, BANDS)
    whole, parts = net(sound[None]), likelihoods(net, sound)
    inner = slice(200, 2_800)
    assert parts.drums.shape == whole.drums.shape
    assert torch.allclose(parts.onsets[:, inner], whole.onsets[:, inner], atol=1e-3)


def test_progress_can_end_the_work() -> None:
    def stop(done: int, steps: int) -> None:
        raise Cancelled(done)

    with pytest.raises(Cancelled):
        transcribe(Transcriber(SMALL), CLIP, stop)


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    net = Transcriber(SMALL)
    save(tmp_path / "t.safetensors", net)
    again = load(tmp_path / "t.safetensors")
    assert again.config == SMALL
    pairs = zip(net.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.allclose(a, b, atol=2e-3) for a, b in pairs)
    (tmp_path / "t.safetensors").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path / "t.safetensors")
    with pytest.raises(CommandError) as failure:
        Listener(tmp_path / "missing.safetensors").score(CLIP)
    assert failure.value.code is Code.EENGINE


def test_a_tone_stands_out_in_the_band_of_its_key() -> None:
    time = np.arange(2 * 44_100) / 44_100
    tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    sound = listen(np.stack([tone, tone], axis=1), 44_100)
    assert sound.shape == (100, BANDS)
    assert int(sound[50].argmax()) == 3 * (69 - 21) + 1
    assert listen(np.zeros((0, 2), np.float32), 44_100).shape == (0, BANDS)
    louder = listen(2 * tone, 44_100)  # every clip is brought to one level
    assert torch.allclose(louder, sound, atol=1e-3)
