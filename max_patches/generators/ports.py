"""The inlets and outlets of Max objects, as Max writes them into a patch."""

from __future__ import annotations

# Inlets, and the type of each outlet: m message, b bang, i int, f float, s signal, l list.
FIXED = {
    "udpsend": (1, ""), "udpreceive": (1, "m"),
    "prepend": (1, "m"), "append": (1, "m"), "tosymbol": (1, "m"), "deferlow": (1, "m"),
    "loadbang": (1, "b"), "live.thisdevice": (1, "bii"), "opendialog": (1, "mb"),
    "metro": (2, "b"), "delay": (2, "b"), "random": (2, "i"), "counter": (5, "imii"),
    "i": (2, "i"), "f": (2, "f"), "+": (2, "i"), "-": (2, "i"), "*": (2, "i"), "==": (2, "i"),
    "change": (1, "mii"), "zl.join": (2, "mm"), "zl.slice": (2, "mm"), "zl.change": (2, "mm"),
    "zl.reg": (2, "mm"), "buffer~": (1, "fb"), "groove~": (3, "sss"), "line~": (2, "sb"),
    "*~": (2, "s"), "-~": (2, "s"), "+~": (2, "s"), "cos~": (1, "s"), "sig~": (1, "s"),
    "info~": (1, "flfffffmim"), "transport": (2, "iiffflifm"), "plugout~": (2, "ss"),
    "regexp": (1, "mmmmm"), "phasor~": (2, "s"),
    "midiin": (1, "i"), "notein": (1, "iii"), "stripnote": (2, "ii"), "dac~": (2, ""),
    "print": (1, ""), "js": (1, "m"), "pcontrol": (1, "m"), "r": (0, "m"), "s": (1, ""),
    "inlet": (0, "m"), "outlet": (1, ""),
    "edge~": (1, "bb"), "thispatcher": (1, "mm"), "mtof": (1, "m"),
    "msanii": (1, "mmmmm"), "msanii-player~": (1, "ssmm"),
    # controls
    "toggle": (1, "i"), "button": (1, "b"), "message": (2, "m"), "comment": (1, ""),
    "number": (1, "mb"), "flonum": (1, "mb"), "slider": (1, "m"), "led": (1, "i"),
    "waveform~": (5, "fffflm"), "ezdac~": (2, ""), "panel": (1, ""), "textedit": (1, "mimm"),
    "live.dial": (1, "mf"), "live.menu": (1, "mmf"), "live.text": (1, "mm"),
    "live.toggle": (1, "m"), "live.numbox": (1, "mf"), "live.gain~": (2, "ssmfl"),
    "live.comment": (1, ""), "live.tab": (1, "mmf"), "umenu": (1, "imm"),
}  # fmt: skip
TYPES = {"m": "", "b": "bang", "i": "int", "f": "float", "s": "signal", "l": "list"}


def ports(text: str) -> tuple[int, list[str]]:
    """Return the number of inlets and the outlet types of an object. text: what is typed in it.

    Raises: KeyError: the object is not in `FIXED`.

    >>> ports("route done fail")
    (3, ['', '', ''])
    >>> ports("t b l")
    (1, ['bang', ''])
    """
    name, *rest = text.split()
    arguments = [word for word in rest if not word.startswith("@")]
    match name:
        case "t":
            return 1, [TYPES.get("m" if kind in "sl" else kind, "int") for kind in arguments]
        case "route":
            return len(arguments) + 1, [""] * (len(arguments) + 1)
        case "sel":
            return len(arguments) + 1, ["bang"] * len(arguments) + [""]
        case "unpack":
            return 1, [_kind(word) for word in arguments]
        case "pack":
            return len(arguments), [""]
        case "gate":
            return 2, [""] * int(arguments[0])
        case "wave~":  # of a buffer, and its channels
            return 3, ["signal"] * int(arguments[1])
        case "sprintf":
            return max(1, text.count("%") - 2 * text.count("%%")), [""]
        case "expr":
            return max(int(text[i + 2]) for i, c in enumerate(text) if c == "$"), [""]
    inlets, outlets = FIXED[name]
    return inlets, [TYPES[kind] for kind in outlets]


def _kind(word: str) -> str:
    if word == "s":
        return ""
    return "float" if word == "f" or "." in word else "int"
