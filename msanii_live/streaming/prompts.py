"""A prompt between two, by one number."""

from __future__ import annotations

from msanii_live.engines.pipelines.words import split_weights


def prompt_between(first: str, second: str, mix: float, weighs: bool) -> str:
    """Return the prompt at a point between two, where either may be empty.

    mix: 0 is the first alone, 1 the second alone. weighs: the engine follows weights in a prompt;
    if it does not, the nearer prompt is taken.

    >>> prompt_between("dark techno, rain", "house:2, choir", 0.25, True)
    'dark techno; rain:0.75, house:0.1667, choir:0.08333'
    >>> prompt_between("dark", "bright", 0.25, False), prompt_between("dark", "", 0.9, True)
    ('dark', 'dark')
    """
    if not (first and second):
        return first or second
    if mix <= 0 or mix >= 1 or not weighs:
        return first if mix < 0.5 else second
    parts = [*_shares(first, 1 - mix), *_shares(second, mix)]
    return ", ".join(f"{text}:{share:.4g}" for text, share in parts if share >= 1e-4)


def _shares(prompt: str, share: float) -> list[tuple[str, float]]:
    """Return the parts of a prompt with shares that sum to `share`; a comma would end a part."""
    parts = split_weights(prompt)
    total = sum(weight for _, weight in parts)
    return [(text.replace(",", ";"), share * weight / total) for text, weight in parts]
