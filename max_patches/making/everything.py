"""Name every file that is generated."""

from __future__ import annotations

from max_patches.making import pd_client, pd_pages, pd_player


def files() -> dict[str, bytes]:
    """Return the content of each generated file by its path beneath max_patches."""
    return {name: text.encode() for name, text in pure_data().items()}


def pure_data() -> dict[str, str]:
    """Return the Pure Data library."""
    made = {
        "msanii": pd_client.client(), "msanii-player~": pd_player.player(),
        "msanii-deck~": pd_player.deck(),
    }  # fmt: skip
    made |= {f"{name}-help": pd_pages.help_patch(name) for name in list(made)}
    made |= {f"examples/{name}": pd_pages.example_patch(name) for name in pd_pages.EXAMPLES}
    return {f"pd/msanii/{name}.pd": canvas.render() for name, canvas in made.items()}
