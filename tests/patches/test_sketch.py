"""The language that patches are written in."""

import doctest
import importlib
import json
import pkgutil

import pytest

import max_patches.generators
from max_patches.generators.maxpat import Patcher
from max_patches.generators.pd import Canvas
from max_patches.generators.sketch import Wire, parse_sketch, resolve_overlaps

SKETCH = """
    in   20 20  [route a b] || hint words
    go   20 60  (0, $1 30)
    in:1 -> go -> in
"""


def test_a_sketch_says_boxes_and_wires():
    boxes, wires = parse_sketch(SKETCH)
    assert [(box.name, box.kind, box.text) for box in boxes] == [
        ("in", "object", "route a b"),
        ("go", "message", "0, $1 30"),
    ]
    assert boxes[0].options == {"hint": "words"}
    assert wires == [Wire("in", 1, "go", 0), Wire("go", 0, "in", 0)]


def test_what_is_no_sketch_is_refused():
    with pytest.raises(ValueError, match="neither a box nor wires"):
        parse_sketch("in 20 [route]")
    with pytest.raises(ValueError, match="two boxes"):
        Canvas().draw("a 1 1 [f]\na 1 30 [f]")
    with pytest.raises(KeyError):
        Canvas().draw("a 1 1 [f]\na -> b")
    with pytest.raises(ValueError, match="no such port"):
        Patcher().draw("a 1 1 [route x]\nb 1 40 [t b]\na:2 -> b")
    with pytest.raises(KeyError):
        Patcher().draw("a 1 1 [jit.gl.unheard-of]")
    with pytest.raises(ValueError, match="semicolon"):
        Canvas().draw('20 20 "one; two"')


def test_pure_data_and_max_write_the_same_sketch():
    pd = Canvas().draw(SKETCH).render()
    assert "#X msg 20 60 0 \\, \\$1 30;" in pd
    assert "#X connect 0 1 1 0;" in pd
    patcher = json.loads(Patcher().draw(SKETCH).render())["patcher"]
    route, message = (item["box"] for item in patcher["boxes"])
    assert (route["numinlets"], route["numoutlets"]) == (3, 3)
    assert message["text"] == "0, $1 30"
    assert patcher["lines"][0]["patchline"] == {
        "source": ["obj-1", 1], "destination": ["obj-2", 0]
    }  # fmt: skip


def test_boxes_are_pushed_apart_in_their_order():
    boxes, _ = parse_sketch('20 20 "a"\n25 20 "b"\n20 24 "c"\n20 60 "d"')
    settled = resolve_overlaps(boxes, lambda _: (30.0, 20.0))
    assert [(box.text, box.x) for box in settled] == [("a", 20), ("b", 57), ("c", 94), ("d", 20)]


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(max_patches.generators.__path__)]
)
def test_the_examples_in_the_docs_of_a_module(name):
    module = importlib.import_module(f"max_patches.generators.{name}")
    assert doctest.testmod(module).failed == 0
