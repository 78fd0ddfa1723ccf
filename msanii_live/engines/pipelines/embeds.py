"""Weighted prompts: the mean of the texts' embeddings."""

from __future__ import annotations

from collections.abc import Callable

import torch

from msanii_live.engines.pipelines.words import PromptWords

Encoded = tuple[torch.Tensor, torch.Tensor]
"""Embeddings, (1, tokens, dimensions), and which tokens count, (1, tokens)."""


def weighted_embeds(words: PromptWords, encode: Callable[[str], Encoded]) -> Encoded:
    """Return the mean of the embeddings of all texts, by weight, token by token.

    Where a text has ended, the others share its weight. encode: takes one text; all that it returns
    have the same number of tokens.
    """
    encoded = [encode(text) for text, _ in words.parts]
    shares = torch.stack(
        [mask.float() * w for (_, mask), (_, w) in zip(encoded, words.parts, strict=True)]
    )
    total = shares.sum(0).clamp_min(1e-9)
    mixed = sum(
        embeds.float() * (share / total)[..., None]
        for (embeds, _), share in zip(encoded, shares, strict=True)
    )
    assert isinstance(mixed, torch.Tensor)
    mask = torch.stack([mask for _, mask in encoded]).amax(0)
    # Tokens beyond every text: as the first text has them.
    empty = (mask == 0)[..., None]
    return torch.where(empty, encoded[0][0].float(), mixed).to(encoded[0][0].dtype), mask
