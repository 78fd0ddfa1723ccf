"""What engines share that play each part by itself."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from msanii_live.dsp import torch_runtime
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import Context
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.engines.notes.synthesis import MelGrid, V, VocodedNotesEngine
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render


class PartPlayerEngine(VocodedNotesEngine[V]):
    """An engine whose clip is the sum of its parts, each played by itself."""

    def render_parts(
        self, score: Score, command: Render, context: Context, with_stems: bool = True
    ) -> PlayedParts:
        """Play the parts of a score.

        The clip is what `run` returns for the same score, command and seed, bit for bit. The stems
        of the parts that play sum to it, to 2^-20.
        Raises: as `run`.
        """
        net = self._load_network()
        context = replace(context, score=lambda name: score)
        with torch_runtime.inference(self._dtype):
            score = self._by_programs(command, context)
            return self._play(net, score, command, context, with_stems)

    @abstractmethod
    def _play(
        self, net: V, score: Score, command: Render, context: Context, with_stems: bool
    ) -> PlayedParts:
        """Play each part by itself. The clip is the sum of the parts, in stereo.

        with_stems: return them too; the clip is the same without.
        """

    def _part_vocoders(self, grid: MelGrid, score: Score) -> dict[str, VocoderSettings]:
        """Return the vocoder of each part, which knows the part's notes."""
        return {
            part: grid.vocoder(self._vocoder, notes)
            for part, notes in notes_by_part(score.notes).items()
        }
