"""Max and Live cannot be run here: their files are checked for what would break in them."""

import json
import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from py2max import Patcher
from py2max.lint import lint

from max_patches.generators import amxd, panel_picture
from msanii_live.protocol.commands import COMMANDS
from tests.patches.test_generated import boxes

PACKAGE = Path(__file__).parents[2] / "max_patches" / "msanii-live"
DEVICE = PACKAGE / "devices" / "Msanii Live.amxd"
PATCHES = sorted([*PACKAGE.rglob("*.maxpat"), *PACKAGE.rglob("*.maxhelp")])
OURS = ("msanii", "msanii-player~")
PANEL_HEIGHT = 169


def device():
    return amxd.unpack(DEVICE.read_bytes())[1]["patcher"]


@pytest.fixture(params=[*PATCHES, DEVICE], ids=lambda path: path.name)
def patch_file(request, tmp_path):
    """A patch as a .maxpat; the device's patcher is written out as one."""
    if request.param.suffix != ".amxd":
        return request.param
    path = tmp_path / "device.maxpat"
    path.write_text(json.dumps({"patcher": device()}))
    return path


def test_py2max_finds_nothing_wrong(patch_file):
    found = lint(Patcher.from_file(str(patch_file)))
    unexplained = [
        f for f in found if not any(f"object '{name}' is not" in str(f) for name in OURS)
    ]
    assert unexplained == []


def test_ids_are_unique_and_wires_end_at_boxes(patch_file):
    def check(patcher):
        ids = [item["box"]["id"] for item in patcher["boxes"]]
        assert len(ids) == len(set(ids))
        by_id = {item["box"]["id"]: item["box"] for item in patcher["boxes"]}
        ends = []
        for line in patcher["lines"]:
            (source, outlet), (sink, inlet) = line["patchline"].values()
            assert outlet < by_id[source]["numoutlets"]
            assert inlet < by_id[sink]["numinlets"]
            ends.append((source, outlet, sink, inlet))
        assert len(ends) == len(set(ends))
        for box in by_id.values():
            if "patcher" in box:
                check(box["patcher"])

    check(json.loads(patch_file.read_text())["patcher"])


# Boxes to which no cord leads: they speak by themselves, or the user clicks them.
SOURCES = {"loadbang", "live.thisdevice", "notein", "metro", "buffer~", "groove~", "sig~",
           "message", "button", "toggle", "slider", "udpreceive", "inlet", "comment",
           "p"}  # fmt: skip
# Boxes from which no cord needs to lead: they are seen or heard, or they keep what others read.
SINKS = {"print", "udpsend", "outlet", "comment", "led", "number", "flonum", "waveform~", "ezdac~",
         "plugout~", "pcontrol", "buffer~"}  # fmt: skip


def test_no_box_is_left_unconnected(patch_file):
    """A wire that is missing is seen by nothing else: the patch is valid, and silent."""

    def check(patcher):
        ends = [list(line["patchline"].values()) for line in patcher["lines"]]
        sources, sinks = ({end[i][0] for end in ends} for i in (0, 1))
        for box in (item["box"] for item in patcher["boxes"]):
            newobj = box["maxclass"] == "newobj"
            name = box["text"].split()[0] if newobj else box["maxclass"]
            if "patcher" in box:
                check(box["patcher"])
            if name.startswith("live.") or (name in OURS and patch_file.stem == "msanii-live"):
                continue  # parameters; the overview only shows our boxes
            assert box["id"] in sinks or name in SOURCES, box
            is_named = box.get("text", "").startswith(";")  # a message to a receiver by name
            assert box["id"] in sources or name in SINKS or is_named, box

    check(json.loads(patch_file.read_text())["patcher"])


def test_nothing_of_this_machine_and_no_bootpath(patch_file):
    text = patch_file.read_text()
    assert "bootpath" not in text
    assert not re.search(r"/(home|Users|root|tmp|work)/", text)
    assert json.loads(text)["patcher"].get("dependency_cache", []) == []


def test_only_objects_that_come_with_max(patch_file):
    for box in boxes(json.loads(patch_file.read_text())["patcher"]):
        if box["maxclass"] == "newobj":
            name, *words = box["text"].split()
            assert name not in {"node.script", "v8", "mxj"}
            if name == "js":  # Max looks in the patch's own folder
                assert patch_file.name == "device.maxpat"
                assert (DEVICE.parent / words[0]).is_file()


def test_controls_have_hints_and_ports_have_comments(patch_file):
    counted = 0
    for box in boxes(json.loads(patch_file.read_text())["patcher"]):
        kind = box["maxclass"]
        if kind in ("inlet", "outlet"):
            assert box["comment"], box
            counted += 1
        elif kind not in ("newobj", "message", "comment"):
            assert box["hint"], box
            counted += 1
    assert counted or patch_file.name == "msanii-live.maxpat"


def test_the_device_is_rebuilt_byte_for_byte():
    content = DEVICE.read_bytes()
    kind, tree = amxd.unpack(content)
    assert kind == "instrument"
    assert amxd.pack(tree, kind) == content
    with pytest.raises(ValueError, match="cut short"):
        amxd.unpack(content[:-3])


def test_the_panel_fits_and_nothing_overlaps():
    shown = [box for box in boxes(device()) if box.get("presentation")]
    assert len(shown) > 15
    patcher = device()
    assert patcher["openinpresentation"] == 1
    for box in shown:
        x, y, w, h = box["presentation_rect"]
        assert x >= 0
        assert y >= 0
        assert x + w <= patcher["devicewidth"]
        assert y + h <= PANEL_HEIGHT, box
    for a, b in combinations(shown, 2):
        (ax, ay, aw, ah), (bx, by, bw, bh) = a["presentation_rect"], b["presentation_rect"]
        apart = ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
        assert apart, (a.get("text", a["maxclass"]), b.get("text", b["maxclass"]))


def test_every_word_on_the_panel_fits_its_control():
    shown = [box for box in boxes(device()) if box.get("presentation")]
    for box in shown:
        words = [panel_picture.label(box)]
        if box["maxclass"] == "live.menu":
            words = box["saved_attribute_attributes"]["valueof"]["parameter_enum"]
        for word in words:
            assert panel_picture.fits(word, box["presentation_rect"][2]), word


def test_the_picture_of_the_panel_is_up_to_date():
    """`python -m max_patches.generators.docs_images docs/pictures` draws it."""
    drawn = panel_picture.draw(device(), "Msanii Live")
    assert drawn == (PACKAGE.parents[1] / "docs" / "pictures" / "live-panel.svg").read_text("utf-8")
    named = [box for box in boxes(device()) if box["maxclass"] in ("live.dial", "live.text")]
    assert all(f">{box['varname']}<" in drawn for box in named)


def test_parameters_have_names_of_their_own_and_can_be_automated():
    found = [box for box in boxes(device()) if box.get("parameter_enable")]
    values = [box["saved_attribute_attributes"]["valueof"] for box in found]
    names = [value["parameter_longname"] for value in values]
    assert len(names) == len(set(names)) >= 16
    assert sum(box["maxclass"] == "live.dial" for box in found) == 5
    for box, value in zip(found, values, strict=True):
        assert box["maxclass"].startswith("live.")
        assert value["parameter_invisible"] == 0  # stored and automated
        if value["parameter_type"] == 1:
            assert 0 <= value["parameter_mmin"] <= value["parameter_mmax"] <= 255
        if value["parameter_type"] == 2:
            assert value["parameter_mmax"] == len(value["parameter_enum"]) - 1
    listed = device()["parameters"]
    assert {listed[box["id"]][0] for box in found} == set(names)
    assert set(listed["parameterbanks"]["0"]["parameters"]) <= set(names)


def test_two_devices_share_no_buffer_and_no_port():
    texts = [box["text"] for box in boxes(device()) if box["maxclass"] in ("newobj", "message")]
    named = [word for text in texts for word in text.split() if "msanii-" in word]
    # The name of the server, in words, and that of the script are the same for all.
    named = [word for word in named if word not in ("msanii-live", "msanii-into-live.js")]
    assert len(named) >= 6
    assert all(word.startswith("---") for word in named), named
    assert not any(text.startswith(("s ", "r ", "send ", "receive ")) for text in texts)
    assert any(text.startswith("random ") for text in texts)  # where the search for a port begins
    assert any("notify 1 $1" in text for text in texts)


def test_the_reference_has_a_method_for_each_command():
    page = ET.parse(PACKAGE / "docs" / "msanii.maxref.xml").getroot()
    names = {method.get("name") for method in page.iter("method")}
    assert {command.address for command in COMMANDS} <= names
    for name in OURS:
        page = ET.parse(PACKAGE / "docs" / f"{name}.maxref.xml").getroot()
        tree = json.loads((PACKAGE / "patchers" / f"{name}.maxpat").read_text())["patcher"]
        kinds = [box["maxclass"] for box in boxes(tree)]
        assert len(list(page.iter("inlet"))) == kinds.count("inlet")
        assert len(list(page.iter("outlet"))) == kinds.count("outlet")


def test_the_package_says_what_it_is():
    told = json.loads((PACKAGE / "package-info.json").read_text())
    assert told["name"] == "msanii-live"
    assert (PACKAGE / "extras" / told["homepatcher"]).is_file()
    assert (PACKAGE / "icon.png").read_bytes().startswith(b"\x89PNG")
