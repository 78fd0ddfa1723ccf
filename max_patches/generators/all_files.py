"""All generated files, by path."""

from __future__ import annotations

from max_patches.generators import (
    device,
    max_client,
    max_pages,
    max_player,
    max_stems,
    maxref,
    open_stage_control,
    pd_client,
    pd_examples,
    pd_help,
    pd_player,
    pd_stems,
    quark,
    touchosc,
)  # fmt: skip

PACKAGE = "msanii-live"


def generated_files() -> dict[str, bytes]:
    """Return the content of each generated file by its path in max_patches."""
    return {**max_package(), **pure_data(), **super_collider(), **touch_controllers()}


def max_package() -> dict[str, bytes]:
    """Return the Max package, with the device for Live."""
    patches = {
        "patchers/msanii.maxpat": max_client.client(),
        "patchers/msanii-player~.maxpat": max_player.player(),
        "help/msanii.maxhelp": max_pages.help_patch("msanii"),
        "help/msanii-player~.maxhelp": max_pages.help_patch("msanii-player~"),
        "extras/msanii-live.maxpat": max_pages.overview(),
    }
    for name in max_pages.EXAMPLES:
        patches[f"examples/msanii-{name}.maxpat"] = max_pages.example_patch(name)
    patches["examples/msanii-stems.maxpat"] = max_stems.stems_patch()
    content = {name: patch.render() for name, patch in patches.items()}
    content["docs/msanii.maxref.xml"] = maxref.client_page().encode()
    content["docs/msanii-player~.maxref.xml"] = maxref.player_page().encode()
    content["package-info.json"] = maxref.package_info().encode()
    content["devices/Msanii Live.amxd"] = device.device()
    return {f"{PACKAGE}/{name}": data for name, data in content.items()}


def pure_data() -> dict[str, bytes]:
    """Return the Pure Data library."""
    canvases = {
        "msanii": pd_client.client(), "msanii-player~": pd_player.player(),
        "msanii-deck~": pd_player.deck(),
    }  # fmt: skip
    canvases |= {f"{name}-help": pd_help.help_patch(name) for name in list(canvases)}
    canvases |= {
        f"examples/{name}": pd_examples.example_patch(name) for name in pd_examples.EXAMPLES
    }
    canvases["examples/stems"] = pd_stems.stems_patch()
    return {f"pd/msanii/{name}.pd": canvas.render().encode() for name, canvas in canvases.items()}


def super_collider() -> dict[str, bytes]:
    """Return the generated files of the Quark."""
    texts = {
        "Classes/MsaniiCommands.sc": quark.classes(),
        "HelpSource/Classes/Msanii.schelp": quark.client_help(),
    }
    return {f"supercollider/Msanii/{name}": text.encode() for name, text in texts.items()}


def touch_controllers() -> dict[str, bytes]:
    """Return the layouts for TouchOSC and Open Stage Control."""
    return {
        "touchosc/msanii.tosc": touchosc.layout(),
        "open_stage_control/msanii.json": open_stage_control.session(),
    }
