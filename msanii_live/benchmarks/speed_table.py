"""Turn what `speed.measure` returns into Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def speed_markdown(results: Mapping[str, Any]) -> str:
    """Return the section of docs/benchmarks.md with the timings and the method."""
    on, server = results["machine"], results["server"]
    recipes = results["recipe2023"]
    best = min(recipes, key=lambda recipe: float(recipe["total"]))
    jobs, pings = server["jobs"], server["ping"]
    runs = next(iter(jobs.values()))["runs"]
    memory = server["peak_memory_mb"]
    lines = [
        f"{on['cpu']}, {on['threads']} threads, {on['system']}, Python {on['python']}, "
        f"torch {on['torch']}. Each job is timed from its OSC message to `/msanii/job/done`, WAV "
        f"written; median of {runs} runs after one that is not counted.",
        "",
        "| | median | least | most |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {name} | {job['median']:.2f} s | {job['least']:.2f} s | {job['most']:.2f} s |"
            for name, job in jobs.items()
        ),
        "",
        "| | |",
        "| --- | ---: |",
        f"| from the start of the program to the ready line, model warm | "
        f"{server['cold_start']:.2f} s |",
        f"| first `/msanii/generate` of 6 s after it | {server['first_generate']:.2f} s |",
        *(
            f"| ping, {name} (median, 99th percentile of {row['runs']}) | "
            f"{row['median'] * 1e3:.2f} ms, {row['p99'] * 1e3:.2f} ms |"
            for name, row in pings.items()
        ),
        f"| peak memory | {'not known here' if memory is None else f'{memory:.0f} MiB'} |",
        "",
        _recipe_text(best),
        "",
        "| 2023 recipe, 6 s | network | Griffin-Lim | total | an outpainting (RePaint) |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {r['precision']}, {r['step']:.3f} s a step | {r['network']:.1f} s | "
            f"{r['griffin_lim']:.1f} s | {r['total']:.1f} s | {r['repaint']:.0f} s |"
            for r in recipes
        ),
        "",
    ]
    made, longer = jobs["generate 6 s"]["median"], jobs["outpaint 6 s"]["median"]
    lines.append(
        f"Against its faster row, generating 6 s takes 1/{best['total'] / made:.0f} of the time, "
        f"outpainting by 6 s 1/{best['repaint'] / longer:.0f}."
    )
    return "\n".join(lines) + "\n"


def _recipe_text(recipe: Mapping[str, Any]) -> str:
    how = (
        f"The network's time is extrapolated: {recipe['steps']} times the median of "
        f"{recipe['measured']} warm steps that were run."
        if recipe["extrapolated"]
        else f"All {recipe['steps']} steps were run."
    )
    return (
        f"The 2023 recipe in the same run: {recipe['steps']} DDIM steps of the 49.9 M U-Net, at "
        f"random weights, then {recipe['iterations']} iterations of Griffin-Lim, all measured; its "
        f"vocoder is left out, in its favour. {how} Its outpainting, 1,910 evaluations, is always "
        "extrapolated."
    )
