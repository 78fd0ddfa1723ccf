"""The interpreter of Max patches keeps to Max's reference, and fails where Max would."""

import socket

import pytest

from max_patches.generators.maxpat import Patcher
from tests.clients.max_interpreter.atoms import MaxError, Message
from tests.clients.max_interpreter.machine import Machine
from tests.clients.max_interpreter.patch import Patch

PRINTERS = "\n".join(f"p{name} {x} 300 [print {name}]" for x, name in ((20, "a"), (220, "b")))

MADE: list[Patch] = []  # patches to close when the test ends


@pytest.fixture
def it():
    machine = Machine()
    yield machine
    for patch in MADE:
        patch.close()
    MADE.clear()
    machine.close()


def make(machine, sketch):
    """Return the patch of a sketch that can use pa and pb, two print boxes, a to the left of b."""
    patcher = Patcher().draw(f"{PRINTERS}\n{sketch}").to_dict()
    patch = Patch(machine, patcher, {}, "1")
    MADE.append(patch)
    patch.load()
    return patch


def said(machine, sketch, *clicks):
    """Return what a patch prints when boxes are clicked."""
    patch = make(machine, sketch)
    for text in clicks:
        patch.find(text).click()
    return machine.printed


@pytest.mark.parametrize("left_first", [False, True])
def test_one_outlet_delivers_from_right_to_left(left_first):
    machine = Machine(left_first=left_first)
    found = said(machine, "go 20 20 (1)\ngo -> pa\ngo -> pb", "1")
    assert found == (["a: 1", "b: 1"] if left_first else ["b: 1", "a: 1"])
    machine.close()


def test_messages_go_depth_first(it):
    sketch = """
        go  20 20 (1)
        t   20 60 [t b i]
        on  220 100 [+ 1]
        go -> t -> pa
        t:1 -> on -> pb
    """
    assert said(it, sketch, "1") == ["b: 2", "a: bang"]


def test_right_inlets_only_keep(it):
    sketch = "go 20 20 (3, 4)\nkeep 20 60 [i 5]\ngo -> keep:1\nout 200 20 (bang)\nout -> keep -> pa"
    assert said(it, sketch, "3, 4", "bang") == ["a: 4"]


def test_message_boxes(it):
    sketch = """
        go   20 20 (a b 2.5)
        fill 20 60 (got $3 $1 $4, "two words")
        go -> fill -> pa
    """
    assert said(it, sketch, "a b 2.5") == ["a: got 2.5 a 0", "a: two words"]


@pytest.mark.parametrize(
    ("sketch", "expected"),
    [
        ("go 20 20 (b 1 x)\nr 20 60 [route a b]\ngo -> r -> pa\nr:1 -> pb", ["b: 1 x"]),
        ("go 20 20 (c 1)\nr 20 60 [route a b]\ngo -> r -> pa\nr:2 -> pb", ["b: c 1"]),
        ("go 20 20 (2)\ns 20 60 [sel 1 2]\ngo -> s -> pa\ns:1 -> pb", ["b: bang"]),
        ("go 20 20 (x 2)\nu 20 60 [unpack s i]\ngo -> u -> pa\nu:1 -> pb", ["b: 2", "a: x"]),
        ("go 20 20 (x)\nf 20 60 [sprintf say %s %ld%%]\ngo -> f -> pa", ["a: say x 0%"]),
        ("go 20 20 (1.5)\nf 20 60 [sprintf symout is %.2f s]\ngo -> f -> pa", ["a: is 1.50 s"]),
        ("go 20 20 (7)\ne 20 60 [expr ($i1 - 1) / 4 + ($i1 == 7) * 10]\ngo -> e -> pa", ["a: 11"]),
        ("go 20 20 (0, 0, 2)\nc 20 60 [change]\ngo -> c -> pa\nc:1 -> pb", ["b: 1", "a: 2"]),
        ("go 20 20 (0, 0)\nc 20 60 [change -1]\ngo -> c -> pa", ["a: 0"]),
        ("go 20 20 (bang, bang)\nc 20 60 [counter 1 1]\ngo -> c -> pa", ["a: 1", "a: 1"]),
        ("go 20 20 (x, x, y)\nz 20 60 [zl.change]\ngo -> z -> pa", ["a: x", "a: y"]),
        ("go 20 20 (bang, x y, bang)\nz 20 60 [zl.reg]\ngo -> z -> pa", ["a: x y", "a: x y"]),
    ],
)  # fmt: skip
def test_objects(it, sketch, expected):
    text = sketch.split("(", 1)[1].split(")")[0]
    assert said(it, sketch, text) == expected


def test_time_passes_only_when_it_is_told_to(it):
    sketch = """
        go    20 20 (1)
        metro 20 60 [metro 100]
        late  220 60 [delay 250]
        go -> metro -> pa
        late -> pb
    """
    patch = make(it, sketch)
    patch.find("1").click()
    patch.find("delay 250").receive(0, Message("bang"))
    assert it.printed == ["a: bang"]
    it.advance(260)
    assert it.printed == ["a: bang", "a: bang", "a: bang", "b: bang"]


def test_osc_over_udp(it):
    patch = make(
        it, 'go 20 20 (/a/b 1 0.5 word "two words")\nnet 20 60 [udpsend 127.0.0.1 9]\ngo -> net'
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.bind(("127.0.0.1", 0))
        patch.find("udpsend 127.0.0.1 9").receive(0, Message.of("port", ears.getsockname()[1]))
        patch.find('/a/b 1 0.5 word "two words"').click()
        packet = ears.recv(1000)
    assert packet.startswith(b"/a/b\0\0\0\0,ifss\0\0\0\0\0\0\1\x3f\0\0\0word\0\0\0\0two words")


def test_a_taken_port_hears_nothing_and_says_so(it):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        make(it, f"ears 20 20 [udpreceive {port}]\nears -> pa")
        make(it, f"ears 20 20 [udpreceive {port} @quiet 1]\nears -> pa")
    assert it.console == [f"udpreceive: could not bind to port {port}"]


@pytest.mark.parametrize(
    ("sketch", "reason"),
    [
        ("go 20 20 (1)\nx 20 60 [opendialog]\ngo -> x", "does not understand"),
        ("go 20 20 (word)\nx 20 60 [+ 1]\ngo -> x -> pa", "does not understand"),
        ("go 20 20 (1.5)\nx 20 60 [sprintf %ld]\ngo -> x -> pa", "for %ld"),
        ("go 20 20 (a b)\nx 20 60 [unpack s i]\ngo -> x -> pa", "where it has i"),
        ("go 20 20 (word)\nx 20 60 [udpsend 127.0.0.1 9]\ngo -> x", "no address"),
        ("go 20 20 (1)\nx 20 60 [+ 1]\ngo -> x -> x", "stack overflow"),
        ("go 20 20 (; nobody 1)\ngo -> pa", "nobody receives"),
        ("x 20 60 [metro 100 @nonsense 1]\nx -> pa", "no attribute"),
        ("a 20 60 [buffer~ one]\nb 120 60 [buffer~ one]\na:1 -> pa\nb:1 -> pa", "two buffers"),
    ],
)
def test_what_max_rejects_is_an_error(it, sketch, reason):
    with pytest.raises(MaxError, match=reason):  # noqa: PT012
        patch = make(it, sketch)
        patch.find(sketch.split("(", 1)[1].split(")")[0].replace("; ", ";\r")).click()


def test_an_unknown_object_is_an_error(it):
    patcher = Patcher().draw("x 20 20 [print x]").to_dict()
    patcher["boxes"][0]["box"]["text"] = "node.script client.js"
    with pytest.raises(MaxError, match=r"node\.script: no such object"):
        Patch(it, patcher, {}, "1")
