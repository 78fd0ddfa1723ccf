"""Run what `make fuzz` searches with: on its seeds, and on inputs that hypothesis makes up."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.target import as_a_packet, examine
from tests.osc import packets

SEEDS = seeds()
CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.floats(width=32),
    st.booleans(),
    st.sampled_from(["@", "@id", "id", "seconds", "reply_port", "8", "-1e999", "nan", "one", "é"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
)
ADDRESSES = st.one_of(
    st.sampled_from([f"/msanii/{n}" for n in ("generate", "outpaint", "play", "ping", "sync")]),
    st.text("/msani*?[]{},-!x", min_size=1, max_size=40).map(lambda text: f"/{text}"),
)


@pytest.mark.parametrize("path", CORPUS, ids=[path.name for path in CORPUS])
def test_the_corpus_breaks_nothing(path):
    examine(path.read_bytes())


def test_the_corpus_has_every_command():
    assert SEEDS.keys() <= {path.name for path in CORPUS}, "run python -m tests.fuzz.seeds"


@given(st.binary(max_size=600))
def test_arbitrary_bytes(data):
    examine(data)


@settings(max_examples=300)
@given(ADDRESSES, st.lists(VALUES, max_size=10))
def test_arbitrary_arguments(address, values):
    as_a_packet(packets.message(address, *values))


@settings(max_examples=500)
@given(
    st.sampled_from(sorted(SEEDS.values())),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 255), st.sampled_from("soid")), max_size=6
    ),
)
def test_real_messages_with_a_few_bytes_wrong(data, changes):
    mutated = bytearray(data)
    for place, value, change in changes:
        at = place % max(len(mutated), 1)
        match change:
            case "s":
                mutated[at : at + 1] = bytes([value])
            case "o":
                mutated[at : at + 1] = bytes([mutated[at] ^ (1 << value % 8)]) if mutated else b""
            case "i":
                mutated[at:at] = bytes([value]) * (1 + value % 5)
            case "d":
                del mutated[at : at + 1 + value % 5]
    examine(bytes(mutated))
